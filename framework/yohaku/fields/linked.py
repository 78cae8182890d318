"""Visible fields that depend on their place or on a sibling: optional parts, and lists and values sized elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from yohaku.codec import Dependent, FieldType, Json
from yohaku.codec.loops import read_items, write_items
from yohaku.codec.parts import read_part, write_part
from yohaku.errors import SchemaError
from yohaku.fields.compound import Repeat, Wrapper, as_type

if TYPE_CHECKING:
    from yohaku.codec.emit import Reader, Writer

T = TypeVar("T")

_LIKE_NONE = "takes no bytes, so it could not be told from an absent value"


class Optional(Wrapper[T | None]):
    """A value that may be absent, which is None, no bytes, and null in JSON; what shows it, subclasses say."""

    def __init__(self, inner: FieldType[T]) -> None:
        super().__init__(inner, 0, inner.maximum)
        self.greedy = inner.greedy

    def write(self, value: object) -> bytes:
        """Give no bytes for None."""
        return b"" if value is None else self.inner.write(value)

    def emit_read_if(self, to: Reader, condition: str, hint: str) -> str:
        """Emit the reading of the value where ``condition`` holds, else None."""
        value, position = to.name(hint), to.anchor()
        with to.block(f"if {condition}:"):
            to.line(f"{value} = {read_part(to, self.inner, hint)}")
            to.anchor(position)
        with to.block("else:"):
            to.line(f"{value} = None")
        return value

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        content = to.name(f"{value}_content")
        with to.block(f"if {value} is None:"):
            to.line(f'{content} = b""')
        with to.block("else:"):
            inner = to.nested()
            write_part(inner, self.inner, value, value)
            to.line(f"{content} = {inner.finish()}")
        to.chunk(content)

    def to_json(self, value: object) -> Json:
        """Give null or the inner type's form."""
        return None if value is None else self.inner.to_json(value)

    def from_json(self, value: Json) -> T | None:
        """Take null or the inner type's form."""
        return None if value is None else self.inner.from_json(value)


class Trailing(Optional[T]):
    """A value that may be missing at the end of a record; that no bytes are left shows that it is.

    Suits fields that a later version adds. Only trailing fields may follow, and one that is absent makes all behind it
    absent.

    Args:
        inner: a field type, a record class or a construct, of at least one byte and with an end of its own.
    """

    trailing = True

    @overload
    def __init__(self, inner: FieldType[T]) -> None: ...
    @overload
    def __init__(self, inner: type[T]) -> None: ...
    @overload
    def __init__(self, inner: Any) -> None: ...
    def __init__(self, inner: Any) -> None:
        super().__init__(as_type(inner))
        self.greedy = True
        if self.inner.greedy:
            raise SchemaError(
                f"Trailing({self.inner.type_name}): give it a length with Prefixed, so that it has an end"
            )
        if self.inner.maximum == 0:
            raise SchemaError(f"Trailing({self.inner.type_name}): {_LIKE_NONE}")

    @property
    def type_name(self) -> str:
        """``Trailing(Date)``."""
        return f"Trailing({self.inner.type_name})"

    def read(self, data: bytes, offset: int, end: int) -> tuple[T | None, int]:
        """Give None when no bytes are left."""
        if offset >= end:
            return None, offset
        value, stop = self.inner.read(data, offset, end)
        return (value, stop) if stop > offset else self.refuse(_LIKE_NONE)

    def write(self, value: object) -> bytes:
        """Give no bytes for None, and only then."""
        raw = super().write(value)
        return raw if raw or value is None else self.refuse(_LIKE_NONE)


class PresentIf(Optional[T], Dependent[T | None]):
    """A value that is there when an earlier Flag of the record is true, and takes no bytes otherwise.

    The flag is a field of its own, or hidden and derived from this one with Presence.

    Args:
        by: the name of the flag.
        inner: a field type, a record class or a construct.
    """

    @overload
    def __init__(self, by: str, inner: FieldType[T]) -> None: ...
    @overload
    def __init__(self, by: str, inner: type[T]) -> None: ...
    @overload
    def __init__(self, by: str, inner: Any) -> None: ...
    def __init__(self, by: str, inner: Any) -> None:
        super().__init__(as_type(inner))
        self.by = by

    @property
    def type_name(self) -> str:
        """``PresentIf(has_phone, TelephoneNumber)``."""
        return f"PresentIf({self.by}, {self.inner.type_name})"

    def read_given(self, control: object, data: bytes, offset: int, end: int) -> tuple[T | None, int]:
        """Decode the value when the flag says so."""
        return self.inner.read(data, offset, end) if control else (None, offset)

    def control_of(self, value: object) -> bool:
        """Tell whether there is a value."""
        return value is not None

    def emit_read_given(self, to: Reader, control: str, hint: str) -> str:
        """Emit the code of ``read_given``."""
        return self.emit_read_if(to, control, hint)

    def emit_write_given(self, to: Writer, control: str, value: str) -> None:
        """Emit the code of ``write`` and ``check_given``."""
        to.refuse_if(f"bool({control}) is ({value} is None)")
        self.emit_write(to, value)

    def example_given(self, control: object) -> T | None:
        """Give the inner type's example when the flag is set."""
        return self.inner.example() if control else None


class RepeatBy(Wrapper[tuple[T, ...]], Dependent[tuple[T, ...]]):
    """Values of one type, as many as an earlier number of the record says.

    The number is a field of its own, or hidden and derived from this one with Count. Where it stands straight before
    the values, Counted is simpler.

    Args:
        by: the name of the number.
        item: a field type, a record class or a construct.
        most: most items.
    """

    @overload
    def __init__(self, by: str, item: FieldType[T], *, most: int) -> None: ...
    @overload
    def __init__(self, by: str, item: type[T], *, most: int) -> None: ...
    @overload
    def __init__(self, by: str, item: Any, *, most: int) -> None: ...
    def __init__(self, by: str, item: Any, *, most: int) -> None:
        self.list: Repeat[T] = Repeat(item, most=most)
        super().__init__(self.list, 0, self.list.maximum)
        self.by = by

    @property
    def type_name(self) -> str:
        """``RepeatBy(members, Member, ..8)``."""
        return f"RepeatBy({self.by}, {self.list.item.type_name}, ..{self.list.most})"

    def read_given(self, control: object, data: bytes, offset: int, end: int) -> tuple[tuple[T, ...], int]:
        """Decode so many items."""
        count = _stated(self, control)
        self.list.check_count(count, None)
        return self.list.read_items(data, offset, end, count)

    def control_of(self, value: object) -> int:
        """Count the items."""
        return len(self.list.items_of(value))

    def emit_read_given(self, to: Reader, control: str, hint: str) -> str:
        """Emit the code of ``read_given``."""
        to.refuse_if(f"type({control}) is not int or {control} < 0")
        return read_items(to, self.list.item, hint, control, self.list.most)

    def emit_write_given(self, to: Writer, control: str, value: str) -> None:
        """Emit the code of ``write`` and ``check_given``."""
        to.refuse_if(f"len({value}) != {control}")
        write_items(to, self.list.item, value, None, self.list.most)

    def example_given(self, control: object) -> tuple[T, ...]:
        """Give so many example items."""
        return (self.list.item.example(),) * (control if isinstance(control, int) else 0)


class SizedBy(Wrapper[T], Dependent[T]):
    """A value that takes as many bytes as an earlier number of the record says.

    The number is a field of its own, or hidden and derived from this one with Length. Where it stands straight before
    the value, Prefixed is simpler.

    Args:
        by: the name of the number.
        inner: a field type, a record class or a construct; a greedy type ends where the number says.
    """

    @overload
    def __init__(self, by: str, inner: FieldType[T]) -> None: ...
    @overload
    def __init__(self, by: str, inner: type[T]) -> None: ...
    @overload
    def __init__(self, by: str, inner: Any) -> None: ...
    def __init__(self, by: str, inner: Any) -> None:
        held: FieldType[T] = as_type(inner)
        super().__init__(held, held.minimum, held.maximum)
        self.by = by

    @property
    def type_name(self) -> str:
        """``SizedBy(name_size, Text(..30, utf-8))``."""
        return f"SizedBy({self.by}, {self.inner.type_name})"

    def read_given(self, control: object, data: bytes, offset: int, end: int) -> tuple[T, int]:
        """Decode exactly so many bytes."""
        count = _stated(self, control)
        self.take(data, offset, end, count)
        return self.contents(data, offset, offset + count), offset + count

    def control_of(self, value: object) -> int:
        """Count the bytes."""
        return len(self.inner.write(value))

    def emit_read_given(self, to: Reader, control: str, hint: str) -> str:
        """Emit the code of ``read_given``."""
        to.refuse_if(f"type({control}) is not int or {control} < 0")
        stop = to.let(f"{hint}_end", f"{to.position()} + {control}")
        to.refuse_if(f"{stop} > {to.end}")
        with to.region(stop):
            return read_part(to, self.inner, hint)

    def emit_write_given(self, to: Writer, control: str, value: str) -> None:
        """Emit the code of ``write`` and ``check_given``."""
        inner = to.nested()
        write_part(inner, self.inner, value, value)
        content = to.let(f"{value}_content", inner.finish())
        to.refuse_if(f"len({content}) != {control}")
        to.chunk(content)

    def example_given(self, control: object) -> T:  # noqa: ARG002 - no type makes a value of a wanted size
        """Give the inner type's example, whatever size the number says."""
        return self.inner.example()


def _stated(type_: Dependent[Any], control: object) -> int:
    """Give the number that another field states; refuse one below zero."""
    count = control if isinstance(control, int) else 0
    return count if count >= 0 else type_.refuse(f"needs {type_.by} to be 0 or more, it is {count}")
