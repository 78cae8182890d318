"""The two sides of an applet's page: the bytes of an example and the fields, which name each other by numbers."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from yohaku.render.canvas import attributes
from yohaku.render.examples import keys_of, numbered
from yohaku.render.style import colour, pattern
from yohaku.render.words import (
    fact_attributes,
    names,
    offset_words,
    place_words,
    short_name,
    size_words,
    type_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yohaku.render.annotate import Span
    from yohaku.render.examples import Example
    from yohaku.schema.places import Place

PER_ROW = 16


class Linked:
    """An example with the numbers that link its bytes, fields and map.

    Args:
        example: the example.
    """

    def __init__(self, example: Example) -> None:
        self.example = example
        self.places = tuple(numbered(example.layout))
        self.ids = {id(place): number for number, _, place in self.places}
        self.keys = keys_of(example.layout)
        self._values = example.by_place()
        self._touching = example.by_byte()

    @property
    def numbers(self) -> Mapping[str, int]:
        """The number of each key, which links the map to bytes and fields."""
        return {self.keys[identity][0]: number for identity, number in self.ids.items() if identity in self.keys}

    def bytes_side(self) -> Iterator[str]:
        """Write the bytes of the example in rows; each knows the fields that it belongs to."""
        size = len(self.example.data)
        yield '<div class="hex" role="group" aria-label="例のバイト列 bytes of the example">'
        ruler = "".join(f"<span>{column}</span>" for column in range(min(PER_ROW, size)))
        yield f'<div class="row ruler"><span class="at"></span>{ruler}</div>'
        for start in range(0, size, PER_ROW):
            cells = "".join(map(self._byte, range(start, min(start + PER_ROW, size))))
            yield f'<div class="row"><span class="at">{start}</span>{cells}</div>'
        if self.example.unused:
            yield f'<p class="rest">空き: {self.example.unused} bytes more in the file</p>'
        yield "</div>"

    def _byte(self, byte: int) -> str:
        spans = self._touching[byte]
        places = [span.place for span in spans if span.place is not None]
        letters = "".join(self.keys[id(place)][0] for place in places if id(place) in self.keys)
        opening = any(span.start // 8 == byte for span in spans)
        kind = _kind(spans, byte)
        index = self.keys[id(places[0])][1] if kind == "field" else 0
        hatch = pattern(kind, index) if kind == "field" else ""
        head = attributes(
            class_=" ".join(filter(None, ("byte", kind, "opening" if opening else "", hatch))),
            data_ids=" ".join(str(self.ids[id(place)]) for place in places),
            data_key=letters if opening and letters else None,
            data_at=byte,
            style=f"--ground:{colour(index)}" if kind == "field" else None,
            tabindex=0 if opening else None,
            title="; ".join(map(_span_words, spans)),
        )
        return f"<span{head}>{self.example.data[byte]:02x}</span>"

    def fields_side(self) -> Iterator[str]:
        """Write the fields and groups; each knows its number and those of all that is in it."""
        yield '<div class="tree" role="group" aria-label="フィールド fields">'
        inside = self._covered()
        for number, depth, place in self.places:
            letter, index = self.keys.get(id(place), ("", 0))
            kind = "reserved" if place.hidden else "field" if letter else "group"
            head = attributes(
                class_=f"item {kind}",
                data_id=number,
                data_ids=" ".join(map(str, inside[number])),
                data_key=letter or None,
                **fact_attributes(place),
                style=f"--depth:{depth};--ground:{colour(index)}",
                tabindex=0,
                title=place_words(place),
            )
            yield f"<div{head}>{''.join(self._item(place, letter, pattern(kind, index)))}</div>"
        yield "</div>"

    def _item(self, place: Place, letter: str, hatch: str) -> Iterator[str]:
        yield f'<span class="{f"key {hatch}".strip()}">{letter}</span>'
        personal = ' <span class="personal">個人情報</span>' if place.personal and letter else ""
        yield f'<span class="name"><code>{escape(short_name(place))}</code> {escape(place.label)}{personal}</span>'
        values = [span.value for span in self._values.get(id(place), ()) if span.value]
        yield f'<span class="value">{escape(", ".join(values))}</span>'
        where = "" if place.offset is None else f"byte {offset_words(place)} · "
        size = size_words(place)
        unit = "" if size.endswith("bit") else " byte" if size == "1" else " bytes"
        english = "" if place.english == short_name(place) else f" · {escape(names('', place.english))}"
        yield f'<span class="facts">{where}{size}{unit} · <code>{escape(type_words(place))}</code>{english}</span>'

    def _covered(self) -> dict[int, list[int]]:
        """Give for each place its own number and those of all places inside it."""
        covered: dict[int, list[int]] = {}
        around: list[tuple[int, int]] = []
        for number, depth, _ in self.places:
            while around and around[-1][1] >= depth:
                around.pop()
            around.append((number, depth))
            covered[number] = []
            for outer, _ in around:
                covered[outer].append(number)
        return covered


def _kind(spans: Sequence[Span], byte: int) -> str:
    """Tell what a byte is: ``shared`` by several fields, ``frame``, ``reserved`` or part of one ``field``."""
    span = spans[0]
    if len(spans) > 1:
        return "shared"
    if span.place is None or span.is_frame or byte * 8 < span.start + span.head:
        return "frame"
    return "reserved" if span.place.hidden else "field"


def _span_words(span: Span) -> str:
    return f"{span.path or 'record'}{f' = {span.value}' if span.value else ''}"
