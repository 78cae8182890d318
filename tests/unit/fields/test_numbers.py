"""Numbers: known encodings, limits and what faults say."""

from decimal import Decimal

import pytest

from yohaku.codec import FieldType, Refused
from yohaku.errors import SchemaError
from yohaku.fields import BcdNumber, Counter, Digits, Flag, Int, Money, PackedDecimal, PackedDigits, UInt


def message(field: FieldType[object], value: object) -> str:
    with pytest.raises(Refused) as caught:
        field.write(value)
    return caught.value.faults[0].message


def complaint(field: FieldType[object], raw: str) -> str:
    data = bytes.fromhex(raw)
    with pytest.raises(Refused) as caught:
        field.read(data, 0, len(data))
    return caught.value.faults[0].message


@pytest.mark.parametrize(
    ("field", "value", "raw"),
    [
        (UInt(16), 0x1234, "1234"),
        (UInt(256), 2**256 - 1, "ff" * 32),
        (Int(16), -2, "fffe"),
        (Int(16, order="little"), -2, "feff"),
        (Int(24, signed=False, order="little"), 0x123456, "563412"),
        (Int(4), -8, "08"),
        (BcdNumber(6), 1234, "001234"),
        (BcdNumber(6, order="little"), 1234, "341200"),
        (PackedDecimal(5), 123, "00123c"),
        (PackedDecimal(5), -123, "00123d"),
        (PackedDecimal(5, signed=False), 123, "00123f"),
        (Money(32, scale=2), Decimal("12.5"), "000004e2"),
        (Money(16, scale=1, signed=True), Decimal("-0.1"), "ffff"),
        (Digits(4), "0042", "30303432"),
        (PackedDigits(5), "01234", "01234f"),
        (PackedDigits(6, least=3), "123", "123fff"),
        (Flag(bits=8), True, "01"),
    ],
)
def test_known_encodings(field: FieldType[object], value: object, raw: str) -> None:
    assert field.write(value).hex() == raw
    assert field.read(bytes.fromhex(raw), 0, len(raw) // 2) == (value, len(raw) // 2)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (UInt(8), 256, "is 256, most is 255"),
        (UInt(8, least=3), 2, "is 2, least is 3"),
        (UInt(8), True, "is a bool, must be an int"),
        (UInt(8), "1", "is a str, must be an int"),
        (Int(8), 128, "is 128, allowed is -128 to 127"),
        (Flag(), 1, "is an int, must be true or false"),
        (BcdNumber(2), 100, "is 100, allowed is 0 to 99"),
        (PackedDecimal(1, signed=False), -1, "is -1, allowed is 0 to 9"),
        (Digits(2), "1", "has 1 digit, must have 2"),
        (Digits(1), "12", "has 2 digits, must have 1"),
        (Digits(2), "1x", "has 'x', must be the digits 0 to 9"),
        (Digits(1), "２", "has '２', must be the digits 0 to 9"),
        (PackedDigits(2, least=2), "1", "has 1 digit, must have 2"),
        (PackedDigits(11, least=10), "123", "has 3 digits, allowed is 10 to 11"),
        (Money(8, scale=1), Decimal("1.25"), "is 1.25, which has more than 1 decimal"),
        (Money(8, scale=1), Decimal("25.6"), "is 25.6, allowed is 0.0 to 25.5"),
        (Money(8), Decimal("1e999999"), "is 1E+999999, allowed is 0 to 255"),
        (Money(8), Decimal("NaN"), "is NaN, must be an amount"),
        (Money(8), 1.5, "is a float, must be a Decimal"),
    ],
)
def test_values_that_do_not_fit(field: FieldType[object], value: object, text: str) -> None:
    assert message(field, value) == text


@pytest.mark.parametrize(
    ("field", "raw", "text"),
    [
        (UInt(16), "12", "needs 2 bytes, 1 is left"),
        (UInt(8), "", "needs 1 byte, 0 are left"),
        (UInt(3), "08", "uses 4 bits, most is 3"),
        (Flag(bits=8), "02", "is 2, must be 0 or 1"),
        (BcdNumber(2), "1a", "is 1a, must be BCD digits"),
        (PackedDecimal(1), "0d", "is 0d, minus zero; zero has the sign C"),
        (PackedDecimal(1), "1f", "is 1f, must be BCD digits and then C or D"),
        (PackedDecimal(1, signed=False), "1c", "is 1c, must be BCD digits and then F"),
        (Digits(2), "3130"[:2] + "2f", "is 312f, must be ASCII digits"),
        (PackedDigits(4, least=0), "1f2f", "is 1f2f, must be BCD digits filled with F"),
        (PackedDigits(5), "123456", "has 6 digits, must have 5"),
    ],
)
def test_bytes_that_mean_nothing(field: FieldType[object], raw: str, text: str) -> None:
    assert complaint(field, raw) == text


def test_money_keeps_its_decimals_and_is_a_string_in_json() -> None:
    field = Money(32, scale=2)
    assert str(field.read(bytes.fromhex("00000064"), 0, 4)[0]) == "1.00"
    assert field.to_json(Decimal("1.5")) == "1.50"
    assert field.from_json("1.5") == Decimal("1.5")
    for wrong in (1.5, 1, "1,5", "1e3", "", "-", ".", "１", None):
        with pytest.raises(Refused):
            field.from_json(wrong)


class TestCounter:
    def test_it_grows_and_stops_at_its_end(self) -> None:
        field = Counter(8)
        assert field.monotonic
        assert field.advanced(254) == 255
        with pytest.raises(Refused, match="255"):
            field.advanced(255)
        assert Counter(8, saturating=True).advanced(250, by=9) == 255

    def test_it_never_shrinks(self) -> None:
        field = Counter(8)
        field.check_growth(3, 3)
        with pytest.raises(Refused, match="only grows"):
            field.check_growth(3, 2)
        with pytest.raises(Refused, match="only grows"):
            field.advanced(3, by=0)


@pytest.mark.parametrize(
    "declare",
    [
        lambda: UInt(0),
        lambda: UInt(257),
        lambda: UInt(8, most=256),
        lambda: UInt(8, least=5, most=4),
        lambda: Int(12, order="little"),
        lambda: Flag(bits=0),
        lambda: Digits(0),
        lambda: PackedDigits(3, least=4),
        lambda: BcdNumber(3),
        lambda: PackedDecimal(4),
        lambda: Money(8, scale=19),
    ],
)
def test_declarations_that_contradict_themselves(declare: object) -> None:
    with pytest.raises(SchemaError):
        declare()  # type: ignore[operator]  # a lambda
