"""Integers and truth values of any width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from yohaku.codec import BitField, FieldType, Json, Refused
from yohaku.codec.fieldtype import a, counted
from yohaku.errors import Fault, SchemaError

if TYPE_CHECKING:
    from yohaku.codec.columns import Column
    from yohaku.codec.emit import Reader, Writer

WIDEST = 256
"""Most bits of a number: the token ids of ERC-721 have so many."""


class UInt(BitField[int]):
    """An unsigned integer of ``bits`` bits, big-endian.

    Args:
        bits: width, 1 to 256; widths that are not whole bytes share bytes with their neighbours in the record.
        least: smallest allowed value.
        most: largest allowed value; the width's own limit when None.
    """

    def __init__(self, bits: int, *, least: int = 0, most: int | None = None) -> None:
        check_width("UInt", bits)
        super().__init__(bits)
        self.least, self.most = least, (1 << bits) - 1 if most is None else most
        if not 0 <= self.least <= self.most < 1 << bits:
            raise SchemaError(f"UInt({bits}): {self.least} to {self.most} is no range within {counted(bits, 'bit')}")

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

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        number = to.bits(self.bits, hint)
        if self.least:
            to.refuse_if(f"{number} < {self.least}")
        if self.most < (1 << self.bits) - 1:
            to.refuse_if(f"{number} > {self.most}")
        return number

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        to.refuse_if(f"type({value}) is not int")
        narrow = self.least > 0 or self.most < (1 << self.bits) - 1
        if narrow:
            to.refuse_if(f"not {self.least} <= {value} <= {self.most}")
        to.bits(self.bits, value, fits=narrow)

    def column(self) -> Column | None:
        """Give integers, up to 64 bits."""
        from yohaku.codec.columns import Numbers

        return Numbers(self.bits, self.least, self.most) if self.bits <= 64 else None

    def example(self) -> int:
        """Give the smallest value."""
        return self.least

    def from_json(self, value: Json) -> int:
        """Take a whole number."""
        return integer(self, value)


class Int(BitField[int]):
    """A signed integer (two's complement) of any width, or an integer in either byte order.

    Args:
        bits: width, 1 to 256; widths that are not whole bytes share bytes with their neighbours in the record.
        signed: two's complement when true.
        order: byte order; ``little`` needs whole bytes.
    """

    def __init__(self, bits: int, *, signed: bool = True, order: Literal["big", "little"] = "big") -> None:
        check_width("Int", bits)
        if order == "little" and bits % 8:
            raise SchemaError(f"Int({bits}, little): a byte order needs whole bytes")
        super().__init__(bits)
        self.signed = signed
        self.order: Literal["big", "little"] = order
        self.least = -(1 << bits - 1) if signed else 0
        self.most = self.least + (1 << bits) - 1

    @property
    def type_name(self) -> str:
        """``Int(16)``, ``Int(16, little)``, ``Int(16, unsigned, little)``."""
        words = [
            str(self.bits),
            *([] if self.signed else ["unsigned"]),
            *(["little"] if self.order == "little" else []),
        ]
        return f"Int({', '.join(words)})"

    def to_bits(self, value: object) -> int:
        """Check type and range, then give the two's complement."""
        number = integer(self, value)
        if not self.least <= number <= self.most:
            self.refuse(f"is {number}, allowed is {self.least} to {self.most}")
        return self._swapped(number & (1 << self.bits) - 1)

    def from_bits(self, number: int) -> int:
        """Every bit pattern is a number."""
        pattern = self._swapped(number)
        return pattern - (1 << self.bits) if pattern > self.most else pattern

    def _swapped(self, number: int) -> int:
        if self.order == "big":
            return number
        return int.from_bytes(number.to_bytes(self.minimum, "big"), "little")

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        number = to.bits(self.bits, hint)
        if self.order == "little":
            return f"{to.bind(self.from_bits, f'{hint}_of', f'{self.type_name}.from_bits')}({number})"
        return f"{number} - ({number} >> {self.bits - 1} << {self.bits})" if self.signed else number

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        to.refuse_if(f"type({value}) is not int or not {self.least} <= {value} <= {self.most}")
        number = f"({value} & {(1 << self.bits) - 1:#x})" if self.signed else value
        if self.order == "little":
            number = f"{to.bind(self.to_bits, f'{value}_code', f'{self.type_name}.to_bits')}({value})"
        to.bits(self.bits, number, fits=True)

    def column(self) -> Column | None:
        """Give integers, big-endian and up to 64 bits."""
        from yohaku.codec.columns import Numbers, Signed

        if self.bits > 64 or self.order == "little":
            return None
        return Signed(self.bits) if self.signed else Numbers(self.bits)

    def example(self) -> int:
        """Give zero."""
        return 0

    def from_json(self, value: Json) -> int:
        """Take a whole number."""
        return integer(self, value)


class Counter(UInt):
    """An unsigned number that only ever grows: how often something happened, or the next serial number.

    Encoding one value cannot see the one before; whoever updates a record asks ``advanced`` or ``check_growth``.

    Args:
        bits: width, 1 to 256.
        saturating: at the largest value, stay there when true; refuse to go on when false.
    """

    monotonic = True

    def __init__(self, bits: int, *, saturating: bool = False) -> None:
        super().__init__(bits)
        self.saturating = saturating

    @property
    def type_name(self) -> str:
        """``Counter(16)``, ``Counter(16, saturating)``."""
        return f"Counter({self.bits}{', saturating' if self.saturating else ''})"

    def advanced(self, value: int, *, by: int = 1) -> int:
        """Give the value that follows ``value``.

        Raises:
            Refused: the counter is at its end, or ``by`` is less than one.
        """
        if by < 1:
            self.refuse(f"cannot go on by {by}: it only grows")
        after = self.to_bits(value) + by
        if after > self.most and not self.saturating:
            self.refuse(f"is {value}, and {by} more is beyond {self.most}")
        return min(after, self.most)

    def check_growth(self, before: int, after: int) -> None:
        """Refuse a new value below the old one.

        Raises:
            Refused: ``after`` is less than ``before``.
        """
        if self.to_bits(after) < self.to_bits(before):
            self.refuse(f"is {after}, it was {before} and only grows")


class Flag(BitField[bool]):
    """A truth value in one bit, or in a whole byte 00 or 01.

    Args:
        bits: 1, or 8 for a whole byte.
    """

    def __init__(self, *, bits: int = 1) -> None:
        check_width("Flag", bits)
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

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        number = to.bits(self.bits, hint)
        if self.bits > 1:
            to.refuse_if(f"{number} > 1")
        return f"{number} == 1"

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        to.refuse_if(f"type({value}) is not bool")
        to.bits(self.bits, value, fits=True)

    def column(self) -> Column:
        """Give booleans."""
        from yohaku.codec.columns import Truth

        return Truth(self.bits)

    def example(self) -> bool:
        """Give False."""
        return False

    def from_json(self, value: Json) -> bool:
        """Take true or false."""
        return value if isinstance(value, bool) else self.refuse(f"is {a(value)}, must be true or false")


def integer(field_type: FieldType[object], value: object) -> int:
    """Return ``value`` when it is an int and no bool; refuse it otherwise."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(Fault(f"is {a(value)}, must be an int", (), 0, field_type.size))
    return value


def text(field_type: FieldType[object], value: Json | object) -> str:
    """Return ``value`` when it is a str; refuse it otherwise."""
    if not isinstance(value, str):
        raise Refused(Fault(f"is {a(value)}, must be text", (), 0, field_type.size))
    return value


def check_width(name: str, bits: int) -> None:
    """Raise SchemaError unless ``bits`` is a width that the type called ``name`` can have."""
    if not 1 <= bits <= WIDEST:
        raise SchemaError(f"{name}({bits}): the width must be 1 to {WIDEST} bits")
