"""Amounts with a fixed number of decimals."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from yohaku.codec import BitField, Json
from yohaku.codec.fieldtype import a, counted
from yohaku.errors import SchemaError
from yohaku.fields.numbers import check_width

_MOST_SCALE = 18
_WIDEST = 78  # no number of 256 bits reaches this power of ten


class Money(BitField[Decimal]):
    """A decimal amount, stored as a whole number of its smallest unit; nothing is rounded.

    Yen need no decimals, so UInt serves them as well; points in tenths or other currencies have a scale. In JSON an
    amount is a string, ``"12.50"``, so that no reader turns it into a binary fraction.

    Args:
        bits: width of the whole number, 1 to 256.
        scale: decimals, 0 to 18.
        signed: whether amounts may be negative (two's complement).
    """

    def __init__(self, bits: int = 32, *, scale: int = 0, signed: bool = False) -> None:
        check_width("Money", bits)
        if not 0 <= scale <= _MOST_SCALE:
            raise SchemaError(f"Money: a scale of {scale}; 0 to {_MOST_SCALE} decimals")
        super().__init__(bits)
        self.scale, self.signed = scale, signed
        self.least_units = -(1 << bits - 1) if signed else 0
        self.most_units = self.least_units + (1 << bits) - 1

    @property
    def type_name(self) -> str:
        """``Money(32, 2)``, ``Money(32, 2, signed)``."""
        return f"Money({self.bits}, {self.scale}{', signed' if self.signed else ''})"

    def to_bits(self, value: object) -> int:
        """Take a Decimal with at most ``scale`` decimals."""
        if not isinstance(value, Decimal):
            self.refuse(f"is {a(value)}, must be a Decimal")
        if not value.is_finite():
            self.refuse(f"is {value}, must be an amount")
        if value and not -_MOST_SCALE <= value.adjusted() <= _WIDEST:
            self.refuse(f"is {value}, allowed is {self._amount(self.least_units)} to {self._amount(self.most_units)}")
        units = Fraction(value) * 10**self.scale
        if units.denominator != 1:
            self.refuse(f"is {value}, which has more than {counted(self.scale, 'decimal')}")
        if not self.least_units <= units <= self.most_units:
            self.refuse(f"is {value}, allowed is {self._amount(self.least_units)} to {self._amount(self.most_units)}")
        return int(units) & (1 << self.bits) - 1

    def from_bits(self, number: int) -> Decimal:
        """Give the amount with exactly ``scale`` decimals."""
        return self._amount(number - (1 << self.bits) if number > self.most_units else number)

    def _amount(self, units: int) -> Decimal:
        return Decimal((int(units < 0), tuple(map(int, str(abs(units)))), -self.scale))

    def example(self) -> Decimal:
        """Give zero."""
        return self._amount(0)

    def to_json(self, value: object) -> Json:
        """Give a string with exactly ``scale`` decimals, never with an exponent."""
        return f"{self.from_bits(self.to_bits(value)):f}"

    def from_json(self, value: Json) -> Decimal:
        """Take a string such as ``12.50``."""
        digits = value.removeprefix("-").replace(".", "", 1) if isinstance(value, str) else ""
        if not isinstance(value, str) or not digits.isascii() or not digits.isdigit():
            self.refuse(f"is {value!r}, must be a decimal in quotes such as 12.50")
        return Decimal(value)
