"""Field types: each is a construct object with an exact Python type, strict and lossless in both directions."""

from yohaku.codec import FieldType, Foreign
from yohaku.fields.aid import Aid
from yohaku.fields.codes import Choice, Flags, MunicipalityCode
from yohaku.fields.compound import Counted, Prefixed, Repeat
from yohaku.fields.dates import Date, DayNumber, Timestamp
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
from yohaku.fields.digits import Digits, PackedDigits
from yohaku.fields.linked import PresentIf, RepeatBy, SizedBy, Trailing
from yohaku.fields.numbers import Counter, Flag, Int, UInt
from yohaku.fields.raw import Blob, Constant, Reserved, ReservedBits, VariableBlob
from yohaku.fields.text import Text
from yohaku.fields.tlv import SimpleTagged, Tagged
from yohaku.fields.union import Case, OneOf

__all__ = [
    "Aid",
    "Blob",
    "Case",
    "Checksum",
    "Choice",
    "Constant",
    "Count",
    "Counted",
    "Counter",
    "Date",
    "DayNumber",
    "Digits",
    "FieldType",
    "Flag",
    "Flags",
    "Foreign",
    "Int",
    "Length",
    "MunicipalityCode",
    "OneOf",
    "PackedDigits",
    "Prefixed",
    "Presence",
    "PresentIf",
    "Repeat",
    "RepeatBy",
    "Reserved",
    "ReservedBits",
    "SimpleTagged",
    "SizedBy",
    "Tagged",
    "Text",
    "Timestamp",
    "Trailing",
    "UInt",
    "VariableBlob",
    "computed",
    "crc16_checksum",
    "crc32_checksum",
    "sha256_checksum",
    "xor_checksum",
]
