"""A byte map in box-drawing characters: rows of cells, borders only between different runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yohaku.render.columns import clip, columns, pad
from yohaku.render.rows import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from yohaku.render.rows import Row
    from yohaku.render.runs import Run

MARGIN = 7
"""Columns for the offset on the left, the space behind it included."""
_JOINTS = " ╵╷│╴┘┐┤╶└┌├─┴┬┼"
"""Junctions by the lines that meet: 1 above, 2 below, 4 left, 8 right."""
FILLS = {"field": " ", "shared": " ", "reserved": "░", "frame": "▒", "free": "·"}


@dataclass(frozen=True, slots=True)
class Grid:
    """How runs are set in a grid.

    Attributes:
        width: units in a row.
        cell: columns of a unit, its left border included.
        paint: gives text in the colour of a run.
        ruler: what stands above each unit of a row.
        offset: gives what stands left of the row that starts at a unit.
    """

    width: int
    cell: int
    paint: Callable[[Run, str], str]
    ruler: Sequence[str]
    offset: Callable[[int], str]

    def lines(self, runs: Sequence[Run]) -> Iterator[str]:
        """Yield the ruler, then the rows and the borders between them."""
        shown = self.ruler[: min(self.width, runs[-1].stop)]
        yield (" " * MARGIN + "".join(f" {name:^{self.cell - 1}}" for name in shown)).rstrip()
        nobody: list[Run | None] = [None] * self.width
        above, joined = nobody, False
        for row in rows(runs, self.width):
            owners = self._owners(row)
            if not (joined or row.skipped):
                yield self._border(above, owners)
            yield self._row(row)
            above, joined = owners, bool(row.skipped)
        yield self._border(above, nobody)

    def _owners(self, row: Row) -> list[Run | None]:
        owners = [piece.run for piece in row.pieces for _ in range(piece.first, piece.stop)]
        return [*owners, *[None] * (self.width - len(owners))]

    def _row(self, row: Row) -> str:
        offset = "⋮" if row.skipped else self.offset(row.start)
        cells = ""
        for piece in row.pieces:
            caption = f"… {row.skipped} more" if row.skipped else piece.run.caption if piece.captioned else ""
            room = (piece.stop - piece.first) * self.cell - 1
            cells += "│" + self.paint(piece.run, _cell(piece.run, caption, room))
        return f"{offset:>{MARGIN - 2}}  {cells}│"

    def _border(self, above: Sequence[Run | None], below: Sequence[Run | None]) -> str:
        line = " " * MARGIN
        for column in range(self.width + 1):
            line += self._joint(above, below, column)
            if column < self.width:
                line += self._edge(above[column], below[column], self.cell - 1)
        return line.rstrip()

    def _joint(self, above: Sequence[Run | None], below: Sequence[Run | None], column: int) -> str:
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


def _around(cells: Sequence[Run | None], column: int) -> tuple[Run | None, Run | None]:
    left = cells[column - 1] if column else None
    return left, cells[column] if column < len(cells) else None


def _cell(run: Run, caption: str, room: int) -> str:
    """Fit key and caption of a run into ``room`` columns, on its fill pattern."""
    text = f" {run.key} {caption} " if run.key else f" {caption} "
    if columns(text) > room and run.key:
        cut = clip(f" {run.key} {caption}", room - 1)
        text = f"{cut} " if columns(cut) > columns(f" {run.key} …") else f" {run.key} "
    if columns(text) > room:
        text = clip(run.key or f" {caption}", room)
    return pad(text if text.strip() else "", room, FILLS[run.kind])
