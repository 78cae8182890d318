"""BER-TLV data objects as cards answer them: tags, lengths, nesting; it knows no tag's meaning.

Lengths are read in any form of up to four bytes and written in the shortest (ISO/IEC 7816-4:2020 6.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from yohaku.codec.ber import length_bytes, tag_bytes
from yohaku.errors import YohakuError

if TYPE_CHECKING:
    from collections.abc import Iterable


class TlvError(YohakuError):
    """Bytes are not a sequence of BER-TLV data objects."""


@dataclass(frozen=True, slots=True)
class Tlv:
    """One data object.

    Attributes:
        tag: the tag's bytes as a number, such as 0x4F or 0x9F70.
        value: the value's bytes; for a constructed object, its members one after the other.
    """

    tag: int
    value: bytes

    @property
    def is_constructed(self) -> bool:
        """Whether the tag says that the value is itself a sequence of data objects."""
        return bool(tag_bytes(self.tag)[0] & 0x20)

    @property
    def members(self) -> list[Tlv]:
        """The data objects inside, whatever the tag says.

        Raises:
            TlvError: the value is not a sequence of data objects.
        """
        return parse(self.value)

    def find(self, tag: int, *path: int) -> Tlv | None:
        """Walk down by tags, taking the first match at each step."""
        return find(self.members, tag, *path)

    def to_bytes(self) -> bytes:
        """Write tag, shortest length, value."""
        return tag_bytes(self.tag) + length_bytes(len(self.value)) + self.value

    @classmethod
    def of(cls, tag: int, *members: Tlv) -> Self:
        """Build a constructed object from its members."""
        return cls(tag, b"".join(member.to_bytes() for member in members))

    @classmethod
    def decode_from(cls, data: bytes) -> tuple[Self, bytes]:
        """Read one data object; give it and the bytes after it.

        Raises:
            TlvError: ``data`` ends inside the object, or a length has more than four bytes.
        """
        tag_size = _tag_size(data)
        size, head = _read_length(data, tag_size)
        value = data[head : head + size]
        if len(value) < size:
            raise TlvError(f"tag {data[:tag_size].hex().upper()} says {size} bytes, {len(value)} follow it")
        return cls(int.from_bytes(data[:tag_size], "big"), value), data[head + size :]


def parse(data: bytes) -> list[Tlv]:
    """Read data objects up to the end of ``data``.

    Raises:
        TlvError: the last one is cut short, or a length is not readable.
    """
    found = []
    while data:
        item, data = Tlv.decode_from(data)
        found.append(item)
    return found


def find(items: Iterable[Tlv], tag: int, *path: int) -> Tlv | None:
    """Walk down from ``items`` by tags, taking the first match at each step."""
    first = next((item for item in items if item.tag == tag), None)
    return first.find(*path) if first is not None and path else first


def _tag_size(data: bytes) -> int:
    if not data:
        raise TlvError("a tag was expected, the data has ended")
    if data[0] & 0x1F != 0x1F:
        return 1
    size = next((at + 1 for at in range(1, len(data)) if not data[at] & 0x80), 0)
    if not size:
        raise TlvError(f"the data ends inside the tag {data[:4].hex().upper()}")
    return size


def _read_length(data: bytes, at: int) -> tuple[int, int]:
    """Give the length that starts at ``at``, and where the value starts."""
    if at >= len(data):
        raise TlvError(f"the data ends after the tag {data.hex().upper()}")
    first = data[at]
    if first < 0x80:
        return first, at + 1
    count = first & 0x7F
    body = data[at + 1 : at + 1 + count]
    if not 1 <= count <= 4 or len(body) < count:
        raise TlvError(f"length byte {first:02X} after tag {data[:at].hex().upper()} cannot be read")
    return int.from_bytes(body, "big"), at + 1 + count
