"""Layout, spans and pictures of schemas drawn at random."""

import re
from xml.etree import ElementTree as ET

from hypothesis import given, reject, settings
from hypothesis import strategies as st

from yohaku import ALWAYS, Applet, Record, TransparentFile
from yohaku.errors import SchemaError
from yohaku.render.annotate import annotate
from yohaku.render.examples import Example
from yohaku.render.jsonschema import json_schema
from yohaku.render.linked import Linked
from yohaku.render.svg import svg
from yohaku.render.terminal import draw
from yohaku.schema import FileLayout, applet_layout
from yohaku.schema.declarations import LARGEST_FILE
from yohaku.schema.density import record_density
from yohaku.schema.places import record_tree
from yohaku.testing import records
from yohaku.testing.schemas import schemas

FEWER = settings(max_examples=max(settings().max_examples // 3, 1))
"""A third of the profile's examples: drawing a schema and its pictures takes as long as three values."""


@FEWER
@given(data=st.data())
def test_spans_cover_and_agree_with_the_layout(data: st.DataObject) -> None:
    record = drawn(data, schemas())
    tree = record_tree(record)
    raw = data.draw(records(record)).encode()
    spans = annotate(raw, tree)
    assert [span.start for span in spans] == [0, *(span.stop for span in spans)][: len(spans)]
    assert (spans[-1].stop if spans else 0) == len(raw) * 8
    assert tree.minimum <= len(raw)
    assert tree.maximum is None or len(raw) <= tree.maximum
    for span in spans:
        place = span.place
        if place is None or span.is_frame:
            continue
        assert place.start is None or place.start == span.start, place.path
        assert place.bits is None or place.bits == span.stop - span.start, place.path
        assert re.sub(r"\[\d+\]", "[]", span.path) == re.sub(r"\[\d+\]", "[]", place.path)


@FEWER
@given(data=st.data())
def test_every_form_draws_every_field(data: st.DataObject) -> None:
    record = drawn(data, schemas(trailing=False))
    layout = applet_layout(applet_of(record))
    keys = set(re.findall(r"^ ([A-Za-z]+) +\S", draw(layout, width=500, colour=False), re.MULTILINE))
    root = ET.fromstring(svg(layout))  # noqa: S314 - our own picture
    listed = [group.get("data-path") for group in root.iter() if group.get("class") == "field"]
    fields = layout.files[0].fields
    assert len(keys) == len(fields)
    assert listed == [place.path for place in fields]
    sides = "".join(linked_sides(layout.files[0], data.draw(records(record))))
    assert sides.count('class="item ') == len(re.findall(r'data-id="\d+"', sides))
    assert json_schema(record)["type"] == "object"


@FEWER
@given(data=st.data())
def test_density_adds_up(data: st.DataObject) -> None:
    density = record_density(drawn(data, schemas()))
    assert all(one.needed <= one.spent + 1e-9 for one in density.fields), density
    assert density.needed <= density.size + 1e-9
    assert density.saves <= density.size


def drawn(data: st.DataObject, strategy: st.SearchStrategy[type[Record]]) -> type[Record]:
    """Draw a schema; one that contradicts itself is refused when its class is made, and is not what is asked here."""
    try:
        return data.draw(strategy)
    except SchemaError:
        reject()


def applet_of(record: type[Record]) -> type[Applet]:
    """Put a record into the one file of an applet; a record that nothing bounds gets 2,000 bytes."""
    most = record.__field_type__.maximum
    size = min(2000 if most is None else most, LARGEST_FILE)

    class Random(Applet, aid="F0 59 48 4B 54 79"):
        """任意"""

        only = TransparentFile(record, read=ALWAYS, update=ALWAYS, size=size)

    return Random


def linked_sides(layout: FileLayout, value: Record) -> list[str]:
    raw = value.encode()
    linked = Linked(Example(layout, raw, annotate(raw, layout.record), value.to_json()))
    return [*linked.bytes_side(), *linked.fields_side()]
