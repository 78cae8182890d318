"""Types of users in generated code: called where they say something new, gathered in runs where they do not."""

from __future__ import annotations

import pytest

from yohaku import Record, field, hidden
from yohaku.codec import BitField, FixedField, Interpreter, source_of
from yohaku.codec.parts import emitter
from yohaku.errors import DecodeError, EncodeError
from yohaku.fields import (
    Counter,
    SizedBy,
    Text,
    UInt,
    computed,
)
from yohaku.testing import straight


class Tens(UInt):
    """A user's type that changes what a known one means."""

    def to_bits(self, value: object) -> int:
        return super().to_bits(value) // 10

    def from_bits(self, number: int) -> int:
        return number * 10


class Named(UInt):
    """A user's type that changes nothing but its name."""

    @property
    def type_name(self) -> str:
        return "Named"


class Backwards(FixedField[bytes]):
    def __init__(self) -> None:
        super().__init__(2)

    def unpack(self, raw: bytes) -> bytes:
        return raw[::-1] if raw[0] < 128 else self.refuse("is wrong")

    def write(self, value: object) -> bytes:
        return value[::-1] if isinstance(value, bytes) else self.refuse("must be bytes")

    def example(self) -> bytes:
        return b"\2\1"


class Odd(BitField[int]):
    def to_bits(self, value: object) -> int:
        return value >> 1 if isinstance(value, int) else self.refuse("must be an int")

    def from_bits(self, number: int) -> int:
        return number << 1 | 1

    def example(self) -> int:
        return 1


class Mirrored(FixedField[bytes]):
    """A user's type of fixed size that reads and writes by itself."""

    def __init__(self) -> None:
        super().__init__(2)

    def read(self, data: bytes, offset: int, end: int) -> tuple[bytes, int]:
        return self.take(data, offset, end, 2) * 2, offset + 2

    def unpack(self, raw: bytes) -> bytes:
        raise AssertionError(raw)

    def write(self, value: object) -> bytes:
        return value[:2] if isinstance(value, bytes) and value[:2] == value[2:] else self.refuse("is not mirrored")

    def example(self) -> bytes:
        return b"abab"


class Recalled(FixedField[bytes]):
    """A user's type whose values come again and again."""

    recurring = True

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.read_count = self.written_count = 0

    def unpack(self, raw: bytes) -> bytes:
        self.read_count += 1
        return raw[::-1]

    def write(self, value: object) -> bytes:
        self.written_count += 1
        return value[::-1] if isinstance(value, bytes) else self.refuse("must be bytes")

    def example(self) -> bytes:
        return bytes(self.minimum)


class Asked(Odd):
    """A user's type that knows how often it was asked."""

    def __init__(self, bits: int) -> None:
        super().__init__(bits)
        self.asked: list[int] = []

    def from_bits(self, number: int) -> int:
        self.asked.append(number)
        return super().from_bits(number)

    def to_bits(self, value: object) -> int:
        self.asked.append(-1)
        return super().to_bits(value)


class Harmless(UInt):
    """A user's type that changes what is shown only."""

    def __init__(self) -> None:
        super().__init__(8)

    def example(self) -> int:
        return 7


class Turned(SizedBy[str]):
    """A user's type that depends on another field and turns its text round."""

    def read_given(self, control: object, data: bytes, offset: int, end: int) -> tuple[str, int]:
        value, stop = super().read_given(control, data, offset, end)
        return value[::-1], stop

    def write(self, value: object) -> bytes:
        return super().write(value[::-1] if isinstance(value, str) else value)


class TestTypesOfUsers:
    def test_what_depends_on_another_field_reads_and_writes_by_itself(self) -> None:
        class Held(Record):
            size: int = field(UInt(8))
            text: str = field(Turned("size", Text(5, padded=False)))
            behind: int = field(UInt(8))

        held = Held(size=3, text="abc", behind=9)
        assert straight(Held.__field_type__).encode(held) == b"\3cba\t"
        assert straight(Held.__field_type__).decode(b"\3cba\t") == held
        with pytest.raises(EncodeError, match="needs size to be 2, it is 3"):
            held.replace(text="ab").encode()

    def test_a_value_that_others_follow_from_is_asked_for_once(self) -> None:
        type_ = Asked(8)

        class Held(Record):
            odd: int = field(type_)
            _copy = hidden(computed(UInt(8), lambda number: number, "odd"))

        assert straight(Held.__field_type__).decode(b"\2\5") == Held(odd=5)
        assert type_.asked == [2]

    def test_one_that_reads_by_itself_does(self) -> None:
        assert straight(Mirrored()).decode(b"xy") == b"xyxy"
        assert straight(Mirrored()).encode(b"xyxy") == b"xy"

    @pytest.mark.parametrize("bits", [3, 8])
    def test_bits_are_asked_each_time_unless_they_come_again_and_again(self, bits: int) -> None:
        type_ = Asked(bits)
        codec = straight(type_)
        assert [codec.decode(b"\2") for _ in range(2)] == [5, 5]
        assert [codec.encode(5) for _ in range(2)] == [b"\2", b"\2"]
        assert type_.asked == [2, 2, -1, -1]
        type_ = Asked(bits)
        type_.recurring = True
        codec = straight(type_)
        assert [codec.decode(b"\2") for _ in range(2)] == [5, 5]
        assert [codec.encode(5) for _ in range(2)] == [b"\2", b"\2"]
        assert type_.asked == [2, -1]

    def test_bits_of_a_user_are_a_number_of_the_run(self) -> None:
        assert "return from_bits_record(record)" in source_of(Odd(8))
        assert "value_bits = to_bits_value(value)" in source_of(Odd(8))

    @pytest.mark.parametrize(("size", "asked"), [(2, 1), (8, 1), (9, 2)])
    def test_a_table_recalls_what_one_number_holds(self, size: int, asked: int) -> None:
        type_ = Recalled(size)
        codec, raw = straight(type_), bytes(range(size))
        assert [codec.decode(raw) for _ in range(2)] == [raw[::-1]] * 2
        assert [codec.encode(raw[::-1]) for _ in range(2)] == [raw] * 2
        assert (type_.read_count, type_.written_count) == (asked, asked)

    def test_what_overrides_a_method_is_called(self) -> None:
        assert emitter(Tens(8), "emit_read") is None
        assert straight(Tens(8)).decode(b"\3") == 30
        assert straight(Tens(8)).encode(30) == b"\3"

    def test_what_overrides_a_name_is_generated(self) -> None:
        for type_ in (Named(8), Harmless(), Counter(8)):
            assert emitter(type_, "emit_read") is not None

    def test_a_type_of_fixed_size_joins_the_run(self) -> None:
        class Held(Record):
            before: int = field(UInt(8))
            odd: bytes = field(Backwards())
            behind: int = field(UInt(8))

        held = Held(before=1, odd=b"\3\2", behind=4)
        assert straight(Held.__field_type__).encode(held) == b"\1\2\3\4"
        assert "unpack_B2sB" in source_of(Held)
        assert straight(Held.__field_type__).decode(b"\1\2\3\4") == held
        with pytest.raises(DecodeError, match=r"odd is wrong @ \$.odd \(byte 1, 2 bytes\)"):
            Held.decode(b"\1\xff\3\4")

    def test_one_that_writes_another_size_than_it_says_is_not_cut(self) -> None:
        class Held(Record):
            odd: bytes = field(Backwards())
            behind: int = field(UInt(8))

        held = Held(odd=b"\1\2\3", behind=4)
        assert held.encode() == Interpreter(Held.__field_type__).encode(held) == b"\3\2\1\4"

    def test_bits_of_a_user_share_bytes(self) -> None:
        class Held(Record):
            one: int = field(Odd(3))
            two: int = field(UInt(5))

        assert straight(Held.__field_type__).encode(Held(one=5, two=3)) == b"\x43"
        assert straight(Held.__field_type__).decode(b"\x43") == Held(one=5, two=3)


class Quiet(FixedField[None]):
    """A user's hidden part: one byte, even and above 100."""

    hidden = True

    def unpack(self, raw: bytes) -> None:
        if raw[0] % 2 or raw[0] <= 100:
            self.refuse("is not quiet")

    def write(self, value: object) -> bytes:
        return b"\x80" if value is None else self.refuse("has no value")

    def example(self) -> None:
        return None


class QuietBits(BitField[None]):
    """A user's hidden bits: all set."""

    hidden = True

    def from_bits(self, number: int) -> None:
        if number != (1 << self.bits) - 1:
            self.refuse("are not all set")

    def to_bits(self, value: object) -> int:
        return (1 << self.bits) - 1 if value is None else self.refuse("have no value")

    def example(self) -> None:
        return None


class TestHiddenTypesOfUsers:
    def test_their_checks_are_made(self) -> None:
        class Held(Record):
            number: int = field(UInt(5))
            _bits = hidden(QuietBits(3))
            _quiet = hidden(Quiet(1))

        held = Held(number=2)
        assert straight(Held.__field_type__).encode(held) == b"\x17\x80"
        assert straight(Held.__field_type__).decode(b"\x17\x80") == held
        for wrong in (b"\x17\x81", b"\x17\x64", b"\x16\x80"):
            with pytest.raises(DecodeError, match=r"is not quiet|are not all set"):
                Held.decode(wrong)
