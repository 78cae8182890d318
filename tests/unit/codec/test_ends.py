"""Parts that would reach behind the end of what holds them, in every place where generated code might not look."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

import pytest

from yohaku import Record, TlvRecord, field, hidden
from yohaku.codec import Compiled, FieldType, Interpreter, source_of
from yohaku.errors import DataError
from yohaku.fields import (
    Choice,
    Count,
    Counted,
    PackedDigits,
    Prefixed,
    Repeat,
    RepeatBy,
    Tagged,
    Text,
    UInt,
    VariableBlob,
)


class Colour(Enum):
    RED = 1
    BLUE = 7


class Entry(TlvRecord, tag=0xA5):
    name: str = field(Tagged(0x80, Text(9, padded=False)))
    codes: tuple[Colour, ...] = field(Tagged(0x81, Repeat(Choice(Colour), most=4)))


class Tree(TlvRecord, tag=0xE1):
    first: int = field(Tagged(0x80, UInt(16)))
    names: tuple[str, ...] = field(Tagged(0xA2, Repeat(Tagged(0x0C, Text(20, padded=False)), most=3)))
    entries: tuple[Entry, ...] = field(Tagged(0xA3, Repeat(Entry, most=3)))
    codes: tuple[Colour, ...] = field(Tagged(0x83, Repeat(Choice(Colour), most=8)))
    maybe: int | None = field(Tagged(0x84, UInt(8)), default=None)
    rest: bytes = field(Tagged(0x85, VariableBlob(6)))


class Mixed(Record):
    numbers: tuple[int, ...] = field(Counted(UInt(8), UInt(16), most=4))
    head: str = field(Tagged(0x80, Text(9, padded=False)))
    held: Tree = field(Prefixed(UInt(8), Tree))
    digits: tuple[str, ...] = field(Repeat(Tagged(0x81, PackedDigits(3, least=1)), most=3))


class Rest(Record):
    head: str = field(Tagged(0x80, Text(9, padded=False)))
    rest: bytes = field(VariableBlob(6))


class Numbers(Record):
    head: str = field(Tagged(0x80, Text(9, padded=False)))
    numbers: tuple[int, ...] = field(Repeat(UInt(16), most=9))


class Listed(Record):
    names: tuple[str, ...] = field(Counted(UInt(8), Tagged(0x0C, Text(20, padded=False)), most=3))
    rest: bytes = field(VariableBlob(6))


class Line(FieldType[bytes]):
    """A user's type of any size: bytes up to a line feed."""

    def __init__(self) -> None:
        super().__init__(1, 9)

    def read(self, data: bytes, offset: int, end: int) -> tuple[bytes, int]:
        stop = data.find(b"\n", offset, end) + 1
        return (data[offset:stop], stop) if stop else self.refuse("has no end")

    def write(self, value: object) -> bytes:
        return value if isinstance(value, bytes) else self.refuse("must be bytes")

    def example(self) -> bytes:
        return b"\n"


class Sized(Record):
    text: str = field(Prefixed(UInt(8), Text(9, padded=False)))
    number: int = field(UInt(16))


class Sizes(Record):
    _count = hidden(Count("items"))
    line: bytes = field(Line())
    items: tuple[Sized, ...] = field(RepeatBy("_count", Sized, most=3))
    rest: bytes = field(VariableBlob(6))


class Numbered(Record):
    number: int = field(UInt(16))
    rest: bytes = field(VariableBlob(6))


class After(Record):
    numbered: Numbered = field(Prefixed(UInt(8), Numbered))
    behind: bytes = field(VariableBlob(9))


class Held(Record):
    rest: Rest = field(Prefixed(UInt(8), Rest))
    numbers: Numbers = field(Prefixed(UInt(8), Numbers))
    listed: Listed = field(Prefixed(UInt(8), Listed))
    sizes: Sizes = field(Prefixed(UInt(8), Sizes))
    behind: bytes = field(VariableBlob(9))


TREE = Tree(
    first=258,
    names=("ab", "c", ""),
    entries=(Entry(name="x", codes=(Colour.RED,)), Entry(name="", codes=())),
    codes=(Colour.RED, Colour.BLUE, Colour.BLUE),
    maybe=5,
    rest=b"xyz",
)
VALUES = (
    TREE,
    TREE.replace(maybe=None, rest=b"", names=(), entries=()),
    Mixed(numbers=(1, 2), head="abc", held=TREE, digits=("123", "1")),
    Mixed(numbers=(), head="", held=TREE, digits=()),
    Rest(head="abc", rest=b""),
    Numbers(head="abc", numbers=()),
    After(numbered=Numbered(number=5, rest=b"r"), behind=b"after"),
    Held(
        rest=Rest(head="ab", rest=b"x"),
        numbers=Numbers(head="c", numbers=(1, 2)),
        listed=Listed(names=("ab", "c"), rest=b""),
        sizes=Sizes(line=b"\n", items=(Sized(text="ab", number=1), Sized(text="", number=2)), rest=b""),
        behind=b"after",
    ),
)
IDS = ("tree", "bare tree", "mixed", "bare mixed", "rest", "numbers", "after", "held")


def outcome(call: Any, data: bytes) -> Any:
    try:
        return call(data)
    except DataError as error:
        return [str(fault) for fault in error.faults]


@pytest.mark.parametrize("value", VALUES, ids=IDS)
@pytest.mark.parametrize("name", ["decode", "decode_from"])
def test_every_changed_byte_means_what_the_interpreter_says(value: Any, name: str) -> None:
    type_ = type(value).__field_type__
    compiled, interpreted = (getattr(kind(type_), name) for kind in (Compiled, Interpreter))
    raw = value.encode()
    for place in range(len(raw)):
        for byte in {0, 1, 2, 7, 0x0C, 0x7F, 0x80, 0x81, 0x82, 0xFF, raw[place] ^ 1, raw[place] + 1 & 0xFF}:
            changed = raw[:place] + bytes((byte,)) + raw[place + 1 :]
            assert outcome(compiled, changed) == outcome(interpreted, changed)
        for changed in (raw[:place], raw[:place] + raw[place + 1 :], raw[:place] + b"\1" + raw[place:]):
            assert outcome(compiled, changed) == outcome(interpreted, changed)
    assert outcome(compiled, raw + b"\0\0") == outcome(interpreted, raw + b"\0\0")


class Open(Record):
    rest: bytes = field(VariableBlob(6))


class Behind(Record):
    text: str = field(Prefixed(UInt(8), Text(9, padded=False)))
    note: str = field(Tagged(0x5A, Text(9, padded=False)))
    log: tuple[str, ...] = field(Tagged(0xA3, Repeat(Tagged(0x0C, Text(4, padded=False)), most=3)))
    rest: bytes = field(VariableBlob(6))


class Lines(Record):
    note: str = field(Tagged(0x5A, Text(9, padded=False)))
    one: bytes = field(Line())
    two: bytes = field(Line())


@pytest.mark.parametrize(
    ("kind", "checks"),
    [
        (Open, []),
        (Behind, ["text_end > end", "position != log_end", "log_end > end"]),
        (Lines, ["note_end > end", "position_2 != end"]),
    ],
)
def test_ends_are_compared_once(kind: type[Record], checks: list[str]) -> None:
    decoding = source_of(kind).split("\n\n\n")[0]
    assert re.findall(r"if (\w+ (?:>|!=) (?:\w+_)?end): raise Unsettled", decoding) == checks


class Named(Record):
    type: int = field(UInt(8))
    len: int = field(UInt(24))
    tuple: tuple[int, ...] = field(Counted(UInt(8), UInt(8), most=9))
    str: str = field(Prefixed(UInt(8), Text(9, padded=False)))
    decode_: int = field(UInt(8))


def test_fields_may_be_called_like_what_generated_code_uses() -> None:
    codec = Compiled(Named.__field_type__)

    def fail(_: Any) -> Any:
        raise AssertionError("left to the interpreter")

    named = Named(type=1, len=2, tuple=(3, 4), str="five", decode_=6)
    raw = Interpreter(Named.__field_type__).encode(named)
    codec.interpreter.encode = codec.interpreter.decode = fail  # type: ignore[method-assign,assignment]
    assert codec.encode(named) == raw
    assert codec.decode(raw) == named


class Coded(Record):
    fixed: tuple[Colour, ...] = field(Counted(UInt(8), Choice(Colour), most=8))
    behind: int = field(UInt(8))


@pytest.mark.parametrize("codes", [b"", b"\1", b"\7\1\7", b"\1" * 8])
def test_lists_of_codes_come_from_a_table(codes: bytes) -> None:
    raw = bytes((len(codes),)) + codes + b"\5"
    found = Compiled(Coded.__field_type__).decode(raw)
    assert found == Interpreter(Coded.__field_type__).decode(raw)
    assert found.fixed == tuple(map(Colour, codes))
    assert ": lists of fixed_item_members by their bytes" in source_of(Coded)
    with pytest.raises(DataError):
        Compiled(Coded.__field_type__).decode(raw[:-1])
