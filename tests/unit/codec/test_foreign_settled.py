"""What straight code for constructs settles by itself: contexts, streams and lists around parts of somebody's own."""

from __future__ import annotations

from datetime import date
from typing import Any

import construct as cs
import pytest

from yohaku import Record, field
from yohaku.codec import Foreign, Interpreter
from yohaku.codec.compiler import Compiled
from yohaku.codec.foreign_values import plain
from yohaku.errors import DecodeError, EncodeError
from yohaku.fields import Tagged, UInt, VariableBlob
from yohaku.testing import straight


class Byte(cs.Construct):  # type: ignore[type-arg]  # generic in its stubs only
    """Somebody's own part: a byte."""

    def _parse(self, stream: Any, context: Any, path: Any) -> Any:  # noqa: ARG002 - construct's signature
        return cs.stream_read(stream, 1, path)[0]

    def _build(self, obj: Any, stream: Any, context: Any, path: Any) -> Any:  # noqa: ARG002 - construct's signature
        cs.stream_write(stream, bytes((obj,)), 1, path)
        return obj


class Indexed(Byte):
    """A byte, mixed with its index."""

    def _parse(self, stream: Any, context: Any, path: Any) -> Any:
        return super()._parse(stream, context, path) ^ context._index

    def _build(self, obj: Any, stream: Any, context: Any, path: Any) -> Any:
        return super()._build(obj ^ context._index, stream, context, path)


class Sees(Byte):
    """The name of the type of the member before it, as its context has it; any of them is written as zero."""

    def _parse(self, stream: Any, context: Any, path: Any) -> Any:
        super()._parse(stream, context, path)
        return type(context.before).__name__

    def _build(self, obj: Any, stream: Any, context: Any, path: Any) -> Any:  # noqa: ARG002 - any is zero
        return super()._build(0, stream, context, path)


class Begun(Byte):
    """What the outermost context says of the work: it parses 2, and builds 1."""

    def _says(self, context: Any) -> int:
        return 2 * context._root._._parsing + context._root._._building  # type: ignore[no-any-return]

    def _parse(self, stream: Any, context: Any, path: Any) -> Any:
        super()._parse(stream, context, path)
        return self._says(context)

    def _build(self, obj: Any, stream: Any, context: Any, path: Any) -> Any:  # noqa: ARG002 - always the same
        return super()._build(self._says(context), stream, context, path)


class Left(Byte):
    """How many bytes stand behind it; any number is written as zero."""

    def _parse(self, stream: Any, context: Any, path: Any) -> Any:
        super()._parse(stream, context, path)
        place = stream.tell()
        count = len(stream.read())
        stream.seek(place)
        return count

    def _build(self, obj: Any, stream: Any, context: Any, path: Any) -> Any:  # noqa: ARG002 - any is zero
        return super()._build(0, stream, context, path)

    def _sizeof(self, context: Any, path: Any) -> int:  # noqa: ARG002 - construct's signature
        return 1


class All(cs.Construct):  # type: ignore[type-arg]  # generic in its stubs only
    """All bytes of its stream that are left."""

    def _parse(self, stream: Any, context: Any, path: Any) -> Any:  # noqa: ARG002 - construct's signature
        return stream.read()

    def _build(self, obj: Any, stream: Any, context: Any, path: Any) -> Any:  # noqa: ARG002 - construct's signature
        stream.write(obj)
        return obj


class Past(cs.Construct):  # type: ignore[type-arg]  # generic in its stubs only
    """Nothing that is read, but it goes one byte on, which is written when it is known."""

    def __init__(self, *written: int) -> None:
        super().__init__()
        self.written = bytes(written)

    def _parse(self, stream: Any, context: Any, path: Any) -> Any:  # noqa: ARG002 - construct's signature
        stream.seek(1, 1)

    def _build(self, obj: Any, stream: Any, context: Any, path: Any) -> Any:  # noqa: ARG002 - construct's signature
        stream.write(self.written)
        return obj


def new_year(year: Any, _: Any) -> date:
    return date(year, 1, 1)


def year_of(day: Any, _: Any) -> int:
    return int(day.year)


def one_byte(number: Any, _: Any) -> bytearray:
    return bytearray((number,))


def first_of(raw: Any, _: Any) -> int:
    return int(raw[0])


def settled(type_: Any, value: Any, raw: bytes) -> None:
    """Hold straight code alone against bytes and a value that belong together."""
    codec = straight(getattr(type_, "__field_type__", None) or Foreign(type_))
    assert codec.encode(value) == raw
    assert codec.decode(raw) == value


@pytest.mark.parametrize(
    ("before", "value", "seen"),
    [
        (cs.Byte, 1, "int"),
        (cs.Enum(cs.Byte, a=1), "a", "EnumIntegerString"),
        (cs.ExprAdapter(cs.Byte, new_year, year_of), date(1, 1, 1), "date"),
    ],
    ids=["number", "enum", "date"],
)
def test_a_context_has_what_construct_puts_there(before: Any, value: Any, seen: str) -> None:
    inner = cs.Struct("before" / before, "own" / Sees())
    assert plain(inner.parse(b"\1\0")) == {"before": value, "own": seen}
    settled(inner, {"before": value, "own": seen}, b"\1\0")


def test_bytes_that_a_part_would_write_otherwise_are_refused() -> None:
    inner = cs.Struct("before" / cs.Byte, "own" / Sees())
    assert inner.parse(b"\1\5").own == "int"
    with pytest.raises(DecodeError, match="is 0105, which would be written back as 0100"):
        Compiled(Foreign(inner)).decode(b"\1\5")


def test_what_only_looks_plain_does_not_get_into_a_value() -> None:
    odd: Any = cs.ExprAdapter(cs.Byte, one_byte, first_of)
    inner = cs.Struct("before" / odd, "own" / Sees())
    value = Compiled(Foreign(inner)).decode(b"\1\0")
    assert value == {"before": b"\1", "own": "bytearray"}
    assert type(value["before"]) is bytes


def test_the_outermost_context_says_what_is_done() -> None:
    inner = cs.Struct("own" / Begun())
    assert inner.parse(inner.build({"own": 2})).own == 2
    settled(inner, {"own": 2}, b"\1")


def test_items_of_a_greedy_list_are_told_their_index() -> None:
    items = cs.GreedyRange(cs.Struct("key" / cs.Byte, "own" / Indexed()))
    value = {"n": 1, "x": [{"key": 1, "own": 7}, {"key": 2, "own": 7}]}
    settled(cs.Struct("n" / cs.Byte, "x" / items), value, b"\1\1\7\2\6")


def test_a_list_leaves_the_index_of_its_last_item() -> None:
    settled(cs.Struct("x" / cs.Array(2, cs.Byte), "i" / cs.Index), {"x": [7, 8], "i": 1}, b"\7\x08")


@pytest.mark.parametrize(
    "inner",
    [
        cs.Sequence(cs.Array(2, cs.Byte), cs.Index),
        cs.Struct("x" / cs.RepeatUntil(lambda item, _, __: item == 8, cs.Byte), "i" / cs.Index),
    ],
    ids=["without a name", "until"],
)
def test_construct_says_which_index_is_left_where_nobody_else_knows(inner: Any) -> None:
    value = plain(inner.parse(b"\7\x08"))
    codec = Compiled(Foreign(inner))
    assert codec.decode(b"\7\x08") == value
    assert codec.encode(value) == b"\7\x08"


def test_a_part_is_built_for_lists_of_the_right_length_only() -> None:
    built: list[int] = []

    class Noted(Byte):
        def _build(self, obj: Any, stream: Any, context: Any, path: Any) -> Any:
            built.append(obj)
            return super()._build(obj, stream, context, path)

    codec = Compiled(Foreign(cs.Struct("x" / cs.Array(2, Noted()))))
    for wrong in ([1, 2, 3], [1]):
        with pytest.raises(EncodeError):
            codec.encode({"x": wrong})
    assert built == []
    assert codec.encode({"x": [1, 2]}) == b"\1\2"
    assert built == [1, 2]


def test_a_part_that_looks_ahead_sees_the_rest_too() -> None:
    codec = straight(Foreign(cs.Struct("ahead" / cs.Peek(cs.Bytes(2)), "n" / cs.Byte)))
    assert codec.decode_from(b"\1\2\3") == ({"ahead": b"\1\2", "n": 1}, b"\2\3")
    codec = straight(Foreign(cs.Struct("n" / cs.Byte, "left" / Left())))
    assert codec.decode_from(b"\1\0\2\3") == ({"n": 1, "left": 2}, b"\2\3")


class Bounded(Record):
    held: dict[str, Any] = field(Tagged(0x5A, cs.Struct("n" / cs.Byte, "own" / All())))
    behind: int = field(UInt(8))


def test_a_stream_ends_where_its_region_does() -> None:
    settled(Bounded, Bounded(held={"n": 1, "own": b"ab"}, behind=7), b"\x5a\3\1ab\7")


PLACED = cs.Struct("n" / cs.Byte, "x" / cs.Prefixed(cs.Byte, cs.Struct("at" / cs.Tell, "own" / Byte())))


class Later(Record):
    name: bytes = field(Tagged(0x5A, VariableBlob(9)))
    number: int = field(UInt(8))
    held: dict[str, Any] = field(PLACED)


def test_offsets_count_from_where_a_construct_begins() -> None:
    raw = b"\x5a\2ab\7" + b"\1\1\5"
    held = {"n": 1, "x": {"at": 2, "own": 5}}
    assert plain(PLACED.parse(raw[5:])) == held
    settled(Later, Later(name=b"ab", number=7, held=held), raw)


def test_a_part_may_go_past_the_end() -> None:
    inner = cs.Struct("n" / cs.Byte, "own" / Past(), "rest" / cs.GreedyBytes)
    assert plain(inner.parse(b"\1")) == {"n": 1, "own": None, "rest": b""}
    settled(inner, {"n": 1, "own": None, "rest": b""}, b"\1")


def test_a_part_may_not_go_past_the_end_of_its_region() -> None:
    raw = b"\x5a\1\1\2"
    for inner in (cs.Struct("n" / cs.Byte, "own" / Past(2)), cs.Struct("own" / Past(), "n" / cs.Byte, "z" / Past(2))):
        type_: Any = Tagged(0x5A, inner)
        for codec in (Compiled(type_), Interpreter(type_)):
            with pytest.raises(DecodeError):
                codec.decode(raw)
