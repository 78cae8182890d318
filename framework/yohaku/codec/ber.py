"""Tags and lengths of BER-TLV in the form of ISO/IEC 7816-4 (5.2.2): one to three tag bytes, definite length."""

from __future__ import annotations

from typing import Protocol

from yohaku.codec.fieldtype import Refused, counted, left
from yohaku.errors import Fault

NAME = "BER-TLV"


class TlvForm(Protocol):
    """What a template needs to know of a TLV encoding; the modules ``ber`` and ``simple`` are the two there are."""

    @property
    def NAME(self) -> str:  # noqa: N802 - the modules' constant
        """How the standard calls it."""
        ...

    def read_header(self, data: bytes, offset: int, end: int, /) -> tuple[int, int, int]:
        """Read tag and length; return tag, length of the value and offset of the value."""
        ...

    def read_tag(self, data: bytes, offset: int, end: int, /) -> tuple[int, int]:
        """Read a tag; return it and the offset behind it."""
        ...

    def header_length(self, length: int, /) -> int:
        """Number of bytes that the length field takes."""
        ...

    def tag_bytes(self, tag: int, /) -> bytes:
        """Write a tag."""
        ...

    def write_tlv(self, tag: int, value: bytes, /) -> bytes:
        """Write one data object."""
        ...

    def is_tag(self, tag: int, /) -> bool:
        """Tell whether a number is a well-formed tag."""
        ...


def read_header(data: bytes, offset: int, end: int) -> tuple[int, int, int]:
    """Read tag and length at ``offset``; return tag, length of the value and offset of the value.

    Raises:
        Refused: the header is cut off, not in its shortest form, or the value runs past ``end``.
    """
    tag, position = read_tag(data, offset, end)
    length, position = read_length(data, position, end)
    if position + length > end:
        message = f"has tag {tag:02X} with {counted(length, 'byte')} of value, {left(end - position)}"
        raise Refused(Fault(message, offset=0))
    return tag, length, position


def read_tag(data: bytes, offset: int, end: int) -> tuple[int, int]:
    """Read a tag of one to three bytes; return it as a number and the offset behind it."""
    if offset >= end:
        raise Refused(Fault("has no tag: no bytes are left", offset=0))
    tag, position = data[offset], offset + 1
    if tag & 0x1F != 0x1F:
        return tag, position
    for _ in range(2):
        if position >= end:
            raise Refused(Fault(f"has a tag that is cut off after {tag:02X}", offset=0))
        byte = data[position]
        tag, position = tag << 8 | byte, position + 1
        if byte & 0x80 == 0:
            if not is_tag(tag):
                break
            return tag, position
    raise Refused(Fault(f"has the malformed tag {tag:02X}", offset=0))


def read_length(data: bytes, offset: int, end: int) -> tuple[int, int]:
    """Read a definite length in its shortest form; return it and the offset behind it."""
    if offset >= end:
        raise Refused(Fault("has a tag without a length", offset=0))
    first, position = data[offset], offset + 1
    if first < 0x80:
        return first, position
    count = first & 0x7F
    raw = data[position : min(position + count, end)]
    if not 1 <= count <= 3 or len(raw) != count:
        raise Refused(Fault(f"has the malformed length {first:02x}{raw.hex()}", offset=0))
    length = int.from_bytes(raw, "big")
    if header_length(length) != count + 1:
        raise Refused(Fault(f"has the length {length} in {count + 1} bytes, the shortest form is required", offset=0))
    return length, position + count


def header_length(length: int) -> int:
    """Number of bytes that the length field of ``length`` bytes of value takes."""
    return 1 if length < 0x80 else 2 if length < 0x100 else 3 if length < 0x10000 else 4


def tag_bytes(tag: int) -> bytes:
    """Write a tag."""
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big")


def length_bytes(length: int) -> bytes:
    """Write a length in its shortest form."""
    if length < 0x80:
        return bytes((length,))
    raw = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(raw),)) + raw


def write_tlv(tag: int, value: bytes) -> bytes:
    """Write one data object."""
    return tag_bytes(tag) + length_bytes(len(value)) + value


def is_tag(tag: int) -> bool:
    """Tell whether a number is a well-formed tag of one to three bytes."""
    if not 0 < tag <= 0xFFFFFF:
        return False
    first, *rest = tag_bytes(tag)
    if first & 0x1F != 0x1F:
        return not rest
    if not rest or rest[0] < 0x1F or rest[0] == 0x80:
        return False
    return all(byte & 0x80 for byte in rest[:-1]) and not rest[-1] & 0x80
