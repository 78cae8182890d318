"""The page of an applet as one HTML file: the example's bytes on the left, the fields on the right, linked.

Nothing comes from outside; letters and patterns say what colours say; keyboard and pointer do the same.
"""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

from yohaku.render.canvas import attributes
from yohaku.render.examples import Example, file_example, keys_of, numbered
from yohaku.render.pagestyle import SCRIPT, STYLE
from yohaku.render.style import colour, pattern, patterns, stylesheet
from yohaku.render.svgmap import map_svg
from yohaku.render.words import (
    access_words,
    credential_words,
    file_words,
    names,
    offset_words,
    overhead_words,
    place_words,
    purpose,
    short_name,
    size_words,
    total_words,
    type_words,
)
from yohaku.schema.density import record_density
from yohaku.schema.layout import applet_layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from yohaku.render.annotate import Span
    from yohaku.schema.applet import Applet
    from yohaku.schema.declarations import File
    from yohaku.schema.layout import AppletLayout
    from yohaku.schema.places import Place

PER_ROW = 16


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
    yield f"</main><footer><p><b>{escape(total_words(layout))}</b></p><p>{escape(overhead_words(layout))}</p></footer>"
    yield f"<script>{SCRIPT}</script></body>"


def _file(file: File[Any]) -> Iterator[str]:
    example = file_example(file)
    layout = example.layout
    yield f"<section{attributes(class_='file', id=layout.name, data_file=layout.name)}>"
    yield f"<h2>{escape(layout.name)} <small>{escape(names(layout.label, layout.english))}</small></h2>"
    yield f"<p>{escape(file_words(layout))}<br>{escape(access_words(layout))}</p>"
    yield f'<div class="pair"{attributes(data_keys=json.dumps(_ids(example)))}>'
    if layout.exact:
        yield f'<div class="map">{map_svg(layout)}</div>'
    yield from _hex(example)
    yield from _tree(example)
    yield "</div>"
    yield from _density(file)
    yield "</section>"


def _ids(example: Example) -> Mapping[str, int]:
    """Give the running number of each key, which links the map to bytes and fields."""
    keys = keys_of(example.layout)
    return {keys[id(place)][0]: number for number, _, place in numbered(example.layout) if id(place) in keys}


def _hex(example: Example) -> Iterator[str]:
    """Write the bytes of the example in rows; each knows the fields that it belongs to."""
    yield '<div class="hex" role="group" aria-label="例のバイト列 bytes of the example">'
    ids = {id(place): number for number, _, place in numbered(example.layout)}
    keys = keys_of(example.layout)
    count = min(PER_ROW, len(example.data))
    ruler = "".join(f"<span>{column}</span>" for column in range(count))
    yield f'<div class="row ruler"><span class="at"></span>{ruler}</div>'
    for start in range(0, len(example.data), PER_ROW):
        cells = "".join(
            _byte(example, byte, ids, keys) for byte in range(start, min(start + PER_ROW, len(example.data)))
        )
        yield f'<div class="row"><span class="at">{start}</span>{cells}</div>'
    if example.unused:
        yield f'<p class="rest">空き: {example.unused} bytes more in the file</p>'
    yield "</div>"


def _byte(example: Example, byte: int, ids: Mapping[int, int], keys: Mapping[int, tuple[str, int]]) -> str:
    spans = example.touching(byte)
    places = [span.place for span in spans if span.place is not None]
    letters = "".join(keys[id(place)][0] for place in places if id(place) in keys)
    opening = any(span.start // 8 == byte for span in spans)
    kind = _kind(spans, byte)
    ground = colour(keys[id(places[0])][1]) if kind == "field" else None
    look = ["byte", kind, *(["opening"] if opening else [])]
    hatch = pattern(kind, keys[id(places[0])][1]) if kind == "field" else ""
    head = attributes(
        class_=" ".join([*look, *([hatch] if hatch else [])]),
        data_ids=" ".join(str(ids[id(place)]) for place in places),
        data_key=letters if opening and letters else None,
        data_at=byte,
        style=f"--ground:{ground}" if ground else None,
        tabindex=0 if opening else None,
        title="; ".join(map(_span_words, spans)),
    )
    return f"<span{head}>{example.data[byte]:02x}</span>"


def _kind(spans: tuple[Span, ...], byte: int) -> str:
    span = spans[0]
    if len(spans) > 1:
        return "shared"
    if span.place is None or span.is_frame or byte * 8 < span.start + span.head:
        return "frame"
    return "reserved" if span.place.hidden else "field"


def _span_words(span: Span) -> str:
    return f"{span.path or 'record'}{f' = {span.value}' if span.value else ''}"


def _tree(example: Example) -> Iterator[str]:
    """Write the fields and groups, each with the bytes that it covers."""
    yield '<div class="tree" role="group" aria-label="フィールド fields">'
    keys = keys_of(example.layout)
    inside = _covered(example)
    for number, depth, place in numbered(example.layout):
        letter, index = keys.get(id(place), ("", 0))
        kind = "reserved" if place.hidden else "field" if letter else "group"
        head = attributes(
            class_=f"item {kind}",
            data_id=number,
            data_ids=" ".join(map(str, inside[number])),
            data_path=place.path,
            data_key=letter or None,
            data_offset=place.offset,
            data_bit=place.bit,
            data_bits=place.bits,
            data_size=place.size,
            data_minimum=place.minimum,
            data_maximum=place.maximum,
            data_type=place.type,
            data_label=place.label,
            data_english=place.english,
            style=f"--depth:{depth};--ground:{colour(index)}",
            tabindex=0,
            title=place_words(place),
        )
        yield f"<div{head}>{''.join(_item(example, place, letter, pattern(kind, index)))}</div>"
    yield "</div>"


def _item(example: Example, place: Place, letter: str, hatch: str) -> Iterator[str]:
    yield f'<span class="key {hatch}">{letter}</span>'
    personal = ' <span class="personal">個人情報</span>' if place.personal and letter else ""
    yield f'<span class="name"><code>{escape(short_name(place))}</code> {escape(place.label)}{personal}</span>'
    values = [span.value for span in example.spans_of(place) if span.value]
    yield f'<span class="value">{escape(", ".join(values))}</span>'
    where = f"byte {offset_words(place)} · " if place.offset is not None else ""
    size = size_words(place)
    unit = "" if size.endswith("bit") else " byte" if size == "1" else " bytes"
    english = f" · {escape(place.english)}" if place.english != short_name(place) else ""
    yield f'<span class="facts">{where}{size}{unit} · <code>{escape(type_words(place))}</code>{english}</span>'


def _covered(example: Example) -> dict[int, list[int]]:
    """Give for each place its own number and those of all places inside it."""
    everything = list(numbered(example.layout))
    covered: dict[int, list[int]] = {}
    for index, (number, depth, _) in enumerate(everything):
        covered[number] = [number]
        for other, deeper, _ in everything[index + 1 :]:
            if deeper <= depth:
                break
            covered[number].append(other)
    return covered


def _density(file: File[Any]) -> Iterator[str]:
    density = record_density(file.record, records=getattr(file, "records", 1))
    yield f"<details><summary>{escape(str(density))}</summary><ul>"
    for one in density.fields:
        if one.advice:
            yield f"<li><code>{escape(one.path)}</code> {escape(one.advice)}</li>"
    yield "</ul></details>"
