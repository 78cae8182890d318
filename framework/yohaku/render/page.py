"""The page of an applet as one HTML file: the example's bytes on the left, the fields on the right, linked.

Nothing comes from outside; letters and patterns say what colours say; keyboard and pointer do the same.
"""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

from yohaku.render.canvas import attributes
from yohaku.render.examples import file_example
from yohaku.render.linked import Linked
from yohaku.render.pagestyle import SCRIPT, STYLE
from yohaku.render.runs import keyed
from yohaku.render.style import patterns, stylesheet
from yohaku.render.svgmap import map_svg
from yohaku.render.words import (
    access_words,
    credential_words,
    file_words,
    names,
    offset_words,
    overhead_words,
    purpose,
    purse_words,
    size_words,
    total_words,
    type_words,
)
from yohaku.schema.density import applet_density, file_density
from yohaku.schema.layout import applet_layout, purse_picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from yohaku.schema.applet import Applet
    from yohaku.schema.declarations import File
    from yohaku.schema.layout import AppletLayout, PurseLayout


def html(applet: type[Applet]) -> str:
    """Write the page of an applet.

    Raises:
        EncodeError: an example that a record states does not fit.
    """
    layout = applet_layout(applet)
    return "\n".join([*_head(layout), *_body(applet, layout), "</html>"]) + "\n"


def _head(layout: AppletLayout) -> Iterator[str]:
    yield "<!DOCTYPE html>"
    yield '<html lang="ja">'
    yield '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
    yield f"<title>{escape(names(layout.title, layout.applet))}</title>"
    yield f"<style>{stylesheet()}\n{STYLE}</style></head>"


def _body(applet: type[Applet], layout: AppletLayout) -> Iterator[str]:
    yield f'<body><svg class="defs" width="0" height="0" aria-hidden="true"><defs>{patterns()}</defs></svg>'
    yield f"<header><h1>{escape(layout.title)} <small>{escape(layout.applet)}</small></h1>"
    yield f"<p>AID <code>{layout.aid.hex(' ').upper()}</code> · version {layout.version}</p>"
    yield from (f"<p>{escape(part)}</p>" for part in purpose(applet))
    if layout.credentials:
        yield "<ul>"
        for one in layout.credentials:
            yield f"<li>{one.kind.upper()} <code>{escape(one.name)}</code> {escape(credential_words(one))}</li>"
        yield "</ul>"
    yield "</header><main>"
    for file in applet.files().values():
        yield from _file(file)
    for purse in layout.purses:
        yield from _purse(purse)
    yield f"</main><footer><p><b>{escape(total_words(layout))}</b></p><p>{escape(overhead_words(layout))}</p>"
    yield f"<p>{escape(str(applet_density(applet)))}</p></footer>"
    yield f"<script>{SCRIPT}</script></body>"


def _file(file: File[Any]) -> Iterator[str]:
    linked = Linked(file_example(file))
    layout = linked.example.layout
    yield f"<section{attributes(class_='file', id=layout.name, data_file=layout.name)}>"
    yield f"<h2>{escape(layout.name)} <small>{escape(names(layout.label, layout.english))}</small></h2>"
    yield f"<p>{escape(file_words(layout))}<br>{escape(access_words(layout))}</p>"
    yield f'<div class="pair"{attributes(data_keys=json.dumps(linked.numbers))}>'
    if layout.exact:
        yield f'<div class="map">{map_svg(layout)}</div>'
    yield from linked.bytes_side()
    yield from linked.fields_side()
    yield "</div>"
    yield from _density(file)
    yield "</section>"


def _purse(purse: PurseLayout) -> Iterator[str]:
    """Say what a purse is, and draw what it holds on the card."""
    yield f"<section{attributes(class_='purse', id=purse.name, data_purse=purse.name)}>"
    yield f"<h2>{escape(purse.name)} <small>{escape(names(purse.label, purse.english))}</small></h2>"
    yield f"<p>{escape(purse_words(purse))}<br>{escape(access_words(purse))}</p>"
    picture = purse_picture(purse)
    yield f'<div class="map">{map_svg(picture)}</div>'
    yield "<table><thead><tr><th>key</th><th>byte</th><th>size</th><th>type</th><th>label</th></tr></thead><tbody>"
    for letter, place in keyed(picture):
        cells = (letter, offset_words(place), size_words(place), type_words(place), names(place.label, place.english))
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
    yield "</tbody></table></section>"


def _density(file: File[Any]) -> Iterator[str]:
    density = file_density(file)
    yield f"<details><summary>{escape(str(density))}</summary><ul>"
    for one in density.fields:
        if one.advice:
            yield f"<li><code>{escape(one.path)}</code> {escape(one.advice)}</li>"
    yield "</ul></details>"
