"""Which bits of one encoded record belong to which field: what hex views and annotated examples show."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yohaku.codec import BitField, Dependent, FieldType, Refused, Sequence
from yohaku.codec.ber import read_header
from yohaku.fields.compound import Prefixed, Repeat
from yohaku.fields.tlv import Tagged, Template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema.places import Place
    from yohaku.schema.record import Record


@dataclass(frozen=True, slots=True)
class Span:
    """Bits of an encoding that belong together.

    Attributes:
        start: first bit.
        stop: the bit behind the last one.
        head: bits at the start that are tag or length of the field itself.
        path: names and indices, with the index that this value has, such as ``allergies[1]``.
        place: the field; the group, for its tag or length; None for a data object that nothing declares.
        value: the value as JSON text; empty for a frame.
    """

    start: int
    stop: int
    head: int
    path: str
    place: Place | None
    value: str

    @property
    def is_frame(self) -> bool:
        """Whether this is the tag or length of a group."""
        return self.place is not None and bool(self.place.children)


def annotate(data: bytes, tree: Place) -> tuple[Span, ...]:
    """Give the spans of an encoded record; in their order they cover it without a gap.

    Args:
        data: what the record's ``encode`` gave.
        tree: the record's place tree.
    """
    if tree.source is None:
        return ()
    return tuple(_Walk(data).group(tree.source, tree, 0, len(data), ""))


def example_spans(record: type[Record], tree: Place) -> tuple[bytes, tuple[Span, ...]]:
    """Encode a record's example and give it with its spans."""
    data = record.example().encode()
    return data, annotate(data, tree)


@dataclass(frozen=True, slots=True)
class _Walk:
    """One pass over the bytes of a record; offsets are in bytes unless a name says bits."""

    data: bytes

    def part(self, place: Place, start: int, stop: int, path: str) -> Iterator[Span]:
        """Yield the spans of a field or group that takes ``data[start:stop]``."""
        if place.source is None or start == stop:
            return
        if place.children:
            yield from self.group(place.source, place, start, stop, path)
            return
        yield self._field(place, place.source, start, stop, path)

    def _field(self, place: Place, type_: FieldType[Any], start: int, stop: int, path: str) -> Span:
        bare, begin = _frameless(type_, self.data, start, stop)
        value = _reading(bare, self.data, begin, stop)
        return Span(start * 8, stop * 8, (begin - start) * 8, path, place, value)

    def group(self, type_: FieldType[Any], place: Place, start: int, stop: int, path: str) -> Iterator[Span]:
        """Yield the frame of a group, then the spans inside."""
        core, begin = _frameless(type_, self.data, start, stop)
        if isinstance(core, Template):
            begin = start if core.tag is None else read_header(self.data, start, stop)[2]
        if begin > start:
            yield Span(start * 8, begin * 8, (begin - start) * 8, path, place, "")
        if isinstance(core, Sequence):
            yield from self._sequence(core, place, begin, stop, path)
        elif isinstance(core, Template):
            yield from self._template(core, place, begin, stop, path)
        elif isinstance(core, Repeat):
            yield from self._repeat(core, place, begin, stop, path)
        else:
            value = _reading(core, self.data, begin, stop)
            yield Span(begin * 8, stop * 8, 0, path, place, value)

    def _sequence(self, core: Sequence[Any], place: Place, start: int, stop: int, path: str) -> Iterator[Span]:
        bit = start * 8
        values: dict[str, object] = {}
        for item, child in zip(core.items, place.children, strict=True):
            inside = f"{path}.{item.name}" if path else item.name
            if isinstance(item.type, BitField):
                value = item.type.from_bits(self._bits(bit, item.type.bits))
                yield Span(bit, bit + item.type.bits, 0, inside, child, _shown(item.type, value))
                bit += item.type.bits
            else:
                value, end = _read(item.type, self.data, bit // 8, stop, values)
                yield from self.part(child, bit // 8, end, inside)
                bit = end * 8
            values[item.name] = value

    def _bits(self, start: int, count: int) -> int:
        stop = start + count
        number = int.from_bytes(self.data[start // 8 : (stop + 7) // 8], "big")
        return number >> -stop % 8 & (1 << count) - 1

    def _template(self, core: Template[Any], place: Place, start: int, stop: int, path: str) -> Iterator[Span]:
        named = {item.name: child for item, child in zip(core.items, place.children, strict=True)}
        while start < stop:
            tag, length, begin = read_header(self.data, start, stop)
            item = core.by_tag.get(tag)
            if item is None:
                raw = self.data[begin : begin + length]
                name = f"{path}.{tag:02x}" if path else f"{tag:02x}"
                yield Span(start * 8, (begin + length) * 8, (begin - start) * 8, name, None, json.dumps(raw.hex()))
            else:
                inside = f"{path}.{item.name}" if path else item.name
                yield from self.part(named[item.name], start, begin + length, inside)
            start = begin + length

    def _repeat(self, core: Repeat[Any], place: Place, start: int, stop: int, path: str) -> Iterator[Span]:
        index = 0
        while start < stop:
            child = place.children[min(index, len(place.children) - 1)]
            end = core.item.read(self.data, start, stop)[1]
            yield from self.part(child, start, end, f"{path}[{index}]")
            start, index = end, index + 1


def _read(type_: FieldType[Any], data: bytes, start: int, stop: int, values: dict[str, object]) -> tuple[object, int]:
    """Read a member of a sequence; one that depends on an earlier member gets that member's value."""
    if isinstance(type_, Dependent):
        return type_.read_given(values.get(type_.by), data, start, stop)
    return type_.read(data, start, stop)


def _frameless(type_: FieldType[Any], data: bytes, start: int, stop: int) -> tuple[FieldType[Any], int]:
    """Take tags, lengths and conditions off a type; give what is inside and where it begins."""
    while (inner := inner_type(type_)) is not None:
        if isinstance(type_, Tagged):
            start = read_header(data, start, stop)[2]
        elif isinstance(type_, Prefixed):
            start += type_.length.minimum
        type_ = inner
    return type_, start


def inner_type(type_: FieldType[Any]) -> FieldType[Any] | None:
    """Give the type whose bytes another one frames, sizes or makes optional; None when it frames none."""
    inner = getattr(type_, "inner", None) or getattr(type_, "list", None)
    return inner if isinstance(inner, FieldType) else None


def _reading(type_: FieldType[Any], data: bytes, start: int, stop: int) -> str:
    try:
        return _shown(type_, type_.read(data, start, stop)[0])
    except Refused:
        return ""


def _shown(type_: FieldType[Any], value: object) -> str:
    """Write a value as JSON text; hidden parts without a value show nothing."""
    return "" if type_.hidden and value is None else json.dumps(type_.to_json(value), ensure_ascii=False)
