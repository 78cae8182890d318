"""What a breaking change is, how strong, and the list of all rules."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yohaku.codec import Json


class Strength(IntEnum):
    """What a change breaks: programs' source, the meaning of values, or the bytes and commands themselves."""

    SOURCE = 1
    VALUE = 2
    WIRE = 3


@dataclass(frozen=True, slots=True)
class BreakingRule:
    """One rule.

    Attributes:
        id: its name.
        strength: of all changes that it finds.
        summary: what it finds, in a sentence.
    """

    id: str
    strength: Strength
    summary: str

    @property
    def of_content(self) -> bool:
        """Whether it concerns what a file holds, which an upgrade can make new."""
        return self.strength > Strength.SOURCE and self.id.startswith(_OF_CONTENT)


_OF_CONTENT = ("FIELD_", "TAG_", "ENUM_", "RECORD_SIZE_", "FILE_SHRANK", "FILE_KIND_")


def _rules(strength: Strength, summaries: dict[str, str]) -> dict[str, BreakingRule]:
    return {name: BreakingRule(name, strength, summary) for name, summary in summaries.items()}


RULES: dict[str, BreakingRule] = {
    **_rules(
        Strength.WIRE,
        {
            "AID_CHANGED": "The applet is selected by another AID.",
            "VERSION_NOT_RAISED": "What stands on the card changed, and the version did not rise.",
            "PIN_REMOVED": "A PIN is gone.",
            "PIN_RENUMBERED": "A PIN has another number, which VERIFY names it by.",
            "PIN_DISABLING_REFUSED": "A PIN whose verification could be disabled is always required.",
            "KEY_REMOVED": "A key is gone.",
            "KEY_RENUMBERED": "A key has another number, which EXTERNAL AUTHENTICATE names it by.",
            "KEY_SIZE_CHANGED": "A key has another length.",
            "FILE_REMOVED": "A file is gone.",
            "FILE_SFI_CHANGED": "A file has another short file identifier, which commands name it by.",
            "FILE_KIND_CHANGED": "A file is of another kind: transparent, linear fixed or cyclic.",
            "FILE_SHRANK": "A transparent file has fewer bytes, or a record file fewer records.",
            "RECORD_SIZE_CHANGED": "The records of a file have another length.",
            "PURSE_REMOVED": "A purse is gone, and with it what cards hold in it.",
            "PURSE_SFI_CHANGED": "A purse has another short file identifier, which commands name it by.",
            "PURSE_KEY_CHANGED": "Another key vouches for the receipts of a purse.",
            "ACCESS_TIGHTENED": "Who was allowed to do something no longer is.",
            "FIELD_MOVED": "A field stands at another place in its record.",
            "FIELD_WIDTH_CHANGED": "A field or a list takes another number of bits.",
            "FIELD_TYPE_CHANGED": "The bytes of a field mean something else.",
            "FIELD_TAG_CHANGED": "A member of a template has another tag.",
            "FIELD_REMOVED_NOT_RESERVED": "A field is gone, and its bytes are used for something else or not at all.",
            "FIELD_PAST_OLD_END": "A new field lies behind the end of what cards hold.",
            "TAG_REUSED": "The tag of a member that is gone names another one.",
        },
    ),
    **_rules(
        Strength.VALUE,
        {
            "ACCESS_LOOSENED": "Who was not allowed to do something now is.",
            "PIN_TRIES_CHANGED": "A PIN is blocked after another number of wrong tries.",
            "PIN_FORM_NARROWED": "A PIN that was allowed no longer is.",
            "PIN_DISABLING_ALLOWED": "A PIN that was always required can be disabled by who knows it.",
            "KEY_TRIES_CHANGED": "A key is blocked after another number of wrong tries.",
            "PURSE_LIMIT_LOWERED": "A purse may hold less, or book less at once.",
            "PURSE_LOG_SHRANK": "A purse keeps fewer receipts.",
            "FIELD_REMOVED": "A field is gone; its bytes are reserved, or its tag is unused.",
            "FIELD_RANGE_NARROWED": "A field no longer takes all its values.",
            "FIELD_REQUIRED": "A member of a template that may be absent on cards must now be there.",
            "FIELD_ADDED_WITHOUT_ZERO": "A new field does not take the zeros that cards hold in its place.",
            "ENUM_VALUE_REUSED": "A number of an enum stands for another member.",
            "ENUM_VALUE_CHANGED": "A member of an enum has another number.",
            "ENUM_MEMBER_REMOVED": "A member of an enum is gone.",
        },
    ),
    **_rules(
        Strength.SOURCE,
        {
            "APPLET_RENAMED": "The applet goes by another name.",
            "PIN_RENAMED": "A PIN goes by another name.",
            "KEY_RENAMED": "A key goes by another name.",
            "FILE_RENAMED": "A file goes by another name.",
            "PURSE_RENAMED": "A purse goes by another name.",
            "RECORD_RENAMED": "The record class of a file goes by another name.",
            "FIELD_RENAMED": "A field goes by another name, in programs, JSON and tables.",
        },
    ),
}
"""All rules by id, the strongest first."""


@dataclass(frozen=True, slots=True)
class Change:
    """One breaking change.

    Attributes:
        rule: the rule's id, such as ``FIELD_MOVED``.
        where: the part, such as ``borrower.name``; empty for the applet.
        message: what was and what is.
        migrated: the new declaration says how old contents of the file become new ones, so cards can be upgraded.
    """

    rule: str
    where: str
    message: str
    migrated: bool = False

    @property
    def strength(self) -> Strength:
        """What the change breaks."""
        return RULES[self.rule].strength

    def __str__(self) -> str:
        place = f" {self.where}" if self.where else ""
        return f"{self.strength.name} {self.rule}{place}: {self.message}" + (
            " (an upgrade is declared)" if self.migrated else ""
        )

    def to_json(self) -> Json:
        """Give the change as JSON."""
        return {
            "rule": self.rule,
            "strength": self.strength.name,
            "where": self.where,
            "message": self.message,
            "migrated": self.migrated,
        }
