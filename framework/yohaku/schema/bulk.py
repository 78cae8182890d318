"""Many rows of a table at once: cells become the bytes of records through numpy's columns, and bytes become cells.

Only what is exactly in the form that this package writes goes this way. Anything else, and every fault, is left to the
way row by row, so the outcome is the same as without numpy. Fields whose columns do not know their JSON form go value
by value, each different one once.
"""

from __future__ import annotations

from importlib.util import find_spec
from itertools import product
from typing import TYPE_CHECKING, Any, Protocol

from yohaku.codec import MISSING, Refused
from yohaku.codec.tables import Table
from yohaku.errors import DataError, EncodeError, Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yohaku.codec import FieldType
    from yohaku.codec.batch import Batch
    from yohaku.codec.columns import Array, Numbers
    from yohaku.codec.columns import Column as Values
    from yohaku.schema.columns import Column, Steps
    from yohaku.schema.record import Record


class Cells(Protocol):
    """What turns the cells of one column of a table into an array, and back."""

    def values(self, cells: list[str]) -> Array | None:
        """Give the values of cells; None when one of them needs a closer look."""
        ...

    def cells(self, values: Array) -> list[str]:
        """Give the cells of values."""
        ...


class Spoken:
    """Cells of a column that knows the JSON form of its values itself."""

    def __init__(self, column: Column, values: Values) -> None:
        self.column, self.column_values = column, values

    def values(self, cells: list[str]) -> Array | None:
        """Take cells that are neither empty nor written as JSON, where they may be."""
        if self.column.optional and any(not cell or cell.startswith('"') for cell in cells):
            return None
        return self.column_values.values(cells)

    def cells(self, values: Array) -> list[str]:
        """Give the texts; of an optional column some are written as JSON."""
        texts = self.column_values.texts(values)
        return list(map(self.column.cell_of, texts)) if self.column.optional and self.column.text else texts


class Each:
    """Cells of any other column: each different one is turned once, through its field type."""

    def __init__(self, column: Column, type_: FieldType[Any]) -> None:
        self.column, self.type = column, type_
        self.by_cell, self.by_value = Table(self._of_cell), Table(self._to_cell)

    def _of_cell(self, cell: str) -> bytes:
        return self.type.write(self._value(cell))

    def _to_cell(self, raw: bytes) -> str:
        return self.column.cell_of(self.type.to_json(self.type.read(raw, 0, len(raw))[0]))

    def _value(self, cell: str) -> Any:
        json = self.column.json_of(cell)
        if json is MISSING:
            raise Refused(Fault("is not there, so the record's default stands for it"))
        return self.type.from_json(json)  # type: ignore[arg-type]  # what is not MISSING is JSON

    def values(self, cells: list[str]) -> Array | None:
        """Give encodings as void scalars."""
        import numpy as np

        return np.frombuffer(b"".join([self.by_cell[cell] for cell in cells]), f"V{self.type.minimum}")

    def cells(self, values: Array) -> list[str]:
        """Take encodings as void scalars."""
        return [self.by_value[raw] for raw in values.tolist()]


class EachNumber(Each):
    """The same for a column of numbers, which may share bytes with others."""

    def __init__(self, column: Column, type_: FieldType[Any], values: Numbers) -> None:
        super().__init__(column, type_)
        self.numbers = values

    def _of_cell(self, cell: str) -> int:  # type: ignore[override]  # the table is of numbers
        number: int = self.type.to_bits(self._value(cell))  # type: ignore[attr-defined]  # numbers are bit fields
        return number

    def _to_cell(self, number: int) -> str:  # type: ignore[override]  # the table is of numbers
        return self.column.cell_of(self.type.to_json(self.type.from_bits(number)))  # type: ignore[attr-defined]

    def values(self, cells: list[str]) -> Array | None:
        """Give the column's values."""
        import numpy as np

        return self.numbers.values_of(np.array([self.by_cell[cell] for cell in cells], np.uint64))[0]

    def cells(self, values: Array) -> list[str]:
        """Take the column's values."""
        return [self.by_value[number] for number in self.numbers.numbers_of(values)[0].tolist()]


class Bulk:
    """The rows of a table of one record class, many at a time.

    Args:
        batch: the columns of the record class, made with ``column_for``.
        header: the columns of the table.

    Raises:
        SchemaError: the table has other columns than one for each field of the record.
    """

    def __init__(self, batch: Batch, header: Sequence[Column]) -> None:
        self.batch = batch
        shapes = {name: tuple(count for _, count, _ in part.lists) for part in batch.parts for name in part.names}
        self.indices = {name: list(product(*map(range, shape))) for name, shape in shapes.items()}
        self.shapes = shapes
        self.places = [_place(column.steps) for column in header]
        if sorted(self.places) != sorted((name, index) for name, held in self.indices.items() for index in held):
            raise SchemaError("the table has other columns than one for each field")
        self.turners = [self._turner(column, name) for column, (name, _) in zip(header, self.places, strict=True)]

    def _turner(self, column: Column, name: str) -> Cells:
        from yohaku.codec.columns import Numbers

        type_, values = self.batch.types[name], self.batch.columns[name]
        if values.speaks and _own_json(type_):
            return Spoken(column, values)
        return EachNumber(column, type_, values) if isinstance(values, Numbers) else Each(column, type_)

    def encode(self, rows: Sequence[Sequence[str]]) -> bytes | None:
        """Give the encodings of rows, one after the other; None when one of them needs a closer look."""
        held: dict[tuple[str, tuple[int, ...]], Array] = {}
        try:
            for place, turner, cells in zip(self.places, self.turners, zip(*rows, strict=True), strict=True):
                made = turner.values(list(cells))
                if made is None:
                    return None
                held[place] = made
            return self.batch.encode({name: self._joined(name, held) for name in self.shapes})
        except (DataError, EncodeError, Refused, UnicodeError):
            return None

    def _joined(self, name: str, held: dict[tuple[str, tuple[int, ...]], Array]) -> Array:
        import numpy as np

        arrays = [held[name, index] for index in self.indices[name]]
        return np.stack(arrays, 1).reshape(-1, *self.shapes[name]) if self.shapes[name] else arrays[0]

    def decode(self, data: bytes) -> list[tuple[str, ...]] | None:
        """Give the rows of encodings, one after the other; None when one of them needs a closer look."""
        import numpy as np

        found, wrong = self.batch.read(np.frombuffer(data, np.uint8).reshape(-1, self.batch.size))
        if wrong.any():
            return None
        places = zip(self.places, self.turners, strict=True)
        try:
            columns = [turner.cells(found[name][(slice(None), *index)]) for (name, index), turner in places]
        except (DataError, Refused, UnicodeError):
            return None
        return list(zip(*columns, strict=True))


def bulk_for(record: type[Record], header: Sequence[Column]) -> Bulk | None:
    """Give the fast way for a table of records; None without numpy, or when record or header allow none."""
    if find_spec("numpy") is None:
        return None
    from yohaku.codec.batch import Batch

    try:
        return Bulk(Batch(record.__field_type__, column_for), header)
    except SchemaError:
        return None


def column_for(type_: FieldType[Any]) -> Values:
    """Give the column of a field type that is to be made of cells: its bytes, where it does not know their form."""
    from yohaku.codec.batch import column_of
    from yohaku.codec.columns import Blobs, Listed, Numbers

    column = column_of(type_)
    return column if isinstance(column, Listed | Numbers) or (column.speaks and _own_json(type_)) else Blobs()


def _own_json(type_: FieldType[Any]) -> bool:
    """Tell whether no class below the one that declares the column changes the JSON form of the values."""
    for kind in type(type_).__mro__:
        if "column" in kind.__dict__:
            return True
        if not kind.__dict__.keys().isdisjoint({"to_json", "from_json"}):
            return False
    return False


def _place(steps: Steps) -> tuple[str, tuple[int, ...]]:
    """Give the name that the record's columns have for the end of steps, and the indices on the way."""
    name = ".".join(step for step in steps if isinstance(step, str))
    return name, tuple(step for step in steps if isinstance(step, int))
