"""Tags and lengths of SIMPLE-TLV (ISO/IEC 7816-4:2020 6.2, JICSAP 1.1): a tag byte, a length of one or three bytes."""

from __future__ import annotations

from yohaku.codec.fieldtype import Refused, counted, left
from yohaku.errors import Fault

NAME = "SIMPLE-TLV"


def read_header(data: bytes, offset: int, end: int) -> tuple[int, int, int]:
    """Read tag and length at ``offset``; return tag, length of the value and offset of the value.

    Raises:
        Refused: the header is cut off, not in its shortest form, or the value runs past ``end``.
    """
    tag, position = read_tag(data, offset, end)
    raw = data[position : min(position + 3, end)]
    if not raw or (raw[0] == 0xFF and len(raw) < 3):
        raise Refused(Fault(f"has the tag {tag:02X} and a length that is cut off", offset=0))
    length, size = (raw[0], 1) if raw[0] < 0xFF else (raw[1] << 8 | raw[2], 3)
    if header_length(length) != size:
        raise Refused(Fault(f"has the length {length} in {size} bytes, the shortest form is required", offset=0))
    position += size
    if position + length > end:
        message = f"has tag {tag:02X} with {counted(length, 'byte')} of value, {left(end - position)}"
        raise Refused(Fault(message, offset=0))
    return tag, length, position


def read_tag(data: bytes, offset: int, end: int) -> tuple[int, int]:
    """Read a tag byte; return it and the offset behind it."""
    if offset >= end:
        raise Refused(Fault("has no tag: no bytes are left", offset=0))
    if not is_tag(data[offset]):
        raise Refused(Fault(f"has the tag {data[offset]:02X}, which SIMPLE-TLV does not allow", offset=0))
    return data[offset], offset + 1


def header_length(length: int) -> int:
    """Number of bytes that the length field of ``length`` bytes of value takes."""
    return 1 if length < 0xFF else 3


def tag_bytes(tag: int) -> bytes:
    """Write a tag."""
    return bytes((tag,))


def write_tlv(tag: int, value: bytes) -> bytes:
    """Write one data object.

    Raises:
        Refused: the value has more than 65535 bytes.
    """
    size = len(value)
    if size > 0xFFFF:
        raise Refused(Fault(f"takes {size} bytes, most is 65535 in SIMPLE-TLV", offset=0))
    length = bytes((size,)) if size < 0xFF else b"\xff" + size.to_bytes(2, "big")
    return bytes((tag,)) + length + value


def is_tag(tag: int) -> bool:
    """Tell whether a number is a tag of SIMPLE-TLV: 01 to FE."""
    return 0 < tag < 0xFF
