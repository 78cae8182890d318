"""cbor2: arrays in declared order, dates as day numbers, enums as numbers; an own format."""

from __future__ import annotations

from datetime import date

import cbor2
from data import Organs, Plain
from peer import Coder, Peer
from peers.hand import ALLERGEN, BLOOD, KIND, STATUS


def decode_borrower(data: bytes) -> Plain:
    municipality, number, name, issued, expires, status, limit = cbor2.loads(data)
    return {
        "municipality": municipality,
        "number": number,
        "name": name,
        "issued": date.fromordinal(issued),
        "expires": date.fromordinal(expires),
        "status": STATUS[status],
        "limit": limit,
    }


def encode_borrower(value: Plain) -> bytes:
    return cbor2.dumps(
        [
            value["municipality"],
            value["number"],
            value["name"],
            value["issued"].toordinal(),
            value["expires"].toordinal(),
            value["status"].value,
            value["limit"],
        ]
    )


def decode_wallet(data: bytes) -> Plain:
    issuer, member, balance, counter, expires, log = cbor2.loads(data)
    return {
        "issuer": issuer,
        "member": member,
        "balance": balance,
        "counter": counter,
        "expires": date.fromordinal(expires),
        "log": [
            {"at": at, "kind": KIND[kind], "amount": amount, "balance": after, "shop": shop}
            for at, kind, amount, after, shop in log
        ],
    }


def encode_wallet(value: Plain) -> bytes:
    return cbor2.dumps(
        [
            value["issuer"],
            value["member"],
            value["balance"],
            value["counter"],
            value["expires"].toordinal(),
            [[e["at"], e["kind"].value, e["amount"], e["balance"], e["shop"]] for e in value["log"]],
        ]
    )


def decode_emergency(data: bytes) -> Plain:
    blood, updated, medications, allergies, contact, organs = cbor2.loads(data)
    return {
        "blood": BLOOD[blood],
        "updated": date.fromordinal(updated),
        "medications": medications,
        "allergies": [ALLERGEN[code] for code in allergies],
        "contact": contact,
        "organs": Organs(organs),
    }


def encode_emergency(value: Plain) -> bytes:
    return cbor2.dumps(
        [
            value["blood"].value,
            value["updated"].toordinal(),
            value["medications"],
            bytes([allergen.value for allergen in value["allergies"]]),
            value["contact"],
            int(value["organs"]),
        ]
    )


PEERS = [
    Peer(
        "cbor2, arrays",
        "cbor2",
        {
            "R1": Coder(encode_borrower, decode_borrower),
            "R2": Coder(encode_wallet, decode_wallet),
            "R3": Coder(encode_emergency, decode_emergency),
        },
        same_bytes=False,
        note="own format; dates as day numbers",
    )
]
