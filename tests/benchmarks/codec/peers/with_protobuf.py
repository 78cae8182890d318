"""protobuf (upb): an own format, dates as day numbers, conversions by hand inside the clock."""

from __future__ import annotations

from datetime import date
from typing import Any

from data import Organs, Plain
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal import api_implementation
from peer import Coder, Peer
from peers.hand import ALLERGEN, BLOOD, KIND, STATUS

TYPES = {"string": 9, "uint32": 13, "bytes": 12}
MESSAGES = {
    "Borrower": "string municipality, string number, string name, uint32 issued, uint32 expires, uint32 status, "
    "uint32 limit",
    "Entry": "uint32 at, uint32 kind, uint32 amount, uint32 balance, uint32 shop",
    "Wallet": "string issuer, uint32 member, uint32 balance, uint32 counter, uint32 expires, repeated Entry log",
    "Emergency": "uint32 blood, uint32 updated, repeated string medications, bytes allergies, string contact, "
    "uint32 organs",
}


def declare(message: Any, fields: str) -> None:
    """Add the fields of one message to its descriptor."""
    for number, text in enumerate(fields.split(", "), 1):
        *label, kind, name = text.split()
        spec = message.field.add(name=name, number=number, label=3 if label else 1)
        if kind in TYPES:
            spec.type = TYPES[kind]
        else:
            spec.type, spec.type_name = 11, f".bench.{kind}"


def classes() -> dict[str, Any]:
    """Make the message classes without protoc."""
    file = descriptor_pb2.FileDescriptorProto(name="bench.proto", package="bench", syntax="proto3")
    for name, fields in MESSAGES.items():
        declare(file.message_type.add(name=name), fields)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"bench.{name}")) for name in MESSAGES}


MADE = classes()
Borrower, Entry, Wallet, Emergency = (MADE[name] for name in MESSAGES)


def encode_borrower(value: Plain) -> bytes:
    return Borrower(
        municipality=value["municipality"],
        number=value["number"],
        name=value["name"],
        issued=value["issued"].toordinal(),
        expires=value["expires"].toordinal(),
        status=value["status"].value,
        limit=value["limit"],
    ).SerializeToString()


def decode_borrower(data: bytes) -> Plain:
    held = Borrower.FromString(data)
    return {
        "municipality": held.municipality,
        "number": held.number,
        "name": held.name,
        "issued": date.fromordinal(held.issued),
        "expires": date.fromordinal(held.expires),
        "status": STATUS[held.status],
        "limit": held.limit,
    }


def encode_wallet(value: Plain) -> bytes:
    return Wallet(
        issuer=value["issuer"],
        member=value["member"],
        balance=value["balance"],
        counter=value["counter"],
        expires=value["expires"].toordinal(),
        log=[
            Entry(at=e["at"], kind=e["kind"].value, amount=e["amount"], balance=e["balance"], shop=e["shop"])
            for e in value["log"]
        ],
    ).SerializeToString()


def decode_wallet(data: bytes) -> Plain:
    held = Wallet.FromString(data)
    return {
        "issuer": held.issuer,
        "member": held.member,
        "balance": held.balance,
        "counter": held.counter,
        "expires": date.fromordinal(held.expires),
        "log": [
            {"at": e.at, "kind": KIND[e.kind], "amount": e.amount, "balance": e.balance, "shop": e.shop}
            for e in held.log
        ],
    }


def encode_emergency(value: Plain) -> bytes:
    return Emergency(
        blood=value["blood"].value,
        updated=value["updated"].toordinal(),
        medications=value["medications"],
        allergies=bytes([allergen.value for allergen in value["allergies"]]),
        contact=value["contact"],
        organs=int(value["organs"]),
    ).SerializeToString()


def decode_emergency(data: bytes) -> Plain:
    held = Emergency.FromString(data)
    return {
        "blood": BLOOD[held.blood],
        "updated": date.fromordinal(held.updated),
        "medications": list(held.medications),
        "allergies": [ALLERGEN[code] for code in held.allergies],
        "contact": held.contact,
        "organs": Organs(held.organs),
    }


PEERS = [
    Peer(
        f"protobuf ({api_implementation.Type()})",
        "protobuf",
        {
            "R1": Coder(encode_borrower, decode_borrower),
            "R2": Coder(encode_wallet, decode_wallet),
            "R3": Coder(encode_emergency, decode_emergency),
        },
        same_bytes=False,
        note="own format; dates as day numbers",
    )
]
