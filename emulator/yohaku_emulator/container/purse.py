"""Purses: CREDIT and DEBIT, each one atomic step with its log entry and number, and receipts that a key vouches for.

``specs/container.md`` chapter 8. Amounts are four bytes; a Java Card adds and compares them byte by byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.iso7816 import Instruction, Status
from yohaku_emulator.container.descriptor import (
    PURSE,
    PURSE_ENTRY,
    PURSE_HEAD,
    PURSE_KEY,
    PURSE_MOST,
    PURSE_RULES,
    after_rule,
)
from yohaku_emulator.container.table import PURSE_NUMBER
from yohaku_emulator.crypto import aes_cmac
from yohaku_emulator.errors import StatusError

if TYPE_CHECKING:
    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.container.credentials import Credentials
    from yohaku_emulator.container.table import Table
    from yohaku_emulator.runtime import Context

CREDIT, DEBIT = 1, 2
"""Kinds of a log entry."""
RECEIPT: Final = 45
"""Bytes of a receipt: number (8), sequence number (4), a log entry (17), AES-CMAC (16)."""
_READ, _LOG, _BOOK = 0, 1, 1
"""Order of the rules; that of CREDIT and DEBIT is ``_BOOK`` and the kind."""
_REFERENCE: Final = 8
_LAST: Final = b"\xff\xff\xff\xff"
"""The sequence number after which a purse books nothing more."""
_ONE: Final = b"\0\0\0\1"
_WRONG_EXPECTED: Final = 0x6C00


class Purses:
    """The purses of an instance: each is one array of number, sequence number, balance and a cyclic log."""

    __slots__ = ("_context", "_credentials", "_table")

    def __init__(self, context: Context, table: Table, credentials: Credentials) -> None:
        self._context, self._table, self._credentials = context, table, credentials

    def _open(self, apdu: Apdu, descriptor: bytes, access: int) -> tuple[int, int]:
        """Return part index and offset of the purse whose SFI is P2; 6A82, 6981, 6982."""
        index = self._table.find(descriptor, apdu.p2)
        if index < 0:
            raise StatusError(Status.FILE_NOT_FOUND)
        part = self._table.part(index)
        if descriptor[part] != PURSE:
            raise StatusError(Status.INCOMPATIBLE_FILE)
        rule = part + PURSE_RULES
        for _ in range(access):
            rule = after_rule(descriptor, rule)
        if not self._credentials.permits(descriptor, rule):
            raise StatusError(Status.SECURITY_STATUS)
        return index, part

    def read(self, apdu: Apdu) -> bytes:
        """READ PURSE: number, sequence number and balance."""
        if apdu.p1:
            raise StatusError(Status.WRONG_P1P2)
        index, _ = self._open(apdu, self._table.descriptor.read(), _READ)
        if apdu.data or not apdu.expected:
            raise StatusError(Status.WRONG_LENGTH)
        return self._table.array(index).read(0, PURSE_HEAD)

    def credit(self, apdu: Apdu) -> bytes:
        """CREDIT: amount and reference; the balance must not rise above the highest."""
        return self._book(apdu, CREDIT)

    def debit(self, apdu: Apdu) -> bytes:
        """DEBIT: amount and reference; the balance must suffice."""
        return self._book(apdu, DEBIT)

    def _book(self, apdu: Apdu, kind: int) -> bytes:
        """Book an amount: balance, sequence number and log entry change together; answer head and AES-CMAC."""
        if apdu.p1:
            raise StatusError(Status.WRONG_P1P2)
        descriptor = self._table.descriptor.read()
        index, part = self._open(apdu, descriptor, _BOOK + kind)
        if len(apdu.data) != 4 + _REFERENCE:
            raise StatusError(Status.WRONG_LENGTH)
        amount = apdu.data[:4]
        limit = part + PURSE_MOST + 4 * kind
        if amount == bytes(4) or amount > descriptor[limit : limit + 4]:
            raise StatusError(Status.WRONG_DATA)
        head = self._table.array(index).read(0, PURSE_HEAD)
        number, sequence = head[:PURSE_NUMBER], head[PURSE_NUMBER:-4]
        balance = _balance(head[-4:], amount, descriptor[part + PURSE_MOST : part + PURSE_MOST + 4], kind)
        if sequence == _LAST:
            raise StatusError(Status.NO_SPACE)
        head = number + _sum(sequence, _ONE) + balance
        entry = bytes((kind,)) + amount + balance + apdu.data[4:]
        proof = self._proof(descriptor, part, head[:-4] + entry)
        self._context.begin()
        self._table.array(index).write(0, head)
        append_entry(self._table, descriptor, index, entry)
        self._context.commit()
        return head + proof

    def receipts(self, apdu: Apdu) -> bytes:
        """READ RECEIPTS: from number P1, 1 the newest, as many whole ones as fit in Le."""
        descriptor = self._table.descriptor.read()
        index, part = self._open(apdu, descriptor, _LOG)
        if apdu.data or not apdu.expected:
            raise StatusError(Status.WRONG_LENGTH)
        used, newest = self._table.fill(descriptor, index)
        if not 1 <= apdu.p1 <= used:
            raise StatusError(Status.RECORD_NOT_FOUND)
        if apdu.expected < RECEIPT:
            raise StatusError(_WRONG_EXPECTED | RECEIPT)
        body, entries, found = self._table.array(index), descriptor[part + PURSE_KEY + 1], b""
        number, sequence = body.read(0, PURSE_NUMBER), body.read(PURSE_NUMBER, 4)
        for age in range(apdu.p1 - 1, min(used, apdu.p1 - 1 + apdu.expected // RECEIPT)):
            slot = newest - age if newest >= age else newest + entries - age
            entry = body.read(PURSE_HEAD + slot * PURSE_ENTRY, PURSE_ENTRY)
            receipt = number + _difference(sequence, bytes((0, 0, 0, age))) + entry
            found += receipt + self._proof(descriptor, part, receipt)
        return found

    def _proof(self, descriptor: bytes, part: int, receipt: bytes) -> bytes:
        """Make the AES-CMAC of a receipt; 6984 or 6983 when its key cannot be used."""
        number = descriptor[part + PURSE_KEY]
        key = self._credentials.usable_key(descriptor, number)
        return aes_cmac(key, bytes((Instruction.READ_RECEIPTS, number)) + receipt + self._context.aid)


def append_entry(table: Table, descriptor: bytes, index: int, entry: bytes) -> None:
    """Write a log entry behind the newest, over the oldest of a full log; in the open transaction."""
    entries = descriptor[table.part(index) + PURSE_KEY + 1]
    used, newest = table.fill(descriptor, index)
    slot = newest + 1 if newest + 1 < entries else 0
    table.array(index).write(PURSE_HEAD + slot * PURSE_ENTRY, entry)
    table.set_fill(descriptor, index, min(used + 1, entries), slot)


def _balance(balance: bytes, amount: bytes, most: bytes, kind: int) -> bytes:
    """Return the balance afterwards; 6985 when the purse cannot hold or give that much."""
    if kind == CREDIT:
        after = _sum(balance, amount)
        if after > most:
            raise StatusError(Status.CONDITIONS)
        return after
    if amount > balance:
        raise StatusError(Status.CONDITIONS)
    return _difference(balance, amount)


def _sum(one: bytes, other: bytes) -> bytes:
    """Add numbers of four bytes whose sum has no more."""
    total, carry = bytearray(4), 0
    for at in (3, 2, 1, 0):
        carry += one[at] + other[at]
        total[at] = carry & 0xFF
        carry >>= 8
    return bytes(total)


def _difference(one: bytes, other: bytes) -> bytes:
    """Subtract a number of four bytes from one that is not smaller."""
    rest, borrow = bytearray(4), 0
    for at in (3, 2, 1, 0):
        borrow = one[at] - other[at] - borrow
        rest[at] = borrow & 0xFF
        borrow = borrow >> 8 & 1
    return bytes(rest)
