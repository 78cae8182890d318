"""A column: how the bytes of one field become an array of values, for all records at once, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from yohaku.codec.fieldtype import Refused

if TYPE_CHECKING:
    from yohaku.codec.columns.arrays import Array
    from yohaku.codec.fieldtype import FieldType


class Column:
    """How the bytes of one field become values, for all records at once.

    Arrays of bytes have the bytes of a field in their last dimension. Checks are boolean arrays, with or without it:
    True where the value is right; None where nothing is wrong.

    Attributes:
        speaks: whether the column itself knows the JSON forms of its values, each of which is one text.
    """

    speaks = False

    def read(self, raw: Array) -> tuple[Array, Array | None]:
        """Give the values of an array of bytes, and where they are right."""
        raise NotImplementedError

    def write(self, values: Array, raw: Array) -> Array | None:
        """Fill an array of bytes with the encodings of values; give where they are right."""
        raise NotImplementedError

    def texts(self, values: Array) -> list[str]:
        """Give the JSON forms of an array of one dimension, numbers and truth values as JSON writes them.

        Raises:
            Refused: some bytes are no text of the field.
            UnicodeDecodeError: some bytes are no text of the field's encoding.
        """
        raise NotImplementedError

    def values(self, texts: list[str]) -> Array | None:
        """Give the values of JSON forms; None when one of them is not exactly as ``texts`` gives it."""
        raise NotImplementedError


class Listed(Column):
    """A list of fixed length: a dimension of its own around the columns of its items.

    Args:
        item: the type of the items.
        count: how many there are.
    """

    def __init__(self, item: FieldType[Any], count: int) -> None:
        self.item, self.count = item, count


class Blobs(Column):
    """Bytes as they are."""

    def read(self, raw: Array) -> tuple[Array, Array | None]:
        """Give them as void scalars, which keep trailing zeros."""
        solid = np.ascontiguousarray(raw)
        return solid.view(f"V{raw.shape[-1]}")[..., 0], None

    def write(self, values: Array, raw: Array) -> Array | None:
        """Take void scalars of the very size."""
        blobs = np.asarray(values)
        if blobs.dtype != np.dtype(f"V{raw.shape[-1]}"):
            return np.False_
        raw[...] = np.ascontiguousarray(blobs).view(np.uint8).reshape(raw.shape)
        return None


class Objects(Column):
    """Values of any other type, made one by one; the array holds Python objects."""

    def __init__(self, type_: FieldType[Any]) -> None:
        self.type = type_

    def read(self, raw: Array) -> tuple[Array, Array | None]:
        """Read each value."""
        rows = raw.reshape(-1, raw.shape[-1])
        values, right = np.empty(len(rows), object), np.ones(len(rows), np.bool_)
        for index, row in enumerate(rows):
            try:
                values[index] = self.type.read(row.tobytes(), 0, len(row))[0]
            except Refused:
                right[index] = False
        return values.reshape(raw.shape[:-1]), right.reshape(raw.shape[:-1])

    def write(self, values: Array, raw: Array) -> Array | None:
        """Write each value."""
        held = np.asarray(values, object)
        right = np.ones(held.shape, np.bool_)
        for index in np.ndindex(held.shape):
            try:
                raw[index] = np.frombuffer(self.type.write(held[index]), np.uint8)
            except Refused:
                right[index] = False
        return right
