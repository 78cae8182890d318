"""A file's example: the record that its fields state, encoded, with the field that each bit belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yohaku.render.annotate import Span, annotate
from yohaku.render.runs import keyed
from yohaku.schema.layout import FileLayout, file_layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.codec import Json
    from yohaku.schema.declarations import File
    from yohaku.schema.places import Place


@dataclass(frozen=True, slots=True)
class Example:
    """One record of a file as documents show it.

    Attributes:
        layout: the layout of the file.
        data: the encoded record.
        spans: which bits belong to which field; they cover ``data``.
        value: the record as JSON.
    """

    layout: FileLayout
    data: bytes
    spans: tuple[Span, ...]
    value: Json

    @property
    def unused(self) -> int:
        """Bytes of the file, or of the record's place in it, that the example leaves."""
        return self.layout.record_size - len(self.data)

    def by_place(self) -> dict[int, list[Span]]:
        """Give the spans of each field, and of each group's own tag and length, by the identity of its place."""
        found: dict[int, list[Span]] = {}
        for span in self.spans:
            found.setdefault(id(span.place), []).append(span)
        return found

    def by_byte(self) -> list[list[Span]]:
        """Give for each byte the spans that have bits in it."""
        found: list[list[Span]] = [[] for _ in self.data]
        for span in self.spans:
            for byte in range(span.start // 8, -(-span.stop // 8)):
                found[byte].append(span)
        return found


def file_example(file: File[Any]) -> Example:
    """Encode the example of a file's record and take it apart.

    Raises:
        EncodeError: the example that the fields state does not fit.
    """
    layout = file_layout(file)
    record = file.record.example()
    data = record.encode()
    return Example(layout, data, annotate(data, layout.record), record.to_json())


def numbered(layout: FileLayout) -> Iterator[tuple[int, int, Place]]:
    """Yield every place with a running number and its depth, groups before what is in them."""
    counter = iter(range(1_000_000))

    def walk(place: Place, depth: int) -> Iterator[tuple[int, int, Place]]:
        yield next(counter), depth, place
        for child in place.children:
            yield from walk(child, depth + 1)

    yield from walk(layout.record, 0)


def keys_of(layout: FileLayout) -> dict[int, tuple[str, int]]:
    """Give key and running number of each field, by the identity of its place."""
    return {id(place): (letter, index) for index, (letter, place) in enumerate(keyed(layout))}
