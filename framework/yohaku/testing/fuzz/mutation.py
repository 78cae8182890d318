"""Small changes of an input, for whatever it holds: bits, numbers, blocks, words of a dictionary, parts of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

MOST_BYTES = 4096
"""Bytes of the longest input that a mutation gives."""
EDGES = (0x00, 0x01, 0x0F, 0x10, 0x1F, 0x20, 0x7F, 0x80, 0x81, 0x82, 0xFE, 0xFF)
"""Bytes at which encodings change their mind."""


class Mutation(Protocol):
    """Makes a new input from one that was of interest."""

    def __call__(self, data: bytes, other: bytes, random: Random, words: Sequence[bytes], /) -> bytes:
        """Change ``data``; ``other`` is a second input to take parts from, ``words`` are known to mean something."""
        ...


def mutate_bytes(data: bytes, other: bytes, random: Random, words: Sequence[bytes]) -> bytes:
    """Make one to eight changes of bytes, few more often than many."""
    cells = bytearray(data)
    for _ in range(1 << random.choice((0, 0, 0, 1, 1, 2, 3))):
        random.choice(_CHANGES)(cells, other, random, words)
    return bytes(cells[:MOST_BYTES])


def _flip(cells: bytearray, _other: bytes, random: Random, _words: Sequence[bytes]) -> None:
    if cells:
        cells[random.randrange(len(cells))] ^= 1 << random.randrange(8)


def _set(cells: bytearray, _other: bytes, random: Random, _words: Sequence[bytes]) -> None:
    if cells:
        cells[random.randrange(len(cells))] = random.randrange(256)


def _edge(cells: bytearray, _other: bytes, random: Random, _words: Sequence[bytes]) -> None:
    if cells:
        cells[random.randrange(len(cells))] = random.choice(EDGES)


def _count(cells: bytearray, _other: bytes, random: Random, _words: Sequence[bytes]) -> None:
    """Add a little to a number of one, two or four bytes, in either order."""
    size = random.choice((1, 1, 2, 4))
    if len(cells) < size:
        return
    at = random.randrange(len(cells) - size + 1)
    order: Literal["big", "little"] = "big" if random.random() < 0.7 else "little"
    number = int.from_bytes(cells[at : at + size], order) + random.choice((-16, -3, -2, -1, 1, 2, 3, 16))
    cells[at : at + size] = (number % (1 << 8 * size)).to_bytes(size, order)


def _span(cells: bytearray, random: Random) -> tuple[int, int]:
    start = random.randrange(len(cells) + 1)
    return start, min(len(cells), start + 1 + int(random.expovariate(0.25)))


def _remove(cells: bytearray, _other: bytes, random: Random, _words: Sequence[bytes]) -> None:
    start, stop = _span(cells, random)
    del cells[start:stop]


def _insert(cells: bytearray, _other: bytes, random: Random, _words: Sequence[bytes]) -> None:
    at = random.randrange(len(cells) + 1)
    size = 1 + int(random.expovariate(0.25))
    cells[at:at] = bytes((random.choice(EDGES),)) * size if random.random() < 0.5 else random.randbytes(size)


def _repeat(cells: bytearray, _other: bytes, random: Random, _words: Sequence[bytes]) -> None:
    start, stop = _span(cells, random)
    at = random.randrange(len(cells) + 1)
    cells[at:at] = cells[start:stop]


def _move(cells: bytearray, _other: bytes, random: Random, _words: Sequence[bytes]) -> None:
    start, stop = _span(cells, random)
    block = cells[start:stop]
    at = random.randrange(len(cells) + 1)
    cells[at : at + len(block)] = block


def _cross(cells: bytearray, other: bytes, random: Random, _words: Sequence[bytes]) -> None:
    """Take the tail, or a block, of another input."""
    start = random.randrange(len(other) + 1)
    if random.random() < 0.5:
        del cells[min(start, len(cells)) :]
        cells += other[start:]
        return
    block = other[start : start + 1 + int(random.expovariate(0.1))]
    at = random.randrange(len(cells) + 1)
    cells[at : at + random.choice((0, len(block)))] = block


def _word(cells: bytearray, _other: bytes, random: Random, words: Sequence[bytes]) -> None:
    """Write or insert a word that the code compares with."""
    if not words:
        return
    word = random.choice(words)
    at = random.randrange(len(cells) + 1)
    cells[at : at + random.choice((0, len(word)))] = word


_CHANGES: tuple[Callable[[bytearray, bytes, Random, Sequence[bytes]], None], ...] = (
    _flip,
    _set,
    _edge,
    _count,
    _remove,
    _insert,
    _repeat,
    _move,
    _cross,
    _word,
)
