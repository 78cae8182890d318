"""Hand-written struct code as a competent programmer writes it for one service: tables for enums, no tuning."""

from __future__ import annotations

from datetime import date
from struct import Struct

from data import LOG, Allergen, Blood, Kind, Organs, Plain, Status
from peer import Coder, Peer

BORROWER = Struct(">3s10s32s4s4sBB9x")
WALLET = Struct(">3sIIH4s")
ENTRY = Struct(">IB3sII")

STATUS = {member.value: member for member in Status}
KIND = {member.value: member for member in Kind}
BLOOD = {member.value: member for member in Blood}
ALLERGEN = {member.value: member for member in Allergen}


def read_date(raw: bytes) -> date:
    digits = raw.hex()
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def write_date(day: date) -> bytes:
    return bytes.fromhex(f"{day.year:04}{day.month:02}{day.day:02}")


def decode_borrower(data: bytes) -> Plain:
    municipality, number, name, issued, expires, status, limit = BORROWER.unpack(data)
    return {
        "municipality": municipality.hex(),
        "number": number.decode("ascii"),
        "name": name.rstrip(b"\0").decode(),
        "issued": read_date(issued),
        "expires": read_date(expires),
        "status": STATUS[status],
        "limit": limit,
    }


def encode_borrower(value: Plain) -> bytes:
    name = value["name"].encode()
    if len(name) > 32:
        raise ValueError(name)
    return BORROWER.pack(
        bytes.fromhex(value["municipality"]),
        value["number"].encode("ascii"),
        name,
        write_date(value["issued"]),
        write_date(value["expires"]),
        value["status"].value,
        value["limit"],
    )


def decode_wallet(data: bytes) -> Plain:
    issuer, member, balance, counter, expires = WALLET.unpack_from(data)
    log = [
        {"at": at, "kind": KIND[kind], "amount": int.from_bytes(amount, "big"), "balance": after, "shop": shop}
        for at, kind, amount, after, shop in ENTRY.iter_unpack(data[17:])
    ]
    return {
        "issuer": issuer.hex(),
        "member": member,
        "balance": balance,
        "counter": counter,
        "expires": read_date(expires),
        "log": log,
    }


def encode_wallet(value: Plain) -> bytes:
    log = value["log"]
    if len(log) != LOG:
        raise ValueError(len(log))
    head = WALLET.pack(
        bytes.fromhex(value["issuer"]),
        value["member"],
        value["balance"],
        value["counter"],
        write_date(value["expires"]),
    )
    return head + b"".join(
        [
            ENTRY.pack(
                entry["at"], entry["kind"].value, entry["amount"].to_bytes(3, "big"), entry["balance"], entry["shop"]
            )
            for entry in log
        ]
    )


def read_tlv(data: bytes, position: int) -> tuple[int, bytes, int]:
    tag, length = data[position], data[position + 1]
    position += 2
    if length == 0x81:
        length = data[position]
        position += 1
    elif length > 0x81:
        raise ValueError(length)
    end = position + length
    if end > len(data):
        raise ValueError(end)
    return tag, data[position:end], end


def write_tlv(tag: int, value: bytes) -> bytes:
    length = len(value)
    if length < 128:
        return bytes((tag, length)) + value
    if length < 256:
        return bytes((tag, 0x81, length)) + value
    raise ValueError(length)


def read_members(data: bytes) -> list[tuple[int, bytes]]:
    members = []
    position = 0
    while position < len(data):
        tag, value, position = read_tlv(data, position)
        members.append((tag, value))
    return members


def decode_emergency(data: bytes) -> Plain:
    tag, body, end = read_tlv(data, 0)
    if tag != 0xE1 or end != len(data):
        raise ValueError(tag)
    members = dict(read_members(body))
    return {
        "blood": BLOOD[members[0x80][0]],
        "updated": read_date(members[0x81]),
        "medications": [value.decode() for _, value in read_members(members[0xA2])],
        "allergies": [ALLERGEN[code] for code in members[0x83]],
        "contact": members[0x84].hex().rstrip("f"),
        "organs": Organs(members[0x85][0]),
    }


def encode_emergency(value: Plain) -> bytes:
    return write_tlv(
        0xE1,
        write_tlv(0x80, bytes((value["blood"].value,)))
        + write_tlv(0x81, write_date(value["updated"]))
        + write_tlv(0xA2, b"".join([write_tlv(0x0C, drug.encode()) for drug in value["medications"]]))
        + write_tlv(0x83, bytes([allergen.value for allergen in value["allergies"]]))
        + write_tlv(0x84, bytes.fromhex(value["contact"].ljust(12, "f")))
        + write_tlv(0x85, bytes((value["organs"],))),
    )


PEERS = [
    Peer(
        "hand-written struct",
        "",
        {
            "R1": Coder(encode_borrower, decode_borrower),
            "R2": Coder(encode_wallet, decode_wallet),
            "R3": Coder(encode_emergency, decode_emergency),
        },
        note="values are plain dicts; checks less than yohaku (no check digit, no BCD or digit check on encode)",
    )
]
