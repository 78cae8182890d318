"""Dates: Gregorian and era dates in digits, and day numbers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from yohaku.codec import BitField, FieldType, FixedField, Json
from yohaku.codec.fieldtype import a
from yohaku.codec.tables import FROM_BCD, TO_BCD, Table, read_from_table, write_from_table
from yohaku.errors import SchemaError

if TYPE_CHECKING:
    from yohaku.codec.columns import Column
    from yohaku.codec.emit import Reader, Writer

_EXAMPLE = date(2026, 4, 1)


class AnyDate(FieldType[date]):
    """What all types of dates share: plain dates as values, ``YYYY-MM-DD`` (ISO 8601) in JSON."""

    recurring = True

    def to_json(self, value: object) -> Json:
        """Give ``YYYY-MM-DD``."""
        return plain_date(self, value).isoformat()

    def from_json(self, value: Json) -> date:
        """Take ``YYYY-MM-DD``."""
        try:
            day = date.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            day = None
        if day is None or day.isoformat() != value:
            self.refuse(f"is {value!r}, must be a date YYYY-MM-DD")
        return day

    def example(self) -> date:
        """Give 2026-04-01."""
        return _EXAMPLE


class Date(AnyDate, FixedField[date]):
    """A Gregorian date as eight BCD digits YYYYMMDD in 4 bytes."""

    def __init__(self) -> None:
        super().__init__(4)

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        return read_from_table(to, _DATES, 32, hint, self.type_name)

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        write_from_table(to, _CODES, 32, value, self.type_name)

    def column(self) -> Column:
        """Give days."""
        from yohaku.codec.columns import BcdDates

        return BcdDates()

    def write(self, value: object) -> bytes:
        """Take a date and no datetime."""
        return bytes.fromhex(digits_of(plain_date(self, value)))

    def unpack(self, raw: bytes) -> date:
        """Refuse nibbles that are no digits and days that no calendar has."""
        return date_of(self, raw.hex())


class AsciiDate(AnyDate, FixedField[date]):
    """A Gregorian date as eight ASCII digits YYYYMMDD, as the My Number card's own applets store it."""

    def __init__(self) -> None:
        super().__init__(8)

    def write(self, value: object) -> bytes:
        """Take a date and no datetime."""
        return digits_of(plain_date(self, value)).encode("ascii")

    def unpack(self, raw: bytes) -> date:
        """Refuse bytes that are no digits and days that no calendar has."""
        return date_of(self, raw.decode("latin-1"))


class Era(NamedTuple):
    """A Japanese era (元号): its code in ``GYYMMDD``, its name and its first day."""

    code: int
    name: str
    first: date


ERAS = (
    Era(1, "明治", date(1868, 1, 25)),
    Era(2, "大正", date(1912, 7, 30)),
    Era(3, "昭和", date(1926, 12, 25)),
    Era(4, "平成", date(1989, 1, 8)),
    Era(5, "令和", date(2019, 5, 1)),
)
"""The eras since Meiji; a day on which one ends and the next begins belongs to the next."""


class EraDate(AnyDate, FixedField[date]):
    """A date as seven ASCII digits ``GYYMMDD``: era, year of the era, month, day, as the IC driving licence stores it.

    Each date has one form: 1989-01-07 is 3640107 (昭和64年) and the next day 4010108 (平成元年); a day outside its
    era is refused. Dates before 1868-01-25 are refused, as are years of an era past 99. The value is the Gregorian
    date; documents from before 1873 may state the day of the lunar calendar.
    """

    def __init__(self) -> None:
        super().__init__(7)
        self.earliest = ERAS[0].first
        self.latest = date(ERAS[-1].first.year + 98, 12, 31)

    def write(self, value: object) -> bytes:
        """Find the era."""
        day = plain_date(self, value)
        if not self.earliest <= day <= self.latest:
            self.refuse(f"is {day}, allowed is {self.earliest} to {self.latest}")
        era = era_of(day)
        return f"{era.code}{day.year - era.first.year + 1:02}{day:%m%d}".encode("ascii")

    def unpack(self, raw: bytes) -> date:
        """Refuse a day that is not in the era it names."""
        shown = raw.decode("latin-1")
        if not raw.isdigit() or not 1 <= int(shown[0]) <= len(ERAS):
            self.refuse(f"is {shown!r}, must be seven digits GYYMMDD with an era 1 to {len(ERAS)}")
        era = ERAS[int(shown[0]) - 1]
        day = date_of(self, f"{era.first.year - 1 + int(shown[1:3]):04}{shown[3:]}")
        if day < era.first or era_of(day) != era:
            self.refuse(f"is {shown}, but {day} is not in {era.name}")
        return day


class DayNumber(AnyDate, BitField[date]):
    """A date as the number of days since an epoch: 14 bits cover 44 years where BCD takes 32.

    Args:
        bits: width of the day number, 1 to 32.
        epoch: the day that is written as 0.
    """

    def __init__(self, bits: int = 16, *, epoch: date = date(2000, 1, 1)) -> None:
        if not 1 <= bits <= 32:
            raise SchemaError(f"DayNumber({bits}): the width must be 1 to 32 bits")
        super().__init__(bits)
        self.epoch = epoch
        days = min((1 << bits) - 1, (date.max - epoch).days)
        self.latest = epoch + timedelta(days=days)

    @property
    def type_name(self) -> str:
        """``DayNumber(14, 2000-01-01)``."""
        return f"DayNumber({self.bits}, {self.epoch})"

    def to_bits(self, value: object) -> int:
        """Check that the date lies within the epoch's reach."""
        day = plain_date(self, value)
        if not self.epoch <= day <= self.latest:
            self.refuse(f"is {day}, allowed is {self.epoch} to {self.latest}")
        return (day - self.epoch).days

    def from_bits(self, number: int) -> date:
        """Refuse day numbers behind the last date that Python knows."""
        if number > (self.latest - self.epoch).days:
            self.refuse(f"is day {number}, most is {(self.latest - self.epoch).days}")
        return self.epoch + timedelta(days=number)

    def column(self) -> Column:
        """Give days."""
        from yohaku.codec.columns import Since

        return Since(self.bits, self.epoch, "D", (self.latest - self.epoch).days)

    def example(self) -> date:
        """Give 2026-04-01 where it fits, else the epoch."""
        return _EXAMPLE if self.epoch <= _EXAMPLE <= self.latest else self.epoch


_CENTURIES = tuple(100 * number for number in FROM_BCD)
_MONTH_CODES = tuple(code << 8 for code in TO_BCD[:13])
_YEAR_CODES = tuple(code << 16 for code in TO_BCD)
_CENTURY_CODES = tuple(code << 24 for code in TO_BCD)
_DAYS_OF_180_YEARS = 1 << 16


def _from_bcd(number: int) -> date:
    """Give the date of YYYYMMDD in BCD; ValueError when there is none."""
    return date(
        _CENTURIES[number >> 24] + FROM_BCD[number >> 16 & 0xFF], FROM_BCD[number >> 8 & 0xFF], FROM_BCD[number & 0xFF]
    )


def _to_bcd(day: date) -> int:
    """Give YYYYMMDD in BCD; TypeError for anything but a plain date."""
    if type(day) is not date:
        raise TypeError(day)
    year = day.year
    return _CENTURY_CODES[year // 100] | _YEAR_CODES[year % 100] | _MONTH_CODES[day.month] | TO_BCD[day.day]


_DATES, _CODES = Table(_from_bcd, _DAYS_OF_180_YEARS), Table(_to_bcd, _DAYS_OF_180_YEARS)
"""One table each way for all codecs: it holds every day that living people were born on, and cards run out on."""


def era_of(day: date) -> Era:
    """Give the era of a day from 1868-01-25 on."""
    for era, following in pairwise(ERAS):
        if day < following.first:
            return era
    return ERAS[-1]


def digits_of(day: date) -> str:
    """Give YYYYMMDD."""
    return f"{day.year:04}{day.month:02}{day.day:02}"


def date_of(field_type: FieldType[object], digits: str) -> date:
    """Read YYYYMMDD; refuse anything else."""
    if not digits.isascii() or not digits.isdigit():
        field_type.refuse(f"is {digits!r}, which is no date YYYYMMDD")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        field_type.refuse(f"is {digits}, which is no date YYYYMMDD")


def plain_date(field_type: FieldType[object], value: object) -> date:
    """Return ``value`` when it is a date and no datetime; refuse it otherwise."""
    if isinstance(value, datetime) or not isinstance(value, date):
        field_type.refuse(f"is {a(value)}, must be a date")
    return value
