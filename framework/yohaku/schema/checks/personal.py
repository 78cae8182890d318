"""Personal data (個人情報): marked as such, and not readable by anybody who holds a reader to the card."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yohaku.fields import BloodTypeCode, InternationalNumber, KanaName, SexCode, TelephoneNumber
from yohaku.schema.access import ALWAYS
from yohaku.schema.checks.model import Complaint, Severity, Subject, rule
from yohaku.schema.checks.walk import FieldNode, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

BY_NATURE = (BloodTypeCode, InternationalNumber, KanaName, SexCode, TelephoneNumber)
"""Field types whose values are personal data wherever they stand."""
_SAYS_SO = re.compile(
    r"氏名|姓名|住所|生年月日|電話|性別|血液型|メールアドレス|続柄|full name|surname|given name|family name|birth"
    r"|home address|telephone|e-?mail"
)


@rule("PERSONAL_DATA_READABLE", Severity.ERROR)
def readable(subject: Subject) -> Iterator[Complaint]:
    """Personal data can be read without a PIN or key."""
    for file in subject.applet.files().values():
        if file.read != ALWAYS:
            continue
        found = [node.path for node in fields_of(subject.applet) if node.file is file and _is_personal(node)]
        if found:
            yield Complaint(
                f"anybody with a reader can read {', '.join(found)}: let read= name a PIN or key, or say why it must "
                'be readable with .ignoring("PERSONAL_DATA_READABLE", "...")',
                file,
            )


@rule("PERSONAL_DATA_UNMARKED", Severity.WARNING)
def unmarked(subject: Subject) -> Iterator[Complaint]:
    """A field sounds like personal data and is not marked as such."""
    for node in fields_of(subject.applet):
        if not node.type.hidden and not _is_personal(node) and _SAYS_SO.search(node.words):
            yield Complaint("this sounds like personal data: state personal=True", node.file, node.path)


def _is_personal(node: FieldNode) -> bool:
    return node.personal or isinstance(node.type, BY_NATURE)
