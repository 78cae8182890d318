"""Field types: each is a construct object with an exact Python type, strict and lossless in both directions."""

from yohaku.codec import FieldType, Foreign
from yohaku.fields.aid import Aid
from yohaku.fields.chain import ChainId, Digest, EvmAddress, PublicKey, Signature, TokenId
from yohaku.fields.codes import Choice, CorporateNumber, Flags, MunicipalityCode
from yohaku.fields.compound import Counted, Prefixed, Repeat
from yohaku.fields.dates import ERAS, AsciiDate, Date, DayNumber, Era, EraDate
from yohaku.fields.derived import (
    Checksum,
    Count,
    Length,
    Presence,
    computed,
    crc16_checksum,
    crc32_checksum,
    sha256_checksum,
    xor_checksum,
)
from yohaku.fields.digits import BcdNumber, Digits, PackedDecimal, PackedDigits
from yohaku.fields.encodings import ENCODINGS
from yohaku.fields.linked import PresentIf, RepeatBy, SizedBy, Trailing
from yohaku.fields.money import Money
from yohaku.fields.numbers import Counter, Flag, Int, UInt
from yohaku.fields.people import (
    BloodType,
    BloodTypeCode,
    InternationalNumber,
    PostalCode,
    Sex,
    SexCode,
    TelephoneNumber,
)
from yohaku.fields.raw import Blob, Constant, Reserved, ReservedBits, VariableBlob
from yohaku.fields.tables import Coded, CodedText, CodeTable
from yohaku.fields.text import KanaName, Text, private_use
from yohaku.fields.times import LocalDateTime, MinuteOfDay, MinuteStamp, TimeOfDay, Timestamp
from yohaku.fields.tlv import SimpleTagged, Tagged
from yohaku.fields.union import Case, OneOf

__all__ = [
    "ENCODINGS",
    "ERAS",
    "Aid",
    "AsciiDate",
    "BcdNumber",
    "Blob",
    "BloodType",
    "BloodTypeCode",
    "Case",
    "ChainId",
    "Checksum",
    "Choice",
    "CodeTable",
    "Coded",
    "CodedText",
    "Constant",
    "CorporateNumber",
    "Count",
    "Counted",
    "Counter",
    "Date",
    "DayNumber",
    "Digest",
    "Digits",
    "Era",
    "EraDate",
    "EvmAddress",
    "FieldType",
    "Flag",
    "Flags",
    "Foreign",
    "Int",
    "InternationalNumber",
    "KanaName",
    "Length",
    "LocalDateTime",
    "MinuteOfDay",
    "MinuteStamp",
    "Money",
    "MunicipalityCode",
    "OneOf",
    "PackedDecimal",
    "PackedDigits",
    "PostalCode",
    "Prefixed",
    "Presence",
    "PresentIf",
    "PublicKey",
    "Repeat",
    "RepeatBy",
    "Reserved",
    "ReservedBits",
    "Sex",
    "SexCode",
    "Signature",
    "SimpleTagged",
    "SizedBy",
    "Tagged",
    "TelephoneNumber",
    "Text",
    "TimeOfDay",
    "Timestamp",
    "TokenId",
    "Trailing",
    "UInt",
    "VariableBlob",
    "computed",
    "crc16_checksum",
    "crc32_checksum",
    "private_use",
    "sha256_checksum",
    "xor_checksum",
]
