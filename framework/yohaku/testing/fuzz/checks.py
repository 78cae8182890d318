"""What must hold for every input: each check takes one, and raises what is wrong with the code under test.

A YohakuError is the right answer to a wrong input and ends a check quietly; any other exception leaves it, and a broken
promise raises `BrokenInvariantError`. Tests that the fuzzer writes call these functions.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from yohaku.codec import Interpreter
from yohaku.errors import DecodeError, JsonError
from yohaku.schema.tables import BadRow, TableError, read_csv, read_json_lines, write_csv
from yohaku.testing.fuzz.finding import BrokenInvariantError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yohaku.schema import Record

REFUSED, ACCEPTED = ("refused",), ("accepted",)
"""Marks of what became of an input."""


def check_bytes(record: type[Record], data: bytes) -> Iterable[str]:
    """Decode bytes: accepted ones encode to themselves, and the generated code and the field types agree on them."""
    try:
        value = record.decode(data)
    except DecodeError as error:
        _check_told(error)
        return REFUSED
    _check_encodes(value, data)
    walked = Interpreter(record.__field_type__).decode(data)
    if not _same(walked, value):
        raise BrokenInvariantError(
            "compiled-interpreted", f"generated code gives {value!r}, field types give {walked!r}"
        )
    _check_json_round_trip(value)
    return ACCEPTED


def check_prefix(record: type[Record], data: bytes) -> Iterable[str]:
    """Decode the start of bytes: what is accepted and the rest make up the whole."""
    try:
        value, rest = record.decode_from(data)
    except DecodeError as error:
        _check_told(error)
        return REFUSED
    if len(rest) > len(data) or data[len(data) - len(rest) :] != rest:
        raise BrokenInvariantError("rest-is-the-end", f"{rest.hex()} is not the end of {data.hex()}")
    _check_encodes(value, data[: len(data) - len(rest)])
    return ACCEPTED


def check_json(record: type[Record], data: bytes) -> Iterable[str]:
    """Read a line of JSON: what is accepted encodes, and comes back from its bytes and from its JSON."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return REFUSED
    return _check_rows(record, list(read_json_lines(record, [text])))


def check_csv(record: type[Record], data: bytes) -> Iterable[str]:
    """Read a table: the accepted rows encode, and come back from their bytes, their JSON and a table of them."""
    try:
        lines = data.decode().splitlines(keepends=True)
        rows = list(read_csv(record, lines))
    except (UnicodeDecodeError, TableError):
        return REFUSED
    marks = _check_rows(record, rows)
    _check_table(record, [row.record for row in rows if not isinstance(row, BadRow)])
    return marks


def _check_rows(record: type[Record], rows: list[Any]) -> Iterable[str]:
    for row in rows:
        if isinstance(row, BadRow):
            _check_text(str(row))
            continue
        raw = row.record.encode()
        back = record.decode(raw)
        if not _same(back, row.record):
            raise BrokenInvariantError("json-bytes", f"{row.record!r} comes back from its bytes as {back!r}")
        _check_json_round_trip(row.record)
    return ACCEPTED if any(not isinstance(row, BadRow) for row in rows) else REFUSED


def _check_table(record: type[Record], records: list[Record]) -> None:
    if not records:
        return
    written = list(write_csv(record, records))
    again = list(read_csv(record, written))
    if not _same([getattr(row, "record", row) for row in again], records):
        raise BrokenInvariantError("table-round-trip", f"{records!r} comes back from {''.join(written)!r} as {again!r}")


def _check_encodes(value: Record, data: bytes) -> None:
    encoded = value.encode()
    if encoded != data:
        raise BrokenInvariantError(
            "decode-encode", f"{data.hex()} decodes to {value!r}, which encodes to {encoded.hex()}"
        )


def _check_json_round_trip(value: Record) -> None:
    text = json.dumps(value.to_json(), ensure_ascii=False)
    try:
        again = type(value).from_json(json.loads(text))
    except JsonError as error:
        raise BrokenInvariantError("json-round-trip", f"{value!r} is refused in its own JSON {text}: {error}") from None
    if not _same(again, value):
        raise BrokenInvariantError("json-round-trip", f"{value!r} comes back from its JSON {text} as {again!r}")


def _check_told(error: DecodeError) -> None:
    """Check that a refusal says what is wrong."""
    if not error.faults:
        raise BrokenInvariantError("faults-are-told", "a refusal names no fault")
    _check_text(str(error))


def _check_text(text: str) -> None:
    if not text.strip():
        raise BrokenInvariantError("faults-are-told", "a refusal says nothing")


def _same(one: object, other: object) -> bool:
    """Whether two values are the same; what is not a number is the same as itself here."""
    return one == other or repr(one) == repr(other)
