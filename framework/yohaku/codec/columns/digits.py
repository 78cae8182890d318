"""Columns of decimal digits, as numpy's strings: in ASCII, and two a byte in BCD."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from yohaku.codec.columns.arrays import both, encoded, fitted, put_rows, strings, within
from yohaku.codec.columns.base import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.codec.columns.arrays import Array

ASCII_ZERO, ASCII_NINE = 0x30, 0x39
"""The digits 0 and 9."""


class Digits(Column):
    """Digits as numpy's strings, which are their JSON form too."""

    speaks = True

    def texts(self, values: Array) -> list[str]:
        """Give them as str."""
        return b"\0".join(values.tolist()).decode("ascii").split("\0")

    def values(self, texts: list[str]) -> Array | None:
        """Take ASCII."""
        content = "\0".join(texts)
        apart = content.isascii() and content.count("\0") == len(texts) - 1
        return np.array(content.encode("ascii").split(b"\0")) if apart else None


class PlainDigits(Digits):
    """ASCII digits, all of them there."""

    def read(self, raw: Array) -> tuple[Array, Array | None]:
        """Give the digits as they are."""
        solid = np.ascontiguousarray(raw)
        return strings(solid), within(solid, ASCII_ZERO, ASCII_NINE)

    def write(self, values: Array, raw: Array) -> Array | None:
        """Take as many digits as there are bytes."""
        solid = fitted(encoded(values), raw.shape[-1])
        put_rows(solid, raw)
        return within(solid, ASCII_ZERO, ASCII_NINE)


class BcdDigits(Digits):
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
        return strings(TWO_DIGITS[raw].view(np.uint8)), self._right(raw, DIGITS_IN[raw])

    def write(self, values: Array, raw: Array) -> Array | None:
        """Take digits and fill up."""
        pairs = fitted(encoded(values), 2 * raw.shape[-1]).view(np.uint16)
        codes = packed_pairs().take(pairs)
        packed = codes.astype(np.uint8)
        for index in range(raw.shape[-1]):
            raw[..., index] = packed[..., index]
        return self._right(packed, codes >> np.uint16(8))

    def _right(self, raw: Array, counts: Array) -> Array | None:
        """Tell which rows are right; ``counts`` has the number of digits of each byte."""
        if self.least == 2 * raw.shape[-1]:
            full = within(counts, 2, 2)
            return both(None if full is None else full.all(-1), self._checked(raw))
        total = counts[..., 0].astype(np.uint16)
        right = counts[..., 0] < WRONG
        for index in range(1, raw.shape[-1]):
            right &= (counts[..., index] < WRONG) & ((counts[..., index - 1] == 2) | (counts[..., index] == 0))
            total += counts[..., index]
        return both(right, within(total, self.least, self.most))

    def _checked(self, raw: Array) -> Array | None:
        right = None if self.check is None else self.check(raw)
        return None if right is None or right.all() else right


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


@cache
def packed_pairs() -> Array:
    """Give a table by two ASCII bytes in memory order: their BCD byte, and above it the number of digits.

    NUL stands for no digit; anything that is not digits and then NULs has ``WRONG`` digits.
    """
    table = np.full(1 << 16, WRONG << 8, np.uint16)
    numbers = np.arange(256)
    there = DIGITS_IN < WRONG
    table[TWO_DIGITS[there]] = (DIGITS_IN[there].astype(np.uint16) << 8) | numbers[there].astype(np.uint16)
    return table


def right_codes(raw: Array) -> Array:
    """Tell of rows of six BCD digits where the sixth is the check digit of a local government code."""
    sums, fits = _weighed()
    four = raw[..., 0].astype(np.uint16)
    four <<= 8
    four |= raw[..., 1]
    index = raw[..., 2].astype(np.uint16)
    index <<= 4
    index |= sums.take(four)
    return fits.take(index)


@cache
def _weighed() -> tuple[Array, Array]:
    """Give tables of the check by modulus 11 with weights 6 to 2.

    The first has the sum of four digits modulo 11 by the number that their two bytes are. The second tells by the
    third byte, times 16, and that sum whether the last digit is right.
    """
    four = np.arange(1 << 16)
    sums = sum((four >> 12 - 4 * index & 0xF) * (6 - index) for index in range(4)) % np.int64(11)
    index = np.arange(1 << 12)
    total, wanted = (index & 0xF) + 2 * (index >> 8), index >> 4 & 0xF
    return sums.astype(np.uint16), (11 - total % 11) % 10 == wanted
