"""Purses of an applet on a card: reading them, booking amounts, and the receipts that the card gives for it."""

from __future__ import annotations

import secrets as random
from typing import TYPE_CHECKING

from yohaku.card.errors import AmountError, BalanceError, ProtocolError, StatusError
from yohaku.errors import DecodeError
from yohaku.iso7816 import Command, Instruction, Response, Status
from yohaku.schema.purses import HEAD
from yohaku.schema.receipts import REFERENCE, SIZE, Booking, PurseState, Receipt

if TYPE_CHECKING:
    from yohaku.card.session import AppletSession
    from yohaku.schema import Purse

CLASS = 0x80
"""Class byte of the commands on purses (container version 1.1, chapter 8)."""
PROOF = 16
"""Bytes of the proof that follows number, sequence number and balance after a booking."""


class CardPurse:
    """A purse on a card. A booking is one command, which the card carries out whole or not at all.

    When a link breaks during a booking, open the applet again and ask `find` for the reference: it gives the receipt
    if the booking happened.
    """

    def __init__(self, session: AppletSession, declaration: Purse) -> None:
        self._session, self._purse = session, declaration

    @property
    def balance(self) -> int:
        """Read the balance.

        Raises:
            AccessDeniedError: the purse's read rule does not hold.
        """
        return self.read().balance

    def read(self) -> PurseState:
        """Read number, sequence number and balance.

        Raises:
            AccessDeniedError: the purse's read rule does not hold.
        """
        response = self._send(Instruction.READ_PURSE, 0, expected=HEAD)
        self._session.check(response, f"reading {self._purse.name}", self._purse.read)
        self._require(response, HEAD)
        return PurseState.from_bytes(response.data)

    def credit(self, amount: int, *, reference: bytes | None = None) -> Receipt:
        """Add an amount and give the receipt.

        Args:
            amount: 1 to the most that one credit may add.
            reference: 8 bytes by which the terminal knows the booking; random ones when none are given.

        Raises:
            AmountError: amount or reference do not fit the declaration; nothing was sent.
            BalanceError: the balance would rise above the highest; nothing was booked.
            AccessDeniedError: the purse's credit rule does not hold.
            StatusError: the card refuses for another reason; nothing was booked.
        """
        return self._book(Booking.CREDIT, amount, reference)

    def debit(self, amount: int, *, reference: bytes | None = None) -> Receipt:
        """Take an amount away and give the receipt.

        Args:
            amount: 1 to the most that one debit may take.
            reference: 8 bytes by which the terminal knows the booking; random ones when none are given.

        Raises:
            AmountError: amount or reference do not fit the declaration; nothing was sent.
            BalanceError: the balance does not suffice; nothing was booked.
            AccessDeniedError: the purse's debit rule does not hold.
            StatusError: the card refuses for another reason; nothing was booked.
        """
        return self._book(Booking.DEBIT, amount, reference)

    def log(self) -> list[Receipt]:
        """Read the receipts of the newest bookings, the newest first, as many with each command as fit.

        Raises:
            AccessDeniedError: the purse's log rule does not hold.
        """
        found: list[Receipt] = []
        at_once = self._session.selection.longest_answer // SIZE
        while len(found) < self._purse.entries:
            part = self._receipts(len(found) + 1, at_once)
            found += part
            if len(part) < at_once:
                break
        return found

    def find(self, reference: bytes) -> Receipt | None:
        """Look for the newest receipt with a reference in the log; None when the card has none (any more).

        Raises:
            AccessDeniedError: the purse's log rule does not hold.
        """
        return next((receipt for receipt in self.log() if receipt.reference == reference), None)

    def _book(self, booking: Booking, amount: int, reference: bytes | None) -> Receipt:
        reference = random.token_bytes(REFERENCE) if reference is None else reference
        check_booking(self._purse, booking, amount, reference)
        ins = Instruction.CREDIT if booking is Booking.CREDIT else Instruction.DEBIT
        response = self._send(ins, 0, amount.to_bytes(4, "big") + reference, expected=HEAD + PROOF)
        self._check(response, booking, amount)
        self._require(response, HEAD + PROOF)
        state = PurseState.from_bytes(response.data)
        return Receipt(
            self._session.applet.aid,
            self._purse.receipts.reference,
            state.number,
            state.sequence,
            booking,
            amount,
            state.balance,
            reference,
            response.data[HEAD:],
        )

    def _check(self, response: Response, booking: Booking, amount: int) -> None:
        name, adds = self._purse.name, booking is Booking.CREDIT
        action = f"{'crediting' if adds else 'debiting'} {name}"
        if response.status == Status.CONDITIONS:
            why = f"rise above {self._purse.maximum}" if adds else "fall below 0"
            raise BalanceError(f"{action} by {amount}: its balance would {why}; nothing was booked")
        if response.status in _ADVICE:
            advice = _ADVICE[response.status].format(key=self._purse.receipts.name)
            raise StatusError(action, response.status, f"nothing was booked: {advice}")
        self._session.check(response, action, self._purse.credit if adds else self._purse.debit)

    def _receipts(self, first: int, at_once: int) -> list[Receipt]:
        """Read whole receipts from ``first`` on; none when there is no such booking."""
        response = self._send(Instruction.READ_RECEIPTS, first, expected=at_once * SIZE)
        if response.status == Status.RECORD_NOT_FOUND:
            return []
        self._session.check(response, f"reading the log of {self._purse.name}", self._purse.log)
        raw, aid, key = response.data, self._session.applet.aid, self._purse.receipts.reference
        try:
            return [Receipt.from_bytes(raw[at : at + SIZE], aid=aid, key=key) for at in range(0, len(raw), SIZE)]
        except DecodeError as error:
            raise ProtocolError(f"{self._purse.name}: the card sent {len(raw)} bytes that are no receipts") from error

    def _send(self, ins: int, p1: int, data: bytes = b"", *, expected: int) -> Response:
        return self._session.selection.send(Command(CLASS, ins, p1, self._purse.sfi, data, expected))

    def _require(self, response: Response, size: int) -> None:
        if len(response.data) != size:
            raise ProtocolError(f"{self._purse.name}: the card sent {len(response.data)} bytes instead of {size}")


_ADVICE: dict[int, str] = {
    Status.NO_SPACE: "its sequence number is at its end; give out a new card",
    Status.BLOCKED: "{key}, which vouches for receipts, is blocked; load the applet anew",
    Status.REFERENCE_UNUSABLE: "{key}, which vouches for receipts, has no value or is blocked; load the applet anew",
}


def check_booking(purse: Purse, booking: Booking, amount: int, reference: bytes) -> None:
    """Check a booking against the declaration.

    Raises:
        AmountError: amount, reference or both do not fit; with both faults.
    """
    name = booking.name.lower()
    most = purse.most_credit if booking is Booking.CREDIT else purse.most_debit
    faults = []
    if not 1 <= amount <= most:
        faults.append(f"a {name} of {amount}, allowed is 1 to {most}")
    if len(reference) != REFERENCE:
        faults.append(f"a reference of {len(reference)} bytes, it has {REFERENCE}")
    if faults:
        raise AmountError(f"{purse.name}: {'; '.join(faults)}; nothing was sent")
