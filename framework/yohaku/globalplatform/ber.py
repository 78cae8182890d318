"""BER lengths and tags, and templates of tagged members in any order, as construct objects.

Cards order the members of a template as they like and add members of their own, so `Template` reads them by
tag, ignores those it does not know, and writes those it has in the declared order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from construct import (
    Byte,
    Construct,
    Container,
    ExprAdapter,
    FormatFieldError,
    GreedyBytes,
    IntegerError,
    Prefixed,
    SizeofError,
    StreamError,
    stream_read,
)

from yohaku.codec.ber import length_bytes
from yohaku.iso7816.tlv import Tlv, TlvError, parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO

    IntConstruct = Construct[int, int]
    MappingConstruct = Construct[Container[Any], Mapping[str, Any]]
else:
    IntConstruct = MappingConstruct = Construct


class _Length(IntConstruct):
    """A length whose first byte says how many follow; subclasses say how."""

    def _sizeof(self, context: Any, path: str) -> int:  # noqa: ARG002 - construct's signature
        raise SizeofError("the size of a length depends on its value", path=path)


class _BerLength(_Length):
    def _parse(self, stream: IO[bytes], context: Any, path: str) -> int:  # noqa: ARG002 - construct's signature
        first = _read(stream, 1, path)[0]
        if first < 0x80:
            return first
        if not 1 <= first & 0x7F <= 4:
            raise IntegerError(f"length byte {first:02X} cannot be read", path=path)
        return int.from_bytes(_read(stream, first & 0x7F, path), "big")

    def _build(self, obj: int, stream: IO[bytes], context: Any, path: str) -> int:  # noqa: ARG002 - construct's signature
        stream.write(length_bytes(obj))
        return obj


class _DgiLength(_Length):
    def _parse(self, stream: IO[bytes], context: Any, path: str) -> int:  # noqa: ARG002 - construct's signature
        first = _read(stream, 1, path)[0]
        return int.from_bytes(_read(stream, 2, path), "big") if first == 0xFF else first

    def _build(self, obj: int, stream: IO[bytes], context: Any, path: str) -> int:  # noqa: ARG002 - construct's signature
        if obj > 0xFFFF:
            raise FormatFieldError(f"a data grouping has at most 65535 bytes, not {obj}", path=path)
        stream.write(bytes((obj,)) if obj < 0xFF else b"\xff" + obj.to_bytes(2, "big"))
        return obj


BerLength = _BerLength()
"""A BER length in any form of up to four bytes, written in the shortest (ISO/IEC 7816-4:2020 6.3)."""
DgiLength = _DgiLength()
"""The length of a data grouping: one byte below 255, else FF and two (GPCS 2.3.1, 11.11.3.2)."""


def number(width: int) -> Construct[int, int]:
    """Make a big-endian number that is read from all the bytes there are and written in ``width`` bytes."""
    return ExprAdapter(
        GreedyBytes,
        lambda raw, _context: int.from_bytes(raw, "big"),
        lambda value, _context: value.to_bytes(width, "big"),
    )


def with_length(length: Construct[int, int], content: Construct[Any, Any] = GreedyBytes) -> Construct[Any, Any]:
    """Make a field of a length and that many bytes of content."""
    return Prefixed(length, content)


first_byte: Construct[int, int] = Byte
"""A number of one byte; what follows it is ignored, as some cards answer more, and nothing at all is refused."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a template.

    Attributes:
        name: its key in the parsed container.
        tag: its tag as a number.
        content: what its value is.
        many: whether it may come several times; then the key holds a tuple.
        required: whether its absence is an error; a constant that is required is written without being given.
    """

    name: str
    tag: int
    content: Construct[Any, Any] = GreedyBytes
    many: bool = False
    required: bool = False

    def read(self, items: list[Tlv], path: str) -> Any:
        """Take the value from the data objects of a template."""
        values = tuple(self.content.parse(item.value) for item in items if item.tag == self.tag)
        if self.many:
            return values
        if self.required and not values:
            raise StreamError(f"{self.name} (tag {self.tag:02X}) is missing", path=path)
        return values[0] if values else None

    def write(self, value: Any) -> bytes:
        """Write the value as data objects: none when there is none."""
        given = value is not None or self.required
        values: tuple[Any, ...] = () if not given else tuple(value or ()) if self.many else (value,)
        return b"".join(Tlv(self.tag, self.content.build(each)).to_bytes() for each in values)


class Template(MappingConstruct):
    """Data objects up to the end of the stream, read by tag; absent members are None, or an empty tuple."""

    def __init__(self, *members: Member) -> None:
        super().__init__()
        self.members = members

    def _parse(self, stream: IO[bytes], context: Any, path: str) -> Container[Any]:  # noqa: ARG002 - construct's signature
        try:
            items = parse(stream.read())
        except TlvError as error:
            raise StreamError(str(error), path=path) from error
        return Container({member.name: member.read(items, path) for member in self.members})

    def _build(self, obj: Mapping[str, Any] | None, stream: IO[bytes], context: Any, path: str) -> Any:  # noqa: ARG002 - construct's signature
        for member in self.members:
            stream.write(member.write((obj or {}).get(member.name)))
        return obj

    def _sizeof(self, context: Any, path: str) -> int:  # noqa: ARG002 - construct's signature
        raise SizeofError("the size of a template depends on its members", path=path)


def _read(stream: IO[bytes], size: int, path: str) -> bytes:
    return stream_read(stream, size, path)
