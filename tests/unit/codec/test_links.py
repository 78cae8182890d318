"""Fields that depend on siblings: what is written, what is verified, and what contradictory declarations say."""

import types
from datetime import date
from typing import Any

import construct as cs
import pytest

from yohaku import Record, TlvRecord, field, hidden, reserved
from yohaku.errors import DecodeError, EncodeError, JsonError, SchemaError
from yohaku.fields import (
    Case,
    Checksum,
    Constant,
    Count,
    Counted,
    Date,
    Digits,
    Flag,
    Length,
    OneOf,
    Prefixed,
    Presence,
    PresentIf,
    Repeat,
    RepeatBy,
    Reserved,
    SizedBy,
    Tagged,
    Text,
    Trailing,
    UInt,
    VariableBlob,
    computed,
    crc16_checksum,
    crc32_checksum,
    sha256_checksum,
    xor_checksum,
)
from yohaku.fields.derived import crc16


class Member(Record):
    age: int = field(UInt(8))


class Household(Record):
    _count = hidden(Count("members", bits=7), "人数")
    _has_phone = hidden(Presence("phone"))
    phone: str | None = field(PresentIf("_has_phone", Digits(2)), default=None)
    members: tuple[Member, ...] = field(RepeatBy("_count", Member, most=4))


def faults(data: str, kind: type[Record]) -> list[str]:
    with pytest.raises(DecodeError) as caught:
        kind.decode(bytes.fromhex(data))
    return [str(fault) for fault in caught.value.faults]


class TestCountAndPresence:
    def test_bits_before_say_what_follows(self) -> None:
        record = Household(phone="12", members=(Member(age=5), Member(age=6)))
        assert record.encode().hex() == "05" + "3132" + "0506"
        assert Household.decode(record.encode()) == record
        assert Household(members=()).encode().hex() == "00"

    def test_json_does_not_know_them(self) -> None:
        record = Household(members=(Member(age=5),))
        assert record.to_json() == {"phone": None, "members": [{"age": 5}]}
        assert Household.from_json({"members": [{"age": 5}]}) == record

    def test_too_many_are_refused_both_ways(self) -> None:
        with pytest.raises(EncodeError, match="members has 5 items, most is 4"):
            Household(members=(Member(age=1),) * 5).encode()
        assert faults("0a0102030405", Household) == ["members has 5 items, most is 4 @ $.members (byte 1)"]

    def test_a_value_of_the_wrong_type_is_one_fault(self) -> None:
        with pytest.raises(EncodeError) as caught:
            Household(members=5).encode()  # type: ignore[arg-type]  # that is the fault
        assert [fault.path for fault in caught.value.faults] == [("members",)]

    def test_more_than_the_number_can_say(self) -> None:
        class Many(Record):
            _count = hidden(Count("items", bits=2))
            rest: int = field(UInt(6))
            items: tuple[int, ...] = field(RepeatBy("_count", UInt(8), most=9))

        with pytest.raises(EncodeError, match=r"_count is 4, most is 3 @ \$._count \(byte 0, 1 byte\)"):
            Many(rest=0, items=(1, 2, 3, 4)).encode()


class TestVisibleControls:
    class Note(Record):
        there: bool = field(Flag(bits=8))
        note: str | None = field(PresentIf("there", Digits(2)), default=None)
        size: int = field(UInt(8))
        raw: bytes = field(SizedBy("size", VariableBlob(4)))

    def test_they_must_agree(self) -> None:
        assert self.Note(there=True, note="12", size=1, raw=b"a").encode().hex() == "0131320161"
        with pytest.raises(EncodeError) as caught:
            self.Note(there=True, note=None, size=3, raw=b"a").encode()
        assert [str(fault) for fault in caught.value.faults] == [
            "note needs there to be False, it is True @ $.note (byte 1)",
            "raw needs size to be 1, it is 3 @ $.raw",
        ]

    def test_they_must_agree_in_json_too(self) -> None:
        with pytest.raises(JsonError, match="needs size to be 2, it is 1"):
            self.Note.from_json({"there": False, "size": 1, "raw": "0102"})

    def test_examples_agree(self) -> None:
        example = self.Note.example()
        assert example.there
        assert self.Note.decode(example.encode()) == example

    def test_a_stated_example_of_the_control_rules(self) -> None:
        class Stated(Record):
            there: bool = field(Flag(bits=8), example=False)
            note: str | None = field(PresentIf("there", Digits(2)), default=None)

        assert Stated.example() == Stated(there=False, note=None)

    def test_after_a_faulty_control_nothing_is_guessed(self) -> None:
        assert faults("02" + "3132", self.Note) == ["there is 2, must be 0 or 1 @ $.there (byte 0, 1 byte)"]

    def test_sizes_beyond_the_data(self) -> None:
        assert faults("000561", self.Note) == ["raw needs 5 bytes, 1 is left @ $.raw (byte 2, 5 bytes)"]


class TestLength:
    def test_it_covers_several_fields(self) -> None:
        class Letter(Record):
            _size = hidden(Length("name", "note", bits=8))
            name: str = field(Prefixed(UInt(8), Text(9, padded=False)))
            note: str = field(Digits(2))

        letter = Letter(name="abc", note="12")
        assert letter.encode().hex() == "06" + "03616263" + "3132"
        assert Letter.decode(letter.encode()) == letter
        assert faults("07036162633132", Letter) == [
            "_size is 7, must be 6 (bytes of name, note) @ $._size (byte 0, 1 byte)"
        ]


class TestComputed:
    class Sum(Record):
        a: int = field(UInt(8))
        b: int = field(UInt(8))
        _sum = hidden(computed(UInt(8), lambda a, b: a + b, "a", "b"), "和")

    def test_it_is_written_and_verified(self) -> None:
        assert self.Sum(a=1, b=2).encode() == b"\1\2\3"
        assert faults("010204", self.Sum) == ["_sum is 4, must be 3 (computed from a, b) @ $._sum (byte 2, 1 byte)"]

    def test_its_type_limits_it(self) -> None:
        with pytest.raises(EncodeError, match="_sum is 300, most is 255"):
            self.Sum(a=150, b=150).encode()

    def test_a_value_of_another_type_is_refused_both_ways(self) -> None:
        class Larger(Record):
            a: int = field(UInt(8))
            _large = hidden(computed(UInt(8), lambda a: a > 9, "a"))

        with pytest.raises(EncodeError, match="_large is a bool, must be an int"):
            Larger(a=10).encode()
        assert faults("0a01", Larger) == ["_large is a bool, must be an int @ $._large (byte 1, 1 byte)"]

    def test_a_function_that_fails_is_a_fault(self) -> None:
        class Share(Record):
            total: int = field(UInt(8))
            count: int = field(UInt(8))
            _each = hidden(computed(UInt(8), lambda total, count: total // count, "total", "count"))

        assert Share(total=8, count=2).encode() == b"\x08\x02\x04"
        with pytest.raises(EncodeError, match=r"_each cannot be computed .*zero"):
            Share(total=8, count=0).encode()
        with pytest.raises(DecodeError, match=r"_each cannot be computed .*zero"):
            Share.decode(b"\x08\0\0")


class TestChecksum:
    @pytest.mark.parametrize(
        ("checksum", "check"),
        [
            (crc16_checksum(), "29b1"),
            (crc32_checksum(), "cbf43926"),
            (xor_checksum(), "31"),
            (sha256_checksum(4), "15e2b0d3"),
        ],
        ids=lambda value: str(getattr(value, "name", value)),
    )
    def test_published_check_values(self, checksum: Checksum, check: str) -> None:
        class Checked(Record):
            number: str = field(Digits(9))
            _check = hidden(checksum)
            after: int = field(UInt(8))

        record = Checked(number="123456789", after=7)
        assert record.encode().hex() == b"123456789".hex() + check + "07"
        assert Checked.decode(record.encode()) == record
        changed = bytearray(record.encode())
        changed[0] ^= 1
        with pytest.raises(DecodeError, match=r"_check is .*, must be .* of the bytes before\) @ \$._check \(byte 9"):
            Checked.decode(bytes(changed))

    def test_other_starts_of_crc16(self) -> None:
        assert crc16(b"123456789", start=0) == 0x31C3  # CRC-16/XMODEM
        assert crc16(b"") == 0xFFFF

    def test_a_faulty_value_before_it_is_the_only_fault(self) -> None:
        class Checked(Record):
            number: int = field(UInt(8))
            _check = hidden(crc16_checksum())

        with pytest.raises(EncodeError) as caught:
            Checked(number=256).encode()
        assert [fault.path for fault in caught.value.faults] == [("number",)]


class TestTrailing:
    class Grown(Record):
        number: int = field(UInt(8))
        since: date | None = field(Trailing(Date()), default=None)
        count: int | None = field(Trailing(UInt(8)), default=None)

    def test_old_bytes_are_read(self) -> None:
        assert self.Grown.decode(b"\5") == self.Grown(number=5)
        assert self.Grown.decode(bytes.fromhex("0520260401")) == self.Grown(number=5, since=date(2026, 4, 1))
        assert self.Grown(number=5).encode() == b"\5"

    def test_nothing_follows_what_is_absent(self) -> None:
        with pytest.raises(EncodeError, match="count must be absent"):
            self.Grown(number=5, count=3).encode()

    def test_a_value_of_no_bytes_is_refused(self) -> None:
        class Late(Record):
            rest: Any = field(Trailing(cs.Optional(cs.Int16ub)), default=None)

        assert Late.decode(b"\0\1") == Late(rest=1)
        assert faults("05", Late)[0].startswith("rest takes no bytes")

    def test_leftovers_are_refused(self) -> None:
        assert faults("05202604010306", self.Grown)[-1].endswith("1 byte is left over @ $ (byte 6, 1 byte)")


class TestUnion:
    class Cash(Record):
        yen: int = field(UInt(16))

    class PointCard(Record):
        number: str = field(Digits(3))

    field_type = OneOf(Case(1, Cash), Case(2, PointCard))

    class Receipt(Record):
        paid: Any = field(OneOf(Case(1, Member), Case(9, Household)))

    def test_the_number_says_which_record_follows(self) -> None:
        assert self.field_type.write(self.PointCard(number="123")) == b"\x02123"
        assert self.field_type.read(b"\x01\0\5", 0, 3) == (self.Cash(yen=5), 3)
        assert self.field_type.to_json(self.PointCard(number="123")) == {"point_card": {"number": "123"}}

    def test_faults_carry_the_path(self) -> None:
        assert faults("03", self.Receipt) == ["paid has the number 3, known is 1, 9 @ $.paid (byte 0)"]
        assert faults("01", self.Receipt) == ["age needs 1 byte, 0 are left @ $.paid.age (byte 1, 1 byte)"]
        with pytest.raises(EncodeError, match="is a str, must be one of Member, Household"):
            self.Receipt(paid="x").encode()
        with pytest.raises(JsonError, match="is 'membr', must be one of member, household; did you mean 'member'"):
            self.Receipt.from_json({"paid": {"membr": {}}})
        with pytest.raises(JsonError, match=r"\$.paid.member.age \(byte 1"):
            self.Receipt.from_json({"paid": {"member": {"age": 256}}})

    @pytest.mark.parametrize(
        "cases", [(Case(1, Cash), Case(1, PointCard)), (Case(1, Cash), Case(2, Cash)), (Case(256, Cash),)]
    )
    def test_cases_must_differ_and_fit(self, cases: tuple[Case[Any], ...]) -> None:
        with pytest.raises(SchemaError):
            OneOf(*cases)


class TestFrames:
    def test_counted_and_prefixed_say_what_is_short(self) -> None:
        class Framed(Record):
            items: tuple[int, ...] = field(Counted(UInt(8), UInt(16), most=3))
            name: str = field(Prefixed(UInt(8), Text(300, padded=False)))

        assert faults("04", Framed) == ["items has 4 items, most is 3 @ $.items (byte 0)"]
        assert faults("0000" + "61", Framed) == ["value ends at byte 2, 1 byte is left over @ $ (byte 2, 1 byte)"]
        assert faults("000261", Framed) == ["name says 2 bytes follow, 1 is left @ $.name (byte 1)"]
        assert faults("01", Framed) == ["items needs 2 bytes, 0 are left @ $.items[0] (byte 1, 2 bytes)"]
        with pytest.raises(EncodeError, match=r"name takes 256 bytes, UInt\(8\) can state 0 to 255"):
            Framed(items=(), name="a" * 256).encode()


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: _record(a=(int, RepeatBy("n", UInt(8), most=2))), "depends on 'n', no field before it"),
        (lambda: _record(_c=Count("a")), "derived from 'a', no field of the record"),
        (lambda: _record(a=(int, Trailing(UInt(8))), b=(int, UInt(8))), "so b cannot follow it"),
        (lambda: _record(a=(bytes, VariableBlob(2)), b=(int, UInt(8))), "so no field can follow it"),
        (lambda: Prefixed(UInt(8), Constant(b"A")), "stands in a record"),
        (lambda: Repeat(Reserved(1), 2), "stands in a record"),
        (lambda: Repeat(PresentIf("x", UInt(8)), 2), "depends on a sibling"),
        (lambda: Tagged(0x80, Trailing(UInt(8))), "only the last fields of a record"),
        (lambda: Trailing(VariableBlob(3)), "give it a length with Prefixed"),
        (lambda: Trailing(TestTrailing.Grown), "give it a length with Prefixed"),
        (lambda: Trailing(cs.Pass), "could not be told from an absent value"),
        (lambda: Prefixed(UInt(8), Digits(300)), "takes at least 300"),
        (lambda: Prefixed(UInt(4), Digits(3)), "does not fill whole bytes"),
        (lambda: hidden(UInt(8)), "carries a value"),
        (lambda: sha256_checksum(33), "1 to 32 bytes"),
    ],
)
def test_declarations_that_contradict_themselves(declare: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        declare()


def _record(**members: Any) -> type[Record]:
    body: dict[str, Any] = {"__annotations__": {}}
    for name, member in members.items():
        if isinstance(member, tuple):
            body["__annotations__"][name], type_ = member
            body[name] = field(type_)
        else:
            body[name] = hidden(member)
    made: type[Record] = types.new_class("Made", (Record,), exec_body=lambda space: space.update(body))
    return made


class TestTemplates:
    class Bag(TlvRecord):
        a: int = field(Tagged(0x80, UInt(8)))
        b: int | None = field(Tagged(0x81, UInt(8)), default=None)

    def test_a_changed_member_keeps_what_was_found(self) -> None:
        bag = self.Bag.decode(bytes.fromhex("81 01 05 99 00 80 01 07"))
        for changed in (bag.replace(a=1), bag.replace(b=None), bag.replace(b=None).replace(b=3)):
            assert self.Bag.decode(changed.encode()) == changed
            assert b"\x99\0" in changed.encode()
        assert bag.replace(b=None).encode().hex() == "9900" + "800107"

    def test_json_states_the_order_once(self) -> None:
        made = self.Bag.from_json({"a": 7, "_order": ["81", "80"], "_unknown": ["9900"]})
        assert self.Bag.decode(made.encode()) == made
        with pytest.raises(JsonError, match="must be a list of hex strings"):
            self.Bag.from_json({"a": 7, "_order": [81]})

    def test_reserved_parts_have_no_place(self) -> None:
        with pytest.raises(SchemaError, match="a member of a template needs a tag"):

            class Wrong(TlvRecord):
                _gap = reserved(1)
