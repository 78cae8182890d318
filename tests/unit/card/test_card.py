"""Connecting, selecting and opening on the emulated card."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import yohaku
from yohaku import ALWAYS, Applet, Record, TransparentFile, connect, field
from yohaku.card import (
    AppletMismatchError,
    AppletNotInstalledError,
    AppletNotReadyError,
    AppletSession,
    Card,
    CardError,
    Fci,
    NotSelectedError,
    Secrets,
    StatusError,
    TargetError,
    Traffic,
)
from yohaku.errors import UnknownNameError
from yohaku.fields import UInt
from yohaku.globalplatform import SecurityDomain, load_applet
from yohaku.iso7816 import Atr
from yohaku.schema import compile_descriptor, fingerprint


class Value(Record):
    number: int = field(UInt(8))


class Stamp(Applet, aid="F0 59 48 4B 54 04", version=2):
    """試験"""

    value = TransparentFile(Value, read=ALWAYS, update=ALWAYS)


class OtherVersion(Applet, aid="F0 59 48 4B 54 04", version=3, name="stamp"):
    """試験"""

    value = TransparentFile(Value, read=ALWAYS, update=ALWAYS)


class OtherLayout(Applet, aid="F0 59 48 4B 54 04", version=2, name="stamp"):
    """試験"""

    value = TransparentFile(Value, read=ALWAYS, update=ALWAYS, size=2)


class ShortAid(Applet, aid="F0 59 48 4B 54", version=2, name="stamp"):
    """試験"""

    value = TransparentFile(Value, read=ALWAYS, update=ALWAYS)


class Issuer(Applet, aid="A0 00 00 01 51 00 00 00"):
    """試験"""

    value = TransparentFile(Value, read=ALWAYS, update=ALWAYS)


@pytest.fixture
def card() -> Iterator[Card]:
    with connect("emulator:") as made:
        yield made


@pytest.fixture
def loaded(card: Card) -> Card:
    load_applet(card, Stamp, secrets=Secrets(), contents={"value": Value(number=7)})
    return card


def test_the_front_door_is_the_package() -> None:
    assert yohaku.connect is connect
    assert yohaku.Card is Card


def test_a_card_says_what_it_is(card: Card) -> None:
    assert Atr.from_bytes(card.atr).protocols == (1,)
    assert card.is_emulator
    assert (card.name, repr(card)) == ("emulator:", "<Card emulator:>")


@pytest.mark.parametrize("url", ["", "emulator", "card.img"])
def test_a_url_without_scheme_says_how_to_write_one(url: str) -> None:
    with pytest.raises(
        TargetError, match=f"does not say how to reach a card; write one of emulator:{url}, pcsc:{url}$"
    ):
        connect(url)


def test_an_unknown_scheme_lists_those_that_exist() -> None:
    with pytest.raises(UnknownNameError, match=r"no kind of card link 'emulater': .*did you mean 'emulator'"):
        connect("emulater:")


def test_a_card_in_a_file_keeps_what_was_written(tmp_path: Path) -> None:
    url = f"emulator:{tmp_path / 'card.img'}"
    with connect(url) as card:
        load_applet(card, Stamp, secrets=Secrets())
        card.open(Stamp).value.update(number=9)
    with connect(url) as card:
        assert card.open(Stamp).value.read() == Value(number=9)


def test_raw_commands_pass_as_they_are_and_are_counted(card: Card) -> None:
    assert card.transmit(bytes.fromhex("00A4040006F0594854FFFF00")) == bytes.fromhex("6A82")
    assert card.traffic == Traffic(commands=1, sent=12, received=2)


def test_open_gives_the_declared_applet(loaded: Card) -> None:
    stamp = loaded.open(Stamp)
    assert isinstance(stamp, Stamp)
    assert stamp.value.read() == Value(number=7)
    fci = AppletSession.of(stamp).selection.fci
    assert fci.aid == Stamp.aid
    assert (fci.format, fci.version, fci.is_personalised) == (1, 2, True)
    assert fci.fingerprint == fingerprint(compile_descriptor(Stamp))


def test_an_applet_that_is_not_there(card: Card) -> None:
    with pytest.raises(
        AppletNotInstalledError, match=r"stamp is not on this card \(AID F0 59 48 4B 54 04, answer 6A82"
    ):
        card.open(Stamp)


def test_another_version_is_refused(loaded: Card) -> None:
    with pytest.raises(AppletMismatchError, match="the card holds version 2, this program declares version 3"):
        loaded.open(OtherVersion)


def test_another_layout_of_the_same_version_is_refused(loaded: Card) -> None:
    with pytest.raises(AppletMismatchError, match="version 2 with other files, PINs, keys or rules"):
        loaded.open(OtherLayout)


@pytest.mark.parametrize("applet", [ShortAid, Issuer])
def test_another_application_is_refused(loaded: Card, applet: type[Applet]) -> None:
    with pytest.raises(CardError, match=r"another application under AID|is not on this card"):
        loaded.open(applet)


def test_an_applet_whose_load_was_cut_short_is_refused(card: Card) -> None:
    SecurityDomain.open(card).install(Stamp.aid, compile_descriptor(Stamp))
    with pytest.raises(AppletNotReadyError, match="its load was never completed; delete it, load it again"):
        card.open(Stamp)


def select_what_is_not_there(card: Card) -> None:
    with pytest.raises(AppletNotInstalledError):
        card.select(b"\xf0\x00\x00\x00\x00")


@pytest.mark.parametrize(
    "leave",
    [
        lambda card: card.reset(),
        lambda card: card.select(b""),
        lambda card: card.open(Stamp),
        lambda card: card.transmit(bytes.fromhex("00A4040000")),
        lambda card: card.transmit(bytes.fromhex("0070000001")),
        select_what_is_not_there,
    ],
)
def test_an_applet_that_is_no_longer_selected_is_not_used(loaded: Card, leave: object) -> None:
    stamp = loaded.open(Stamp)
    leave(loaded)  # type: ignore[operator]
    with pytest.raises(NotSelectedError, match="stamp is no longer selected on emulator:; open it again"):
        stamp.value.read()


def test_other_raw_commands_leave_an_applet_in_use(loaded: Card) -> None:
    stamp = loaded.open(Stamp)
    loaded.transmit(bytes.fromhex("00A4020C020001"))
    assert stamp.value.read() == Value(number=7)


def test_a_refused_selection_keeps_its_number(card: Card) -> None:
    with pytest.raises(StatusError, match="selecting application 01"):
        card.select(b"\x01" * 17)


def test_an_instance_without_a_card_has_no_session() -> None:
    with pytest.raises(CardError, match="bound to no card"):
        AppletSession.of(Stamp(None))  # type: ignore[arg-type]


def test_closing_twice_does_nothing(card: Card) -> None:
    card.close()
    card.close()


@pytest.mark.parametrize("raw", ["", "6F", "9000", "6F0384018", "6F03A501C0", "6F00", "A500"])
def test_any_answer_to_select_is_taken(raw: str) -> None:
    fci = Fci.from_bytes(bytes.fromhex(raw if len(raw) % 2 == 0 else raw + "0"))
    assert not fci.is_container
    assert not fci.is_personalised
    assert fci.chain_limit == 0
