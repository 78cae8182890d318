"""Every field type is lossless both ways, stays within its stated size and refuses everything else."""

import json
from collections.abc import Iterator
from datetime import date
from enum import Enum, IntFlag
from typing import Any

import construct
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

import yohaku.fields
from yohaku import Record, TlvRecord, constant, field, hidden, reserved, reserved_bits
from yohaku.codec import Codec, Foreign, Refused, codec_for
from yohaku.errors import DecodeError, JsonError
from yohaku.fields import (
    AsciiDate,
    BcdNumber,
    Blob,
    BloodType,
    BloodTypeCode,
    Case,
    ChainId,
    Choice,
    Coded,
    CodedText,
    CodeTable,
    CorporateNumber,
    Count,
    Counted,
    Counter,
    Date,
    DayNumber,
    Digest,
    Digits,
    EraDate,
    EvmAddress,
    FieldType,
    Flag,
    Flags,
    Int,
    InternationalNumber,
    KanaName,
    Length,
    LocalDateTime,
    MinuteOfDay,
    MinuteStamp,
    Money,
    MunicipalityCode,
    OneOf,
    PackedDecimal,
    PackedDigits,
    PostalCode,
    Prefixed,
    Presence,
    PresentIf,
    PublicKey,
    Repeat,
    RepeatBy,
    SexCode,
    Signature,
    SimpleTagged,
    SizedBy,
    Tagged,
    TelephoneNumber,
    Text,
    TimeOfDay,
    Timestamp,
    TokenId,
    Trailing,
    UInt,
    VariableBlob,
    computed,
    crc16_checksum,
    crc32_checksum,
    sha256_checksum,
    xor_checksum,
)
from yohaku.testing import values_for


class Colour(Enum):
    RED = 1
    BLUE = 7


class Organs(IntFlag):
    HEART = 1
    EYES = 4


class Cash(Record):
    yen: int = field(UInt(24), "円")


class Points(Record):
    issuer: str = field(Digits(2), "発行者")
    number: int = field(Counter(8), "点数")


class Member(Record):
    age: int = field(UInt(7))
    head: bool = field(Flag())
    shift: int = field(Int(4))
    _spare = reserved_bits(4)
    name: str = field(Prefixed(UInt(8), Text(12, padded=False)))


class Household(Record):
    """Every kind of link between siblings at once."""

    _count = hidden(Count("members", bits=6))
    _has_phone = hidden(Presence("phone"))
    has_note: bool = field(Flag())
    _size = hidden(Length("note", "remark", bits=8))
    phone: str | None = field(PresentIf("_has_phone", TelephoneNumber()), default=None)
    members: tuple[Member, ...] = field(RepeatBy("_count", Member, most=5))
    _gap = reserved(1)
    note: str | None = field(PresentIf("has_note", Prefixed(UInt(8), Text(9, "cp932", padded=False))), default=None)
    remark: str = field(Text(6, "jis_x0208"))
    length: int = field(UInt(8))
    raw: bytes = field(SizedBy("length", VariableBlob(9)))
    paid: Cash | Points = field(OneOf(Case(1, Cash), Case(2, Points)))
    _sum = hidden(computed(UInt(16), lambda members, remark: len(members) * 256 + len(remark), "members", "remark"))
    _crc = hidden(crc16_checksum())
    since: date | None = field(Trailing(Date()), default=None)
    until: date | None = field(Trailing(DayNumber(16)), default=None)


class Licence(TlvRecord, simple=True):
    number: str = field(SimpleTagged(0x21, Digits(12)))
    expires: date | None = field(SimpleTagged(0xC5, EraDate()), default=None)
    photo: bytes | None = field(SimpleTagged(0x22, VariableBlob(300)), default=None)


class Emergency(TlvRecord, tag=0x7F49):
    blood: BloodType = field(Tagged(0x80, BloodTypeCode()))
    notes: tuple[str, ...] | None = field(
        Tagged(0xA1, Repeat(Tagged(0x0C, Text(9, padded=False)), most=3)), default=None
    )


class Sealed(Record):
    _magic = constant(b"YH")
    value: int = field(UInt(8))
    _xor = hidden(xor_checksum())
    _crc = hidden(crc32_checksum())
    _digest = hidden(sha256_checksum(8))


TABLE = CodeTable("allergens", 2, {1: "そば", 2: "卵", 9: "落花生"})


TYPES: list[FieldType[Any]] = [
    *(UInt(bits) for bits in (1, 3, 8, 13, 64, 256)),
    *(Int(bits) for bits in (1, 5, 8, 31, 256)),
    Int(24, order="little"),
    Int(24, signed=False, order="little"),
    UInt(8, least=3, most=9),
    Counter(16, saturating=True),
    Flag(),
    Flag(bits=8),
    Money(24, scale=2),
    Money(25, scale=2, signed=True),
    BcdNumber(6),
    BcdNumber(6, order="little"),
    PackedDecimal(5),
    PackedDecimal(5, signed=False),
    Digits(7),
    PackedDigits(7),
    PackedDigits(10, least=0),
    Date(),
    AsciiDate(),
    EraDate(),
    DayNumber(14),
    DayNumber(32),
    Timestamp(4),
    Timestamp(5),
    MinuteStamp(21),
    LocalDateTime(),
    TimeOfDay(),
    TimeOfDay(seconds=False),
    MinuteOfDay(),
    Choice(Colour, bits=3),
    Flags(Organs, bits=5),
    MunicipalityCode(),
    MunicipalityCode(5),
    CorporateNumber(),
    PostalCode(),
    TelephoneNumber(),
    InternationalNumber(),
    SexCode(bits=4),
    SexCode(ascii_digit=True),
    BloodTypeCode(),
    KanaName(16),
    Text(20),
    Text(20, padded=False),
    Blob(5),
    VariableBlob(9),
    EvmAddress(),
    PublicKey(),
    PublicKey("uncompressed"),
    PublicKey("raw"),
    Digest("keccak256", size=8),
    Signature(65),
    ChainId(),
    TokenId(),
    Coded(TABLE, bits=4),
    CodedText(TABLE, 12),
    Repeat(UInt(16), 3),
    Repeat(Prefixed(UInt(8), VariableBlob(9))),
    Counted(UInt(8), Date(), most=4),
    Prefixed(Int(16, signed=False, order="little"), VariableBlob(9)),
    Tagged(0x9F21, VariableBlob(300)),
    SimpleTagged(0x21, VariableBlob(300)),
    Trailing(UInt(8)),
    OneOf(Case(1, Cash), Case(2, Points)),
    Household.__field_type__,
    Licence.__field_type__,
    Emergency.__field_type__,
    Sealed.__field_type__,
    Foreign(construct.Int16ul),
    Foreign(construct.PascalString(construct.Byte, "utf8")),
]
NAMES = [f"{number}-{field_type.type_name}" for number, field_type in enumerate(TYPES)]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
JUNK = JSON | st.binary(max_size=4) | st.dates() | st.datetimes() | st.decimals() | st.just(object())
REFUSED = object()
HALF = settings(max_examples=max(10, settings().max_examples // 2))
FEWER = settings(max_examples=max(10, settings().max_examples // 4))
every_type = pytest.mark.parametrize("field_type", TYPES, ids=NAMES)


def decoded(codec: Codec[Any], raw: bytes) -> Any:
    try:
        return codec.decode(raw)
    except DecodeError:
        return REFUSED


@every_type
@HALF
@given(data=st.data())
def test_a_value_comes_back_from_its_bytes_and_its_json(field_type: FieldType[Any], data: Any) -> None:
    value = data.draw(values_for(field_type))
    codec = codec_for(field_type)
    raw = codec.encode(value)
    assert codec.decode(raw) == value
    assert field_type.minimum <= len(raw) <= (len(raw) if field_type.maximum is None else field_type.maximum)
    assert codec.from_json(json.loads(json.dumps(codec.to_json(value)))) == value


@every_type
@FEWER
@given(data=st.data())
def test_bytes_are_refused_or_come_back(field_type: FieldType[Any], data: Any) -> None:
    codec = codec_for(field_type)
    raw = data.draw(st.binary(min_size=field_type.minimum, max_size=min(field_type.maximum or 40, 400)) | st.binary())
    value = decoded(codec, raw)
    assert value is REFUSED or codec.encode(value) == raw


@every_type
@FEWER
@given(data=st.data())
def test_a_changed_byte_is_refused_or_comes_back(field_type: FieldType[Any], data: Any) -> None:
    codec = codec_for(field_type)
    raw = bytearray(codec.encode(data.draw(values_for(field_type))))
    if raw:
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    value = decoded(codec, bytes(raw))
    assert value is REFUSED or codec.encode(value) == raw


@every_type
def test_the_example_encodes_and_a_cut_encoding_is_refused(field_type: FieldType[Any]) -> None:
    codec = codec_for(field_type)
    raw = codec.encode(field_type.example())
    assert codec.decode(raw) == field_type.example()
    if field_type.size is not None:
        assert all(decoded(codec, raw[:end]) is REFUSED for end in range(len(raw)))
    assert decoded(codec, raw + b"\0") is REFUSED or field_type.greedy


@every_type
@FEWER
@given(junk=JUNK)
def test_junk_is_refused_and_never_crashes(field_type: FieldType[Any], junk: Any) -> None:
    try:
        raw = field_type.write(junk)
    except Refused as refused:
        event(refused.faults[0].message.split()[0])
        return
    assert codec_for(field_type).decode(raw) == junk


@every_type
@FEWER
@given(junk=JSON)
def test_junk_in_json_is_refused_and_never_crashes(field_type: FieldType[Any], junk: Any) -> None:
    codec = codec_for(field_type)
    try:
        value = codec.from_json(junk)
        raw = field_type.write(value)
    except (JsonError, Refused):
        return
    assert codec.decode(raw) == value


def test_every_exported_field_type_is_tried_here() -> None:
    tried = {type(part) for field_type in TYPES for part in parts_of(field_type)}
    exported = {
        kind
        for name in yohaku.fields.__all__
        if isinstance(kind := getattr(yohaku.fields, name), type) and issubclass(kind, FieldType)
    }
    assert exported - tried == {FieldType}
    assert all(kind.__doc__ for kind in exported)


def parts_of(field_type: FieldType[Any]) -> Iterator[FieldType[Any]]:
    yield field_type
    for _, part, _ in field_type.parts():
        yield from parts_of(part)
    inner = getattr(field_type, "inner", None)
    if isinstance(inner, FieldType):
        yield from parts_of(inner)
