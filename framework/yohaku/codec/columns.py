"""Files of fixed-size records as numpy columns and back: one array for each field, every check made on whole arrays.

Numbers and codes are integers, flags booleans, days ``datetime64[D]``, moments ``datetime64[s]``, digits and text bytes
(``S``) that are decoded on demand, blobs ``V``. A list of fixed length adds a dimension; its fields are named
``log.amount``. Needs numpy, which the extra ``batch`` installs; nothing else of yohaku does.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from yohaku.codec.fieldtype import Refused
from yohaku.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from yohaku.codec.fieldtype import FieldType

Array = Any
"""A numpy array; numpy's own types say too little about shapes to be worth their noise here."""

ASCII_ZERO = 0x30
"""The digit 0."""


class Column:
    """How the bytes of one field become values, for all records at once.

    Arrays of bytes have the bytes of a field in their last dimension. Checks are boolean arrays without it: True where
    the value is right, or None where nothing can be wrong.
    """

    def read(self, raw: Array) -> tuple[Array, Array | None]:
        """Give the values of an array of bytes, and where they are right."""
        raise NotImplementedError

    def write(self, values: Array, raw: Array) -> Array | None:
        """Fill an array of bytes with the encodings of values; give where they are right."""
        raise NotImplementedError


class Numbers(Column):
    """How the unsigned integers of a field become values; the base class is for integers within limits."""

    def __init__(self, bits: int, least: int = 0, most: int | None = None) -> None:
        self.bits, self.least, self.most = bits, least, (1 << bits) - 1 if most is None else most

    def values_of(self, numbers: Array) -> tuple[Array, Array | None]:
        """Give the values of an array of numbers, and where they are right."""
        return numbers, within(numbers, self.least, self.most) if self.narrow else None

    def numbers_of(self, values: Array) -> tuple[Array, Array | None]:
        """Give the numbers of an array of values, and where they are right."""
        whole = integers(values)
        sure = whole.dtype.kind == "u" and 8 * whole.dtype.itemsize <= self.bits and not self.narrow
        return whole, None if sure else within(whole, self.least, self.most)

    @property
    def narrow(self) -> bool:
        """Whether some numbers of the width are not allowed."""
        return self.least > 0 or self.most < (1 << self.bits) - 1

    def read(self, raw: Array) -> tuple[Array, Array | None]:
        """Read big-endian numbers, then give their values."""
        return self.values_of(numbers_in(raw))

    def write(self, values: Array, raw: Array) -> Array | None:
        """Give the numbers of values, then write them big-endian."""
        numbers, right = self.numbers_of(values)
        put_numbers(numbers, raw)
        return right


class Signed(Numbers):
    """Two's complement."""

    def __init__(self, bits: int) -> None:
        super().__init__(bits, -(1 << bits - 1), (1 << bits - 1) - 1)

    def values_of(self, numbers: Array) -> tuple[Array, Array | None]:
        """Take the sign bit off."""
        wide = numbers.astype(np.int64)
        return wide - ((wide >> (self.bits - 1)) << self.bits if self.bits < 64 else 0), None

    def numbers_of(self, values: Array) -> tuple[Array, Array | None]:
        """Put the sign bit on."""
        whole = integers(values)
        return whole.astype(np.int64).view(np.uint64) & mask(self.bits), within(whole, self.least, self.most)


class Truth(Numbers):
    """Truth values."""

    def values_of(self, numbers: Array) -> tuple[Array, Array | None]:
        """Take 0 and 1."""
        return numbers == 1, numbers <= 1

    def numbers_of(self, values: Array) -> tuple[Array, Array | None]:
        """Take booleans."""
        booleans = np.asarray(values)
        return booleans.astype(np.uint8), None if booleans.dtype == np.bool_ else np.False_


class Codes(Numbers):
    """Numbers out of a list, such as the values of an enum."""

    def __init__(self, bits: int, known: list[int]) -> None:
        super().__init__(bits)
        self.known = np.array(sorted(known), np.uint64)
        self.table = np.zeros(1 << bits if bits <= 16 else 0, np.bool_)
        self.table[known if bits <= 16 else []] = True

    def values_of(self, numbers: Array) -> tuple[Array, Array | None]:
        """Keep known numbers."""
        return numbers, self.table[numbers] if len(self.table) else np.isin(numbers, self.known)

    def numbers_of(self, values: Array) -> tuple[Array, Array | None]:
        """Keep known numbers."""
        whole = integers(values)
        return whole, np.isin(whole, self.known)


class Bits(Numbers):
    """Sets of flags: numbers within a mask."""

    def __init__(self, bits: int, known: int) -> None:
        super().__init__(bits)
        self.unknown = ~known & (1 << bits) - 1

    def values_of(self, numbers: Array) -> tuple[Array, Array | None]:
        """Refuse unknown bits."""
        return numbers, (numbers & numbers.dtype.type(self.unknown)) == 0 if self.unknown else None

    def numbers_of(self, values: Array) -> tuple[Array, Array | None]:
        """Refuse unknown bits."""
        whole = integers(values)
        return whole, within(whole, 0, (1 << self.bits) - 1) & ((whole & whole.dtype.type(self.unknown)) == 0)


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
        right = numbers <= self.most if self.narrow else None
        return self.epoch + numbers.astype(np.int64).astype(f"timedelta64[{self.unit}]"), right

    def numbers_of(self, values: Array) -> tuple[Array, Array | None]:
        """Subtract the epoch; finer moments than the unit are refused."""
        moments = np.asarray(values, "datetime64")
        units = moments.astype(f"datetime64[{self.unit}]")
        numbers = (units - self.epoch).astype(np.int64)
        return numbers, (units == moments) & within(numbers, 0, self.most)


class BcdDates(Column):
    """Dates as eight BCD digits."""

    def read(self, raw: Array) -> tuple[Array, Array | None]:
        """Look up the year's first day, then the day of the year."""
        pairs = raw.view(">u2").astype(np.uint16)
        starts, leap, of_year = calendar()
        year, rest = pairs[..., 0], pairs[..., 1].astype(np.uint32)
        place = of_year[rest + (leap[year] << np.uint32(16))]
        days = starts[year] + place
        return days.astype(np.int64).view("datetime64[D]"), (place >= 0) & (days > BEFORE_ALL)

    def write(self, values: Array, raw: Array) -> Array | None:
        """Take days of the years 1 to 9999."""
        days = np.asarray(values, "datetime64[D]")
        numbers = days.view(np.int64) - FIRST_USUAL
        usual = usual_days()
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < len(usual):
            encoded, right = bcd_of_days(days)
            raw.view(">u4")[..., 0] = encoded
            return right
        raw.view(">u4")[..., 0] = usual[numbers]
        return None


BEFORE_ALL = -1_000_000
"""A day number before 0001-01-01; sums with the mark of a wrong year stay below it."""
FIRST_USUAL, LAST_USUAL = -25_567, 84_005
"""Day numbers of 1900-01-01 and 2199-12-31, whose encodings are kept in a table."""


@cache
def calendar() -> tuple[Array, Array, Array]:
    """Give tables by two BCD bytes: a year's first day, whether it is leap, and (leap before) the day of the year."""
    numbers = np.arange(1 << 16, dtype=np.uint32)
    nibbles = [numbers >> shift & 0xF for shift in (12, 8, 4, 0)]
    digits = np.all([nibble < 10 for nibble in nibbles], axis=0)
    high, low = nibbles[0] * 10 + nibbles[1], nibbles[2] * 10 + nibbles[3]
    year = np.where(digits, high * 100 + low, 0).astype(np.int64)
    starts = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]").view(np.int64)
    leap = ((year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))).astype(np.uint32)
    of_year = [_days_of_year(first, digits, high, low) for first in ("2001-01", "2000-01")]
    return np.where(year > 0, starts, 2 * BEFORE_ALL).astype(np.int32), leap, np.concatenate(of_year)


def _days_of_year(first: str, digits: Array, month: Array, day: Array) -> Array:
    """Give the day of the year, from 0, by month and day; -1 where no calendar has them."""
    start = np.datetime64(first, "M")
    months = np.arange(start, start + np.timedelta64(13, "M")).astype("datetime64[D]")
    before = (months - months[0]).astype(np.int64)
    index = np.clip(month, 1, 12) - 1
    right = digits & (month > 0) & (month < 13) & (day > 0) & (day <= np.diff(before)[index])
    return np.where(right, before[index] + day - 1, -1).astype(np.int32)


@cache
def usual_days() -> Array:
    """Give the encodings of the days from 1900 to 2199."""
    return bcd_of_days(np.arange(FIRST_USUAL, LAST_USUAL + 1).astype("datetime64[D]"))[0]


def bcd_of_days(days: Array) -> tuple[Array, Array]:
    """Give YYYYMMDD in BCD as numbers, and where the year has one to four digits."""
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    year = years.astype(np.int64) + 1970
    parts = (year // 100, year % 100, (months - years).astype(np.int64) + 1, (days - months).astype(np.int64) + 1)
    number = np.zeros(days.shape, np.int64)
    for part in parts:
        number = number << 8 | part + 6 * (part // 10)
    return (number & 0xFFFFFFFF).astype(np.uint32), within(year, 1, 9999) & ~np.isnat(days)


class PlainDigits(Column):
    """ASCII digits, all of them there."""

    def read(self, raw: Array) -> tuple[Array, Array | None]:
        """Give the digits as they are."""
        solid = np.ascontiguousarray(raw)
        return strings(solid), solid - np.uint8(ASCII_ZERO) < 10

    def write(self, values: Array, raw: Array) -> Array | None:
        """Take as many digits as there are bytes."""
        solid = put_strings(values, raw)
        return solid - np.uint8(ASCII_ZERO) < 10


class BcdDigits(Column):
    """BCD digits filled up with F.

    Args:
        least: fewest digits.
        most: most digits.
        check: tells of an array of bytes, all of whose nibbles are digits, where the check digit is right.
    """

    def __init__(self, least: int, most: int, check: Callable[[Array], Array] | None = None) -> None:
        self.least, self.most, self.check = least, most, check

    def read(self, raw: Array) -> tuple[Array, Array | None]:
        """Give the digits without the filler."""
        return strings(TWO_DIGITS[raw].view(np.uint8)), self._right(raw)

    def _right(self, raw: Array) -> Array:
        if self.check is not None:
            return self.check(raw)
        if self.least == 2 * raw.shape[-1]:
            return DIGITS_IN[raw] == 2
        count = DIGITS_IN[raw]
        total = count.sum(-1)
        gap = (count[..., :-1] < 2) & (count[..., 1:] > 0)
        return ~gap.any(-1) & (count < WRONG).all(-1) & (total >= self.least) & (total <= self.most)

    def write(self, values: Array, raw: Array) -> Array | None:
        """Take digits and fill up."""
        digits = put_strings(values, np.zeros((*raw.shape[:-1], 2 * raw.shape[-1]), np.uint8))
        blank = digits == 0
        nibbles = np.where(blank, 0xF, digits - np.uint8(ASCII_ZERO)).astype(np.uint8)
        raw[...] = nibbles[..., 0::2] << 4 | nibbles[..., 1::2] & 0x0F
        return (blank | (nibbles < 10)).all(-1) & self._right(raw)


WRONG = 100
"""Stands for the number of digits in a byte that is no pair of digits, nor a digit and F, nor FF."""
_BYTES = np.arange(256, dtype=np.uint8)
_HIGH, _LOW = _BYTES >> 4, _BYTES & 0x0F
DIGITS_IN = np.where(
    (_HIGH < 10) & (_LOW < 10), 2, np.where((_HIGH < 10) & (_LOW == 0xF), 1, np.where(_BYTES == 0xFF, 0, WRONG))
).astype(np.uint8)
"""The number of BCD digits in a byte."""
TWO_DIGITS = np.stack(
    [np.where(nibble < 10, nibble + np.uint8(ASCII_ZERO), 0).astype(np.uint8) for nibble in (_HIGH, _LOW)], -1
).view(np.uint16)[:, 0]
"""The ASCII digits of a byte in memory order; zero for what is no digit."""


class Padded(Column):
    """Text filled up with NUL, as bytes; ``text`` decodes it on demand, and what is no text shows then.

    Args:
        encoding: the encoding as Python names it; None when Python has no such codec.
        encode: makes the bytes of a text, without the filler; refuses what does not fit.
        decode: makes the text of bytes without the filler; refuses what is none.
        check: refuses characters that the field does not take.
    """

    def __init__(
        self,
        encoding: str | None,
        encode: Callable[[str], bytes],
        decode: Callable[[bytes], str],
        check: Callable[[str], None],
    ) -> None:
        self.encoding, self.encode, self.decode, self.check = encoding, encode, decode, check

    def read(self, raw: Array) -> tuple[Array, Array | None]:
        """Give the bytes without the filler; content behind a NUL is wrong."""
        solid = np.ascontiguousarray(raw)
        return strings(solid), filled(solid)

    def text(self, values: Array) -> Array:
        """Decode what ``read`` gave into an array of str."""
        made = np.empty(values.shape, object)
        for index in np.ndindex(values.shape):
            made[index] = self.decode(bytes(values[index]))
        return made

    def write(self, values: Array, raw: Array) -> Array | None:
        """Take text, or bytes that are text already."""
        if values.dtype.kind in "UO":
            encoded = [self.encode(text) for text in values.ravel().tolist()]
            values = np.array(encoded, "S").reshape(values.shape)
        right = filled(put_strings(values, raw))
        self._check_bytes(values.ravel().tolist())
        return right

    def _check_bytes(self, rows: list[bytes]) -> None:
        """Refuse bytes that are no text: all rows in one go, NULs between them, or row by row."""
        if self.encoding is not None:
            self.check(b"\0".join(rows).decode(self.encoding))
            return
        for row in rows:
            self.decode(row)


class Listed(Column):
    """A list of fixed length: a dimension of its own around the columns of its items.

    Args:
        item: the type of the items.
        count: how many there are.
    """

    def __init__(self, item: FieldType[Any], count: int) -> None:
        self.item, self.count = item, count


class Blobs(Column):
    """Bytes as they are."""

    def read(self, raw: Array) -> tuple[Array, Array | None]:
        """Give them as void scalars, which keep trailing zeros."""
        solid = np.ascontiguousarray(raw)
        return solid.view(f"V{raw.shape[-1]}")[..., 0], None

    def write(self, values: Array, raw: Array) -> Array | None:
        """Take void scalars of the very size."""
        blobs = np.asarray(values)
        if blobs.dtype != np.dtype(f"V{raw.shape[-1]}"):
            return np.False_
        raw[...] = np.ascontiguousarray(blobs).view(np.uint8).reshape(raw.shape)
        return None


class Objects(Column):
    """Values of any other type, made one by one; the array holds Python objects."""

    def __init__(self, type_: FieldType[Any]) -> None:
        self.type = type_

    def read(self, raw: Array) -> tuple[Array, Array | None]:
        """Read each value."""
        rows = raw.reshape(-1, raw.shape[-1])
        values, right = np.empty(len(rows), object), np.ones(len(rows), np.bool_)
        for index, row in enumerate(rows):
            try:
                values[index] = self.type.read(row.tobytes(), 0, len(row))[0]
            except Refused:
                right[index] = False
        return values.reshape(raw.shape[:-1]), right.reshape(raw.shape[:-1])

    def write(self, values: Array, raw: Array) -> Array | None:
        """Write each value."""
        held = np.asarray(values, object)
        right = np.ones(held.shape, np.bool_)
        for index in np.ndindex(held.shape):
            try:
                raw[index] = np.frombuffer(self.type.write(held[index]), np.uint8)
            except Refused:
                right[index] = False
        return right


def within(values: Array, least: int, most: int) -> Array:
    """Tell which integers lie within limits."""
    whole = np.asarray(values)
    return (whole >= least) & (whole <= most)


def integers(values: Array) -> Array:
    """Give an array of integers.

    Raises:
        Refused: the values are no integers.
    """
    whole = np.asarray(values)
    if whole.dtype.kind not in "ui":
        raise Refused(Fault(f"is an array of {whole.dtype}, must be one of integers"))
    return whole


def mask(bits: int) -> Array:
    """Give a number of so many ones."""
    return np.uint64((1 << bits) - 1)


def numbers_in(raw: Array) -> Array:
    """Read big-endian unsigned integers of 1 to 8 bytes out of the last dimension."""
    size = raw.shape[-1]
    if size in {1, 2, 4, 8}:
        return raw.view(f">u{size}")[..., 0].astype(f"u{size}", copy=False)
    numbers = raw[..., 0].astype(np.uint32 if size < 4 else np.uint64)
    for index in range(1, size):
        numbers <<= 8
        numbers |= raw[..., index]
    return numbers


def put_numbers(numbers: Array, raw: Array) -> None:
    """Write unsigned integers big-endian into the last dimension."""
    size = raw.shape[-1]
    if size in {1, 2, 4, 8}:
        raw.view(f">u{size}")[..., 0] = numbers
        return
    for index in range(size):
        raw[..., index] = numbers >> 8 * (size - 1 - index) & 0xFF


def strings(raw: Array) -> Array:
    """Give rows of bytes as numpy's strings, which end before the filling NULs."""
    solid = np.ascontiguousarray(raw)
    return solid.view(f"S{raw.shape[-1]}")[..., 0]


def put_strings(values: Array, raw: Array) -> Array:
    """Fill rows with strings, those of str in ASCII, and NULs; give the rows without gaps between them.

    Raises:
        Refused: the values are no strings, or one of them is too long.
    """
    held = np.asarray(values)
    if held.dtype.kind in "UO":
        held = np.strings.encode(held.astype(np.str_), "ascii")
    if held.dtype.kind != "S":
        raise Refused(Fault(f"is an array of {held.dtype}, must be one of text or bytes"))
    size = raw.shape[-1]
    longest = held.dtype.itemsize if held.dtype.itemsize <= size else int(np.strings.str_len(held).max(initial=0))
    if longest > size:
        raise Refused(Fault(f"has a value of {longest} bytes, most is {size}"))
    solid = np.ascontiguousarray(held.astype(f"S{size}", copy=False)).view(np.uint8).reshape(raw.shape)
    raw[...] = solid
    return solid


def filled(solid: Array) -> Array:
    """Tell byte by byte, of rows without gaps between them, where nothing stands behind a NUL."""
    flat = solid.reshape(-1)
    right = np.ones(flat.shape, np.bool_)
    empty = flat == 0
    np.less_equal(empty[:-1], empty[1:], out=right[:-1])
    right[solid.shape[-1] - 1 :: solid.shape[-1]] = True
    return right.reshape(solid.shape)
