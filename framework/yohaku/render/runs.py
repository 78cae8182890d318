"""What every picture of a file shows: its runs of bits, each with a key letter, a colour number and a caption."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema.layout import FileLayout, Segment
    from yohaku.schema.places import Place

LETTERS = ascii_uppercase + ascii_lowercase


@dataclass(frozen=True, slots=True)
class Run:
    """Bits or bytes that a picture shows as one.

    Attributes:
        start: first unit (bit or byte).
        stop: the unit behind the last one.
        keys: the keys of the fields in it, more than one where fields share bytes; empty where no field is.
        caption: what stands in the cell besides the key.
        kind: ``field``, ``reserved``, ``frame``, ``free``, or ``shared`` for bytes that several fields share.
        colour: running number of the field, for picking a colour.
    """

    start: int
    stop: int
    keys: tuple[str, ...]
    caption: str
    kind: str
    colour: int

    @property
    def key(self) -> str:
        """All keys in one word."""
        return "".join(self.keys)


def key(number: int) -> str:
    """Give the key of field ``number``: A to Z, a to z, then AA and so on, as spreadsheets count columns."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, len(LETTERS))
        letters = LETTERS[rest] + letters
    return letters


def keyed(file: FileLayout) -> tuple[tuple[str, Place], ...]:
    """Give each field of a file with its key, in the order of the bytes."""
    return tuple((key(number), place) for number, place in enumerate(file.fields))


def bit_runs(file: FileLayout) -> tuple[Run, ...]:
    """Give the runs of a record in bits; empty when its fields have no fixed places."""
    return tuple(_bit_runs(file))


def _bit_runs(file: FileLayout) -> Iterator[Run]:
    number = 0
    for segment in file.segments:
        field = segment.kind in {"field", "reserved"}
        yield Run(segment.start, segment.stop, (key(number),) if field else (), _caption(segment), segment.kind, number)
        number += field


def _caption(segment: Segment) -> str:
    if segment.place is None:
        return "空き free"
    if segment.kind == "frame":
        return segment.place.frame
    return segment.place.label or segment.place.english


def byte_runs(file: FileLayout) -> tuple[Run, ...]:
    """Give the runs of a record in bytes; neighbours that share bytes become one run."""
    return tuple(_merged(group) for group in _groups(bit_runs(file)))


def shared_runs(file: FileLayout) -> tuple[tuple[int, int, tuple[Run, ...]], ...]:
    """Give first byte, byte behind the last and the bit runs of each group of fields that share bytes."""
    groups = (group for group in _groups(bit_runs(file)) if len(group) > 1)
    return tuple((group[0].start // 8, group[-1].stop // 8, tuple(group)) for group in groups)


def _groups(runs: tuple[Run, ...]) -> list[list[Run]]:
    """Put runs together up to the next one that starts on a byte."""
    starts = 0
    numbered: list[tuple[int, Run]] = []
    for run in runs:
        starts += run.start % 8 == 0
        numbered.append((starts, run))
    return [[run for _, run in group] for _, group in groupby(numbered, key=lambda pair: pair[0])]


def _merged(group: list[Run]) -> Run:
    first, last = group[0], group[-1]
    if len(group) == 1:
        return Run(first.start // 8, first.stop // 8, first.keys, first.caption, first.kind, first.colour)
    keys = tuple(name for run in group for name in run.keys)
    return Run(first.start // 8, last.stop // 8, keys, "", "shared", first.colour)
