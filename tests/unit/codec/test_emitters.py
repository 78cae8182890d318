"""Each emitter at the edges of its type: what fits is settled by straight code alone, all else is the interpreter's."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import Enum, IntFlag
from typing import Any, NamedTuple

import pytest

from yohaku import Record, TlvRecord, field, hidden, reserved_bits
from yohaku.codec import BitField, Compiled, FieldType, Interpreter
from yohaku.errors import DataError, DecodeError
from yohaku.fields import (
    AsciiDate,
    Blob,
    Case,
    Choice,
    Coded,
    CodeTable,
    CorporateNumber,
    Count,
    Counted,
    Date,
    DayNumber,
    Digits,
    EraDate,
    Flag,
    Flags,
    Int,
    KanaName,
    Length,
    MinuteOfDay,
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
    Text,
    TimeOfDay,
    Timestamp,
    Trailing,
    UInt,
    VariableBlob,
)
from yohaku.testing import straight

BYTES = bytes.fromhex("0001090A202F30393A417F80999AA0EEF0F4FF")
"""Bytes at the edges of digits, nibbles, signs and characters."""


class Colour(Enum):
    NONE = 0
    RED = 1
    LAST = 7


class Full(IntFlag):
    A = 1
    B = 2
    C = 4


class Holes(IntFlag):
    A = 1
    C = 4


class Wide(IntFlag):
    LOW = 1
    HIGH = 1 << 12


class Pair(Record):
    one: int = field(UInt(8))
    two: int = field(UInt(16, most=500))


class Twin(Record):
    one: int = field(UInt(8))
    two: int = field(UInt(16))


class Word(Record):
    text: str = field(Prefixed(UInt(8, least=1, most=4), Text(4, padded=False)))


class Edge(NamedTuple):
    """A type, values that it takes and values that it does not."""

    type: FieldType[Any]
    good: list[Any]
    bad: list[Any]


class Lookalike:
    """Something with the methods of the values that straight code takes."""

    def encode(self, *_: Any) -> bytes:
        return b"123"

    def isprintable(self) -> bool:
        return True

    def __sub__(self, _: object) -> timedelta:
        return timedelta(1)

    def __iter__(self) -> Any:
        return iter((1, 2))

    def __len__(self) -> int:
        return 2


def at(seconds: int, **more: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, **more)


class Members(TlvRecord, tag=0xE1):
    first: int = field(Tagged(0x80, UInt(16)))
    second: str | None = field(Tagged(0x9F21, Text(200, padded=False)), default=None)
    third: int | None = field(Tagged(0x82, UInt(8)), default=None)
    fourth: bytes = field(Tagged(0x83, VariableBlob(200)))


class Bare(TlvRecord):
    first: int = field(Tagged(0x80, UInt(8)))
    second: int | None = field(Tagged(0x9F21, UInt(8)), default=None)


class BareTwin(TlvRecord):
    first: int = field(Tagged(0x80, UInt(8)))
    second: int | None = field(Tagged(0x9F21, UInt(8)), default=None)


class SimpleMembers(TlvRecord, tag=0x60, simple=True):
    first: int = field(SimpleTagged(0x80, UInt(16)))
    second: bytes | None = field(SimpleTagged(0x81, VariableBlob(400)), default=None)


class Linked(Record):
    _count = hidden(Count("items", bits=4))
    _there = hidden(Presence("some"))
    flag: bool = field(Flag())
    _rest = reserved_bits(2)
    _size = hidden(Length("text", "fixed"))
    number: int = field(UInt(8))
    _own = hidden(Length("text"))
    some: int | None = field(PresentIf("_there", UInt(16)))
    items: tuple[Pair, ...] = field(RepeatBy("_count", Pair, most=3))
    text: str = field(SizedBy("_own", Text(9, padded=False)))
    fixed: int = field(UInt(16))
    tail: int | None = field(Trailing(UInt(16)))
    end: int | None = field(Trailing(UInt(8)))


class Controlled(Record):
    count: int = field(Int(8))
    size: int = field(Int(8))
    there: bool = field(Flag(bits=8))
    items: tuple[int, ...] = field(RepeatBy("count", UInt(8), most=3))
    text: str = field(SizedBy("size", Text(4, padded=False)))
    some: int | None = field(PresentIf("there", UInt(8)))


def linked(**changes: Any) -> Linked:
    held: dict[str, Any] = {"flag": True, "number": 5, "some": None, "items": (), "text": "", "fixed": 1}
    return Linked(**{**held, "tail": None, "end": None, **changes})


def controlled(**changes: Any) -> Controlled:
    return Controlled(**{"count": 0, "size": 0, "there": False, "items": (), "text": "", "some": None, **changes})


def members(**changes: Any) -> Members:
    return Members(**{"first": 258, "second": None, "third": None, "fourth": b"ab", **changes})


TABLE = CodeTable("colours", 1, {1: "red", 200: "blue"})
TWIN, TLV_TWIN = Twin(one=1, two=2), BareTwin(first=1)
PAIRS = (Pair(one=1, two=2), Pair(one=0, two=500), Pair(one=255, two=0))
UINTS = [
    Edge(UInt(bits, least=least, most=most), [least, most, (least + most) // 2], [least - 1, most + 1, True, 1.0, None])
    for bits in (1, 3, 8, 12, 16, 24, 32, 40, 48, 56, 64, 72, 256)
    for least, most in ((0, (1 << bits) - 1), (0, (1 << bits) - 2), (0, 1 if bits < 3 else 5), (1, (1 << bits) - 1))
]
INTS = [
    Edge(Int(bits, signed=signed), [low, high, 0], [low - 1, high + 1, False, "1"])
    for bits in (3, 8, 16, 24, 32, 64, 72)
    for signed in (True, False)
    for low, high in [(-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)]
]
LITTLE = [
    Edge(Int(bits, signed=signed, order="little"), [low, high, 1], [low - 1, high + 1, True])
    for bits in (8, 16, 24, 64)
    for signed in (True, False)
    for low, high in [(-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)]
]
TOKYO = timezone(timedelta(hours=9))
LEAVES = [
    *UINTS,
    *INTS,
    *LITTLE,
    Edge(Flag(bits=8), [True, False], [0, 1, None]),
    Edge(Flag(), [True, False], [0, 1]),
    Edge(Choice(Colour), list(Colour), [0, 1, Full.A, None]),
    Edge(Choice(Colour, bits=3), list(Colour), [7]),
    Edge(Flags(Full), [Full(number) for number in range(8)], [Full(8), 1, Holes.A]),
    Edge(Flags(Holes), [Holes(0), Holes.A, Holes.C, Holes.A | Holes.C], [Holes(2), Holes(8), 1]),
    Edge(Flags(Wide, bits=16), [Wide(0), Wide.LOW, Wide.HIGH, Wide.LOW | Wide.HIGH], [Wide(2), Wide(1 << 13)]),
    Edge(
        MunicipalityCode(), ["372013", "131016", "011002", "462225"], ["372014", "37201", "3720130", "37201a", 372013]
    ),
    Edge(MunicipalityCode(5), ["37201", "00000"], ["372013", "3720", "3720a"]),
    Edge(Date(), [date(1, 1, 1), date(9999, 12, 31), date(2000, 2, 29)], [at(0), "2026-04-01", None]),
    Edge(AsciiDate(), [date(1, 1, 1), date(9999, 12, 31)], [at(0), None]),
    Edge(EraDate(), [date(1989, 1, 7), date(1989, 1, 8)], [date(1868, 1, 24), at(0)]),
    Edge(TimeOfDay(), [time(0, 0), time(23, 59, 59)], [time(1, microsecond=1), time(1, tzinfo=UTC), "01:00"]),
    Edge(TimeOfDay(seconds=False), [time(0, 0), time(23, 59)], [time(1, 0, 1)]),
    Edge(MinuteOfDay(), [time(0, 0), time(23, 59)], [time(0, 0, 1), 5]),
    Edge(CorporateNumber(), ["7000012050002"], ["8000012050002", "700001205000", 7000012050002]),
    Edge(Coded(TABLE), ["red", "blue"], ["green", 1, None]),
    Edge(DayNumber(14), [date(2000, 1, 1), date(2044, 11, 8)], [date(1999, 12, 31), date(2044, 11, 9), at(0)]),
    Edge(
        Timestamp(4),
        [at(0), at(0xFFFFFFFF), at(86_400)],
        [at(-1), at(1 << 32), at(1, microseconds=1), date.max, Lookalike()],
    ),
    Edge(
        Timestamp(5),
        [at(0), at(253_402_300_799), at(90_000).astimezone(TOKYO)],
        [at(-1), datetime.fromisoformat("2026-01-01")],
    ),
    Edge(Digits(3), ["000", "999", "123"], ["12", "1234", "12a", "１２３", "12\u0661", 123, b"123", Lookalike()]),
    Edge(PackedDigits(4), ["0000", "9999"], ["123", "12345", "12a4", "1 24", "１２３４"]),
    Edge(PackedDigits(5, least=0), ["", "1", "12345"], ["123456", "a", " "]),
    Edge(PackedDigits(6, least=2), ["12", "123456"], ["", "1", "1234567"]),
    Edge(
        Text(6),
        ["", "abcdef", "見本", "a　b", "\ufeffa", "か\u3099"],
        ["abcdefg", "見本a", "a\0", "\0", "\ue000", "\uf8ff", "\U00100000", "\ud800", b"a", Lookalike()],
    ),
    Edge(Text(6, private="keep"), ["", "\ue000", "\U00100000", "\x7f"], ["a\0b", "\ud800"]),
    Edge(Text(6, form="nfc"), ["が"], ["か\u3099", "\ue000"]),
    Edge(Text(6, "shift_jis"), ["", "見本a", "ｱ"], ["見本見本", "髙", "é", "a\0", "¥"]),
    Edge(Text(6, "cp932"), ["", "髙", "①"], ["é", "\0", "\ue000"]),
    Edge(Text(6, "euc_jp"), ["見本a"], ["見本見本", "～"]),
    Edge(Text(6, "jis_x0201"), ["ｱA¥"], ["\\", "見"]),
    Edge(KanaName(4), ["", "ｱｶA.", "ﾊﾟ -"], ["a", "ｱ1", "ｱｱｱｱｱ", "¥"]),
    Edge(Text(4, "ascii"), ["", "abcd"], ["abcde", "é", "a\0"]),
    Edge(Text(4, "iso8859-1"), ["", "éé"], ["見", "a\0"]),
    Edge(Blob(3), [b"abc", bytes(3)], [b"ab", b"abcd", "abc", bytearray(3)]),
]
OPEN = [
    Edge(Text(6, padded=False), ["", "abcdef", "見本", "a\0"], ["abcdefg", "\ue000"]),
    Edge(Text(6, "shift_jis", padded=False), ["見本a", ""], ["見本見本", "¥"]),
    Edge(Text(6, "utf-16-be", padded=False), ["見本a", ""], ["見本ab", "\ue000"]),
    Edge(VariableBlob(4), [b"", b"abcd"], [b"abcde", "a", None]),
]
COMPOUND = [
    *(Edge(Prefixed(UInt(16), edge.type), edge.good, edge.bad) for edge in OPEN),
    *(Edge(Tagged(tag, edge.type), edge.good, edge.bad) for edge in OPEN for tag in (0x5A, 0x9F21)),
    *(Edge(Tagged(tag, UInt(16)), [0, 500], [1 << 16]) for tag in (0x5A, 0x7F49, 0xDF8101)),
    Edge(
        SimpleTagged(0x5A, VariableBlob(300)),
        [b"", b"\xff" * 0x81, bytes(254), bytes(255), bytes(300)],
        [bytes(301)],
    ),
    Edge(Tagged(0x5A, VariableBlob(300)), [b"", bytes(127), bytes(128), bytes(255), bytes(256)], [bytes(301)]),
    Edge(Prefixed(UInt(8, least=1, most=3), VariableBlob(9)), [b"a", b"abc"], [b"", b"abcd"]),
    Edge(Prefixed(UInt(8), Pair.__field_type__), [PAIRS[0]], [None, Pair(one=256, two=0), TWIN]),
    Edge(Repeat(Pair, 2), [PAIRS[:2]], [PAIRS, PAIRS[:1], list(PAIRS[:2]), (1, 2), (PAIRS[0], None)]),
    Edge(Repeat(UInt(12), 3), [(0, 4095, 7)], [(0, 4096, 7), (0, -1, 7)]),
    Edge(Repeat(UInt(12), 200), [tuple(range(200))], [tuple(range(199)), (4096,) * 200]),
    Edge(
        Repeat(Word, 2),
        [(Word(text="a"), Word(text="abcd"))],
        [(Word(text=""), Word(text="a")), (Word(text="a"),), (Word(text="a"),) * 3],
    ),
    Edge(Counted(UInt(8), Pair, most=3), [(), PAIRS[:1], PAIRS], [(*PAIRS, PAIRS[0]), list(PAIRS)]),
    Edge(Counted(UInt(8), UInt(8), most=3), [(), (1, 2, 3)], [(1, 2, 3, 4), (256,), [1], Lookalike()]),
    Edge(Counted(UInt(8), UInt(16), most=3), [(), (1, 2, 3)], [(1, 2, 3, 4), (1 << 16,)]),
    Edge(Counted(UInt(8), Choice(Colour), most=3), [(), (Colour.RED,) * 3], [(Colour.RED,) * 4, (1,)]),
    Edge(Prefixed(UInt(8), Repeat(UInt(8))), [(), (1, 2, 3)], [(256,), [1]]),
    Edge(Prefixed(UInt(8), Repeat(Word)), [(), (Word(text="a"),) * 3], [(Word(text=""),)]),
    Edge(Counted(UInt(8), Word, most=2), [(), (Word(text="a"),) * 2], [(Word(text="a"),) * 3]),
    Edge(Prefixed(UInt(8), Repeat(Pair, most=3)), [(), PAIRS], [(*PAIRS, PAIRS[0])]),
    Edge(Prefixed(UInt(8), Repeat(UInt(8), most=3)), [(), (1, 2, 3)], [(1, 2, 3, 4)]),
    Edge(Prefixed(UInt(8), Repeat(Word, most=2)), [(), (Word(text="ab"),) * 2], [(Word(text="a"),) * 3]),
    Edge(Tagged(0x83, Repeat(Choice(Colour), most=3)), [(), (Colour.RED,) * 3], [(Colour.RED,) * 4]),
    Edge(Tagged(0xA3, Repeat(UInt(8))), [(), (1, 2, 3), (0,) * 200], [(256,), [1]]),
    Edge(Tagged(0xA3, Repeat(Tagged(0x0C, Text(4, padded=False)), most=2)), [(), ("a", "")], [("a",) * 3]),
    Edge(OneOf(Case(1, Pair), Case(700, Word), bits=16), [PAIRS[0], Word(text="a")], [None, Word(text=""), members()]),
    Edge(
        Members.__field_type__,
        [members(), members(second="見" * 60), members(third=3, fourth=bytes(200))],
        [members(first=-1), None],
    ),
    Edge(Prefixed(UInt(8), Bare.__field_type__), [Bare(first=1), Bare(first=1, second=2)], [Bare(first=256), TLV_TWIN]),
    Edge(
        SimpleMembers.__field_type__,
        [SimpleMembers(first=1), SimpleMembers(first=1, second=bytes(300))],
        [SimpleMembers(first=1, second=bytes(401))],
    ),
    Edge(
        Linked.__field_type__,
        [linked(), linked(some=9, items=PAIRS, text="見本a"), linked(tail=1), linked(tail=1, end=2)],
        [linked(end=2), linked(items=(*PAIRS, PAIRS[0])), linked(text="見本見本"), linked(items=[])],
    ),
    Edge(
        Controlled.__field_type__,
        [
            controlled(),
            controlled(count=2, items=(1, 2)),
            controlled(size=3, text="見"),
            controlled(there=True, some=1),
        ],
        [
            controlled(count=1),
            controlled(items=(1,)),
            controlled(size=1),
            controlled(there=True),
            controlled(some=1),
            controlled(count=-1),
            controlled(count=4, items=(1,) * 4),
        ],
    ),
]


def outcome(action: Any, argument: Any) -> Any:
    """Give what an action gives, types and all, or its faults."""
    try:
        made = action(argument)
    except DataError as error:
        return type(error), error.faults
    return type(made), repr(made), getattr(made, "extras", None)


def beside(type_: FieldType[Any]) -> type[Record]:
    """Make a record in which the type has neighbours: bits in front that fill its byte, a number behind."""
    held: dict[str, Any] = {"it": field(type_), "behind": field(UInt(8))}
    notes = {"it": Any, "behind": int}
    if isinstance(type_, BitField):
        held = {"front": field(UInt(8 - type_.bits % 8)), **held}
        notes = {"front": int, **notes}
    made: type[Record] = type(Record)("Beside", (Record,), {"__annotations__": notes, **held})
    return made


def changed(raw: bytes) -> list[bytes]:
    """Give an encoding with each of its first and last bytes changed, with bytes lost and with bytes added."""
    places = sorted({*range(min(len(raw), 24)), *range(max(len(raw) - 3, 0), len(raw))})
    made = [raw[:at] + bytes((byte,)) + raw[at + 1 :] for at in places for byte in BYTES]
    return [*made, *(raw[:size] for size in places), raw + b"\0", raw + raw, bytes(len(raw)), b"\xff" * len(raw)]


ALL = LEAVES + COMPOUND
NAMES = [edge.type.type_name for edge in ALL]


@pytest.mark.parametrize("edge", ALL, ids=NAMES)
def test_what_fits_is_settled_by_straight_code_alone(edge: Edge) -> None:
    codec, interpreter = straight(edge.type), Interpreter(edge.type)
    for value in edge.good:
        raw = interpreter.encode(value)
        assert codec.encode(value) == raw
        assert outcome(codec.decode, raw) == outcome(interpreter.decode, raw)
        if not edge.type.greedy:
            assert codec.decode_from(raw) == interpreter.decode_from(raw)
            assert codec.decode_from(raw + b"\0\1\2") == interpreter.decode_from(raw + b"\0\1\2")


@pytest.mark.parametrize("edge", ALL + OPEN, ids=[*NAMES, *(edge.type.type_name for edge in OPEN)])
def test_what_does_not_fit_is_refused_as_by_the_interpreter(edge: Edge) -> None:
    codec, interpreter = Compiled(edge.type), Interpreter(edge.type)
    for value in edge.bad:
        assert outcome(interpreter.encode, value)[0] is not bytes
        assert outcome(codec.encode, value) == outcome(interpreter.encode, value)


@pytest.mark.parametrize("edge", ALL + OPEN, ids=[*NAMES, *(edge.type.type_name for edge in OPEN)])
def test_changed_bytes_mean_what_they_mean_to_the_interpreter(edge: Edge) -> None:
    codec, interpreter = Compiled(edge.type), Interpreter(edge.type)
    for raw in dict.fromkeys(raw for value in edge.good for raw in changed(interpreter.encode(value))):
        assert outcome(codec.decode, raw) == outcome(interpreter.decode, raw), raw.hex()
        assert outcome(codec.decode_from, raw) == outcome(interpreter.decode_from, raw), raw.hex()


@pytest.mark.parametrize("edge", LEAVES, ids=NAMES[: len(LEAVES)])
def test_a_leaf_keeps_out_of_its_neighbours_bits(edge: Edge) -> None:
    kind = beside(edge.type)
    codec, interpreter = Compiled(kind.__field_type__), Interpreter(kind.__field_type__)
    generated = straight(kind.__field_type__)
    more = {"front": 1} if "front" in kind.__values__ else {}
    for value in edge.good:
        held: Any = kind(it=value, behind=7, **more)
        raw = interpreter.encode(held)
        assert generated.encode(held) == raw
        assert outcome(generated.decode, raw) == outcome(interpreter.decode, raw)
    for value in edge.bad:
        held = kind(it=value, behind=7, **more)
        assert outcome(codec.encode, held) == outcome(interpreter.encode, held)


@pytest.mark.parametrize("edge", LEAVES, ids=NAMES[: len(LEAVES)])
def test_a_leaf_keeps_out_of_its_like(edge: Edge) -> None:
    type_ = Repeat(edge.type, 5)
    codec, interpreter = straight(type_), Interpreter(type_)
    values = tuple((edge.good[-1:] + edge.good * 4)[:5])
    raw = interpreter.encode(values)
    assert codec.encode(values) == raw
    assert outcome(codec.decode, raw) == outcome(interpreter.decode, raw)


@pytest.mark.parametrize("item", [UInt(8), Pair, Word, Choice(Colour), Tagged(0x0C, Text(4, padded=False))], ids=str)
@pytest.mark.parametrize(
    "holding",
    [
        lambda item, most: Counted(UInt(8), item, most=most),
        lambda item, most: Prefixed(UInt(8), Repeat(item, most=most)),
        lambda item, most: Prefixed(UInt(8, most=(most + 1) * Repeat(item, 1).minimum), Repeat(item, most=most)),
        lambda item, most: Tagged(0xA3, Repeat(item, most=most)),
        lambda item, most: SimpleTagged(0xA3, Repeat(item, most=most)),
    ],
)
def test_a_list_is_as_long_as_it_may_be_and_no_longer(holding: Any, item: Any) -> None:
    made = Repeat(item, 1).item
    one = Word(text="a") if item is Word else made.example()
    wide, narrow = holding(item, 9), holding(item, 3)
    for count in range(6):
        raw = Interpreter(wide).encode((one,) * count)
        assert outcome(straight(wide).decode, raw) == outcome(Interpreter(wide).decode, raw)
        assert outcome(Compiled(narrow).decode, raw) == outcome(Interpreter(narrow).decode, raw)
        assert outcome(Compiled(narrow).encode, (one,) * count) == outcome(Interpreter(narrow).encode, (one,) * count)


@pytest.mark.parametrize("most", [5, 126, 127, 128, 200, 254, 255, 300])
@pytest.mark.parametrize(
    ("holding", "one"),
    [
        (lambda most: Tagged(0x5A, VariableBlob(most)), b"a"),
        (lambda most: Tagged(0x5A, Text(most, padded=False)), "a"),
        (lambda most: Tagged(0xA3, Repeat(UInt(8), most=most)), (7,)),
        (lambda most: SimpleTagged(0x5A, VariableBlob(most)), b"a"),
        (lambda most: Prefixed(UInt(16), VariableBlob(most)), b"a"),
    ],
    ids=["blob", "text", "list", "simple", "prefixed"],
)
def test_a_value_is_as_long_as_it_may_be_and_no_longer(holding: Any, one: Any, most: int) -> None:
    type_, wide = holding(most), holding(most + 2)
    for size in range(most - 1, most + 3):
        raw = Interpreter(wide).encode(one * size)
        codec = straight(type_) if size <= most else Compiled(type_)
        assert outcome(codec.decode, raw) == outcome(Interpreter(type_).decode, raw)


@pytest.mark.parametrize("count", range(6))
def test_a_list_by_a_number_elsewhere_is_no_longer_than_it_may_be(count: int) -> None:
    raw = bytes((count, 0, 0)) + bytes(count)
    assert outcome(Compiled(Controlled.__field_type__).decode, raw) == outcome(
        Interpreter(Controlled.__field_type__).decode, raw
    )


@pytest.mark.parametrize(
    ("type_", "raw"),
    [
        (Prefixed(UInt(8, most=4), Repeat(Prefixed(UInt(8), VariableBlob(9)), most=3)), "0400000000"),
        (Tagged(0x83, Repeat(Prefixed(UInt(8), VariableBlob(1)), most=1)), "83020000"),
        (Counted(UInt(8), Choice(Colour), most=3), "0301"),
        (Controlled.__field_type__, "00ff01"),
        (Controlled.__field_type__, "ff0000"),
        (Flag(bits=2), "02"),
        (Flag(bits=2), "03"),
    ],
    ids=["list", "list of one", "codes", "size below zero", "count below zero", "flag 2", "flag 3"],
)
def test_bytes_just_past_a_limit_are_refused(type_: FieldType[Any], raw: str) -> None:
    data = bytes.fromhex(raw)
    assert outcome(Compiled(type_).decode, data) == outcome(Interpreter(type_).decode, data)
    assert outcome(Compiled(type_).decode_from, data) == outcome(Interpreter(type_).decode_from, data)
    assert outcome(Interpreter(type_).decode_from, data)[0] is DecodeError
