"""Values from a closed set: enums, flags, and the codes of Japan's public administration."""

from __future__ import annotations

from enum import Enum, IntFlag
from typing import TYPE_CHECKING, TypeVar

from yohaku.codec import BitField, FixedField, Json
from yohaku.codec.fieldtype import a, counted
from yohaku.codec.tables import WRONG, Table, read_from_table, write_from_table
from yohaku.errors import SchemaError, nearest
from yohaku.fields.digits import digits_only
from yohaku.fields.numbers import text

if TYPE_CHECKING:
    from yohaku.codec.columns import Column
    from yohaku.codec.emit import Reader, Writer

E = TypeVar("E", bound=Enum)
F = TypeVar("F", bound=IntFlag)

_DENSE = frozenset((1 << bits) - 1 for bits in range(1, 11))
"""Flags without a bit between them that none has, few enough for a tuple of all their sets."""


class Choice(BitField[E]):
    """One member of an enum whose values are unsigned integers; a number without a member is refused.

    Args:
        enum: the members; in JSON they go by their names in lower case.
        bits: width of the number.
    """

    def __init__(self, enum: type[E], *, bits: int = 8) -> None:
        super().__init__(bits)
        self.enum = enum
        self.by_number = {member.value: member for member in enum}
        self.by_name = {member.name.lower(): member for member in enum}
        wrong = [name for name, member in self.by_name.items() if not _fits(member.value, bits)]
        if wrong or not self.by_name or len(self.by_name) != len(self.by_number):
            raise SchemaError(
                f"Choice({enum.__name__}): members need different names in lower case and values 0 to {(1 << bits) - 1}"
                + (f"; not so: {', '.join(wrong)}" if wrong else "")
            )

    @property
    def type_name(self) -> str:
        """``Choice(Status, 8)``."""
        return f"Choice({self.enum.__name__}, {self.bits})"

    def to_bits(self, value: object) -> int:
        """Take members of the enum only."""
        if not isinstance(value, self.enum):
            self.refuse(f"is {a(value)}, must be a {self.enum.__name__}")
        return int(value.value)

    def from_bits(self, number: int) -> E:
        """Refuse a number that no member has."""
        member = self.by_number.get(number)
        if member is None:
            self.refuse(f"is {number}, which no {self.enum.__name__} has")
        return member

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        members = to.bind(self.by_number, f"{hint}_members", f"members of {self.enum.__name__} by number")
        return f"{members}[{to.bits(self.bits, hint)}]"

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        to.refuse_if(f"type({value}) is not {to.bind(self.enum, self.enum.__name__, 'the enum')}")
        to.bits(self.bits, f"{value}._value_", fits=True)

    def column(self) -> Column:
        """Give the members' numbers."""
        from yohaku.codec.columns import Codes

        return Codes(self.bits, list(self.by_number))

    def example(self) -> E:
        """Give the first member."""
        return next(iter(self.enum))

    def to_json(self, value: object) -> Json:
        """Give the member's name in lower case."""
        return self.from_bits(self.to_bits(value)).name.lower()

    def from_json(self, value: Json) -> E:
        """Take a member's name in lower case."""
        member = self.by_name.get(value) if isinstance(value, str) else None
        if member is None:
            close = nearest(value, self.by_name) if isinstance(value, str) else None
            hint = f"; did you mean {close!r}?" if close else ""
            self.refuse(f"is {value!r}, must be one of {', '.join(self.by_name)}{hint}")
        return member


class Flags(BitField[F]):
    """A set of flags, one bit each; bits without a flag are reserved and must be zero.

    Args:
        flags: the flags; in JSON a list of their names in lower case.
        bits: width of the field.
    """

    def __init__(self, flags: type[F], *, bits: int = 8) -> None:
        super().__init__(bits)
        self.flags = flags
        self.by_name = {member.name.lower(): member for member in flags if member.name}
        self.known = 0
        for member in flags:
            self.known |= member.value
        if not self.by_name or self.known >> bits:
            raise SchemaError(f"Flags({flags.__name__}): needs flags within {bits} bits")

    @property
    def type_name(self) -> str:
        """``Flags(Organs, 8)``."""
        return f"Flags({self.flags.__name__}, {self.bits})"

    def to_bits(self, value: object) -> int:
        """Take a value of the flag class with known bits only."""
        if not isinstance(value, self.flags):
            self.refuse(f"is {a(value)}, must be {self.flags.__name__}")
        return self._known(int(value))

    def from_bits(self, number: int) -> F:
        """Refuse bits that no flag has."""
        return self.flags(self._known(number))

    def _known(self, number: int) -> int:
        if number & ~self.known:
            self.refuse(f"has the reserved bits {number & ~self.known:#x} set")
        return number

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        dense = self.known in _DENSE
        values = tuple(map(self.flags, range(self.known + 1))) if dense else Table(self.from_bits)
        table = to.bind(values, f"{hint}_of", f"values of {self.type_name} by number")
        return f"{table}[{to.bits(self.bits, hint)}]"

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        to.refuse_if(f"type({value}) is not {to.bind(self.flags, self.flags.__name__, 'the flags')}")
        number = to.let(f"{value}_bits", f"{value}._value_")
        to.refuse_if(f"{number} & {~self.known}")
        to.bits(self.bits, number, fits=True)

    def column(self) -> Column:
        """Give the flags as numbers."""
        from yohaku.codec.columns import Bits

        return Bits(self.bits, self.known)

    def example(self) -> F:
        """Give no flag."""
        return self.flags(0)

    def to_json(self, value: object) -> Json:
        """Give the names of the flags that are set, in the order of their bits."""
        number = self.to_bits(value)
        return [name for name, flag in self.by_name.items() if number & flag]

    def from_json(self, value: Json) -> F:
        """Take a list of flag names."""
        if not isinstance(value, list):
            self.refuse(f"is {a(value)}, must be a list of {', '.join(self.by_name)}")
        names = [name for name in value if isinstance(name, str) and name in self.by_name]
        if len(names) != len(value):
            unknown = ", ".join(repr(name) for name in value if name not in names)
            self.refuse(f"has {unknown}, allowed is {', '.join(self.by_name)}")
        if len(set(names)) != len(names):
            self.refuse("names a flag twice")
        number = self.flags(0)
        for name in names:
            number |= self.by_name[name]
        return number


class MunicipalityCode(FixedField[str]):
    """A Japanese local government code (全国地方公共団体コード) in 3 bytes, two BCD digits a byte.

    Six digits with the check digit, which is verified, or the five digits that the My Number card itself stores,
    then filled with F.

    Args:
        digits: 6 or 5.
    """

    recurring = True

    def __init__(self, digits: int = 6) -> None:
        if digits not in {5, 6}:
            raise SchemaError(f"MunicipalityCode({digits}): 5 or 6 digits")
        super().__init__(3)
        self.digits = digits

    @property
    def type_name(self) -> str:
        """``MunicipalityCode(6)``."""
        return f"MunicipalityCode({self.digits})"

    def write(self, value: object) -> bytes:
        """Check the number of digits and the check digit."""
        return bytes.fromhex(self._checked(digits_only(self, value)).ljust(6, "f"))

    def unpack(self, raw: bytes) -> str:
        """Refuse what is no code."""
        code = raw.hex()
        code = code[:5] if self.digits == 5 and code.endswith("f") else code
        if not code.isdecimal():
            self.refuse(f"is {raw.hex()}, must be {self.digits} BCD digits")
        return self._checked(code)

    def _checked(self, code: str) -> str:
        if len(code) != self.digits:
            self.refuse(f"has {counted(len(code), 'digit')}, must have {self.digits}")
        if self.digits == 6 and code[5] != check_digit(code[:5]):
            self.refuse(f"is {code}, whose check digit should be {check_digit(code[:5])}")
        return code

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        function = _six_digits if self.digits == 6 else lambda number: self.unpack(number.to_bytes(3, "big"))
        return read_from_table(to, function, 24, hint, self.type_name)

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        function = _of_six_digits if self.digits == 6 else lambda code: int.from_bytes(self.write(code), "big")
        write_from_table(to, function, 24, value, self.type_name)

    def column(self) -> Column:
        """Give the digits, the check digit verified."""
        from yohaku.codec.columns import BcdDigits, right_codes

        return BcdDigits(self.digits, self.digits, right_codes if self.digits == 6 else None)

    def example(self) -> str:
        """Give the code of Takamatsu (高松市)."""
        return "372013"[: self.digits]

    def from_json(self, value: Json) -> str:
        """Take a string."""
        return text(self, value)


class CorporateNumber(BitField[str]):
    """A Japanese corporate number (法人番号) of 13 digits in 40 bits: the check digit in front is not stored.

    Its twelve other digits are; the check digit is verified when writing and put back when reading.
    """

    recurring = True

    def __init__(self) -> None:
        super().__init__(40)

    def to_bits(self, value: object) -> int:
        """Check the number of digits and the check digit."""
        digits = digits_only(self, value)
        if len(digits) != 13:
            self.refuse(f"has {counted(len(digits), 'digit')}, must have 13")
        if digits[0] != corporate_check_digit(digits[1:]):
            self.refuse(f"is {digits}, whose first digit should be {corporate_check_digit(digits[1:])}")
        return int(digits[1:])

    def from_bits(self, number: int) -> str:
        """Refuse numbers of more than twelve digits."""
        if number >= 10**12:
            self.refuse(f"is {number}, which has more than 12 digits")
        return f"{corporate_check_digit(f'{number:012}')}{number:012}"

    def example(self) -> str:
        """Give that of the National Tax Agency (国税庁), which issues them."""
        return "7000012050002"

    def from_json(self, value: Json) -> str:
        """Take a string."""
        return text(self, value)


def _pairs(high: int, low: int) -> tuple[int, ...]:
    """Give what two BCD digits in a byte add to a weighted sum; a byte that is none adds more than any sum."""
    digits = ((byte >> 4, byte & 0xF) for byte in range(256))
    return tuple(high * first + low * second if first < 10 and second < 10 else WRONG for first, second in digits)


_SUMS = _pairs(6, 5), _pairs(4, 3), _pairs(2, 0)
_CHECK_DIGITS = tuple((11 - total % 11) % 10 for total in range(9 * (6 + 5 + 4 + 3 + 2) + 1))


def _six_digits(number: int) -> str:
    """Give the code of six BCD digits; ValueError or IndexError when they are none, or the check digit is wrong."""
    first, second, third = _SUMS
    total = first[number >> 16] + second[number >> 8 & 0xFF] + third[number & 0xFF]
    if _CHECK_DIGITS[total] != number & 0xF:
        raise ValueError(number)
    return f"{number:06x}"


def _of_six_digits(code: str) -> int:
    """Give a code of six digits as BCD; an error when it is none."""
    if type(code) is not str or len(code) != 6 or not code.isdecimal():
        raise ValueError(code)
    raw = bytes.fromhex(code)
    first, second, third = _SUMS
    if _CHECK_DIGITS[first[raw[0]] + second[raw[1]] + third[raw[2]]] != raw[2] & 0xF:
        raise ValueError(code)
    return int.from_bytes(raw, "big")


def check_digit(code: str) -> str:
    """Give the check digit of a five-digit local government code: modulus 11, weights 6 to 2."""
    total = sum(int(digit) * weight for digit, weight in zip(code, range(6, 1, -1), strict=True))
    return str((11 - total % 11) % 10)


def corporate_check_digit(digits: str) -> str:
    """Give the check digit of the last twelve digits of a corporate number: modulus 9, weights 1 and 2 from the right.

    The rule is that of the ministerial order on corporate numbers (法人番号の指定等に関する省令) article 2.
    """
    total = sum(int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits)))
    return str(9 - total % 9)


def _fits(value: object, bits: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << bits
