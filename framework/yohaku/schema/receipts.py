"""States and receipts of a purse: what was booked, and the proof that a back office checks with no card at hand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Self

import construct as c

from yohaku.errors import DecodeError, Fault, JsonError, YohakuError

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.codec import Json

_DOMAIN = 0x58
"""First byte of what the proof of a receipt is made of; proofs of keys begin with others."""
REFERENCE = 8
"""Bytes of the reference that a terminal gives a booking."""

RECEIPT: Any = c.Struct(
    "purse" / c.Bytes(8),
    "sequence" / c.Int32ub,
    "booking" / c.Int8ub,
    "amount" / c.Int32ub,
    "balance" / c.Int32ub,
    "reference" / c.Bytes(REFERENCE),
    "proof" / c.Bytes(16),
)
"""A receipt on the wire (container version 1.1, chapter 8)."""
SIZE: int = RECEIPT.sizeof()


class Booking(IntEnum):
    """What was done to the balance, by its number in a receipt."""

    CREDIT = 1
    DEBIT = 2


@dataclass(frozen=True, slots=True)
class PurseState:
    """What a purse holds.

    Attributes:
        number: 8 bytes that no other purse has.
        sequence: number of the newest booking, 0 before the first.
        balance: the amount.
    """

    number: bytes
    sequence: int
    balance: int

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Read 16 bytes as the card gives them."""
        return cls(raw[:8], int.from_bytes(raw[8:12], "big"), int.from_bytes(raw[12:16], "big"))


class ReceiptError(YohakuError):
    """A receipt is not genuine: it was changed, made up, or is of another key or applet."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One booking, with the card's proof.

    Attributes:
        aid: AID of the applet.
        key: number of the key that vouches for it, from 1.
        purse: number of the purse, 8 bytes, which no other purse has.
        sequence: number of the booking, from 1, without a gap.
        booking: credit or debit.
        amount: what was added or taken.
        balance: what the purse held afterwards.
        reference: 8 bytes by which the terminal knows the booking.
        proof: AES-CMAC over all that, 16 bytes.
    """

    aid: bytes
    key: int
    purse: bytes
    sequence: int
    booking: Booking
    amount: int
    balance: int
    reference: bytes
    proof: bytes

    @classmethod
    def from_bytes(cls, raw: bytes, *, aid: bytes, key: int) -> Self:
        """Read the 45 bytes that a card gives.

        Raises:
            DecodeError: they are no receipt.
        """
        if len(raw) != SIZE or raw[12] not in set(Booking):
            raise DecodeError("cannot decode a receipt", [Fault("is no receipt of a purse", (), 0, len(raw))])
        parsed = RECEIPT.parse(raw)
        values = {name: parsed[name] for name in cls.__slots__ if name in parsed}
        return cls(**values | {"aid": aid, "key": key, "booking": Booking(parsed.booking)})

    def to_bytes(self) -> bytes:
        """Give the 45 bytes of the receipt; AID and key number are not among them."""
        raw: bytes = RECEIPT.build({sub.name: getattr(self, sub.name) for sub in RECEIPT.subcons})
        return raw

    def is_genuine(self, key: bytes) -> bool:
        """Say whether the card that has ``key`` made this receipt, in a time that does not depend on the proof."""
        return compare_digest(proof(key, self.key, self.to_bytes()[:-16], self.aid), self.proof)

    def verify(self, key: bytes) -> None:
        """Check that the card that has ``key`` made this receipt.

        Raises:
            ReceiptError: it did not.
        """
        if not self.is_genuine(key):
            raise ReceiptError(
                f"receipt {self.sequence} of purse {self.purse.hex()} is not genuine: it was changed, or made with "
                "another key or by another applet; do not pay it"
            )

    def to_json(self) -> Json:
        """Give the receipt as JSON, bytes as lower-case hex; ``from_json`` gives an equal one back."""
        shown = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: value.hex() if isinstance(value, bytes) else value.name.lower() if name == "booking" else value
            for name, value in shown.items()
        }

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Take what ``to_json`` gave.

        Raises:
            JsonError: it is none; with every fault.
        """
        if not isinstance(value, dict):
            raise JsonError("cannot read a receipt", [Fault("must be an object")])
        faults = [Fault("is no member of a receipt", (name,)) for name in value if name not in _MEMBERS]
        found: dict[str, Any] = {}
        for name, (convert, wanted) in _MEMBERS.items():
            try:
                found[name] = convert(value[name])
            except (KeyError, ValueError, TypeError):
                faults.append(Fault(f"must be {wanted}" if name in value else "is missing", (name,)))
        if faults:
            raise JsonError("cannot read a receipt", faults)
        return cls(**found)


def read_receipts(value: Json) -> list[Receipt]:
    """Take one receipt or a list of them as JSON.

    Raises:
        JsonError: something in it is no receipt; with every fault of all of them.
    """
    faults: list[Fault] = []
    found: list[Receipt] = []
    for index, one in enumerate(value if isinstance(value, list) else [value]):
        try:
            found.append(Receipt.from_json(one))
        except JsonError as error:
            faults += [fault.under(index) if isinstance(value, list) else fault for fault in error.faults]
    if faults:
        raise JsonError("cannot read receipts", faults)
    return found


def proof(key: bytes, number: int, receipt: bytes, aid: bytes) -> bytes:
    """Make the proof of a receipt: AES-CMAC(key, 58 || key number || first 29 bytes of the receipt || AID)."""
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.cmac import CMAC

    mac = CMAC(AES(key))
    mac.update(bytes((_DOMAIN, number)) + receipt + aid)
    return mac.finalize()


def _number(least: int, most: int) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError
        return value

    return convert


def _hex(least: int, most: int) -> Callable[[Any], bytes]:
    def convert(value: Any) -> bytes:
        raw = bytes.fromhex(value)
        if not least <= len(raw) <= most or raw.hex() != value:
            raise ValueError
        return raw

    return convert


def _booking(value: Any) -> Booking:
    if value not in {"credit", "debit"}:
        raise ValueError
    return Booking[value.upper()]


_MEMBERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "aid": (_hex(5, 16), "5 to 16 bytes as lower-case hex"),
    "key": (_number(1, 8), "1 to 8"),
    "purse": (_hex(8, 8), "8 bytes as lower-case hex"),
    "sequence": (_number(1, 0xFFFF_FFFF), "1 to 4294967295"),
    "booking": (_booking, '"credit" or "debit"'),
    "amount": (_number(1, 0x7FFF_FFFF), "1 to 2147483647"),
    "balance": (_number(0, 0x7FFF_FFFF), "0 to 2147483647"),
    "reference": (_hex(REFERENCE, REFERENCE), "8 bytes as lower-case hex"),
    "proof": (_hex(16, 16), "16 bytes as lower-case hex"),
}
"""How each member of a receipt is read from JSON, and what it must be."""
