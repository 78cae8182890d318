"""Persons: sex, blood type, telephone number and postal code."""

from __future__ import annotations

import re
from enum import Enum

from yohaku.codec import BitField, FixedField, Json
from yohaku.codec.fieldtype import counted
from yohaku.errors import SchemaError
from yohaku.fields.codes import Choice
from yohaku.fields.digits import PackedDigits, digits_only
from yohaku.fields.numbers import text

_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{1,14}")
_POSTAL_DIGITS = 7


class Sex(Enum):
    """Sex as administrations record it (ISO/IEC 5218, JIS X 0303)."""

    NOT_KNOWN = 0
    MALE = 1
    FEMALE = 2
    NOT_APPLICABLE = 9


class SexCode(Choice[Sex]):
    """A sex (ISO/IEC 5218) as a number of 4 bits or more, or as one ASCII digit, as the My Number card stores it.

    Args:
        bits: width of the number; 8 for the ASCII digit.
        ascii_digit: whether the number is written as an ASCII digit.
    """

    def __init__(self, *, bits: int = 8, ascii_digit: bool = False) -> None:
        super().__init__(Sex, bits=bits)
        if ascii_digit and bits != 8:
            raise SchemaError(f"SexCode({bits}): an ASCII digit takes 8 bits")
        self.ascii_digit = ascii_digit
        self.shift = 0x30 if ascii_digit else 0

    @property
    def type_name(self) -> str:
        """``SexCode(8)``, ``SexCode(ascii)``."""
        return f"SexCode({'ascii' if self.ascii_digit else self.bits})"

    def to_bits(self, value: object) -> int:
        """Take members of Sex only."""
        return super().to_bits(value) + self.shift

    def from_bits(self, number: int) -> Sex:
        """Refuse a number that ISO/IEC 5218 does not have."""
        return super().from_bits(number - self.shift)


class BloodType(Enum):
    """ABO and Rh(D) blood type: the high nibble is ABO, the low one Rh, each 0 when not known."""

    UNKNOWN = 0x00
    A = 0x10
    A_PLUS = 0x11
    A_MINUS = 0x12
    B = 0x20
    B_PLUS = 0x21
    B_MINUS = 0x22
    O = 0x30  # noqa: E741 - the name of the blood group
    O_PLUS = 0x31
    O_MINUS = 0x32
    AB = 0x40
    AB_PLUS = 0x41
    AB_MINUS = 0x42


class BloodTypeCode(Choice[BloodType]):
    """A blood type in one byte."""

    def __init__(self) -> None:
        super().__init__(BloodType, bits=8)

    @property
    def type_name(self) -> str:
        """``BloodTypeCode``."""
        return "BloodTypeCode"


class PostalCode(BitField[str]):
    """A Japanese postal code (郵便番号) of seven digits as a number of 24 bits; text without hyphen."""

    def __init__(self) -> None:
        super().__init__(24)

    def to_bits(self, value: object) -> int:
        """Check that there are seven digits."""
        digits = digits_only(self, value)
        if len(digits) != _POSTAL_DIGITS:
            self.refuse(f"has {counted(len(digits), 'digit')}, must have {_POSTAL_DIGITS}")
        return int(digits)

    def from_bits(self, number: int) -> str:
        """Refuse numbers of more than seven digits."""
        if number >= 10**_POSTAL_DIGITS:
            self.refuse(f"is {number}, which has more than {_POSTAL_DIGITS} digits")
        return f"{number:0{_POSTAL_DIGITS}}"

    def example(self) -> str:
        """Give that of Kagawa's prefectural office (香川県庁)."""
        return "7608570"

    def from_json(self, value: Json) -> str:
        """Take a string."""
        return text(self, value)


class TelephoneNumber(PackedDigits):
    """A telephone number in Japan, 10 or 11 digits from the trunk prefix 0 on, in 6 bytes of BCD filled with F."""

    def __init__(self) -> None:
        super().__init__(11, least=10)

    @property
    def type_name(self) -> str:
        """``TelephoneNumber``."""
        return "TelephoneNumber"

    def write(self, value: object) -> bytes:
        """Check digits and prefix."""
        raw = super().write(value)
        self.unpack(raw)
        return raw

    def unpack(self, raw: bytes) -> str:
        """Refuse what does not start with 0."""
        digits = super().unpack(raw)
        if digits[0] != "0":
            self.refuse(f"starts with {digits[0]}, a number within Japan starts with 0")
        return digits

    def example(self) -> str:
        """Give a number of Kagawa's area codes whose last digits are not assigned."""
        return "0870000000"


class InternationalNumber(FixedField[str]):
    """A telephone number of any country, + and 2 to 15 digits (ITU-T E.164), in 8 bytes of BCD filled with F."""

    def __init__(self) -> None:
        super().__init__(8)

    def write(self, value: object) -> bytes:
        """Check the form."""
        number = text(self, value)
        if not _INTERNATIONAL.fullmatch(number):
            self.refuse(f"is {number!r}, must be + and 2 to 15 digits, the country code first")
        return bytes.fromhex(number[1:].ljust(16, "f"))

    def unpack(self, raw: bytes) -> str:
        """Refuse nibbles A to E, and digits behind the first F."""
        number = f"+{raw.hex().rstrip('f')}"
        if not _INTERNATIONAL.fullmatch(number):
            self.refuse(f"is {raw.hex()}, must be 2 to 15 BCD digits filled with F, the country code first")
        return number

    def example(self) -> str:
        """Give +81870000000."""
        return "+81870000000"

    def from_json(self, value: Json) -> str:
        """Take a string."""
        return text(self, value)
