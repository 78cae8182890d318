"""Runs broken into rows of equal width, as every byte map draws them; long stretches of one run are left out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yohaku.render.runs import Run

REPEATED = 3
"""Rows that one run fills alone are left out between the first and the last beyond this number."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of a run that lies in one row.

    Attributes:
        run: the run.
        first: first column.
        stop: the column behind the last one.
        captioned: whether the run's caption goes here, where it has most room.
    """

    run: Run
    first: int
    stop: int
    captioned: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a byte map.

    Attributes:
        start: first unit.
        pieces: what lies in it, from the left.
        skipped: units that this row stands for instead of showing them; 0 for a real row.
    """

    start: int
    pieces: tuple[Piece, ...]
    skipped: int = 0


def rows(runs: Sequence[Run], width: int) -> tuple[Row, ...]:
    """Break runs, which follow each other from unit 0, into rows of ``width`` units."""
    whole = [Row(start, tuple(_pieces(runs, start, width))) for start in range(0, runs[-1].stop, width)]
    return tuple(_shortened(whole, width))


def _pieces(runs: Sequence[Run], start: int, width: int) -> Iterator[Piece]:
    for run in runs:
        first, stop = max(run.start, start), min(run.stop, start + width)
        if first < stop:
            yield Piece(run, first - start, stop - start, _roomiest(run, width) == start)


def _roomiest(run: Run, width: int) -> int:
    """Give the start of the first row that holds as many units of a run as any."""
    starts = range(run.start // width * width, run.stop, width)
    return max(starts, key=lambda start: (min(run.stop, start + width) - max(run.start, start), -start))


def _shortened(whole: Sequence[Row], width: int) -> Iterator[Row]:
    """Put one row in the place of many that the same run fills."""
    for alone, group in groupby(whole, key=lambda row: _filling(row, width)):
        alike = list(group)
        if alone is None or len(alike) <= REPEATED:
            yield from alike
            continue
        yield alike[0]
        left_out = alike[1:-1]
        yield Row(left_out[0].start, left_out[0].pieces, len(left_out) * width)
        yield alike[-1]


def _filling(row: Row, width: int) -> int | None:
    """Give the first unit of the run that fills a whole row, or None."""
    piece = row.pieces[0]
    return piece.run.start if piece.stop - piece.first == width else None
