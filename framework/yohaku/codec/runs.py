"""Fixed runs: neighbouring parts of known size that one struct.Struct unpacks or packs in one call.

Parts are bytes, or unsigned integers of any number of bits. Integers are grouped into machine words so that the fewest
calls and shifts are left; widths that no word has are read wide and shifted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from struct import Struct

CODES = {1: "B", 2: "H", 3: "HB", 4: "I", 5: "IB", 6: "IH", 7: "IHB", 8: "Q"}
"""Struct codes that together read so many bytes, most significant first."""
SIZES = {"B": 1, "H": 2, "I": 4, "Q": 8}
_CODE, _SHIFT, _WIDE = 2, 3, 14
"""Costs, in units of about 10 ns: a struct code, a shift with its mask, a conversion of a long byte string."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a run.

    Attributes:
        text: the local name that a reading run binds; the expression that a writing run packs.
        bits: width of an unsigned integer; 0 for bytes.
        size: number of bytes; 0 for an integer.
        fits: whether a written integer is known to lie within its width.
        blank: whether the bytes are zero and so need no argument.
    """

    text: str
    bits: int = 0
    size: int = 0
    fits: bool = False
    blank: bool = False


@cache
def struct_of(layout: str) -> Struct:
    """Give the compiled struct of a layout; one for all codecs that share it."""
    return Struct(f">{layout}")


def groups(parts: list[Part]) -> list[list[Part]]:
    """Group a run: each part of bytes alone, integers into the words that cost the least."""
    made: list[list[Part]] = []
    numbers: list[Part] = []
    for part in parts:
        if part.bits:
            numbers.append(part)
            continue
        made += words(numbers)
        made.append([part])
        numbers = []
    return made + words(numbers)


def words(numbers: list[Part]) -> list[list[Part]]:
    """Partition integers, which fill whole bytes together, into words at the least cost."""
    best: list[tuple[int, int]] = [(0, 0)]
    for stop in range(1, len(numbers) + 1):
        choices: list[tuple[int, int]] = []
        bits = 0
        for start in reversed(range(stop)):
            bits += numbers[start].bits
            if bits > 64 and choices:
                break
            if bits % 8 == 0:
                choices.append((best[start][0] + _cost(bits // 8, stop - start), start))
        best.append(min(choices, default=(0, 0)))
    return _cut(numbers, best)


def _cut(numbers: list[Part], best: list[tuple[int, int]]) -> list[list[Part]]:
    made: list[list[Part]] = []
    stop = len(numbers)
    while stop:
        start = best[stop][1]
        made.append(numbers[start:stop])
        stop = start
    return made[::-1]


def _cost(size: int, fields: int) -> int:
    codes = CODES.get(size)
    if codes is None:
        return _WIDE + (fields * _SHIFT * 2 if fields > 1 else 0)
    shifts = 0 if fields == 1 else fields
    return len(codes) * _CODE + (len(codes) - 1 + shifts) * (_SHIFT if size <= 4 else _SHIFT + 2)


def size_of(parts: list[Part]) -> int:
    """Give the bytes of a run."""
    return sum(part.size for part in parts) + sum(part.bits for part in parts) // 8
