"""The byte map of one file as SVG: one outline for each run, over as many rows as it takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from yohaku.render.canvas import COLUMN, Canvas, attributes, number, text
from yohaku.render.columns import clip, columns
from yohaku.render.rows import rows
from yohaku.render.runs import byte_runs, keyed, shared_runs
from yohaku.render.style import colour, pattern
from yohaku.render.words import place_words, span_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from yohaku.render.rows import Piece
    from yohaku.render.runs import Run
    from yohaku.schema.layout import FileLayout

LEFT = 56
"""Pixels left of the map, where offsets stand."""
UNIT = 54
"""Pixels of a byte, or of a bit where fields share bytes."""
PER_ROW = 16
WIDTH = LEFT + UNIT * PER_ROW + 24
"""Pixels that a map takes, its margins included."""
HEIGHT, SKIPPED = 40, 26
"""Pixels of a row, and of one that stands for rows left out."""


@dataclass(frozen=True, slots=True)
class _Box:
    """One row's part of a run.

    Attributes:
        piece: columns and caption.
        top: pixels from the top of the picture.
        height: pixels.
        skipped: units left out; 0 for a real row.
    """

    piece: Piece
    top: float
    height: float
    skipped: int

    @property
    def left(self) -> float:
        return LEFT + self.piece.first * UNIT

    @property
    def right(self) -> float:
        return LEFT + self.piece.stop * UNIT

    @property
    def bottom(self) -> float:
        return self.top + self.height


def map_svg(file: FileLayout) -> str:
    """Draw the bytes of a record alone, for a page that has the style and the patterns."""
    canvas = Canvas()
    byte_map(canvas, file)
    size = f"0 0 {number(canvas.width)} {number(canvas.y)}"
    head = attributes(viewBox=size, width=number(canvas.width), role="img", aria_label=f"byte map of {file.name}")
    return f"<svg{head}>{''.join(canvas.lines)}</svg>"


def byte_map(canvas: Canvas, file: FileLayout) -> None:
    """Draw the bytes of a record, then the bits of bytes that fields share."""
    titles = {letter: place_words(place) for letter, place in keyed(file)}
    _grid(canvas, byte_runs(file), titles, [str(unit) for unit in range(PER_ROW)], str)
    for start, stop, runs in shared_runs(file):
        canvas.line(LEFT, f"{span_words(start, stop)}, bit by bit", "faint")
        moved = [replace(run, start=run.start - start * 8, stop=run.stop - start * 8) for run in runs]
        ruler = [str(7 - unit % 8) for unit in range(PER_ROW)]
        _grid(canvas, moved, titles, ruler, _counting(start))
    canvas.width = max(canvas.width, WIDTH)


def _counting(start: int) -> Callable[[int], str]:
    return lambda bit: str(start + bit // 8)


def _grid(
    canvas: Canvas, runs: Sequence[Run], titles: Mapping[str, str], ruler: Sequence[str], offset: Callable[[int], str]
) -> None:
    for unit, name in enumerate(ruler[: runs[-1].stop]):
        canvas.text(LEFT + (unit + 0.5) * UNIT, name, "faint middle")
    canvas.y += 24
    boxes: dict[int, list[_Box]] = {run.start: [] for run in runs}
    for row in rows(runs, PER_ROW):
        height = SKIPPED if row.skipped else HEIGHT
        name = "⋮" if row.skipped else offset(row.start)
        canvas.add(text(LEFT - 12, canvas.y + height / 2 + 5, name, "faint end"))
        for piece in row.pieces:
            boxes[piece.run.start].append(_Box(piece, canvas.y, height, row.skipped))
        canvas.y += height
    for run in runs:
        canvas.add("".join(_run(run, boxes[run.start], _title(run, titles))))
    canvas.y += 14


def _run(run: Run, boxes: Sequence[_Box], title: str) -> Iterator[str]:
    """Draw a run: ground, pattern, outline, key and caption."""
    look = "run" if run.kind == "field" else "run free" if run.kind == "free" else "run plain"
    area = "".join(
        f"M{number(box.left)} {number(box.top)}H{number(box.right)}V{number(box.bottom)}H{number(box.left)}Z"
        for box in boxes
    )
    ground = colour(run.colour) if run.kind == "field" else None
    hatch = pattern(run.kind, run.colour)
    yield f"<g{attributes(class_=look, data_keys=' '.join(run.keys) or None)}><title>{escape(title)}</title>"
    yield f"<path{attributes(class_='fill', d=area, style=f'fill:{ground}' if ground else None)}/>"
    if hatch:
        yield f"<path{attributes(d=area, fill=f'url(#{hatch})')}/>"
    yield f"<path{attributes(class_='edge', d=''.join(_outline(boxes)))}/>"
    for box in boxes:
        content = _content(run, box)
        if content:
            yield text(box.left + 8, box.top + box.height / 2 + 5, content)
    yield "</g>"


def _title(run: Run, titles: Mapping[str, str]) -> str:
    return "; ".join(titles[name] for name in run.keys) or run.caption


def _outline(boxes: Sequence[_Box]) -> Iterator[str]:
    """Draw the edges of the boxes that do not lie between two boxes of the same run."""
    for index, box in enumerate(boxes):
        above = boxes[index - 1] if index else None
        below = boxes[index + 1] if index + 1 < len(boxes) else None
        yield f"M{number(box.left)} {number(box.top)}V{number(box.bottom)}"
        yield f"M{number(box.right)} {number(box.top)}V{number(box.bottom)}"
        for y, other in ((box.top, above), (box.bottom, below)):
            for left, right in _outside(box, other):
                yield f"M{number(left)} {number(y)}H{number(right)}"


def _outside(box: _Box, other: _Box | None) -> list[tuple[float, float]]:
    """Give the stretches of a box's edge that its neighbour above or below does not touch."""
    if other is None or other.right <= box.left or other.left >= box.right:
        return [(box.left, box.right)]
    stretches = [(box.left, other.left), (other.right, box.right)]
    return [(left, right) for left, right in stretches if left < right]


def _content(run: Run, box: _Box) -> str:
    """Give the text of a box: key and as much of the caption as fits, at least two characters."""
    room = int((box.right - box.left - 14) / COLUMN)
    caption = f"… {box.skipped} more" if box.skipped else run.caption if box.piece.captioned else ""
    full = f"{run.key} {caption}".strip()
    short = clip(full, room)
    return short if columns(short) >= columns(run.key) + 4 or short == full else clip(run.key, room)
