"""Tables in and out: any number of records, one a row, in memory that does not grow with them."""

from __future__ import annotations

import io
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from yohaku.cli.console import counted, note
from yohaku.cli.errors import MalformedError
from yohaku.cli.sources import open_binary
from yohaku.schema import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from yohaku.schema import Record

T = TypeVar("T")

STEP = 10_000
"""Rows between two signs of progress."""


class BadRowsError(MalformedError):
    """Some rows hold no record; the others were written."""


def encode_rows(record: type[Record], source: str, form: str) -> None:
    """Read records from a table and print each as a line of hex.

    Raises:
        BadRowsError: some rows hold no record.
        TableError: the header does not name the fields.
    """
    read: Any = tables.read_csv if form == "csv" else tables.read_json_lines
    with _lines(source) as lines:
        _write(tables.write_hex_lines(_good(read(record, lines))))


def decode_rows(record: type[Record], source: str, form: str) -> None:
    """Read records from lines of hex and print them as a table.

    Raises:
        BadRowsError: some lines hold no record.
    """
    with _lines(source) as lines:
        good = _good(tables.read_hex_lines(record, lines))
        _write(tables.write_csv(record, good) if form == "csv" else tables.write_json_lines(good))


@contextmanager
def _lines(source: str) -> Iterator[IO[str]]:
    with open_binary(source) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        try:
            yield text
        except UnicodeDecodeError as error:
            raise MalformedError(f"{source} is no UTF-8: {error.reason}") from None


def _write(lines: Iterable[str]) -> None:
    stream = sys.stdout.buffer
    for line in lines:
        stream.write(line.encode())
    stream.flush()


def _good(rows: Iterable[tables.Row[Any] | tables.BadRow]) -> Iterator[Any]:
    """Pass the records on, report bad rows, and refuse at the end if there were any."""
    good = bad = 0
    for row in rows:
        if isinstance(row, tables.BadRow):
            note(str(row))
            bad += 1
        else:
            good += 1
            yield row.record
        if (good + bad) % STEP == 0 and sys.stderr.isatty():
            click.echo(f"\r{counted(good + bad, 'row')}", err=True, nl=False)
    if good + bad >= STEP and sys.stderr.isatty():
        note("")
    if bad:
        raise BadRowsError(f"{counted(bad, 'row')} of {good + bad:,} hold no record; the others were written")
