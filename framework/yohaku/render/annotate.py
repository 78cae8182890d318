"""Which bits of one encoded record belong to which field: what hex views and annotated examples show."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yohaku.codec import BitField, Dependent, FieldType, Refused, Sequence
from yohaku.fields.compound import Counted, Prefixed, Repeat, Wrapper
from yohaku.fields.tlv import Tagged, Template
from yohaku.fields.union import OneOf

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
        begin = _opening(core, self.data, begin, stop)
        if begin > start:
            yield Span(start * 8, begin * 8, (begin - start) * 8, path, place, "")
        if isinstance(core, Sequence):
            yield from self._sequence(core, place, begin, stop, path)
        elif isinstance(core, Template):
            yield from self._template(core, place, begin, stop, path)
        elif isinstance(core, Repeat):
            yield from self._repeat(core, place, begin, stop, path)
        elif isinstance(core, OneOf):
            yield from self._case(core, place, begin, stop, path)
        else:
            yield Span(begin * 8, stop * 8, 0, path, place, _reading(core, self.data, begin, stop))

    def _sequence(self, core: Sequence[Any], place: Place, start: int, stop: int, path: str) -> Iterator[Span]:
        bit = start * 8
        values: dict[str, object] = {}
        for item, child in zip(core.items, place.children, strict=True):
            type_, inside = item.type, _under(path, item.name)
            if isinstance(type_, BitField) and (bit % 8 or not type_.aligned):
                value: object = type_.from_bits(self._bits(bit, type_.bits))
                yield Span(bit, bit + type_.bits, 0, inside, child, _shown(type_, value))
                bit += type_.bits
            else:
                value, end = _read(type_, self.data, bit // 8, stop, values)
                yield from self.part(child, bit // 8, end, inside)
                bit = end * 8
            values[item.name] = value

    def _case(self, core: OneOf[Any], place: Place, start: int, stop: int, path: str) -> Iterator[Span]:
        number = int.from_bytes(self.data[start - core.number.minimum : start], "big")
        index = [case.number for case in core.cases].index(number)
        yield from self.part(place.children[index], start, stop, _under(path, core.cases[index].name))

    def _bits(self, start: int, count: int) -> int:
        stop = start + count
        number = int.from_bytes(self.data[start // 8 : (stop + 7) // 8], "big")
        return number >> -stop % 8 & (1 << count) - 1

    def _template(self, core: Template[Any], place: Place, start: int, stop: int, path: str) -> Iterator[Span]:
        named = {item.name: child for item, child in zip(core.items, place.children, strict=True)}
        while start < stop:
            tag, length, begin = core.form.read_header(self.data, start, stop)
            item = core.by_tag.get(tag)
            if item is None:
                raw = self.data[begin : begin + length]
                name = _under(path, f"{tag:02x}")
                yield Span(start * 8, (begin + length) * 8, (begin - start) * 8, name, None, json.dumps(raw.hex()))
            else:
                yield from self.part(named[item.name], start, begin + length, _under(path, item.name))
            start = begin + length

    def _repeat(self, core: Repeat[Any], place: Place, start: int, stop: int, path: str) -> Iterator[Span]:
        index = 0
        while start < stop:
            child = place.children[min(index, len(place.children) - 1)]
            end = core.item.read(self.data, start, stop)[1]
            yield from self.part(child, start, end, f"{path}[{index}]")
            start, index = end, index + 1


def _under(path: str, step: str) -> str:
    return f"{path}.{step}" if path else step


def _read(type_: FieldType[Any], data: bytes, start: int, stop: int, values: dict[str, object]) -> tuple[object, int]:
    """Read a member of a sequence; one that depends on an earlier member gets that member's value."""
    if isinstance(type_, Dependent):
        return type_.read_given(values.get(type_.by), data, start, stop)
    return type_.read(data, start, stop)


def _frameless(type_: FieldType[Any], data: bytes, start: int, stop: int) -> tuple[FieldType[Any], int]:
    """Take tags, lengths and conditions off a type; give what is inside and where it begins."""
    while isinstance(type_, Wrapper):
        if isinstance(type_, Tagged):
            start = type_.form.read_header(data, start, stop)[2]
        elif isinstance(type_, Prefixed):
            start += type_.length.minimum
        elif isinstance(type_, Counted):
            start += type_.number.minimum
        type_ = type_.inner
    return type_, start


def _opening(core: FieldType[Any], data: bytes, start: int, stop: int) -> int:
    """Give where the contents begin of a type that is a group by itself."""
    if isinstance(core, Template) and core.tag is not None:
        return core.form.read_header(data, start, stop)[2]
    return start + core.number.minimum if isinstance(core, OneOf) else start


def _reading(type_: FieldType[Any], data: bytes, start: int, stop: int) -> str:
    try:
        return _shown(type_, type_.read(data, start, stop)[0])
    except Refused:
        return ""


def _shown(type_: FieldType[Any], value: object) -> str:
    """Write a value as JSON text; hidden parts without a value show nothing."""
    return "" if type_.hidden and value is None else json.dumps(type_.to_json(value), ensure_ascii=False)
