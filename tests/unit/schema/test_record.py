import pickle
from datetime import date

import pytest
from construct import Const, Int8ub, Int16ub, Padding, Struct

from yohaku import DecodeError, EncodeError, JsonError, Record, SchemaError, TlvRecord, constant, field, reserved
from yohaku.fields import Date, Digits, Flag, Repeat, Tagged, Text, UInt


class Point(Record):
    """座標"""

    x: int = field(UInt(8), "横", example=3)
    y: int = field(UInt(16), "縦", default=7)
    _spare = reserved(1)


class Path(Record):
    """経路"""

    _magic = constant(b"PA")
    start: Point = field(Point, "始点")
    steps: tuple[Point, ...] = field(Repeat(Point, 2), "途中")
    closed: bool = field(Flag(bits=8), "閉路")


def path(**changes):
    values = {"start": Point(x=1), "steps": (Point(x=2), Point(x=3)), "closed": True}
    return Path(**(values | changes))


def test_fields_follow_each_other_without_gaps():
    assert Point(x=1, y=0x0203).encode() == b"\x01\x02\x03\x00"
    assert path().encode() == b"PA" + bytes([1, 0, 7, 0]) + bytes([2, 0, 7, 0]) + bytes([3, 0, 7, 0]) + b"\x01"


def test_decoding_gives_the_same_record():
    record = path()
    assert Path.decode(record.encode()) == record
    assert type(Path.decode(record.encode()).start) is Point


def test_decode_refuses_leftovers_that_decode_from_returns():
    raw = Point(x=1).encode()
    assert Point.decode_from(raw + b"rest") == (Point(x=1), b"rest")
    with pytest.raises(DecodeError, match=r"ends at byte 4, 4 bytes .* left over"):
        Point.decode(raw + b"rest")


def test_every_fault_of_bytes_is_reported_with_path_offset_and_size():
    raw = b"PB" + bytes([1, 0, 7, 0]) + bytes([2, 0, 7, 9]) + bytes([3, 0, 7, 0]) + b"\x02"
    with pytest.raises(DecodeError) as caught:
        Path.decode(raw)
    found = [(fault.where, fault.offset, fault.size) for fault in caught.value.faults]
    assert found == [("$._magic", 0, 2), ("$.steps[0]._spare", 9, 1), ("$.closed", 14, 1)]


def test_every_fault_of_a_value_is_reported_with_path_offset_and_limit():
    with pytest.raises(EncodeError) as caught:
        path(start=Point(x=256), steps=(Point(x=0), Point(x=1, y=70000)), closed=1).encode()
    assert str(caught.value).splitlines()[1:] == [
        "  x is 256, most is 255 @ $.start.x (byte 2, 1 byte)",
        "  y is 70000, most is 65535 @ $.steps[1].y (byte 11, 2 bytes)",
        "  closed is an int, must be true or false @ $.closed (byte 14, 1 byte)",
    ]


def test_short_bytes_are_refused():
    with pytest.raises(DecodeError, match=r"y needs 2 bytes, 1 .* left @ \$\.y"):
        Point.decode(b"\x01\x02")


def test_json_round_trip_and_faults_all_at_once():
    record = path()
    assert Path.from_json(record.to_json()) == record
    with pytest.raises(JsonError) as caught:
        Path.from_json({"start": {"x": "1", "z": 2}, "steps": [{"x": 1}], "closed": None})
    assert [fault.where for fault in caught.value.faults] == ["$.start.x", "$.start.z", "$.steps", "$.closed"]


def test_defaults_fill_in_for_code_and_json():
    assert Point(x=1).y == 7
    assert Point.from_json({"x": 1}) == Point(x=1)


def test_a_record_is_frozen_hashable_and_comparable_by_class():
    class Other(Record):
        x: int = field(UInt(8))
        y: int = field(UInt(16), default=7)
        _spare = reserved(1)

    record = Point(x=1)
    with pytest.raises(SchemaError, match="frozen"):
        record.x = 2
    with pytest.raises(SchemaError, match="frozen"):
        del record.x
    assert not hasattr(record, "__dict__")
    assert {record: 1}[Point(x=1)] == 1
    assert record != Point(x=2)
    assert record != Other(x=1)


def test_replace_changes_some_fields_and_names_the_nearest_for_a_wrong_one():
    assert Point(x=1).replace(y=2) == Point(x=1, y=2)
    with pytest.raises(EncodeError, match="xx is no field of Point; did you mean 'x'"):
        Point(x=1).replace(xx=2)


def test_building_names_every_missing_and_unknown_field():
    with pytest.raises(EncodeError) as caught:
        Path(strat=Point(x=1))
    assert [fault.where for fault in caught.value.faults] == ["$.start", "$.steps", "$.closed", "$.strat"]
    assert "did you mean 'start'" in str(caught.value)


def test_a_record_can_be_pickled():
    assert pickle.loads(pickle.dumps(Point(x=9))) == Point(x=9)  # noqa: S301 - our own bytes


def test_a_record_class_inherits_fields_first():
    class Point3(Point):
        z: int = field(UInt(8))

    assert Point3(x=1, z=5).encode() == b"\x01\x00\x07\x00\x05"
    assert Point3.decode(b"\x01\x00\x07\x00\x05") == Point3(x=1, z=5)


def test_the_example_comes_from_the_fields():
    assert Point.example() == Point(x=3, y=0)
    assert Path.decode(Path.example().encode()) == Path.example()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"x": field(UInt(8))}, "x: needs a type annotation"),
        ({"__annotations__": {"x": int}}, "x: an annotation without field"),
        ({"__annotations__": {"x": int}, "x": reserved(1)}, "takes no annotation"),
    ],
)
def test_a_class_body_that_contradicts_itself_is_refused(body, message):
    with pytest.raises(SchemaError, match=message):
        type(Record)("Bad", (Record,), {"__module__": __name__, **body})


def test_bits_that_do_not_fill_bytes_are_refused():
    with pytest.raises(SchemaError, match="take 11 bits together: add 5 reserved bits"):

        class Bad(Record):
            a: int = field(UInt(3))
            b: int = field(UInt(8))


def test_fields_narrower_than_a_byte_share_bytes():
    class Packed(Record):
        a: int = field(UInt(3))
        b: int = field(UInt(12))
        c: bool = field(Flag())

    assert Packed(a=5, b=0xABC, c=True).encode() == bytes([0b10110101, 0b01111001])
    assert Packed.decode(bytes([0b10110101, 0b01111001])) == Packed(a=5, b=0xABC, c=True)


class TestForeignConstructs:
    """Any construct is a field; nothing of construct's own gets out."""

    class Mixed(Record):
        number: int = field(Int16ub)
        pair: dict = field(Struct("a" / Int8ub, Padding(2), "b" / Int8ub))

    def test_values_are_plain(self):
        record = self.Mixed.decode(b"\x01\x02\x03\x00\x00\x04")
        assert record == self.Mixed(number=0x0102, pair={"a": 3, "b": 4})
        assert type(record.pair) is dict
        assert record.encode() == b"\x01\x02\x03\x00\x00\x04"
        assert self.Mixed.from_json(record.to_json()) == record

    def test_padding_with_content_is_refused_though_construct_takes_it(self):
        with pytest.raises(DecodeError, match=r"would be written back as 03000004 @ \$\.pair \(byte 2"):
            self.Mixed.decode(b"\x01\x02\x03\x00\x01\x04")

    @pytest.mark.parametrize("value", [-1, 70000, "1", None])
    def test_construct_errors_become_faults(self, value):
        with pytest.raises(EncodeError, match=r"@ \$\.number"):
            self.Mixed(number=value, pair={"a": 3, "b": 4}).encode()

    def test_a_missing_key_is_a_fault(self):
        with pytest.raises(EncodeError, match=r"@ \$\.pair"):
            self.Mixed(number=1, pair={"a": 3}).encode()

    def test_short_bytes_are_a_fault(self):
        with pytest.raises(DecodeError, match=r"@ \$\.number"):
            self.Mixed.decode(b"\x01")

    def test_a_record_is_a_construct_elsewhere_too(self):
        outer = Struct(Const(b"Z"), "point" / Point.__field_type__, "tail" / Int8ub)
        assert outer.parse(b"Z\x01\x00\x07\x00\x09").point == Point(x=1)
        assert outer.build({"point": Point(x=1), "tail": 9}) == b"Z\x01\x00\x07\x00\x09"

    def test_what_is_no_construct_is_refused_with_a_hint(self):
        with pytest.raises(SchemaError, match=r"write Date\(\)"):
            field(Date)
        with pytest.raises(SchemaError, match="no field type"):
            field(3)


class Card(TlvRecord, tag=0xE1):
    """札"""

    number: str = field(Tagged(0x5A, Digits(4)), "番号")
    born: date | None = field(Tagged(0x5F2B, Date()), "生年月日", default=None)
    names: tuple[str, ...] | None = field(
        Tagged(0xA2, Repeat(Tagged(0x0C, Text(200, padded=False)), most=3)), default=None
    )


class TestTlvRecord:
    def test_members_are_written_in_declared_order_and_absent_ones_not_at_all(self):
        assert Card(number="0001").encode().hex() == "e1065a0430303031"
        full = Card(number="0001", born=date(2000, 1, 2), names=("あ",))
        assert full.encode().hex() == "e1145a04303030315f2b0420000102a2050c03e38182"
        assert Card.decode(full.encode()) == full

    def test_any_order_is_read_and_written_back_as_it_was(self):
        raw = bytes.fromhex("e10d5f2b04200001025a0430303031")
        record = Card.decode(raw)
        assert record.born == date(2000, 1, 2)
        assert record.encode() == raw
        assert Card.from_json(record.to_json()).encode() == raw

    def test_unknown_tags_are_kept_through_change_and_json(self):
        raw = bytes.fromhex("e10c9f3501aa5a0430303031c100")
        record = Card.decode(raw)
        assert record.encode() == raw
        assert record.replace(number="0002").encode() == raw.replace(b"0001", b"0002")
        assert Card.from_json(record.to_json()).encode() == raw
        assert record != Card(number="0001")

    @pytest.mark.parametrize(
        ("raw", "message"),
        [
            ("e100", r"number is missing \(tag 5A\)"),
            ("e10c5a04303030315a0430303031", "number is there twice"),
            ("e107" + "5a8104" + "30303031", "shortest form"),
            ("e1065a04303030", "6 bytes of value, 5 are left"),
            ("e2065a0430303031", "has tag E2, must have E1"),
            ("e1075a043030303142", "tag without a length"),
            ("e1075a053030303142", "has 1 byte left over"),
        ],
    )
    def test_malformed_templates_are_refused(self, raw, message):
        with pytest.raises(DecodeError, match=message):
            Card.decode(bytes.fromhex(raw))

    def test_faults_of_several_members_come_together(self):
        with pytest.raises(DecodeError) as caught:
            Card.decode(bytes.fromhex("e10d5a04303030ff5f2b0420001302"))
        assert [(fault.where, fault.offset) for fault in caught.value.faults] == [("$.number", 4), ("$.born", 11)]

    def test_long_values_use_long_lengths(self):
        record = Card(number="0001", names=("x" * 150,))
        assert record.encode()[:3].hex() == "e181a2"
        assert Card.decode(record.encode()) == record

    def test_a_member_needs_a_tag_and_tags_differ(self):
        with pytest.raises(SchemaError, match="needs a tag"):

            class NoTag(TlvRecord):
                a: int = field(UInt(8))

        with pytest.raises(SchemaError, match="the same tag"):

            class Twice(TlvRecord):
                a: int = field(Tagged(0x80, UInt(8)))
                b: int = field(Tagged(0x80, UInt(8)))

        with pytest.raises(SchemaError, match="default=None and no other"):

            class Zero(TlvRecord):
                a: int = field(Tagged(0x80, UInt(8)), default=0)
