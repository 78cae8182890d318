"""Named fields one after the other: the codec of a record, field by field, collecting every fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from yohaku.codec.fieldtype import BitField, FieldType, Json, Refused, a
from yohaku.errors import Fault, SchemaError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

V = TypeVar("V")

MISSING = object()
"""Stands for a value that was not given."""


@dataclass(frozen=True, slots=True)
class Item:
    """One named field of a sequence; ``default`` is MISSING when JSON must state the field."""

    name: str
    type: FieldType[object]
    default: object = MISSING


class Sequence(FieldType[V], Generic[V]):
    """Fields in declared order, each straight after the one before it (no padding, no alignment).

    Args:
        items: the fields, names unique.
        make: builds the value from its field values by name.
        kind: the class of the values that ``write`` accepts; fields are its attributes.
    """

    def __init__(self, items: Iterable[Item], make: Callable[[dict[str, object]], V], kind: type[V]) -> None:
        self.items = tuple(items)
        self.make, self.kind = make, kind
        self.visible = tuple(item for item in self.items if not item.type.hidden)
        self.steps = tuple(_steps(self.items))
        self._check()
        bits = sum(item.type.bits for item in self.items if isinstance(item.type, BitField))
        whole = [item.type for item in self.items if not isinstance(item.type, BitField)]
        maxima = [type_.maximum for type_ in whole]
        most = None if None in maxima else sum(size for size in maxima if size is not None) + bits // 8
        super().__init__(sum(type_.minimum for type_ in whole) + bits // 8, most)

    def _check(self) -> None:
        for item in self.items[:-1]:
            if item.type.greedy:
                raise SchemaError(
                    f"{self.type_name}.{item.name} takes every byte that is left, so no field can follow it: "
                    "put it last, or give it a length with Prefixed"
                )
        self.greedy = bool(self.items) and self.items[-1].type.greedy

    @property
    def type_name(self) -> str:
        """The name of the record class."""
        return self.kind.__name__

    def parts(self) -> Iterator[tuple[str | int, FieldType[object], int | None]]:
        """Yield each field with its byte offset; neighbours that share a byte have the same offset."""
        position: int | None = 0
        for step in self.steps:
            bit = 0
            for item in step.items:
                yield item.name, item.type, None if position is None else position + bit // 8
                bit += item.type.bits if isinstance(item.type, BitField) else 0
            position = None if position is None or step.size is None else position + step.size

    def read(self, data: bytes, offset: int, end: int) -> tuple[V, int]:
        """Decode every field; go on behind a faulty one as long as its size is known."""
        values: dict[str, object] = {}
        faults: list[Fault] = []
        position = offset
        for step in self.steps:
            try:
                position = step.read(data, position, end, values)
            except Refused as refused:
                faults.extend(_moved(refused.faults, position - offset))
                if step.size is None or position + step.size > end:
                    break
                position += step.size
        if faults:
            raise Refused(*faults)
        return self.make(values), position

    def write(self, value: object) -> bytes:
        """Encode every field of ``value``, reporting the faults of all of them."""
        if not isinstance(value, self.kind):
            self.refuse(f"is {a(value)}, must be a {self.type_name}")
        chunks: list[bytes] = []
        faults: list[Fault] = []
        position: int | None = 0
        for step in self.steps:
            try:
                chunk = step.write(value)
            except Refused as refused:
                faults.extend(_moved(refused.faults, position))
                position = None if position is None or step.size is None else position + step.size
            else:
                chunks.append(chunk)
                position = None if position is None else position + len(chunk)
        if faults:
            raise Refused(*faults)
        return b"".join(chunks)

    def example(self) -> V:
        """Build a value from the examples of the fields."""
        return self.make({item.name: item.type.example() for item in self.visible})

    def to_json(self, value: object) -> Json:
        """Give an object with one member for each field."""
        return {item.name: item_json(item, getattr(value, item.name)) for item in self.visible}

    def from_json(self, value: Json) -> V:
        """Make a value from an object; every member is also tried against its type."""
        if not isinstance(value, dict):
            self.refuse(f"is {a(value)}, must be an object with the fields of {self.type_name}")
        values, faults = members_from_json(value, self.visible, dict(self._offsets()))
        if faults:
            raise Refused(*faults)
        return self.make(values)

    def _offsets(self) -> Iterator[tuple[str, int | None]]:
        for name, _, offset in self.parts():
            yield str(name), offset


def item_json(item: Item, value: object) -> Json:
    """Give the JSON form of one member; an absent one is null."""
    return None if value is None and item.default is None else item.type.to_json(value)


def members_from_json(
    value: Mapping[str, Json], items: Iterable[Item], offsets: Mapping[str, int | None]
) -> tuple[dict[str, object], list[Fault]]:
    """Make the field values of a JSON object; give them with every fault found, unknown names included."""
    values: dict[str, object] = {}
    faults: list[Fault] = []
    known = {item.name: item for item in items}
    for name, item in known.items():
        try:
            values[name] = _member(item, value.get(name, MISSING))
        except Refused as refused:
            faults.extend(fault.under(name, offsets.get(name)) for fault in refused.faults)
    for name in value:
        if name not in known:
            close = nearest(name, known)
            hint = f"; did you mean {close!r}?" if close else f"; there is {', '.join(known)}"
            faults.append(Fault(f"is no field of this record{hint}", (name,)))
    return values, faults


def _member(item: Item, value: object) -> object:
    if value is MISSING:
        if item.default is MISSING:
            item.type.refuse("is missing")
        return item.default
    if value is None and item.default is None:
        return None
    made = item.type.from_json(value)  # type: ignore[arg-type]  # anything but MISSING is JSON
    item.type.write(made)
    return made


class _Whole:
    """A field that starts and ends on a byte."""

    def __init__(self, item: Item) -> None:
        self.items = (item,)
        self.name, self.type = item.name, item.type
        self.size = item.type.size

    def read(self, data: bytes, offset: int, end: int, values: dict[str, object]) -> int:
        try:
            value, position = self.type.read(data, offset, end)
        except Refused as refused:
            raise Refused(*(fault.under(self.name, 0) for fault in refused.faults)) from None
        if not self.type.hidden:
            values[self.name] = value
        return position

    def write(self, owner: object) -> bytes:
        try:
            return self.type.write(None if self.type.hidden else getattr(owner, self.name))
        except Refused as refused:
            raise Refused(*(fault.under(self.name, 0) for fault in refused.faults)) from None


class _Bits:
    """Neighbouring fields that share bytes, the first in the most significant bits."""

    def __init__(self, items: list[tuple[Item, BitField[object]]]) -> None:
        self.items = tuple(item for item, _ in items)
        total = sum(type_.bits for _, type_ in items)
        if total % 8:
            names = ", ".join(item.name for item in self.items)
            raise SchemaError(
                f"{names} share bytes and take {total} bits together: add {-total % 8} reserved bits or widen one"
            )
        self.size = total // 8
        self._fields = []
        for item, type_ in items:
            total -= type_.bits
            self._fields.append((item.name, type_, total))

    def read(self, data: bytes, offset: int, end: int, values: dict[str, object]) -> int:
        size = self.size
        if end - offset < size:
            raise Refused(*(_short(name, size, end - offset) for name, _, _ in self._fields))
        number = int.from_bytes(data[offset : offset + size], "big")
        faults: list[Fault] = []
        for name, type_, shift in self._fields:
            try:
                values[name] = type_.from_bits(number >> shift & (1 << type_.bits) - 1)
            except Refused as refused:
                faults.extend(fault.under(name, self._offset(type_, shift)) for fault in refused.faults)
            if type_.hidden:
                values.pop(name, None)
        if faults:
            raise Refused(*faults)
        return offset + size

    def write(self, owner: object) -> bytes:
        number = 0
        faults: list[Fault] = []
        for name, type_, shift in self._fields:
            try:
                number |= type_.to_bits(None if type_.hidden else getattr(owner, name)) << shift
            except Refused as refused:
                faults.extend(fault.under(name, self._offset(type_, shift)) for fault in refused.faults)
        if faults:
            raise Refused(*faults)
        return number.to_bytes(self.size, "big")

    def _offset(self, type_: BitField[object], shift: int) -> int:
        return (self.size * 8 - shift - type_.bits) // 8


def _short(name: str, size: int, left: int) -> Fault:
    return Fault(f"needs {size} bytes, {max(left, 0)} are left", (name,), 0, size)


def _moved(faults: Iterable[Fault], offset: int | None) -> Iterator[Fault]:
    for fault in faults:
        first, *rest = fault.path
        yield Fault(fault.message, tuple(rest), fault.offset, fault.size).under(first, offset)


def _steps(items: Iterable[Item]) -> Iterator[_Whole | _Bits]:
    """Group fields that share bytes; a group ends as soon as its bits fill whole bytes."""
    group: list[tuple[Item, BitField[object]]] = []
    for item in items:
        if isinstance(item.type, BitField) and (group or not item.type.aligned):
            group.append((item, item.type))
            if sum(type_.bits for _, type_ in group) % 8 == 0:
                yield _Bits(group)
                group = []
        elif group:
            yield _Bits(group)
        else:
            yield _Whole(item)
    if group:
        yield _Bits(group)
