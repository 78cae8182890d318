"""Constructs at the edges of what construct and yohaku take, each with bytes or values; the property tests try them."""

from __future__ import annotations

from typing import Any

import construct as cs
from foreign_trees import DAY, Days

from yohaku.fields import UInt


def half(number: Any, _: Any) -> int:
    """Give half, without the rest."""
    return int(number) // 2


def double(number: Any, _: Any) -> int:
    """Give the double."""
    return int(number) * 2


def same(number: Any, _: Any) -> int:
    """Give the number."""
    return int(number)


def as_float(number: Any, _: Any) -> Any:
    """Give the number in another type."""
    return float(number)


def as_given(number: Any, _: Any) -> int:
    """Give the number; none is zero."""
    return int(number or 0)


class First(cs.Adapter):  # type: ignore[type-arg]  # generic in its stubs only
    """An adapter that drops a member of its Struct, or writes one as another type."""

    def __init__(self, kind: type) -> None:
        super().__init__(cs.Struct("a" / cs.Byte, "b" / cs.Byte))
        self.kind = kind

    def _decode(self, obj: Any, context: Any, path: Any) -> Any:
        return obj.a

    def _encode(self, obj: Any, context: Any, path: Any) -> Any:
        return {"a": self.kind(obj), "b": 0}


OURS: Any = UInt(8)
REFUSED: list[tuple[Any, bytes]] = [
    (First(int), b"\1\2"),
    (First(int), b"\1\0"),
    (First(float), b"\1\0"),
    (cs.Struct("a" / cs.Byte, cs.Terminated), b"ab"),
    (cs.Struct("a" / cs.Byte, cs.Terminated), b"a"),
    (cs.Struct("n" / cs.Int8sb, "x" / cs.Array(cs.this.n, cs.Byte)), b"\xff"),
    (cs.Struct("a" / cs.Prefixed(cs.Int8sb, cs.GreedyBytes), "b" / cs.GreedyBytes), b"\xff"),
    (cs.Struct("a" / cs.Prefixed(cs.Int8sb, cs.GreedyBytes), "b" / cs.GreedyBytes), b"\1xy"),
    (cs.Struct("a" / cs.Prefixed(cs.Byte, cs.GreedyBytes, includelength=True), "b" / cs.GreedyBytes), b"\0x"),
    (cs.Struct("n" / cs.Rebuild(cs.Byte, cs.len_(cs.this.x)), "x" / cs.Array(2, cs.Byte)), b"\2ab"),
    (cs.Struct(cs.Const(5, cs.Byte), "x" / cs.Byte), b"\4a"),
    (cs.Float32b, b"\x7f\x80\0\1"),
    (cs.Struct("n" / cs.Int8sb, "x" / cs.Bytes(cs.this.n), "y" / cs.GreedyBytes), b"\xffab"),
    (cs.Struct("n" / cs.Int8sb, "x" / cs.Bytes(cs.this.n), "y" / cs.GreedyBytes), b"\3ab"),
    (cs.Struct("n" / cs.Int8sb, "x" / cs.Bytes(cs.this.n), "y" / cs.GreedyBytes), b"\2ab"),
    (cs.Struct("n" / cs.Int8sb, "x" / cs.Bytes(cs.this.n / 2)), b"\2a"),
    (cs.Struct("n" / cs.Int8sb, "x" / cs.Array(cs.this.n, cs.PascalString(cs.Byte, "utf8"))), b"\xff"),
    (cs.Struct("x" / cs.Const(b"abc", cs.Bytes(2)), "y" / cs.GreedyBytes), b"abc"),
    (cs.Struct(cs.Const(5, cs.Byte), "x" / cs.Byte), b"\5a"),
    (cs.Struct("x" / cs.Const("ab", cs.PaddedString(3, "ascii"))), b"ab\0"),
    (cs.Struct("x" / cs.Const("ab", cs.PaddedString(3, "ascii"))), b"abc"),
    (cs.Struct("a" / cs.Prefixed(cs.Byte, cs.GreedyBytes), "b" / cs.GreedyBytes), b"\2x"),
    (cs.Select(cs.Int16ub, cs.Byte), b"\5"),
    (cs.Select(cs.Int32ub, cs.PascalString(cs.Byte, "utf8"), cs.Byte), b"\5"),
    (cs.Optional(cs.Struct("a" / cs.Const(b"\1"))), b""),
    (cs.Optional(cs.Flag), b""),
    (cs.Optional(cs.Default(cs.Byte, 1)), b""),
    (cs.Optional(cs.ExprAdapter(cs.Byte, same, as_given)), b""),
    (cs.Optional(cs.Sequence(cs.Flag, cs.Const(b"\1"))), b""),
    (cs.Optional(cs.FocusedSeq("x", "x" / cs.Flag)), b""),
    (cs.Prefixed(cs.Byte, cs.Optional(cs.Flag)), b"\0"),
    (cs.Select(cs.Struct("a" / cs.Const(b"\1")), cs.Pass, cs.Pass), b""),
]
"""Bytes, some of which are refused."""


EDGES: list[tuple[Any, list[Any]]] = [
    (cs.VarInt, [0, 127, 128, 16383, 16384]),
    (cs.ZigZag, [0, -1, 1, 63, -64, 64, -65]),
    (cs.Int24sl, [0, -1, -(1 << 23), (1 << 23) - 1]),
    (cs.Int32sl, [0, -1, -(1 << 31), (1 << 31) - 1]),
    (cs.Int64sl, [0, -1, -(1 << 63), (1 << 63) - 1]),
    (cs.BytesInteger(5, swapped=True), [0, 1, (1 << 40) - 1]),
    (cs.Bitwise(cs.Array(2, cs.BitsInteger(4, signed=True))), [[0, -1], [-8, 7]]),
    (cs.Bitwise(cs.Array(8, cs.Flag)), [[True, False] * 4]),
    (cs.Float16b, [0.0, 1.5, -2.0]),
    (cs.Optional(cs.Byte), [None, 0, 255]),
    (cs.Optional(OURS), [None, 0, 255]),
    (cs.Optional(cs.Sequence(cs.Byte, cs.Flag)), [None, [1, True]]),
    (cs.Optional(cs.Sequence(cs.Flag, cs.Const(b"\1"), cs.Byte)), [None, [True, b"\1", 1]]),
    (cs.Optional(cs.PrefixedArray(cs.Byte, cs.Byte)), [None, [], [1]]),
    (cs.Optional(cs.RepeatUntil(lambda item, _, __: item == 0, cs.Byte)), [None, [0], [1, 0]]),
    (cs.Optional(DAY), [None, {"year": 1, "month": 2, "day": 3}]),
    (cs.Sequence(cs.Byte, cs.Pass, cs.Const(b"x")), [[1, None, b"x"]]),
    (cs.Prefixed(cs.Int8sb, cs.GreedyBytes), [b"", b"a" * 127]),
    (cs.Struct("a" / cs.Byte, "b" / cs.Computed(7), "c" / cs.Computed(cs.this.a - 1)), [{"a": 3, "b": 7, "c": 2}]),
    (cs.Struct("x" / cs.If(True, cs.Byte)), [{"x": 1}]),
    (
        cs.Struct("x" / cs.Prefixed(cs.Byte, cs.Select(cs.Bytes(2), cs.Bytes(1))), "z" / cs.GreedyBytes),
        [{"x": b"a", "z": b"rest"}, {"x": b"ab", "z": b""}],
    ),
    (
        cs.Struct("x" / cs.Prefixed(cs.Byte, cs.Struct("p" / cs.Peek(cs.Bytes(2)), "b" / cs.Byte)), "z" / cs.Byte),
        [{"x": {"p": None, "b": 1}, "z": 2}],
    ),
    (cs.Struct("n" / cs.Int8sb, "x" / cs.Computed(cs.this.n * 2)), [{"n": -1, "x": -2}]),
    (cs.Struct("x" / cs.CString("utf8"), "z" / cs.Byte), [{"x": "", "z": 1}, {"x": "ab", "z": 1}]),
    (cs.Struct("n" / cs.Byte, "x" / cs.Bytes(cs.this.n)), [{"n": 0, "x": b""}, {"n": 2, "x": b"ab"}]),
    (cs.Padded(3, cs.Byte), [5]),
    (cs.Aligned(4, cs.Int16ub, pattern=b"\xff"), [5]),
    (
        cs.Struct("n" / cs.Byte, "x" / cs.Select(cs.Const(b"\1"), cs.Const(b"\2\3")), "z" / cs.Byte),
        [{"n": 1, "x": b"\1", "z": 2}, {"n": 1, "x": b"\2\3", "z": 2}],
    ),
    (cs.Select(cs.Int16ub, cs.Bytes(1)), [0, 0xFFFF, b"a"]),
    (cs.Select(cs.Int16sb, cs.Bytes(1)), [-0x8000, 0x7FFF, b"a"]),
    (cs.Select(cs.OneOf(cs.Int16ub, (1, 2)), cs.Byte), [1, 2, 5]),
    (cs.Select(cs.FixedSized(2, cs.NullStripped(cs.GreedyBytes)), cs.Byte), [b"", b"a", b"ab", 5]),
    (
        cs.Select(
            cs.Struct(cs.Const(b"\1"), "x" / cs.Enum(cs.Byte, red=1)),
            cs.Struct(cs.Const(b"\2"), "x" / cs.Enum(cs.Byte, blue=1)),
        ),
        [{"x": "red"}, {"x": "blue"}],
    ),
]
"""Values that are taken."""


UNWRITTEN: list[tuple[Any, Any]] = [
    (cs.Sequence(cs.Byte, cs.Terminated), [1, 5]),
    (cs.Sequence(cs.Byte, cs.Terminated), [1, None]),
    (cs.PascalString(cs.Byte, "shift_jis"), "¥"),
    (cs.Struct("n" / cs.Byte, "x" / cs.Array(cs.this.n, cs.Byte)), {"n": 2, "x": [1]}),
    (cs.RepeatUntil(lambda item, _, __: item == 0, cs.Byte), [0, 1, 0]),
    (cs.RepeatUntil(lambda item, _, __: item == 0, cs.Byte), [1]),
    (cs.RepeatUntil(lambda item, _, __: item == 0, cs.Byte), []),
    (cs.ExprAdapter(cs.Byte, same, as_float), 1),
    (cs.ExprAdapter(cs.Byte, half, double), 1.0),
    (cs.Struct("a" / cs.GreedyRange(cs.Const(b"\1")), "b" / cs.Byte), {"a": [b"\1"], "b": 1}),
    (cs.Struct("a" / cs.Optional(cs.Byte), "b" / cs.Byte), {"a": None, "b": 1}),
    (cs.Struct("a" / cs.GreedyBytes, "b" / cs.Optional(cs.Byte)), {"a": b"x", "b": 1}),
    (cs.Struct("a" / cs.Array(2, cs.Optional(cs.Byte))), {"a": [None, 1]}),
    (cs.Sequence(cs.Byte, cs.Terminated, cs.Byte), [1, None, 1]),
    (cs.Mapping(cs.Byte, {"on": 1, "also": 1}), "on"),
    (cs.Struct("n" / cs.Byte, "x" / cs.Bytes(cs.this.n)), {"n": 2, "x": b"abc"}),
    (cs.Struct("n" / cs.Byte, "x" / cs.Bytes(cs.this.n)), {"n": 2, "x": b"a"}),
    (cs.Struct("n" / cs.Byte, "x" / cs.Bytes(cs.this.n)), {"n": 2, "x": bytearray(b"ab")}),
    (cs.Sequence(cs.Byte, cs.Pass), [1, 5]),
    (cs.Sequence(cs.Byte, cs.Byte), (1, 2)),
    (cs.Bitwise(cs.Array(2, cs.Nibble)), (1, 2)),
    (cs.Struct("n" / cs.Byte, "x" / cs.Computed(7)), {"n": 1, "x": 8}),
    (cs.Struct("n" / cs.Byte), {"n": 1, "more": 2}),
    (cs.Optional(cs.Struct("a" / cs.Const(b"\1"))), None),
    (cs.Optional(cs.Flag), None),
    (cs.Optional(cs.ExprAdapter(cs.Byte, same, as_given)), None),
    (cs.Select(cs.Struct("a" / cs.Const(b"\1")), cs.Pass, cs.Pass), None),
]
"""Values, most of which would not come back."""


STRICTER: list[tuple[Any, bytes, str]] = [
    (cs.Byte, b"ab", "bytes are left over"),
    (cs.Enum(cs.Byte, red=1), b"\2", "an enum has no name for a number"),
    (cs.Padding(2), b"\0\1", "the value would be written in another form"),
    (cs.Padded(3, cs.Byte), b"\0\0\1", "the value would be written in another form"),
    (cs.Flag, b"\2", "the value would be written in another form"),
    (cs.FlagsEnum(cs.Byte, x=1), b"\3", "the value would be written in another form"),
    (cs.Mapping(cs.Byte, {"on": 1, "also": 1}), b"\1", ""),
    (cs.VarInt, b"\x80\0", "the value would be written in another form"),
    (cs.Prefixed(cs.Byte, cs.Byte), b"\2ab", "the value would be written in another form"),
    (cs.FixedSized(3, cs.Byte), b"a\0b", "the value would be written in another form"),
    (cs.PascalString(cs.Byte, "utf_16"), b"\2\xff\xfe", "the value would be written in another form"),
    (cs.PascalString(cs.Byte, "utf_7"), b"\5+AGE-", "the value would be written in another form"),
    (cs.BitStruct("a" / cs.Nibble, cs.Padding(4)), b"\1", "the value would be written in another form"),
    (cs.Struct("n" / cs.Rebuild(cs.Byte, cs.len_(cs.this.x)), "x" / cs.Array(2, cs.Byte)), b"\3ab", "the value would"),
    (cs.ExprAdapter(cs.Byte, half, double), b"\3", "the value would be written"),
    (Days(cs.Struct("year" / cs.Int16ub, "month" / cs.Byte, "day" / cs.Byte)), b"\0\1\2\3", ""),
    (cs.Struct("_a" / cs.Byte), b"\1", "the value cannot be written"),
]
"""Bytes that construct takes, and why yohaku does not."""
