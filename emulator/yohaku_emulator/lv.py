"""Length-value lists and TLV objects of content management commands, as small functions."""

from __future__ import annotations

from yohaku.iso7816 import Status
from yohaku_emulator.errors import StatusError


def tlv(tag: int, value: bytes) -> bytes:
    """Write a BER-TLV object with a tag of one or two bytes and at most 255 bytes of value."""
    head = tag.to_bytes(2 if tag > 0xFF else 1, "big")
    length = bytes((len(value),)) if len(value) < 0x80 else bytes((0x81, len(value)))
    return head + length + value


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Read a length at ``at``: one byte up to 80, or 81 and a byte; return it and where the value starts."""
    if at >= len(data):
        raise StatusError(Status.WRONG_DATA)
    if data[at] <= 0x80:
        return data[at], at + 1
    if data[at] != 0x81 or at + 1 >= len(data):
        raise StatusError(Status.WRONG_DATA)
    return data[at + 1], at + 2


def fields(data: bytes) -> tuple[bytes, bytes, bytes, bytes, bytes, bytes]:
    """Split the data of INSTALL into its six fields (GlobalPlatform Card Specification 2.3.1, 11.5.2.3).

    Raises:
        StatusError: 6A80, the data is not six length-value fields.
    """
    found, at = [], 0
    for _ in range(6):
        size, start = _length(data, at)
        at = start + size
        found.append(data[start:at])
    if at != len(data):
        raise StatusError(Status.WRONG_DATA)
    return found[0], found[1], found[2], found[3], found[4], found[5]


def value(data: bytes, tag: int) -> bytes:
    """Return the value of the object with that one-byte tag in a list of such objects.

    Raises:
        StatusError: 6A80, the data is no such list, or the object is missing.
    """
    at, found = 0, None
    while at < len(data):
        size, start = _length(data, at + 1)
        end = start + size
        if end > len(data):
            raise StatusError(Status.WRONG_DATA)
        if data[at] == tag:
            found = data[start:end]
        at = end
    if found is None:
        raise StatusError(Status.WRONG_DATA)
    return found
