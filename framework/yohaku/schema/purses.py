"""Purses: money or points that the card itself counts, within limits, and vouches for with receipts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, overload

from yohaku.errors import SchemaError
from yohaku.schema.declarations import MOST_RECORDS, SFIS, Declaration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema.access import Condition, Rule
    from yohaku.schema.applet import Applet
    from yohaku.schema.bound import BoundPurse
    from yohaku.schema.declarations import Key

LARGEST_BALANCE = 0x7FFF_FFFF
KIND = 4
"""The number of a purse in the descriptor, among the kinds of files."""
HEAD, ENTRY = 16, 17
"""Bytes of a purse on the card before its log, and of each log entry (container version 1.1, chapter 8)."""


@dataclass(frozen=True, slots=True)
class PurseLimits:
    """What a purse may hold and book.

    Attributes:
        balance: the highest balance, up to 2,147,483,647.
        credit: the most that one credit may add; by default the highest balance.
        debit: the most that one debit may take; by default the highest balance.
    """

    balance: int
    credit: int | None = None
    debit: int | None = None


@dataclass(frozen=True, slots=True)
class PurseLog:
    """What a purse remembers of its bookings.

    Attributes:
        entries: how many receipts the card keeps, the newest, 1 to 254.
        read: who may read them; they tell where a person was and when.
    """

    entries: int
    read: Condition


class Purse(Declaration):
    """An amount that only CREDIT and DEBIT change, each in one step with its log entry and sequence number.

    A new purse is empty: an opening balance is a credit like any other.

    Args:
        label: the Japanese name.
        limits: of the balance, of one credit and of one debit.
        receipts: the key that vouches for receipts; a back office holds it, terminals need not.
        read: who may read the balance.
        credit: who may add an amount.
        debit: who may take an amount away.
        log: how many receipts the card keeps, and who may read them.
        sfi: short file identifier; files and purses of an applet share the numbers.
        english: the English name.

    Raises:
        SchemaError: with everything that contradicts itself.
    """

    def __init__(
        self,
        label: str = "",
        *,
        limits: PurseLimits,
        receipts: Key,
        read: Condition,
        credit: Condition,
        debit: Condition,
        log: PurseLog,
        sfi: int | None = None,
        english: str = "",
    ) -> None:
        super().__init__(label, english)
        self.maximum, self.entries, self.receipts = limits.balance, log.entries, receipts
        self.most_credit = limits.balance if limits.credit is None else limits.credit
        self.most_debit = limits.balance if limits.debit is None else limits.debit
        self.read, self.log = read.as_rule(), log.read.as_rule()
        self.credit, self.debit = credit.as_rule(), debit.as_rule()
        self.sfi = sfi or 0
        self.replaced: Purse | None = None
        if faults := "; ".join(self._faults(sfi)):
            raise SchemaError(f"Purse({label!r}): {faults}")

    def _faults(self, sfi: int | None) -> Iterator[str]:
        if not 1 <= self.maximum <= LARGEST_BALANCE:
            yield f"a balance of {self.maximum}: allowed is 1 to {LARGEST_BALANCE}"
        for name, limit in (("credit", self.most_credit), ("debit", self.most_debit)):
            if not 1 <= limit <= max(self.maximum, 1):
                yield f"a {name} of {limit}: allowed is 1 to the highest balance, {self.maximum}"
        if not 1 <= self.entries <= MOST_RECORDS:
            yield f"a log of {self.entries}: allowed is 1 to {MOST_RECORDS}"
        if sfi is not None and sfi not in SFIS:
            yield f"SFI {sfi}: allowed is 1 to 30"

    def replaces(self, old: Purse) -> Self:
        """State which purse of the applet's previous version this one goes on with; returns the same purse.

        A purse that keeps its name needs nothing.
        """
        self.replaced = old
        return self

    @property
    def rules(self) -> dict[str, Rule]:
        """The access rule of each operation, in the descriptor's order."""
        return {"read": self.read, "log": self.log, "credit": self.credit, "debit": self.debit}

    @property
    def size(self) -> int:
        """Bytes that number, balance and log take on the card."""
        return HEAD + self.entries * ENTRY

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, instance: Applet, owner: type[Any]) -> BoundPurse: ...
    def __get__(self, instance: Applet | None, owner: type[Any]) -> Self | BoundPurse:
        return self if instance is None else instance.session.purse(self)
