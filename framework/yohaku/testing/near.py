"""Values at the limits of field types, and values just outside them, which no codec may take."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from yohaku.codec import FieldType, Refused, Sequence
from yohaku.fields import (
    BcdNumber,
    Blob,
    Choice,
    Date,
    DayNumber,
    Digits,
    EraDate,
    Flags,
    Int,
    Money,
    PackedDecimal,
    PackedDigits,
    Repeat,
    Text,
    Timestamp,
    UInt,
    VariableBlob,
)
from yohaku.fields.compound import Wrapper

if TYPE_CHECKING:
    from collections.abc import Iterable

ODD = (None, "", "x", b"", b"\0", -1, 1 << 70, 1.5, True, (), [None], date(1, 1, 1), Decimal("NaN"))
"""Values of every kind: where a field type says nothing else, those that it refuses are its near misses."""
_WIDE = "０１２３"
"""Digits that are none to a card: full width, as an input method leaves them."""


def refuses(field_type: FieldType[Any], value: object) -> bool:
    """Whether a field type does not encode a value."""
    try:
        field_type.write(value)
    except Refused:
        return True
    return False


def at_limits(field_type: FieldType[Any]) -> st.SearchStrategy[Any]:
    """Give the smallest and largest, shortest and longest values that a field type takes."""
    taken = [value for value in limits(field_type) if not refuses(field_type, value)]
    return st.sampled_from(taken or [field_type.example()])


def outside(field_type: FieldType[Any]) -> st.SearchStrategy[Any]:
    """Give values that a field type refuses: one beyond a limit, one character too many, another type."""
    beyond = [value for value in _beyond(field_type) if refuses(field_type, value)]
    odd = [value for value in ODD if refuses(field_type, value)]
    kinds = [st.sampled_from(one) for one in (beyond, odd) if one]
    return st.one_of(kinds) if kinds else st.nothing()


def broken_records(record: Any) -> st.SearchStrategy[Any]:
    """Give records of a class with one field that holds a value just outside."""
    from yohaku.testing.values import values_for

    misses = {item.name: outside(item.type) for item in _visible(record)}
    names = [name for name, strategy in misses.items() if not strategy.is_empty]
    if not names:
        return st.nothing()
    whole: FieldType[Any] = record.__field_type__
    one = st.sampled_from(names).flatmap(lambda name: st.tuples(st.just(name), misses[name]))
    made = st.builds(lambda good, miss: _with(good, *miss), values_for(whole), one)
    return made.filter(lambda value: refuses(whole, value))


def _visible(record: Any) -> Iterable[Any]:
    whole = record.__field_type__
    return whole.visible if isinstance(whole, Sequence) else whole.items


def _with(record: Any, name: str, value: object) -> Any:
    """Give a record with one other value, which need not fit: nothing is checked before it is encoded."""
    values = {item.name: getattr(record, item.name) for item in _visible(type(record))}
    return type(record)(**values | {name: value})


@singledispatch
def limits(field_type: FieldType[Any]) -> Iterable[Any]:
    """Give values at the limits of a field type; those that it does not take are left out later."""
    return (field_type.example(),)


@singledispatch
def _beyond(field_type: FieldType[Any]) -> Iterable[Any]:
    del field_type
    return ()


@limits.register(UInt)
@limits.register(Int)
@limits.register(BcdNumber)
@limits.register(PackedDecimal)
def _(field_type: UInt | Int | BcdNumber | PackedDecimal) -> Iterable[Any]:
    return field_type.least, field_type.least + 1, field_type.most - 1, field_type.most


@_beyond.register(UInt)
@_beyond.register(Int)
@_beyond.register(BcdNumber)
@_beyond.register(PackedDecimal)
def _(field_type: UInt | Int | BcdNumber | PackedDecimal) -> Iterable[Any]:
    return field_type.least - 1, field_type.most + 1, str(field_type.least), float(field_type.least)


@limits.register(Money)
def _(field_type: Money) -> Iterable[Any]:
    return _money(field_type.least_units, field_type), _money(field_type.most_units, field_type)


@_beyond.register(Money)
def _(field_type: Money) -> Iterable[Any]:
    finer = Decimal((0, (1,), -field_type.scale - 1))
    return _money(field_type.least_units - 1, field_type), _money(field_type.most_units + 1, field_type), finer


def _money(units: int, field_type: Money) -> Decimal:
    return Decimal((int(units < 0), tuple(map(int, str(abs(units)))), -field_type.scale))


@limits.register(Digits)
def _(field_type: Digits) -> Iterable[Any]:
    return "0" * field_type.count, "9" * field_type.count


@_beyond.register(Digits)
def _(field_type: Digits) -> Iterable[Any]:
    return _no_digits(field_type.count, field_type.count)


@limits.register(PackedDigits)
def _(field_type: PackedDigits) -> Iterable[Any]:
    return "0" * field_type.least, "9" * field_type.most


@_beyond.register(PackedDigits)
def _(field_type: PackedDigits) -> Iterable[Any]:
    return _no_digits(field_type.least, field_type.most)


def _no_digits(least: int, most: int) -> Iterable[Any]:
    wide = (_WIDE * most)[:most]
    return "0" * (most + 1), "0" * max(least - 1, 0), "0" * (most - 1) + "a", wide, "0" * (most - 1) + " ", b"0" * most


@limits.register(Text)
def _(field_type: Text) -> Iterable[Any]:
    most = field_type.maximum or 0
    return "", "a" * most, "あ" * (most // 3), "あ" * (most // 2), "ｱ" * most


@_beyond.register(Text)
def _(field_type: Text) -> Iterable[Any]:
    most = field_type.maximum or 0
    return "a" * (most + 1), "あ" * (most // 2 + 1), "a\0", "\ud800", "a" * most + "あ", b"a"


@limits.register(Blob)
def _(field_type: Blob) -> Iterable[Any]:
    return bytes(field_type.minimum), b"\xff" * field_type.minimum


@_beyond.register(Blob)
def _(field_type: Blob) -> Iterable[Any]:
    return bytes(field_type.minimum - 1), bytes(field_type.minimum + 1), "0" * field_type.minimum


@limits.register(VariableBlob)
def _(field_type: VariableBlob) -> Iterable[Any]:
    return b"", bytes(field_type.maximum or 0)


@_beyond.register(VariableBlob)
def _(field_type: VariableBlob) -> Iterable[Any]:
    return bytes((field_type.maximum or 0) + 1), "0"


@limits.register(Date)
def _(_field_type: Date) -> Iterable[Any]:
    return date.min, date.max, date(2000, 2, 29)


@limits.register(DayNumber)
def _(field_type: DayNumber) -> Iterable[Any]:
    return field_type.epoch, field_type.latest


@_beyond.register(DayNumber)
def _(field_type: DayNumber) -> Iterable[Any]:
    return _days_around(field_type.epoch, field_type.latest)


@limits.register(EraDate)
def _(field_type: EraDate) -> Iterable[Any]:
    return field_type.earliest, field_type.latest


@_beyond.register(EraDate)
def _(field_type: EraDate) -> Iterable[Any]:
    return _days_around(field_type.earliest, field_type.latest)


def _days_around(first: date, last: date) -> Iterable[Any]:
    if first > date.min:
        yield first - timedelta(days=1)
    if last < date.max:
        yield last + timedelta(days=1)


@limits.register(Timestamp)
def _(field_type: Timestamp) -> Iterable[Any]:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return start, start + timedelta(seconds=field_type.most)


@_beyond.register(Timestamp)
def _(_field_type: Timestamp) -> Iterable[Any]:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return start - timedelta(seconds=1), start.replace(tzinfo=None), start + timedelta(microseconds=1)


@limits.register(Choice)
def _(field_type: Choice[Any]) -> Iterable[Any]:
    return field_type.by_number.values()


@_beyond.register(Choice)
def _(field_type: Choice[Any]) -> Iterable[Any]:
    return max(field_type.by_number) + 1, min(field_type.by_number), str(next(iter(field_type.by_number.values())))


@limits.register(Flags)
def _(field_type: Flags[Any]) -> Iterable[Any]:
    return field_type.flags(0), field_type.flags(sum(int(flag) for flag in field_type.by_name.values()))


@limits.register(Repeat)
def _(field_type: Repeat[Any]) -> Iterable[Any]:
    item, most = field_type.item.example(), field_type.most
    return (item,) * (field_type.count or 0), (item,) * (most or 0)


@_beyond.register(Repeat)
def _(field_type: Repeat[Any]) -> Iterable[Any]:
    item, most = field_type.item.example(), field_type.most
    return (item,) * ((field_type.count or 0) - 1), (item,) * ((most or 0) + 1), item


@limits.register(Wrapper)
def _(field_type: Wrapper[Any]) -> Iterable[Any]:
    return limits(field_type.inner)


@_beyond.register(Wrapper)
def _(field_type: Wrapper[Any]) -> Iterable[Any]:
    return _beyond(field_type.inner)
