"""Strategies for the values of field types and records: random ones, with the limits tried often.

A field type that is not registered here still gets values: its example, and whatever random bytes decode to.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import singledispatch
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from yohaku.codec import MISSING, BitField, FieldType, FixedField, Refused, Sequence
from yohaku.fields import (
    Blob,
    Choice,
    Date,
    DayNumber,
    Digits,
    Flag,
    Flags,
    Int,
    MunicipalityCode,
    PackedDigits,
    Repeat,
    Text,
    Timestamp,
    UInt,
    VariableBlob,
)
from yohaku.fields.codes import check_digit
from yohaku.fields.compound import Wrapper
from yohaku.fields.tlv import NO_EXTRAS, Template

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.schema import Record

    Strategy = st.SearchStrategy[Any]

R = TypeVar("R", bound="Record")

LONGEST_OPEN_REPEAT = 4
"""Items that a repeat without a limit gets at most."""


def records(record: type[R]) -> st.SearchStrategy[R]:
    """Give records of a class, each of which encodes."""
    strategy: st.SearchStrategy[R] = values_for(record.__field_type__)
    return strategy


def values_for(field_type: FieldType[Any]) -> Strategy:
    """Give values of a field type, each of which encodes; its limits come up often."""
    return st.deferred(lambda: _values(field_type)).filter(_fits(field_type))


def _fits(field_type: FieldType[Any]) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        try:
            field_type.write(value)
        except Refused:
            return False
        return True

    return fits


@singledispatch
def _values(field_type: FieldType[Any]) -> Strategy:
    if isinstance(field_type, BitField):
        return _decoded(st.integers(0, (1 << field_type.bits) - 1), field_type.from_bits, field_type)
    if isinstance(field_type, FixedField):
        raw = st.binary(min_size=field_type.minimum, max_size=field_type.minimum)
        return _decoded(raw, field_type.unpack, field_type)
    most = field_type.minimum + 16 if field_type.maximum is None else field_type.maximum
    raw = st.binary(min_size=field_type.minimum, max_size=most)
    return _decoded(raw, lambda data: field_type.read(data, 0, len(data))[0], field_type)


def _decoded(raw: Strategy, decode: Callable[[Any], Any], field_type: FieldType[Any]) -> Strategy:
    """Give what random encodings mean, or the example where they mean nothing."""

    def meaning(encoded: Any) -> Any:
        try:
            return decode(encoded)
        except Refused:
            return field_type.example()

    return st.just(field_type.example()) | raw.map(meaning)


def _edges(least: int, most: int) -> Strategy:
    return st.sampled_from((least, most, min(least + 1, most), max(most - 1, least))) | st.integers(least, most)


@_values.register(UInt)
def _(field_type: UInt) -> Strategy:
    return _edges(field_type.least, field_type.most)


@_values.register(Int)
def _(field_type: Int) -> Strategy:
    return _edges(field_type.least, field_type.most)


@_values.register(Flag)
def _(_field_type: Flag) -> Strategy:
    return st.booleans()


@_values.register(Choice)
def _(field_type: Choice[Any]) -> Strategy:
    return st.sampled_from(list(field_type.by_number.values()))


@_values.register(Flags)
def _(field_type: Flags[Any]) -> Strategy:
    return st.lists(st.sampled_from(list(field_type.by_name.values())), unique=True).map(
        lambda flags: field_type.flags(sum(int(flag) for flag in flags))
    )


def digit_strings(least: int, most: int) -> st.SearchStrategy[str]:
    """Give strings of ASCII digits."""
    return st.text("0123456789", min_size=least, max_size=most)


@_values.register(Digits)
def _(field_type: Digits) -> Strategy:
    return digit_strings(field_type.count, field_type.count)


@_values.register(PackedDigits)
def _(field_type: PackedDigits) -> Strategy:
    return digit_strings(field_type.least, field_type.most)


@_values.register(MunicipalityCode)
def _(field_type: MunicipalityCode) -> Strategy:
    five = digit_strings(5, 5)
    return five if field_type.digits == 5 else five.map(lambda code: code + check_digit(code))


@_values.register(Date)
def _(_field_type: Date) -> Strategy:
    return st.dates()


@_values.register(DayNumber)
def _(field_type: DayNumber) -> Strategy:
    return st.sampled_from((field_type.epoch, field_type.latest)) | st.dates(field_type.epoch, field_type.latest)


@_values.register(Timestamp)
def _(field_type: Timestamp) -> Strategy:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return _edges(0, field_type.most).map(lambda seconds: start + timedelta(seconds=seconds))


@_values.register(Blob)
def _(field_type: Blob) -> Strategy:
    return st.binary(min_size=field_type.minimum, max_size=field_type.minimum)


@_values.register(VariableBlob)
def _(field_type: VariableBlob) -> Strategy:
    return st.binary(max_size=field_type.maximum)


@_values.register(Text)
def _(field_type: Text) -> Strategy:
    most = field_type.maximum or 0
    characters = st.characters(codec=field_type.encoding, exclude_characters="\0", exclude_categories=("Cs", "Co"))
    return st.just("") | st.text(characters, max_size=most).map(lambda text: _cut(text, field_type))


def _cut(text: str, field_type: Text) -> str:
    """Drop characters from the end until the text fits its bytes."""
    while text and not _fits(field_type)(text):
        text = text[:-1]
    return text


@_values.register(Repeat)
def _(field_type: Repeat[Any]) -> Strategy:
    least = field_type.count or 0
    most = LONGEST_OPEN_REPEAT if field_type.most is None else field_type.most
    return st.lists(values_for(field_type.item), min_size=least, max_size=most).map(tuple)


@_values.register(Wrapper)
def _(field_type: Wrapper[Any]) -> Strategy:
    return values_for(field_type.inner)


@_values.register(Sequence)
def _(field_type: Sequence[Any]) -> Strategy:
    members = {item.name: values_for(item.type) for item in field_type.visible}
    return st.fixed_dictionaries(members).map(field_type.make)


@_values.register(Template)
def _(field_type: Template[Any]) -> Strategy:
    members = {
        item.name: values_for(item.type) if item.default is MISSING else st.none() | values_for(item.type)
        for item in field_type.items
    }
    return st.fixed_dictionaries(members).map(lambda values: field_type.make(dict(values), NO_EXTRAS))
