"""kaitai 0.11: its read-write Python runtime; lengths, parents and values are set by hand, as its users must."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

from data import Organs, Plain
from kaitaistruct import KaitaiStream
from peer import Coder, Peer
from peers.hand import ALLERGEN, BLOOD, KIND, STATUS, read_date, write_date

sys.path.insert(0, str(Path(sys.prefix) / "kaitai"))
from kaitai_borrower import KaitaiBorrower
from kaitai_emergency import KaitaiEmergency
from kaitai_wallet import KaitaiWallet


def parsed(kind: Any, data: bytes) -> Any:
    made = kind.from_bytes(data)
    made._read()
    return made


def written(value: Any, size: int) -> bytes:
    value._check()
    stream = KaitaiStream(io.BytesIO(bytearray(size)))
    value._write(stream)
    return stream.to_byte_array()


def decode_borrower(data: bytes) -> Plain:
    raw = parsed(KaitaiBorrower, data)
    return {
        "municipality": raw.municipality.hex(),
        "number": raw.number,
        "name": raw.name,
        "issued": read_date(raw.issued),
        "expires": read_date(raw.expires),
        "status": STATUS[raw.status],
        "limit": raw.limit,
    }


def encode_borrower(value: Plain) -> bytes:
    raw = KaitaiBorrower()
    raw.municipality = bytes.fromhex(value["municipality"])
    raw.number = value["number"]
    raw.name = value["name"]
    raw.issued = write_date(value["issued"])
    raw.expires = write_date(value["expires"])
    raw.status = value["status"].value
    raw.limit = value["limit"]
    raw.rest = bytes(9)
    return written(raw, 64)


def decode_wallet(data: bytes) -> Plain:
    raw = parsed(KaitaiWallet, data)
    return {
        "issuer": raw.issuer.hex(),
        "member": raw.member,
        "balance": raw.balance,
        "counter": raw.counter,
        "expires": read_date(raw.expires),
        "log": [
            {"at": e.at, "kind": KIND[e.kind], "amount": e.amount, "balance": e.balance, "shop": e.shop}
            for e in raw.log
        ],
    }


def encode_wallet(value: Plain) -> bytes:
    raw = KaitaiWallet()
    raw.issuer = bytes.fromhex(value["issuer"])
    raw.member = value["member"]
    raw.balance = value["balance"]
    raw.counter = value["counter"]
    raw.expires = write_date(value["expires"])
    raw.log = []
    for entry in value["log"]:
        held = KaitaiWallet.Entry(None, raw, raw)
        held.at, held.kind, held.amount = entry["at"], entry["kind"].value, entry["amount"]
        held.balance, held.shop = entry["balance"], entry["shop"]
        held._check()
        raw.log.append(held)
    return written(raw, 337)


def decode_emergency(data: bytes) -> Plain:
    raw = parsed(KaitaiEmergency, data).members
    return {
        "blood": BLOOD[raw.blood[0]],
        "updated": read_date(raw.updated),
        "medications": [item.text for item in raw.medications.items],
        "allergies": [ALLERGEN[code] for code in raw.allergies],
        "contact": raw.contact.hex().rstrip("f"),
        "organs": Organs(raw.organs[0]),
    }


def length(size: int, parent: Any, root: Any) -> Any:
    held = KaitaiEmergency.Length(None, parent, root)
    if size < 128:
        held.first = size
    else:
        held.first, held.second = 0x81, size
    held._check()
    return held


def header(size: int) -> int:
    return size + (2 if size < 128 else 3)


def encode_emergency(value: Plain) -> bytes:
    root = KaitaiEmergency()
    members = KaitaiEmergency.MembersType(None, root, root)
    size = 0
    for name, tag, raw in (
        ("blood", b"\x80", bytes((value["blood"].value,))),
        ("updated", b"\x81", write_date(value["updated"])),
        ("allergies", b"\x83", bytes([allergen.value for allergen in value["allergies"]])),
        ("contact", b"\x84", bytes.fromhex(value["contact"].ljust(12, "f"))),
        ("organs", b"\x85", bytes((value["organs"],))),
    ):
        setattr(members, f"tag_{name}", tag)
        setattr(members, f"len_{name}", length(len(raw), members, root))
        setattr(members, name, raw)
        size += header(len(raw))
    texts = KaitaiEmergency.Texts(None, members, root)
    texts.items, inner = [], 0
    for drug in value["medications"]:
        text = KaitaiEmergency.Text(None, texts, root)
        count = len(drug.encode())
        text.tag_text, text.len_text, text.text = b"\x0c", length(count, text, root), drug
        text._check()
        texts.items.append(text)
        inner += header(count)
    texts._check()
    members.tag_medications, members.len_medications = b"\xa2", length(inner, members, root)
    members.medications = texts
    members._check()
    size += header(inner)
    root.tag_members, root.len_members, root.members = b"\xe1", length(size, root, root), members
    return written(root, header(size))


PEERS = [
    Peer(
        "kaitai, read-write",
        "kaitaistruct",
        {
            "R1": Coder(encode_borrower, decode_borrower),
            "R2": Coder(encode_wallet, decode_wallet),
            "R3": Coder(encode_emergency, decode_emergency),
        },
        note="conversions by hand",
    )
]
