"""What fields spend, what their values need, and what tighter types save."""

from datetime import date
from decimal import Decimal
from enum import Enum, IntFlag
from math import log2
from typing import Any

import pytest

from yohaku import (
    ALWAYS,
    Applet,
    CyclicFile,
    Record,
    TlvRecord,
    TransparentFile,
    field,
    hidden,
    reserved,
    reserved_bits,
)
from yohaku import fields as f
from yohaku.codec import FieldType, FixedField
from yohaku.schema.density import applet_density, record_density
from yohaku.schema.record import RecordMeta
from yohaku.schema.spending import Tighter, bits_needed, needed, tighter


class Status(Enum):
    ACTIVE = 1
    SUSPENDED = 2
    EXPIRED = 3
    WITHDRAWN = 4


class Rights(IntFlag):
    READ = 1
    WRITE = 2


TABLE = f.CodeTable("things", 1, {1: "机", 2: "椅子", 3: "窓"})


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (f.UInt(8), 2**8),
        (f.UInt(8, least=10, most=19), 10),
        (f.Int(16), 2**16),
        (f.Flag(bits=8), 2),
        (f.Choice(Status), 4),
        (f.Flags(Rights), 4),
        (f.Coded(TABLE), 3),
        (f.Digits(10), 10**10),
        (f.PackedDigits(11, least=10), 10**10 + 10**11),
        (f.BcdNumber(6), 10**6),
        (f.PackedDecimal(5), 2 * 10**5 - 1),
        (f.MunicipalityCode(), 10**5),
        (f.PostalCode(), 10**7),
        (f.CorporateNumber(), 10**12),
        (f.TelephoneNumber(), 10**9 + 10**10),
        (f.Date(), date.max.toordinal()),
        (f.AsciiDate(), date.max.toordinal()),
        (f.DayNumber(14), 2**14),
        (f.Timestamp(4), 2**32),
        (f.TimeOfDay(), 24 * 60 * 60),
        (f.TimeOfDay(seconds=False), 24 * 60),
        (f.MinuteOfDay(), 24 * 60),
        (f.SexCode(), 4),
        (f.EvmAddress(), 2**160),
        (f.Blob(3), 2**24),
        (f.Text(4), 2**32),
        (f.Money(32), 2**32),
    ],
    ids=lambda value: value.type_name if isinstance(value, FieldType) else "",
)
def test_bits_follow_from_the_number_of_values(type_: FieldType[Any], values: int) -> None:
    assert needed(type_) == pytest.approx(log2(values))


def test_every_value_that_exists_fits_into_the_bits_needed() -> None:
    """Count for real where that is quick: all bit patterns of one and two bytes."""
    for type_ in (f.Choice(Status), f.Flag(bits=8), f.SexCode(), f.Digits(2), f.TimeOfDay(seconds=False)):
        accepted = 0
        for number in range(256**type_.minimum):
            accepted += accepts(type_, number.to_bytes(type_.minimum, "big"))
        assert bits_needed(type_) == pytest.approx(log2(accepted))


def accepts(type_: FieldType[Any], raw: bytes) -> bool:
    try:
        type_.parse(raw)
    except Exception:  # noqa: BLE001 - construct's own error says no
        return False
    return True


DAY_NUMBERS = "a 14-bit day number covers 44 years, DayNumber(16) covers 179 and saves"
SENTENCES = [
    (f.Digits(10), "ten ASCII digits: 80 bits, 33.2 needed; PackedDigits(10) saves 5 bytes", 40),
    (
        f.Date(),
        f"BCD date: 32 bits, 21.8 needed; {DAY_NUMBERS} 2 bytes",
        16,
    ),
    (
        f.AsciiDate(),
        f"ASCII date: 64 bits, 21.8 needed; {DAY_NUMBERS} 6 bytes",
        48,
    ),
    (
        f.Choice(Status),
        "four members: 8 bits, 2 needed; Choice(Status, bits=3) beside other narrow fields saves 5 bits",
        5,
    ),
    (f.Flag(bits=8), "a truth value: 8 bits, 1 needed; Flag() beside other narrow fields saves 7 bits", 7),
    (
        f.UInt(16, most=1000),
        "numbers to 1000: 16 bits, 10 needed; UInt(10, most=1000) beside other narrow fields saves 6 bits",
        6,
    ),
    (
        f.BcdNumber(6),
        "six BCD digits: 24 bits, 19.9 needed; UInt(20, most=999999) beside other narrow fields saves 4 bits",
        4,
    ),
    (
        f.PublicKey("uncompressed"),
        'public key in uncompressed form: 520 bits, 257 needed; PublicKey("compressed") saves 32 bytes',
        256,
    ),
    (
        f.Text(32),
        "utf-8 text for 10 kanji: 256 bits; shift_jis writes as many in 20 bytes, where its characters are enough",
        0,
    ),
    (f.UInt(8), "", 0),
    (f.Choice(Status, bits=3), "", 0),
    (f.Digits(1), "", 0),
    (f.Text(32, "shift_jis"), "", 0),
    (f.PackedDecimal(5), "", 0),
]


@pytest.mark.parametrize(("type_", "sentence", "saves"), SENTENCES, ids=lambda value: getattr(value, "type_name", ""))
def test_sentences(type_: FieldType[Any], sentence: str, saves: int) -> None:
    record = single(type_)
    (found,) = [one for one in record_density(record).fields if one.path == "value"]
    assert (found.advice, found.saves) == (sentence, saves)


def single(type_: FieldType[Any]) -> type[Record]:
    """Make a record of one field, and what fills its last byte."""
    body: dict[str, Any] = {"__annotations__": {"value": Any}, "value": field(type_)}
    spare = -getattr(type_, "bits", 0) % 8
    if spare:
        body["_spare"] = reserved_bits(spare)
    return RecordMeta("Single", (Record,), body)  # type: ignore[return-value]  # the metaclass makes records


@pytest.mark.parametrize("type_", [row[0] for row in SENTENCES if row[2]], ids=lambda one: one.type_name)
def test_the_proposed_width_holds_all_values(type_: FieldType[Any]) -> None:
    found = tighter(type_)
    assert found is not None
    is_date = isinstance(type_, f.Date | f.AsciiDate)  # the sentence says how many years are left
    assert is_date or found.bits >= needed(type_)


class Entry(Record):
    """記録"""

    number: str = field(f.Digits(10), "番号")
    state: Status = field(f.Choice(Status), "状態")
    day: date = field(f.Date(), "日")
    _rest = reserved(1)


class Cash(Record):
    """現金"""

    yen: int = field(f.UInt(16))


class Ticket(Record):
    """券"""

    serial: str = field(f.Digits(4))


class Open(Record):
    """開いた"""

    paid: Cash | Ticket = field(f.OneOf(f.Case(1, Cash), f.Case(2, Ticket)))
    days: tuple[date, ...] = field(f.Counted(f.UInt(8), f.Date(), most=3))
    check = hidden(f.crc16_checksum())


class Tagged(TlvRecord, tag=0x70):
    """札付き"""

    state: Status = field(f.Tagged(0x80, f.Choice(Status)))
    number: str = field(f.Tagged(0x81, f.Digits(4)))


class Book(Applet, aid="F0 59 48 4B 54 60"):
    """帳面"""

    one = TransparentFile(Entry, read=ALWAYS, update=ALWAYS)
    log = CyclicFile(Entry, records=20, read=ALWAYS, append=ALWAYS)


def test_totals_of_a_record() -> None:
    density = record_density(Entry)
    assert density.size == 128
    assert density.reserved == 8
    assert density.saves == 40 + 5 + 16
    assert density.needed == pytest.approx(sum(one.needed for one in density.fields))
    assert sum(one.spent for one in density.fields) == density.size
    assert str(density) == (
        "Entry: 128 bits, 57 needed (45%), 8 reserved, constant or derived; tighter types save 7 bytes"
    )


def test_totals_of_a_record_file_count_its_records() -> None:
    density = applet_density(Book).files
    assert str(density["log"]).endswith("tighter types save 7 bytes a record, 140 bytes in all")
    assert str(density["one"]).endswith("tighter types save 7 bytes")


def test_totals_of_an_applet() -> None:
    density = applet_density(Book)
    assert (density.size, density.saved_bytes) == (128 * 21, 7 * 21)
    assert str(density) == "book: 2688 bits, 1197.4 needed (45%); tighter types save 147 bytes"
    shown: Any = density.to_json()
    assert shown["saved_bytes"] == 147
    assert set(shown["files"]) == {"one", "log"}


def test_of_alternatives_the_largest_counts_and_lists_count_all_items() -> None:
    density = record_density(Open)
    by_path = {one.path: one for one in density.fields}
    assert by_path["days[]"].count == 3
    assert density.saves == max(0, by_path["paid.ticket.serial"].saves) + 3 * 16
    assert density.needed == pytest.approx(16 + 3 * log2(date.max.toordinal()))
    assert density.reserved == 16


def test_a_field_with_a_tag_shares_no_byte() -> None:
    by_path = {one.path: one for one in record_density(Tagged).fields}
    assert by_path["state"].advice == ""
    assert by_path["state"].spent == 24
    assert by_path["number"].saves == 16


def test_density_in_json() -> None:
    shown: Any = record_density(Entry, records=2).to_json()
    assert (shown["bits"], shown["records"], shown["saves"]) == (128, 2, 61)
    assert shown["fields"][0]["advice"].startswith("ten ASCII digits")


class Season(FixedField[int]):
    """A type of a designer's own, that says how many bits its values need."""

    value_bits = 2.0

    def __init__(self) -> None:
        super().__init__(1)

    def write(self, value: object) -> bytes:
        return bytes((int(str(value)),))

    def unpack(self, raw: bytes) -> int:
        return raw[0]

    def example(self) -> int:
        return 0


class Week(Season):
    """A type that is registered."""


@bits_needed.register
def _(_: Week) -> float:
    return log2(7)


@tighter.register
def _(_: Week) -> Tighter:
    return Tighter(3, "day of the week", "UInt(3) saves five bits")


def test_a_type_of_a_designers_own() -> None:
    assert needed(Season()) == 2
    assert needed(Week()) == pytest.approx(log2(7))
    assert tighter(Week()) == Tighter(3, "day of the week", "UInt(3) saves five bits")
    assert Decimal(str(needed(f.Blob(1)))) == 8
