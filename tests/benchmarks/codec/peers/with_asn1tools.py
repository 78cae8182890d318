"""asn1tools: unaligned PER, an own format near the range bound; conversions by hand inside the clock."""

from __future__ import annotations

from datetime import date
from typing import Any

import asn1tools
from data import Allergen, Blood, Kind, Organs, Plain, Status
from peer import Coder, Peer

EPOCH = date(2000, 1, 1).toordinal()


def names(enum: Any) -> str:
    """Give an enum's members in ASN.1."""
    return ", ".join(f"{member.name.lower().replace('_', '-')}({member.value})" for member in enum)


SPEC = asn1tools.compile_string(
    f"""
    Bench DEFINITIONS AUTOMATIC TAGS ::= BEGIN
    Borrower ::= SEQUENCE {{
        municipality INTEGER (0..999999), number INTEGER (0..9999999999), name UTF8String,
        issued INTEGER (0..16383), expires INTEGER (0..16383), status ENUMERATED {{ {names(Status)} }},
        limit INTEGER (0..255) }}
    Entry ::= SEQUENCE {{
        at INTEGER (0..4294967295), kind ENUMERATED {{ {names(Kind)} }}, amount INTEGER (0..16777215),
        balance INTEGER (0..4294967295), shop INTEGER (0..4294967295) }}
    Wallet ::= SEQUENCE {{
        issuer INTEGER (0..999999), member INTEGER (0..4294967295), balance INTEGER (0..4294967295),
        counter INTEGER (0..65535), expires INTEGER (0..16383), log SEQUENCE SIZE (20) OF Entry }}
    Emergency ::= SEQUENCE {{
        blood ENUMERATED {{ {names(Blood)} }}, updated INTEGER (0..16383),
        medications SEQUENCE SIZE (0..5) OF UTF8String,
        allergies SEQUENCE SIZE (0..8) OF ENUMERATED {{ {names(Allergen)} }},
        contact NumericString (SIZE (10..11)), organs INTEGER (0..127) }}
    END
    """,
    "uper",
)


def enum_in(member: Any) -> str:
    return member.name.lower().replace("_", "-")


def enum_out(enum: Any, name: str) -> Any:
    return enum[name.upper().replace("-", "_")]


def encode_borrower(value: Plain) -> bytes:
    held = {
        "municipality": int(value["municipality"]),
        "number": int(value["number"]),
        "name": value["name"],
        "issued": value["issued"].toordinal() - EPOCH,
        "expires": value["expires"].toordinal() - EPOCH,
        "status": enum_in(value["status"]),
        "limit": value["limit"],
    }
    return bytes(SPEC.encode("Borrower", held))


def decode_borrower(data: bytes) -> Plain:
    held = SPEC.decode("Borrower", data)
    return {
        "municipality": f"{held['municipality']:06}",
        "number": f"{held['number']:010}",
        "name": held["name"],
        "issued": date.fromordinal(held["issued"] + EPOCH),
        "expires": date.fromordinal(held["expires"] + EPOCH),
        "status": enum_out(Status, held["status"]),
        "limit": held["limit"],
    }


def encode_wallet(value: Plain) -> bytes:
    held = {
        **value,
        "issuer": int(value["issuer"]),
        "expires": value["expires"].toordinal() - EPOCH,
        "log": [{**entry, "kind": enum_in(entry["kind"])} for entry in value["log"]],
    }
    return bytes(SPEC.encode("Wallet", held))


def decode_wallet(data: bytes) -> Plain:
    held = SPEC.decode("Wallet", data)
    return {
        **held,
        "issuer": f"{held['issuer']:06}",
        "expires": date.fromordinal(held["expires"] + EPOCH),
        "log": [{**entry, "kind": enum_out(Kind, entry["kind"])} for entry in held["log"]],
    }


def encode_emergency(value: Plain) -> bytes:
    held = {
        **value,
        "blood": enum_in(value["blood"]),
        "updated": value["updated"].toordinal() - EPOCH,
        "allergies": [enum_in(allergen) for allergen in value["allergies"]],
        "organs": int(value["organs"]),
    }
    return bytes(SPEC.encode("Emergency", held))


def decode_emergency(data: bytes) -> Plain:
    held = SPEC.decode("Emergency", data)
    return {
        **held,
        "blood": enum_out(Blood, held["blood"]),
        "updated": date.fromordinal(held["updated"] + EPOCH),
        "allergies": [enum_out(Allergen, name) for name in held["allergies"]],
        "organs": Organs(held["organs"]),
    }


PEERS = [
    Peer(
        "asn1tools, UPER",
        "asn1tools",
        {
            "R1": Coder(encode_borrower, decode_borrower),
            "R2": Coder(encode_wallet, decode_wallet),
            "R3": Coder(encode_emergency, decode_emergency),
        },
        same_bytes=False,
        note="own format",
    )
]
