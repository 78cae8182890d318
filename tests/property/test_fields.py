"""Every field type is lossless both ways, stays within its stated size and refuses everything else."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
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
    Sex,
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
from yohaku.fields.chain import checksummed
from yohaku.fields.codes import check_digit, corporate_check_digit


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


def digits(least: int, most: int | None = None) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=least, max_size=least if most is None else most)


def numbers(bits: int, *, signed: bool = False) -> st.SearchStrategy[int]:
    least = -(1 << bits - 1) if signed else 0
    return st.integers(least, least + (1 << bits) - 1)


def text(encoding: str, most: int) -> st.SearchStrategy[str]:
    characters = st.characters(codec=encoding, exclude_characters="\0", exclude_categories=("Cs", "Co"))
    return st.text(characters, max_size=most).filter(lambda value: len(value.encode(encoding)) <= most)


def moments(first: datetime, units: int, unit: timedelta) -> st.SearchStrategy[datetime]:
    return st.integers(0, units).map(lambda count: first + count * unit)


KANA = [chr(code) for code in range(0xFF66, 0xFFA0)] + list("AZ .,-")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MEMBERS = st.builds(Member, age=numbers(7), head=st.booleans(), shift=numbers(4, signed=True), name=text("utf-8", 12))
BLOBS = st.binary(max_size=9)
NOTES = st.none() | text("shift_jis", 9).filter(lambda value: "〜∥−¢£¬".find(value) < 0)
MONEY = st.integers(0, (1 << 24) - 1).map(lambda units: Decimal(units).scaleb(-2))


def households() -> st.SearchStrategy[Household]:
    @st.composite
    def build(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Household:
        note = draw(st.none() | st.text("あ亜A", max_size=4))
        raw = draw(BLOBS)
        since = draw(st.none() | st.dates())
        return Household(
            has_note=note is not None,
            phone=draw(st.none() | digits(9, 10).map(lambda rest: "0" + rest)),
            members=tuple(draw(st.lists(MEMBERS, max_size=5))),
            note=note,
            remark=draw(st.text("亜〜Ａ", max_size=3)),
            length=len(raw),
            raw=raw,
            paid=draw(st.builds(Cash, yen=numbers(24)) | st.builds(Points, issuer=digits(2), number=numbers(8))),
            since=since,
            until=draw(st.none() | st.dates(date(2000, 1, 1), date(2179, 6, 6))) if since else None,
        )

    return build()


CASES: list[tuple[FieldType[Any], st.SearchStrategy[Any]]] = [
    *((UInt(bits), numbers(bits)) for bits in (1, 3, 8, 13, 64, 256)),
    *((Int(bits), numbers(bits, signed=True)) for bits in (1, 5, 8, 31, 256)),
    (Int(24, order="little"), numbers(24, signed=True)),
    (Int(24, signed=False, order="little"), numbers(24)),
    (UInt(8, least=3, most=9), st.integers(3, 9)),
    (Counter(16, saturating=True), numbers(16)),
    (Flag(), st.booleans()),
    (Flag(bits=8), st.booleans()),
    (Money(24, scale=2), MONEY),
    (Money(25, scale=2, signed=True), MONEY.map(lambda amount: -amount)),
    (BcdNumber(6), st.integers(0, 999_999)),
    (BcdNumber(6, order="little"), st.integers(0, 999_999)),
    (PackedDecimal(5), st.integers(-99_999, 99_999)),
    (PackedDecimal(5, signed=False), st.integers(0, 99_999)),
    (Digits(7), digits(7)),
    (PackedDigits(7), digits(7)),
    (PackedDigits(10, least=0), digits(0, 10)),
    (Date(), st.dates()),
    (AsciiDate(), st.dates()),
    (EraDate(), st.dates(date(1868, 1, 25), date(2117, 12, 31))),
    (DayNumber(14), st.dates(date(2000, 1, 1), date(2044, 11, 8))),
    (DayNumber(32), st.dates(date(2000, 1, 1))),
    (Timestamp(4), moments(EPOCH, (1 << 32) - 1, timedelta(seconds=1))),
    (Timestamp(5), moments(EPOCH, 253402300799, timedelta(seconds=1))),
    (MinuteStamp(21), moments(datetime(2000, 1, 1, tzinfo=UTC), (1 << 21) - 1, timedelta(minutes=1))),
    (LocalDateTime(), st.datetimes().map(lambda moment: moment.replace(microsecond=0))),
    (TimeOfDay(), st.times().map(lambda moment: moment.replace(microsecond=0))),
    (TimeOfDay(seconds=False), st.times().map(lambda moment: moment.replace(second=0, microsecond=0))),
    (MinuteOfDay(), st.integers(0, 1439).map(lambda count: time(count // 60, count % 60))),
    (Choice(Colour, bits=3), st.sampled_from(Colour)),
    (Flags(Organs, bits=5), st.sampled_from([Organs(0), Organs.HEART, Organs.HEART | Organs.EYES])),
    (MunicipalityCode(), digits(5).map(lambda code: code + check_digit(code))),
    (MunicipalityCode(5), digits(5)),
    (CorporateNumber(), digits(12).map(lambda number: corporate_check_digit(number) + number)),
    (PostalCode(), digits(7)),
    (TelephoneNumber(), digits(9, 10).map(lambda rest: "0" + rest)),
    (InternationalNumber(), digits(1, 14).map(lambda rest: "+8" + rest)),
    (SexCode(bits=4), st.sampled_from(Sex)),
    (SexCode(ascii_digit=True), st.sampled_from(Sex)),
    (BloodTypeCode(), st.sampled_from(BloodType)),
    (KanaName(16), st.text(KANA, max_size=16)),
    (Text(20), text("utf-8", 20)),
    (Text(20, padded=False), text("utf-8", 20)),
    (Blob(5), st.binary(min_size=5, max_size=5)),
    (VariableBlob(9), BLOBS),
    (EvmAddress(), st.binary(min_size=20, max_size=20).map(checksummed)),
    (PublicKey(), st.binary(min_size=32, max_size=32).map(lambda raw: b"\x03" + raw)),
    (PublicKey("uncompressed"), st.binary(min_size=64, max_size=64).map(lambda raw: b"\x04" + raw)),
    (PublicKey("raw"), st.binary(min_size=64, max_size=64)),
    (Digest("keccak256", size=8), st.binary(min_size=8, max_size=8)),
    (Signature(65), st.binary(min_size=65, max_size=65)),
    (ChainId(), st.integers(1, (1 << 32) - 1)),
    (TokenId(), numbers(256)),
    (Coded(TABLE, bits=4), st.sampled_from(["そば", "卵", "落花生"])),
    (CodedText(TABLE, 12), st.sampled_from(["そば", "卵", "落花生"]) | text("utf-8", 12)),
    (Repeat(UInt(16), 3), st.tuples(*[numbers(16)] * 3)),
    (Repeat(Prefixed(UInt(8), VariableBlob(9))), st.lists(BLOBS, max_size=4).map(tuple)),
    (Counted(UInt(8), Date(), most=4), st.lists(st.dates(), max_size=4).map(tuple)),
    (Prefixed(Int(16, signed=False, order="little"), VariableBlob(9)), BLOBS),
    (Tagged(0x9F21, VariableBlob(300)), st.binary(max_size=300)),
    (SimpleTagged(0x21, VariableBlob(300)), st.binary(max_size=300)),
    (Trailing(UInt(8)), st.none() | numbers(8)),
    (OneOf(Case(1, Cash), Case(2, Points)), st.builds(Cash, yen=numbers(24))),
    (Household.__field_type__, households()),
    (Licence.__field_type__, st.builds(Licence, number=digits(12), photo=st.none() | st.binary(max_size=300))),
    (Emergency.__field_type__, st.builds(Emergency, blood=st.sampled_from(BloodType))),
    (Sealed.__field_type__, st.builds(Sealed, value=numbers(8))),
    (Foreign(construct.Int16ul), numbers(16)),
    (Foreign(construct.PascalString(construct.Byte, "utf8")), text("utf-8", 60)),
]
NAMES = [f"{number}-{field_type.type_name}" for number, (field_type, _) in enumerate(CASES)]
TYPES = [field_type for field_type, _ in CASES]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
JUNK = JSON | st.binary(max_size=4) | st.dates() | st.datetimes() | st.decimals() | st.just(object())
REFUSED = object()
FEWER = settings(max_examples=max(10, settings().max_examples // 4))
with_values = pytest.mark.parametrize(("field_type", "values"), CASES, ids=NAMES)
every_type = pytest.mark.parametrize("field_type", TYPES, ids=NAMES)


def decoded(codec: Codec[Any], raw: bytes) -> Any:
    try:
        return codec.decode(raw)
    except DecodeError:
        return REFUSED


@with_values
@given(data=st.data())
def test_a_value_comes_back_from_its_bytes_and_its_json(field_type: FieldType[Any], values: Any, data: Any) -> None:
    value = data.draw(values)
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


@with_values
@FEWER
@given(data=st.data())
def test_a_changed_byte_is_refused_or_comes_back(field_type: FieldType[Any], values: Any, data: Any) -> None:
    codec = codec_for(field_type)
    raw = bytearray(codec.encode(data.draw(values)))
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
