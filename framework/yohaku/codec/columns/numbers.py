"""Columns of unsigned integers, and of what they stand for: signs, truth values, codes and flags."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from yohaku.codec.columns.arrays import both, integers, mask, numbers_in, put_numbers, within
from yohaku.codec.columns.base import Column
from yohaku.codec.fieldtype import Refused

if TYPE_CHECKING:
    from yohaku.codec.columns.arrays import Array
    from yohaku.codec.fieldtype import BitField


class Numbers(Column):
    """How the unsigned integers of a field become values; the base class is for integers within limits."""

    speaks = True

    def __init__(self, bits: int, least: int = 0, most: int | None = None) -> None:
        self.bits, self.least, self.most = bits, least, (1 << bits) - 1 if most is None else most

    def values_of(self, numbers: Array) -> tuple[Array, Array | None]:
        """Give the values of an array of numbers, and where they are right."""
        return numbers, within(numbers, self.least, self.most) if self.narrow else None

    def numbers_of(self, values: Array) -> tuple[Array, Array | None]:
        """Give the numbers of an array of values, and where they are right; only right ones fit the width."""
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

    def texts(self, values: Array) -> list[str]:
        """Give decimal numbers."""
        return list(map(str, values.tolist()))

    def values(self, texts: list[str]) -> Array | None:
        """Take decimal numbers without leading zeros."""
        try:
            numbers = list(map(int, texts))
        except ValueError:
            return None
        made = np.array(numbers)
        return made if made.dtype.kind in "ui" and list(map(str, numbers)) == texts else None


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
        return numbers == 1, within(numbers, 0, 1)

    def numbers_of(self, values: Array) -> tuple[Array, Array | None]:
        """Take booleans."""
        booleans = np.asarray(values)
        return booleans.astype(np.uint8), None if booleans.dtype == np.bool_ else np.False_

    def texts(self, values: Array) -> list[str]:
        """Give true and false."""
        return ["true" if value else "false" for value in values.tolist()]

    def values(self, texts: list[str]) -> Array | None:
        """Take true and false."""
        truths = [text == "true" for text in texts]
        return np.array(truths) if self.texts(np.array(truths)) == texts else None


class Codes(Numbers):
    """Numbers out of a list, such as the values of an enum, which alone knows their names."""

    speaks = False

    def __init__(self, bits: int, known: list[int]) -> None:
        super().__init__(bits)
        self.known = np.array(sorted(known), np.uint64)
        self.dense = len(known) == max(known) - min(known) + 1

    def right(self, numbers: Array) -> Array | None:
        """Tell which numbers are known; None when all are."""
        lowest, highest = int(self.known[0]), int(self.known[-1])
        if self.dense:
            return within(numbers, lowest, highest)
        found: Array = np.isin(numbers, self.known) if within(numbers, 0, 0xFFFF) is not None else self.table[numbers]
        return None if found.all() else found

    @cached_property
    def table(self) -> Array:
        """Whether a number is known, by numbers of up to 16 bits."""
        held = np.zeros(1 << 16, np.bool_)
        held[self.known[self.known <= 0xFFFF].astype(np.int64)] = True
        return held

    def values_of(self, numbers: Array) -> tuple[Array, Array | None]:
        """Keep known numbers."""
        return numbers, self.right(numbers)

    def numbers_of(self, values: Array) -> tuple[Array, Array | None]:
        """Keep known numbers."""
        whole = integers(values)
        return whole, self.right(whole)


class Meanings(Numbers):
    """Python objects: what a field type makes of numbers, each different one once."""

    speaks = False

    def __init__(self, type_: BitField[Any]) -> None:
        super().__init__(type_.bits)
        self.type = type_

    def values_of(self, numbers: Array) -> tuple[Array, Array | None]:
        """Give what the numbers mean."""
        different, places = np.unique(numbers, return_inverse=True)
        made, right = np.empty(len(different), object), np.ones(len(different), np.bool_)
        for index, number in enumerate(different.tolist()):
            try:
                made[index] = self.type.from_bits(number)
            except Refused:
                right[index] = False
        places = places.reshape(numbers.shape)
        return made[places], None if right.all() else right[places]

    def numbers_of(self, values: Array) -> tuple[Array, Array | None]:
        """Give the numbers of what is right; 0 for the others."""
        held = np.asarray(values, object)
        numbers, right = np.zeros(held.shape, np.uint64), np.ones(held.shape, np.bool_)
        for index in np.ndindex(held.shape):
            try:
                numbers[index] = self.type.to_bits(held[index])
            except Refused:
                right[index] = False
        return numbers, None if right.all() else right


class Bits(Numbers):
    """Sets of flags: numbers within a mask."""

    speaks = False

    def __init__(self, bits: int, known: int) -> None:
        super().__init__(bits)
        self.unknown = ~known & (1 << bits) - 1

    def _known(self, numbers: Array) -> Array | None:
        """Tell where no unknown bit is set."""
        if not self.unknown or not int(np.bitwise_or.reduce(numbers, axis=None)) & self.unknown:
            return None
        right: Array = (numbers.astype(np.uint64) & np.uint64(self.unknown)) == 0
        return right

    def values_of(self, numbers: Array) -> tuple[Array, Array | None]:
        """Refuse unknown bits."""
        return numbers, self._known(numbers)

    def numbers_of(self, values: Array) -> tuple[Array, Array | None]:
        """Refuse unknown bits."""
        whole = integers(values)
        return whole, both(within(whole, 0, (1 << self.bits) - 1), self._known(whole))
