"""The picture of an applet as one SVG file: no script, nothing from outside, readable without colour and aloud."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from yohaku.render.canvas import LINE, Canvas, attributes, number, pixels, rectangle, text
from yohaku.render.runs import keyed
from yohaku.render.style import colour, pattern, patterns, stylesheet
from yohaku.render.svgmap import WIDTH, byte_map
from yohaku.render.words import (
    access_words,
    credential_words,
    fact_attributes,
    file_words,
    listed,
    names,
    offset_words,
    overhead_words,
    place_words,
    purse_words,
    short_name,
    size_words,
    total_words,
    type_words,
)
from yohaku.schema.layout import purse_picture

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yohaku.schema.layout import AppletLayout, FileLayout, PurseLayout
    from yohaku.schema.places import Place

MARGIN = 24
SWATCH = 30
"""Pixels of a key's box."""
STEP = 26
"""Pixels that each level of a tree is moved to the right."""
CHIP = 22
"""Height in pixels of the boxes of a tree."""
GAP = 20
"""Pixels between columns of a legend."""


def svg(layout: AppletLayout) -> str:
    """Draw an applet as an SVG document."""
    canvas = Canvas(y=MARGIN / 2, width=WIDTH - MARGIN)
    canvas.line(MARGIN, f"{layout.applet}  {layout.title}", "title")
    canvas.line(MARGIN, f"AID {layout.aid.hex(' ').upper()} · version {layout.version}", "faint")
    for one in layout.credentials:
        canvas.line(MARGIN, f"{one.kind.upper()} {one.name}: {credential_words(one)}")
    for file in layout.files:
        _file(canvas, file)
    for purse in layout.purses:
        _purse(canvas, purse)
    canvas.y += LINE
    canvas.line(MARGIN, total_words(layout), "strong")
    canvas.line(MARGIN, overhead_words(layout), "faint")
    return "\n".join(_document(canvas, layout)) + "\n"


def _document(canvas: Canvas, layout: AppletLayout) -> Iterator[str]:
    size = (canvas.width + MARGIN, canvas.y + MARGIN / 2)
    width, height = map(number, size)
    head = attributes(viewBox=f"0 0 {width} {height}", width=width, height=height, lang="ja", role="img")
    yield f'<svg xmlns="http://www.w3.org/2000/svg"{head} aria-labelledby="title desc">'
    yield "<!-- Drawn by yohaku.render.svg from the applet's class. -->"
    yield f'<title id="title">{escape(names(layout.title, layout.applet))}: byte map</title>'
    yield f'<desc id="desc">{escape(_description(layout))}</desc>'
    yield f"<style>{stylesheet()}</style>"
    yield f"<defs>{patterns()}</defs>"
    yield rectangle(0, 0, size, class_="page")
    yield from canvas.lines
    yield "</svg>"


def _description(layout: AppletLayout) -> str:
    files = (
        f"{file.name}: {file_words(file)}: " + "; ".join(place_words(place) for place in file.fields)
        for file in layout.files
    )
    purses = (f"{purse.name}: {purse_words(purse)}" for purse in layout.purses)
    return f"{total_words(layout)}. {'. '.join([*files, *purses])}."


def _file(canvas: Canvas, file: FileLayout) -> None:
    canvas.y += LINE
    canvas.add(f"<g{attributes(class_='file', data_file=file.name)}>")
    canvas.line(MARGIN, f"{file.name}  {names(file.label, file.english)}", "heading")
    canvas.line(MARGIN, f"{file_words(file)} · {access_words(file)}", "faint")
    if file.exact:
        byte_map(canvas, file)
        _table(canvas, file, MARGIN + SWATCH)
    else:
        canvas.y += 8
        right = _tree(canvas, file)
        canvas.y -= LINE * (len(list(listed(file))) + 1)
        _table(canvas, file, right)
    canvas.add("</g>")


def _purse(canvas: Canvas, purse: PurseLayout) -> None:
    """Say what a purse is, and draw what it holds on the card."""
    canvas.y += LINE
    canvas.add(f"<g{attributes(class_='purse', data_purse=purse.name)}>")
    canvas.line(MARGIN, f"{purse.name}  {names(purse.label, purse.english)}", "heading")
    canvas.line(MARGIN, purse_words(purse), "faint")
    canvas.line(MARGIN, access_words(purse), "faint")
    picture = purse_picture(purse)
    byte_map(canvas, picture)
    _table(canvas, picture, MARGIN + SWATCH)
    canvas.add("</g>")


def _table(canvas: Canvas, file: FileLayout, left: float) -> None:
    """List what the file holds, in columns from ``left``."""
    places = [place for _, place in listed(file)]
    rows = [_cells(place) for place in places]
    head = ("byte", "size", "field", "type", "label")
    stops = _columns([head, *rows], left)
    _cells_at(canvas, head, stops, "head")
    canvas.y += LINE
    keys = {id(place): (letter, index) for index, (letter, place) in enumerate(keyed(file))}
    for place, row in zip(places, rows, strict=True):
        letter, index = keys.get(id(place), ("", 0))
        kind = "field" if letter else "group"
        canvas.add(f"<g{attributes(class_=kind, data_key=letter or None, **fact_attributes(place))}>")
        if file.exact:
            _chip(canvas, MARGIN, SWATCH - 4, letter, ("reserved" if place.hidden else "field", index))
        _cells_at(canvas, row, stops, "")
        canvas.add("</g>")
        canvas.y += LINE


def _cells(place: Place) -> tuple[str, ...]:
    path = place.path or place.english
    name = f"{path}?" if place.optional else path
    return offset_words(place), size_words(place), name, type_words(place), names(place.label, place.english)


def _columns(rows: Sequence[tuple[str, ...]], left: float) -> list[float]:
    """Give where each column starts; the first two, which hold numbers, end there."""
    widths = [max(pixels(row[index]) for row in rows) for index in range(4)]
    first = left + widths[0] + 8
    second = first + GAP + widths[1]
    third = second + GAP
    fourth = third + GAP + widths[2]
    return [first, second, third, fourth, fourth + GAP + widths[3]]


def _cells_at(canvas: Canvas, row: Sequence[str], stops: Sequence[float], kind: str) -> None:
    looks = ("end", "end", "mono", "mono", "")
    for content, x, look in zip(row, stops, looks, strict=True):
        canvas.text(x, content, f"{kind} {look}".strip() if not (kind and look == "mono") else kind)


def _tree(canvas: Canvas, file: FileLayout) -> float:
    """Draw tags, lengths and values as boxes, one line for each; give where the boxes end."""
    keys: Mapping[int, tuple[str, int]] = {
        id(place): (letter, index) for index, (letter, place) in enumerate(keyed(file))
    }
    canvas.y += LINE
    return max(_branch(canvas, file.record, keys, 0)) + GAP


def _branch(canvas: Canvas, place: Place, keys: Mapping[int, tuple[str, int]], depth: int) -> list[float]:
    """Draw a place and what is in it; give the right ends of all boxes."""
    left, top = MARGIN + depth * STEP, canvas.y
    letter, index = keys.get(id(place), ("", 0))
    x = float(left)
    for content, kind in _boxes(place, letter):
        width = max(pixels(content) + 12, 26.0)
        _chip(canvas, x, width, content, (kind, index))
        x += width
    canvas.y += LINE
    ends = [x]
    for child in place.children:
        middle = canvas.y + CHIP / 2 + 1
        canvas.add(f"<path{attributes(class_='branch', d=_elbow(left + STEP / 2, top + CHIP + 1, middle))}/>")
        ends += _branch(canvas, child, keys, depth + 1)
    return ends


def _elbow(x: float, top: float, middle: float) -> str:
    return f"M{number(x)} {number(top)}V{number(middle)}h{STEP // 2}"


def _boxes(place: Place, letter: str) -> Iterator[tuple[str, str]]:
    """Give the boxes of one line: tag, length and value."""
    kind, _, rest = place.frame.partition(" ")
    for sign in {"tag": (rest, "L"), "length": ("L",), "count": ("n",), "case": ("#",)}.get(kind, ()):
        yield sign, "frame"
    caption = place.label or short_name(place)
    repeated = " ×n" if place.path.endswith("[]") else ""
    look = "reserved" if place.hidden else "field" if letter else "shared"
    yield f"{letter} {caption}{repeated}".strip(), look


def _chip(canvas: Canvas, x: float, width: float, content: str, look: tuple[str, int]) -> None:
    """Draw a box with text in it; ``look`` is the kind and the number of the field."""
    kind, index = look
    box = x, canvas.y + 1, (width, CHIP)
    hatch = pattern(kind, index)
    ground = f"fill:{colour(index)}" if kind == "field" else None
    canvas.add(f'<g class="{"chip" if kind == "field" else "chip plain"}">')
    canvas.add(rectangle(*box, class_="fill", style=ground))
    if hatch:
        canvas.add(rectangle(*box, fill=f"url(#{hatch})"))
    canvas.add(rectangle(*box, class_="edge"))
    canvas.add(text(x + width / 2, canvas.y + 17, content, "middle"))
    canvas.add("</g>")
