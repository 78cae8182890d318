"""How densely a record uses its bits: what each field spends, what its values need, what a tighter type would save.

The bits that a field needs are the logarithm to base 2 of the number of its values. A field type that this module does
not know is taken at its word: an attribute ``value_bits``, or limits ``least`` and ``most``, or every bit that it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import singledispatch
from math import log2
from typing import TYPE_CHECKING, Any

from yohaku.codec import BitField, FieldType, Hidden
from yohaku.fields import (
    Choice,
    Date,
    DayNumber,
    Digits,
    Flag,
    Flags,
    MunicipalityCode,
    PackedDigits,
    ReservedBits,
    Text,
    Timestamp,
    UInt,
)
from yohaku.fields.compound import Wrapper
from yohaku.schema.places import record_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.codec import Json
    from yohaku.schema.applet import Applet
    from yohaku.schema.places import Place
    from yohaku.schema.record import Record

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_DIGIT = log2(10)
_YEAR = 365.2425


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


@dataclass(frozen=True, slots=True)
class FieldDensity:
    """What one field spends.

    Attributes:
        path: its path in the record.
        label: the Japanese name.
        english: the English name.
        type: the field type.
        count: how many times the field is there at most; more than 1 inside a list of variable length.
        spent: bits that it takes at most, its tag and length included.
        needed: bits that the number of its values needs.
        saves: bits that the tighter type would save; 0 when there is none.
        advice: a sentence about it; empty when there is nothing to say.
        hidden: reserved or constant, so that no value needs it.
    """

    path: str
    label: str
    english: str
    type: str
    count: int
    spent: int
    needed: float
    saves: int
    advice: str
    hidden: bool = False

    def to_json(self) -> Json:
        """Give the figures as JSON."""
        return {
            "path": self.path,
            "type": self.type,
            "count": self.count,
            "spent": self.spent,
            "needed": round(self.needed, 1),
            "saves": self.saves,
            "advice": self.advice,
        }


@dataclass(frozen=True, slots=True)
class RecordDensity:
    """What a record spends.

    Attributes:
        name: the record class.
        size: bits of the longest encoding.
        records: how many such records the file has room for.
        fields: the fields in the order of the bytes.
    """

    name: str
    size: int
    records: int
    fields: tuple[FieldDensity, ...]

    @property
    def needed(self) -> float:
        """Bits that the values of all fields need."""
        return sum(field.needed * field.count for field in self.fields)

    @property
    def saves(self) -> int:
        """Bits that the tighter types would save."""
        return sum(field.saves * field.count for field in self.fields)

    @property
    def reserved(self) -> int:
        """Bits that are reserved or constant."""
        return sum(field.spent * field.count for field in self.fields if field.hidden)

    @property
    def share(self) -> float:
        """The part of the bits that carries values, 0 to 1."""
        return self.needed / self.size if self.size else 0.0

    def __str__(self) -> str:
        kept = f", {self.reserved} reserved or constant" if self.reserved else ""
        text = f"{self.name}: {self.size} bits, {_short(self.needed)} needed ({self.share:.0%}){kept}"
        saved = self.saves // 8
        if not saved:
            return text
        total = f" a record, {_bytes(saved * self.records)} in all" if self.records > 1 else ""
        return f"{text}; tighter types save {_bytes(saved)}{total}"

    def to_json(self) -> Json:
        """Give the figures as JSON."""
        return {
            "record": self.name,
            "bits": self.size,
            "needed": round(self.needed, 1),
            "reserved": self.reserved,
            "saves": self.saves,
            "records": self.records,
            "fields": [field.to_json() for field in self.fields],
        }


def record_density(record: type[Record], *, records: int = 1) -> RecordDensity:
    """Compare what each field of a record spends with what its values need.

    Args:
        record: the record class.
        records: how many such records a file has room for, for the total.
    """
    root = record_tree(record)
    size = root.minimum if root.maximum is None else root.maximum
    return RecordDensity(record.__name__, size * 8, records, tuple(_fields(root, 1)))


def applet_density(applet: type[Applet]) -> dict[str, RecordDensity]:
    """Give the density of the record of each file, by the file's name."""
    return {
        name: record_density(file.record, records=getattr(file, "records", 1)) for name, file in applet.files().items()
    }


def _fields(place: Place, count: int) -> Iterator[FieldDensity]:
    for child in place.children:
        times = count * _times(place, child)
        if child.children:
            yield from _fields(child, times)
        elif child.source is not None:
            yield _field(child, child.source, times)


def _times(place: Place, child: Place) -> int:
    """Give how often an item of an open list can be there; its place stands for all of them."""
    return place.items[1] or 1 if place.items and child.path.endswith("[]") else 1


def _field(place: Place, type_: FieldType[Any], count: int) -> FieldDensity:
    bits = place.bits if place.bits is not None else (place.maximum or place.minimum) * 8
    inner = _bare(type_)
    needed = bits_needed(inner)
    better = _whole(tighter(inner), inner) if place.frame or place.path.endswith("]") else tighter(inner)
    saves = _spent(inner) - better.bits if better else 0
    sentence = _sentence(inner, needed, better) if better else ""
    return FieldDensity(
        place.path, place.label, place.english, type_.type_name, count, bits, needed, saves, sentence, place.hidden
    )


def _whole(better: Tighter | None, type_: FieldType[Any]) -> Tighter | None:
    """Keep a proposal only if it saves a whole byte: a field with its own tag, length or index shares none."""
    if better is None or (better.bits < _spent(type_) and -(-better.bits // 8) * 8 >= _spent(type_)):
        return None
    return better


def _sentence(type_: FieldType[Any], needed: float, better: Tighter) -> str:
    spent = _spent(type_)
    judged = f", {_short(needed)} needed" if better.bits < spent else ""
    return f"{better.what}: {spent} bits{judged}; {better.instead}"


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _bare(type_: FieldType[Any]) -> FieldType[Any]:
    """Take off the tags and lengths around a value."""
    while isinstance(type_, Wrapper):
        type_ = type_.inner
    return type_


def _spent(type_: FieldType[Any]) -> int:
    if isinstance(type_, BitField):
        return type_.bits
    return (type_.minimum if type_.maximum is None else type_.maximum) * 8


@singledispatch
def bits_needed(type_: FieldType[Any]) -> float:
    """Give the logarithm to base 2 of the number of values of a type; register a function for a type of your own."""
    stated = getattr(type_, "value_bits", None)
    if isinstance(stated, int | float):
        return float(stated)
    least, most = getattr(type_, "least", None), getattr(type_, "most", None)
    if isinstance(type_, BitField) and isinstance(least, int) and isinstance(most, int):
        return log2(most - least + 1)
    return float(_spent(type_))


@bits_needed.register(Hidden)
@bits_needed.register(ReservedBits)
def _(type_: FieldType[Any]) -> float:  # noqa: ARG001 - the same for all
    return 0.0


@bits_needed.register
def _(type_: Flag) -> float:  # noqa: ARG001 - the same for all
    return 1.0


@bits_needed.register(Choice)
def _(type_: Choice[Any]) -> float:
    return log2(len(type_.by_number))


@bits_needed.register(Flags)
def _(type_: Flags[Any]) -> float:
    return float(type_.known.bit_count())


@bits_needed.register
def _(type_: Digits) -> float:
    return type_.count * _DIGIT


@bits_needed.register
def _(type_: PackedDigits) -> float:
    return log2(sum(10**count for count in range(type_.least, type_.most + 1)))


@bits_needed.register
def _(type_: MunicipalityCode) -> float:  # noqa: ARG001 - the sixth digit follows from the other five
    return 5 * _DIGIT


@bits_needed.register
def _(type_: Date) -> float:  # noqa: ARG001 - the same for all
    return log2(date.max.toordinal())


@bits_needed.register
def _(type_: DayNumber) -> float:
    return log2((type_.latest - type_.epoch).days + 1)


@bits_needed.register
def _(type_: Timestamp) -> float:
    return log2(type_.most + 1)


@singledispatch
def tighter(type_: FieldType[Any]) -> Tighter | None:  # noqa: ARG001 - nothing is known of other types
    """Give a way to write the same values in fewer bits, or None; register a function for a type of your own."""
    return None


@tighter.register
def _(type_: Digits) -> Tighter | None:
    packed = (type_.count + 1) // 2
    if packed == type_.count:
        return None
    instead = f"PackedDigits({type_.count}) saves {_bytes(type_.count - packed)}"
    return Tighter(packed * 8, f"{_word(type_.count)} ASCII digits", instead)


@tighter.register
def _(type_: Date) -> Tighter | None:  # noqa: ARG001 - the same for all
    years = int((1 << 14) / _YEAR), int((1 << 16) / _YEAR)
    instead = f"a 14-bit day number covers {years[0]} years, DayNumber(16) covers {years[1]} and saves two bytes"
    return Tighter(16, "BCD date", instead)


@tighter.register(Choice)
def _(type_: Choice[Any]) -> Tighter | None:
    count = len(type_.by_number)
    width = max(max(type_.by_number).bit_length(), 1)
    members = f"{_word(count)} members"
    return _narrow(type_, width, members, f"Choice({type_.enum.__name__}, bits={width})")


@tighter.register(Flags)
def _(type_: Flags[Any]) -> Tighter | None:
    width = type_.known.bit_length()
    return _narrow(type_, width, f"{_word(width)} flags", f"Flags({type_.flags.__name__}, bits={width})")


@tighter.register
def _(type_: Flag) -> Tighter | None:
    return _narrow(type_, 1, "a truth value", "Flag()")


@tighter.register
def _(type_: UInt) -> Tighter | None:
    width = max(type_.most.bit_length(), 1)
    return _narrow(type_, width, f"numbers to {type_.most}", f"UInt({width}, most={type_.most})")


def _narrow(type_: BitField[Any], width: int, what: str, instead: str) -> Tighter | None:
    """Propose a field of fewer bits, which shares its byte with neighbours that are narrow too."""
    saved = type_.bits - width
    if saved < 1:
        return None
    room = f"{instead} beside other narrow fields saves {saved} bit{'' if saved == 1 else 's'}"
    return Tighter(width, what, room)


@tighter.register
def _(type_: Text) -> Tighter | None:
    """Say what a kanji costs; the saving is not counted, for the smaller set lacks characters of some names."""
    budget = type_.maximum or 0
    if type_.encoding != "utf-8" or budget < 3:
        return None
    kanji = budget // 3
    what = f"utf-8 text for {kanji} kanji"
    instead = f"shift_jis writes as many in {_bytes(kanji * 2)}, where its characters are enough"
    return Tighter(budget * 8, what, instead)


def _word(count: int) -> str:
    return _WORDS[count] if count < len(_WORDS) else str(count)


def _bytes(count: int) -> str:
    return f"{_word(count)} byte{'' if count == 1 else 's'}"
