"""What a file holds as bytes and as a record: padding, leftovers, emptiness, and what differs between two contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from yohaku.card.errors import EmptyFileError
from yohaku.codec import difference
from yohaku.errors import DecodeError, EncodeError, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema import Record

R = TypeVar("R", bound="Record")


def to_content(record: Record, size: int, where: str) -> bytes:
    """Encode a record and fill it up with zero bytes to ``size``.

    Raises:
        EncodeError: a value does not fit its field, or the record does not fit ``size``.
    """
    raw = record.encode()
    if len(raw) > size:
        raise EncodeError(f"cannot write {where}", [Fault(f"takes {len(raw)} bytes, most is {size}", (), 0, len(raw))])
    return raw.ljust(size, b"\x00")


def from_content(kind: type[R], raw: bytes, where: str) -> R:
    """Decode a record from the start of a content whose other bytes must be zero.

    Raises:
        EmptyFileError: there are only zero bytes, and they are no record.
        DecodeError: with every fault.
    """
    try:
        record, rest = kind.decode_from(raw)
    except DecodeError as error:
        if any(raw):
            raise
        raise EmptyFileError(f"{where} is empty: only zero bytes, nothing was written yet; write it first") from error
    stray = len(rest) - len(rest.lstrip(b"\x00"))
    if stray < len(rest):
        fault = Fault("holds bytes behind the record that are not zero", (), len(raw) - len(rest) + stray)
        raise DecodeError(f"cannot read {where}", [fault])
    return record


def changed_runs(old: bytes, new: bytes, *, gap: int, longest: int) -> Iterator[tuple[int, int]]:
    """Give start and end of each run of changed bytes; runs at most ``gap`` apart are one, none is over ``longest``."""
    span = difference(old, new)
    start, end = span.offset, span.end
    while start < end:
        stop = start + 1
        limit = min(start + longest, end)
        for at in range(start + 1, limit):
            if old[at] != new[at]:
                if at - stop > gap:
                    break
                stop = at + 1
        yield start, stop
        start = next((at for at in range(stop, end) if old[at] != new[at]), end)
