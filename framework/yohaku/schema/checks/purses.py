"""Purses: who makes money, who sees where it went, and whether receipts prove anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.schema.access import ALWAYS, NEVER
from yohaku.schema.checks.model import Complaint, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule("PURSE_OPEN_TO_CREDIT", Severity.ERROR)
def open_to_credit(subject: Subject) -> Iterator[Complaint]:
    """Anybody may put money into a purse."""
    for purse in subject.applet.purses().values():
        if purse.credit == ALWAYS:
            yield Complaint("anybody may credit it, so its money is worth nothing: let credit= name a key", purse)


@rule("PURSE_OPEN_TO_DEBIT", Severity.WARNING)
def open_to_debit(subject: Subject) -> Iterator[Complaint]:
    """Anybody may take money out of a purse."""
    for purse in subject.applet.purses().values():
        if purse.debit == ALWAYS:
            yield Complaint("any reader that comes near may empty it: let debit= name a key or PIN", purse)


@rule("PURSE_NEVER_BOOKED", Severity.WARNING)
def never_booked(subject: Subject) -> Iterator[Complaint]:
    """Nobody may put money into a purse, or take any out."""
    for purse in subject.applet.purses().values():
        for operation, verb in (("credit", "fill"), ("debit", "spend from")):
            if purse.rules[operation] == NEVER:
                yield Complaint(f"nobody can {verb} it: let {operation}= name a PIN or key", purse)


@rule("PURSE_LOG_OPEN", Severity.WARNING)
def log_open(subject: Subject) -> Iterator[Complaint]:
    """Anybody may read where and when a person paid."""
    for purse in subject.applet.purses().values():
        if purse.log == ALWAYS:
            yield Complaint("anybody may read its receipts, which tell where a person was: let PurseLog name a PIN or "
                            "key", purse)  # fmt: skip


@rule("PURSE_KEY_SHARED", Severity.WARNING)
def key_shared(subject: Subject) -> Iterator[Complaint]:
    """The key that vouches for receipts also opens something, so terminals hold it and could make receipts up."""
    rules = subject.applet.access_rules().items()
    for purse in subject.applet.purses().values():
        places = [place for place, allowed in rules if purse.receipts in allowed.credentials]
        if places:
            yield Complaint(
                f"{purse.receipts.name} vouches for its receipts and opens {', '.join(places)}: whoever has it to open "
                "them can make receipts up; give receipts a key of their own",
                purse,
            )


@rule("PURSE_KEY_CAN_BLOCK", Severity.WARNING)
def key_can_block(subject: Subject) -> Iterator[Complaint]:
    """Wrong tries block the key that vouches for receipts, and then nothing is booked any more."""
    for purse in subject.applet.purses().values():
        if purse.receipts.tries:
            yield Complaint(
                f"{purse.receipts.tries} wrong tries block {purse.receipts.name}, and the purse for ever: leave tries= "
                "of that key out",
                purse,
            )
