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
from yohaku.schema import tables, transcode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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
    with _lines(source) as lines:
        if form == "csv":
            _write(_texts(transcode.csv_to_hex(record, lines)))
        else:
            _write(tables.write_hex_lines(_good(tables.read_json_lines(record, lines))))


def decode_rows(record: type[Record], source: str, form: str) -> None:
    """Read records from lines of hex and print them as a table.

    Raises:
        BadRowsError: some lines hold no record.
    """
    with _lines(source) as lines:
        if form == "csv":
            _write(_texts(transcode.hex_to_csv(record, lines)))
        else:
            _write(tables.write_json_lines(_good(tables.read_hex_lines(record, lines))))


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


def _texts(rows: Iterable[transcode.Written | tables.BadRow]) -> Iterator[str]:
    """Pass the lines on, report bad rows, and refuse at the end if there were any."""
    return (written.text for written in _counted(rows, lambda written: written.rows))


def _good(rows: Iterable[tables.Row[Any] | tables.BadRow]) -> Iterator[Any]:
    """Pass the records on, report bad rows, and refuse at the end if there were any."""
    return (row.record for row in _counted(rows, lambda _: 1))


def _counted(rows: Iterable[T | tables.BadRow], rows_in: Callable[[T], int]) -> Iterator[T]:
    good = bad = shown = 0
    for row in rows:
        if isinstance(row, tables.BadRow):
            note(str(row))
            bad += 1
        else:
            good += rows_in(row)
            yield row
        if (good + bad) // STEP > shown and sys.stderr.isatty():
            shown = (good + bad) // STEP
            click.echo(f"\r{counted(good + bad, 'row')}", err=True, nl=False)
    if shown:
        note("")
    if bad:
        raise BadRowsError(f"{counted(bad, 'row')} of {good + bad:,} hold no record; the others were written")
