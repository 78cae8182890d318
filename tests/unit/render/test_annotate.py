"""Which bits of an encoding belong to which field."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yohaku import ALWAYS, Applet, Record, TlvRecord, TransparentFile, field
from yohaku.fields import Date, Repeat, Tagged, Text, UInt
from yohaku.render.annotate import Span, annotate
from yohaku.render.documents import installed
from yohaku.render.examples import file_example
from yohaku.schema.places import record_tree
from yohaku.testing import records


def shown(spans: Iterable[Span]) -> list[tuple[float, float, str, str]]:
    return [(span.start / 8, span.stop / 8, span.path, span.value) for span in spans]


def test_spans_cover_every_example_without_a_gap(applet: type[Applet]) -> None:
    for file in applet.files().values():
        example = file_example(file)
        edges = [0, *(span.stop for span in example.spans)]
        assert [span.start for span in example.spans] == edges[:-1]
        assert edges[-1] == len(example.data) * 8


def test_an_exact_record_has_its_fields_where_the_layout_says(applet: type[Applet]) -> None:
    for file in applet.files().values():
        example = file_example(file)
        if example.layout.exact:
            found = [(span.start, span.stop) for span in example.spans if not span.is_frame]
            assert found == [(place.start, (place.start or 0) + (place.bits or 0)) for place in example.layout.fields]


FILES = [file for applet in installed() for file in applet.files().values()]


@given(data=st.data())
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.record.__name__)
def test_spans_cover_any_record(file: Any, data: st.DataObject) -> None:
    record = data.draw(records(file.record))
    raw = record.encode()
    spans = annotate(raw, record_tree(file.record))
    assert [span.start for span in spans] == [0, *(span.stop for span in spans)][:-1]
    assert (spans[-1].stop if spans else 0) == len(raw) * 8


def test_bits_of_a_shared_byte(sample: type[Applet]) -> None:
    example = file_example(sample.file("exact"))
    assert shown(example.by_byte()[2]) == [
        (2.0, 2.375, "level", "5"),
        (2.375, 2.5, "active", "true"),
        (2.5, 2.75, "colour", '"blue"'),
        (2.75, 3.0, "_spare", ""),
    ]


def test_linked_fields_and_unions(sample: type[Applet]) -> None:
    example = file_example(sample.file("moving"))
    values = {span.path: span.value for span in example.spans}
    assert values["body.number"] == "2"
    assert values["body.points[1].y"] == "8"
    assert values["body.telephone"] == '"1234"'
    assert values["body.paid.ticket.due"] == '"2027-01-31"'
    assert values["body.small"] == "258"
    assert values["body.later"] == "9"


class Pair(TlvRecord, tag=0x70):
    """対"""

    day: date = field(Tagged(0x81, Date()), "日")
    names: tuple[str, ...] | None = field(
        Tagged(0xA2, Repeat(Tagged(0x0C, Text(9, padded=False)), most=3)), default=None
    )


def test_tags_in_another_order_and_unknown_ones() -> None:
    raw = bytes.fromhex("70 11 A205 0C0141 0C00 8104 20260401 9F21017F")
    assert Pair.decode(raw).names == ("A", "")
    assert shown(annotate(raw, record_tree(Pair))) == [
        (0, 2, "", ""),
        (2, 4, "names", ""),
        (4, 7, "names[0]", '"A"'),
        (7, 9, "names[1]", '""'),
        (9, 15, "day", '"2026-04-01"'),
        (15, 19, "9f21", '"7f"'),
    ]


class Whole(Record):
    """外"""

    number: int = field(UInt(16))


class Plain(Applet, aid="F0 59 48 4B 54 72"):
    """素"""

    whole = TransparentFile(Whole, size=10, read=ALWAYS, update=ALWAYS)


def test_the_example_says_what_it_leaves_unused() -> None:
    assert file_example(Plain.file("whole")).unused == 8
