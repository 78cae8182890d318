"""Files that hold two copies of their content, so that a write which is cut short leaves the old one whole.

A copy is a sequence number of 2 bytes, a CRC-32 over it and the content, 4 bytes, and the content; big-endian. A write
goes to the copy that is not the newest whole one. Sequence numbers start at 1 and wrap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

from yohaku.errors import DecodeError, Fault
from yohaku.schema.declarations import COPY_HEAD

if TYPE_CHECKING:
    from yohaku.schema import File

_HALF, _MODULUS = 0x8000, 0x10000


@dataclass(frozen=True, slots=True)
class Copy:
    """One whole copy.

    Attributes:
        index: 0 for the first in the file, 1 for the second.
        sequence: its number; the later one of two is the newer.
        content: what it holds.
    """

    index: int
    sequence: int
    content: bytes


def stored(file: File[Any], content: bytes) -> bytes:
    """Give the bytes of a new file that holds ``content``; of zeros only, which is no content, zeros."""
    if file.size == file.room or not any(content):
        return content.ljust(file.size, b"\0")
    return _copy(1, content).ljust(file.size, b"\0")


def newest(raw: bytes, where: str) -> Copy | None:
    """Find the newest whole copy in a file; None in one that was never written.

    Raises:
        DecodeError: neither copy is whole.
    """
    first, second = _whole(raw, 0), _whole(raw, 1)
    if first and second:
        return first if (first.sequence - second.sequence) % _MODULUS < _HALF else second
    if first or second or not any(raw):
        return first or second
    fault = Fault("hold no whole copy: both checksums are wrong", ("copies",), 0, len(raw))
    raise DecodeError(f"cannot read {where}", [fault])


def replaced(raw: bytes, content: bytes, where: str) -> bytes:
    """Give the bytes of a file after ``content`` was written; the same when its newest copy holds that already.

    A file without a whole copy gets a new first one.
    """
    try:
        now = newest(raw, where)
    except DecodeError:
        now = None
    if now is None:
        return _copy(1, content) + raw[len(raw) // 2 :]
    if now.content == content:
        return raw
    made = _copy((now.sequence + 1) % _MODULUS, content)
    half = len(raw) // 2
    return raw[:half] + made if now.index == 0 else made + raw[half:]


def _whole(raw: bytes, index: int) -> Copy | None:
    half = len(raw) // 2
    copy = raw[index * half : (index + 1) * half]
    number, content = copy[:2], copy[COPY_HEAD:]
    if int.from_bytes(copy[2:COPY_HEAD], "big") != crc32(number + content):
        return None
    return Copy(index, int.from_bytes(number, "big"), content)


def _copy(sequence: int, content: bytes) -> bytes:
    number = sequence.to_bytes(2, "big")
    return number + crc32(number + content).to_bytes(4, "big") + content
