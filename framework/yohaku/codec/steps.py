"""The steps in which a sequence is written and read: one whole field, or neighbours that share bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from yohaku.codec.fieldtype import BitField, FieldType, Refused, counted, left
from yohaku.codec.links import Dependent
from yohaku.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Step(Protocol):
    """Some neighbouring fields that start and end on a byte together.

    Attributes:
        names: the fields.
        size: their bytes together; None when that depends on the values.
    """

    names: tuple[str, ...]
    size: int | None

    def read(self, data: bytes, offset: int, end: int, values: dict[str, object]) -> int:
        """Put the values at ``offset`` into ``values`` and return the offset behind them."""
        ...

    def write(self, values: Mapping[str, object]) -> bytes:
        """Encode the fields out of ``values``."""
        ...


class Whole:
    """A field that starts and ends on a byte."""

    def __init__(self, name: str, type_: FieldType[object]) -> None:
        self.names: tuple[str, ...] = (name,)
        self.name, self.type = name, type_
        self.size = type_.size
        self.silent = type_.hidden and type_.derivation is None

    def read(self, data: bytes, offset: int, end: int, values: dict[str, object]) -> int:
        """Read the field."""
        try:
            value, position = self.type.read(data, offset, end)
        except Refused as refused:
            raise Refused(*(fault.under(self.name, 0) for fault in refused.faults)) from None
        if not self.silent:
            values[self.name] = value
        return position

    def write(self, values: Mapping[str, object]) -> bytes:
        """Write the field."""
        try:
            return self.type.write(None if self.silent else values[self.name])
        except Refused as refused:
            raise Refused(*(fault.under(self.name, 0) for fault in refused.faults)) from None


class Controlled:
    """A field whose form an earlier field decides."""

    size: int | None = None

    def __init__(self, name: str, type_: Dependent[object]) -> None:
        self.names: tuple[str, ...] = (name,)
        self.name, self.type = name, type_

    def read(self, data: bytes, offset: int, end: int, values: dict[str, object]) -> int:
        """Read the field; when the field that decides was at fault, this one cannot be read and has no fault."""
        if self.type.by not in values:
            raise Refused
        try:
            values[self.name], position = self.type.read_given(values[self.type.by], data, offset, end)
        except Refused as refused:
            raise Refused(*(fault.under(self.name, 0) for fault in refused.faults)) from None
        return position

    def write(self, values: Mapping[str, object]) -> bytes:
        """Write the field and check it against the one that decides."""
        value = values[self.name]
        try:
            raw = self.type.write(value)
            if self.type.by in values:
                self.type.check_given(values[self.type.by], value)
        except Refused as refused:
            raise Refused(*(fault.under(self.name, 0) for fault in refused.faults)) from None
        return raw


class Bits:
    """Neighbouring fields that share bytes, the first in the most significant bits."""

    def __init__(self, items: list[tuple[str, BitField[object]]]) -> None:
        self.names = tuple(name for name, _ in items)
        total = sum(type_.bits for _, type_ in items)
        if total % 8:
            raise SchemaError(
                f"{', '.join(self.names)} share bytes and take {counted(total, 'bit')} together: "
                f"add {counted(-total % 8, 'reserved bit')} or widen one"
            )
        self.size: int | None = total // 8
        self.width = total // 8
        self.fields: list[tuple[str, BitField[object], int, bool]] = []
        for name, type_ in items:
            total -= type_.bits
            self.fields.append((name, type_, total, type_.hidden and type_.derivation is None))

    def read(self, data: bytes, offset: int, end: int, values: dict[str, object]) -> int:
        """Read the shared bytes as one number and take it apart."""
        if end - offset < self.width:
            message = f"needs {counted(self.width, 'byte')}, {left(max(end - offset, 0))}"
            raise Refused(*(Fault(message, (name,), 0, self.width) for name in self.names))
        number = int.from_bytes(data[offset : offset + self.width], "big")
        faults: list[Fault] = []
        for name, type_, shift, silent in self.fields:
            try:
                value = type_.from_bits(number >> shift & (1 << type_.bits) - 1)
            except Refused as refused:
                faults.extend(self.placed(refused, name, type_, shift))
            else:
                if not silent:
                    values[name] = value
        if faults:
            raise Refused(*faults)
        return offset + self.width

    def write(self, values: Mapping[str, object]) -> bytes:
        """Put the numbers of the fields side by side."""
        number = 0
        faults: list[Fault] = []
        for name, type_, shift, silent in self.fields:
            try:
                number |= type_.to_bits(None if silent else values[name]) << shift
            except Refused as refused:
                faults.extend(self.placed(refused, name, type_, shift))
        if faults:
            raise Refused(*faults)
        return number.to_bytes(self.width, "big")

    def placed(self, refused: Refused, name: str, type_: BitField[object], shift: int) -> Iterator[Fault]:
        """Yield the faults of a field with its name and the bytes that it lies in."""
        first = self.width * 8 - shift - type_.bits
        size = (first % 8 + type_.bits + 7) // 8
        for fault in refused.faults:
            yield Fault(fault.message, (name, *fault.path), first // 8, size)


def steps_of(items: Iterable[tuple[str, FieldType[object]]]) -> Iterator[Step]:
    """Group fields that share bytes; a group ends as soon as its bits fill whole bytes."""
    group: list[tuple[str, BitField[object]]] = []
    for name, type_ in items:
        if isinstance(type_, BitField) and (group or not type_.aligned):
            group.append((name, type_))
            if sum(member.bits for _, member in group) % 8 == 0:
                yield Bits(group)
                group = []
        elif group:
            yield Bits(group)
        else:
            yield Controlled(name, type_) if isinstance(type_, Dependent) else Whole(name, type_)
    if group:
        yield Bits(group)
