"""The byte map of an applet as terminal text: for eyes with or without colour, on dark and on light."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from yohaku.render.columns import columns, pad
from yohaku.render.grid import MARGIN, Grid
from yohaku.render.runs import Run, byte_runs, keyed, shared_runs
from yohaku.render.words import (
    access_words,
    credential_words,
    file_words,
    listed,
    listed_name,
    names,
    offset_words,
    overhead_words,
    purse_words,
    size_words,
    total_words,
    type_words,
)
from yohaku.schema.layout import purse_picture

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yohaku.schema.density import AppletDensity
    from yohaku.schema.layout import AppletLayout, FileLayout, PurseLayout
    from yohaku.schema.places import Place

PALETTE = (153, 223, 157, 225, 229, 159, 217, 189, 193, 216, 152, 187)
"""Light backgrounds of the 256 colours, told apart by neighbours; the text on them is black."""
_RESET = "\x1b[0m"
_HEAD = ("", "byte", "size", "field", "type", "label")

Row: TypeAlias = tuple[str, str, str, str, str, str]
"""Key, offset, size, name, type and label of a line in the legend."""


@dataclass(frozen=True, slots=True)
class Pen:
    """Colours text, or leaves it as it is.

    Attributes:
        colour: whether to write ANSI escapes.
    """

    colour: bool

    def run(self, run: Run, text: str) -> str:
        """Give text on the background of a run."""
        if run.kind == "free":
            return self._wrap("2", text)
        if run.kind == "field":
            return self._wrap(f"48;5;{PALETTE[run.colour % len(PALETTE)]};38;5;16", text)
        return self._wrap(f"48;5;{255 if run.kind == 'shared' else 250};38;5;16", text)

    def bold(self, text: str) -> str:
        """Give text in bold."""
        return self._wrap("1", text)

    def faint(self, text: str) -> str:
        """Give text that stands back."""
        return self._wrap("2", text)

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}{_RESET}" if self.colour and text else text


def draw(layout: AppletLayout, *, width: int = 80, colour: bool = True) -> str:
    """Draw an applet: each file's bytes, fields and access rules, and what all takes on the card.

    Args:
        layout: the model.
        width: columns of the terminal; the map needs 40.
        colour: whether to colour with ANSI escapes; without them letters and patterns say the same.
    """
    pen = Pen(colour)
    lines = [*_title(layout, pen)]
    for file in layout.files:
        lines += ["", *_file(file, width, pen)]
    for purse in layout.purses:
        lines += ["", *_purse(purse, width, pen)]
    lines += ["", pen.bold(total_words(layout)), f"({overhead_words(layout)})"]
    return "\n".join(lines) + "\n"


def advise(density: AppletDensity, *, colour: bool = True) -> str:
    """Say how densely each file uses its bits, and which field has a tighter type."""
    pen = Pen(colour)
    lines = []
    for name, file in density.files.items():
        lines.append(f"{pen.bold(name)}  {file}")
        lines += [f"  {one.path}  {names(one.label, '')}\n    {one.advice}" for one in file.fields if one.advice]
    return "\n".join([*lines, pen.bold(str(density))]) + "\n"


def _title(layout: AppletLayout, pen: Pen) -> Iterator[str]:
    yield f"{pen.bold(layout.applet)}  {layout.title}"
    yield f"AID {layout.aid.hex(' ').upper()} · version {layout.version}"
    for one in layout.credentials:
        yield f"{one.kind.upper()} {one.name}  {credential_words(one)}"


def _file(file: FileLayout, width: int, pen: Pen) -> Iterator[str]:
    yield f"{pen.bold(file.name)}  {names(file.label, file.english)}"
    yield file_words(file)
    yield access_words(file)
    yield ""
    if file.exact:
        yield from _map(file, width, pen)
    yield from _legend(file, width, pen)


def _purse(purse: PurseLayout, width: int, pen: Pen) -> Iterator[str]:
    yield f"{pen.bold(purse.name)}  {names(purse.label, purse.english)}"
    yield purse_words(purse)
    yield access_words(purse)
    yield ""
    picture = purse_picture(purse)
    yield from _map(picture, width, pen)
    yield from _legend(picture, width, pen)


def _map(file: FileLayout, width: int, pen: Pen) -> Iterator[str]:
    per_row, cell = map_shape(width)
    yield from Grid(per_row, cell, pen.run, [str(n) for n in range(per_row)], str).lines(byte_runs(file))
    for start, stop, runs in shared_runs(file):
        span = f"byte {start}" if stop - start == 1 else f"bytes {start} to {stop - 1}"
        yield f"{' ' * MARGIN}{span}, bit by bit:"
        yield from _bits(start, runs, width, pen)
    yield ""


def _bits(start: int, runs: Sequence[Run], width: int, pen: Pen) -> Iterator[str]:
    """Draw fields that share bytes, most significant bit first, one or two bytes in a row."""
    first = start * 8
    moved = [replace(run, start=run.start - first, stop=run.stop - first) for run in runs]
    per_row = 16 if width >= MARGIN + 16 * 4 + 1 and moved[-1].stop > 8 else 8
    cell = min((width - MARGIN - 1) // per_row, 64 // per_row)
    ruler = [str(7 - number % 8) for number in range(per_row)]
    yield from Grid(per_row, cell, pen.run, ruler, lambda bit: str(start + bit // 8)).lines(moved)


def map_shape(width: int) -> tuple[int, int]:
    """Give bytes in a row and columns of a byte for a terminal."""
    room = width - MARGIN - 1
    if room >= 32 * 4:
        return 32, min(room // 32, 5)
    return (16, min(room // 16, 6)) if room >= 16 * 3 else (8, max(min(room // 8, 6), 3))


def _legend(file: FileLayout, width: int, pen: Pen) -> Iterator[str]:
    """List the fields; when they move with the values, the groups around them too, as a tree."""
    letters = {id(place): (letter, _swatch(place, number)) for number, (letter, place) in enumerate(keyed(file))}
    rows: list[tuple[Row, Run | None]] = [(_HEAD, None)]
    for stem, place in listed(file):
        letter, swatch = letters.get(id(place), ("", None))
        name = stem + listed_name(file, place)
        label = names(place.label, place.english)
        rows.append(((letter, offset_words(place), size_words(place), name, type_words(place), label), swatch))
    yield from _table(rows, width, pen)


def _swatch(place: Place, number: int) -> Run:
    """Give a run in the colour of field ``number``."""
    return Run(0, 0, (), "", "reserved" if place.hidden else "field", number)


def _table(rows: Sequence[tuple[Row, Run | None]], width: int, pen: Pen) -> Iterator[str]:
    """Set rows in columns; a label that does not fit in its line stands below it."""
    widths = [max(columns(row[index]) for row, _ in rows) for index in range(5)]
    for number, (row, swatch) in enumerate(rows):
        letter = f" {pad(row[0], widths[0])} "
        cells = [row[1].rjust(widths[1]), row[2].rjust(widths[2]), pad(row[3], widths[3]), pad(row[4], widths[4])]
        fits = sum(widths) + 11 + columns(row[5]) <= width
        line = f"{pen.run(swatch, letter) if swatch else letter} {'  '.join([*cells, row[5]] if fits else cells)}"
        yield line.rstrip() if number else pen.faint(line.rstrip())
        if not fits:
            yield f"{' ' * (sum(widths[:3]) + 7)}{row[5]}"
