"""What the container answers about purses, as ``specs/container.md`` chapter 8 says, over the model's state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.card.credentials import key_proof
from yohaku.iso7816 import Instruction, Status
from yohaku.testing.answers import Learned, refusal
from yohaku.testing.commands import handles, holds
from yohaku.testing.parts import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.testing.answers import Answer
    from yohaku.testing.parts import Apdu, Instance, PurseModel, Seat

READ, LOG, CREDIT, DEBIT = range(4)
"""Places of the rules of a purse."""
NUMBER = 8
"""Bytes of a purse's number, which the card draws at install."""
RECEIPT = 45
_LAST = 0xFFFFFFFF


class Numbered(Learned):
    """An answer that starts with a purse's number, which is not known yet."""

    def __init__(self, instance: Instance, sfi: int, make: Callable[[bytes], bytes]) -> None:
        self._instance, self._sfi, self._make = instance, sfi, make

    def take(self, response: bytes) -> bool:
        """Accept any number with the rest as it must be, and remember it."""
        number = response[:NUMBER]
        self._instance.purses[self._sfi] = self._instance.purses[self._sfi]._replace(number=number)
        return len(response) > NUMBER and response == self._make(number) + refusal(Status.OK)

    def asked_for(self, expected: int) -> Answer:
        """Give the answer when its size is asked for, else that size."""
        size = len(self._make(bytes(NUMBER)))
        return self if expected == size else refusal(0x6C00 | size & 0xFF)

    def describe(self) -> str:
        """Say what was expected."""
        return self._make(bytes(NUMBER)).hex() + "9000 with the purse's number in front"


def _answer(instance: Instance, purse: PurseModel, make: Callable[[bytes], bytes]) -> bytes | Learned:
    return make(purse.number) if purse.number else Numbered(instance, purse.sfi, make)


def _open(instance: Instance, seat: Seat, apdu: Apdu, access: int) -> PurseModel | int:
    purse = instance.purses.get(apdu.p2)
    if purse is None:
        return Status.INCOMPATIBLE_FILE if apdu.p2 in instance.files else Status.FILE_NOT_FOUND
    return purse if holds(instance, seat, purse.rules[access]) else Status.SECURITY_STATUS


@handles(Instruction.READ_PURSE, proprietary=True)
def _read_purse(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int | Learned:
    if apdu.p1:
        return Status.WRONG_P1P2
    purse = _open(instance, seat, apdu, READ)
    if isinstance(purse, int):
        return purse
    if apdu.data or not apdu.expected:
        return Status.WRONG_LENGTH
    state = purse.sequence.to_bytes(4, "big") + purse.balance.to_bytes(4, "big")
    return _answer(instance, purse, lambda number: number + state)


@handles(Instruction.CREDIT, proprietary=True)
def _credit(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int | Learned:
    return _book(instance, seat, apdu, CREDIT)


@handles(Instruction.DEBIT, proprietary=True)
def _debit(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int | Learned:
    return _book(instance, seat, apdu, DEBIT)


def _book(instance: Instance, seat: Seat, apdu: Apdu, access: int) -> bytes | int | Learned:
    """Add or take an amount: sequence number, balance and log change together."""
    if apdu.p1:
        return Status.WRONG_P1P2
    purse = _open(instance, seat, apdu, access)
    if isinstance(purse, int):
        return purse
    entry = _entry(purse, apdu.data, access)
    if isinstance(entry, int):
        return entry
    key = instance.keys[purse.key - 1]
    if not key.value:
        return Status.REFERENCE_UNUSABLE
    if key.is_blocked:
        return Status.BLOCKED
    instance.purses[purse.sfi] = purse.booked(entry)
    state = entry.sequence.to_bytes(4, "big") + entry.balance.to_bytes(4, "big")
    return _answer(
        instance, purse, lambda number: number + state + _receipt(instance, purse, number, entry)[-16:]
    )  # fmt: skip


def _entry(purse: PurseModel, data: bytes, access: int) -> Entry | int:
    """Give what a booking writes into the log, or why it is refused."""
    if len(data) != 12:
        return Status.WRONG_LENGTH
    amount, kind = int.from_bytes(data[:4], "big"), access - LOG
    if not 1 <= amount <= purse.most[kind]:
        return Status.WRONG_DATA
    balance = purse.balance + (amount if access == CREDIT else -amount)
    if not 0 <= balance <= max(purse.most[0], purse.balance if access == DEBIT else 0):
        return Status.CONDITIONS
    if purse.sequence == _LAST:
        return Status.NO_SPACE
    return Entry(purse.sequence + 1, kind, amount, balance, data[4:])


def _receipt(instance: Instance, purse: PurseModel, number: bytes, entry: Entry) -> bytes:
    """Write a receipt of 45 bytes."""
    body = number + entry.to_bytes()
    value = instance.keys[purse.key - 1].value
    return body + key_proof(value, Instruction.READ_RECEIPTS, purse.key, body, instance.aid)


@handles(Instruction.READ_RECEIPTS, proprietary=True)
def _read_receipts(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int | Learned:
    purse = _open(instance, seat, apdu, LOG)
    if isinstance(purse, int):
        return purse
    if apdu.data or not apdu.expected:
        return Status.WRONG_LENGTH
    if not 1 <= apdu.p1 <= len(purse.log):
        return Status.RECORD_NOT_FOUND
    if apdu.expected < RECEIPT:
        return 0x6C00 | RECEIPT
    if instance.keys[purse.key - 1].is_blocked:
        return Status.BLOCKED
    told = purse.log[apdu.p1 - 1 : apdu.p1 - 1 + apdu.expected // RECEIPT]
    return _answer(
        instance, purse, lambda number: b"".join(_receipt(instance, purse, number, entry) for entry in told)
    )  # fmt: skip
