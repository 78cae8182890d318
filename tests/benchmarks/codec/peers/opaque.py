"""yohaku with a user's own field types, which the compiler has never seen and calls as they are."""

from __future__ import annotations

from datetime import date
from typing import Any

from data import LOG, Kind, Status
from peer import Coder, Peer
from peers.hand import KIND, STATUS, read_date, write_date
from peers.ours import compiled

from yohaku import Record, field, reserved
from yohaku.codec import FixedField
from yohaku.fields import Repeat, Text, UInt


class UserDate(FixedField[date]):
    """A BCD date as a designer would write it."""

    def __init__(self) -> None:
        super().__init__(4)

    def unpack(self, raw: bytes) -> date:
        return read_date(raw)

    def write(self, value: object) -> bytes:
        if not isinstance(value, date):
            self.refuse("must be a date")
        return write_date(value)

    def example(self) -> date:
        return date(2026, 4, 1)


class UserDigits(FixedField[str]):
    """BCD digits as a designer would write them."""

    def unpack(self, raw: bytes) -> str:
        return raw.hex()

    def write(self, value: object) -> bytes:
        return bytes.fromhex(str(value))

    def example(self) -> str:
        return "0" * self.minimum * 2


class UserChoice(FixedField[Any]):
    """An enum in a byte as a designer would write it."""

    def __init__(self, members: dict[int, Any]) -> None:
        super().__init__(1)
        self.members = members

    def unpack(self, raw: bytes) -> Any:
        return self.members[raw[0]]

    def write(self, value: Any) -> bytes:
        return bytes((value.value,))

    def example(self) -> Any:
        return next(iter(self.members.values()))


class Borrower(Record):
    """R1, five of seven values through user types"""

    municipality: str = field(UserDigits(3))
    number: str = field(Text(10, "ascii"))
    name: str = field(Text(32))
    issued: date = field(UserDate())
    expires: date = field(UserDate())
    status: Status = field(UserChoice(STATUS))
    limit: int = field(UInt(8))
    _reserved = reserved(9)


class Entry(Record):
    """One entry of R2's log, one of five values through a user type"""

    at: int = field(UInt(32))
    kind: Kind = field(UserChoice(KIND))
    amount: int = field(UInt(24))
    balance: int = field(UInt(32))
    shop: int = field(UInt(32))


class Wallet(Record):
    """R2"""

    issuer: str = field(UserDigits(3))
    member: int = field(UInt(32))
    balance: int = field(UInt(32))
    counter: int = field(UInt(16))
    expires: date = field(UserDate())
    log: tuple[Entry, ...] = field(Repeat(Entry, LOG))


RECORDS = {"R1": Borrower, "R2": Wallet}

PEERS = [
    Peer(
        "yohaku, opaque user types",
        "yohaku",
        {key: compiled(record, Entry) for key, record in RECORDS.items()},
        note="dates, BCD and enums through types that the compiler does not know",
    )
]
