"""Constructs from elsewhere, compiled, against construct's own interpreter: the same bytes, values and refusals."""

from __future__ import annotations

import sys
from datetime import date
from importlib import import_module
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import construct as cs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yohaku import Record, field
from yohaku.codec import Foreign, Interpreter, Refused, source_of
from yohaku.codec.compiler import Compiled
from yohaku.codec.foreign_plan import plan
from yohaku.codec.foreign_values import plain
from yohaku.errors import DataError
from yohaku.fields import Date, PackedDigits, Repeat, Text, UInt, VariableBlob
from yohaku.testing import straight

if TYPE_CHECKING:
    from random import Random

sys.path.append(str(Path(__file__).parents[1] / "benchmarks" / "codec"))

trees: Any = import_module("foreign_trees")
cases: Any = import_module("foreign_cases")
chance = given(rng=st.randoms(use_true_random=True))
often, seldom = settings(max_examples=150, deadline=None), settings(max_examples=5, deadline=None)


def exact(value: Any) -> Any:
    """Give a value with the types of all its parts, so that 1 is not True."""
    if isinstance(value, dict):
        return dict, {key: exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return list, [exact(item) for item in value]
    return type(value), repr(value) if isinstance(value, float) else value


def outcome(call: Any, argument: Any) -> Any:
    try:
        return exact(call(argument))
    except DataError as error:
        return [str(fault) for fault in error.faults]


def alone(inner: Any) -> Compiled[Any]:
    """Make a codec without an interpreter, to see that straight code alone does the work."""
    return straight(Foreign(inner))


def check_settled(tree: Any, rng: Random) -> None:
    assert plan(tree.inner) is not None
    codec = alone(tree.inner)
    for _ in range(3):
        value = tree.draw(rng)
        raw = tree.inner.build(value)
        assert codec.encode(value) == raw
        assert exact(codec.decode(raw)) == exact(value) == exact(plain(tree.inner.parse(raw)))


OURS = (
    trees.Tree(UInt(24), lambda rng: rng.randrange(1 << 24)),
    trees.Tree(UInt(3), lambda rng: rng.randrange(8)),
    trees.Tree(Date(), trees.day),
    trees.Tree(Text(8), lambda rng: trees.text(rng, 2, "aé高")),
    trees.Tree(PackedDigits(5), lambda rng: f"{rng.randrange(10**5):05}"),
)


@often
@chance
def test_field_types_of_ours_are_straight_code_inside_a_construct(rng: Random) -> None:
    first, last = rng.choice(OURS), rng.choice(OURS)
    inner = cs.Struct("a" / first.inner, "n" / UInt(8), "b" / cs.Prefixed(cs.Byte, last.inner))
    tree = trees.Tree(inner, lambda rng: {"a": first.draw(rng), "n": 1, "b": last.draw(rng)})
    assert plan(inner) is not None
    check_settled(tree, rng)


@pytest.mark.parametrize("inner", [Repeat(UInt(8), 2), VariableBlob(4)], ids=["Repeat", "VariableBlob"])
def test_field_types_of_ours_that_construct_shows_otherwise_are_left_to_it(inner: Any) -> None:
    assert plan(cs.Struct("a" / inner, "b" / cs.Byte)) is None


class Mixed(cs.Construct):  # type: ignore[type-arg]  # generic in its stubs only
    """Somebody's own part, mixed with the member before it, and built with the one behind."""

    def _parse(self, stream: Any, context: Any, path: Any) -> int:
        raw = cs.stream_read(stream, 2, path)
        return int(raw[0] ^ context.key ^ stream.tell() & 1 ^ (context._root is not context))

    def _build(self, obj: Any, stream: Any, context: Any, path: Any) -> Any:
        first = obj ^ context.key ^ (stream.tell() + 2) & 1
        cs.stream_write(stream, bytes((first, context.behind & 0xF)), 2, path)
        return obj

    def _sizeof(self, context: Any, path: Any) -> int:  # noqa: ARG002 - construct's signature
        return 2


class Keyed(cs.Adapter):  # type: ignore[type-arg]  # generic in its stubs only
    """An adapter that looks at the context."""

    def _decode(self, obj: int, context: Any, path: Any) -> int:  # noqa: ARG002 - construct's signature
        return int(obj ^ context.key)

    def _encode(self, obj: int, context: Any, path: Any) -> int:  # noqa: ARG002 - construct's signature
        return int(obj ^ context["key"])


CALLED = cs.Struct(
    "key" / cs.Byte,
    "own" / Mixed(),
    "keyed" / Keyed(cs.Int16ub),
    "list" / cs.PrefixedArray(cs.Byte, cs.Byte),
    "behind" / cs.Byte,
)


def called(rng: Random) -> dict[str, Any]:
    """Draw a value whose own part takes any byte, and whose last byte fits the own part's."""
    numbers = {name: rng.randrange(256) for name in ("key", "own", "keyed", "behind")}
    return {**numbers, "list": [rng.randrange(256) for _ in range(rng.randrange(3))]}


@often
@chance
def test_a_part_that_nobody_knows_is_called_with_its_context(rng: Random) -> None:
    value = called(rng)
    value = {name: value[name] for name in ("key", "own", "keyed", "list", "behind")}
    raw = CALLED.build(value)
    assert plan(CALLED) is not None
    alone_ = alone(CALLED)
    assert alone_.encode(value) == raw
    assert exact(alone_.decode(raw)) == exact(value)
    interpreter, compiled = Interpreter(Foreign(CALLED)), Compiled(Foreign(CALLED))
    for _ in range(4):
        changed = mutated(rng, raw)
        found = outcome(compiled.decode, changed)
        assert found == outcome(interpreter.decode, changed)
        assert isinstance(found, list) == bool(why_not_read(CALLED, changed))
        other = corrupted(rng, value)
        assert outcome(compiled.encode, other) == outcome(interpreter.encode, other)


class Framed(Record):
    number: int = field(UInt(8))
    held: dict[str, Any] = field(CALLED)


@often
@chance
def test_a_called_part_stands_anywhere_in_a_record(rng: Random) -> None:
    framed = Framed(number=1, held=called(rng))
    raw = framed.encode()
    assert raw == b"\1" + CALLED.build(framed.held)
    assert Framed.decode(raw) == framed


class Pair(cs.Adapter):  # type: ignore[type-arg]  # generic in its stubs only
    """An adapter whose value a record holds in another form: a tuple, which becomes a list."""

    def _decode(self, obj: int, context: Any, path: Any) -> tuple[int, int]:  # noqa: ARG002 - construct's signature
        return divmod(obj, 16)

    def _encode(self, obj: Any, context: Any, path: Any) -> int:  # noqa: ARG002 - construct's signature
        return int(obj[0] * 16 + obj[1])


class Sees(cs.Construct):  # type: ignore[type-arg]  # generic in its stubs only
    """Somebody's own part, which looks at the type of the member before it."""

    def _parse(self, stream: Any, context: Any, path: Any) -> str:
        cs.stream_read(stream, 1, path)
        return type(context.before).__name__

    def _build(self, obj: Any, stream: Any, context: Any, path: Any) -> Any:  # noqa: ARG002 - construct's signature
        cs.stream_write(stream, b"\0", 1, path)
        return obj

    def _sizeof(self, context: Any, path: Any) -> int:  # noqa: ARG002 - construct's signature
        return 1


@pytest.mark.parametrize("before", [Pair(cs.Byte), cs.ExprAdapter(cs.Byte, trees.one_more, trees.one_less)])
def test_a_context_holds_what_construct_would_put_there(before: Any) -> None:
    inner = cs.Struct("before" / before, "own" / Sees())
    assert plan(inner) is not None
    raw = b"\5\0"
    assert Compiled(Foreign(inner)).decode(raw) == plain(inner.parse(raw))
    assert Compiled(Foreign(inner)).encode(plain(inner.parse(raw))) == raw
    for own in ("list", "tuple", "int"):
        value = {**plain(inner.parse(raw)), "own": own}
        assert outcome(Compiled(Foreign(inner)).encode, value) == outcome(Interpreter(Foreign(inner)).encode, value)


def test_what_was_read_with_bytes_behind_it_is_no_proof_that_it_comes_back() -> None:
    foreign = Foreign(cs.Peek(cs.Byte))
    assert foreign.read(b"\xff", 0, 1) == (255, 0)
    with pytest.raises(Refused):
        foreign.write(255)


OWN = trees.Own(listed=True)
LOOSE = cs.Sequence(cs.GreedyRange(cs.Const(b"\0")), cs.Byte)
DEEP = [
    cs.Struct("a" / cs.Byte, "at" / cs.Tell, "x" / cs.Bytes(cs.this.a), cs.Check(lambda ctx: ctx.x != b"z")),
    cs.Struct("key" / cs.Byte, "x" / cs.PrefixedArray(cs.Byte, cs.Prefixed(cs.Byte, cs.Struct("own" / OWN)))),
    cs.Struct("key" / cs.Byte, "x" / cs.Array(2, cs.Array(2, OWN)), "i" / cs.Index),
    cs.Struct("key" / cs.Byte, "l" / cs.RepeatUntil(lambda n, _, __: n == 0, cs.Byte), "i" / cs.Index),
    cs.Struct("n" / cs.Byte, "x" / cs.Switch(cs.this.n, {0: LOOSE, 1: cs.Array(2, cs.Byte)}), "i" / cs.Index),
    cs.Struct("n" / cs.Enum(cs.Byte, a=1, b=2), "x" / cs.Computed(lambda ctx: int(ctx.n)), "own" / cs.Tell),
    cs.Struct("n" / cs.Struct("a" / cs.Byte), "x" / cs.If(lambda ctx: ctx.n.a & 1, cs.Byte), "z" / cs.Byte),
    cs.Struct("n" / cs.Byte, "back" / cs.Pointer(0, cs.Byte), "ahead" / cs.Pointer(2, cs.Byte), "z" / cs.Bytes(3)),
    cs.Struct("n" / cs.Byte, "x" / cs.Prefixed(cs.Byte, cs.Struct("at" / cs.Tell, "y" / cs.GreedyBytes))),
    cs.Struct("f" / cs.RawCopy(cs.Struct("a" / cs.Byte)), "sum" / cs.Checksum(cs.Bytes(1), bytes, cs.this.f.data)),
    cs.Struct(
        "n" / cs.Byte, "x" / cs.FixedSized(4, cs.Struct("a" / cs.Peek(cs.Int64ub), "b" / cs.Byte)), "z" / cs.Byte
    ),
    cs.Struct("x" / cs.Select(cs.Struct("a" / cs.Const(b"\1"), "b" / OWN), cs.Byte, cs.Pass), "z" / cs.GreedyBytes),
    cs.Struct("obj" / cs.Byte, "x" / cs.Select(cs.Const(b"\1"), cs.Byte)),
    cs.Struct("x" / cs.Select(cs.Flag, cs.Byte, cs.PascalString(cs.Byte, "utf8")), "z" / cs.Byte),
    cs.Struct("x" / cs.Optional(cs.Enum(cs.Byte, a=1)), "y" / cs.Optional(cs.Default(cs.Int16ub, 1)), "z" / cs.Byte),
    cs.Struct("x" / cs.Select(cs.Int32ub, cs.Int24ub, cs.Bytes(2)), "z" / cs.GreedyBytes),
    cs.Struct("n" / cs.Byte, cs.StopIf(cs.this.n == 1), "z" / cs.Byte),
    cs.Struct("n" / cs.Byte, "u" / cs.Union(0, "a" / cs.Byte, "b" / cs.Byte), "z" / cs.Byte),
]


@pytest.mark.parametrize("inner", DEEP, ids=[str(number) for number in range(len(DEEP))])
@seldom
@chance
def test_parts_that_look_around_are_read_and_written_as_construct_does(inner: Any, rng: Random) -> None:
    assert plan(inner) is not None
    interpreter, compiled = Interpreter(Foreign(inner)), Compiled(Foreign(inner))
    for _ in range(8):
        raw = bytes(rng.choice((0, 1, 1, 2, 3, rng.randrange(256))) for _ in range(rng.randrange(12)))
        try:
            raw = inner.build(plain(inner.parse(raw)))
        except Exception:  # noqa: BLE001 - adapters raise anything
            raw = raw[:4]
        found = outcome(compiled.decode, raw)
        assert found == outcome(interpreter.decode, raw)
        if not isinstance(found, list):
            value = interpreter.decode(raw)
            for changed in (value, corrupted(rng, value)):
                assert outcome(compiled.encode, changed) == outcome(interpreter.encode, changed)


def test_long_arrays_are_loops_and_unknown_parts_of_fixed_size_join_the_run() -> None:
    assert all("    for " in text for text in source_of(Foreign(cs.Array(300, cs.Byte))).split("def encode"))
    swapped = cs.ByteSwapped(cs.Int16ub)
    assert plan(swapped) is None
    assert alone(swapped).encode(258) == b"\2\1"
    assert "len(value_bytes) != 2" in source_of(Foreign(swapped))


def test_an_adapter_gets_what_construct_would_hand_it() -> None:
    inner: Any = cs.ExprAdapter(Pair(cs.Byte), lambda obj, _: type(obj).__name__, lambda _, __: (0, 5))
    assert plan(Pair(cs.Byte)) is not None
    assert plan(inner) is None
    assert Compiled(Foreign(inner)).decode(b"\5") == "tuple"
    assert Compiled(Foreign(Pair(cs.Byte))).decode(b"\x25") == [2, 5]
    assert Compiled(Foreign(Pair(cs.Byte))).encode([2, 5]) == b"\x25"


@pytest.mark.parametrize(
    "inner",
    [
        Keyed(cs.Byte),
        cs.Bitwise(cs.Array(8, Keyed(cs.Flag))),
    ],
    ids=["alone", "in bits"],
)
def test_a_part_whose_context_is_not_known_is_left_to_construct(inner: Any) -> None:
    assert plan(inner) is None


def is_number_or_else(value: Any) -> bool:
    """Whether no float in a plain value is not a number."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value == value and all(map(is_number_or_else, inside))  # noqa: PLR0124 - it is not equal to itself


def why_not_read(inner: Any, raw: bytes) -> str:
    """Say why bytes are refused: construct does, or one of the five cases in which yohaku is stricter."""
    stream = BytesIO(raw)
    try:
        parsed = inner.parse_stream(stream)
    except Exception:  # noqa: BLE001 - adapters raise anything
        return "construct refuses"
    if stream.tell() != len(raw):
        return "bytes are left over"
    try:
        value = plain(parsed)
    except Refused:
        return "an enum has no name for a number"
    if not is_number_or_else(value):
        return "a number is none"
    try:
        again = inner.build(value)
    except Exception:  # noqa: BLE001 - adapters raise anything
        return "the value cannot be written"
    return "" if again == raw else "the value would be written in another form"


def why_not_written(inner: Any, value: Any) -> str:
    """Say why a value is refused: construct does, or the one case in which yohaku is stricter."""
    try:
        raw = inner.build(value)
    except Exception:  # noqa: BLE001 - adapters raise anything
        return "construct refuses"
    stream = BytesIO(raw)
    try:
        back = plain(inner.parse_stream(stream))
        same = bool(back == value) and stream.tell() == len(raw)
    except Exception:  # noqa: BLE001 - adapters raise anything
        same = False
    return "" if same else "the value would not come back"


def mutated(rng: Random, raw: bytes) -> bytes:
    place = rng.randrange(len(raw) + 1)
    kind = rng.randrange(4)
    if kind == 0:
        return raw[:place]
    if kind == 1:
        return raw[:place] + rng.randbytes(rng.randint(1, 2)) + raw[place:]
    if kind == 2:
        return raw[:place] + raw[place + 1 :]
    return raw[:place] + bytes((rng.choice((0, 1, 2, 0x7F, 0x80, 0xFF, rng.randrange(256))),)) + raw[place + 1 :]


class Encodes:
    """No text, though it has its method."""

    def encode(self, _: str = "") -> bytes:
        return b"a"


ODD: tuple[Any, ...] = (
    *(Encodes(), MappingProxyType({"x": True, "y": False, "z": False})),
    *(None, True, False, 0, 1, -1, 7, 127, 128, 255, 256, -128, -129, 0xFFFF, 1 << 16, 1 << 24, 1 << 32, 1 << 70),
    *(1.0, 0.1, float("nan"), float("inf"), -0.0, "", "a", "a\0", "a\0b", "a" * 300, "高" * 3, "\ud800", "on", "red"),
    *(b"", b"a\0", b"\0", b"abc", b"MAGIC", b"a" * 300, bytearray(b"abc"), [], [1], [0], (1, 0), {}, {"x": True}),
    *({"x": 1, "y": 0, "z": False}, {"a": True, "b": 8, "c": 0}, date(1, 1, 1), "00ff00ff", "00FF00FF", object()),
)


def corrupted(rng: Random, value: Any) -> Any:
    """Change one part of a value: a type, a size, a member."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        name = rng.choice(list(value))
        changed = {**value, name: corrupted(rng, value[name])}
        return rng.choice((changed, changed, {**value, "more": 1}, {k: v for k, v in value.items() if k != name}))
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return rng.choice(([*value[:at], corrupted(rng, value[at]), *value[at + 1 :]], value[:-1], tuple(value)))
    return rng.choice(ODD)


@pytest.mark.parametrize("tree", trees.LEAVES, ids=lambda tree: type(tree.inner).__name__)
@seldom
@chance
def test_straight_code_alone_settles_every_known_part(tree: Any, rng: Random) -> None:
    assert plan(tree.inner) is not None
    check_settled(tree, rng)


@pytest.mark.parametrize("tree", [*trees.LEAVES, *trees.GREEDY], ids=lambda tree: type(tree.inner).__name__)
def test_a_known_part_takes_the_odd_values_that_construct_takes(tree: Any) -> None:
    interpreter, compiled = Interpreter(Foreign(tree.inner)), Compiled(Foreign(tree.inner))
    for value in ODD:
        found = outcome(compiled.encode, value)
        assert found == outcome(interpreter.encode, value)
        assert isinstance(found, list) == bool(why_not_written(tree.inner, value)), value


@pytest.mark.parametrize("tree", [*trees.LEAVES, *trees.GREEDY], ids=lambda tree: type(tree.inner).__name__)
def test_a_known_part_takes_the_odd_bytes_that_construct_takes(tree: Any) -> None:
    interpreter, compiled = Interpreter(Foreign(tree.inner)), Compiled(Foreign(tree.inner))
    fills = (b"\0", b"\1", b"\7", b"0", b"a", b"\x7f", b"\x80", b"\x81\0", b"\xff", b"\0\1", b"\2\xff\xfe", b"MAGIC")
    for raw in (fill * count for fill in fills for count in range(10)):
        found = outcome(compiled.decode, raw)
        assert found == outcome(interpreter.decode, raw)
        assert isinstance(found, list) == bool(why_not_read(tree.inner, raw)), raw


@often
@chance
def test_straight_code_alone_settles_every_tree_of_known_parts(rng: Random) -> None:
    check_settled(trees.draw_tree(rng), rng)


@often
@chance
def test_bytes_mean_what_construct_says(rng: Random) -> None:
    tree = trees.draw_tree(rng)
    interpreter, compiled = Interpreter(Foreign(tree.inner)), Compiled(Foreign(tree.inner))
    raw = tree.inner.build(tree.draw(rng))
    for _ in range(6):
        changed = mutated(rng, raw)
        found = outcome(compiled.decode, changed)
        assert found == outcome(interpreter.decode, changed)
        why = why_not_read(tree.inner, changed)
        assert isinstance(found, list) == bool(why), why
        if not why:
            assert found == exact(plain(tree.inner.parse(changed)))


@often
@chance
def test_values_are_built_as_construct_builds_them(rng: Random) -> None:
    tree = trees.draw_tree(rng)
    interpreter, compiled = Interpreter(Foreign(tree.inner)), Compiled(Foreign(tree.inner))
    value = tree.draw(rng)
    for _ in range(6):
        changed = corrupted(rng, value)
        found = outcome(compiled.encode, changed)
        assert found == outcome(interpreter.encode, changed)
        why = why_not_written(tree.inner, changed)
        assert isinstance(found, list) == bool(why), why
        if not why:
            assert found == (bytes, tree.inner.build(changed))


@pytest.mark.parametrize(("inner", "raw"), cases.REFUSED, ids=[str(number) for number in range(len(cases.REFUSED))])
def test_bytes_that_construct_or_yohaku_refuses(inner: Any, raw: bytes) -> None:
    found = outcome(Compiled(Foreign(inner)).decode, raw)
    why = why_not_read(inner, raw)
    assert isinstance(found, list) == bool(why)
    assert found == outcome(Interpreter(Foreign(inner)).decode, raw)
    if not why:
        assert exact(alone(inner).decode(raw)) == found
        assert alone(inner).encode(alone(inner).decode(raw)) == raw


@pytest.mark.parametrize(("inner", "values"), cases.EDGES, ids=[str(number) for number in range(len(cases.EDGES))])
def test_values_at_the_edges_are_settled_by_straight_code(inner: Any, values: list[Any]) -> None:
    codec = alone(inner)
    assert plan(inner) is not None
    for value in values:
        assert codec.encode(value) == inner.build(value)
        assert exact(codec.decode(inner.build(value))) == exact(value)


@pytest.mark.parametrize(
    ("inner", "value"), cases.UNWRITTEN, ids=[str(number) for number in range(len(cases.UNWRITTEN))]
)
def test_values_that_would_not_come_back(inner: Any, value: Any) -> None:
    found = outcome(Compiled(Foreign(inner)).encode, value)
    assert isinstance(found, list) == bool(why_not_written(inner, value))
    assert found == outcome(Interpreter(Foreign(inner)).encode, value)


@pytest.mark.parametrize(
    ("inner", "raw", "why"), cases.STRICTER, ids=[str(number) for number in range(len(cases.STRICTER))]
)
def test_where_yohaku_is_stricter_than_construct(inner: Any, raw: bytes, why: str) -> None:
    assert why_not_read(inner, raw).startswith(why)
    assert isinstance(outcome(Compiled(Foreign(inner)).decode, raw), list) == bool(why)
    assert isinstance(outcome(Interpreter(Foreign(inner)).decode, raw), list) == bool(why)
