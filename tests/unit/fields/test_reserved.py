"""Reserved bytes and bits, and constants: written as declared, and refused with any bit changed."""

import pytest

from yohaku import DecodeError, Record, field, hidden
from yohaku.fields import Constant, Reserved, ReservedBits, UInt


class Frame(Record):
    magic = hidden(Constant(b"\x59\x48"))
    number: int = field(UInt(5))
    spare = hidden(ReservedBits(3))
    later = hidden(Reserved(2))
    last: int = field(UInt(8))


WHOLE = Frame(number=0b10101, last=0xFF).encode()
VALUES = {*range(16, 21), *range(32 + 8, 48)}
"""Bits that carry a value."""


def test_they_stand_between_the_values() -> None:
    assert WHOLE.hex() == "5948a80000ff"
    assert Frame.decode(WHOLE) == Frame(number=0b10101, last=0xFF)


@pytest.mark.parametrize("bit", [bit for bit in range(8 * len(WHOLE)) if bit not in VALUES])
def test_no_bit_of_them_may_change(bit: int) -> None:
    changed = bytearray(WHOLE)
    changed[bit // 8] ^= 0x80 >> bit % 8
    with pytest.raises(DecodeError, match="must be"):
        Frame.decode(bytes(changed))


def test_every_other_bit_is_a_value() -> None:
    for bit in VALUES:
        changed = bytearray(WHOLE)
        changed[bit // 8] ^= 0x80 >> bit % 8
        assert Frame.decode(bytes(changed)).encode() == changed


def test_a_fault_says_what_was_found_and_where() -> None:
    with pytest.raises(DecodeError) as caught:
        Frame.decode(bytes.fromhex("5948a90100ff"))
    assert [str(fault) for fault in caught.value.faults] == [
        "spare is 0x1, reserved bits must be zero @ $.spare (byte 2, 1 byte)",
        "later is 0100, reserved bytes must be zero @ $.later (byte 3, 2 bytes)",
    ]
