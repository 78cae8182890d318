"""Files of fixed-size records as numpy columns and back: one array for each field, every check made on whole arrays.

Numbers and codes are integers, flags booleans, days ``datetime64[D]``, moments ``datetime64[s]``, digits and text bytes
(``S``) that are decoded on demand, blobs ``V``; all else is Python objects. A list of fixed length adds a dimension;
its fields are named ``log.amount``. Needs numpy, which the extra ``batch`` installs; nothing else of yohaku does.
"""

from yohaku.codec.columns.arrays import Array
from yohaku.codec.columns.base import Blobs, Column, Listed, Objects
from yohaku.codec.columns.digits import BcdDigits, PlainDigits, right_codes
from yohaku.codec.columns.numbers import Bits, Codes, Meanings, Numbers, Signed, Truth
from yohaku.codec.columns.parts import BitsPart, ConstantPart, FieldPart, Part
from yohaku.codec.columns.text import Padded
from yohaku.codec.columns.times import BcdDates, Since

__all__ = [
    "Array",
    "BcdDates",
    "BcdDigits",
    "Bits",
    "BitsPart",
    "Blobs",
    "Codes",
    "Column",
    "ConstantPart",
    "FieldPart",
    "Listed",
    "Meanings",
    "Numbers",
    "Objects",
    "Padded",
    "Part",
    "PlainDigits",
    "Signed",
    "Since",
    "Truth",
    "right_codes",
]
