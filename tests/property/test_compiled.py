"""Compiled codecs agree with the interpreter on every tree of field types: the same bytes, values and faults."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, IntFlag
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yohaku import Record, TlvRecord, field, hidden, reserved, reserved_bits
from yohaku.codec import BitField, FieldType, FixedField, Interpreter
from yohaku.codec.compiler import Compiled
from yohaku.errors import DataError
from yohaku.fields import (
    Choice,
    Coded,
    CodeTable,
    Count,
    Counted,
    Date,
    DayNumber,
    Flag,
    Flags,
    Int,
    Length,
    MinuteOfDay,
    Prefixed,
    Presence,
    PresentIf,
    Repeat,
    RepeatBy,
    SimpleTagged,
    SizedBy,
    Tagged,
    Text,
    Trailing,
    UInt,
    VariableBlob,
    computed,
)
from yohaku.testing import field_types, straight, values_for
from yohaku.testing.schemas import LEAF_KINDS, declare, leaf_types

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


SPECIAL = [
    UInt(72),
    UInt(32, least=1, most=70_000),
    Choice(Colour),
    Text(12, form="nfc", private="keep"),
    Doubled(),
    Shifted(8),
]
"""Types of whole bytes that the public strategies do not draw."""
TABLE = CodeTable("colours", 1, {1: "red", 2: "blue"})
BITS: list[BitField[Any]] = [
    UInt(1),
    UInt(3),
    UInt(12),
    UInt(8),
    UInt(5, least=2, most=30),
    Int(6),
    Int(7, signed=False),
    Flag(),
    Choice(Colour, bits=3),
    Flags(Organs, bits=3),
    DayNumber(14),
    MinuteOfDay(),
    Coded(TABLE, bits=2),
    Shifted(4),
]
"""Types that may share bytes."""
GREEDY = [Text(12, padded=False), Text(8, "euc_jp", padded=False), VariableBlob(4)]
"""Types without an end of their own."""


def closed(type_: FieldType[Any]) -> FieldType[Any]:
    """Give a type an end of its own."""
    return type_ if type_.minimum and not type_.greedy else Prefixed(UInt(16), type_)


def record_of(members: dict[str, Any], **options: Any) -> type[Record]:
    """Make a record class out of field types and what else stands in a class body."""
    body = {
        name: member if not isinstance(member, FieldType) else hidden(member) if member.hidden else field(member)
        for name, member in members.items()
    }
    return declare(body, **options)


@st.composite
def packed(draw: st.DrawFn, inner: Strategy) -> FieldType[Any]:
    """Give records whose first members share bytes and fill them, with parts and reserved bytes behind."""
    drawn = draw(st.lists(st.sampled_from(BITS), min_size=2, max_size=5))
    members: dict[str, Any] = {f"bit{index}": type_ for index, type_ in enumerate(drawn)}
    total = sum(type_.bits for type_ in drawn)
    if total % 8:
        members["gap"] = reserved_bits(-total % 8)
    for index, type_ in enumerate(draw(st.lists(inner, max_size=3))):
        members[f"part{index}"] = closed(type_)
        if draw(st.booleans()):
            members[f"gap{index}"] = reserved(draw(st.integers(1, 4)))
    return record_of(members).__field_type__


@st.composite
def linked(draw: st.DrawFn, inner: Strategy) -> FieldType[Any]:
    """Give records whose parts depend on each other, in every way there is."""
    members = {
        "count": Count("many", bits=6),
        "there": Presence("one"),
        "flag": Flag(),
        "size": Length("sized", "one"),
        "own_size": Length("sized"),
        "one": PresentIf("there", closed(draw(inner))),
        "many": RepeatBy("count", closed(draw(inner)), most=3),
        "sized": SizedBy("own_size", draw(st.sampled_from(GREEDY) | inner)),
        "sum": computed(UInt(8), len, "many"),
        "number": UInt(8),
        "tail": Trailing(Date()),
        "end": Trailing(Counted(UInt(8), UInt(16), most=4)),
    }
    return record_of(members).__field_type__


@st.composite
def templates(draw: st.DrawFn, inner: Strategy) -> FieldType[Any]:
    """Give records of data objects, in BER-TLV or SIMPLE-TLV, some of them optional, with or without a tag around."""
    simple = draw(st.booleans())
    tagged, tags = (SimpleTagged, (0x80, 0x81, 0x82)) if simple else (Tagged, (0x80, 0x9F21, 0xA2))
    drawn = zip(tags, draw(st.lists(inner | st.sampled_from(GREEDY), min_size=1, max_size=3)), strict=False)
    held = {f"t{tag:x}": tagged(tag, type_) for tag, type_ in drawn}
    body = {name: field(type_, default=None) if draw(st.booleans()) else field(type_) for name, type_ in held.items()}
    tag = draw(st.sampled_from((None, 0x60) if simple else (None, 0xE1, 0x7F4E)))
    made = declare(body, TlvRecord, tag=tag, simple=simple).__field_type__
    return made if tag is not None else Prefixed(UInt(16), made)


@st.composite
def lists(draw: st.DrawFn, inner: Strategy) -> FieldType[Any]:
    """Give lists of a fixed number, up to long ones, counted and prefixed; odd items stand alone in them."""
    item = closed(draw(inner | st.sampled_from(BITS)))
    count = draw(st.integers(1, 4) | st.just(40))
    kinds = (Repeat(item, count), Counted(UInt(8), item, most=4), Prefixed(UInt(16), Repeat(item, most=4)))
    return draw(st.sampled_from(kinds))


@st.composite
def framed(draw: st.DrawFn, inner: Strategy) -> FieldType[Any]:
    """Give a value behind its length or in a data object of its own."""
    held = draw(st.sampled_from(GREEDY) | inner)
    return draw(st.sampled_from((Prefixed(UInt(16), held), Tagged(0x5A, held), Tagged(0x9F21, held))))


def grown(inner: Strategy) -> Strategy:
    return packed(inner) | linked(inner) | templates(inner) | lists(inner) | framed(inner)


TYPES: Strategy = st.recursive(field_types(depth=1) | st.sampled_from(SPECIAL), grown, max_leaves=4)


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
    added: bytes = draw(st.binary(min_size=1, max_size=3))
    return data[:place] + added + data[place:]


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_straight_code_alone_settles_every_value_that_encodes(data: st.DataObject) -> None:
    type_ = data.draw(TYPES)
    value = data.draw(values_for(type_))
    interpreter, alone = Interpreter(type_), straight(type_)
    raw = interpreter.encode(value)
    assert alone.encode(value) == raw
    assert exact(alone.decode(raw)) == exact(interpreter.decode(raw))
    if not type_.greedy:
        assert exact(alone.decode_from(raw + b"\0\1")) == exact((interpreter.decode(raw), b"\0\1"))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_bytes_mean_the_same_as_to_the_interpreter(data: st.DataObject) -> None:
    type_ = data.draw(TYPES)
    interpreter, compiled = Interpreter(type_), Compiled(type_)
    raw = interpreter.encode(data.draw(values_for(type_)))
    for _ in range(4):
        changed = mutated(data.draw, raw)
        assert outcome(compiled.decode, changed) == outcome(interpreter.decode, changed)
        assert outcome(compiled.decode_from, changed) == outcome(interpreter.decode_from, changed)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_values_encode_as_the_interpreter_encodes_them(data: st.DataObject) -> None:
    type_ = data.draw(TYPES)
    interpreter, compiled = Interpreter(type_), Compiled(type_)
    value = data.draw(values_for(type_))
    for _ in range(4):
        changed = corrupted(data.draw, value)
        assert outcome(compiled.encode, changed) == outcome(interpreter.encode, changed)


def agrees_on_odd_values(type_: FieldType[Any]) -> None:
    interpreter, compiled = Interpreter(type_), Compiled(type_)
    for value in ODD:
        assert outcome(compiled.encode, value) == outcome(interpreter.encode, value)


@pytest.mark.parametrize("kind", LEAF_KINDS)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_each_kind_of_field_agrees_on_every_odd_value(kind: str, data: st.DataObject) -> None:
    agrees_on_odd_values(data.draw(leaf_types(kind)))


@pytest.mark.parametrize("type_", [*SPECIAL, *BITS], ids=lambda type_: type_.type_name)
def test_special_fields_agree_on_every_odd_value(type_: FieldType[Any]) -> None:
    agrees_on_odd_values(type_)
