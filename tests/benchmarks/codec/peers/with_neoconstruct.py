"""neoconstruct: a Rust core behind dataclasses; a BER length cannot be expressed, so R3 is left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import neoconstruct as nc
from data import LOG, Kind, Plain, Status
from peer import Coder, Peer
from peers.hand import read_date, write_date


class BcdDate(nc.Adapter):
    def _decode(self, obj: bytes, context: Any, path: Any) -> date:
        return read_date(obj)

    def _encode(self, obj: date, context: Any, path: Any) -> bytes:
        return write_date(obj)


class Bcd(nc.Adapter):
    def _decode(self, obj: bytes, context: Any, path: Any) -> str:
        return obj.hex()

    def _encode(self, obj: str, context: Any, path: Any) -> bytes:
        return bytes.fromhex(obj)


@dataclass
class Borrower(nc.StructMixin):
    municipality: str = nc.field(Bcd(nc.Bytes(3)))
    number: str = nc.field(nc.PaddedString(10, "ascii"))
    name: str = nc.field(nc.PaddedString(32, "utf8"))
    issued: date = nc.field(BcdDate(nc.Bytes(4)))
    expires: date = nc.field(BcdDate(nc.Bytes(4)))
    status: str = nc.field(nc.Enum(nc.Int8ub, **{member.name: member.value for member in Status}))
    limit: int = nc.field(nc.Int8ub)
    rest: bytes = nc.wfield(nc.Padding(9))


@dataclass
class Entry(nc.StructMixin):
    at: int = nc.field(nc.Int32ub)
    kind: str = nc.field(nc.Enum(nc.Int8ub, **{member.name: member.value for member in Kind}))
    amount: int = nc.field(nc.Int24ub)
    balance: int = nc.field(nc.Int32ub)
    shop: int = nc.field(nc.Int32ub)


@dataclass
class Wallet(nc.StructMixin):
    issuer: str = nc.field(Bcd(nc.Bytes(3)))
    member: int = nc.field(nc.Int32ub)
    balance: int = nc.field(nc.Int32ub)
    counter: int = nc.field(nc.Int16ub)
    expires: date = nc.field(BcdDate(nc.Bytes(4)))
    log: list[Entry] = nc.field(nc.Array(LOG, Entry))


def borrower(value: Plain) -> Borrower:
    return Borrower(**{**value, "status": value["status"].name})


def borrower_back(value: Borrower) -> Plain:
    held = {name: item for name, item in vars(value).items() if name != "rest" and not name.startswith("_")}
    return {**held, "status": Status[str(value.status)]}


def wallet(value: Plain) -> Wallet:
    log = [Entry(**{**entry, "kind": entry["kind"].name}) for entry in value["log"]]
    return Wallet(**{**value, "log": log})


def wallet_back(value: Wallet) -> Plain:
    return {**vars(value), "log": [{**vars(entry), "kind": Kind[str(entry.kind)]} for entry in value.log]}


PEERS = [
    Peer(
        "neoconstruct (Rust)",
        "neoconstruct",
        {
            "R1": Coder(Borrower.build, Borrower.parse, borrower, borrower_back),
            "R2": Coder(Wallet.build, Wallet.parse, wallet, wallet_back),
        },
        note="no BER length",
    )
]
