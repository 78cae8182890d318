"""Texts: codes written as free text, and texts whose end cannot be told from the padding behind it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from yohaku.codec import Foreign
from yohaku.fields import Text
from yohaku.schema.checks.model import Complaint, Severity, Subject, rule
from yohaku.schema.checks.walk import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SUGGESTIONS = {
    r"性別|\bsex\b|gender": "SexCode() (ISO 5218)",
    r"血液型|blood (type|group)": "BloodTypeCode()",
    r"郵便番号|postal code|postcode|zip code": "PostalCode()",
    r"電話番号|telephone|phone number": "TelephoneNumber()",
    r"(市区町村|自治体|団体)コード|municipality code": "MunicipalityCode()",
    r"法人番号|corporate number": "CorporateNumber()",
    r"生年月日|年月日|有効期限|発行日|更新日|交付日|\bdate\b|birthday|expiry": "Date() or DayNumber()",
    r"日時|timestamp": "Timestamp()",
    r"状態|種別|区分|分類|\bstatus\b|\bkind\b|category": "Choice(...) over an enum",
}
"""What a field's name or label sounds like, and the type that says it in fewer bytes and refuses what is none."""
_TRIMMED = frozenset({"NullStripped"})


@rule("FREE_TEXT_FOR_CODE", Severity.ADVICE)
def for_code(subject: Subject) -> Iterator[Complaint]:
    """A free text holds what a code would hold in fewer bytes."""
    for node in fields_of(subject.applet):
        if not isinstance(node.type, Text):
            continue
        better = next((type_ for words, type_ in SUGGESTIONS.items() if re.search(words, node.words)), "")
        if better:
            yield Complaint(
                f"free text of up to {node.type.maximum} bytes for a code: use {better}, which refuses what is none",
                node.file,
                node.path,
            )


@rule("TEXT_LIKE_PADDING", Severity.WARNING)
def like_padding(subject: Subject) -> Iterator[Complaint]:
    """The end of a text can be taken for the padding behind it."""
    for node in fields_of(subject.applet):
        if isinstance(node.type, Foreign) and _trims(node.type.inner):
            yield Complaint(
                "values that end like the padding are refused: use Text, or a length with Prefixed",
                node.file,
                node.path,
            )


def _trims(construct: Any) -> bool:
    inner = [*getattr(construct, "subcons", ()), *filter(None, [getattr(construct, "subcon", None)])]
    return type(construct).__name__ in _TRIMMED or any(map(_trims, inner))
