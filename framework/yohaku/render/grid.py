"""A byte map in box-drawing characters: runs of cells in rows, borders only between different runs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from yohaku.render.columns import clip, columns, pad

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from yohaku.render.runs import Run

MARGIN = 7
"""Columns for the offset on the left, the space behind it included."""
_JOINTS = " ╵╷│╴┘┐┤╶└┌├─┴┬┼"
"""Junctions by the lines that meet: 1 above, 2 below, 4 left, 8 right."""
FILLS = {"field": " ", "shared": " ", "reserved": "░", "frame": "▒", "free": "·"}
_REPEATED = 3
"""Rows that one run fills alone are left out beyond this number."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Runs laid out in rows.

    Attributes:
        runs: what the cells hold, without a gap from unit 0.
        per_row: units in a row.
        cell: columns of a unit, its left border included.
        paint: gives text in the colour of a run.
        first: number of the first unit, for the ruler.
    """

    runs: Sequence[Run]
    per_row: int
    cell: int
    paint: Callable[[Run, str], str]
    ruler: Sequence[str]
    offsets: Callable[[int], str]

    @property
    def units(self) -> int:
        """Number of units."""
        return self.runs[-1].stop

    def lines(self) -> Iterator[str]:
        """Yield the ruler, then the rows and the borders between them."""
        count = min(self.per_row, self.units)
        yield (" " * MARGIN + "".join(f" {name:^{self.cell - 1}}" for name in self.ruler[:count])).rstrip()
        owners = [self._owners(row) for row in range(-(-self.units // self.per_row))]
        nobody: list[Run | None] = [None] * self.per_row
        captions = self._captions()
        above = nobody
        for alike, group in groupby(range(len(owners)), key=lambda row: self._filled(owners, row)):
            rows = list(group)
            shown = [rows[0], rows[-1]] if alike is not None and len(rows) > _REPEATED else rows
            for row in shown:
                skipped = row - shown[0] - 1 if len(shown) < len(rows) else 0
                if skipped > 0:
                    yield self._skipped(owners[row], skipped)
                else:
                    yield self._border(above, owners[row])
                yield self._row(row, owners[row], captions)
                above = owners[row]
        yield self._border(above, nobody)

    def _owners(self, row: int) -> list[Run | None]:
        start = row * self.per_row
        cells: list[Run | None] = [None] * self.per_row
        for run in self.runs:
            for unit in range(max(run.start, start), min(run.stop, start + self.per_row)):
                cells[unit - start] = run
        return cells

    @staticmethod
    def _filled(owners: list[list[Run | None]], row: int) -> int | None:
        """Give the first unit of the run that fills a row alone, or None."""
        first = owners[row][0]
        return first.start if first and all(owner is first for owner in owners[row]) else None

    def _captions(self) -> dict[int, int]:
        """Give for each run, by its first unit, the row where it has most room."""
        room: dict[int, tuple[int, int]] = {}
        for run in self.runs:
            for row in range(run.start // self.per_row, (run.stop - 1) // self.per_row + 1):
                start = row * self.per_row
                width = min(run.stop, start + self.per_row) - max(run.start, start)
                room[run.start] = max(room.get(run.start, (0, 0)), (width, -row))
        return {start: -row for start, (_, row) in room.items()}

    def _row(self, row: int, owners: list[Run | None], captions: dict[int, int]) -> str:
        line = f"{self.offsets(row * self.per_row):>{MARGIN - 2}}  "
        for run, group in groupby(owners):
            if run is None:
                break
            room = len(list(group)) * self.cell - 1
            caption = run.caption if captions[run.start] == row else ""
            line += "│" + self.paint(run, cell_text(run, caption, room))
        return line + "│"

    def _skipped(self, owners: list[Run | None], rows: int) -> str:
        run = owners[0]
        if run is None:
            return ""
        text = cell_text(run, f"… {rows * self.per_row} more", self.per_row * self.cell - 1)
        return f"{'⋮':>{MARGIN - 2}}  │{self.paint(run, text)}│"

    def _border(self, above: list[Run | None], below: list[Run | None]) -> str:
        line = " " * MARGIN
        for column in range(self.per_row + 1):
            line += self._joint(above, below, column)
            if column < self.per_row:
                upper, lower = above[column], below[column]
                line += self._edge(upper, lower, self.cell - 1)
        return line.rstrip()

    def _joint(self, above: list[Run | None], below: list[Run | None], column: int) -> str:
        upper_left, upper_right = _around(above, column)
        lower_left, lower_right = _around(below, column)
        lines = (
            (upper_left is not upper_right)
            | (lower_left is not lower_right) << 1
            | (upper_left is not lower_left) << 2
            | (upper_right is not lower_right) << 3
        )
        return _JOINTS[lines] if lines else self._edge(upper_left, lower_left, 1)

    def _edge(self, upper: Run | None, lower: Run | None, width: int) -> str:
        if upper is not lower:
            return "─" * width
        return " " * width if upper is None else self.paint(upper, FILLS[upper.kind] * width)


def _around(cells: list[Run | None], column: int) -> tuple[Run | None, Run | None]:
    left = cells[column - 1] if column else None
    return left, cells[column] if column < len(cells) else None


def cell_text(run: Run, caption: str, room: int) -> str:
    """Fit key and caption of a run into ``room`` columns, on its fill pattern."""
    fill = FILLS[run.kind]
    full = f" {run.key} {caption} " if run.key else f" {caption} "
    if columns(full) > room and run.key:
        cut = clip(f" {run.key} {caption}", room - 1)
        full = f"{cut} " if columns(cut) > columns(f" {run.key} …") else f" {run.key} "
    if columns(full) > room:
        full = clip(run.key or f" {caption}", room)
    return pad(full if full.strip() else "", room, fill)
