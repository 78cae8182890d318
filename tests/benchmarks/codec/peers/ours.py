"""yohaku: compiled, interpreted, and with field types of a user's own that the compiler does not know."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from data import LOG, Allergen, Blood, Kind, Organs, Plain, Status
from peer import Coder, Peer

from yohaku import Record, TlvRecord, field, reserved
from yohaku.codec import Compiled, Interpreter
from yohaku.codec.tables import Table
from yohaku.fields import (
    Choice,
    Date,
    Digits,
    Flags,
    MunicipalityCode,
    PackedDigits,
    Repeat,
    Tagged,
    Text,
    UInt,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Borrower(Record):
    """R1"""

    municipality: str = field(MunicipalityCode())
    number: str = field(Digits(10))
    name: str = field(Text(32))
    issued: date = field(Date())
    expires: date = field(Date())
    status: Status = field(Choice(Status))
    limit: int = field(UInt(8))
    _reserved = reserved(9)


class Entry(Record):
    """One entry of R2's log"""

    at: int = field(UInt(32))
    kind: Kind = field(Choice(Kind))
    amount: int = field(UInt(24))
    balance: int = field(UInt(32))
    shop: int = field(UInt(32))


class Wallet(Record):
    """R2"""

    issuer: str = field(MunicipalityCode())
    member: int = field(UInt(32))
    balance: int = field(UInt(32))
    counter: int = field(UInt(16))
    expires: date = field(Date())
    log: tuple[Entry, ...] = field(Repeat(Entry, LOG))


class Emergency(TlvRecord, tag=0xE1):
    """R3"""

    blood: Blood = field(Tagged(0x80, Choice(Blood)))
    updated: date = field(Tagged(0x81, Date()))
    medications: tuple[str, ...] = field(Tagged(0xA2, Repeat(Tagged(0x0C, Text(64, padded=False)), most=5)))
    allergies: tuple[Allergen, ...] = field(Tagged(0x83, Repeat(Choice(Allergen), most=8)))
    contact: str = field(Tagged(0x84, PackedDigits(11, least=10)))
    organs: Organs = field(Tagged(0x85, Flags(Organs)))


def native(record: type[Any], entry: type[Any] = Entry) -> Callable[[Plain], Any]:
    """Give the function that builds a record from plain values."""

    def build(value: Plain) -> Any:
        held = {name: tuple(item) if isinstance(item, list) else item for name, item in value.items()}
        if "log" in held:
            held["log"] = tuple(entry(**row) for row in held["log"])
        return record(**held)

    return build


def plain(value: Any) -> Plain:
    """Give a record's values as plain ones."""
    held = {name: getattr(value, name) for name in value.__values__}
    held = {name: list(item) if isinstance(item, tuple) else item for name, item in held.items()}
    if "log" in held:
        held["log"] = [plain(entry) for entry in held["log"]]
    return held


def compiled(record: type[Any], entry: type[Any] = Entry) -> Coder:
    """Give a record's own methods, as a program finds them after the first call."""
    record.decode(record.example().encode())
    return Coder(record.encode, record.decode, native(record, entry), plain)


def interpreted(record: type[Any]) -> Coder:
    """Give the codec that walks the field types."""
    codec = Interpreter(record.__field_type__)
    return Coder(codec.encode, codec.decode, native(record), plain)


class Unseen(dict[Any, Any]):
    """A table that never has what it is asked for."""

    def __init__(self, table: Table) -> None:
        self.function = table.function

    def __missing__(self, key: Any) -> Any:
        return self.function(key)


def without_tables(record: type[Any]) -> Coder:
    """Give a codec whose tables of recurring values never help."""
    codec = Compiled(record.__field_type__)
    for function in (codec.encode, codec.decode):
        names = function.__globals__
        tables = {name: held for name, held in names.items() if name.endswith(("_of", "_code", "_lists"))}
        names |= {name: Unseen(held) for name, held in tables.items() if isinstance(held, Table)}
    return Coder(codec.encode, codec.decode, native(record), plain)


RECORDS = {"R1": Borrower, "R2": Wallet, "R3": Emergency}

PEERS = [
    Peer("yohaku", "yohaku", {key: compiled(record) for key, record in RECORDS.items()}),
    Peer(
        "yohaku, values never seen before",
        "yohaku",
        {key: without_tables(record) for key, record in RECORDS.items()},
        note="the worst case: no date, municipality or list of codes ever comes again, so its tables never help",
    ),
    Peer("yohaku, interpreted", "yohaku", {key: interpreted(record) for key, record in RECORDS.items()}),
]
