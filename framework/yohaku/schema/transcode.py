"""Whole tables from one form into another: CSV into lines of hex and back, chunk by chunk, in bounded memory.

A chunk goes the fast way as one. One with anything unusual in it is halved until that is found, and what is left goes
row by row. So a row that is no record is reported with its line and every fault, and the others go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, TypeVar

from yohaku.schema.bulk import bulk_for
from yohaku.schema.columns import columns_of
from yohaku.schema.tables import BadRow, CsvReader, cells_of, csv_lines, hex_row, numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from yohaku.errors import Fault
    from yohaku.schema.record import Record

T = TypeVar("T")

CHUNK = 4096
"""Most rows that are held at a time."""
FEWEST = 64
"""Fewest rows that are worth the fast way, at least two: one row has no halves."""


@dataclass(frozen=True, slots=True)
class Written:
    """Lines of a table in its new form.

    Attributes:
        text: the lines, each with its end.
        rows: how many records they hold.
    """

    text: str
    rows: int


def csv_to_hex(record: type[Record], lines: Iterable[str]) -> Iterator[Written | BadRow]:
    """Turn a CSV table, whose first line names a field path in each column, into lines of hex.

    Raises:
        TableError: on the first step, for a header with unknown, double or missing paths.
    """
    reader = CsvReader(record, lines)
    fast = cache(partial(bulk_for, record, reader.header))
    width, size = len(reader.header), record.__field_type__.size or 0

    def many(rows: list[tuple[int, list[str] | Fault]]) -> str | None:
        cells = [found for _, found in rows if isinstance(found, list) and len(found) == width]
        bulk = fast()
        raw = bulk.encode(cells) if bulk is not None and len(cells) == len(rows) else None
        return None if raw is None else raw.hex("\n", -size) + "\n"

    def one(row: tuple[int, list[str] | Fault]) -> Written | BadRow:
        made = reader.row(*row)
        return made if isinstance(made, BadRow) else Written(made.record.encode().hex() + "\n", 1)

    for rows in chunks(reader.rows):
        yield from settled(rows, many, one)


def hex_to_csv(record: type[Record], lines: Iterable[str]) -> Iterator[Written | BadRow]:
    """Turn lines of hex into a CSV table, header first, of the columns that hold any record of the class.

    Raises:
        EncodeError: a record has no JSON form.
    """
    header = columns_of(record)
    fast = cache(partial(bulk_for, record, header))
    size = record.__field_type__.size or 0
    yield Written(csv_lines([[column.path for column in header]]), 0)

    def many(rows: list[tuple[int, str]]) -> str | None:
        bulk = fast()
        raw = None if bulk is None else whole_hex([text for _, text in rows], size)
        cells = None if bulk is None or raw is None else bulk.decode(raw)
        return None if cells is None else csv_lines(cells)

    def one(row: tuple[int, str]) -> Written | BadRow:
        made = hex_row(record, *row)
        return made if isinstance(made, BadRow) else Written(csv_lines([cells_of(made.record, header)]), 1)

    for rows in chunks(numbered(lines)):
        yield from settled(rows, many, one)


def whole_hex(texts: list[str], size: int) -> bytes | None:
    """Read lines of hex that have ``size`` bytes each and nothing but digits; None when one is another."""
    if any(len(text) != 2 * size for text in texts):
        return None
    try:
        raw = bytes.fromhex("".join(texts))
    except ValueError:
        return None
    return raw if len(raw) == size * len(texts) else None


def chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    """Gather rows; those in front of an error are given before it is raised."""
    held: list[T] = []
    try:
        for row in rows:
            held.append(row)
            if len(held) == CHUNK:
                yield held
                held = []
    except Exception:
        yield held
        raise
    yield held


def settled(
    rows: list[T], many: Callable[[list[T]], str | None], one: Callable[[T], Written | BadRow]
) -> Iterator[Written | BadRow]:
    """Turn rows into lines: all at once where ``many`` can, else in halves, at last one by one."""
    if len(rows) < FEWEST:
        yield from map(one, rows)
        return
    text = many(rows)
    if text is not None:
        yield Written(text, len(rows))
        return
    middle = len(rows) // 2
    yield from settled(rows[:middle], many, one)
    yield from settled(rows[middle:], many, one)
