"""Strings of decimal digits: one ASCII digit a byte, or two BCD digits a byte."""

from __future__ import annotations

from yohaku.codec import FixedField
from yohaku.errors import SchemaError
from yohaku.fields.numbers import text

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
            self.refuse(f"has {len(digits)} digits, must have {self.count}")
        return digits.encode("ascii")

    def unpack(self, raw: bytes) -> str:
        """Refuse bytes that are no ASCII digits."""
        if not raw.isdigit():
            self.refuse(f"is {raw.hex()}, must be ASCII digits")
        return raw.decode("ascii")

    def example(self) -> str:
        """Give 1234567890, repeated."""
        return counting(self.count)


class PackedDigits(FixedField[str]):
    """Up to ``most`` decimal digits, two a byte, first digit in the high nibble, the rest filled with F.

    Args:
        most: most digits; an odd number leaves one nibble F.
        least: fewest digits.
    """

    def __init__(self, most: int, *, least: int | None = None) -> None:
        self.most, self.least = most, most if least is None else least
        if not 0 <= self.least <= self.most or most < 1:
            raise SchemaError(f"PackedDigits: {self.least} to {self.most} digits is no range")
        super().__init__((most + 1) // 2)

    @property
    def type_name(self) -> str:
        """``PackedDigits(10..11)``."""
        span = str(self.most) if self.least == self.most else f"{self.least}..{self.most}"
        return f"PackedDigits({span})"

    def write(self, value: object) -> bytes:
        """Check the number of digits and fill with F."""
        digits = digits_only(self, value)
        if not self.least <= len(digits) <= self.most:
            self.refuse(f"has {len(digits)} digits, allowed is {self.least} to {self.most}")
        return bytes.fromhex(digits.ljust(self.minimum * 2, "f"))

    def unpack(self, raw: bytes) -> str:
        """Refuse nibbles A to E, and digits behind the first F."""
        digits = raw.hex().rstrip("f")
        if not _ASCII_DIGITS.issuperset(digits):
            self.refuse(f"is {raw.hex()}, must be BCD digits filled with F")
        if not self.least <= len(digits) <= self.most:
            self.refuse(f"has {len(digits)} digits, allowed is {self.least} to {self.most}")
        return digits

    def example(self) -> str:
        """Give 1234567890, repeated."""
        return counting(self.most)


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
