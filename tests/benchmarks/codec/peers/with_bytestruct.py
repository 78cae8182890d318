"""bytestruct: dataclasses with annotated formats; R3 with codecs of its Prefixed and Switch kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from typing import Annotated, Any

import bytestruct as bs
from data import LOG, Kind, Organs, Plain, Status
from peer import Coder, Peer
from peers.hand import ALLERGEN, BLOOD, read_date, write_date


IntStatus = IntEnum("IntStatus", {member.name: member.value for member in Status})
IntKind = IntEnum("IntKind", {member.name: member.value for member in Kind})


class BcdDate(bs.Format):
    def __init__(self) -> None:
        super().__init__("4s")

    def decode(self, value: bytes) -> date:
        return read_date(value)

    def encode(self, value: date) -> bytes:
        return write_date(value)


class Bcd(bs.Format):
    def __init__(self, size: int) -> None:
        super().__init__(f"{size}s")

    def decode(self, value: bytes) -> str:
        return value.hex()

    def encode(self, value: str) -> bytes:
        return bytes.fromhex(value)


class U24(bs.Format):
    def __init__(self) -> None:
        super().__init__("3s")

    def decode(self, value: bytes) -> int:
        return int.from_bytes(value, "big")

    def encode(self, value: int) -> bytes:
        return value.to_bytes(3, "big")


@dataclass
class Borrower(bs.BinaryStruct, byte_order=">"):
    municipality: Annotated[str, Bcd(3)]
    number: Annotated[str, bs.PaddedString(10)]
    name: Annotated[str, bs.PaddedString(32)]
    issued: Annotated[date, BcdDate()]
    expires: Annotated[date, BcdDate()]
    status: Annotated[IntStatus, bs.u8]
    limit: bs.u8
    rest: Annotated[bytes, bs.Bytes(9)] = field(default=bytes(9), init=False)


@dataclass
class Entry(bs.BinaryStruct, byte_order=">"):
    at: bs.u32
    kind: Annotated[IntKind, bs.u8]
    amount: Annotated[int, U24()]
    balance: bs.u32
    shop: bs.u32


class Log(bs.CodecBase[list[Entry]]):
    def read(self, reader: Any) -> list[Entry]:
        read = Entry.read
        return [read(reader) for _ in range(LOG)]

    def build(self, value: list[Entry]) -> bytes:
        return b"".join([entry.build() for entry in value])


@dataclass
class Wallet(bs.BinaryStruct, byte_order=">"):
    issuer: Annotated[str, Bcd(3)]
    member: bs.u32
    balance: bs.u32
    counter: bs.u16
    expires: Annotated[date, BcdDate()]
    log: Annotated[list[Entry], Log()]


class Tlv(bs.CodecBase[Any]):
    """A data object; its value ends where its length says."""

    def __init__(self, tag: int, inner: Any) -> None:
        self.tag, self.inner = tag, inner

    def read(self, reader: Any) -> Any:
        tag, length = reader.read(2)
        if length == 0x81:
            length = reader.read(1)[0]
        if tag != self.tag:
            raise bs.BinaryParseError(f"tag {tag:#x}")
        end, stop = reader.end, reader.offset + length
        if stop > end:
            raise bs.BinaryParseError(f"length {length}")
        reader.end = stop
        try:
            return self.inner.read(reader)
        finally:
            reader.end, reader.offset = end, stop

    def build(self, value: Any) -> bytes:
        body = self.inner.build(value)
        size = len(body)
        return bytes((self.tag, size) if size < 128 else (self.tag, 0x81, size)) + body


class Many(bs.CodecBase[list[Any]]):
    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def read(self, reader: Any) -> list[Any]:
        found = []
        while reader.remaining:
            found.append(self.inner.read(reader))
        return found

    def build(self, value: list[Any]) -> bytes:
        return b"".join([self.inner.build(item) for item in value])


class Converted(bs.CodecBase[Any]):
    """Bytes to the end, converted by two functions."""

    def __init__(self, decode: Any, encode: Any) -> None:
        self.decode, self.encode = decode, encode

    def read(self, reader: Any) -> Any:
        return self.decode(reader.read_all())

    def build(self, value: Any) -> bytes:
        return self.encode(value)


def member(kind: dict[int, Any]) -> Converted:
    return Converted(lambda raw: kind[raw[0]], lambda value: bytes((value.value,)))


MEMBERS = bs.Tuple(
    Tlv(0x80, member(BLOOD)),
    Tlv(0x81, Converted(read_date, write_date)),
    Tlv(0xA2, Many(Tlv(0x0C, bs.GREEDY_STRING))),
    Tlv(0x83, Converted(lambda raw: [ALLERGEN[code] for code in raw], lambda value: bytes([i.value for i in value]))),
    Tlv(0x84, Converted(lambda raw: raw.hex().rstrip("f"), lambda value: bytes.fromhex(value.ljust(12, "f")))),
    Tlv(0x85, Converted(lambda raw: Organs(raw[0]), lambda value: bytes((value,)))),
)
EMERGENCY = Tlv(0xE1, MEMBERS)
NAMES = ("blood", "updated", "medications", "allergies", "contact", "organs")


def number(value: Plain) -> Plain:
    """Give the values with IntEnum members, which is what bytestruct takes."""
    enums = {"status": IntStatus, "kind": IntKind}
    return {name: enums[name](item.value) if name in enums else item for name, item in value.items()}


def back(value: Any) -> Plain:
    """Give a record's values as plain ones."""
    enums = {"status": Status, "kind": Kind}
    held = {name: item for name, item in vars(value).items() if name != "rest"}
    return {name: enums[name](item.value) if name in enums else item for name, item in held.items()}


PEERS = [
    Peer(
        "bytestruct",
        "bytestruct",
        {
            "R1": Coder(Borrower.build, Borrower.parse, lambda value: Borrower(**number(value)), back),
            "R2": Coder(
                Wallet.build,
                Wallet.parse,
                lambda value: Wallet(**{**value, "log": [Entry(**number(entry)) for entry in value["log"]]}),
                lambda value: {**back(value), "log": [back(entry) for entry in value.log]},
            ),
            "R3": Coder(
                EMERGENCY.build,
                EMERGENCY.parse,
                lambda value: tuple(value[name] for name in NAMES),
                lambda value: dict(zip(NAMES, value, strict=True)),
            ),
        },
        note="the BER length, the open lists and u24 are codecs of ours in its API",
    )
]
