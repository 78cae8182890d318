"""Atomic files: two copies, on a card whose commands can be torn at any byte."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yohaku import ALWAYS, Applet, Record, SchemaError, TransparentFile, connect, field
from yohaku.card import Card, EmptyFileError, LinkError, Secrets
from yohaku.card.copies import _copy, newest, replaced, stored
from yohaku.card.traces import Explainer, TraceEntry
from yohaku.errors import DecodeError
from yohaku.fields import Text, UInt
from yohaku.globalplatform import load_applet
from yohaku.schema import applet_layout
from yohaku.schema.breaking import breaking
from yohaku.schema.profiles import card_bytes


class Wallet(Record):
    """財布"""

    balance: int = field(UInt(32), "残高", example=4800)
    owner: str = field(Text(20, "utf-8"), "持ち主", example="高松")


class Purse(Applet, aid="F0 00 00 00 77"):
    """財布"""

    wallet = TransparentFile(Wallet, "財布", read=ALWAYS, update=ALWAYS, atomic=True)


class Plain(Applet, aid="F0 00 00 00 77", name="purse"):
    """財布"""

    wallet = TransparentFile(Wallet, "財布", read=ALWAYS, update=ALWAYS)


FILE = Purse.file("wallet")
NONE = Secrets({})


class TornLink:
    """A card that writes byte by byte, and loses power after a number of them."""

    is_emulator, name, atr = True, "torn", b""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.left = -1

    def transmit(self, command: bytes, /) -> bytes:
        if command[1] != 0xD6 or self.left < 0:
            return self.card.transmit(command)
        size = command[4]
        if size <= self.left:
            self.left -= size
            return self.card.transmit(command)
        if self.left:
            part = command[:4] + bytes((self.left,)) + command[5 : 5 + self.left]
            assert self.card.transmit(part) == b"\x90\x00"
        raise LinkError("power was cut")

    def reset(self) -> bytes:
        return self.card.reset()

    def close(self) -> None:
        """Leave the card to the test."""


@pytest.fixture
def real() -> Iterator[Card]:
    with connect("emulator:") as card:
        load_applet(card, Purse, secrets=NONE, contents={"wallet": Wallet.example()})
        yield card


def test_the_size_is_that_of_both_copies() -> None:
    assert (FILE.size, FILE.room) == (60, 24)
    layout = applet_layout(Purse)
    (file,) = layout.files
    assert (layout.bytes, file.size, file.record_size, file.atomic) == (60, 60, 24, True)
    assert card_bytes(Purse) - card_bytes(Plain) == 36
    with pytest.raises(SchemaError, match="the limit is 16377"):
        TransparentFile(Wallet, read=ALWAYS, update=ALWAYS, size=17000, atomic=True)


def test_an_atomic_file_is_loaded_read_and_written(real: Card) -> None:
    wallet = real.open(Purse).wallet
    assert wallet.read() == Wallet.example()
    for balance in (1, 2, 3, 70000):
        real.open(Purse).wallet.update(balance=balance)
        assert real.open(Purse).wallet.read() == Wallet.example().replace(balance=balance)
    before = real.traffic.snapshot()
    wallet = real.open(Purse).wallet
    wallet.write(wallet.read())
    assert (real.traffic - before).commands == 2, "nothing is written that is there already"


def test_a_file_never_written_is_empty_and_can_be_written() -> None:
    with connect("emulator:") as card:
        load_applet(card, Purse, secrets=NONE)
        with pytest.raises(EmptyFileError):
            card.open(Purse).wallet.read()
        card.open(Purse).wallet.write(Wallet.example())
        assert card.open(Purse).wallet.read() == Wallet.example()


@pytest.mark.parametrize("before", [0, 1], ids=["second copy", "first copy"])
def test_power_cut_after_any_byte_leaves_the_old_record_or_the_new(real: Card, before: int) -> None:
    link = TornLink(real)
    card = Card(link)
    for round_ in range(before):
        card.open(Purse).wallet.update(balance=round_)
    old = card.open(Purse).wallet.read()
    seen = set()
    for cut in range(31):
        new = Wallet(balance=1_000_000 + cut, owner="丸亀　太郎" if cut % 2 else "さぬき")
        wallet = card.open(Purse).wallet
        link.left = cut
        try:
            wallet.write(new)
        except LinkError:
            seen.add("cut")
        else:
            seen.add("whole")
        link.left = -1
        found = card.open(Purse).wallet.read()
        assert found in (old, new), cut
        old = found
        card.open(Purse).wallet.write(old.replace(balance=5))
        old = card.open(Purse).wallet.read()
    assert seen == {"cut", "whole"}


def test_the_same_cuts_tear_a_plain_file() -> None:
    torn = 0
    for cut in range(1, 20):
        with connect("emulator:") as real:
            load_applet(real, Plain, secrets=NONE, contents={"wallet": Wallet.example()})
            link = TornLink(real)
            wallet = Card(link).open(Plain).wallet
            link.left = cut
            new = Wallet(balance=0x01020304, owner="丸亀")
            with pytest.raises(LinkError):
                wallet.write(new)
            link.left = -1
            torn += real.open(Plain).wallet.read_bytes() not in {
                Wallet.example().encode().ljust(24, b"\0"),
                new.encode(),
            }
            if torn:
                return
    pytest.fail("this test's card tears nothing")


def test_two_broken_copies_are_told() -> None:
    raw = bytearray(stored(FILE, Wallet.example().encode()))
    raw[10] ^= 1
    with pytest.raises(DecodeError, match="both checksums are wrong"):
        newest(bytes(raw), "wallet")
    again = replaced(bytes(raw), Wallet.example().encode().ljust(24, b"\0"), "wallet")
    assert newest(again, "wallet") is not None


@given(st.lists(st.binary(min_size=24, max_size=24).filter(any), min_size=1, max_size=8))
def test_the_last_content_is_the_newest(contents: list[bytes]) -> None:
    raw = bytes(60)
    for content in contents:
        raw = replaced(raw, content, "wallet")
        found = newest(raw, "wallet")
        assert found is not None
        assert found.content == content


def test_sequence_numbers_wrap() -> None:
    raw = _copy(0xFFFE, b"\x01" * 24) + bytes(30)
    for number, sequence in enumerate((0xFFFF, 0, 1)):
        raw = replaced(raw, bytes((number,)) * 24, "wallet")
        found = newest(raw, "wallet")
        assert found is not None
        assert (found.sequence, found.content[0]) == (sequence, number)


def test_one_copy_or_two_is_a_change_on_the_wire() -> None:
    assert [change.rule for change in breaking(Plain, Purse)] == ["VERSION_NOT_RAISED", "FILE_KIND_CHANGED"]


def test_a_trace_shows_the_newest_copy(real: Card) -> None:
    explainer, told = Explainer([Purse]), []
    real.observers.append(
        lambda exchange: told.append(explainer.explain(TraceEntry(exchange.command, exchange.response)))
    )
    real.open(Purse).wallet.update(balance=7)
    assert [one.records for one in told] == [
        (),
        (("wallet", Wallet.example()),),
        (("wallet", Wallet.example().replace(balance=7)),),
    ]
