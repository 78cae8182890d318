"""What a back office looks for in the receipts that terminals hand in, with no card at hand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING

from yohaku.schema.receipts import Booking

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from yohaku.codec import Json
    from yohaku.schema.applet import Applet
    from yohaku.schema.purses import Purse
    from yohaku.schema.receipts import Receipt


class Doubt(Enum):
    """What is wrong with receipts; a gap alone is none, as other terminals hand in theirs."""

    FORGED = "forged"
    TWICE = "twice"
    BALANCE = "balance"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """Something that a back office must know about receipts.

    Attributes:
        doubt: what it is.
        purse: number of the purse.
        sequence: number of the booking, of a gap that of the first one that is missing.
        message: it in words.
    """

    doubt: Doubt
    purse: bytes
    sequence: int
    message: str

    @property
    def is_gap(self) -> bool:
        """Whether it only says that bookings are missing."""
        return self.doubt is Doubt.GAP

    def __str__(self) -> str:
        return f"{self.doubt.name} purse {self.purse.hex()}, booking {self.sequence}: {self.message}"

    def to_json(self) -> Json:
        """Give the finding as JSON."""
        return {
            "doubt": self.doubt.value,
            "purse": self.purse.hex(),
            "sequence": self.sequence,
            "message": self.message,
        }


def audit(applet: type[Applet], purse: Purse, receipts: Iterable[Receipt], key: bytes) -> list[AuditFinding]:
    """Check receipts of one purse declaration, of any number of cards.

    Args:
        applet: the declaration.
        purse: the purse of it whose receipts these are.
        receipts: in any order.
        key: value of the key that vouches for the purse's receipts.
    """
    found: list[AuditFinding] = []
    genuine: dict[bytes, list[Receipt]] = defaultdict(list)
    for receipt in receipts:
        reason = _forged(applet, purse, receipt, key)
        if reason:
            found.append(AuditFinding(Doubt.FORGED, receipt.purse, receipt.sequence, reason))
        else:
            genuine[receipt.purse].append(receipt)
    for number in sorted(genuine):
        found += _compared(sorted(genuine[number], key=lambda receipt: receipt.sequence))
    return found


def _forged(applet: type[Applet], purse: Purse, receipt: Receipt, key: bytes) -> str:
    if receipt.aid != applet.aid:
        return f"is of application {receipt.aid.hex(' ').upper()}, not of {applet.name}"
    if receipt.key != purse.receipts.reference:
        return f"names key {receipt.key}, {purse.name} has {purse.receipts.reference}"
    return "" if receipt.is_genuine(key) else "its proof is not that of the key: it was changed or made up"


def _compared(receipts: list[Receipt]) -> Iterator[AuditFinding]:
    """Compare genuine receipts of one purse, by their number, each with the one before it."""
    for before, receipt in pairwise(receipts):
        missing = receipt.sequence - before.sequence - 1
        place = receipt.purse, receipt.sequence
        if missing < 0:
            same = "the same receipt" if receipt == before else "two receipts of one number"
            yield AuditFinding(Doubt.TWICE, *place, f"{same}: pay it once")
        elif missing:
            last = f" to {receipt.sequence - 1}" if missing > 1 else ""
            message = f"booking{'s' * (missing > 1)} {before.sequence + 1}{last} not handed in"
            yield AuditFinding(Doubt.GAP, receipt.purse, before.sequence + 1, message)
        elif before.balance + _signed(receipt) != receipt.balance:
            yield AuditFinding(Doubt.BALANCE, *place, f"{before.balance} before, {receipt.balance} after")


def _signed(receipt: Receipt) -> int:
    return receipt.amount if receipt.booking is Booking.CREDIT else -receipt.amount
