"""Strategies for the values of field types and records: random ones, with the limits tried often.

A field type that is not registered here still gets values: its example, and whatever random bytes decode to.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import singledispatch
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from yohaku.codec import MISSING, BitField, Dependent, FieldType, FixedField, Refused, Sequence
from yohaku.fields import (
    ERAS,
    AsciiDate,
    BcdNumber,
    Blob,
    Choice,
    Coded,
    CodedText,
    CorporateNumber,
    Counted,
    Date,
    DayNumber,
    Digits,
    EraDate,
    EvmAddress,
    Flag,
    Flags,
    Int,
    InternationalNumber,
    KanaName,
    LocalDateTime,
    MinuteOfDay,
    MinuteStamp,
    Money,
    MunicipalityCode,
    OneOf,
    PackedDecimal,
    PackedDigits,
    PostalCode,
    PublicKey,
    Repeat,
    RepeatBy,
    TelephoneNumber,
    Text,
    TimeOfDay,
    Timestamp,
    UInt,
    VariableBlob,
)
from yohaku.fields.chain import checksummed
from yohaku.fields.codes import check_digit, corporate_check_digit
from yohaku.fields.compound import Wrapper
from yohaku.fields.linked import Optional
from yohaku.fields.tlv import NO_EXTRAS, Template
from yohaku.testing.near import at_limits, broken_records, outside

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.schema import Record

    Strategy = st.SearchStrategy[Any]

R = TypeVar("R", bound="Record")

LONGEST_OPEN_REPEAT = 4
"""Items that a repeat without a limit gets at most."""

_JAPANESE = "ぞポ余白髙﨑葛󠄀ｱﾊﾟ－～¥ÿＡ１　"


def records(record: type[R]) -> st.SearchStrategy[R]:
    """Give records of a class, each of which encodes."""
    strategy: st.SearchStrategy[R] = values_for(record.__field_type__)
    return strategy


def values_for(field_type: FieldType[Any], *, valid: int = 1, limits: int = 0, near: int = 0) -> Strategy:
    """Give values of a field type, each of which encodes unless near misses are asked for.

    Args:
        field_type: the field type.
        valid: weight of any valid values; the limits come up often among them.
        limits: weight of values at the limits alone.
        near: weight of values that are just refused.
    """
    good = st.deferred(lambda: _values(field_type)).filter(_fits(field_type))
    if (valid, limits, near) == (1, 0, 0):
        return good
    return st.one_of([good] * valid + [at_limits(field_type)] * limits + [outside(field_type)] * near)


def near_misses(what: FieldType[Any] | type[Record]) -> Strategy:
    """Give values just outside what a field type takes, or records with one such value.

    None of them encodes: a field type refuses it, a record's ``encode`` raises `EncodeError`.
    """
    return outside(what) if isinstance(what, FieldType) else broken_records(what)


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
    characters = st.characters(exclude_characters="\0", exclude_categories=("Cs", "Co")) | st.sampled_from(_JAPANESE)
    return st.just("") | st.text(characters, max_size=most).map(lambda text: _cut(text, field_type))


def _cut(text: str, field_type: Text) -> str:
    """Drop the characters that the encoding lacks, then characters from the end until the text fits its bytes."""
    fits = _fits(field_type)
    text = "".join(character for character in text if fits(character))
    while text and not fits(text):
        text = text[:-1]
    return text


@_values.register(KanaName)
def _(field_type: KanaName) -> Strategy:
    return st.text("ｱｲｳｶﾞﾊﾟﾝABC .,-", max_size=field_type.most)


@_values.register(AsciiDate)
def _(_field_type: AsciiDate) -> Strategy:
    return st.dates()


@_values.register(EraDate)
def _(field_type: EraDate) -> Strategy:
    turns = [era.first - timedelta(days=days) for era in ERAS[1:] for days in (0, 1)]
    return st.sampled_from(turns) | st.dates(field_type.earliest, field_type.latest)


@_values.register(MinuteStamp)
def _(field_type: MinuteStamp) -> Strategy:
    return _edges(0, field_type.most).map(lambda minutes: field_type.epoch + timedelta(minutes=minutes))


@_values.register(LocalDateTime)
def _(_field_type: LocalDateTime) -> Strategy:
    return st.datetimes().map(lambda moment: moment.replace(microsecond=0))


@_values.register(TimeOfDay)
def _(field_type: TimeOfDay) -> Strategy:
    return st.builds(time, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59 if field_type.seconds else 0))


@_values.register(MinuteOfDay)
def _(_field_type: MinuteOfDay) -> Strategy:
    return st.builds(time, st.integers(0, 23), st.integers(0, 59))


@_values.register(Money)
def _(field_type: Money) -> Strategy:
    return _edges(field_type.least_units, field_type.most_units).map(
        lambda units: Decimal((int(units < 0), tuple(map(int, str(abs(units)))), -field_type.scale))
    )


@_values.register(BcdNumber)
@_values.register(PackedDecimal)
def _(field_type: BcdNumber | PackedDecimal) -> Strategy:
    return _edges(field_type.least, field_type.most)


@_values.register(TelephoneNumber)
def _(_field_type: TelephoneNumber) -> Strategy:
    return digit_strings(9, 10).map(lambda digits: "0" + digits)


@_values.register(InternationalNumber)
def _(_field_type: InternationalNumber) -> Strategy:
    return st.builds("+{}{}".format, st.sampled_from("123456789"), digit_strings(1, 14))


@_values.register(PostalCode)
def _(_field_type: PostalCode) -> Strategy:
    return digit_strings(7, 7)


@_values.register(CorporateNumber)
def _(_field_type: CorporateNumber) -> Strategy:
    return digit_strings(12, 12).map(lambda digits: corporate_check_digit(digits) + digits)


@_values.register(EvmAddress)
def _(_field_type: EvmAddress) -> Strategy:
    return st.binary(min_size=20, max_size=20).map(checksummed)


@_values.register(PublicKey)
def _(field_type: PublicKey) -> Strategy:
    size = field_type.minimum - bool(field_type.leads)
    leads = st.sampled_from(sorted(field_type.leads) or [b""])
    return st.tuples(leads, st.binary(min_size=size, max_size=size)).map(b"".join)


@_values.register(Coded)
def _(field_type: Coded) -> Strategy:
    return st.sampled_from(sorted(field_type.table.numbers))


@_values.register(CodedText)
def _(field_type: CodedText) -> Strategy:
    return st.sampled_from(sorted(field_type.table.numbers)) | values_for(field_type.text)


@_values.register(OneOf)
def _(field_type: OneOf[Any]) -> Strategy:
    return st.one_of([records(case.record) for case in field_type.cases])


@_values.register(Repeat)
def _(field_type: Repeat[Any]) -> Strategy:
    most = LONGEST_OPEN_REPEAT if field_type.most is None else field_type.most
    return _lists(field_type.item, field_type.count or 0, most)


@_values.register(Counted)
def _(field_type: Counted[Any]) -> Strategy:
    return values_for(field_type.inner)


@_values.register(RepeatBy)
def _(field_type: RepeatBy[Any]) -> Strategy:
    return _lists(field_type.list.item, 0, min(field_type.list.most or LONGEST_OPEN_REPEAT, LONGEST_OPEN_REPEAT))


def _lists(item: FieldType[Any], least: int, most: int) -> Strategy:
    return st.lists(values_for(item), min_size=least, max_size=most).map(tuple)


@_values.register(Optional)
def _(field_type: Optional[Any]) -> Strategy:
    return st.none() | values_for(field_type.inner)


@_values.register(Wrapper)
def _(field_type: Wrapper[Any]) -> Strategy:
    return values_for(field_type.inner)


@_values.register(Sequence)
def _(field_type: Sequence[Any]) -> Strategy:
    members = {item.name: values_for(item.type) for item in field_type.visible}
    return st.fixed_dictionaries(members).map(lambda values: field_type.make(_agreeing(field_type, dict(values))))


def _agreeing(field_type: Sequence[Any], values: dict[str, object]) -> dict[str, object]:
    """Make numbers that size their siblings say so, and leave nothing behind a trailing part that is absent."""
    absent = False
    for item in field_type.visible:
        if isinstance(item.type, Dependent) and item.type.by in values:
            values[item.type.by] = item.type.control_of(values[item.name])
        if item.type.trailing:
            absent = absent or values[item.name] is None
            values[item.name] = None if absent else values[item.name]
    return values


@_values.register(Template)
def _(field_type: Template[Any]) -> Strategy:
    members = {
        item.name: values_for(item.type) if item.default is MISSING else st.none() | values_for(item.type)
        for item in field_type.items
    }
    return st.fixed_dictionaries(members).map(lambda values: field_type.make(dict(values), NO_EXTRAS))
