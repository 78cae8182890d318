"""How many bits the values of a field type need, and which tighter type would hold them.

The bits that a type needs are the logarithm to base 2 of the number of its values. Of a type that is not registered
here its own word is taken: an attribute ``value_bits``, or limits ``least`` and ``most``, or every bit that it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import singledispatch
from math import log2
from typing import Any

from yohaku.codec import BitField, FieldType
from yohaku.fields import (
    AsciiDate,
    BcdNumber,
    BloodTypeCode,
    Choice,
    Coded,
    CorporateNumber,
    Date,
    DayNumber,
    Digits,
    EraDate,
    EvmAddress,
    Flag,
    Flags,
    InternationalNumber,
    LocalDateTime,
    MinuteOfDay,
    MinuteStamp,
    MunicipalityCode,
    PackedDecimal,
    PackedDigits,
    PostalCode,
    PublicKey,
    SexCode,
    TelephoneNumber,
    Text,
    TimeOfDay,
    Timestamp,
    UInt,
)

DIGIT = log2(10)
"""Bits that a decimal digit needs."""
ANY_DATE = log2(date.max.toordinal())
"""Bits that a date of the years 1 to 9999 needs."""
YEAR = 365.2425
"""Days in a year of the Gregorian calendar."""
_DAY_SECONDS = 86_400
_DAY_MINUTES = 1_440
_CURVE_POINT = 257
"""Bits of a point on a curve of 256 bits: one coordinate and the sign of the other."""
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True, slots=True)
class Tighter:
    """Another way to write the same values.

    Attributes:
        bits: bits that it takes.
        what: what the present type is, in words.
        instead: the type to take, and what it costs or gives.
    """

    bits: int
    what: str
    instead: str


def spent(type_: FieldType[Any]) -> int:
    """Give the bits that a type takes at most."""
    if isinstance(type_, BitField):
        return type_.bits
    return (type_.minimum if type_.maximum is None else type_.maximum) * 8


def needed(type_: FieldType[Any]) -> float:
    """Give the bits that the values of a type need; none for what is reserved, constant or derived."""
    return 0.0 if type_.hidden else bits_needed(type_)


@singledispatch
def bits_needed(type_: FieldType[Any]) -> float:
    """Give the logarithm to base 2 of the number of values of a type; register a function for a type of your own."""
    stated = getattr(type_, "value_bits", None)
    if isinstance(stated, int | float):
        return float(stated)
    least, most = getattr(type_, "least", None), getattr(type_, "most", None)
    if isinstance(type_, BitField) and isinstance(least, int) and isinstance(most, int):
        return log2(most - least + 1)
    return float(spent(type_))


@bits_needed.register(Flag)
def _(_: Flag) -> float:
    return 1.0


@bits_needed.register(Choice)
def _(type_: Choice[Any]) -> float:
    return log2(len(type_.by_number))


@bits_needed.register(Flags)
def _(type_: Flags[Any]) -> float:
    return float(type_.known.bit_count())


@bits_needed.register(Coded)
def _(type_: Coded) -> float:
    return log2(len(type_.table.entries))


@bits_needed.register(Digits)
def _(type_: Digits) -> float:
    return type_.count * DIGIT


@bits_needed.register(PackedDigits)
def _(type_: PackedDigits) -> float:
    return log2(sum(10**count for count in range(type_.least, type_.most + 1)))


@bits_needed.register(TelephoneNumber)
def _(_: TelephoneNumber) -> float:
    return log2(10**9 + 10**10)


@bits_needed.register(InternationalNumber)
def _(_: InternationalNumber) -> float:
    return log2(sum(9 * 10**count for count in range(1, 15)))


@bits_needed.register(BcdNumber)
@bits_needed.register(PackedDecimal)
def _(type_: BcdNumber | PackedDecimal) -> float:
    return log2(type_.most - type_.least + 1)


@bits_needed.register(MunicipalityCode)
def _(_: MunicipalityCode) -> float:
    return 5 * DIGIT  # the sixth digit follows from the other five


@bits_needed.register(PostalCode)
def _(_: PostalCode) -> float:
    return 7 * DIGIT


@bits_needed.register(CorporateNumber)
def _(_: CorporateNumber) -> float:
    return 12 * DIGIT


@bits_needed.register(Date)
@bits_needed.register(AsciiDate)
def _(_: Date | AsciiDate) -> float:
    return ANY_DATE


@bits_needed.register(EraDate)
def _(type_: EraDate) -> float:
    return log2((type_.latest - type_.earliest).days + 1)


@bits_needed.register(DayNumber)
def _(type_: DayNumber) -> float:
    return log2((type_.latest - type_.epoch).days + 1)


@bits_needed.register(LocalDateTime)
def _(_: LocalDateTime) -> float:
    return ANY_DATE + log2(_DAY_SECONDS)


@bits_needed.register(Timestamp)
@bits_needed.register(MinuteStamp)
def _(type_: Timestamp | MinuteStamp) -> float:
    return log2(type_.most + 1)


@bits_needed.register(TimeOfDay)
def _(type_: TimeOfDay) -> float:
    return log2(_DAY_SECONDS if type_.seconds else _DAY_MINUTES)


@bits_needed.register(MinuteOfDay)
def _(_: MinuteOfDay) -> float:
    return log2(_DAY_MINUTES)


@bits_needed.register(EvmAddress)
def _(_: EvmAddress) -> float:
    return 160.0


@bits_needed.register(PublicKey)
def _(_: PublicKey) -> float:
    return float(_CURVE_POINT)


@singledispatch
def tighter(type_: FieldType[Any]) -> Tighter | None:  # noqa: ARG001 - nothing is known of other types
    """Give a way to write the same values in fewer bits, or None; register a function for a type of your own."""
    return None


@tighter.register(Digits)
def _(type_: Digits) -> Tighter | None:
    packed = (type_.count + 1) // 2
    if packed == type_.count:
        return None
    instead = f"PackedDigits({type_.count}) saves {in_bytes(type_.count - packed)}"
    return Tighter(packed * 8, f"{in_words(type_.count)} ASCII digits", instead)


@tighter.register(Date)
@tighter.register(AsciiDate)
@tighter.register(EraDate)
def _(type_: Date | AsciiDate | EraDate) -> Tighter | None:
    short, long = int((1 << 14) / YEAR), int((1 << 16) / YEAR)
    what = {Date: "BCD date", AsciiDate: "ASCII date"}.get(type(type_), "era date in ASCII")
    saved = in_bytes(type_.minimum - 2)
    instead = f"a 14-bit day number covers {short} years, DayNumber(16) covers {long} and saves {saved}"
    return Tighter(16, what, instead)


@tighter.register(LocalDateTime)
def _(_: LocalDateTime) -> Tighter | None:
    return Tighter(32, "BCD date and time", "Timestamp(4) holds seconds of UTC up to 2106 and saves 3 bytes")


@tighter.register(TimeOfDay)
def _(type_: TimeOfDay) -> Tighter | None:
    return None if type_.seconds else Tighter(11, "BCD time of day", _sharing("MinuteOfDay()", 5))


@tighter.register(Choice)
def _(type_: Choice[Any]) -> Tighter | None:
    width = max(max(type_.by_number).bit_length(), 1)
    members = f"{in_words(len(type_.by_number))} members"
    return _narrow(type_, width, members, f"Choice({type_.enum.__name__}, bits={width})")


@tighter.register(SexCode)
def _(type_: SexCode) -> Tighter | None:
    return _narrow(type_, 4, "four codes of ISO/IEC 5218", "SexCode(bits=4)")


@tighter.register(BloodTypeCode)
def _(_: BloodTypeCode) -> Tighter | None:
    return None


@tighter.register(Flags)
def _(type_: Flags[Any]) -> Tighter | None:
    width = type_.known.bit_length()
    return _narrow(type_, width, f"{in_words(width)} flags", f"Flags({type_.flags.__name__}, bits={width})")


@tighter.register(Coded)
def _(type_: Coded) -> Tighter | None:
    width = max(type_.table.entries).bit_length()
    entries = f"{in_words(len(type_.table.entries))} entries"
    return _narrow(type_, width, entries, f"Coded({type_.table.name}, bits={width})")


@tighter.register(Flag)
def _(type_: Flag) -> Tighter | None:
    return _narrow(type_, 1, "a truth value", "Flag()")


@tighter.register(UInt)
def _(type_: UInt) -> Tighter | None:
    width = max(type_.most.bit_length(), 1)
    return _narrow(type_, width, f"numbers to {type_.most}", f"UInt({width}, most={type_.most})")


@tighter.register(BcdNumber)
@tighter.register(PackedDecimal)
def _(type_: BcdNumber | PackedDecimal) -> Tighter | None:
    width = type_.most.bit_length()
    saved = spent(type_) - width
    if type_.least < 0 or saved < 1:
        return None
    return Tighter(width, f"{in_words(type_.digits)} BCD digits", _sharing(f"UInt({width}, most={type_.most})", saved))


@tighter.register(PublicKey)
def _(type_: PublicKey) -> Tighter | None:
    if type_.form == "compressed":
        return None
    saved = in_bytes(type_.minimum - 33)
    return Tighter(33 * 8, f"public key in {type_.form} form", f'PublicKey("compressed") saves {saved}')


@tighter.register(Text)
def _(type_: Text) -> Tighter | None:
    """Say what a kanji costs; the saving is not counted, for the smaller set lacks characters of some names."""
    kanji = type_.most // 3
    if type_.encoding != "utf-8" or not kanji:
        return None
    instead = f"shift_jis writes as many in {in_bytes(kanji * 2)}, where its characters are enough"
    return Tighter(spent(type_), f"utf-8 text for {kanji} kanji", instead)


def _narrow(type_: BitField[Any], width: int, what: str, instead: str) -> Tighter | None:
    """Propose a field of fewer bits, which shares its byte with neighbours that are narrow too."""
    saved = type_.bits - width
    return Tighter(width, what, _sharing(instead, saved)) if saved > 0 else None


def _sharing(instead: str, saved: int) -> str:
    return f"{instead} beside other narrow fields saves {saved} bit{'' if saved == 1 else 's'}"


def in_words(count: int) -> str:
    """Write a small number as a word."""
    return _WORDS[count] if count < len(_WORDS) else str(count)


def in_bytes(count: int) -> str:
    """Write a number of bytes."""
    return f"{count} byte{'' if count == 1 else 's'}"
