"""The byte layout of purses: what one holds on the card, in the model that pictures and documents are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yohaku.fields import Blob, Choice, UInt
from yohaku.schema.places import record_tree
from yohaku.schema.purses import ENTRY, HEAD
from yohaku.schema.receipts import REFERENCE, Booking
from yohaku.schema.record import Record, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yohaku.codec import Json
    from yohaku.schema.purses import Purse


class PurseContent(Record):
    """What a purse holds on the card, up to one entry of its log (container version 1.1, chapter 8)."""

    number: bytes = field(Blob(8), "財布番号", english="purse number")
    sequence: int = field(UInt(32), "通番", english="number of the newest booking")
    balance: int = field(UInt(32), "残高", english="balance")
    booking: Booking = field(Choice(Booking, bits=8), "区分", english="log entry: credit or debit")
    amount: int = field(UInt(32), "金額", english="log entry: amount")
    balance_afterwards: int = field(UInt(32), "取引後残高", english="log entry: balance afterwards")
    reference: bytes = field(Blob(REFERENCE), "端末参照番号", english="log entry: the terminal's reference")


DRAWN = HEAD + ENTRY
"""Bytes of a purse that are drawn: those before its log, and one entry of it."""


@dataclass(frozen=True, slots=True)
class PurseLayout:
    """The layout of one purse.

    Attributes:
        name: its name in the applet.
        size: bytes on the card.
        sfi: short file identifier.
        label: the Japanese name.
        english: the English name.
        maximum: the highest balance.
        most_credit: the most that one credit adds.
        most_debit: the most that one debit takes.
        entries: how many receipts its log keeps.
        receipts: name of the key that vouches for receipts.
        access: the rule of each operation as text.
    """

    name: str
    size: int
    sfi: int
    label: str
    english: str
    maximum: int
    most_credit: int
    most_debit: int
    entries: int
    receipts: str
    access: Mapping[str, str]

    def to_json(self) -> Json:
        """Give the purse as JSON, with the fields before its log and of one log entry."""
        return {
            "name": self.name,
            "size": self.size,
            "sfi": self.sfi,
            "label": self.label,
            "english": self.english,
            "maximum": self.maximum,
            "most_credit": self.most_credit,
            "most_debit": self.most_debit,
            "entries": self.entries,
            "receipts": self.receipts,
            "access": dict(self.access),
            "fields": [place.to_json() for place in record_tree(PurseContent).fields()],
        }


def purse_layout(purse: Purse) -> PurseLayout:
    """Compute the layout of one purse."""
    return PurseLayout(
        purse.name,
        purse.size,
        purse.sfi,
        purse.label,
        purse.english,
        purse.maximum,
        purse.most_credit,
        purse.most_debit,
        purse.entries,
        purse.receipts.name,
        {operation: str(rule) for operation, rule in purse.rules.items()},
    )
