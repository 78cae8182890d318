"""Strategies for declarations: random field types, record classes nested in each other, and applets."""

from __future__ import annotations

from datetime import date
from enum import Enum, IntFlag
from itertools import count
from typing import TYPE_CHECKING, Any

import construct
from hypothesis import strategies as st

from yohaku.codec import FieldType, Foreign
from yohaku.fields import (
    AsciiDate,
    BcdNumber,
    Blob,
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
    crc16_checksum,
    crc32_checksum,
    sha256_checksum,
    xor_checksum,
)
from yohaku.schema import (
    ALWAYS,
    NEVER,
    Applet,
    CyclicFile,
    Key,
    LinearFile,
    Pin,
    Purse,
    PurseLimits,
    PurseLog,
    Record,
    TlvRecord,
    TransparentFile,
    constant,
    field,
    hidden,
    reserved,
    reserved_bits,
)
from yohaku.schema.purses import LARGEST_BALANCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yohaku.schema import Credential, Rule

    Strategy = st.SearchStrategy[Any]

_numbers = count(1)


class Colour(Enum):
    """An enum for random Choice fields."""

    RED = 1
    GREEN = 2
    BLUE = 5


class Marks(IntFlag):
    """Flags for random Flags fields."""

    FIRST = 1
    SECOND = 4
    LAST = 8


_TABLE = CodeTable("towns", 1, {1: "高松", 2: "丸亀", 9: "坂出"})
_LARGEST_DRAWN = 2000
"""Bytes of the largest record that a drawn applet's file holds."""
_ENCODINGS = ("utf-8", "shift_jis", "cp932", "euc_jp", "jis_x0208", "jis_x0201", "ascii")

_LEAVES: Mapping[str, Strategy] = {
    "AsciiDate": st.builds(AsciiDate),
    "BcdNumber": st.builds(BcdNumber, st.sampled_from((2, 4, 6, 8))),
    "Blob": st.builds(Blob, st.integers(1, 20)),
    "BloodTypeCode": st.builds(BloodTypeCode),
    "ChainId": st.builds(ChainId),
    "Choice": st.just(Choice(Colour, bits=8)),
    "Coded": st.just(Coded(_TABLE, bits=8)),
    "CodedText": st.builds(lambda most: Prefixed(UInt(8), CodedText(_TABLE, most)), st.integers(3, 30)),
    "CorporateNumber": st.builds(CorporateNumber),
    "Counter": st.builds(Counter, st.sampled_from((8, 16, 32))),
    "Date": st.builds(Date),
    "DayNumber": st.builds(DayNumber, st.sampled_from((8, 16, 24)), epoch=st.dates(date(1900, 1, 1), date(2100, 1, 1))),
    "Digest": st.builds(Digest, st.sampled_from(("sha256", "keccak256"))),
    "Digits": st.builds(Digits, st.integers(1, 14)),
    "EraDate": st.builds(EraDate),
    "EvmAddress": st.builds(EvmAddress),
    "Flag": st.just(Flag(bits=8)),
    "Flags": st.just(Flags(Marks, bits=8)),
    "Foreign": st.sampled_from(
        (
            construct.Int24ul,
            construct.Float64b,
            construct.PascalString(construct.Byte, "utf8"),
            construct.Enum(construct.Byte, one=1, two=2),
            construct.Struct("a" / construct.Byte, construct.Padding(1), "b" / construct.Array(2, construct.Int16ub)),
        )
    ).map(Foreign),
    "Int": st.builds(
        Int, st.sampled_from((8, 16, 24, 32, 64)), signed=st.booleans(), order=st.sampled_from(("big", "little"))
    ),
    "InternationalNumber": st.builds(InternationalNumber),
    "KanaName": st.builds(KanaName, st.integers(1, 16)),
    "LocalDateTime": st.builds(LocalDateTime),
    "MinuteOfDay": st.just(MinuteOfDay(bits=16)),
    "MinuteStamp": st.just(MinuteStamp(24)),
    "Money": st.builds(Money, st.sampled_from((16, 32)), scale=st.integers(0, 4), signed=st.booleans()),
    "MunicipalityCode": st.builds(MunicipalityCode, st.sampled_from((5, 6))),
    "PackedDecimal": st.builds(PackedDecimal, st.sampled_from((1, 3, 5, 9)), signed=st.booleans()),
    "PackedDigits": st.builds(
        lambda most, less: PackedDigits(most, least=max(0, most - less)), st.integers(1, 12), st.integers(0, 3)
    ),
    "PostalCode": st.builds(PostalCode),
    "Prefixed": st.builds(lambda most: Prefixed(UInt(8), VariableBlob(most)), st.integers(1, 20)),
    "PublicKey": st.builds(PublicKey, st.sampled_from(("compressed", "uncompressed", "raw"))),
    "SexCode": st.builds(SexCode, ascii_digit=st.booleans()),
    "Signature": st.builds(Signature),
    "TelephoneNumber": st.builds(TelephoneNumber),
    "Text": st.builds(
        Text, st.integers(1, 40), st.sampled_from(_ENCODINGS), private=st.sampled_from(("refuse", "keep"))
    ),
    "TimeOfDay": st.builds(TimeOfDay, seconds=st.booleans()),
    "Timestamp": st.builds(Timestamp, st.sampled_from((4, 5))),
    "TokenId": st.builds(TokenId),
    "UInt": st.builds(UInt, st.sampled_from((8, 16, 24, 32, 40, 64))),
    "UnpaddedText": st.builds(lambda most: Prefixed(UInt(8), Text(most, padded=False)), st.integers(1, 40)),
}  # fmt: skip

LEAF_KINDS = tuple(_LEAVES)
"""Names of the kinds of field that `field_types` draws; records, lists, unions and linked fields come on top."""


def leaf_types(kind: str) -> st.SearchStrategy[FieldType[Any]]:
    """Give field types of one of the ``LEAF_KINDS``."""
    return _LEAVES[kind]


def field_types(*, depth: int = 3) -> st.SearchStrategy[FieldType[Any]]:
    """Give field types that stand alone: leaves of every kind, lists, unions, data objects and nested records.

    Args:
        depth: how deep records may nest in it.
    """
    leaves: Strategy = st.sampled_from(LEAF_KINDS).flatmap(leaf_types)
    if depth < 1:
        return leaves
    inner = st.deferred(lambda: field_types(depth=depth - 1)).filter(_has_an_end)
    return leaves | st.one_of(
        schemas(depth=depth - 1, trailing=False).map(lambda record: record.__field_type__),
        st.builds(Repeat, inner, st.integers(1, 3)),
        st.builds(lambda item: Counted(UInt(8), item, most=4), inner),
        st.builds(Tagged, st.sampled_from((0x5A, 0x81, 0x5F2D, 0x9F8101)), inner),
        st.builds(_union, schemas(depth=depth - 1), schemas(depth=depth - 1)),
    )


def _has_an_end(field_type: FieldType[Any]) -> bool:
    """Tell whether values can follow each other: a construct whose smallest size is unknown may take no bytes."""
    return bool(field_type.minimum) and not field_type.greedy


def _union(first: type[Record], second: type[Record]) -> FieldType[Any]:
    return Prefixed(UInt(16), OneOf(Case(1, first), Case(2, second)))


@st.composite
def schemas(draw: st.DrawFn, *, depth: int = 3, trailing: bool = True) -> type[Record]:
    """Give record classes: plain ones with packed bits, linked, hidden and optional fields, and BER-TLV templates.

    Args:
        draw: given by Hypothesis.
        depth: how deep records may nest.
        trailing: whether the last fields may be optional by their absence, so that the record has no end of its own.
    """
    if draw(st.integers(0, 4)) == 0:
        return draw(templates(depth=depth))
    body: dict[str, Any] = {}
    for index in range(draw(st.integers(1, 4))):
        body |= draw(st.sampled_from(_PARTS))(draw, f"f{index}", depth)
    if draw(st.booleans()):
        checksum = draw(st.sampled_from((crc16_checksum, crc32_checksum, sha256_checksum, xor_checksum)))
        body["_check"] = hidden(checksum(), "検査値")
    if trailing and draw(st.integers(0, 3)) == 0:
        body["last"] = field(Trailing(draw(field_types(depth=0).filter(_has_an_end))), default=None)
    return declare(body)


@st.composite
def templates(draw: st.DrawFn, *, depth: int = 3) -> type[Record]:
    """Give BER-TLV templates with mandatory and optional members."""
    body: dict[str, Any] = {}
    for tag in draw(st.lists(st.sampled_from((0x80, 0x81, 0xA2, 0x5F20, 0x9F36)), min_size=1, unique=True)):
        member = Tagged(tag, draw(field_types(depth=depth - 1)))
        body[f"t{tag:x}"] = field(member, default=None) if draw(st.booleans()) else field(member)
    return declare(body, TlvRecord, tag=draw(st.sampled_from((0xE1, 0x7F49))))


def declare(body: Mapping[str, Any], base: type[Record] = Record, **options: Any) -> type[Record]:
    """Make a record class from ``field()`` specifications by name, annotated as a class body would be."""
    visible = {name: Any for name, spec in body.items() if not spec.type.hidden}
    namespace = {"__module__": __name__, "__annotations__": visible, **body}
    metaclass: Any = type(Record)
    made: type[Record] = metaclass(f"Drawn{next(_numbers)}", (base,), namespace, **options)
    return made


def _plain(draw: st.DrawFn, name: str, depth: int) -> dict[str, Any]:
    return {name: field(draw(field_types(depth=depth - 1)), "項目")}


def _packed(draw: st.DrawFn, name: str, _depth: int) -> dict[str, Any]:
    widths = draw(st.lists(st.integers(1, 7), min_size=1, max_size=3))
    body = {f"{name}_{index}": field(UInt(width)) for index, width in enumerate(widths)}
    body[f"{name}_flag"] = field(Flag())
    rest = -(sum(widths) + 1) % 8
    return body | ({f"_{name}_spare": reserved_bits(rest)} if rest else {})


def _still(draw: st.DrawFn, name: str, _depth: int) -> dict[str, Any]:
    content = draw(st.binary(min_size=1, max_size=3))
    return {f"_{name}": draw(st.sampled_from((reserved(2), constant(content)))), name: field(UInt(8))}


def _repeated(draw: st.DrawFn, name: str, depth: int) -> dict[str, Any]:
    item = draw(field_types(depth=depth - 1).filter(_has_an_end))
    return {f"_{name}_count": hidden(Count(name)), name: field(RepeatBy(f"_{name}_count", item, most=4))}


def _sized(draw: st.DrawFn, name: str, _depth: int) -> dict[str, Any]:
    text = Text(draw(st.integers(1, 30)), padded=False)
    return {f"_{name}_size": hidden(Length(name)), name: field(SizedBy(f"_{name}_size", text))}


def _optional(draw: st.DrawFn, name: str, depth: int) -> dict[str, Any]:
    flag = f"_{name}_there"
    part = PresentIf(flag, draw(field_types(depth=depth - 1)))
    return {flag: hidden(Presence(name, bits=8)), name: field(part, default=None)}


_PARTS = (_plain, _plain, _plain, _packed, _still, _repeated, _sized, _optional)


@st.composite
def applets(draw: st.DrawFn) -> type[Applet]:
    """Give applets: files of all kinds, purses, PINs and keys, and rules made of them."""
    pins = {f"pin{index}": draw(_pins()) for index in range(draw(st.integers(0, 2)))}
    keys = {f"key{index}": Key(bits=draw(st.sampled_from((128, 192, 256)))) for index in range(draw(st.integers(0, 2)))}
    rules = _rules([*pins.values(), *keys.values()])
    files = {f"file{index}": draw(_files(rules)) for index in range(draw(st.integers(1, 3)))}
    purses = {"purse": draw(_purses(rules, list(keys.values())))} if draw(st.booleans()) and keys else {}
    aid, version = b"\xf0YHK" + draw(st.binary(min_size=2, max_size=12)), draw(st.integers(1, 9))
    return type(f"Drawn{next(_numbers)}", (Applet,), {**pins, **keys, **files, **purses}, aid=aid, version=version)


def _pins() -> st.SearchStrategy[Pin]:
    return st.builds(
        lambda tries, shortest, more, alphabet, can_disable: Pin(
            tries=tries, length=(shortest, shortest + more), alphabet=alphabet, can_disable=can_disable
        ),
        st.integers(1, 15),
        st.integers(1, 8),
        st.integers(0, 8),
        st.sampled_from(("digits", "printable", "bytes")),
        st.booleans(),
    )


@st.composite
def _purses(draw: st.DrawFn, rules: st.SearchStrategy[Rule], keys: list[Key]) -> Purse:
    most = draw(st.integers(1, LARGEST_BALANCE))
    limit = st.none() | st.integers(1, most)
    return Purse(
        "財布",
        limits=PurseLimits(most, credit=draw(limit), debit=draw(limit)),
        receipts=draw(st.sampled_from(keys)),
        read=draw(rules),
        credit=draw(rules),
        debit=draw(rules),
        log=PurseLog(draw(st.integers(1, 9)), draw(rules)),
    )


def _rules(credentials: list[Credential]) -> st.SearchStrategy[Rule]:
    basic = st.sampled_from([ALWAYS, NEVER, *(credential.as_rule() for credential in credentials)])
    return st.recursive(
        basic, lambda rules: st.builds(lambda a, b: a | b, rules, rules) | st.builds(lambda a, b: a & b, rules, rules),
        max_leaves=3,
    )  # fmt: skip


def _fits_a_file(record: type[Record]) -> bool:
    most = record.__field_type__.maximum
    return most is not None and most <= _LARGEST_DRAWN


@st.composite
def _files(draw: st.DrawFn, rules: st.SearchStrategy[Rule]) -> Any:
    record = draw(schemas(depth=1, trailing=False).filter(_fits_a_file))
    most = record.__field_type__.maximum or 0
    if most > 255 or draw(st.booleans()):
        return TransparentFile(record, "札", read=draw(rules), update=draw(rules), size=most + draw(st.integers(0, 9)))
    kind = draw(st.sampled_from((LinearFile, CyclicFile)))
    return kind(
        record, "帳", records=draw(st.integers(1, 6)), read=draw(rules), append=draw(rules), update=draw(rules)
    )  # fmt: skip
