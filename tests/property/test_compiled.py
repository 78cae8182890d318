"""Compiled codecs agree with the interpreter on every tree of field types: the same bytes, values and faults."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, IntFlag
from typing import Any, NamedTuple

import construct
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yohaku import Record, TlvRecord, field, hidden, reserved, reserved_bits
from yohaku.codec import FieldType, FixedField, Foreign, Interpreter
from yohaku.codec.compiler import Compiled
from yohaku.errors import DataError
from yohaku.fields import (
    Blob,
    Case,
    Choice,
    Coded,
    CodeTable,
    Count,
    Counted,
    Date,
    DayNumber,
    Digits,
    Flag,
    Flags,
    Int,
    KanaName,
    Length,
    MinuteOfDay,
    Money,
    MunicipalityCode,
    OneOf,
    PackedDigits,
    Prefixed,
    Presence,
    PresentIf,
    Repeat,
    RepeatBy,
    SimpleTagged,
    SizedBy,
    Tagged,
    TelephoneNumber,
    Text,
    Timestamp,
    Trailing,
    UInt,
    VariableBlob,
    computed,
    crc16_checksum,
)

EXAMPLES = 100
Strategy = st.SearchStrategy[Any]


class Colour(Enum):
    RED = 1
    BLUE = 7


class Organs(IntFlag):
    HEART = 1
    EYES = 4


class Doubled(FixedField[int]):
    """A user's type: the compiler has never seen it."""

    def __init__(self) -> None:
        super().__init__(2)

    def unpack(self, raw: bytes) -> int:
        number = int.from_bytes(raw, "big")
        return number // 2 if number % 2 == 0 else self.refuse("is odd")

    def write(self, value: object) -> bytes:
        if type(value) is not int or not 0 <= value < 0x8000:
            self.refuse("does not fit")
        return (2 * value).to_bytes(2, "big")

    def example(self) -> int:
        return 0


class Shifted(UInt):
    """A user's type that changes what a known one means."""

    def to_bits(self, value: object) -> int:
        return super().to_bits(value) ^ 1

    def from_bits(self, number: int) -> int:
        return number ^ 1


class Tree(NamedTuple):
    """A field type, and values that it encodes."""

    type: FieldType[Any]
    values: Strategy


def moments(seconds: int) -> Strategy:
    return st.integers(0, seconds).map(lambda number: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number))


TABLE = CodeTable("colours", 1, {1: "red", 2: "blue"})
DIGITS = "0123456789"
TEXT = st.text("aé見本　", max_size=4)
BYTES = st.binary(max_size=4)

WHOLE = [
    Tree(UInt(8), st.integers(0, 0xFF)),
    Tree(UInt(24), st.integers(0, 0xFFFFFF)),
    Tree(UInt(32, least=1, most=70_000), st.integers(1, 70_000)),
    Tree(UInt(64), st.integers(0, (1 << 64) - 1)),
    Tree(UInt(72), st.integers(0, (1 << 72) - 1)),
    Tree(Int(8), st.integers(-128, 127)),
    Tree(Int(24), st.integers(-(1 << 23), (1 << 23) - 1)),
    Tree(Int(16, order="little"), st.integers(-(1 << 15), (1 << 15) - 1)),
    Tree(Int(32, signed=False, order="little"), st.integers(0, (1 << 32) - 1)),
    Tree(Flag(bits=8), st.booleans()),
    Tree(Choice(Colour), st.sampled_from(Colour)),
    Tree(Flags(Organs), st.sampled_from([Organs(0), Organs.HEART, Organs.HEART | Organs.EYES])),
    Tree(MunicipalityCode(), st.sampled_from(["372013", "131016"])),
    Tree(Date(), st.dates()),
    Tree(DayNumber(16), st.dates(date(2000, 1, 1), date(2100, 1, 1))),
    Tree(Timestamp(4), moments(0xFFFFFFFF)),
    Tree(Timestamp(5), moments(1 << 33)),
    Tree(Digits(3), st.text(DIGITS, min_size=3, max_size=3)),
    Tree(PackedDigits(5, least=0), st.text(DIGITS, max_size=5)),
    Tree(TelephoneNumber(), st.just("0870000000")),
    Tree(Text(12), TEXT),
    Tree(Text(8, "shift_jis"), st.text("a見本", max_size=4)),
    Tree(Text(4, "ascii"), st.text("ab", max_size=4)),
    Tree(Text(8, "cp932"), st.text("a髙", max_size=4)),
    Tree(Text(12, form="nfc", private="keep"), st.text("a見\ue000", max_size=4)),
    Tree(KanaName(4), st.text("ｱｶA", max_size=4)),
    Tree(Blob(3), st.binary(min_size=3, max_size=3)),
    Tree(Coded(TABLE), st.sampled_from(["red", "blue"])),
    Tree(Money(16, scale=2), st.integers(0, 0xFFFF).map(lambda cents: Decimal(cents).scaleb(-2))),
    Tree(Doubled(), st.integers(0, 0x7FFF)),
    Tree(Shifted(8), st.integers(0, 0xFF)),
]
"""Types of a fixed number of whole bytes."""

BITS = [
    Tree(UInt(1), st.integers(0, 1)),
    Tree(UInt(3), st.integers(0, 7)),
    Tree(UInt(12), st.integers(0, 0xFFF)),
    Tree(UInt(8), st.integers(0, 0xFF)),
    Tree(UInt(5, least=2, most=30), st.integers(2, 30)),
    Tree(Int(6), st.integers(-32, 31)),
    Tree(Int(7, signed=False), st.integers(0, 127)),
    Tree(Flag(), st.booleans()),
    Tree(Choice(Colour, bits=3), st.sampled_from(Colour)),
    Tree(Flags(Organs, bits=3), st.sampled_from([Organs(0), Organs.EYES])),
    Tree(DayNumber(14), st.dates(date(2000, 1, 1), date(2030, 1, 1))),
    Tree(MinuteOfDay(), st.times().map(lambda moment: moment.replace(second=0, microsecond=0))),
    Tree(Coded(TABLE, bits=2), st.sampled_from(["red", "blue"])),
    Tree(Shifted(4), st.integers(0, 15)),
]
"""Types that may share bytes."""

GREEDY = [
    Tree(Text(12, padded=False), TEXT),
    Tree(Text(8, "euc_jp", padded=False), st.text("a見", max_size=2)),
    Tree(VariableBlob(4), BYTES),
]
"""Types without an end of their own."""

FOREIGN = [
    Tree(Foreign(construct.Int16ul), st.integers(0, 0xFFFF)),
    Tree(Foreign(construct.PascalString(construct.Byte, "utf8")), TEXT),
    Tree(Foreign(construct.Struct("a" / construct.Byte, "b" / construct.Bytes(2))), st.just({"a": 1, "b": b"xy"})),
]
"""Constructs from elsewhere."""


def closed(tree: Tree) -> Tree:
    """Give a tree an end of its own."""
    return tree if tree.type.minimum and not tree.type.greedy else Tree(Prefixed(UInt(16), tree.type), tree.values)


def record_of(members: dict[str, Any], base: type[Record] = Record, **options: Any) -> type[Record]:
    """Make a record class out of field types; hidden ones are put as they are."""
    body: dict[str, Any] = {"__annotations__": {}}
    for name, member in members.items():
        if isinstance(member, FieldType) and not member.hidden:
            body["__annotations__"][name] = Any
            body[name] = field(member, default=None) if options.get("optional") == name else field(member)
        else:
            body[name] = hidden(member) if isinstance(member, FieldType) else member
    options.pop("optional", None)
    made: type[Record] = type(base)("Drawn", (base,), body, **options)
    return made


def built(kind: type[Record], values: dict[str, Strategy]) -> Tree:
    return Tree(kind.__field_type__, st.fixed_dictionaries(values).map(lambda held: kind(**held)))


@st.composite
def bit_groups(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Strategy]]:
    """Give members that share bytes and fill them."""
    drawn = draw(st.lists(st.sampled_from(BITS), min_size=1, max_size=5))
    members: dict[str, Any] = {f"bit{index}": tree.type for index, tree in enumerate(drawn)}
    total = sum(tree.type.bits for tree in drawn)
    if total % 8:
        members["gap"] = reserved_bits(-total % 8)
    return members, {f"bit{index}": tree.values for index, tree in enumerate(drawn)}


@st.composite
def sequences(draw: st.DrawFn, inner: Strategy) -> Tree:
    """Give records of drawn parts, with reserved bytes, bits and a constant between them."""
    members: dict[str, Any] = {}
    values: dict[str, Strategy] = {}
    if draw(st.booleans()):
        members, values = draw(bit_groups())
        if len(members) == 1:
            members, values = {}, {}
    for index, tree in enumerate(map(closed, draw(st.lists(inner, min_size=1, max_size=4)))):
        members[f"part{index}"], values[f"part{index}"] = tree.type, tree.values
        if draw(st.integers(0, 3)) == 0:
            members[f"gap{index}"] = reserved(draw(st.integers(1, 4)))
    if draw(st.integers(0, 3)) == 0:
        members["check"] = crc16_checksum()
    return built(record_of(members), values)


@st.composite
def linked(draw: st.DrawFn, inner: Strategy) -> Tree:
    """Give records whose parts depend on each other, in every way there is."""
    one, many, sized = closed(draw(inner)), closed(draw(inner)), draw(st.sampled_from(GREEDY) | inner)
    members: dict[str, Any] = {
        "count": Count("many", bits=6),
        "there": Presence("one"),
        "flag": Flag(),
        "size": Length("sized", "one"),
        "own_size": Length("sized"),
        "one": PresentIf("there", one.type),
        "many": RepeatBy("count", many.type, most=3),
        "sized": SizedBy("own_size", sized.type),
        "sum": computed(UInt(8), len, "many"),
        "number": UInt(8),
        "tail": Trailing(Date()),
        "end": Trailing(Counted(UInt(8), UInt(16), most=4)),
    }
    values = {
        "one": st.none() | one.values,
        "flag": st.booleans(),
        "many": st.lists(many.values, max_size=3).map(tuple),
        "sized": sized.values,
        "number": st.integers(0, 0xFF),
        "tail": st.none() | st.dates(),
        "end": st.none() | st.lists(st.integers(0, 0xFFFF), max_size=4).map(tuple),
    }
    return built(record_of(members), values)


@st.composite
def templates(draw: st.DrawFn, inner: Strategy) -> Tree:
    """Give TLV records of drawn members, one of them optional."""
    simple = draw(st.booleans())
    tagged = SimpleTagged if simple else Tagged
    tags = (0x80, 0x81, 0x82, 0x83) if simple else (0x80, 0x9F21, 0xA2, 0x7F49)
    drawn = draw(st.lists(inner | st.sampled_from(GREEDY), min_size=1, max_size=4))
    members = {f"member{index}": tagged(tags[index], tree.type) for index, tree in enumerate(drawn)}
    values = {f"member{index}": tree.values for index, tree in enumerate(drawn)}
    optional = draw(st.sampled_from([*members, ""]))
    if optional:
        values[optional] = st.none() | values[optional]
    tag = draw(st.sampled_from([None, 0x60] if simple else [None, 0xE1, 0x7F4E]))
    kind = record_of(dict(members), TlvRecord, tag=tag, simple=simple, optional=optional)
    if tag is None:
        return Tree(Prefixed(UInt(16), kind), built(kind, values).values)
    return built(kind, values)


@st.composite
def unions(draw: st.DrawFn, inner: Strategy) -> Tree:
    """Give a choice of two records."""
    one, other = draw(inner), draw(inner)
    first, second = record_of({"a": one.type}), record_of({"b": other.type})
    first.__name__, second.__name__ = "First", "Second"
    cases = built(first, {"a": one.values}).values | built(second, {"b": other.values}).values
    return Tree(OneOf(Case(1, first), Case(7, second)), cases)


@st.composite
def lists(draw: st.DrawFn, inner: Strategy) -> Tree:
    """Give lists of a fixed number, counted, prefixed, and of odd items that stand alone."""
    item = closed(draw(inner | st.sampled_from(BITS)))
    count = draw(st.integers(1, 4) | st.just(40))
    some = st.lists(item.values, max_size=4).map(tuple)
    exactly = st.lists(item.values, min_size=count, max_size=count).map(tuple)
    trees = [
        Tree(Repeat(item.type, count), exactly),
        Tree(Counted(UInt(8), item.type, most=4), some),
        Tree(Prefixed(UInt(16), Repeat(item.type, most=4)), some),
    ]
    return draw(st.sampled_from(trees))


@st.composite
def framed(draw: st.DrawFn, inner: Strategy) -> Tree:
    """Give a value behind its length or in a data object of its own."""
    held = draw(st.sampled_from(GREEDY) | inner)
    frames = [Prefixed(UInt(16), held.type), Tagged(0x5A, held.type), Tagged(0x9F21, held.type)]
    return Tree(draw(st.sampled_from(frames)), held.values)


def grown(inner: Strategy) -> Strategy:
    return sequences(inner) | linked(inner) | templates(inner) | unions(inner) | lists(inner) | framed(inner)


LEAVES = st.sampled_from(WHOLE + FOREIGN)
TREES: Strategy = st.recursive(LEAVES, grown, max_leaves=6)


class Subclassed(int):
    """An int that is none exactly."""


class Numbers(IntEnum):
    ONE = 1


ODD: list[Any] = [
    None,
    True,
    1,
    -1,
    1 << 80,
    1.0,
    "",
    "x" * 99,
    "\0",
    "見",
    b"",
    bytes(99),
    (),
    (1,),
    [],
    {},
    Colour.RED,
    Organs(8),
]
ODD += [
    Subclassed(1),
    Numbers.ONE,
    datetime(2026, 4, 1, tzinfo=UTC),
    datetime.fromisoformat("2026-04-01"),
    date(1, 1, 1),
    Decimal(1),
]


def exact(value: Any) -> Any:
    """Give a value with the types of all its parts, so that True is not 1."""
    if isinstance(value, Record):
        members = [exact(getattr(value, name)) for name in value.__values__]
        return type(value), members, value.extras
    if isinstance(value, tuple | list):
        return type(value), [exact(item) for item in value]
    return type(value), repr(value)


def outcome(action: Any, argument: Any) -> Any:
    """Give what an action gives, or its faults."""
    try:
        return exact(action(argument))
    except DataError as error:
        return type(error), str(error), error.faults


def corrupted(draw: Any, value: Any) -> Any:
    """Give a value with one part, somewhere, replaced by something odd."""
    if isinstance(value, Record) and value.__values__ and draw(st.integers(0, 9)):
        name = draw(st.sampled_from(value.__values__))
        return value.replace(**{name: corrupted(draw, getattr(value, name))})
    if isinstance(value, tuple) and value and draw(st.integers(0, 4)):
        index = draw(st.integers(0, len(value) - 1))
        return (*value[:index], corrupted(draw, value[index]), *value[index + 1 :])
    return draw(st.sampled_from(ODD))


def mutated(draw: Any, data: bytes) -> bytes:
    """Give bytes with one changed, some cut off or some added."""
    place = draw(st.integers(0, len(data)))
    change = draw(st.sampled_from(["flip", "cut", "add", "drop"]))
    if change == "flip" and place < len(data):
        return data[:place] + bytes((draw(st.integers(0, 255)),)) + data[place + 1 :]
    if change == "cut":
        return data[:place]
    if change == "drop":
        return data[:place] + data[place + 1 :]
    return data[:place] + draw(st.binary(min_size=1, max_size=3)) + data[place:]


def settled_alone(type_: FieldType[Any]) -> Compiled[Any]:
    """Make a compiled codec whose interpreter always fails, to see that straight code alone does the work."""
    codec = Compiled(type_)

    def fail(_: Any) -> Any:
        raise AssertionError("left to the interpreter")

    codec.interpreter.encode = codec.interpreter.decode = codec.interpreter.decode_from = fail  # type: ignore[assignment,method-assign]
    return codec


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_straight_code_alone_settles_every_value_that_encodes(data: st.DataObject) -> None:
    tree = data.draw(TREES)
    value = data.draw(tree.values)
    interpreter, alone = Interpreter(tree.type), settled_alone(tree.type)
    try:
        raw = interpreter.encode(value)
    except DataError:
        return
    assert alone.encode(value) == raw
    assert exact(alone.decode(raw)) == exact(interpreter.decode(raw))
    if not tree.type.greedy:
        assert exact(alone.decode_from(raw + b"\0\1")) == exact((interpreter.decode(raw), b"\0\1"))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_bytes_mean_the_same_as_to_the_interpreter(data: st.DataObject) -> None:
    tree = data.draw(TREES)
    interpreter, compiled = Interpreter(tree.type), Compiled(tree.type)
    try:
        raw = interpreter.encode(data.draw(tree.values))
    except DataError:
        raw = b""
    for _ in range(4):
        changed = mutated(data.draw, raw)
        assert outcome(compiled.decode, changed) == outcome(interpreter.decode, changed)
        assert outcome(compiled.decode_from, changed) == outcome(interpreter.decode_from, changed)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_values_encode_as_the_interpreter_encodes_them(data: st.DataObject) -> None:
    tree = data.draw(TREES)
    interpreter, compiled = Interpreter(tree.type), Compiled(tree.type)
    value = data.draw(tree.values)
    for _ in range(4):
        changed = corrupted(data.draw, value)
        assert outcome(compiled.encode, changed) == outcome(interpreter.encode, changed)


@pytest.mark.parametrize("tree", WHOLE + BITS, ids=lambda tree: tree.type.type_name)
def test_a_leaf_agrees_on_every_odd_value(tree: Tree) -> None:
    interpreter, compiled = Interpreter(tree.type), Compiled(tree.type)
    for value in ODD:
        assert outcome(compiled.encode, value) == outcome(interpreter.encode, value)
