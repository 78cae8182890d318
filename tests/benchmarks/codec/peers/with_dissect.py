"""dissect.cstruct: C declarations, with the conversions by hand inside the clock."""

from __future__ import annotations

from typing import Any

from data import LOG, Plain
from dissect.cstruct import cstruct
from peer import Coder, Peer
from peers.hand import KIND, STATUS, read_date, write_date

DECLARATION = f"""
struct borrower {{
    char municipality[3]; char number[10]; char name[32]; char issued[4]; char expires[4];
    uint8 status; uint8 limit; char rest[9];
}};
struct entry {{ uint32 at; uint8 kind; uint24 amount; uint32 balance; uint32 shop; }};
struct wallet {{
    char issuer[3]; uint32 member; uint32 balance; uint16 counter; char expires[4]; entry log[{LOG}];
}};
"""
C = cstruct(DECLARATION, endian=">")


def decode_borrower(data: bytes) -> Plain:
    raw = C.borrower(data)
    return {
        "municipality": bytes(raw.municipality).hex(),
        "number": raw.number.decode("ascii"),
        "name": raw.name.rstrip(b"\0").decode(),
        "issued": read_date(raw.issued),
        "expires": read_date(raw.expires),
        "status": STATUS[raw.status],
        "limit": int(raw.limit),
    }


def encode_borrower(value: Plain) -> bytes:
    return C.borrower(
        municipality=bytes.fromhex(value["municipality"]),
        number=value["number"].encode("ascii"),
        name=value["name"].encode().ljust(32, b"\0"),
        issued=write_date(value["issued"]),
        expires=write_date(value["expires"]),
        status=value["status"].value,
        limit=value["limit"],
        rest=bytes(9),
    ).dumps()


def entry_back(raw: Any) -> Plain:
    return {
        "at": int(raw.at),
        "kind": KIND[raw.kind],
        "amount": int(raw.amount),
        "balance": int(raw.balance),
        "shop": int(raw.shop),
    }


def decode_wallet(data: bytes) -> Plain:
    raw = C.wallet(data)
    return {
        "issuer": bytes(raw.issuer).hex(),
        "member": int(raw.member),
        "balance": int(raw.balance),
        "counter": int(raw.counter),
        "expires": read_date(raw.expires),
        "log": [entry_back(entry) for entry in raw.log],
    }


def encode_wallet(value: Plain) -> bytes:
    return C.wallet(
        issuer=bytes.fromhex(value["issuer"]),
        member=value["member"],
        balance=value["balance"],
        counter=value["counter"],
        expires=write_date(value["expires"]),
        log=[C.entry(**{**entry, "kind": entry["kind"].value}) for entry in value["log"]],
    ).dumps()


PEERS = [
    Peer(
        "dissect.cstruct",
        "dissect.cstruct",
        {"R1": Coder(encode_borrower, decode_borrower), "R2": Coder(encode_wallet, decode_wallet)},
        note="conversions by hand; no TLV",
    )
]
