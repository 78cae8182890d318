"""Decimal digits on the wire: digit strings in ASCII or BCD, and whole numbers in BCD and packed decimal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from yohaku.codec import FixedField, Json
from yohaku.codec.fieldtype import counted
from yohaku.errors import SchemaError
from yohaku.fields.numbers import integer, text

if TYPE_CHECKING:
    from yohaku.codec.columns import Column
    from yohaku.codec.emit import Reader, Writer

_ASCII_DIGITS = frozenset("0123456789")
_LISTED = 3


class Digits(FixedField[str]):
    """Exactly ``count`` decimal digits, one ASCII digit a byte; leading zeros are kept."""

    def __init__(self, count: int) -> None:
        if count < 1:
            raise SchemaError(f"Digits({count}): at least one digit")
        super().__init__(count)
        self.count = count

    @property
    def type_name(self) -> str:
        """``Digits(10)``."""
        return f"Digits({self.count})"

    def write(self, value: object) -> bytes:
        """Check that there are exactly ``count`` digits."""
        digits = digits_only(self, value)
        if len(digits) != self.count:
            self.refuse(f"has {counted(len(digits), 'digit')}, must have {self.count}")
        return digits.encode("ascii")

    def unpack(self, raw: bytes) -> str:
        """Refuse bytes that are no ASCII digits."""
        if not raw.isdigit():
            self.refuse(f"is {raw.hex()}, must be ASCII digits")
        return raw.decode("ascii")

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        raw = to.raw(self.count, hint)
        to.refuse_if(f"not {raw}.isdigit()")
        return f"{raw}.decode()"

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        to.refuse_if(f"type({value}) is not str")
        raw = to.let(f"{value}_bytes", f"{value}.encode()")
        to.refuse_if(f"len({raw}) != {self.count} or not {raw}.isdigit()")
        to.raw(self.count, raw)

    def column(self) -> Column:
        """Give the digits as bytes."""
        from yohaku.codec.columns import PlainDigits

        return PlainDigits()

    def example(self) -> str:
        """Give 1234567890, repeated."""
        return counting(self.count)

    def from_json(self, value: Json) -> str:
        """Take a string."""
        return text(self, value)


class PackedDigits(FixedField[str]):
    """Decimal digits in BCD, two a byte, first digit in the high nibble, the rest filled with F.

    Args:
        most: most digits; an odd number leaves one nibble F.
        least: fewest digits; ``most`` when None.
    """

    def __init__(self, most: int, *, least: int | None = None) -> None:
        self.most, self.least = most, most if least is None else least
        if not 0 <= self.least <= self.most or most < 1:
            raise SchemaError(f"PackedDigits: {self.least} to {self.most} digits is no range")
        super().__init__((most + 1) // 2)

    @property
    def type_name(self) -> str:
        """``PackedDigits(10..11)``."""
        return f"{type(self).__name__}({self.span})"

    @property
    def span(self) -> str:
        """The allowed number of digits: ``7`` or ``10..11``."""
        return str(self.most) if self.least == self.most else f"{self.least}..{self.most}"

    def write(self, value: object) -> bytes:
        """Check the number of digits and fill with F."""
        digits = digits_only(self, value)
        self._check_count(len(digits))
        return bytes.fromhex(digits.ljust(self.minimum * 2, "f"))

    def unpack(self, raw: bytes) -> str:
        """Refuse nibbles A to E, and digits behind the first F."""
        digits = raw.hex().rstrip("f")
        if not _ASCII_DIGITS.issuperset(digits):
            self.refuse(f"is {raw.hex()}, must be BCD digits filled with F")
        self._check_count(len(digits))
        return digits

    def _check_count(self, count: int) -> None:
        if not self.least <= count <= self.most:
            allowed = f"must have {self.most}" if self.least == self.most else f"allowed is {self.least} to {self.most}"
            self.refuse(f"has {counted(count, 'digit')}, {allowed}")

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        raw = to.raw(self.minimum, hint)
        digits = to.let(f"{hint}_digits", f'{raw}.hex().rstrip("f")')
        some = f"{digits} and " if self.least == 0 else ""
        to.refuse_if(f"{some}not {digits}.isdecimal() or not {self.least} <= len({digits}) <= {self.most}")
        return digits

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        some = f"{value} and " if self.least == 0 else ""
        to.refuse_if(f"type({value}) is not str or {some}not {value}.isdecimal()")
        to.refuse_if(f"not {self.least} <= len({value}) <= {self.most}")
        unhex = to.bind(bytes.fromhex, "unhex", "bytes.fromhex, which refuses digits other than ASCII's")
        to.raw(self.minimum, f'{unhex}({value}.ljust({2 * self.minimum}, "f"))')

    def column(self) -> Column:
        """Give the digits as bytes."""
        from yohaku.codec.columns import BcdDigits

        return BcdDigits(self.least, self.most)

    def example(self) -> str:
        """Give 1234567890, repeated."""
        return counting(self.most)

    def from_json(self, value: Json) -> str:
        """Take a string."""
        return text(self, value)


class BcdNumber(FixedField[int]):
    """A whole number in ``digits`` BCD digits, two a byte, zeros in front.

    Args:
        digits: an even number, so that no nibble is left over.
        order: byte order; ``little`` puts the lowest two digits first.
    """

    def __init__(self, digits: int, *, order: Literal["big", "little"] = "big") -> None:
        if digits < 1 or digits % 2:
            raise SchemaError(f"BcdNumber({digits}): an even number of digits, two a byte")
        super().__init__(digits // 2)
        self.digits = digits
        self.order: Literal["big", "little"] = order
        self.least, self.most = 0, 10**digits - 1

    @property
    def type_name(self) -> str:
        """``BcdNumber(6)``, ``BcdNumber(6, little)``."""
        return f"BcdNumber({self.digits}{', little' if self.order == 'little' else ''})"

    def write(self, value: object) -> bytes:
        """Check type and range."""
        number = integer(self, value)
        if not 0 <= number <= self.most:
            self.refuse(f"is {number}, allowed is 0 to {self.most}")
        return self._ordered(bytes.fromhex(f"{number:0{self.digits}}"))

    def unpack(self, raw: bytes) -> int:
        """Refuse nibbles A to F."""
        digits = self._ordered(raw).hex()
        if not digits.isdecimal():
            self.refuse(f"is {raw.hex()}, must be BCD digits")
        return int(digits)

    def _ordered(self, raw: bytes) -> bytes:
        return raw if self.order == "big" else raw[::-1]

    def example(self) -> int:
        """Give zero."""
        return 0

    def from_json(self, value: Json) -> int:
        """Take a whole number."""
        return integer(self, value)


class PackedDecimal(FixedField[int]):
    """A whole number in packed decimal: BCD digits, then a sign nibble, C plus, D minus, F unsigned.

    The form is that of COBOL's COMP-3, which municipal mainframes export. Other sign nibbles and a negative zero are
    refused.

    Args:
        digits: an odd number, so that digits and sign fill whole bytes.
        signed: whether the sign is C or D; otherwise it is F and the number is not negative.
    """

    def __init__(self, digits: int, *, signed: bool = True) -> None:
        if digits < 1 or digits % 2 == 0:
            raise SchemaError(f"PackedDecimal({digits}): an odd number of digits, which the sign fills up")
        super().__init__((digits + 1) // 2)
        self.digits, self.signed = digits, signed
        self.most = 10**digits - 1
        self.least = -self.most if signed else 0

    @property
    def type_name(self) -> str:
        """``PackedDecimal(7)``, ``PackedDecimal(7, unsigned)``."""
        return f"PackedDecimal({self.digits}{'' if self.signed else ', unsigned'})"

    def write(self, value: object) -> bytes:
        """Check type and range."""
        number = integer(self, value)
        if not self.least <= number <= self.most:
            self.refuse(f"is {number}, allowed is {self.least} to {self.most}")
        sign = "f" if not self.signed else "d" if number < 0 else "c"
        return bytes.fromhex(f"{abs(number):0{self.digits}}{sign}")

    def unpack(self, raw: bytes) -> int:
        """Refuse what is no digit or sign, and minus zero."""
        digits, sign = raw.hex()[:-1], raw.hex()[-1]
        if not digits.isdecimal() or sign not in ("cd" if self.signed else "f"):
            self.refuse(f"is {raw.hex()}, must be BCD digits and then {'C or D' if self.signed else 'F'}")
        number = int(digits)
        if sign == "d" and number == 0:
            self.refuse(f"is {raw.hex()}, minus zero; zero has the sign C")
        return -number if sign == "d" else number

    def example(self) -> int:
        """Give zero."""
        return 0

    def from_json(self, value: Json) -> int:
        """Take a whole number."""
        return integer(self, value)


def digits_only(field_type: FixedField[object], value: object) -> str:
    """Return ``value`` when it is text of ASCII digits only; refuse it otherwise, naming what is not a digit."""
    string = text(field_type, value)
    wrong = sorted(set(string) - _ASCII_DIGITS)
    if wrong:
        shown = " ".join(map(repr, wrong[:_LISTED])) + (" ..." if len(wrong) > _LISTED else "")
        field_type.refuse(f"has {shown}, must be the digits 0 to 9")
    return string


def counting(count: int) -> str:
    """Give ``count`` digits: 1234567890 and again."""
    return ("1234567890" * (count // 10 + 1))[:count]
