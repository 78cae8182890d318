"""Random constructs as third parties write them, each with a function that draws values for it.

The benchmark measures them against construct, the property tests compare them with it.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import construct as cs

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random


class Tree(NamedTuple):
    """A construct and what draws its values.

    Attributes:
        inner: the construct.
        draw: gives a value that the construct builds and parses back.
        ends: the construct has an end of its own, so that others may follow it.
    """

    inner: Any
    draw: Callable[[Random], Any]
    ends: bool = True


class Reversed(cs.Adapter):  # type: ignore[type-arg]  # generic in its stubs only
    """Bytes back to front, in hex."""

    def _decode(self, obj: bytes, context: Any, path: Any) -> str:
        return obj[::-1].hex()

    def _encode(self, obj: str, context: Any, path: Any) -> bytes:
        return bytes.fromhex(obj)[::-1]


class Days(cs.Adapter):  # type: ignore[type-arg]  # generic in its stubs only
    """A date out of three numbers."""

    def _decode(self, obj: Any, context: Any, path: Any) -> date:
        return date(obj.year, obj.month, obj.day)

    def _encode(self, obj: date, context: Any, path: Any) -> Any:
        return {"year": obj.year, "month": obj.month, "day": obj.day}


class Keyed(cs.Adapter):  # type: ignore[type-arg]  # generic in its stubs only
    """Numbers mixed with the closest member called ``key`` around them."""

    def _key(self, context: Any) -> int:
        while "key" not in context:
            context = context._
        return int(context.key)

    def _decode(self, obj: int, context: Any, path: Any) -> int:
        return int(obj ^ self._key(context))

    def _encode(self, obj: int, context: Any, path: Any) -> int:
        return int(obj ^ self._key(context))


class Own(cs.Construct):  # type: ignore[type-arg]  # generic in its stubs only
    """A number in as many bytes as the context says, mixed with its index when it stands in a list."""

    def __init__(self, *, listed: bool = False) -> None:
        super().__init__()
        self.listed = listed

    def _index(self, context: Any) -> int:
        return int(context._index) if self.listed else 0

    def _size(self, context: Any) -> int:
        return 1 + int(context.get("key", 1) & 1)

    def _parse(self, stream: Any, context: Any, path: Any) -> int:
        raw = cs.stream_read(stream, self._size(context), path)
        return int.from_bytes(raw, "big") ^ self._index(context)

    def _build(self, obj: int, stream: Any, context: Any, path: Any) -> int:
        size = self._size(context)
        cs.stream_write(stream, (obj ^ self._index(context)).to_bytes(size, "big"), size, path)
        return obj


def number(inner: Any, low: int, high: int) -> Tree:
    """Give a tree of integers."""
    return Tree(inner, lambda rng: rng.choice((low, high, rng.randint(low, high))))


def text(rng: Random, most: int, letters: str = "abcXYZ 09") -> str:
    """Draw text."""
    return "".join(rng.choices(letters, k=rng.randint(0, most)))


def raw(rng: Random, size: int) -> bytes:
    """Draw bytes."""
    return rng.randbytes(size)


def day(rng: Random) -> date:
    """Draw a date."""
    return date.fromordinal(rng.randrange(1, 3_652_059))


def one_more(number: Any, _: Any) -> int:
    """Add one."""
    return int(number) + 1


def one_less(number: Any, _: Any) -> int:
    """Take one away."""
    return int(number) - 1


A = cs.Struct("tag" / cs.Const(b"\xe1"), "number" / cs.Int16ub, "flag" / cs.Flag)
B = cs.Struct("tag" / cs.Const(0xE2, cs.Byte), "text" / cs.PascalString(cs.Byte, "utf8"))


def a(rng: Random) -> Any:
    """Draw a value of A."""
    return {"tag": b"\xe1", "number": rng.randrange(0x10000), "flag": rng.random() < 0.5}


def b(rng: Random) -> Any:
    """Draw a value of B."""
    return {"tag": 0xE2, "text": text(rng, 5)}


def maybe(rng: Random, draw: Callable[[Random], Any]) -> Any:
    """Draw a value, or none."""
    return draw(rng) if rng.random() < 0.5 else None


def numbered(rng: Random) -> Any:
    """Draw bytes, and how many they are."""
    held = rng.randbytes(rng.randrange(9))
    return {"n": len(held), "raw": held}


def ahead(rng: Random) -> Any:
    """Draw a number, and its first byte."""
    number = rng.randrange(0x10000)
    return {"ahead": number >> 8, "number": number}


DAY = cs.Struct("year" / cs.Int16ub, "month" / cs.Byte, "day" / cs.Byte)
LEAVES = (
    number(cs.Int8ub, 0, 255),
    number(cs.Int8sl, -128, 127),
    number(cs.Int16ub, 0, 0xFFFF),
    number(cs.Int16sl, -0x8000, 0x7FFF),
    number(cs.Int24ub, 0, 0xFFFFFF),
    number(cs.Int24sl, -0x800000, 0x7FFFFF),
    number(cs.Int32ul, 0, 0xFFFFFFFF),
    number(cs.Int64sb, -(1 << 63), (1 << 63) - 1),
    number(cs.Int64ul, 0, (1 << 64) - 1),
    number(cs.BytesInteger(5, signed=True), -(1 << 39), (1 << 39) - 1),
    number(cs.BytesInteger(9, swapped=True), 0, (1 << 72) - 1),
    number(cs.Hex(cs.Int16ub), 0, 0xFFFF),
    number(cs.Default(cs.Byte, 7), 0, 255),
    number(cs.VarInt, 0, 1 << 40),
    number(cs.ZigZag, -(1 << 20), 1 << 20),
    number(cs.OneOf(cs.Byte, range(4, 9)), 4, 8),
    number(cs.ExprAdapter(cs.Byte, one_more, one_less), 1, 256),
    number(cs.Padded(3, cs.Byte), 0, 255),
    number(cs.Aligned(4, cs.Int16ub, pattern=b"\xff"), 0, 0xFFFF),
    Tree(cs.Flag, lambda rng: rng.random() < 0.5),
    Tree(cs.Float32b, lambda rng: rng.randrange(-999, 999) / 8),
    Tree(cs.Float64l, lambda rng: rng.uniform(-1e9, 1e9)),
    Tree(cs.Bytes(3), lambda rng: raw(rng, 3)),
    Tree(cs.HexDump(cs.Bytes(2)), lambda rng: raw(rng, 2)),
    Tree(cs.FixedSized(4, cs.GreedyBytes), lambda rng: raw(rng, 4)),
    Tree(cs.Prefixed(cs.Byte, cs.GreedyBytes), lambda rng: raw(rng, rng.randrange(9))),
    Tree(cs.Prefixed(cs.Int16ub, cs.GreedyBytes, includelength=True), lambda rng: raw(rng, rng.randrange(9))),
    Tree(cs.PaddedString(8, "utf8"), lambda rng: text(rng, 2, "aé高")),
    Tree(cs.PaddedString(6, "ascii"), lambda rng: text(rng, 6)),
    Tree(cs.PascalString(cs.Byte, "utf8"), lambda rng: text(rng, 5, "aé高")),
    Tree(cs.PascalString(cs.Int16ub, "shift_jis"), lambda rng: text(rng, 5, "a高田ｱ")),
    Tree(cs.PascalString(cs.VarInt, "utf_16_le"), lambda rng: text(rng, 5, "aé高")),
    Tree(cs.CString("utf8"), lambda rng: text(rng, 7, "aé高")),
    Tree(cs.Enum(cs.Byte, red=1, blue=7, green=200), lambda rng: rng.choice(("red", "blue", "green"))),
    Tree(cs.FlagsEnum(cs.Byte, x=1, y=4, z=128), lambda rng: {name: rng.random() < 0.5 for name in "xyz"}),
    Tree(cs.Mapping(cs.Int16ub, {"on": 1, "off": 0}), lambda rng: rng.choice(("on", "off"))),
    Tree(cs.Const(b"MAGIC"), lambda _: b"MAGIC"),
    Tree(cs.Const(513, cs.Int16ul), lambda _: 513),
    Tree(Reversed(cs.Bytes(4)), lambda rng: raw(rng, 4).hex()),
    Tree(Days(DAY), day),
    Tree(
        cs.RepeatUntil(lambda item, items, ctx: item == 0, cs.Byte),
        lambda rng: [*(rng.randrange(1, 256) for _ in range(rng.randrange(4))), 0],
    ),
    Tree(
        cs.BitStruct("a" / cs.Flag, "b" / cs.BitsInteger(3), cs.Padding(2), "c" / cs.BitsInteger(10, signed=True)),
        lambda rng: {"a": rng.random() < 0.5, "b": rng.randrange(8), "c": rng.randrange(-512, 512)},
    ),
    Tree(cs.Bitwise(cs.Array(4, cs.Nibble)), lambda rng: [rng.randrange(16) for _ in range(4)]),
    Tree(cs.Select(cs.Const(b"\1"), cs.Const(b"\2\3")), lambda rng: rng.choice((b"\1", b"\2\3"))),
    Tree(cs.Select(A, B, cs.PascalString(cs.Byte, "utf8")), lambda rng: rng.choice((a(rng), b(rng), text(rng, 9)))),
    Tree(
        cs.Struct("n" / cs.Rebuild(cs.Byte, cs.len_(cs.this.raw)), "raw" / cs.Bytes(cs.this.n)),
        numbered,
    ),
    Tree(cs.Struct("ahead" / cs.Peek(cs.Byte), "number" / cs.Int16ub), ahead),
    Tree(cs.Struct("a" / cs.Optional(A), "kind" / cs.Const(b"\1")), lambda rng: {"a": maybe(rng, a), "kind": b"\1"}),
)
GREEDY = (
    Tree(cs.GreedyBytes, lambda rng: raw(rng, rng.randrange(9)), ends=False),
    Tree(cs.GreedyString("utf8"), lambda rng: text(rng, 9), ends=False),
    Tree(cs.Optional(cs.Int16ub), lambda rng: rng.choice((None, rng.randrange(0x10000))), ends=False),
    Tree(cs.GreedyRange(cs.Int16ub), lambda rng: [rng.randrange(0x10000) for _ in range(rng.randrange(5))], ends=False),
)


def draw_tree(rng: Random, depth: int = 3, *, ends: bool = False) -> Tree:
    """Draw a construct.

    Args:
        rng: where chance comes from.
        depth: how deep others may stand in it.
        ends: whether it needs an end of its own.
    """
    if depth == 0 or rng.random() < 0.2:
        return rng.choice(LEAVES if ends or rng.random() < 0.9 else GREEDY)
    return rng.choice((structs, structs, structs, sequences, lists, counted, prefixed, switched, conditional, keyed))(
        rng, depth - 1, ends=ends
    )


def structs(rng: Random, depth: int, *, ends: bool) -> Tree:
    """Draw a Struct, with paddings and constants between its members."""
    count = rng.randint(1, 5)
    members = {f"f{at}": draw_tree(rng, depth, ends=ends or at < count - 1) for at in range(count)}
    made: list[Any] = []
    for name, tree in members.items():
        made += rng.choice(([], [], [cs.Padding(2)], [cs.Const(b"\1")]))
        made.append(name / tree.inner)
    last = next(reversed(members.values()))
    if last.ends and not ends and rng.random() < 0.2:
        made.append(cs.Terminated)
        return Tree(cs.Struct(*made), lambda rng: {name: tree.draw(rng) for name, tree in members.items()}, ends=False)
    return Tree(cs.Struct(*made), lambda rng: {name: tree.draw(rng) for name, tree in members.items()}, ends=last.ends)


def sequences(rng: Random, depth: int, *, ends: bool) -> Tree:
    """Draw a Sequence."""
    first, second = draw_tree(rng, depth, ends=True), draw_tree(rng, depth, ends=ends)
    inner = cs.Sequence(first.inner, second.inner)
    return Tree(inner, lambda rng: [first.draw(rng), second.draw(rng)], ends=second.ends)


def lists(rng: Random, depth: int, *, ends: bool) -> Tree:
    """Draw an Array, a PrefixedArray or a GreedyRange."""
    item = draw_tree(rng, depth, ends=True)
    count = rng.randint(1, 4)
    if not ends and rng.random() < 0.3 and _takes_bytes(item):
        return Tree(
            cs.GreedyRange(item.inner), lambda rng: [item.draw(rng) for _ in range(rng.randrange(4))], ends=False
        )
    if rng.random() < 0.5:
        return Tree(cs.Array(count, item.inner), lambda rng: [item.draw(rng) for _ in range(count)])
    return Tree(cs.PrefixedArray(cs.Byte, item.inner), lambda rng: [item.draw(rng) for _ in range(rng.randrange(4))])


def _takes_bytes(tree: Tree) -> bool:
    try:
        return bool(tree.inner.sizeof())
    except cs.SizeofError:
        return False


def counted(rng: Random, depth: int, *, ends: bool) -> Tree:
    """Draw a Struct whose count is rebuilt from its list."""
    item = draw_tree(rng, depth, ends=True)
    inner = cs.Struct(
        "count" / cs.Rebuild(cs.Byte, cs.len_(cs.this.items)),
        "tag" / cs.Byte,
        "items" / cs.Array(cs.this.count, item.inner),
        "twice" / cs.Computed(cs.this.count * 2),
    )

    def draw(rng: Random) -> Any:
        items = [item.draw(rng) for _ in range(rng.randrange(4))]
        return {"count": len(items), "tag": rng.randrange(256), "items": items, "twice": 2 * len(items)}

    return Tree(inner, draw)


def prefixed(rng: Random, depth: int, *, ends: bool) -> Tree:
    """Draw a part behind its length."""
    inner = draw_tree(rng, depth)
    return Tree(cs.Prefixed(cs.Int16ub, inner.inner), inner.draw)


def switched(rng: Random, depth: int, *, ends: bool) -> Tree:
    """Draw a Struct whose first member chooses the form of the second."""
    first, second = draw_tree(rng, depth, ends=ends), draw_tree(rng, depth, ends=ends)
    kinds = {"a": first, "b": second}
    inner = cs.Struct(
        "kind" / cs.Enum(cs.Byte, a=1, b=2, c=3),
        "held" / cs.Switch(cs.this.kind, {name: tree.inner for name, tree in kinds.items()}),
    )

    def draw(rng: Random) -> Any:
        kind = rng.choice("abc")
        return {"kind": kind, "held": kinds[kind].draw(rng) if kind in kinds else None}

    return Tree(inner, draw, ends=first.ends and second.ends)


def keyed(rng: Random, depth: int, *, ends: bool) -> Tree:
    """Draw a Struct in which parts of somebody's own stand, at any depth, and look for its key."""
    held = draw_tree(rng, depth, ends=True)
    own = rng.choice((Keyed(cs.Byte), Keyed(cs.Int16ub), Own()))
    listed = rng.choice((own, Own(listed=True)))
    within: list[tuple[Any, Callable[[Any], Any]]] = [
        (own, lambda draw: draw()),
        (cs.Array(2, listed), lambda draw: [draw(), draw()]),
        (cs.PrefixedArray(cs.Byte, listed), lambda draw: [draw() for _ in range(rng.randrange(4))]),
        (cs.Struct("kind" / cs.Enum(cs.Byte, a=1), "own" / own), lambda draw: {"kind": "a", "own": draw()}),
        (cs.Sequence(cs.Byte, own, own), lambda draw: [7, draw(), draw()]),
        (cs.Prefixed(cs.Byte, cs.Struct("n" / cs.Byte, "own" / own)), lambda draw: {"n": 1, "own": draw()}),
        (cs.Array(2, cs.Struct("n" / cs.Array(2, cs.Byte), "own" / listed)), lambda draw: [_item(draw), _item(draw)]),
    ]
    inner, put = rng.choice(within)
    made = cs.Struct("key" / cs.Byte, "held" / inner, "behind" / held.inner)

    def draw(rng: Random) -> Any:
        key = rng.randrange(256)
        return {"key": key, "held": put(lambda: rng.randrange(256)), "behind": held.draw(rng)}

    return Tree(made, draw, ends=held.ends)


def _item(draw: Callable[[], int]) -> Any:
    return {"n": [1, 2], "own": draw()}


def conditional(rng: Random, depth: int, *, ends: bool) -> Tree:
    """Draw a Struct whose second member is there when a function of the first says so."""
    held = draw_tree(rng, depth, ends=ends)
    inner = cs.Struct("flags" / cs.Byte, "held" / cs.If(lambda ctx: ctx.flags & 1, held.inner))

    def draw(rng: Random) -> Any:
        flags = rng.randrange(256)
        return {"flags": flags, "held": held.draw(rng) if flags & 1 else None}

    return Tree(inner, draw, ends=held.ends)
