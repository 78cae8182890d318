"""Columns of days and moments: numbers since an epoch, and calendar dates in BCD."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from yohaku.codec.columns.arrays import both, within
from yohaku.codec.columns.base import Column
from yohaku.codec.columns.numbers import Numbers

if TYPE_CHECKING:
    from datetime import date

    from yohaku.codec.columns.arrays import Array


class Since(Numbers):
    """Moments or days as numbers of a unit since an epoch.

    Args:
        bits: width of the number.
        epoch: what is written as 0.
        unit: numpy's letter of the unit: ``D``, ``m``, ``s``.
        most: largest number.
    """

    def __init__(self, bits: int, epoch: date, unit: str, most: int) -> None:
        super().__init__(bits, 0, most)
        self.epoch, self.unit = np.datetime64(epoch.isoformat()).astype(f"datetime64[{unit}]"), unit

    def values_of(self, numbers: Array) -> tuple[Array, Array | None]:
        """Add the epoch."""
        right = within(numbers, 0, self.most) if self.narrow else None
        return self.epoch + numbers.astype(np.int64).astype(f"timedelta64[{self.unit}]"), right

    def numbers_of(self, values: Array) -> tuple[Array, Array | None]:
        """Subtract the epoch; finer moments than the unit are refused."""
        moments = np.asarray(values, "datetime64")
        units = moments.astype(f"datetime64[{self.unit}]", copy=False)
        numbers = (units - self.epoch).view(np.int64)
        even = None if units.dtype == moments.dtype else units == moments
        return numbers, both(even, within(numbers, 0, self.most))

    def texts(self, values: Array) -> list[str]:
        """Give ISO 8601, moments in UTC."""
        return iso_texts(values)

    def values(self, texts: list[str]) -> Array | None:
        """Take ISO 8601 in the form that ``texts`` gives."""
        return iso_values(texts, days=self.unit == "D")


class BcdDates(Column):
    """Dates as eight BCD digits."""

    speaks = True

    def read(self, raw: Array) -> tuple[Array, Array | None]:
        """Look up the year's first day, then the day of the year."""
        pairs = np.ascontiguousarray(raw).view(">u2")
        starts, of_year = calendar()
        year = starts[pairs[..., 0]]
        place = of_year[(year & 1) << 16 | pairs[..., 1]]
        days = (year >> 1) + place
        if not days.size or int(days.min()) > BEFORE_ALL:
            return days.astype(np.int64).view("datetime64[D]"), None
        return days.astype(np.int64).view("datetime64[D]"), days > BEFORE_ALL

    def write(self, values: Array, raw: Array) -> Array | None:
        """Take days of the years 1 to 9999."""
        days = np.asarray(values, "datetime64[D]")
        numbers = days.view(np.int64) - FIRST_USUAL
        usual = usual_days()
        if within(numbers, 0, len(usual) - 1) is not None:
            encoded, right = bcd_of_days(days)
            raw.view(">u4")[..., 0] = encoded
            return right
        raw.view(">u4")[..., 0] = usual[numbers]
        return None

    def texts(self, values: Array) -> list[str]:
        """Give ISO 8601."""
        return iso_texts(values)

    def values(self, texts: list[str]) -> Array | None:
        """Take ISO 8601 in the form that ``texts`` gives."""
        return iso_values(texts, days=True)


_UTC = "+00:00"


def iso_texts(values: Array) -> list[str]:
    """Write days, or moments in UTC with seconds, in ISO 8601."""
    if values.dtype == np.dtype("datetime64[D]"):
        return list(np.datetime_as_string(values).tolist())
    return [moment + _UTC for moment in np.datetime_as_string(values, unit="s").tolist()]


def iso_values(texts: list[str], *, days: bool) -> Array | None:
    """Read what ``iso_texts`` writes; None when one of the texts is in another form."""
    held = np.array(texts)
    pattern = _DAY if days else _MOMENT
    if held.dtype.itemsize != pattern.nbytes:
        return None
    letters = held.view(np.uint32).reshape(len(texts), -1)
    fixed = pattern != ord("d")
    if (letters[:, fixed] != pattern[fixed]).any() or (letters[:, ~fixed] - ord("0") > 9).any():
        return None
    try:
        return held.astype("datetime64[D]") if days else held.astype("U19").astype("datetime64[s]")
    except ValueError:
        return None


_DAY, _MOMENT = (np.array([text]).view(np.uint32) for text in ("dddd-dd-dd", f"dddd-dd-ddTdd:dd:dd{_UTC}"))
"""The characters of the forms, d for any digit."""
BEFORE_ALL = -1_000_000
"""A day number before 0001-01-01; sums with the mark of a wrong year, month or day stay below it."""
FIRST_USUAL, LAST_USUAL = -25_567, 84_005
"""Day numbers of 1900-01-01 and 2199-12-31, whose encodings are kept in a table."""
_WRONG = 8 * BEFORE_ALL


@cache
def calendar() -> tuple[Array, Array]:
    """Give tables by two BCD bytes: twice a year's first day, one more when it is leap; and the day of the year.

    The second table has common years first, then leap years.
    """
    numbers = np.arange(1 << 16, dtype=np.uint32)
    nibbles = [numbers >> shift & 0xF for shift in (12, 8, 4, 0)]
    digits = np.all([nibble < 10 for nibble in nibbles], axis=0)
    high, low = nibbles[0] * 10 + nibbles[1], nibbles[2] * 10 + nibbles[3]
    year = np.where(digits, high * 100 + low, 0).astype(np.int64)
    starts = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]").view(np.int64)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    of_year = [_days_of_year(first, digits, high, low) for first in ("2001-01", "2000-01")]
    return (np.where(year > 0, starts, _WRONG) * 2 + leap).astype(np.int32), np.concatenate(of_year)


def _days_of_year(first: str, digits: Array, month: Array, day: Array) -> Array:
    """Give the day of the year, from 0, by month and day; far below 0 where no calendar has them."""
    start = np.datetime64(first, "M")
    months = np.arange(start, start + np.timedelta64(13, "M")).astype("datetime64[D]")
    before = (months - months[0]).astype(np.int64)
    index = np.clip(month, 1, 12) - 1
    right = digits & (month > 0) & (month < 13) & (day > 0) & (day <= np.diff(before)[index])
    return np.where(right, before[index] + day - 1, _WRONG).astype(np.int32)


@cache
def usual_days() -> Array:
    """Give the encodings of the days from 1900 to 2199."""
    return bcd_of_days(np.arange(FIRST_USUAL, LAST_USUAL + 1).astype("datetime64[D]"))[0]


def bcd_of_days(days: Array) -> tuple[Array, Array | None]:
    """Give YYYYMMDD in BCD as numbers, and where the year has one to four digits."""
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    year = years.astype(np.int64) + 1970
    parts = (year // 100, year % 100, (months - years).astype(np.int64) + 1, (days - months).astype(np.int64) + 1)
    number = np.zeros(days.shape, np.int64)
    for part in parts:
        number = number << 8 | part + 6 * (part // 10)
    there = ~np.isnat(days)
    return (number & 0xFFFFFFFF).astype(np.uint32), both(within(year, 1, 9999), None if there.all() else there)
