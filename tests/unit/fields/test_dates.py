"""Dates and times: known encodings, era boundaries, and days and times that do not exist."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest

from yohaku.codec import FieldType, Refused
from yohaku.errors import SchemaError
from yohaku.fields import (
    AsciiDate,
    Date,
    DayNumber,
    EraDate,
    LocalDateTime,
    MinuteOfDay,
    MinuteStamp,
    TimeOfDay,
    Timestamp,
)

JAPAN = timezone(timedelta(hours=9))
NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "digits"),
    [
        (date(1868, 1, 25), "1010125"),
        (date(1912, 7, 29), "1450729"),
        (date(1912, 7, 30), "2010730"),
        (date(1926, 12, 24), "2151224"),
        (date(1926, 12, 25), "3011225"),
        (date(1989, 1, 7), "3640107"),
        (date(1989, 1, 8), "4010108"),
        (date(2019, 4, 30), "4310430"),
        (date(2019, 5, 1), "5010501"),
        (date(2024, 2, 29), "5060229"),
    ],
)
def test_era_dates(day: date, digits: str) -> None:
    assert EraDate().write(day) == digits.encode()
    assert EraDate().unpack(digits.encode()) == day


@pytest.mark.parametrize(
    "digits",
    ["3640108", "4310501", "4000101", "1010124", "5010430", "0010101", "6010101", "5070229", "501 501", "5010000"],
)
def test_era_dates_in_another_form_are_refused(digits: str) -> None:
    with pytest.raises(Refused):
        EraDate().unpack(digits.encode())


@pytest.mark.parametrize("day", [date(1868, 1, 24), date(2118, 1, 1)])
def test_dates_outside_the_eras_are_refused(day: date) -> None:
    with pytest.raises(Refused, match="allowed is 1868-01-25 to 2117-12-31"):
        EraDate().write(day)


@pytest.mark.parametrize(
    ("field", "value", "raw"),
    [
        (Date(), date(2026, 4, 1), "20260401"),
        (Date(), date(1, 1, 1), "00010101"),
        (AsciiDate(), date(1980, 2, 17), "3139383030323137"),  # DF24 of the test card in facts 2.3
        (DayNumber(16), date(2000, 1, 1), "0000"),
        (DayNumber(16), date(2000, 12, 31), "016d"),
        (Timestamp(4), datetime(2026, 4, 1, 9, tzinfo=JAPAN), "69cc6000"),
        (MinuteStamp(24), datetime(2000, 1, 2, tzinfo=UTC), "0005a0"),
        (LocalDateTime(), datetime(2026, 4, 1, 12, 30, 59), "20260401123059"),  # noqa: DTZ001 - local on purpose
        (TimeOfDay(), time(23, 59, 58), "235958"),
        (TimeOfDay(seconds=False), time(23, 59), "2359"),
        (MinuteOfDay(bits=16), time(23, 59), "059f"),
    ],
)
def test_known_encodings(field: FieldType[object], value: object, raw: str) -> None:
    assert field.write(value).hex() == raw
    assert field.read(bytes.fromhex(raw), 0, len(raw) // 2) == (value, len(raw) // 2)


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        (Date(), "20260229"),
        (Date(), "2026a401"),
        (Date(), "00000000"),
        (AsciiDate(), "3230323630323239"),
        (AsciiDate(), "20" * 8),
        (AsciiDate(), "ff" * 8),
        (DayNumber(32), "ffffffff"),
        (Timestamp(5), "ffffffffff"),
        (LocalDateTime(), "20260401240000"),
        (TimeOfDay(), "236000"),
        (TimeOfDay(seconds=False), "2400"),
        (MinuteOfDay(bits=16), "05a0"),
    ],
)
def test_bytes_that_mean_nothing(field: FieldType[object], raw: str) -> None:
    with pytest.raises(Refused):
        field.read(bytes.fromhex(raw), 0, len(raw) // 2)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (Date(), datetime(2026, 4, 1, tzinfo=UTC), "is a datetime, must be a date"),
        (DayNumber(1), date(2000, 1, 3), "is 2000-01-03, allowed is 2000-01-01 to 2000-01-02"),
        (Timestamp(), datetime(2026, 4, 1), "is a datetime, must be a datetime with a time zone"),  # noqa: DTZ001 - naive
        (
            Timestamp(),
            datetime(2026, 4, 1, 0, 0, 0, 1, UTC),
            "has a fraction of a second, which this type does not keep",
        ),
        (
            MinuteStamp(),
            datetime(2026, 4, 1, 0, 0, 1, 0, UTC),
            "has a fraction of a minute, which this type does not keep",
        ),
        (TimeOfDay(seconds=False), time(1, 2, 3), "is 01:02:03, which has seconds; this type keeps minutes"),
        (MinuteOfDay(), time(1, 2, tzinfo=UTC), "is a time, must be a time of day without a time zone"),
    ],
)
def test_values_that_do_not_fit(field: FieldType[object], value: object, text: str) -> None:
    with pytest.raises(Refused) as caught:
        field.write(value)
    assert caught.value.faults[0].message == text


@pytest.mark.parametrize("wrong", ["2026-4-1", "20260401", "2026-W14-3", "2026-02-29", 20260401, None])
def test_json_dates_have_one_form(wrong: str) -> None:
    with pytest.raises(Refused, match="must be a date YYYY-MM-DD"):
        Date().from_json(wrong)


def test_declarations_that_contradict_themselves() -> None:
    for declare in (
        lambda: DayNumber(0),
        lambda: Timestamp(3),
        lambda: MinuteOfDay(bits=10),
        lambda: MinuteStamp(epoch=datetime(2000, 1, 1)),  # noqa: DTZ001 - that is the fault
    ):
        with pytest.raises(SchemaError):
            declare()
