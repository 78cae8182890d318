"""What columns do with numpy's arrays: ranges, numbers and strings in the bytes of many records at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from yohaku.codec.fieldtype import Refused
from yohaku.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 4096
"""Rows that are looked at together where memory made for all of them would cost more than the looking."""
Array = Any
"""A numpy array; numpy's own types say too little about shapes to be worth their noise here."""


def within(values: Array, least: int, most: int) -> Array | None:
    """Tell which integers lie within limits; None when all do."""
    if not values.size or (least <= int(values.min()) and int(values.max()) <= most):
        return None
    right: Array = (values >= least) & (values <= most)
    return right


def both(one: Array | None, other: Array | None) -> Array | None:
    """Tell where two checks are right; None when both are everywhere."""
    if one is None or other is None:
        return other if one is None else one
    return one & other


def integers(values: Array) -> Array:
    """Give an array of integers.

    Raises:
        Refused: the values are no integers.
    """
    whole = np.asarray(values)
    if whole.dtype.kind not in "ui":
        raise Refused(Fault(f"is an array of {whole.dtype}, must be one of integers"))
    return whole


def mask(bits: int) -> Array:
    """Give a number of so many ones."""
    return np.uint64((1 << bits) - 1)


def numbers_in(raw: Array) -> Array:
    """Read big-endian unsigned integers of 1 to 8 bytes out of the last dimension."""
    size = raw.shape[-1]
    if size in {1, 2, 4, 8}:
        return np.ascontiguousarray(raw.view(f">u{size}")[..., 0].astype(f"u{size}", copy=False))
    numbers = raw[..., 0].astype(np.uint32 if size < 4 else np.uint64)
    for index in range(1, size):
        numbers <<= 8
        numbers |= raw[..., index]
    return numbers


def put_numbers(numbers: Array, raw: Array) -> None:
    """Write unsigned integers big-endian into the last dimension."""
    size = raw.shape[-1]
    if size in {1, 2, 4, 8}:
        raw.view(f">u{size}")[..., 0] = numbers
        return
    for index in range(size):
        raw[..., index] = numbers >> 8 * (size - 1 - index) & 0xFF


def put_rows(solid: Array, raw: Array) -> None:
    """Copy rows without gaps between them into the last dimension."""
    kind = f"V{raw.shape[-1]}"
    raw.view(kind)[...] = solid.view(kind)


def strings(raw: Array) -> Array:
    """Give rows of bytes as numpy's strings, which end before the filling NULs."""
    solid = np.ascontiguousarray(raw)
    return solid.view(f"S{raw.shape[-1]}")[..., 0]


def encoded(values: Array) -> Array:
    """Give strings as bytes, those of str in ASCII.

    Raises:
        Refused: the values are no strings.
        UnicodeEncodeError: a str has more than ASCII.
    """
    held = np.asarray(values)
    if held.dtype.kind in "UO":
        held = np.strings.encode(held.astype(np.str_), "ascii")
    if held.dtype.kind != "S":
        raise Refused(Fault(f"is an array of {held.dtype}, must be one of text or bytes"))
    return held


def fitted(values: Array, size: int) -> Array:
    """Give strings of bytes as rows of ``size`` bytes, filled up with NULs, without gaps between the rows.

    Raises:
        Refused: a string is too long.
    """
    longest = values.dtype.itemsize
    if longest > size:
        longest = int(np.strings.str_len(values).max(initial=0))
    if longest > size:
        raise Refused(Fault(f"has a value of {longest} bytes, most is {size}"))
    solid = np.ascontiguousarray(values.astype(f"S{size}", copy=False))
    return solid.view(np.uint8).reshape(*values.shape, size)


def filled(solid: Array) -> Array | None:
    """Tell byte by byte, of rows without gaps between them, where nothing stands behind a NUL; None when all is so."""
    size = solid.shape[-1]
    if not any(_empty_before(piece.reshape(-1), size).any() for piece in pieces(solid.reshape(-1, size))):
        return None
    right = np.ones(solid.size, np.bool_)
    np.logical_not(_empty_before(solid.reshape(-1), size), out=right[:-1])
    return right.reshape(solid.shape)


def _empty_before(flat: Array, size: int) -> Array:
    """Tell of each byte but the last whether it is NUL and the next one, of the same row, is not."""
    empty = flat == 0
    wrong: Array = empty[:-1] > empty[1:]
    wrong[size - 1 :: size] = False
    return wrong


def pieces(rows: Array) -> Iterator[Array]:
    """Cut an array into some rows at a time: what is made of few of them stays in the processor's cache."""
    return (rows[start : start + PIECE] for start in range(0, len(rows), PIECE))
