"""Records as tables: CSV with a header of field paths, JSON Lines, and lines of hex; any number of rows, one at a time.

A row that is no record is reported with its line and every fault, and the rows behind it go on.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from yohaku.codec import MISSING
from yohaku.errors import DataError, Fault, YohakuError, nearest
from yohaku.schema.columns import Column, columns_of, find_column, join
from yohaku.schema.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from yohaku.codec import Json
    from yohaku.schema.columns import Steps

R = TypeVar("R", bound=Record)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row(Generic[R]):
    """A row that holds a record.

    Attributes:
        line: the line it starts on, from 1.
        record: what it holds; it encodes.
    """

    line: int
    record: R


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that holds no record.

    Attributes:
        line: the line it starts on, from 1.
        faults: everything that is wrong with it.
    """

    line: int
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        return "\n".join(f"line {self.line}: {fault}" for fault in self.faults)


class TableError(YohakuError):
    """A table's header does not name the fields of the record; no row was read."""


class CsvReader(Generic[R]):
    """The rows of a CSV table (RFC 4180) whose first line names a field path in each column.

    Args:
        record: the class of the records.
        lines: the table.

    Attributes:
        header: the columns.
        rows: each row that is not empty, or the fault of one that is malformed, with the line it starts on.

    Raises:
        TableError: the header has unknown, double or missing paths.
    """

    def __init__(self, record: type[R], lines: Iterable[str]) -> None:
        self.rows = _rows(csv.reader(lines, strict=True))
        self.header = _header(record, next(self.rows, (0, []))[1])
        self._record = record
        self._lists = {steps for column in self.header for steps in column.open_groups}
        self._groups = dict.fromkeys(steps for column in self.header for steps in (*column.groups, *column.open_groups))

    def row(self, line: int, found: list[str] | Fault) -> Row[R] | BadRow:
        """Give the record of a row."""
        if isinstance(found, Fault):
            return BadRow(line, (found,))
        if len(found) != len(self.header):
            return BadRow(line, (Fault(f"has {len(found)} cells, the header has {len(self.header)}"),))
        return _row(line, found, self._made)

    def _made(self, cells: list[str]) -> R:
        tree = _tree(self.header, self._groups, cells)
        return self._record.from_json(_settled(tree, (), self._lists))


def read_csv(record: type[R], lines: Iterable[str]) -> Iterator[Row[R] | BadRow]:
    """Read records from CSV (RFC 4180) whose first line names a field path in each column.

    Raises:
        TableError: on the first step, for a header with unknown, double or missing paths.
    """
    reader = CsvReader(record, lines)
    for line, found in reader.rows:
        yield reader.row(line, found)


def read_json_lines(record: type[R], lines: Iterable[str]) -> Iterator[Row[R] | BadRow]:
    """Read records from JSON, one a line."""
    return _read(lines, lambda line: record.from_json(_parse(line)))


def read_hex_lines(record: type[R], lines: Iterable[str]) -> Iterator[Row[R] | BadRow]:
    """Read records from their encodings in hex, one a line."""
    for number, text in numbered(lines):
        yield hex_row(record, number, text)


def hex_row(record: type[R], number: int, text: str) -> Row[R] | BadRow:
    """Read a record from its encoding in hex, which stands on a line."""
    return _row(number, text, lambda line: record.decode(_unhex(line)))


def write_csv(record: type[R], records: Iterable[R], *, paths: Sequence[str] = ()) -> Iterator[str]:
    """Write records as CSV, header first; each string is one row with its line end.

    Args:
        record: the class of the records.
        records: the records.
        paths: the columns; by default those that hold any record of the class.

    Raises:
        TableError: on the first step, for unknown, double or missing paths.
        EncodeError: a record does not encode.
    """
    columns = _header(record, list(paths)) if paths else columns_of(record)
    yield csv_lines([[column.path for column in columns]])
    for one in records:
        yield csv_lines([cells_of(one, columns)])


def write_json_lines(records: Iterable[Record]) -> Iterator[str]:
    """Write records as JSON, one a line.

    Raises:
        EncodeError: a record does not encode.
    """
    for record in records:
        yield json.dumps(record.to_json(), ensure_ascii=False) + "\n"


def write_hex_lines(records: Iterable[Record]) -> Iterator[str]:
    """Write the encodings of records in hex, one a line.

    Raises:
        EncodeError: a record does not encode.
    """
    for record in records:
        yield record.encode().hex() + "\n"


def _read(lines: Iterable[str], make: Callable[[str], R]) -> Iterator[Row[R] | BadRow]:
    for number, text in numbered(lines):
        yield _row(number, text, make)


def numbered(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not empty, each with its number from 1, without the space around them."""
    for number, line in enumerate(lines, 1):
        text = line.strip().removeprefix("\ufeff")
        if text:
            yield number, text


def _row(line: int, content: T, make: Callable[[T], R]) -> Row[R] | BadRow:
    try:
        return Row(line, make(content))
    except DataError as error:
        return BadRow(line, error.faults)


def _rows(reader: Any) -> Iterator[tuple[int, list[str] | Fault]]:
    """Yield each row that is not empty, or the fault of one that is malformed, with the line it starts on."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, Fault(f"is malformed CSV: {error}")
            continue
        if cells:
            yield line, cells


def _header(record: type[Record], names: list[str] | Fault) -> list[Column]:
    if isinstance(names, Fault) or not names:
        raise TableError(f"the table has no header: its first line names fields of {record.__name__}")
    paths = [name.strip().removeprefix("\ufeff") for name in names]
    found = {path: find_column(record, path) for path in paths}
    known = columns_of(record)
    faults = [f"{path} stands there twice" for path in found if paths.count(path) > 1]
    faults += [
        f"{path} lies inside another column" for path, column in found.items() if _inside(column, found.values())
    ]
    faults += [_unknown(path, known) for path, column in found.items() if column is None]
    columns = [column for column in found.values() if column is not None]
    faults += [f"{column.path} is missing" for column in known if not column.optional and not _held(column, columns)]
    if faults:
        raise TableError(f"the header does not fit {record.__name__}:\n" + "\n".join(f"  {fault}" for fault in faults))
    return columns


def _unknown(path: str, known: list[Column]) -> str:
    paths = [column.path for column in known]
    close = nearest(path, paths)
    return f"{path or 'an empty name'} is no field" + (
        f"; did you mean {close!r}?" if close else f"; there is {', '.join(paths)}"
    )


def _inside(column: Column | None, columns: Iterable[Column | None]) -> bool:
    return column is not None and any(
        other is not None and other is not column and column.steps[: len(other.steps)] == other.steps
        for other in columns
    )


def _held(wanted: Column, columns: list[Column]) -> bool:
    """Tell whether a column, a group around it or items inside it are there."""
    return any(
        wanted.steps[: len(column.steps)] == column.steps or column.steps[: len(wanted.steps)] == wanted.steps
        for column in columns
    )


def _tree(header: list[Column], groups: Iterable[Steps], cells: list[str]) -> dict[str | int, Any]:
    """Put the values of cells into the groups that hold them; ``groups`` exist even when all their cells are empty."""
    tree: dict[str | int, Any] = {}
    for steps in groups:
        _put(tree, steps, {})
    for column, cell in zip(header, cells, strict=True):
        value = column.json_of(cell)
        if value is not MISSING:
            _put(tree, column.steps, value)
    return tree


def _put(tree: dict[str | int, Any], steps: Steps, value: Any) -> None:
    for step in steps[:-1]:
        tree = tree.setdefault(step, {})
    tree.setdefault(steps[-1], value)


def _settled(tree: Any, steps: Steps, lists: set[Steps]) -> Json:
    """Turn the groups that have indices, or may have, into lists; a gap in the indices is a fault."""
    if not isinstance(tree, dict):
        value: Json = tree
        return value
    made = {step: _settled(inner, (*steps, step), lists) for step, inner in tree.items()}
    if not any(isinstance(step, int) for step in made) and steps not in lists:
        return {str(step): inner for step, inner in made.items()}
    gap = next((index for index in range(len(made)) if index not in made), None)
    if gap is not None:
        raise DataError("a gap", [Fault(f"is empty, though {join((*steps, max(made)))} is not", (*steps, gap))])
    return [made[index] for index in range(len(made))]


def _get(value: Json, steps: Steps) -> Json | object:
    """Give the part of a JSON form that steps lead to; MISSING when it is not there."""
    found = value
    for step in steps:
        if isinstance(found, list):
            found = found[step] if isinstance(step, int) and step < len(found) else None
        elif isinstance(found, dict) and str(step) in found:
            found = found[str(step)]
        else:
            return MISSING
    return found


def _parse(line: str) -> Json:
    try:
        value: Json = json.loads(line, object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError) as error:
        raise DataError("no JSON", [Fault(f"is no JSON: {error}")]) from None
    return value


def _no_doubles(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("an object has two members of one name")
    return made


def _unhex(line: str) -> bytes:
    try:
        return bytes.fromhex(line)
    except ValueError:
        raise DataError("no hex", [Fault("is no hex: two digits a byte")]) from None


def cells_of(record: Record, columns: Sequence[Column]) -> list[str]:
    """Give the cells of a record.

    Raises:
        EncodeError: the record does not encode.
    """
    value = record.to_json()
    return [column.cell_of(_get(value, column.steps)) for column in columns]


def csv_lines(rows: Sequence[Sequence[str]]) -> str:
    """Write rows as CSV, each ended by a line feed; line ends of any kind inside cells stay as they are."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    text = buffer.getvalue()
    if text.count("\r") == len(rows):
        return text.replace("\r\n", "\n")
    return "".join(map(csv_lines, zip(rows))) if len(rows) > 1 else text.removesuffix("\r\n") + "\n"
