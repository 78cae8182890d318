"""construct 2.10 interpreted, compiled, and through construct-typing's dataclasses."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

import construct as cs
from data import LOG, Allergen, Blood, Kind, Organs, Plain, Status
from peer import Coder, Peer


class BcdDate(cs.Adapter):
    """Eight BCD digits."""

    def _decode(self, obj: bytes, context: Any, path: Any) -> date:
        digits = obj.hex()
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))

    def _encode(self, obj: date, context: Any, path: Any) -> bytes:
        return bytes.fromhex(f"{obj.year:04}{obj.month:02}{obj.day:02}")


class Bcd(cs.Adapter):
    """BCD digits filled with F."""

    def _decode(self, obj: bytes, context: Any, path: Any) -> str:
        return obj.hex().rstrip("f")

    def _encode(self, obj: str, context: Any, path: Any) -> bytes:
        return bytes.fromhex(obj.ljust(self.subcon.sizeof() * 2, "f"))


class BerLength(cs.Construct):
    """A BER length of one or two bytes."""

    def _parse(self, stream: Any, context: Any, path: Any) -> int:
        first = cs.stream_read(stream, 1, path)[0]
        if first < 0x80:
            return first
        if first != 0x81:
            raise cs.RangeError(f"length {first:#x}", path=path)
        return cs.stream_read(stream, 1, path)[0]

    def _build(self, obj: int, stream: Any, context: Any, path: Any) -> int:
        raw = bytes((obj,)) if obj < 0x80 else bytes((0x81, obj))
        cs.stream_write(stream, raw, len(raw), path)
        return obj


def tlv(tag: int, inner: Any) -> Any:
    """One data object."""
    return cs.FocusedSeq("value", cs.Const(bytes((tag,))), "value" / cs.Prefixed(BerLength(), inner))


BORROWER = cs.Struct(
    "municipality" / Bcd(cs.Bytes(3)),
    "number" / cs.PaddedString(10, "ascii"),
    "name" / cs.PaddedString(32, "utf8"),
    "issued" / BcdDate(cs.Bytes(4)),
    "expires" / BcdDate(cs.Bytes(4)),
    "status" / cs.Enum(cs.Int8ub, Status),
    "limit" / cs.Int8ub,
    cs.Padding(9),
)
ENTRY = cs.Struct(
    "at" / cs.Int32ub,
    "kind" / cs.Enum(cs.Int8ub, Kind),
    "amount" / cs.Int24ub,
    "balance" / cs.Int32ub,
    "shop" / cs.Int32ub,
)
WALLET = cs.Struct(
    "issuer" / Bcd(cs.Bytes(3)),
    "member" / cs.Int32ub,
    "balance" / cs.Int32ub,
    "counter" / cs.Int16ub,
    "expires" / BcdDate(cs.Bytes(4)),
    "log" / ENTRY[LOG],
)
EMERGENCY_MEMBERS = {
    "blood": tlv(0x80, cs.Enum(cs.Int8ub, Blood)),
    "updated": tlv(0x81, BcdDate(cs.Bytes(4))),
    "medications": tlv(0xA2, cs.GreedyRange(tlv(0x0C, cs.GreedyString("utf8")))),
    "allergies": tlv(0x83, cs.GreedyRange(cs.Enum(cs.Int8ub, Allergen))),
    "contact": tlv(0x84, Bcd(cs.Bytes(6))),
    "organs": tlv(0x85, cs.Int8ub),
}
EMERGENCY = tlv(0xE1, cs.Struct(*(name / member for name, member in EMERGENCY_MEMBERS.items())))

ENUMS: dict[str, Any] = {"status": Status, "kind": Kind, "blood": Blood, "allergies": Allergen}


def native(value: Plain) -> Plain:
    """Enum members by name, flags as a number."""
    return {name: native_value(item) for name, item in value.items()}


def native_value(item: Any) -> Any:
    if isinstance(item, Organs):
        return int(item)
    if isinstance(item, list):
        return [native(part) if isinstance(part, dict) else native_value(part) for part in item]
    return getattr(item, "name", item)


def plain(value: Any) -> Plain:
    """Containers to dicts, names to members."""
    return {name: plain_value(name, item) for name, item in dict(value).items() if not name.startswith("_")}


def plain_value(name: str, item: Any) -> Any:
    if name == "organs":
        return Organs(item)
    if isinstance(item, list):
        return [plain(part) if isinstance(part, dict) else plain_value(name, part) for part in item]
    return ENUMS[name][str(item)] if name in ENUMS else item


def coder(schema: Any) -> Coder:
    return Coder(schema.build, schema.parse, native, plain)


SCHEMAS = {"R1": BORROWER, "R2": WALLET, "R3": EMERGENCY}

PEERS = [
    Peer("construct", "construct", {key: coder(schema) for key, schema in SCHEMAS.items()}),
    Peer("construct, compiled", "construct", {key: coder(schema.compile()) for key, schema in SCHEMAS.items()}),
]


def typed_peer() -> Peer:
    """Make the same schemas as dataclasses of construct-typing."""
    import construct_typed as ct

    def typed(name: str, members: dict[str, Any]) -> Any:
        annotations = dict.fromkeys(members, Any)
        body = {
            key: ct.csfield(member) if member else ct.csfield_noinit(cs.Padding(9)) for key, member in members.items()
        }
        kind = type(name, (ct.DataclassMixin,), {"__annotations__": annotations, **body})
        return ct.DataclassStruct(dataclasses.dataclass(kind))

    entry = typed("Entry", subcons(ENTRY))
    emergency = typed("Emergency", EMERGENCY_MEMBERS)
    schemas = {
        "R1": typed("Borrower", subcons(BORROWER) | {"rest": None}),
        "R2": typed("Wallet", subcons(WALLET) | {"log": entry[LOG]}),
        "R3": tlv(0xE1, emergency),
    }
    kinds = {"R1": schemas["R1"], "R2": schemas["R2"], "R3": emergency}

    def build(kind: Any, value: Plain) -> Any:
        held = native(value)
        if "log" in held:
            held["log"] = [entry.dc_type(**item) for item in held["log"]]
        return kind.dc_type(**held)

    def back(value: Any) -> Plain:
        held = {spec.name: getattr(value, spec.name) for spec in dataclasses.fields(value) if spec.name != "rest"}
        if "log" in held:
            held["log"] = [back(item) for item in held["log"]]
            return {name: item if name == "log" else plain_value(name, item) for name, item in held.items()}
        return plain(held)

    coders = {
        key: Coder(schema.build, schema.parse, lambda value, kind=kinds[key]: build(kind, value), back)
        for key, schema in schemas.items()
    }
    return Peer("construct-typing", "construct-typing", coders)


def subcons(schema: Any) -> dict[str, Any]:
    """Give the named parts of a Struct."""
    return {part.name: part.subcon for part in schema.subcons if part.name}


PEERS.append(typed_peer())
