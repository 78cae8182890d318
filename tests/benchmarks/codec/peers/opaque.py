"""yohaku with a user's own field types, which the compiler has never seen and calls as they are."""

from __future__ import annotations

from datetime import date
from struct import Struct
from typing import Any

from data import LOG, Kind, Plain, Status
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

BORROWER = Struct(">3s10s32s4s4s1sB9x")
WALLET = Struct(">3sIIH4s")
ENTRY = Struct(">I1s3sII")
DIGITS, DATE, CHOICE, KINDS = UserDigits(3), UserDate(), UserChoice(STATUS), UserChoice(KIND)


def decode_borrower(data: bytes) -> Plain:
    municipality, number, name, issued, expires, status, limit = BORROWER.unpack(data)
    return {
        "municipality": DIGITS.unpack(municipality),
        "number": number.decode("ascii"),
        "name": name.rstrip(b"\0").decode(),
        "issued": DATE.unpack(issued),
        "expires": DATE.unpack(expires),
        "status": CHOICE.unpack(status),
        "limit": limit,
    }


def encode_borrower(value: Plain) -> bytes:
    name = value["name"].encode()
    if len(name) > 32:
        raise ValueError(name)
    return BORROWER.pack(
        DIGITS.write(value["municipality"]),
        value["number"].encode("ascii"),
        name,
        DATE.write(value["issued"]),
        DATE.write(value["expires"]),
        CHOICE.write(value["status"]),
        value["limit"],
    )


def decode_wallet(data: bytes) -> Plain:
    issuer, member, balance, counter, expires = WALLET.unpack_from(data)
    log = [
        {
            "at": at,
            "kind": KINDS.unpack(kind),
            "amount": int.from_bytes(amount, "big"),
            "balance": after,
            "shop": shop,
        }
        for at, kind, amount, after, shop in ENTRY.iter_unpack(data[17:])
    ]
    return {
        "issuer": DIGITS.unpack(issuer),
        "member": member,
        "balance": balance,
        "counter": counter,
        "expires": DATE.unpack(expires),
        "log": log,
    }


def encode_wallet(value: Plain) -> bytes:
    log = value["log"]
    if len(log) != LOG:
        raise ValueError(len(log))
    head = WALLET.pack(
        DIGITS.write(value["issuer"]),
        value["member"],
        value["balance"],
        value["counter"],
        DATE.write(value["expires"]),
    )
    return head + b"".join(
        [
            ENTRY.pack(
                entry["at"],
                KINDS.write(entry["kind"]),
                entry["amount"].to_bytes(3, "big"),
                entry["balance"],
                entry["shop"],
            )
            for entry in log
        ]
    )


PEERS = [
    Peer(
        "yohaku, opaque user types",
        "yohaku",
        {key: compiled(record, Entry) for key, record in RECORDS.items()},
        note="dates, BCD and enums through types that the compiler does not know",
    ),
    Peer(
        "hand-written struct, the same user types",
        "",
        {"R1": Coder(encode_borrower, decode_borrower), "R2": Coder(encode_wallet, decode_wallet)},
        note="hand-written code that calls the methods of the user types, as the row of opaque user types does",
    ),
]
