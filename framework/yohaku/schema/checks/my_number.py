"""個人番号 (My Number) on a card: the free area may not hold it, so no field may be made for it.

番号法 allows a 個人番号 to be kept for the purposes it lists only; an applet in the free area is none of them.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, time
from enum import Enum
from typing import TYPE_CHECKING

from yohaku.codec import Refused
from yohaku.errors import Fault
from yohaku.fields import Digits, PackedDigits
from yohaku.schema.checks.model import Complaint, Severity, Subject, rule
from yohaku.schema.checks.walk import FieldNode, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.codec import Json
    from yohaku.schema.record import Record

DIGITS = 12
BITS = 40
"""The fewest bits that hold any 12-digit number."""

_SAYS_SO = re.compile(
    r"個人番号(?!カード)|マイナンバー(?!カード)|my[ -]?number(?![ -]?card)|kojin[ -]?bang[o\u014d]|individual number"
    r"|social security and tax number"
)
_RUN = re.compile(r"(?<!\d)\d{4}[- ]?\d{4}[- ]?\d{4}(?!\d)")
_NO_NUMBER = (bool, date, time, Enum)


@rule("MY_NUMBER_STORED", Severity.ERROR, ignorable=False)
def stored(subject: Subject) -> Iterator[Complaint]:
    """A field that can hold 12 digits is called 個人番号 or My Number."""
    for node in fields_of(subject.applet):
        if _SAYS_SO.search(node.words) and _can_hold(node):
            yield Complaint(
                "個人番号 must not be stored in the free area (番号法): remove the field; number the people of your "
                "service yourself, with another length than 12 digits",
                node.file,
                node.path,
            )


@rule("FREE_TWELVE_DIGITS", Severity.ADVICE)
def twelve_digits(subject: Subject) -> Iterator[Complaint]:
    """A field takes any 12 digits, so a 個人番号 can get into it by mistake."""
    for node in fields_of(subject.applet):
        if not node.type.hidden and _takes_twelve(node):
            yield Complaint(
                "any 12 digits fit, a 個人番号 too, and one number in ten looks like one: use another length, or "
                "warn when my_number_warnings() finds one",
                node.file,
                node.path,
            )


def is_my_number(digits: str) -> bool:
    """Tell whether 12 digits pass the check-digit rule of the 個人番号; one number in ten does by chance.

    The last digit checks the others: weights 2 to 7, then 2 to 6, from the right; 11 less the sum modulo 11, and 0
    for 10 and 11 (番号法施行令 8, 総務省令 5).
    """
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdecimal()):
        return False
    weights = (*range(2, 8), *range(2, 7))
    total = sum(int(digit) * weight for digit, weight in zip(reversed(digits[:-1]), weights, strict=True))
    return int(digits[-1]) == (11 - total % 11 if total % 11 > 1 else 0)


def my_number_warnings(record: Record) -> list[Fault]:
    """Find the texts of a record that look like a 個人番号: 12 digits that pass the check-digit rule.

    For whoever takes values from people: warn, show where, never the value.

    Raises:
        EncodeError: the record does not encode.
    """
    return list(_warnings(record.to_json(), ()))


def _warnings(value: Json, path: tuple[str | int, ...]) -> Iterator[Fault]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _warnings(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _warnings(inner, (*path, index))
    elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        text = unicodedata.normalize("NFKC", str(value))
        if any(is_my_number(re.sub("[- ]", "", run)) for run in _RUN.findall(text)):
            yield Fault("holds 12 digits that look like a 個人番号, which must not be stored", path)


def _can_hold(node: FieldNode) -> bool:
    type_ = node.type
    most = getattr(type_, "bits", None) or (None if type_.maximum is None else type_.maximum * 8)
    return (most is None or most >= BITS) and not isinstance(_example(node), _NO_NUMBER)


def _takes_twelve(node: FieldNode) -> bool:
    type_ = node.type
    if isinstance(type_, PackedDigits):
        return type_.least <= DIGITS <= type_.most
    return isinstance(type_, Digits) and type_.count == DIGITS


def _example(node: FieldNode) -> object:
    try:
        return node.type.example()
    except Refused:
        return None
