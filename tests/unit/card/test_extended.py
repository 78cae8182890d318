"""Extended APDUs: used where the selected application says so and the link carries them, and nowhere else."""

from collections.abc import Iterator
from typing import Any

import pytest

from yohaku import ALWAYS, Applet, LinearFile, Record, TransparentFile, connect, field
from yohaku.card import Card, Fci, Secrets
from yohaku.card.pipeline import Format
from yohaku.fields import Blob, UInt
from yohaku.globalplatform import load_applet
from yohaku.iso7816 import ApduError, Command, Response, Tlv

LONGEST_COMMAND, LONGEST_RESPONSE = 1024, 2048
SAYS = Tlv.of(0x7F66, Tlv(2, LONGEST_COMMAND.to_bytes(2, "big")), Tlv(2, LONGEST_RESPONSE.to_bytes(2, "big")))


class Page(Record):
    head: int = field(UInt(8))
    body: bytes = field(Blob(699))


class Line(Record):
    text: bytes = field(Blob(50))


class Book(Applet, aid="F0 59 48 4B 54 09"):
    """本"""

    page = TransparentFile(Page, read=ALWAYS, update=ALWAYS)
    lines = LinearFile(Line, records=20, read=ALWAYS, append=ALWAYS)


PAGE = Page(head=1, body=bytes(699))
LINES = [Line(text=bytes((number,)) * 50) for number in range(1, 21)]


class Extended:
    """A card that takes extended APDUs, made of one that does not: long ones become several short ones."""

    is_emulator, name, atr = True, "extended", b""

    def __init__(self, card: Card, *, carries: bool = True) -> None:
        self.card, self.carries_extended = card, carries
        self.seen: list[Command] = []

    def transmit(self, raw: bytes, /) -> bytes:
        command = Command.from_bytes(raw)
        self.seen.append(command)
        if command.ins == 0xA4:
            answer = Response.from_bytes(self.card.transmit(raw))
            return Response(_with_capability(answer.data), answer.status).to_bytes()
        if command.ins == 0xB0 and command.expected > 256:
            return self._read(command)
        if command.ins == 0xB2 and command.expected > 256:
            return self._read_records(command)
        if len(command.data) > 255:
            return self._update(command)
        return self.card.transmit(raw)

    def _read(self, command: Command) -> bytes:
        data = self.card.transmit(bytes((0, 0xB0, command.p1, command.p2, 0)))[:-2]
        while len(data) < command.expected:
            part = self.card.transmit(bytes((0, 0xB0, len(data) >> 8, len(data) & 255, 0)))[:-2]
            if not part:
                break
            data += part
        return data[: command.expected] + b"\x90\x00"

    def _read_records(self, command: Command) -> bytes:
        data = b""
        for number in range(command.p1, 21):
            answer = self.card.transmit(bytes((0, 0xB2, number, command.p2 & 0xF8 | 4, 0)))
            if answer[-2:] != b"\x90\x00" or len(data) + 50 > command.expected:
                break
            data += answer[:-2]
        return data + b"\x90\x00"

    def _update(self, command: Command) -> bytes:
        for at in range(0, len(command.data), 255):
            part, more = command.data[at : at + 255], at + 255 < len(command.data)
            answer = self.card.transmit(bytes((0x10 if more else 0, 0xD6, command.p1, command.p2, len(part))) + part)
        return answer

    def reset(self) -> bytes:
        return self.card.reset()

    def close(self) -> None:
        """Leave the card to the test."""


def _with_capability(fci: bytes) -> bytes:
    if not fci:
        return fci
    outer, _ = Tlv.decode_from(fci)
    return Tlv(outer.tag, outer.value + SAYS.to_bytes()).to_bytes()


@pytest.fixture
def inner() -> Iterator[Card]:
    with connect("emulator:") as card:
        load_applet(card, Book, secrets=Secrets({}), contents={"page": PAGE, "lines": LINES})
        yield card


def sizes(link: Extended) -> list[tuple[int, int, int]]:
    return [(command.ins, len(command.data), command.expected) for command in link.seen if command.ins != 0xA4]


def test_a_long_file_is_read_by_one_command(inner: Card) -> None:
    link = Extended(inner)
    book = Card(link).open(Book)
    assert book.page.read() == PAGE
    assert book.lines.records() == LINES
    assert sizes(link) == [(0xB0, 0, 700), (0xB2, 0, LONGEST_RESPONSE - 2)]


def test_a_long_change_is_one_command_without_a_chain(inner: Card) -> None:
    link = Extended(inner)
    book = Card(link).open(Book)
    new = Page(head=9, body=bytes(299) + b"\x07" + bytes(399))
    book.page.write(new)
    assert sizes(link) == [(0xB0, 0, 700), (0xD6, 301, 0)]
    assert Card(link).open(Book).page.read() == new


def test_a_link_that_carries_none_gets_short_ones(inner: Card) -> None:
    link = Extended(inner, carries=False)
    assert Card(link).open(Book).page.read() == PAGE
    assert sizes(link) == [(0xB0, 0, 256), (0xB0, 0, 256), (0xB0, 0, 188)]


def test_a_card_that_says_nothing_gets_short_ones(inner: Card) -> None:
    seen: list[Any] = []
    inner.observers.append(seen.append)
    assert inner.open(Book).page.read() == PAGE
    assert len(seen) == 4


def test_what_fits_the_short_form_goes_in_it() -> None:
    sent: list[bytes] = []

    class Link:
        def transmit(self, command: bytes, /) -> bytes:
            sent.append(command)
            return b"\x90\x00"

    form = Format(Link(), extended=True)
    form.send(Command(0, 0xD6, 0, 0, bytes(255), 256))
    form.send(Command(0, 0xD6, 0, 0, bytes(256)))
    form.send(Command(0, 0xB0, 0, 0, expected=257))
    assert [command[4:7].hex() for command in sent] == ["ff0000", "000100", "000101"]
    with pytest.raises(ApduError):
        Format(Link()).send(Command(0, 0xB0, 0, 0, expected=257))


@pytest.mark.parametrize(
    ("fci", "found"),
    [
        ("6F0B7F66080202040002020800", (0x400, 0x800)),
        ("6F0DA50B7F66080202040002020800", (0x400, 0x800)),
        ("6F077F660402020400", (0, 0)),
        ("6F00", (0, 0)),
        ("0102", (0, 0)),
    ],
)
def test_the_capability_is_read_from_what_the_application_says(fci: str, found: tuple[int, int]) -> None:
    told = Fci.from_bytes(bytes.fromhex(fci))
    assert (told.longest_command, told.longest_response) == found
