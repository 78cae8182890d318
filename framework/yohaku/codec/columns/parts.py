"""Parts of a record in columns: which bytes of every record they take, and the columns that these hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from yohaku.codec.columns.arrays import both, mask, numbers_in, put_numbers
from yohaku.codec.fieldtype import Refused
from yohaku.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TypeAlias

    from yohaku.codec.columns.arrays import Array
    from yohaku.codec.columns.base import Column
    from yohaku.codec.columns.numbers import Numbers

    Lists: TypeAlias = tuple[tuple[int, int, int], ...]


class Part:
    """Some bytes of every record, and the columns that they hold.

    Attributes:
        names: the columns.
        lists: for each list around the part, its offset in what holds it, its length and the bytes of an item.
        width: the bytes of the part.
    """

    def __init__(self, names: list[str], offset: int, lists: Lists, width: int) -> None:
        self.names, self.offset, self.lists, self.width = names, offset, lists, width

    def of(self, raw: Array) -> Array:
        """Give the bytes of the part in every record, in the last dimension, behind one dimension for each list."""
        for offset, count, size in self.lists:
            raw = raw[..., offset : offset + count * size]
            raw = raw.reshape(*raw.shape[:-1], count, size)
        return raw[..., self.offset : self.offset + self.width]

    def read(self, raw: Array, found: dict[str, Array]) -> Array | None:
        """Put the columns into ``found``; tell where the bytes are right."""
        raise NotImplementedError

    def write(self, columns: Mapping[str, Array], raw: Array) -> list[Fault]:
        """Fill the bytes, which are zero; give what is wrong."""
        raise NotImplementedError


class FieldPart(Part):
    """One field in whole bytes."""

    def __init__(self, name: str, column: Column, offset: int, lists: Lists, width: int) -> None:
        super().__init__([name], offset, lists, width)
        self.column = column

    def read(self, raw: Array, found: dict[str, Array]) -> Array | None:
        """Read the column."""
        found[self.names[0]], right = self.column.read(raw)
        return right

    def write(self, columns: Mapping[str, Array], raw: Array) -> list[Fault]:
        """Write the column."""
        (name,) = self.names
        return _written(name, columns[name], raw.shape[:-1], lambda values: self.column.write(values, raw))


class ConstantPart(Part):
    """Bytes that are the same in every record."""

    def __init__(self, content: bytes, offset: int, lists: Lists) -> None:
        super().__init__([], offset, lists, len(content))
        self.content = np.frombuffer(content, np.uint8)

    def read(self, raw: Array, found: dict[str, Array]) -> Array | None:  # noqa: ARG002 - there is no column
        """Compare."""
        right: Array = raw == self.content
        return right

    def write(self, columns: Mapping[str, Array], raw: Array) -> list[Fault]:  # noqa: ARG002 - there is no column
        """Copy what is not zero."""
        if self.content.any():
            raw[...] = self.content
        return []


class BitsPart(Part):
    """Fields that share bytes, first in the most significant bits; a name is empty for reserved bits."""

    def __init__(self, fields: list[tuple[str, Numbers]], offset: int, lists: Lists, width: int) -> None:
        super().__init__([name for name, _ in fields if name], offset, lists, width)
        self.fields = fields

    def _shifts(self) -> Iterator[tuple[str, Numbers, int]]:
        shift = 8 * self.width
        for name, column in self.fields:
            shift -= column.bits
            yield name, column, shift

    def read(self, raw: Array, found: dict[str, Array]) -> Array | None:
        """Read the bytes as one number and take it apart."""
        word = numbers_in(raw)
        right: Array | None = None
        for name, column, shift in self._shifts():
            values, fine = column.values_of(word >> word.dtype.type(shift) & word.dtype.type(mask(column.bits)))
            if name:
                found[name] = values
            right = both(right, fine)
        return right

    def write(self, columns: Mapping[str, Array], raw: Array) -> list[Fault]:
        """Put the numbers side by side."""
        kind = np.uint32 if self.width <= 4 else np.uint64
        word = np.zeros(raw.shape[:-1], kind)
        faults: list[Fault] = []
        for name, column, shift in self._shifts():
            if not name:
                continue

            def place(values: Array, column: Numbers = column, shift: int = shift) -> Array | None:
                nonlocal word
                numbers, right = column.numbers_of(values)
                word |= numbers.astype(kind) << kind(shift)
                return right

            faults += _written(name, columns[name], raw.shape[:-1], place)
        put_numbers(word, raw)
        return faults


def _written(name: str, values: Array, shape: tuple[int, ...], write: Any) -> list[Fault]:
    """Write a column; give one fault for what is wrong with it, naming the first row."""
    held = np.asarray(values)
    if held.shape != shape:
        return [Fault(f"has the shape {held.shape}, must have {shape}", (name,))]
    try:
        right = write(held)
    except (Refused, UnicodeEncodeError, ValueError, TypeError) as error:
        text = error.faults[0].message if isinstance(error, Refused) else f"cannot be written: {error}"
        return [Fault(text, (name,))]
    if right is None or np.all(right):
        return []
    every = right if np.ndim(right) <= len(shape) else right.all(-1)
    wrong = np.argwhere(~np.broadcast_to(every, shape))
    first, count = tuple(wrong[0].tolist()), len(wrong)
    shown = "a value that does not fit" if count == 1 else f"{count} values that do not fit, the first"
    return [Fault(f"has {shown}: {held[first]!r}", (*first, name))]
