"""msgspec: msgpack arrays of C structs; an own format, dates and enums converted in C."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from data import Allergen, Blood, Kind, Organs, Plain, Status
from peer import Coder, Peer


class Borrower(msgspec.Struct, array_like=True):
    municipality: str
    number: str
    name: str
    issued: date
    expires: date
    status: Status
    limit: int


class Entry(msgspec.Struct, array_like=True):
    at: int
    kind: Kind
    amount: int
    balance: int
    shop: int


class Wallet(msgspec.Struct, array_like=True):
    issuer: str
    member: int
    balance: int
    counter: int
    expires: date
    log: list[Entry]


class Emergency(msgspec.Struct, array_like=True):
    blood: Blood
    updated: date
    medications: list[str]
    allergies: list[Allergen]
    contact: str
    organs: int


def native(value: Plain, kind: Any) -> Any:
    held = dict(value)
    if "log" in held:
        held["log"] = [Entry(**entry) for entry in held["log"]]
    if "organs" in held:
        held["organs"] = int(held["organs"])
    return kind(**held)


def plain(value: Any) -> Plain:
    held = msgspec.structs.asdict(value)
    if "log" in held:
        held["log"] = [msgspec.structs.asdict(entry) for entry in held["log"]]
    if "organs" in held:
        held["organs"] = Organs(held["organs"])
    return held


def coder(kind: Any) -> Coder:
    encoder, decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(kind)
    return Coder(encoder.encode, decoder.decode, lambda value: native(value, kind), plain)


PEERS = [
    Peer(
        "msgspec, msgpack arrays (C)",
        "msgspec",
        {"R1": coder(Borrower), "R2": coder(Wallet), "R3": coder(Emergency)},
        same_bytes=False,
        note="own format; organs stay a number",
    )
]
