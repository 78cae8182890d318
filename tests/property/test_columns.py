"""Columns of a file of records say what its records say, refuse what they refuse and write the same bytes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntFlag
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yohaku import Record, field, reserved, reserved_bits
from yohaku.errors import DecodeError, EncodeError, Fault, SchemaError
from yohaku.fields import (
    Blob,
    Choice,
    Coded,
    CodeTable,
    Date,
    DayNumber,
    Digits,
    Flag,
    Flags,
    Int,
    MinuteOfDay,
    Money,
    MunicipalityCode,
    PackedDigits,
    Prefixed,
    Repeat,
    Text,
    Timestamp,
    UInt,
)

np = pytest.importorskip("numpy")


class Colour(Enum):
    RED = 1
    BLUE = 70


class Organs(IntFlag):
    HEART = 1
    EYES = 4


class Inner(Record):
    number: int = field(UInt(24))
    colour: Colour = field(Choice(Colour))
    days: tuple[date, ...] = field(Repeat(Date(), 2))


class Everything(Record):
    code: str = field(MunicipalityCode())
    five: str = field(MunicipalityCode(5))
    digits: str = field(Digits(3))
    phone: str = field(PackedDigits(5, least=2))
    name: str = field(Text(8))
    kana: str = field(Text(4, "shift_jis"))
    day: date = field(Date())
    number: date = field(DayNumber(16))
    at: datetime = field(Timestamp(4))
    late: datetime = field(Timestamp(5))
    blob: bytes = field(Blob(3))
    _gap = reserved(3)
    flag: bool = field(Flag())
    organs: Organs = field(Flags(Organs, bits=3))
    small: int = field(Int(7))
    narrow: int = field(UInt(5, least=3, most=20))
    wide: int = field(Int(64))
    little: int = field(Int(16, order="little"))
    money: Any = field(Money(16, scale=2))
    inner: Inner = field(Inner)
    log: tuple[Inner, ...] = field(Repeat(Inner, 3))


def moments(seconds: int) -> st.SearchStrategy[datetime]:
    return st.integers(0, seconds).map(lambda number: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number))


DIGITS = "0123456789"
INNERS = st.builds(
    Inner,
    number=st.integers(0, 0xFFFFFF),
    colour=st.sampled_from(Colour),
    days=st.tuples(st.dates(), st.dates(date(1900, 1, 1), date(2199, 12, 31))),
)
RECORDS = st.builds(
    Everything,
    code=st.sampled_from(["372013", "131016", "011002"]),
    five=st.text(DIGITS, min_size=5, max_size=5),
    digits=st.text(DIGITS, min_size=3, max_size=3),
    phone=st.text(DIGITS, min_size=2, max_size=5),
    name=st.text("aé見本", max_size=2),
    kana=st.text("a見", max_size=2),
    day=st.dates(),
    number=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    at=moments(0xFFFFFFFF),
    late=moments(1 << 33),
    blob=st.binary(min_size=3, max_size=3),
    flag=st.booleans(),
    organs=st.sampled_from([Organs(0), Organs.HEART, Organs.HEART | Organs.EYES]),
    small=st.integers(-64, 63),
    narrow=st.integers(3, 20),
    wide=st.integers(-(1 << 63), (1 << 63) - 1),
    little=st.integers(-(1 << 15), (1 << 15) - 1),
    money=st.integers(0, 0xFFFF).map(lambda cents: Decimal(cents).scaleb(-2)),
    inner=INNERS,
    log=st.tuples(INNERS, INNERS, INNERS),
)


def cell(value: Any) -> Any:
    """Give a value of a record as a column has it."""
    if isinstance(value, Enum) and not isinstance(value, IntFlag):
        return value.value
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return value


def plain(value: Any, text: str | None) -> Any:
    """Give an item of a column as a record has it."""
    item = value.item() if hasattr(value, "item") else value
    return item.decode(text) if text and isinstance(item, bytes) else item


def row(columns: Any, name: str, index: int, text: str | None = "utf-8") -> Any:
    array = columns[name][index]
    if not getattr(array, "ndim", 0):
        return plain(array, text)
    return [[plain(item, None) for item in line] for line in np.atleast_2d(array)]


@settings(max_examples=60, deadline=None)
@given(st.lists(RECORDS, max_size=4))
def test_columns_say_what_records_say(records: list[Everything]) -> None:
    data = b"".join(record.encode() for record in records)
    columns = Everything.columns(data)
    for index, record in enumerate(records):
        for name in ("code", "five", "digits", "phone", "name", "day", "number", "at", "late", "flag", "small"):
            assert row(columns, name, index) == cell(getattr(record, name)), name
        for name in ("organs", "narrow", "wide", "little", "money"):
            assert row(columns, name, index) == cell(getattr(record, name)), name
        assert row(columns, "kana", index, "shift_jis") == record.kana
        assert columns["blob"][index].item() == record.blob
        assert row(columns, "inner.colour", index) == record.inner.colour.value
        assert row(columns, "inner.days", index) == [list(record.inner.days)]
        assert row(columns, "log.number", index) == [[inner.number for inner in record.log]]
        assert row(columns, "log.days", index) == [list(inner.days) for inner in record.log]
    assert columns.encode() == data
    assert Everything.encode_columns(dict(columns)) == data


@settings(max_examples=200, deadline=None)
@given(st.lists(RECORDS, min_size=1, max_size=3), st.data())
def test_bytes_are_refused_exactly_when_a_record_is(records: list[Everything], data: st.DataObject) -> None:
    raw = bytearray(b"".join(record.encode() for record in records))
    for _ in range(2):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    size = len(raw) // len(records)
    faults = []
    for index in range(len(records)):
        try:
            Everything.decode(bytes(raw[index * size : (index + 1) * size]))
        except DecodeError as error:
            faults += [fault.under(index, index * size) for fault in error.faults]
    found: tuple[Fault, ...] = ()
    again = b""
    try:
        columns = Everything.columns(bytes(raw))
        for name in ("name", "kana"):
            columns.text(name)
        again = columns.encode()
    except DecodeError as error:
        found = error.faults
    assert bool(found) is bool(faults)
    assert again == (b"" if faults else raw)
    assert set(found) <= set(faults) or found[0].path[:1] in {("name",), ("kana",)}


class Small(Record):
    number: int = field(UInt(12, most=3000))
    flag: bool = field(Flag())
    _spare = reserved_bits(3)
    colour: Colour = field(Choice(Colour))
    text: str = field(Text(4))
    day: date = field(Date())
    digits: str = field(PackedDigits(3))


GOOD: dict[str, Any] = {
    "number": [1, 3000],
    "flag": [True, False],
    "colour": [1, 70],
    "text": ["a", "見"],
    "day": ["2026-04-01", "1800-02-28"],
    "digits": ["123", "456"],
}


class Shared(Record):
    opens: time = field(MinuteOfDay())
    _spare = reserved_bits(1)
    colour: str = field(Coded(CodeTable("colours", 1, {1: "red", 2: "blue"}), bits=4))


def test_fields_that_share_bytes_and_are_no_numbers_are_objects() -> None:
    records = [Shared(opens=time(9, 30), colour="red"), Shared(opens=time(23, 59), colour="blue")] * 2
    data = b"".join(record.encode() for record in records)
    columns = Shared.columns(data)
    assert columns["opens"].tolist() == [record.opens for record in records]
    assert columns["colour"].tolist() == ["red", "blue", "red", "blue"]
    assert columns.encode() == data
    with pytest.raises(EncodeError, match="2 values that do not fit, the first: 'green'"):
        Shared.encode_columns({**columns, "colour": np.array(["red", "green", "red", "green"], object)})
    with pytest.raises(DecodeError, match="colour is 7"):
        Shared.columns(data + b"\0\7")


def test_columns_of_lists_encode() -> None:
    records = [
        Small(number=1, flag=True, colour=Colour.RED, text="a", day=date(2026, 4, 1), digits="123"),
        Small(number=3000, flag=False, colour=Colour.BLUE, text="見", day=date(1800, 2, 28), digits="456"),
    ]
    columns = {**GOOD, "day": np.array(GOOD["day"], "datetime64[D]")}
    assert Small.encode_columns(columns) == b"".join(record.encode() for record in records)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("number", [1, 3001]),
        ("number", [1, -1]),
        ("number", [1.0, 2.0]),
        ("number", [True, False]),
        ("flag", [1, 0]),
        ("colour", [1, 2]),
        ("text", ["a", "12345"]),
        ("text", ["a", "\ue000"]),
        ("text", [b"a", b"\xff"]),
        ("text", [b"a", b"a\0b"]),
        ("text", [1, 2]),
        ("day", np.array(["2026-04-01", "NaT"], "datetime64[D]")),
        ("day", np.array(["2026-04-01", "0000-04-01"], "datetime64[D]")),
        ("digits", ["12", "345"]),
        ("digits", ["12a", "345"]),
        ("digits", ["1234", "345"]),
        ("number", [1]),
        ("number", [[1, 2], [3, 4]]),
    ],
)
def test_values_that_do_not_fit_are_refused(name: str, values: Any) -> None:
    columns = {**GOOD, "day": np.array(GOOD["day"], "datetime64[D]"), name: values}
    with pytest.raises(EncodeError):
        Small.encode_columns(columns)


def test_missing_and_unknown_columns_are_faults() -> None:
    with pytest.raises(EncodeError, match=r"(?s)nothing is no field.*number is missing"):
        Small.encode_columns({**{name: GOOD[name] for name in GOOD if name != "number"}, "nothing": [1, 2]})


def test_a_file_of_another_size_is_refused() -> None:
    with pytest.raises(DecodeError, match="is 5 bytes, no multiple of 13"):
        Small.columns(b"12345")


def test_records_of_no_fixed_size_have_no_columns() -> None:
    class Open(Record):
        text: str = field(Prefixed(UInt(8), Text(4, padded=False)))

    with pytest.raises(SchemaError, match="always take the same bytes"):
        Open.columns(b"")


class Named(Record):
    name: str = field(Text(8))


@pytest.mark.parametrize(("wrong", "message"), [(b"\xff", "utf-8"), (b"a\0b", "does not fit")])
def test_a_wrong_row_far_down_a_long_file_is_found(wrong: bytes, message: str) -> None:
    rows = [b"abc"] * 9_000
    assert Named.encode_columns({"name": np.array(rows)}) == b"abc\0\0\0\0\0" * 9_000
    rows[8_500] = wrong
    with pytest.raises(EncodeError, match=message):
        Named.encode_columns({"name": np.array(rows)})
    with pytest.raises(DecodeError) as caught:
        Named.columns(b"".join(row.ljust(8, b"\0") for row in rows)).text("name")
    assert caught.value.faults
