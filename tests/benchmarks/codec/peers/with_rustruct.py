"""rustruct: a Rust core behind Struct classes; a BER length cannot be expressed, so R3 is left out."""

from typing import Any

import rustruct as rs
from data import LOG, Plain
from peer import Coder, Peer
from peers.hand import KIND, STATUS, read_date, write_date


def bcd(size: int) -> Any:
    return rs.convert(rs.raw(size), decode=bytes.hex, encode=bytes.fromhex)


def bcd_date() -> Any:
    return rs.convert(rs.raw(4), decode=read_date, encode=write_date)


def text(size: int) -> Any:
    return rs.convert(
        rs.raw(size),
        decode=lambda raw: raw.rstrip(b"\0").decode(),
        encode=lambda value: value.encode().ljust(size, b"\0"),
    )


class Borrower(rs.Struct):
    municipality: object = bcd(3)
    number: object = text(10)
    name: object = text(32)
    issued: object = bcd_date()
    expires: object = bcd_date()
    status: object = rs.convert(rs.U8, decode=STATUS.__getitem__, encode=lambda member: member.value)
    limit: rs.U8
    rest: bytes = rs.raw(9, const=bytes(9))


class Entry(rs.Struct):
    at: rs.U32
    kind: object = rs.convert(rs.bits(8), decode=KIND.__getitem__, encode=lambda member: member.value)
    amount: object = rs.bits(24)
    balance: rs.U32
    shop: rs.U32


class Wallet(rs.Struct):
    issuer: object = bcd(3)
    member: rs.U32
    balance: rs.U32
    counter: rs.U16
    expires: object = bcd_date()
    log: object = rs.array(Entry, count=LOG)


def back(value: Any, names: tuple[str, ...]) -> Plain:
    return {name: getattr(value, name) for name in names}


BORROWER = ("municipality", "number", "name", "issued", "expires", "status", "limit")
WALLET = ("issuer", "member", "balance", "counter", "expires", "log")
ENTRY = ("at", "kind", "amount", "balance", "shop")

PEERS = [
    Peer(
        "rustruct (Rust)",
        "rustruct",
        {
            "R1": Coder(
                Borrower.pack, Borrower.unpack, lambda value: Borrower(**value), lambda value: back(value, BORROWER)
            ),
            "R2": Coder(
                Wallet.pack,
                Wallet.unpack,
                lambda value: Wallet(**{**value, "log": [Entry(**entry) for entry in value["log"]]}),
                lambda value: {**back(value, WALLET), "log": [back(entry, ENTRY) for entry in value.log]},
            ),
        },
        note="no BER length",
    )
]
