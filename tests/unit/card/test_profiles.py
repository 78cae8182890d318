"""The host's side on every kind of card that there is to emulate: loading, reading, writing, PINs that block."""

from collections.abc import Callable, Iterator

import pytest

from yohaku import ALWAYS, Applet, CyclicFile, Key, LinearFile, Pin, Record, TransparentFile, connect, field
from yohaku.card import Card, KeyWrongError, PinBlockedError, PinWrongError, Secrets
from yohaku.fields import Blob, UInt
from yohaku.globalplatform import load_applet
from yohaku.iso7816 import Command
from yohaku_emulator import PROFILES


class Page(Record):
    body: bytes = field(Blob(700))


class Line(Record):
    number: int = field(UInt(16))


class Pad(Applet, aid="F0 59 48 4B 54 21"):
    """帳"""

    clerk = Key(tries=2)
    owner = Pin(tries=2, length=4, reset=clerk, can_disable=True)
    page = TransparentFile(Page, read=owner, update=owner)
    lines = LinearFile(Line, records=40, read=ALWAYS, append=ALWAYS)
    log = CyclicFile(Line, records=3, read=clerk, append=ALWAYS)


SECRETS = Secrets.for_tests(Pad)
PAGE, OTHER = Page(body=bytes(range(175)) * 4), Page(body=bytes(range(175, 0, -1)) * 4)


@pytest.fixture(params=PROFILES)
def card(request: pytest.FixtureRequest) -> Iterator[Card]:
    with connect(f"emulator:?profile={request.param}") as made:
        load_applet(made, Pad, secrets=SECRETS, contents={"page": PAGE})
        yield made


@pytest.fixture
def pad(card: Card) -> Pad:
    return card.open(Pad)


def test_what_is_written_is_read(card: Card, pad: Pad) -> None:
    pad.owner.verify(SECRETS["owner"])
    assert pad.page.read() == PAGE
    pad.page.write(OTHER)
    for number in range(30):
        pad.lines.append(Line(number=number))
        pad.log.append(Line(number=number))
    card.reset()
    pad = card.open(Pad)
    pad.owner.verify(SECRETS["owner"])
    pad.clerk.authenticate(SECRETS["clerk"])
    pad.clerk.verify_card(SECRETS["clerk"])
    assert pad.page.read() == OTHER
    assert [line.number for line in pad.lines.records()] == list(range(30))
    assert [line.number for line in pad.log.records()] == [29, 28, 27]


def test_the_tries_are_told_until_none_is_left(pad: Pad) -> None:
    assert pad.owner.tries_left == 2
    with pytest.raises(PinWrongError):
        pad.owner.verify("0000")
    assert pad.owner.tries_left == 1
    with pytest.raises(PinBlockedError):
        pad.owner.verify("0000", last_try=True)
    assert pad.owner.tries_left == 0
    for present in (pad.owner.verify, pad.owner.disable):
        with pytest.raises(PinBlockedError):
            present(SECRETS["owner"], last_try=True)


def test_a_pin_blocked_behind_the_hosts_back_is_found_blocked(
    card: Card, pad: Pad, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        card.transmit(Command(0, 0x20, 0, 0x81, b"0000").to_bytes())
    monkeypatch.setattr(type(pad.owner), "_guard", lambda *_, **__: None)
    with pytest.raises(PinBlockedError):
        pad.owner.verify(SECRETS["owner"])


def test_a_blocked_key_is_told_as_blocked(pad: Pad) -> None:
    for error in (KeyWrongError, PinBlockedError, PinBlockedError):
        with pytest.raises(error):
            pad.clerk.authenticate(bytes(16))


def test_a_disabled_pin_is_enabled_again(card: Card, pad: Pad) -> None:
    pad.owner.disable(SECRETS["owner"])
    card.reset()
    pad = card.open(Pad)
    assert pad.page.read() == PAGE
    pad.owner.enable(SECRETS["owner"])
    assert pad.owner.required


@pytest.mark.parametrize(("profile", "reads"), [("generic", 3), ("extended", 1), ("t0", 3)])
def test_extended_commands_are_used_where_the_card_takes_them(profile: str, reads: int) -> None:
    with connect(f"emulator:?profile={profile}") as card:
        load_applet(card, Pad, secrets=SECRETS, contents={"page": PAGE})
        pad = card.open(Pad)
        pad.owner.verify(SECRETS["owner"])
        seen = watched(card)
        assert pad.page.read() == PAGE
        assert len(seen) == reads
        pad.page.write(OTHER)
        assert len(seen) == reads + (1 if profile == "extended" else 4), "one command, or chains of 512 bytes"


def watched(card: Card) -> list[bytes]:
    seen: list[bytes] = []
    note: Callable[..., None] = lambda exchange: seen.append(exchange.command)  # noqa: E731
    card.observers.append(note)
    return seen
