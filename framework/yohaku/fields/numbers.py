"""Integers and truth values of any width."""

from __future__ import annotations

from typing import Literal

from yohaku.codec import BitField, FixedField, Json, Refused
from yohaku.codec.fieldtype import a
from yohaku.errors import Fault, SchemaError


class UInt(BitField[int]):
    """An unsigned integer of ``bits`` bits, big-endian.

    Args:
        bits: width, 1 to 64; widths that are not whole bytes share bytes with their neighbours in the record.
        most: largest allowed value; the width's own limit when None.
        least: smallest allowed value.
    """

    def __init__(self, bits: int, *, least: int = 0, most: int | None = None) -> None:
        if not 1 <= bits <= 64:
            raise SchemaError(f"UInt({bits}): the width must be 1 to 64 bits")
        super().__init__(bits)
        self.least, self.most = least, (1 << bits) - 1 if most is None else most
        if not 0 <= self.least <= self.most < 1 << bits:
            raise SchemaError(f"UInt({bits}): {self.least} to {self.most} is no range within {bits} bits")

    @property
    def type_name(self) -> str:
        """``UInt(16)``."""
        return f"UInt({self.bits})"

    def to_bits(self, value: object) -> int:
        """Check type and range."""
        number = integer(self, value)
        if number > self.most:
            self.refuse(f"is {number}, most is {self.most}")
        if number < self.least:
            self.refuse(f"is {number}, least is {self.least}")
        return number

    def from_bits(self, number: int) -> int:
        """Check the range."""
        return self.to_bits(number)

    def example(self) -> int:
        """Give the smallest value."""
        return self.least


class Int(FixedField[int]):
    """A signed integer (two's complement) or an unsigned little-endian one, in whole bytes.

    Args:
        bits: width, a multiple of 8 up to 64.
        signed: two's complement when true.
        order: byte order.
    """

    def __init__(self, bits: int, *, signed: bool = True, order: Literal["big", "little"] = "big") -> None:
        if bits % 8 or not 8 <= bits <= 64:
            raise SchemaError(f"Int({bits}): the width must be 8, 16, ... 64 bits; UInt takes odd widths")
        super().__init__(bits // 8)
        self.bits, self.signed = bits, signed
        self.order: Literal["big", "little"] = order
        self.least = -(1 << bits - 1) if signed else 0
        self.most = self.least + (1 << bits) - 1

    @property
    def type_name(self) -> str:
        """``Int(16)``, ``Int(16, little)``."""
        words = [
            str(self.bits),
            *([] if self.signed else ["unsigned"]),
            *(["little"] if self.order == "little" else []),
        ]
        return f"Int({', '.join(words)})"

    def write(self, value: object) -> bytes:
        """Check type and range, then encode."""
        number = integer(self, value)
        if not self.least <= number <= self.most:
            self.refuse(f"is {number}, allowed is {self.least} to {self.most}")
        return number.to_bytes(self.minimum, self.order, signed=self.signed)

    def unpack(self, raw: bytes) -> int:
        """Every bit pattern is a number."""
        return int.from_bytes(raw, self.order, signed=self.signed)

    def example(self) -> int:
        """Give zero."""
        return 0


class Flag(BitField[bool]):
    """A truth value in one bit, or in a whole byte 00 or 01.

    Args:
        bits: 1, or 8 for a whole byte.
    """

    def __init__(self, *, bits: int = 1) -> None:
        super().__init__(bits)

    def to_bits(self, value: object) -> int:
        """Take nothing but True and False."""
        if not isinstance(value, bool):
            self.refuse(f"is {a(value)}, must be true or false")
        return int(value)

    def from_bits(self, number: int) -> bool:
        """Take nothing but 0 and 1."""
        if number > 1:
            self.refuse(f"is {number}, must be 0 or 1")
        return bool(number)

    def example(self) -> bool:
        """Give False."""
        return False


def integer(field_type: BitField[object] | FixedField[object], value: object) -> int:
    """Return ``value`` when it is an int and no bool; refuse it otherwise."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(Fault(f"is {a(value)}, must be an int", (), 0, field_type.size))
    return value


def text(field_type: BitField[object] | FixedField[object], value: Json | object) -> str:
    """Return ``value`` when it is a str; refuse it otherwise."""
    if not isinstance(value, str):
        raise Refused(Fault(f"is {a(value)}, must be text", (), 0, field_type.size))
    return value
