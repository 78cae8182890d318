"""Field types: each is a construct object with an exact Python type, strict and lossless in both directions."""

from yohaku.codec import FieldType, Foreign
from yohaku.fields.aid import Aid
from yohaku.fields.codes import Choice, Flags, MunicipalityCode
from yohaku.fields.compound import Prefixed, Repeat
from yohaku.fields.dates import Date, DayNumber, Timestamp
from yohaku.fields.digits import Digits, PackedDigits
from yohaku.fields.numbers import Flag, Int, UInt
from yohaku.fields.raw import Blob, Constant, Reserved, ReservedBits, VariableBlob
from yohaku.fields.text import Text
from yohaku.fields.tlv import Tagged

__all__ = [
    "Aid",
    "Blob",
    "Choice",
    "Constant",
    "Date",
    "DayNumber",
    "Digits",
    "FieldType",
    "Flag",
    "Flags",
    "Foreign",
    "Int",
    "MunicipalityCode",
    "PackedDigits",
    "Prefixed",
    "Repeat",
    "Reserved",
    "ReservedBits",
    "Tagged",
    "Text",
    "Timestamp",
    "UInt",
    "VariableBlob",
]
