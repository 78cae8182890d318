"""Types made of other types: repeats and length prefixes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

import construct

from yohaku.codec import FieldType, Foreign, Json, Refused
from yohaku.codec.fieldtype import a
from yohaku.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yohaku.fields.numbers import UInt

T = TypeVar("T")

_TYPE_ATTRIBUTE = "__field_type__"


def as_type(spec: object) -> FieldType[Any]:
    """Give the field type that ``spec`` stands for: itself, a record class's, or a construct from elsewhere.

    Raises:
        SchemaError: ``spec`` is none of these.
    """
    if isinstance(spec, FieldType):
        return spec
    of_record = getattr(spec, _TYPE_ATTRIBUTE, None)
    if isinstance(of_record, FieldType):
        return of_record
    if isinstance(spec, construct.Construct):
        return Foreign(spec)
    hint = f"; write {spec.__name__}()" if isinstance(spec, type) and issubclass(spec, FieldType) else ""
    raise SchemaError(f"{spec!r} is no field type, record class or construct{hint}")


class Repeat(FieldType[tuple[T, ...]]):
    """Values of one type, one after the other: exactly ``count`` of them, or as many as what holds them has room for.

    Args:
        item: a field type, a record class or a construct.
        count: how many; None repeats up to the end of what holds the list (a data object, a length prefix).
        most: most items when ``count`` is None; bounds the size.
    """

    @overload
    def __init__(self, item: FieldType[T], count: int | None = None, *, most: int | None = None) -> None: ...
    @overload
    def __init__(self, item: type[T], count: int | None = None, *, most: int | None = None) -> None: ...
    @overload
    def __init__(self, item: Any, count: int | None = None, *, most: int | None = None) -> None: ...
    def __init__(self, item: Any, count: int | None = None, *, most: int | None = None) -> None:
        self.item: FieldType[T] = as_type(item)
        self.count, self.most = count, count if count is not None else most
        if count is not None and count < 1:
            raise SchemaError(f"Repeat of {count}: at least one")
        if self.item.greedy or (count is None and self.item.minimum == 0):
            raise SchemaError(f"Repeat({self.item.type_name}): an item needs an end of its own; wrap it in Prefixed")
        bound = self.item.maximum
        super().__init__(
            self.item.minimum * (count or 0),
            None if bound is None or self.most is None else bound * self.most,
        )
        self.greedy = count is None

    @property
    def type_name(self) -> str:
        """``Repeat(Entry, 20)``."""
        times = self.count if self.count is not None else f"..{'' if self.most is None else self.most}"
        return f"Repeat({self.item.type_name}, {times})"

    def read(self, data: bytes, offset: int, end: int) -> tuple[tuple[T, ...], int]:
        """Decode items; report the faults of all whose place is known."""
        values: list[T] = []
        faults: list[Fault] = []
        position = offset
        index = 0
        while index < self.count if self.count is not None else position < end:
            try:
                value, position = self.item.read(data, position, end)
                values.append(value)
            except Refused as refused:
                faults.extend(fault.under(index, position - offset) for fault in refused.faults)
                if self.item.size is None or position + self.item.size > end:
                    break
                position += self.item.size
            index += 1
        if faults:
            raise Refused(*faults)
        self._check_count(len(values), position - offset)
        return tuple(values), position

    def write(self, value: object) -> bytes:
        """Encode a tuple or list of items, reporting the faults of all of them."""
        items = self._items(value)
        self._check_count(len(items), self.size)
        chunks: list[bytes] = []
        faults: list[Fault] = []
        position: int | None = 0
        for index, item in enumerate(items):
            try:
                chunk = self.item.write(item)
            except Refused as refused:
                faults.extend(fault.under(index, position) for fault in refused.faults)
                position = None if position is None or self.item.size is None else position + self.item.size
            else:
                chunks.append(chunk)
                position = None if position is None else position + len(chunk)
        if faults:
            raise Refused(*faults)
        return b"".join(chunks)

    def _check_count(self, count: int, size: int | None) -> None:
        if self.count is not None and count != self.count:
            raise Refused(Fault(f"has {count} items, must have {self.count}", (), 0, size))
        if self.most is not None and count > self.most:
            raise Refused(Fault(f"has {count} items, most is {self.most}", (), 0, size))

    def _items(self, value: object) -> tuple[object, ...]:
        if not isinstance(value, tuple | list):
            self.refuse(f"is {a(value)}, must be a tuple")
        return tuple(value)

    def example(self) -> tuple[T, ...]:
        """Give as many example items as must be, or one."""
        return (self.item.example(),) * (1 if self.count is None else self.count)

    def to_json(self, value: object) -> Json:
        """Give a list."""
        return [self.item.to_json(item) for item in self._items(value)]

    def from_json(self, value: Json) -> tuple[T, ...]:
        """Take a list; every item is also tried against its type."""
        if not isinstance(value, list):
            self.refuse(f"is {a(value)}, must be a list")
        values: list[T] = []
        faults: list[Fault] = []
        for index, item in enumerate(value):
            offset = None if self.item.size is None else index * self.item.size
            try:
                made = self.item.from_json(item)
                self.item.write(made)
                values.append(made)
            except Refused as refused:
                faults.extend(fault.under(index, offset) for fault in refused.faults)
        if faults:
            raise Refused(*faults)
        return tuple(values)

    def parts(self) -> Iterator[tuple[str | int, FieldType[object], int | None]]:
        """Yield every item of a fixed repeat, or the one item type of an open one as index 0."""
        size = self.item.size
        for index in range(1 if self.count is None else self.count):
            yield index, self.item, None if size is None and index else index * (size or 0)


class Wrapper(FieldType[T]):
    """A type that puts another type's bytes into a frame of its own; value and JSON form are the inner type's."""

    def __init__(self, inner: FieldType[T], minimum: int, maximum: int | None) -> None:
        super().__init__(minimum, maximum)
        self.inner = inner

    def within(self, lead: int | None, action: Callable[[], Any]) -> Any:
        """Run ``action`` on the inner type; its faults lie ``lead`` bytes further on (None: nobody knows where)."""
        try:
            return action()
        except Refused as refused:
            raise Refused(*(shifted(fault, lead) for fault in refused.faults)) from None

    def contents(self, data: bytes, start: int, stop: int) -> T:
        """Decode the inner value from exactly ``data[start:stop]``; leftovers are a fault."""
        value, end = self.inner.read(data, start, stop)
        if end != stop:
            left = stop - end
            message = f"has {left} byte{'' if left == 1 else 's'} left over"
            raise Refused(Fault(message, (), end - start, left))
        return value

    def example(self) -> T:
        """Give the inner type's example."""
        return self.inner.example()

    def to_json(self, value: object) -> Json:
        """Give the inner type's form."""
        return self.inner.to_json(value)

    def from_json(self, value: Json) -> T:
        """Take the inner type's form."""
        return self.inner.from_json(value)


class Prefixed(Wrapper[T]):
    """A value behind its length in bytes.

    Args:
        length: the type of the length, in whole bytes.
        inner: the value; a greedy type ends where the length says.
    """

    def __init__(self, length: UInt, inner: FieldType[T]) -> None:
        if not length.aligned:
            raise SchemaError(f"Prefixed: a length of {length.bits} bits does not fill whole bytes")
        most = length.most if inner.maximum is None else min(length.most, inner.maximum)
        super().__init__(inner, length.minimum + inner.minimum, length.minimum + most)
        self.length = length

    @property
    def type_name(self) -> str:
        """``Prefixed(UInt(8), Text(..30, utf-8))``."""
        return f"Prefixed({self.length.type_name}, {self.inner.type_name})"

    def read(self, data: bytes, offset: int, end: int) -> tuple[T, int]:
        """Decode the length, then exactly so many bytes."""
        count, start = self.length.read(data, offset, end)
        stop = start + count
        if stop > end:
            self.refuse(f"says {count} bytes follow, {end - start} are left")
        return self.within(start - offset, lambda: self.contents(data, start, stop)), stop

    def write(self, value: object) -> bytes:
        """Encode the value and put its length before it."""
        raw: bytes = self.within(self.length.minimum, lambda: self.inner.write(value))
        return self.length.write(len(raw)) + raw

    def parts(self) -> Iterator[tuple[str | int, FieldType[object], int | None]]:
        """Yield the parts of the inner type, behind the length."""
        for step, part, offset in self.inner.parts():
            yield step, part, None if offset is None else offset + self.length.minimum


def shifted(fault: Fault, lead: int | None) -> Fault:
    """Give the same fault ``lead`` bytes further on, or without a place when ``lead`` is None."""
    place = None if lead is None or fault.offset is None else fault.offset + lead
    return Fault(fault.message, fault.path, place, fault.size)
