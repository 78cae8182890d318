"""Times of day and moments."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from yohaku.codec import BitField, FieldType, FixedField, Json
from yohaku.codec.fieldtype import a
from yohaku.errors import SchemaError
from yohaku.fields.numbers import check_width

if TYPE_CHECKING:
    from yohaku.codec.columns import Column
    from yohaku.codec.emit import Reader, Writer

_DAY_MINUTES = 24 * 60
_EPOCH_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_2000 = datetime(2000, 1, 1, tzinfo=UTC)
_EXAMPLE = datetime(2026, 4, 1, 9, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


class AnyMoment(FieldType[datetime]):
    """What all types of moments share: datetimes with a time zone as values, UTC when read, ISO 8601 in JSON."""

    def since(self, value: object, epoch: datetime, unit: timedelta, name: str) -> int:
        """Give the whole units from ``epoch`` to ``value``; refuse what is no moment or has a fraction of a unit."""
        if not isinstance(value, datetime) or value.utcoffset() is None:
            self.refuse(f"is {a(value)}, must be a datetime with a time zone")
        units, rest = divmod(value - epoch, unit)
        if rest:
            self.refuse(f"has a fraction of a {name}, which this type does not keep")
        return units

    def to_json(self, value: object) -> Json:
        """Give ISO 8601 with the offset, in UTC."""
        if not isinstance(value, datetime) or value.utcoffset() is None:
            self.refuse(f"is {a(value)}, must be a datetime with a time zone")
        return value.astimezone(UTC).isoformat()

    def from_json(self, value: Json) -> datetime:
        """Take ISO 8601 with an offset."""
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.refuse(f"is {value!r}, must be a time such as 2026-04-01T09:00:00+09:00")
        return moment

    def example(self) -> datetime:
        """Give 2026-04-01T09:00:00+00:00."""
        return _EXAMPLE


class Timestamp(AnyMoment, FixedField[datetime]):
    """A moment in whole seconds of UTC since 1970-01-01, as an unsigned big-endian number.

    Args:
        size: 4 bytes reach to 2106, 5 bytes beyond the year 9999.
    """

    def __init__(self, size: int = 4) -> None:
        if size not in {4, 5}:
            raise SchemaError(f"Timestamp({size}): 4 or 5 bytes")
        super().__init__(size)
        self.most = min((1 << 8 * size) - 1, (_LAST - _EPOCH_1970) // timedelta(seconds=1))

    @property
    def type_name(self) -> str:
        """``Timestamp(4)``."""
        return f"Timestamp({self.minimum})"

    def write(self, value: object) -> bytes:
        """Take a datetime with a time zone and without a fraction of a second."""
        seconds = self.since(value, _EPOCH_1970, timedelta(seconds=1), "second")
        if not 0 <= seconds <= self.most:
            self.refuse(f"is {value}, allowed is 1970 to {self._moment(self.most).year}")
        return seconds.to_bytes(self.minimum, "big")

    def unpack(self, raw: bytes) -> datetime:
        """Give the moment in UTC."""
        seconds = int.from_bytes(raw, "big")
        if seconds > self.most:
            self.refuse(f"is {seconds} seconds, most is {self.most}")
        return self._moment(seconds)

    @staticmethod
    def _moment(seconds: int) -> datetime:
        return _EPOCH_1970 + timedelta(seconds=seconds)

    def column(self) -> Column:
        """Give moments."""
        from yohaku.codec.columns import Since

        return Since(8 * self.minimum, _EPOCH_1970.replace(tzinfo=None), "s", self.most)

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``: a sum behind the year 9999 raises by itself."""
        seconds = to.bits(8 * self.minimum, hint)
        epoch = to.bind(_EPOCH_1970, "epoch", "1970-01-01 in UTC")
        return f"{epoch} + {to.bind(timedelta, 'timedelta', 'datetime.timedelta')}(0, {seconds})"

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        to.refuse_if(f"type({value}) is not {to.bind(datetime, 'datetime', 'datetime.datetime')}")
        since = to.let(f"{value}_since", f"{value} - {to.bind(_EPOCH_1970, 'epoch', '1970-01-01 in UTC')}")
        seconds = to.let(f"{value}_seconds", f"{since}.days * 86400 + {since}.seconds")
        to.refuse_if(f"{since}.microseconds or not 0 <= {seconds} <= {self.most}")
        to.bits(8 * self.minimum, seconds, fits=True)


class MinuteStamp(AnyMoment, BitField[datetime]):
    """A moment in whole minutes of UTC since an epoch: 24 bits cover 31 years.

    Args:
        bits: width of the number of minutes, 1 to 32.
        epoch: the moment that is written as 0; it has a time zone.
    """

    def __init__(self, bits: int = 24, *, epoch: datetime = _EPOCH_2000) -> None:
        if not 1 <= bits <= 32:
            raise SchemaError(f"MinuteStamp({bits}): the width must be 1 to 32 bits")
        if epoch.utcoffset() is None:
            raise SchemaError(f"MinuteStamp: the epoch {epoch} needs a time zone")
        super().__init__(bits)
        self.epoch = epoch.astimezone(UTC)
        self.most = min((1 << bits) - 1, (_LAST - self.epoch) // timedelta(minutes=1))

    @property
    def type_name(self) -> str:
        """``MinuteStamp(24, 2000-01-01)``."""
        return f"MinuteStamp({self.bits}, {self.epoch.date()})"

    def to_bits(self, value: object) -> int:
        """Take a datetime with a time zone and without a fraction of a minute."""
        minutes = self.since(value, self.epoch, timedelta(minutes=1), "minute")
        if not 0 <= minutes <= self.most:
            self.refuse(f"is {value}, allowed is {self.epoch} to {self.epoch + timedelta(minutes=self.most)}")
        return minutes

    def from_bits(self, number: int) -> datetime:
        """Give the moment in UTC."""
        if number > self.most:
            self.refuse(f"is {number} minutes, most is {self.most}")
        return self.epoch + timedelta(minutes=number)

    def example(self) -> datetime:
        """Give 2026-04-01T09:00:00+00:00 where it fits, else the epoch."""
        reached = self.epoch <= _EXAMPLE <= self.epoch + timedelta(minutes=self.most)
        return _EXAMPLE if reached and (_EXAMPLE - self.epoch) % timedelta(minutes=1) == timedelta(0) else self.epoch


class LocalDateTime(FixedField[datetime]):
    """A date and time of day as fourteen BCD digits YYYYMMDDhhmmss in 7 bytes, without a time zone.

    Japan has one time zone; the value is a datetime without one, and means what a clock on the wall showed.
    """

    def __init__(self) -> None:
        super().__init__(7)

    def write(self, value: object) -> bytes:
        """Take a datetime without a time zone and without a fraction of a second."""
        return bytes.fromhex(f"{self._local(value).year:04}{self._local(value):%m%d%H%M%S}")

    def _local(self, value: object) -> datetime:
        if not isinstance(value, datetime) or value.tzinfo is not None:
            self.refuse(f"is {a(value)}, must be a datetime without a time zone")
        if value.microsecond:
            self.refuse("has a fraction of a second, which this type does not keep")
        return value

    def unpack(self, raw: bytes) -> datetime:
        """Refuse nibbles that are no digits and times that no clock shows."""
        digits = raw.hex()
        try:
            pairs = [int(digits[at : at + 2]) for at in range(4, 14, 2)]
            return datetime(int(digits[:4]), *pairs)  # type: ignore[arg-type]  # noqa: DTZ001 - local on purpose
        except ValueError:
            self.refuse(f"is {digits}, which is no time YYYYMMDDhhmmss")

    def example(self) -> datetime:
        """Give 2026-04-01T09:00:00."""
        return _EXAMPLE.replace(tzinfo=None)

    def to_json(self, value: object) -> Json:
        """Give ISO 8601 without an offset."""
        return self._local(value).isoformat()

    def from_json(self, value: Json) -> datetime:
        """Take ISO 8601 without an offset."""
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is not None:
            self.refuse(f"is {value!r}, must be a local time such as 2026-04-01T09:00:00")
        return moment


class AnyTime(FieldType[time]):
    """What all types of times of day share: times without a zone as values, ``hh:mm:ss`` (ISO 8601) in JSON."""

    recurring = True

    def plain_time(self, value: object) -> time:
        """Return ``value`` when it is a time without zone and fraction; refuse it otherwise."""
        if not isinstance(value, time) or value.tzinfo is not None:
            self.refuse(f"is {a(value)}, must be a time of day without a time zone")
        if value.microsecond:
            self.refuse("has a fraction of a second, which this type does not keep")
        return value

    def whole_minutes(self, value: object) -> time:
        """Return ``value`` when it is a time in whole minutes; refuse it otherwise."""
        moment = self.plain_time(value)
        if moment.second:
            self.refuse(f"is {moment}, which has seconds; this type keeps minutes")
        return moment

    def to_json(self, value: object) -> Json:
        """Give ``hh:mm:ss``."""
        return self.plain_time(value).isoformat()

    def from_json(self, value: Json) -> time:
        """Take ``hh:mm`` or ``hh:mm:ss``."""
        try:
            moment = time.fromisoformat(value) if isinstance(value, str) and ":" in value else None
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is not None:
            self.refuse(f"is {value!r}, must be a time of day such as 09:30:00")
        return moment

    def example(self) -> time:
        """Give 09:30."""
        return time(9, 30)


class TimeOfDay(AnyTime, FixedField[time]):
    """A time of day in BCD: six digits hhmmss in 3 bytes, or four digits hhmm in 2.

    Args:
        seconds: whether seconds are kept.
    """

    def __init__(self, *, seconds: bool = True) -> None:
        super().__init__(3 if seconds else 2)
        self.seconds = seconds

    @property
    def type_name(self) -> str:
        """``TimeOfDay(hhmmss)``."""
        return f"TimeOfDay({'hhmmss' if self.seconds else 'hhmm'})"

    def write(self, value: object) -> bytes:
        """Take a time of day."""
        moment = self.plain_time(value) if self.seconds else self.whole_minutes(value)
        return bytes.fromhex(f"{moment:%H%M%S}"[: self.minimum * 2])

    def unpack(self, raw: bytes) -> time:
        """Refuse nibbles that are no digits and times that no clock shows."""
        digits = raw.hex()
        try:
            return time(int(digits[:2]), int(digits[2:4]), int(digits[4:] or "0"))
        except ValueError:
            self.refuse(f"is {digits}, which is no time {'hhmmss' if self.seconds else 'hhmm'}")


class MinuteOfDay(AnyTime, BitField[time]):
    """A time of day as the number of minutes since midnight, 0 to 1439, in 11 bits or more."""

    def __init__(self, *, bits: int = 11) -> None:
        check_width("MinuteOfDay", bits)
        if bits < 11:
            raise SchemaError(f"MinuteOfDay({bits}): a day has 1440 minutes, which need 11 bits")
        super().__init__(bits)

    @property
    def type_name(self) -> str:
        """``MinuteOfDay(11)``."""
        return f"MinuteOfDay({self.bits})"

    def to_bits(self, value: object) -> int:
        """Take a time in whole minutes."""
        moment = self.whole_minutes(value)
        return moment.hour * 60 + moment.minute

    def from_bits(self, number: int) -> time:
        """Refuse minutes behind the end of the day."""
        if number >= _DAY_MINUTES:
            self.refuse(f"is minute {number}, most is {_DAY_MINUTES - 1}")
        return time(number // 60, number % 60)
