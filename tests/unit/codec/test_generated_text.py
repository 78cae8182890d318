"""The text of generated code: no check and no name more than it needs."""

from __future__ import annotations

from enum import Enum, IntFlag
from typing import TYPE_CHECKING

from yohaku import Record, field, reserved_bits
from yohaku.codec import source_of
from yohaku.codec.emit import ahead
from yohaku.codec.source import Source
from yohaku.fields import (
    Choice,
    Flag,
    Flags,
    Int,
    PresentIf,
    Repeat,
    Tagged,
    Text,
    Timestamp,
    UInt,
)

if TYPE_CHECKING:
    from datetime import datetime


class Colour(Enum):
    RED = 1
    BLUE = 7


class Ink(IntFlag):
    DARK = 1
    WET = 2


def test_a_header_behind_a_run_joins_it() -> None:
    class Framed(Record):
        number: int = field(UInt(16))
        text: str = field(Tagged(0x5F20, Text(9, padded=False)))
        after: str = field(Tagged(0x5A, Text(9, padded=False)))

    text = source_of(Framed)
    assert "number, text_tag, text_size = unpack_from_HHB(data)" in text
    assert "if data[text_end] != 0x5a: raise Unsettled" in text


def test_a_value_has_a_name_of_its_own_where_it_is_needed_twice() -> None:
    class Flagged(Record):
        there: bool = field(Flag(bits=8))
        other: bool = field(Flag(bits=8))
        some: int | None = field(PresentIf("there", UInt(8)))

    text = source_of(Flagged)
    assert "there_2 = there == 1" in text
    assert "record.there = there_2" in text
    assert "record.other = other == 1" in text
    assert "record.some = some\n" in text


def test_what_struct_or_a_type_checks_is_not_checked_again() -> None:
    class Checked(Record):
        whole: int = field(UInt(16))
        part: int = field(UInt(8, most=9))
        flag: bool = field(Flag())
        first: bool = field(Flag())
        signed: int = field(Int(6))
        second: bool = field(Flag())
        colour: Colour = field(Choice(Colour, bits=3))
        ink: Ink = field(Flags(Ink, bits=3))
        high: int = field(UInt(9))
        low: int = field(UInt(24))
        moment: datetime = field(Timestamp(5))
        gap: int = field(UInt(4))
        _gap = reserved_bits(4)

    reading, writing = source_of(Checked).split("\n\n\n")
    assert [line.strip() for line in reading.splitlines() if "raise" in line] == [
        "if part > 9: raise Unsettled",
        "if gap_2: raise Unsettled",
    ]
    assert [line.strip() for line in writing.splitlines() if "raise" in line] == [
        "if type(value) is not Checked: raise Unsettled",
        "if type(whole) is not int: raise Unsettled",
        "if type(part) is not int: raise Unsettled",
        "if not 0 <= part <= 9: raise Unsettled",
        "if type(flag) is not bool: raise Unsettled",
        "if type(first) is not bool: raise Unsettled",
        "if type(signed) is not int or not -32 <= signed <= 31: raise Unsettled",
        "if type(second) is not bool: raise Unsettled",
        "if type(colour) is not Colour: raise Unsettled",
        "if type(ink) is not Ink: raise Unsettled",
        "if ink_bits & -4: raise Unsettled",
        "if type(high) is not int: raise Unsettled",
        "if type(low) is not int: raise Unsettled",
        "if type(moment) is not datetime: raise Unsettled",
        "if moment_since.microseconds or not 0 <= moment_seconds <= 253402300799: raise Unsettled",
        "if type(gap) is not int: raise Unsettled",
        "if high >> 9: raise Unsettled",
    ]
    padded = source_of(Repeat(UInt(12), 2)).split("\n\n\n")[1]
    assert [line.strip() for line in padded.splitlines() if " >> " in line] == [
        "if value_0 >> 12: raise Unsettled",
        "if value_1 >> 12: raise Unsettled",
    ]


def test_names_are_those_that_were_asked_for_as_far_as_can_be() -> None:
    source = Source("<test>")
    asked = ["it", "it", "it", "3des", "class", "data", "名", "a-b", "len"]
    given = ["it", "it_2", "it_3", "_3des", "_class", "data_2", "part", "a_b", "len_2"]
    assert [source.name(hint) for hint in asked] == given


def test_places_are_numbers_behind_one_name() -> None:
    assert [ahead("4", 2), ahead("position", 2), ahead("position + 3", 2)] == ["6", "position + 2", "position + 5"]
