"""Snapshots, checks and tables know every field type: alone, in a list, in a template and beside its siblings."""

import json
from datetime import date
from enum import Enum, IntFlag

import construct
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yohaku import ALWAYS, NEVER, Applet, Record, TlvRecord, TransparentFile, field, hidden
from yohaku import fields as f
from yohaku.codec import FieldType, Foreign
from yohaku.schema.breaking import breaking
from yohaku.schema.checks import check
from yohaku.schema.snapshot import AppletSnapshot, schema_snapshot
from yohaku.schema.tables import read_csv, write_csv
from yohaku.testing import records


class Colour(Enum):
    RED = 1
    BLUE = 7


class Organs(IntFlag):
    HEART = 1
    EYES = 4


class Cash(Record):
    yen: int = field(f.UInt(24), "円")


class Points(Record):
    issuer: str = field(f.Digits(2), "発行者")
    number: int = field(f.Counter(8), "点数")


class Household(Record):
    """Links between siblings."""

    _count = hidden(f.Count("members", bits=6))
    _has_phone = hidden(f.Presence("phone"))
    has_note: bool = field(f.Flag())
    phone: str | None = field(f.PresentIf("_has_phone", f.TelephoneNumber()), default=None)
    members: tuple[Cash, ...] = field(f.RepeatBy("_count", Cash, most=5))
    note: str | None = field(
        f.PresentIf("has_note", f.Prefixed(f.UInt(8), f.Text(9, padded=False))), default=None, example=None
    )
    length: int = field(f.UInt(8))
    raw: bytes = field(f.SizedBy("length", f.VariableBlob(9)))
    _crc = hidden(f.crc16_checksum())
    since: date | None = field(f.Trailing(f.Date()), default=None)


class Licence(TlvRecord, simple=True):
    number: str = field(f.SimpleTagged(0x21, f.Digits(12)))
    photo: bytes | None = field(f.SimpleTagged(0x22, f.VariableBlob(30)), default=None)


TABLE = f.CodeTable("allergens", 2, {1: "そば", 2: "卵", 9: "落花生"})
TYPES: list[FieldType] = [
    f.UInt(8), f.UInt(16, least=3, most=9), f.Int(32), f.Int(24, order="little"), f.Counter(16), f.Flag(bits=8),
    f.Money(24, scale=2), f.BcdNumber(6), f.PackedDecimal(5), f.Digits(7), f.PackedDigits(10, least=0), f.Date(),
    f.AsciiDate(), f.EraDate(), f.DayNumber(16), f.Timestamp(4), f.MinuteStamp(24), f.LocalDateTime(), f.TimeOfDay(),
    f.TimeOfDay(seconds=False), f.Choice(Colour), f.Flags(Organs), f.MunicipalityCode(), f.CorporateNumber(),
    f.PostalCode(), f.TelephoneNumber(), f.InternationalNumber(), f.SexCode(), f.BloodTypeCode(), f.KanaName(16),
    f.Text(20), f.Text(20, "cp932", padded=False), f.Blob(5), f.VariableBlob(9), f.EvmAddress(), f.PublicKey("raw"),
    f.Digest("keccak256", size=8), f.Signature(65), f.ChainId(), f.TokenId(), f.Coded(TABLE, bits=8),
    f.CodedText(TABLE, 12), f.Repeat(f.UInt(16), 3), f.Counted(f.UInt(8), f.Date(), most=4), f.Repeat(Cash, 2),
    f.Repeat(f.Prefixed(f.UInt(8), f.VariableBlob(9)), most=3), f.Tagged(0x9F21, f.VariableBlob(300)),
    f.SimpleTagged(0x21, f.VariableBlob(300)), f.OneOf(f.Case(1, Cash), f.Case(2, Points)),
    Household.__field_type__, Licence.__field_type__, Foreign(construct.Int16ul),
    Foreign(construct.PascalString(construct.Byte, "utf8")), Foreign(construct.Struct("a" / construct.Byte)),
]  # fmt: skip


def fixed(type_):
    return f.Prefixed(f.UInt(16), type_) if type_.greedy else type_


def alone(type_):
    return type(Record)("Item", (Record,), body(value=fixed(type_)))


def listed(type_):
    return type(Record)("Item", (Record,), body(first=f.UInt(8), values=f.Repeat(fixed(type_), 2)))


def templated(type_):
    members = {"value": f.Tagged(0x81, type_), "again": f.Tagged(0xA2, f.Repeat(f.Tagged(0x0C, type_), most=2))}
    return type(Record)("Item", (TlvRecord,), body(**members), tag=0xE1)


def body(**members):
    specs = {name: field(type_, "値") for name, type_ in members.items()}
    return {"__module__": __name__, "__annotations__": dict.fromkeys(members, object), **specs}


SHAPES = pytest.mark.parametrize("shape", [alone, listed, templated])
EVERY = pytest.mark.parametrize("type_", TYPES, ids=lambda type_: type_.type_name)


def applet(record):
    return type(
        "Shop",
        (Applet,),
        {"a": TransparentFile(record, "甲", read=ALWAYS, update=NEVER, size=3000)},
        aid="F0 01 02 03 04 05",
    )


@SHAPES
@EVERY
def test_a_snapshot_survives_json_and_tells_no_change_from_itself(shape, type_):
    shop = applet(shape(type_))
    saved = AppletSnapshot.from_json(json.loads(json.dumps(schema_snapshot(shop).to_json())))
    assert saved == schema_snapshot(shop)
    assert breaking(shop, saved) == []


def test_snapshots_of_different_types_differ():
    told = [json.dumps(schema_snapshot(applet(alone(type_))).to_json()) for type_ in TYPES]
    twice = [TYPES[at].type_name for at, one in enumerate(told) if one in told[:at]]
    assert twice == []


@SHAPES
@EVERY
def test_checks_have_an_answer(shape, type_):
    assert all(finding.where.startswith("shop") for finding in check(applet(shape(type_)), free_bytes=100))


@SHAPES
@EVERY
@settings(max_examples=10)
@given(data=st.data())
def test_rows_come_back_from_a_table(shape, type_, data):
    record = shape(type_)
    made = data.draw(st.lists(records(record), max_size=3))
    assert [getattr(row, "record", row) for row in read_csv(record, write_csv(record, made))] == made
