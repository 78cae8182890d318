"""Whole files of one kind of record as columns: the walk over a record's field types, and faults row by row."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from yohaku.codec.columns import (
    Array,
    BitsPart,
    Column,
    ConstantPart,
    FieldPart,
    Listed,
    Meanings,
    Numbers,
    Objects,
    Padded,
    Part,
)
from yohaku.codec.fieldtype import BitField, FieldType, Hidden, Refused
from yohaku.codec.interpreter import Interpreter
from yohaku.codec.parts import emitter
from yohaku.codec.runs import Part as Word
from yohaku.codec.runs import words
from yohaku.codec.sequence import Sequence
from yohaku.codec.steps import Bits
from yohaku.errors import DecodeError, EncodeError, Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yohaku.codec.columns.parts import Lists

LISTED = 100
"""Rows whose faults are listed; a file in the wrong format is wrong in every row."""


class Columns(Mapping[str, Array]):
    """The fields of a file of records, one array each, by name."""

    def __init__(self, batch: Batch, arrays: dict[str, Array]) -> None:
        self.batch, self.arrays = batch, arrays

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)

    def text(self, name: str) -> Array:
        """Decode a column of text into an array of str.

        Raises:
            DecodeError: some of it is no text of the field's encoding.
        """
        column = self.batch.columns[name]
        if not isinstance(column, Padded):
            return np.strings.decode(self.arrays[name], "ascii").astype(object)
        try:
            return column.text(self.arrays[name])
        except Refused as refused:
            faults = [fault.under(name) for fault in refused.faults]
            raise DecodeError(f"cannot decode {self.batch.type.type_name} columns", faults) from None

    def encode(self) -> bytes:
        """Encode the file."""
        return self.batch.encode(self.arrays)

    def to_arrow(self) -> Any:
        """Give a pyarrow.Table, which pyarrow writes as Parquet: texts decoded, lists as lists of fixed size."""
        pa = import_module("pyarrow")

        return pa.table({name: _arrow(pa, self, name) for name in self.arrays})


def _arrow(pa: Any, columns: Columns, name: str) -> Any:
    array = columns.arrays[name]
    if array.dtype.kind == "S":
        array = columns.text(name)
    if array.dtype.kind == "V":
        array = np.array([bytes(item) for item in array.ravel()], object).reshape(array.shape)
    flat = pa.array(array.ravel())
    for count in array.shape[:0:-1]:
        flat = pa.FixedSizeListArray.from_arrays(flat, count)
    return flat


class Batch:
    """The columns of a record class, for decoding and encoding files of its records.

    Args:
        type_: the record's field type.
        column_for: gives the column of a field type; by default its own, or one of Python objects.

    Attributes:
        types: the field type of each column by its name.
        columns: what reads and writes each column, by its name.

    Raises:
        SchemaError: records differ in size, or have parts that derive from others.
    """

    def __init__(self, type_: FieldType[Any], column_for: Callable[[FieldType[Any]], Column] | None = None) -> None:
        self.type = type_
        self.size = type_.size or 0
        if not isinstance(type_, Sequence) or not self.size:
            raise SchemaError(f"{type_.type_name}: columns need a record whose fields always take the same bytes")
        walk = _Walk(column_for or column_of)
        self.parts = list(walk.parts(type_, "", 0, ()))
        self.types, self.columns = walk.types, walk.columns

    def decode(self, data: bytes) -> Columns:
        """Decode a file of records into one array for each field.

        Raises:
            DecodeError: with the faults of the first rows that have any, each path led by the row.
        """
        rows, left = divmod(len(data), self.size)
        if left:
            message = f"is {len(data)} bytes, no multiple of {self.size}"
            raise DecodeError(f"cannot decode {self.type.type_name} columns", [Fault(message)])
        raw = np.frombuffer(data, np.uint8).reshape(rows, self.size)
        found, wrong = self.read(raw)
        if wrong.any():
            raise DecodeError(f"cannot decode {self.type.type_name} columns", self._faults_in(data, wrong))
        return Columns(self, found)

    def read(self, raw: Array) -> tuple[dict[str, Array], Array]:
        """Read records, one a row of bytes, into one array for each field; tell also which rows are wrong."""
        found: dict[str, Array] = {}
        wrong = np.zeros(len(raw), np.bool_)
        for part in self.parts:
            _mark(wrong, part.read(part.of(raw), found))
        return found, wrong

    def _faults_in(self, data: bytes, wrong: Array) -> Iterator[Fault]:
        interpreter = Interpreter(self.type)
        for row in np.flatnonzero(wrong)[:LISTED].tolist():
            start = row * self.size
            try:
                interpreter.decode(data[start : start + self.size])
            except DecodeError as error:
                yield from (fault.under(row, start) for fault in error.faults)

    def encode(self, columns: Mapping[str, Array]) -> bytes:
        """Encode arrays, one for each field and all of the same length, into a file of records.

        Raises:
            EncodeError: a column is missing, has another shape or kind, or has a value that does not fit.
        """
        faults = [Fault("is no field", (name,)) for name in columns if name not in self.names]
        faults += [Fault("is missing", (name,)) for name in self.names if name not in columns]
        lengths = {len(column) for column in columns.values()}
        if len(lengths) > 1:
            faults.append(Fault(f"has columns of {', '.join(map(str, sorted(lengths)))} rows"))
        if faults:
            raise EncodeError(f"cannot encode {self.type.type_name} columns", faults)
        file = BytesIO(bytes(self.size * (lengths.pop() if lengths else 0)))
        raw = np.frombuffer(file.getbuffer(), np.uint8).reshape(-1, self.size)
        for part in self.parts:
            faults += part.write(columns, part.of(raw))
        if faults:
            raise EncodeError(f"cannot encode {self.type.type_name} columns", faults)
        return file.getvalue()

    @property
    def names(self) -> list[str]:
        """The names of the columns, in the order of the record."""
        return [name for part in self.parts for name in part.names]


@lru_cache(maxsize=64)
def batch_of(type_: FieldType[Any]) -> Batch:
    """Give the columns of a record's field type; made once.

    Raises:
        SchemaError: the record has none.
    """
    return Batch(type_)


def _mark(wrong: Array, right: Array | None) -> None:
    if right is not None and not right.all():
        wrong |= ~right.reshape(len(wrong), -1).all(-1)


class _Walk:
    """The walk over a record's field types that finds its parts, and by its name each column and its field type."""

    def __init__(self, column_for: Callable[[FieldType[Any]], Column]) -> None:
        self.column_for = column_for
        self.columns: dict[str, Column] = {}
        self.types: dict[str, FieldType[Any]] = {}

    def parts(self, type_: Sequence[Any], path: str, offset: int, lists: Lists) -> Iterator[Part]:
        """Yield the parts of a record that stands at an offset inside lists."""
        if type_.linked:
            raise SchemaError(f"{type_.type_name}: columns know no fields that derive from others")
        for names in self._grouped(type_):
            held = [(_join(path, name), type_.types[name]) for name in names]
            bits = [(place, part) for place, part in held if isinstance(part, BitField)]
            size = sum(part.bits for _, part in bits) // 8 if len(held) > 1 else held[0][1].size or 0
            if len(held) > 1:
                yield BitsPart([self._number(part, place) for place, part in bits], offset, lists, size)
            else:
                yield from self._whole(held[0][1], held[0][0], offset, lists)
            offset += size

    def _grouped(self, type_: Sequence[Any]) -> Iterator[list[str]]:
        """Yield the fields alone, or together where they share bytes or are best read as one word."""
        run: list[Word] = []
        for step in type_.steps:
            shared = isinstance(step, Bits)
            if shared and (step.size or 0) > 8:
                raise SchemaError(
                    f"{type_.type_name}: columns read at most 64 bits that share bytes, not {', '.join(step.names)}"
                )
            for name in step.names:
                part = type_.types[name]
                if isinstance(part, BitField) and (shared or isinstance(self.column_for(part), Numbers)):
                    run.append(Word(name, bits=part.bits))
                    continue
                yield from ([word.text for word in group] for group in words(run))
                run = []
                yield [name]
        yield from ([word.text for word in group] for group in words(run))

    def _number(self, type_: BitField[Any], path: str) -> tuple[str, Numbers]:
        column = self.column_for(type_)
        if not isinstance(column, Numbers):
            column = Meanings(type_)
        if type_.hidden:
            return "", column
        self.types[path], self.columns[path] = type_, column
        return path, column

    def _whole(self, type_: FieldType[Any], path: str, offset: int, lists: Lists) -> Iterator[Part]:
        size = type_.size or 0
        if isinstance(type_, Sequence):
            yield from self.parts(type_, path, offset, lists)
        elif isinstance(type_, Hidden):
            yield ConstantPart(type_.content, offset, lists)
        elif isinstance(type_, BitField) and type_.hidden:
            yield BitsPart([self._number(type_, path)], offset, lists, size)
        else:
            column = self.column_for(type_)
            if isinstance(column, Listed):
                within = (*lists, (offset, column.count, column.item.size or 0))
                yield from self._whole(column.item, path, 0, within)
            else:
                self.types[path], self.columns[path] = type_, column
                yield FieldPart(path, column, offset, lists, size)


def column_of(type_: FieldType[Any]) -> Column:
    """Give the column of a field type: its own, or one of Python objects."""
    emit = emitter(type_, "column")
    made: Column | None = emit() if emit else None
    return Objects(type_) if made is None else made


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
