"""Data groupings packed into STORE DATA blocks: as few blocks as they fit, no grouping across two blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.globalplatform.wire import Dgi
from yohaku.iso7816.apdu import SHORT_DATA
from yohaku.schema.purses import ENTRY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PIN_VALUE, KEY_VALUE, FILE_CONTENT, RECORD = 0x0100, 0x0200, 0x0300, 0x0400
"""Data groupings of the container: the low byte is a number or an SFI (container version 1, Installation)."""
ADOPT_PIN, ADOPT_KEY, ADOPT_BYTES, ADOPT_RECORDS = 0x0501, 0x0502, 0x0503, 0x0504
ADOPT_PURSE, ADOPT_LOG = 0x0505, 0x0506
"""Data groupings that take over parts of another instance (container version 1, chapter 7)."""
DIGEST = 0x0600
"""Data grouping that names what the instance must hold (container version 1, chapter 3); it ends the last block."""
MOST_ADOPTED = 240
"""Most bytes of contents that one block takes over: no more than a block could carry, so that a commit holds them."""
_HEAD, _OFFSET = 3, 2


def pack(items: Iterable[Dgi], *, room: int = SHORT_DATA) -> list[bytes]:
    """Put data groupings into blocks of at most ``room`` bytes, first fit; there is always one block, maybe empty.

    Groupings that take over contents have a block each. Groupings of one identifier keep their order, as records are
    appended in the order they come. Contents of transparent files are cut wherever a block has room left, so they go
    last and fill the gaps. A digest ends the last block, as it covers all others.
    """
    blocks = [bytearray()]
    earliest: dict[int, int] = {}
    groupings = list(items)
    whole, divisible, alone = _sorted(item for item in groupings if item.tag != DIGEST)
    blocks += [bytearray(item.to_bytes()) for item in alone]
    for item in whole:
        raw = item.to_bytes()
        place = _first_with_room(blocks, len(raw), earliest.get(item.tag, 0), room)
        blocks[place] += raw
        earliest[item.tag] = place
    for item in divisible:
        _pour(item, blocks, room)
    for item in groupings:
        if item.tag == DIGEST:
            raw = item.to_bytes()
            blocks[_first_with_room(blocks, len(raw), len(blocks) - 1, room)] += raw
    return [bytes(block) for block in blocks]


def _sorted(items: Iterable[Dgi]) -> tuple[list[Dgi], list[Dgi], list[Dgi]]:
    whole: list[Dgi] = []
    divisible: list[Dgi] = []
    alone: list[Dgi] = []
    for item in items:
        if item.tag in {ADOPT_BYTES, ADOPT_RECORDS, ADOPT_LOG}:
            alone.append(item)
        else:
            (divisible if item.tag & 0xFF00 == FILE_CONTENT else whole).append(item)
    return whole, divisible, alone


def _first_with_room(blocks: list[bytearray], size: int, start: int, room: int) -> int:
    place = next((at for at in range(start, len(blocks)) if len(blocks[at]) + size <= room), len(blocks))
    if place == len(blocks):
        blocks.append(bytearray())
    return place


def _pour(item: Dgi, blocks: list[bytearray], room: int) -> None:
    """Cut a file's content to the room that blocks have left."""
    at, content = int.from_bytes(item.data[:_OFFSET], "big"), item.data[_OFFSET:]
    while content:
        block = blocks[_first_with_room(blocks, _HEAD + _OFFSET + 1, 0, room)]
        left = room - len(block) - _HEAD - _OFFSET
        block += Dgi(item.tag, at.to_bytes(_OFFSET, "big") + content[:left]).to_bytes()
        at, content = at + left, content[left:]


def file_content(sfi: int, content: bytes) -> Iterator[Dgi]:
    """Make the groupings that give a transparent file its first content; a new file is all zeros already.

    Runs of zeros are left out when that is shorter than sending them.
    """
    for start, run in _runs(content, gap=_HEAD + _OFFSET):
        yield Dgi(FILE_CONTENT | sfi, start.to_bytes(_OFFSET, "big") + run)


def _runs(content: bytes, gap: int) -> Iterator[tuple[int, bytes]]:
    """Cut ``content`` at runs of more than ``gap`` zeros, and drop those and the zeros at both ends."""
    start = 0
    for piece in content.split(bytes(gap + 1)):
        bare = piece.lstrip(b"\x00")
        first = start + len(piece) - len(bare)
        if bare.rstrip(b"\x00"):
            yield first, bare.rstrip(b"\x00")
        start += len(piece) + gap + 1


def adopted_bytes(aid: bytes, old: int, new: int, size: int) -> Iterator[Dgi]:
    """Make the groupings that copy the first ``size`` bytes of a transparent file inside the card.

    Args:
        aid: the instance to copy from.
        old: SFI of its file.
        new: SFI of the file to copy to.
        size: bytes to copy.
    """
    for start in range(0, size, MOST_ADOPTED):
        count = min(MOST_ADOPTED, size - start)
        place = start.to_bytes(2, "big") + count.to_bytes(2, "big")
        yield adopted(ADOPT_BYTES, aid, bytes((old, new)) + place)


def adopted_records(aid: bytes, old: int, new: int, record_size: int, records: int) -> Iterator[Dgi]:
    """Make the groupings that copy the records of a file inside the card, the oldest first.

    Args:
        aid: the instance to copy from.
        old: SFI of its file.
        new: SFI of the file to copy to.
        record_size: bytes of one record.
        records: how many there may be; those not in use are left out by the card.
    """
    yield from _by_age(ADOPT_RECORDS, aid, bytes((old, new)), record_size, records)


def adopted_purse(aid: bytes, old: int, new: int, entries: int) -> Iterator[Dgi]:
    """Make the groupings that move a purse's money and log inside the card, the oldest log entries first.

    Args:
        aid: the instance to take over from.
        old: SFI of its purse.
        new: SFI of the purse to take over to.
        entries: how many log entries there may be; those not in use are left out by the card.
    """
    yield adopted(ADOPT_PURSE, aid, bytes((old, new)))
    yield from _by_age(ADOPT_LOG, aid, bytes((old, new)), ENTRY, entries)


def _by_age(kind: int, aid: bytes, names: bytes, size: int, count: int) -> Iterator[Dgi]:
    """Make groupings for ``count`` parts of ``size`` bytes, as many with each as one block takes over."""
    at_once = max(MOST_ADOPTED // size, 1)
    for first in range(0, count, at_once):
        yield adopted(kind, aid, names + bytes((first, min(at_once, count - first))))


def adopted(kind: int, aid: bytes, what: bytes) -> Dgi:
    """Make a grouping that takes over a part of the instance ``aid``."""
    return Dgi(kind, bytes((len(aid),)) + aid + what)
