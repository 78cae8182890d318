"""Dates and times of day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from yohaku.codec import BitField, FixedField, Json
from yohaku.codec.fieldtype import a
from yohaku.errors import SchemaError

_EXAMPLE = date(2026, 4, 1)


class Date(FixedField[date]):
    """A Gregorian date as eight BCD digits YYYYMMDD in 4 bytes."""

    def __init__(self) -> None:
        super().__init__(4)

    def write(self, value: object) -> bytes:
        """Take a date and no datetime."""
        day = plain_date(self, value)
        return bytes.fromhex(f"{day.year:04}{day.month:02}{day.day:02}")

    def unpack(self, raw: bytes) -> date:
        """Refuse nibbles that are no digits and days that no calendar has."""
        digits = raw.hex()
        try:
            return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        except ValueError:
            self.refuse(f"is {digits}, which is no date YYYYMMDD")

    def example(self) -> date:
        """Give 2026-04-01."""
        return _EXAMPLE

    def to_json(self, value: object) -> Json:
        """Give ``YYYY-MM-DD`` (ISO 8601)."""
        return plain_date(self, value).isoformat()

    def from_json(self, value: Json) -> date:
        """Take ``YYYY-MM-DD``."""
        return date_from_json(self, value)


class DayNumber(BitField[date]):
    """A date as the number of days since an epoch: 14 bits cover 44 years where BCD takes 32.

    Args:
        bits: width of the day number.
        epoch: the day that is written as 0.
    """

    def __init__(self, bits: int = 16, *, epoch: date = date(2000, 1, 1)) -> None:
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

    def example(self) -> date:
        """Give 2026-04-01 where it fits, else the epoch."""
        return _EXAMPLE if self.epoch <= _EXAMPLE <= self.latest else self.epoch

    def to_json(self, value: object) -> Json:
        """Give ``YYYY-MM-DD`` (ISO 8601)."""
        return plain_date(self, value).isoformat()

    def from_json(self, value: Json) -> date:
        """Take ``YYYY-MM-DD``."""
        return date_from_json(self, value)


class Timestamp(FixedField[datetime]):
    """A moment in whole seconds of UTC since 1970-01-01, as an unsigned big-endian number.

    Args:
        size: 4 bytes reach to 2106, 5 bytes beyond the year 9999.
    """

    def __init__(self, size: int = 4) -> None:
        if size not in {4, 5}:
            raise SchemaError(f"Timestamp({size}): 4 or 5 bytes")
        super().__init__(size)
        self.most = min((1 << 8 * size) - 1, int(datetime.max.replace(tzinfo=UTC, microsecond=0).timestamp()))

    @property
    def type_name(self) -> str:
        """``Timestamp(4)``."""
        return f"Timestamp({self.minimum})"

    def write(self, value: object) -> bytes:
        """Take an aware datetime without a fraction of a second."""
        if not isinstance(value, datetime) or value.tzinfo is None:
            self.refuse(f"is {a(value)}, must be a datetime with a time zone")
        if value.microsecond:
            self.refuse("has a fraction of a second, which this type does not keep")
        seconds = int((value - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
        if not 0 <= seconds <= self.most:
            self.refuse(f"is {value.isoformat()}, allowed is 1970 to {self._moment(self.most).year}")
        return seconds.to_bytes(self.minimum, "big")

    def unpack(self, raw: bytes) -> datetime:
        """Give the moment in UTC."""
        seconds = int.from_bytes(raw, "big")
        if seconds > self.most:
            self.refuse(f"is {seconds} seconds, most is {self.most}")
        return self._moment(seconds)

    @staticmethod
    def _moment(seconds: int) -> datetime:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)

    def example(self) -> datetime:
        """Give 2026-04-01T09:00:00+00:00."""
        return datetime(2026, 4, 1, 9, tzinfo=UTC)

    def to_json(self, value: object) -> Json:
        """Give ISO 8601 with the offset, in UTC."""
        return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else self.refuse(f"is {a(value)}")

    def from_json(self, value: Json) -> datetime:
        """Take ISO 8601 with an offset."""
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.refuse(f"is {value!r}, must be a time such as 2026-04-01T09:00:00+09:00")
        return moment


def plain_date(field_type: FixedField[object], value: object) -> date:
    """Return ``value`` when it is a date and no datetime; refuse it otherwise."""
    if isinstance(value, datetime) or not isinstance(value, date):
        field_type.refuse(f"is {a(value)}, must be a date")
    return value


def date_from_json(field_type: FixedField[object], value: Json) -> date:
    """Read ``YYYY-MM-DD``; refuse anything else."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == len("YYYY-MM-DD") else None
    except ValueError:
        day = None
    if day is None:
        field_type.refuse(f"is {value!r}, must be a date YYYY-MM-DD")
    return day
