"""Types made of other types: repeats and length prefixes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from yohaku.codec import Dependent, FieldType, Foreign, Json, Refused
from yohaku.codec.constructs import is_construct
from yohaku.codec.fieldtype import a, counted, left
from yohaku.codec.loops import read_items, write_items
from yohaku.codec.parts import read_part, write_part
from yohaku.errors import Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yohaku.codec.columns import Column
    from yohaku.codec.emit import Reader, Writer
    from yohaku.fields.numbers import Int, UInt

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
    if is_construct(spec):
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
        refuse_part(self.item, "Repeat")
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
        values, position = self.read_items(data, offset, end, self.count)
        self.check_count(len(values), position - offset)
        return values, position

    def read_items(self, data: bytes, offset: int, end: int, count: int | None) -> tuple[tuple[T, ...], int]:
        """Decode ``count`` items, or all up to ``end`` when it is None."""
        values: list[T] = []
        faults: list[Fault] = []
        position = offset
        index = 0
        while index < count if count is not None else position < end:
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
        return tuple(values), position

    def write(self, value: object) -> bytes:
        """Encode a tuple of items, reporting the faults of all of them."""
        items = self.items_of(value)
        self.check_count(len(items), self.size)
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

    def check_count(self, count: int, size: int | None) -> None:
        """Refuse a number of items that is not allowed; ``size`` is what they take in bytes."""
        if self.count is not None and count != self.count:
            raise Refused(Fault(f"has {counted(count, 'item')}, must have {self.count}", (), 0, size))
        if self.most is not None and count > self.most:
            raise Refused(Fault(f"has {counted(count, 'item')}, most is {self.most}", (), 0, size))

    def items_of(self, value: object) -> tuple[object, ...]:
        """Return ``value`` when it is a tuple; refuse it otherwise."""
        if not isinstance(value, tuple):
            self.refuse(f"is {a(value)}, must be a tuple")
        return value

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        return read_items(to, self.item, hint, self.count, self.most)

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        write_items(to, self.item, value, self.count, self.most)

    def column(self) -> Column | None:
        """Give a dimension of its own; None when the number or the size of the items is open."""
        from yohaku.codec.columns import Listed

        if self.count is None or self.item.size is None:
            return None
        return Listed(self.item, self.count)

    def example(self) -> tuple[T, ...]:
        """Give as many example items as must be, or one."""
        return (self.item.example(),) * (1 if self.count is None else self.count)

    def to_json(self, value: object) -> Json:
        """Give a list."""
        return [self.item.to_json(item) for item in self.items_of(value)]

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
    """A type around another one, whose value and JSON form it shares; most put a frame around its bytes."""

    def __init__(self, inner: FieldType[T], minimum: int, maximum: int | None) -> None:
        super().__init__(minimum, maximum)
        refuse_part(inner, type(self).__name__)
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
            message = f"has {counted(stop - end, 'byte')} left over"
            raise Refused(Fault(message, (), end - start, stop - end))
        return value

    def write(self, value: object) -> bytes:
        """Encode as the inner type does."""
        return self.inner.write(value)

    def parts(self) -> Iterator[tuple[str | int, FieldType[object], int | None]]:
        """Yield the parts of the inner type."""
        return self.inner.parts()

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        write_part(to, self.inner, value, value)

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
        length: the type of the length, an unsigned integer in whole bytes.
        inner: a field type, a record class or a construct; a greedy type ends where the length says.
    """

    @overload
    def __init__(self, length: UInt | Int, inner: FieldType[T]) -> None: ...
    @overload
    def __init__(self, length: UInt | Int, inner: type[T]) -> None: ...
    @overload
    def __init__(self, length: UInt | Int, inner: Any) -> None: ...
    def __init__(self, length: UInt | Int, inner: Any) -> None:
        held: FieldType[T] = as_type(inner)
        check_prefix(length, held.minimum, "Prefixed")
        most = length.most if held.maximum is None else min(length.most, held.maximum)
        super().__init__(held, length.minimum + held.minimum, length.minimum + most)
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
            self.refuse(f"says {counted(count, 'byte')} follow, {left(end - start)}")
        return self.within(start - offset, lambda: self.contents(data, start, stop)), stop

    def write(self, value: object) -> bytes:
        """Encode the value and put its length before it."""
        raw: bytes = self.within(self.length.minimum, lambda: self.inner.write(value))
        if not self.length.least <= len(raw) <= self.length.most:
            allowed = f"{self.length.least} to {self.length.most}"
            self.refuse(f"takes {counted(len(raw), 'byte')}, {self.length.type_name} can state {allowed}")
        return self.length.write(len(raw)) + raw

    def parts(self) -> Iterator[tuple[str | int, FieldType[object], int | None]]:
        """Yield the parts of the inner type, behind the length."""
        for step, part, offset in self.inner.parts():
            yield step, part, None if offset is None else offset + self.length.minimum

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        size = to.let(f"{hint}_size", read_part(to, self.length, f"{hint}_size"))
        stop = to.let(f"{hint}_end", f"{to.position()} + {size}")
        to.refuse_if(f"{stop} > {to.end}")
        with to.region(stop):
            return read_part(to, self.inner, hint)

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        inner = to.nested()
        write_part(inner, self.inner, value, value)
        content = to.let(f"{value}_content", inner.finish())
        size = to.let(f"{value}_size", f"len({content})")
        write_part(to, self.length, size, size)
        to.chunk(content)


class Counted(Wrapper[tuple[T, ...]]):
    """Values of one type behind their number.

    Args:
        number: the type of the number, an unsigned integer in whole bytes.
        item: a field type, a record class or a construct.
        most: most items; the number's own limit when None.
    """

    @overload
    def __init__(self, number: UInt | Int, item: FieldType[T], *, most: int | None = None) -> None: ...
    @overload
    def __init__(self, number: UInt | Int, item: type[T], *, most: int | None = None) -> None: ...
    @overload
    def __init__(self, number: UInt | Int, item: Any, *, most: int | None = None) -> None: ...
    def __init__(self, number: UInt | Int, item: Any, *, most: int | None = None) -> None:
        self.list: Repeat[T] = Repeat(item, most=number.most if most is None else most)
        check_prefix(number, 0, "Counted")
        bound = self.list.maximum
        super().__init__(self.list, number.minimum, None if bound is None else number.minimum + bound)
        self.number = number

    @property
    def type_name(self) -> str:
        """``Counted(UInt(8), Entry, ..20)``."""
        return f"Counted({self.number.type_name}, {self.list.item.type_name}, ..{self.list.most})"

    def read(self, data: bytes, offset: int, end: int) -> tuple[tuple[T, ...], int]:
        """Decode the number, then so many items."""
        count, start = self.number.read(data, offset, end)
        self.list.check_count(count, None)
        values: tuple[T, ...]
        values, stop = self.within(start - offset, lambda: self.list.read_items(data, start, end, count))
        return values, stop

    def write(self, value: object) -> bytes:
        """Encode the items and put their number before them."""
        raw: bytes = self.within(self.number.minimum, lambda: self.list.write(value))
        return self.number.write(len(self.list.items_of(value))) + raw

    def parts(self) -> Iterator[tuple[str | int, FieldType[object], int | None]]:
        """Yield the one item type as index 0."""
        for step, part, offset in self.list.parts():
            yield step, part, None if offset is None else offset + self.number.minimum

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        count = to.let(f"{hint}_count", read_part(to, self.number, f"{hint}_count"))
        return read_items(to, self.list.item, hint, count, self.list.most)

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        count = to.let(f"{value}_count", f"len({value})")
        write_part(to, self.number, count, count)
        write_items(to, self.list.item, value, None, self.list.most)


def check_prefix(prefix: UInt | Int, least: int, name: str) -> None:
    """Raise SchemaError unless ``prefix`` is unsigned, fills whole bytes and reaches ``least``."""
    if not prefix.aligned:
        raise SchemaError(f"{name}: {prefix.type_name} does not fill whole bytes")
    if prefix.least < 0:
        raise SchemaError(f"{name}: {prefix.type_name} must be unsigned")
    if prefix.most < least:
        raise SchemaError(f"{name}: {prefix.type_name} states at most {prefix.most}, the value takes at least {least}")


def refuse_part(inner: FieldType[Any], name: str) -> None:
    """Raise SchemaError when ``inner`` makes sense as a field of a record only."""
    if inner.hidden:
        raise SchemaError(f"{name}({inner.type_name}): a part without a value stands in a record, not in another type")
    if isinstance(inner, Dependent):
        raise SchemaError(f"{name}({inner.type_name}): it depends on a sibling, so it stands in a record itself")
    if inner.trailing:
        raise SchemaError(f"{name}({inner.type_name}): only the last fields of a record can be trailing")


def shifted(fault: Fault, lead: int | None) -> Fault:
    """Give the same fault ``lead`` bytes further on, or without a place when ``lead`` is None."""
    place = None if lead is None or fault.offset is None else fault.offset + lead
    return Fault(fault.message, fault.path, place, fault.size)
