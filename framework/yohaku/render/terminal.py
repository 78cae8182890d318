"""The byte map of an applet as terminal text: for eyes with or without colour, on dark and on light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from yohaku.render.columns import columns, pad
from yohaku.render.grid import MARGIN, Grid
from yohaku.render.runs import Run, byte_runs, keyed, shared_runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yohaku.schema.layout import AppletLayout, FileLayout
    from yohaku.schema.places import Place

PALETTE = (153, 223, 157, 225, 229, 159, 217, 189, 193, 216, 152, 187)
"""Light backgrounds of the 256 colours, told apart by neighbours; the text on them is black."""
_RESET = "\x1b[0m"

Row: TypeAlias = tuple[str, str, str, str, str, str]


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

    @staticmethod
    def swatch(place: Place, number: int) -> Run:
        """Give the run whose colour the legend shows for field ``number``."""
        return Run(0, 0, "", "", "reserved" if place.hidden else "field", number)

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
    lines += ["", *_total(layout, pen)]
    return "\n".join(lines) + "\n"


def _title(layout: AppletLayout, pen: Pen) -> Iterator[str]:
    yield f"{pen.bold(layout.applet)}  {layout.title}"
    yield f"AID {layout.aid.hex(' ').upper()} · version {layout.version}"
    for one in layout.credentials:
        tries = f"{one.tries} tries" if one.tries else "never blocked"
        reset = f", reset: {one.reset}" if one.reset else ""
        yield f"{one.kind.upper():3} {one.name}  {names(one.label, one.english)}: {one.form}, {tries}{reset}"


def _file(file: FileLayout, width: int, pen: Pen) -> Iterator[str]:
    size = f"{file.size} bytes"
    if file.kind != "transparent":
        size = f"{file.records} records of {file.record_size} bytes = {size}; one record is drawn"
    yield f"{pen.bold(file.name)}  {names(file.label, file.english)}"
    yield f"{file.kind} file, SFI {file.sfi}, {size}"
    yield " · ".join(f"{operation}: {rule}" for operation, rule in file.access.items())
    yield ""
    if file.exact:
        yield from _map(file, width, pen)
    yield from _legend(file, width, pen)


def _map(file: FileLayout, width: int, pen: Pen) -> Iterator[str]:
    per_row, cell = _shape(width)
    yield from Grid(byte_runs(file), per_row, cell, pen.run, [str(n) for n in range(per_row)], str).lines()
    for start, stop, runs in shared_runs(file):
        span = f"byte {start}" if stop - start == 1 else f"bytes {start} to {stop - 1}"
        yield f"{' ' * MARGIN}{span}, bit by bit:"
        yield from _bits(start, runs, width, pen)
    yield ""


def _bits(start: int, runs: Sequence[Run], width: int, pen: Pen) -> Iterator[str]:
    """Draw fields that share bytes, most significant bit first, one or two bytes in a row."""
    per_row = 16 if width >= MARGIN + 16 * 4 + 1 and runs[-1].stop - start * 8 > 8 else 8
    moved = [
        Run(run.start - start * 8, run.stop - start * 8, run.key, run.caption, run.kind, run.colour) for run in runs
    ]
    cell = min((width - MARGIN - 1) // per_row, 64 // per_row)
    ruler = [str(7 - n % 8) for n in range(per_row)]
    yield from Grid(moved, per_row, cell, pen.run, ruler, lambda bit: str(start + bit // 8)).lines()


def _shape(width: int) -> tuple[int, int]:
    """Give bytes in a row and columns of a byte for a terminal."""
    room = width - MARGIN - 1
    if room >= 32 * 4:
        return 32, min(room // 32, 5)
    return (16, min(room // 16, 6)) if room >= 16 * 3 else (8, max(min(room // 8, 6), 3))


def _legend(file: FileLayout, width: int, pen: Pen) -> Iterator[str]:
    """List the fields; when they move with the values, the groups around them too, as a tree."""
    letters = {id(place): letter for letter, place in keyed(file)}
    listed = [("", place) for place in file.fields] if file.exact else [("", file.record), *_branches(file.record, "")]
    rows = [("", "byte", "size", "field", "type", "label")]
    for stem, place in listed:
        name = place.path if file.exact else stem + _name(place)
        letter = letters.get(id(place), "")
        rows.append((letter, _at(place), _size(place), name, _type(place), names(place.label, place.english)))
    kinds = [pen.swatch(place, number) for number, place in enumerate(file.fields)]
    yield from _table(rows, kinds, width, pen)


def _table(rows: Sequence[Row], swatches: Sequence[Run], width: int, pen: Pen) -> Iterator[str]:
    """Set rows in columns; a label that does not fit in its line stands below it."""
    widths = [max(columns(row[i]) for row in rows) for i in range(5)]
    colours = iter(swatches)
    for number, row in enumerate(rows):
        letter, *cells, label = (pad(text, wide) for text, wide in zip(row, [*widths, 0], strict=True))
        cells[:2] = [row[1].rjust(widths[1]), row[2].rjust(widths[2])]
        swatch = pen.run(next(colours), f" {letter} ") if row[0] else f" {letter} "
        fits = sum(widths) + 2 * len(widths) + 1 + columns(label) <= width
        line = f"{swatch} {'  '.join([*cells, label] if fits else cells)}".rstrip()
        yield line if number else pen.faint(line)
        if not fits:
            yield f"{' ' * (sum(widths[:3]) + 7)}{label}"


def _branches(place: Place, stem: str) -> Iterator[tuple[str, Place]]:
    for child in place.children:
        last = child is place.children[-1]
        yield f"{stem}{'└─ ' if last else '├─ '}", child
        yield from _branches(child, f"{stem}{'   ' if last else '│  '}")


def _name(place: Place) -> str:
    name = place.path.rsplit(".", 1)[-1] or place.english
    return f"{name}?" if place.optional else name


def _type(place: Place) -> str:
    """Name the type of a field; of a group the tag or length before it and the number of its items."""
    if not place.children:
        return place.type
    parts = [place.frame] if place.frame else []
    if place.items:
        least, most = place.items
        parts.append(f"{least} items" if least == most else f"{least} to {'any' if most is None else most} items")
    return ", ".join(parts) or "record"


def _at(place: Place) -> str:
    if place.offset is None:
        return "·"
    return f"{place.offset}.{7 - place.bit}" if _partial(place) else str(place.offset)


def _size(place: Place) -> str:
    if place.bits is None:
        return f"{place.minimum}..{'' if place.maximum is None else place.maximum}"
    return f"{place.bits} bit" if _partial(place) else str(place.bits // 8)


def _partial(place: Place) -> bool:
    return place.bits is not None and bool(place.bit % 8 or place.bits % 8)


def names(label: str, english: str) -> str:
    """Give the Japanese and the English name side by side."""
    return " / ".join(dict.fromkeys(name for name in (label, english) if name))


def _total(layout: AppletLayout, pen: Pen) -> Iterator[str]:
    over = layout.overhead
    total = pen.bold(f"{layout.card_bytes} bytes")
    yield f"{total} on the card: {layout.bytes} in files, {over.total} for the container"
    yield (
        f"(descriptor {over.descriptor}, PINs {over.pins}, keys {over.keys}, "
        f"bookkeeping {over.bookkeeping}; an estimate)"
    )
