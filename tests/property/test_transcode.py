"""Tables turn into lines of hex and back alike with numpy, without it and row by row: bytes, faults and lines."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum, IntFlag
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yohaku import Record, field, reserved, reserved_bits
from yohaku.fields import (
    Blob,
    Choice,
    Date,
    DayNumber,
    Digits,
    Flag,
    Flags,
    Int,
    KanaName,
    MinuteOfDay,
    MunicipalityCode,
    PackedDigits,
    Repeat,
    Text,
    Timestamp,
    UInt,
)
from yohaku.schema import bulk, tables, transcode
from yohaku.schema.columns import columns_of
from yohaku.schema.tables import BadRow, Row, TableError, read_csv, read_hex_lines, write_csv, write_hex_lines
from yohaku.schema.transcode import csv_to_hex, hex_to_csv

if TYPE_CHECKING:
    from collections.abc import Iterable

pytest.importorskip("numpy")


class Colour(Enum):
    RED = 1
    BLUE = 70


class Organs(IntFlag):
    HEART = 1
    EYES = 4


class Hour(UInt):
    """A user's type whose JSON form is its own."""

    def to_json(self, value: object) -> str:
        return f"{value}h"

    def from_json(self, value: object) -> int:
        return int(value[:-1]) if isinstance(value, str) and value[:-1].isdigit() else self.refuse("is no hour")


class Inner(Record):
    number: int = field(UInt(24))
    colour: Colour = field(Choice(Colour))
    days: tuple[date, ...] = field(Repeat(Date(), 2))


class Everything(Record):
    code: str = field(MunicipalityCode())
    digits: str = field(Digits(3))
    phone: str = field(PackedDigits(5, least=2))
    name: str = field(Text(8))
    note: str = field(Text(4), default="")
    kana: str = field(Text(4, "shift_jis"))
    reading: str = field(KanaName(4))
    number: date = field(DayNumber(16))
    at: datetime = field(Timestamp(4))
    blob: bytes = field(Blob(3))
    _gap = reserved(3)
    flag: bool = field(Flag())
    organs: Organs = field(Flags(Organs, bits=3))
    small: int = field(Int(7))
    opens: time = field(MinuteOfDay())
    _spare = reserved_bits(2)
    hour: int = field(Hour(8))
    wide: int = field(Int(64))
    inner: Inner = field(Inner)
    log: tuple[Inner, ...] = field(Repeat(Inner, 2))


DIGITS = "0123456789"
INNERS = st.builds(
    Inner, number=st.integers(0, 0xFFFFFF), colour=st.sampled_from(Colour), days=st.tuples(st.dates(), st.dates())
)
RECORDS = st.builds(
    Everything,
    code=st.sampled_from(["372013", "131016", "011002"]),
    digits=st.text(DIGITS, min_size=3, max_size=3),
    phone=st.text(DIGITS, min_size=2, max_size=5),
    name=st.text('aé見,"\n\r', max_size=2),
    note=st.sampled_from(["", "a", '"', '"a', "見"]),
    kana=st.text("a見", max_size=2),
    reading=st.text("ｱA -", max_size=4),
    number=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    at=st.integers(0, 0xFFFFFFFF).map(lambda number: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number)),
    blob=st.binary(min_size=3, max_size=3),
    flag=st.booleans(),
    organs=st.sampled_from([Organs(0), Organs.HEART, Organs.HEART | Organs.EYES]),
    small=st.integers(-64, 63),
    opens=st.integers(0, 1439).map(lambda minutes: time(minutes // 60, minutes % 60)),
    hour=st.integers(0, 255),
    wide=st.integers(-(1 << 63), (1 << 63) - 1),
    inner=INNERS,
    log=st.tuples(INNERS, INNERS),
)
CELLS = [
    "",
    "a",
    '"',
    '"a"',
    "0",
    "007",
    "-0",
    "1.0",
    "1e2",
    "99999999999999999999999",
    "true",
    "TRUE",
    "null",
    "2026-04-01",
    "20260401",
    "2026-04",
    "2026-02-30",
    "2026-09:00",
    "２026-04-01",
    "2026-04-01T23:59:60+00:00",
    "2026-04-01T24:00:00+00:00",
    "2026-04-01T23:59:59+00:01",
    "0000-01-01",
    "today",
    "2026-04-01T00:00:00+00:00",
    "2026-04-01T09:00:00+09:00",
    "2026-04-01 00:00:00+00:00",
    "1960-01-01T00:00:00+00:00",
    "372013",
    "372014",
    "37201",
    "１２３",
    "12\0",
    "\0",
    "¥",
    "ｱ",
    "\ue000",
    "blue",
    "BLUE",
    '["heart"]',
    "12h",
    "010203",
    "01020",
]
"""Cells that are right for some fields, in an unusual form for others, and wrong for the rest."""
CHUNKS = [(8, 2), (5, 3), (4096, 64)]


def by_rows(rows: Iterable[Row[Any] | BadRow], write: Any) -> tuple[str, list[BadRow]]:
    held = list(rows)
    return "".join(write(row.record for row in held if isinstance(row, Row))), bad(held)


def at_once(rows: Iterable[transcode.Written | BadRow]) -> tuple[str, list[BadRow]]:
    held = list(rows)
    return "".join(row.text for row in held if isinstance(row, transcode.Written)), bad(held)


def bad(rows: list[Any]) -> list[BadRow]:
    return [row for row in rows if isinstance(row, BadRow)]


@pytest.fixture(params=CHUNKS, ids=str)
def chunked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold few rows, so that few rows go through every way."""
    chunk, fewest = request.param
    monkeypatch.setattr(transcode, "CHUNK", chunk)
    monkeypatch.setattr(transcode, "FEWEST", fewest)


SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.usefixtures("chunked")
@SETTINGS
@given(st.lists(RECORDS, max_size=12), st.data())
def test_a_table_encodes_as_row_by_row(records: list[Everything], data: st.DataObject) -> None:
    lines = list(write_csv(Everything, records))
    names = [column.path for column in columns_of(Everything)]
    for _ in range(data.draw(st.integers(0, 2)) if records else 0):
        row = data.draw(st.integers(1, len(records)))
        (cells,) = (found for _, found in tables.CsvReader(Everything, [lines[0], lines[row]]).rows)
        assert isinstance(cells, list)
        cells[data.draw(st.integers(0, len(cells) - 1))] = data.draw(st.sampled_from(CELLS))
        lines[row] = tables.csv_lines([cells[: data.draw(st.sampled_from([len(names)] * 9 + [3]))]])
    text = "".join(lines)
    wanted = by_rows(read_csv(Everything, text.splitlines(keepends=True)), write_hex_lines)
    assert at_once(csv_to_hex(Everything, text.splitlines(keepends=True))) == wanted


@pytest.mark.usefixtures("chunked")
@SETTINGS
@given(st.lists(RECORDS, max_size=12), st.data())
def test_lines_of_hex_decode_as_row_by_row(records: list[Everything], data: st.DataObject) -> None:
    lines = list(write_hex_lines(records))
    for _ in range(data.draw(st.integers(0, 2)) if records else 0):
        row = data.draw(st.integers(0, len(records) - 1))
        place = data.draw(st.integers(0, len(lines[row]) - 2))
        put = data.draw(st.sampled_from([*"0123456789abcdefx", "", " ", "\n"]))
        lines[row] = lines[row][:place] + put + lines[row][place + 1 :]
    wanted = by_rows(read_hex_lines(Everything, lines), lambda held: write_csv(Everything, held))
    assert at_once(hex_to_csv(Everything, lines)) == wanted


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcode, "FEWEST", 2)


def example(**changes: Any) -> Everything:
    values: dict[str, Any] = {
        "code": "372013", "digits": "123", "phone": "12", "name": "見本", "kana": "a", "reading": "ｱ", "hour": 7,
        "opens": time(9, 30),
        "number": date(2026, 4, 1), "at": datetime(2026, 4, 1, tzinfo=UTC), "blob": b"abc", "flag": True,
        "organs": Organs.EYES, "small": -1, "wide": 5, "inner": inner(1), "log": (inner(2), inner(3)),
    }  # fmt: skip
    return Everything(**(values | changes))


def inner(number: int) -> Inner:
    return Inner(number=number, colour=Colour.BLUE, days=(date(2026, 4, 1), date(1, 1, 1)))


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("place", range(len(columns_of(Everything))), ids=lambda at: columns_of(Everything)[at].path)
def test_every_odd_cell_means_what_it_means_row_by_row(place: int) -> None:
    header, line = write_csv(Everything, [example(note="x")])
    ((_, usual),) = tables.CsvReader(Everything, [header, line]).rows
    assert isinstance(usual, list)
    rows = [[*usual[:place], cell, *usual[place + 1 :]] for odd in CELLS for cell in (usual[place], odd)]
    lines = [header, *(tables.csv_lines([row]) for row in rows)]
    assert at_once(csv_to_hex(Everything, lines)) == by_rows(read_csv(Everything, lines), write_hex_lines)


@pytest.mark.usefixtures("few")
def test_what_is_usual_goes_many_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [example(note="x", wide=number) for number in range(9)]
    lines, hexes = list(write_csv(Everything, records)), list(write_hex_lines(records))
    monkeypatch.setattr(tables.CsvReader, "row", None)
    monkeypatch.setattr(transcode, "hex_row", None)
    assert list(csv_to_hex(Everything, lines)) == [transcode.Written("".join(hexes), 9)]
    assert list(hex_to_csv(Everything, hexes)) == [
        transcode.Written(lines[0], 0), transcode.Written("".join(lines[1:]), 9)
    ]  # fmt: skip


@pytest.mark.usefixtures("few")
def test_without_numpy_rows_go_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "find_spec", lambda _: None)
    records = [example(wide=number) for number in range(5)]
    lines, hexes = list(write_csv(Everything, records)), list(write_hex_lines(records))
    assert list(csv_to_hex(Everything, lines)) == [transcode.Written(line, 1) for line in hexes]
    assert [written.text for written in hex_to_csv(Everything, hexes)] == lines  # type: ignore[union-attr]  # all good


@pytest.mark.usefixtures("few")
def test_a_table_of_other_columns_goes_row_by_row() -> None:
    records = [example(wide=number, note="") for number in range(5)]
    paths = [column.path for column in columns_of(Everything) if column.path != "note" and column.steps[0] != "log"]
    lines = list(write_csv(Everything, records, paths=[*paths[::-1], "log"]))
    assert at_once(csv_to_hex(Everything, lines)) == ("".join(write_hex_lines(records)), [])


def test_a_header_that_names_no_fields_is_refused_at_once() -> None:
    with pytest.raises(TableError, match="code is missing"):
        next(csv_to_hex(Everything, ["name\n", "x\n"]))


def test_rows_in_front_of_broken_input_are_written_before_it_is_raised() -> None:
    def lines() -> Iterable[str]:
        yield from write_csv(Everything, [example()] * 3)
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    found: list[transcode.Written | BadRow] = []
    with pytest.raises(UnicodeDecodeError):
        found.extend(csv_to_hex(Everything, lines()))
    assert sum(written.rows for written in found if isinstance(written, transcode.Written)) == 3


def test_memory_does_not_grow_with_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcode, "CHUNK", 100)
    header, line = write_csv(Everything, [example(note="x")])

    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in csv_to_hex(Everything, chain([header], repeat(line, count))):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)
    assert peak(2000) < 1.3 * peak(300)
