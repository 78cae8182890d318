"""The byte map of a file of which some bytes change: the new bytes in their places, the fields by letter."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from yohaku.render.grid import Grid
from yohaku.render.runs import Run, byte_runs, keyed
from yohaku.render.terminal import Pen, map_shape
from yohaku.render.words import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yohaku.schema.layout import FileLayout


def draw_changes(file: FileLayout, changed: Mapping[int, int], *, width: int = 80, colour: bool = True) -> str:
    """Draw a file, or one record of it, whose fields have fixed places.

    Args:
        file: the model.
        changed: new bytes by offset.
        width: columns of the terminal; the map needs 40.
        colour: whether to colour with ANSI escapes; without them bytes and letters say the same.
    """
    pen = Pen(colour)
    per_row, cell = map_shape(width)
    grid = Grid(per_row, cell, pen.run, [str(number) for number in range(per_row)], str)
    runs = [part for run in byte_runs(file) for part in _parts(run, changed)]
    lines = [*grid.lines(runs), *(f" {line}" for line in _fields(file, changed))]
    return "\n".join(lines) + "\n"


def _parts(run: Run, changed: Mapping[int, int]) -> Iterator[Run]:
    """Cut a run where changed bytes begin and end; each of those is a cell of its own."""
    for is_changed, group in groupby(range(run.start, run.stop), key=changed.__contains__):
        places = list(group)
        if is_changed:
            yield from (Run(at, at + 1, (f"{changed[at]:02x}",), "", "field", run.colour) for at in places)
        else:
            yield replace(run, start=places[0], stop=places[-1] + 1, caption="", kind="free")


def _fields(file: FileLayout, changed: Mapping[int, int]) -> Iterator[str]:
    """Name the fields that the changed bytes belong to."""
    for letter, place in keyed(file):
        if place.offset is None or place.size is None:
            continue
        where = range(place.offset, place.offset + place.size)
        if any(at in changed for at in where):
            span = f"byte {where[0]}" if len(where) == 1 else f"bytes {where[0]} to {where[-1]}"
            yield f"{letter}  {span}: {place.path}  {names(place.label, place.english)}".rstrip()
