"""What every schema promises, on schemas and values drawn at random."""

import json

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from yohaku import DataError, YohakuError
from yohaku.schema import applet_layout, compile_descriptor, parse_descriptor, record_layout
from yohaku.testing import applets, field_types, records, schemas, values_for
from yohaku.testing.schemas import LEAF_KINDS, leaf_types
from yohaku_emulator.container.descriptor import parts as container_parts


def test_there_are_at_least_thirty_kinds_of_field():
    assert len(LEAF_KINDS) >= 30


@pytest.mark.parametrize("kind", LEAF_KINDS)
@given(st.data())
def test_each_kind_of_field_gives_values_that_come_back(kind, data):
    field_type = data.draw(leaf_types(kind))
    value = data.draw(values_for(field_type))
    raw = field_type.write(value)
    assert field_type.read(raw, 0, len(raw)) == (value, len(raw))


@given(st.data())
def test_a_value_comes_back_and_its_size_keeps_the_bounds(data):
    record = data.draw(schemas())
    value = data.draw(records(record))
    raw = value.encode()
    assert record.decode(raw) == value
    assert len(raw) >= record.__field_type__.minimum
    most = record.__field_type__.maximum
    assert most is None or len(raw) <= most


@given(st.data())
def test_json_is_lossless(data):
    record = data.draw(schemas())
    value = data.draw(records(record))
    text = json.dumps(value.to_json(), ensure_ascii=False)
    assert record.from_json(json.loads(text)) == value


def decoded(record, raw):
    try:
        return record.decode(raw)
    except DataError as error:
        assert all(fault.message for fault in error.faults)  # noqa: PT017 - what was raised is checked, then None
        return None


@given(st.data())
def test_accepted_bytes_are_written_back_and_others_raise_nothing_but_our_errors(data):
    record = data.draw(schemas())
    raw = bytearray(data.draw(records(record)).encode())
    for _ in range(data.draw(st.integers(0, 3))):
        if raw:
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    raw = bytes(raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw)
    value = decoded(record, raw)
    event("refused" if value is None else "accepted")
    assert value is None or value.encode() == raw


@given(schemas(), st.binary(max_size=80))
def test_arbitrary_bytes_raise_nothing_but_our_errors(record, raw):
    try:
        value, rest = record.decode_from(raw)
    except YohakuError:
        return
    assert value.encode() + rest == raw


@given(st.data())
def test_a_fixed_place_of_the_layout_is_where_the_bytes_are(data):
    record = data.draw(schemas())
    places = {place.path: place for place in record_layout(record) if place.bits is not None}
    raw = data.draw(records(record)).encode()
    for name, spec in record.__fields__.items():
        place = places.get(name)
        if place is None or place.offset is None or place.bit or place.bits % 8 or spec.type.hidden:
            continue
        part = raw[place.offset : place.offset + place.size]
        assert spec.type.write(getattr(record.decode(raw), name)) == part


@given(field_types(depth=2))
def test_the_example_of_any_field_type_encodes(field_type):
    value = field_type.example()
    raw = field_type.write(value)
    assert field_type.read(raw, 0, len(raw)) == (value, len(raw))


@given(applets())
def test_an_applet_compiles_to_a_descriptor_that_says_the_same(applet):
    parsed = parse_descriptor(compile_descriptor(applet))
    assert parsed["version"] == applet.version
    parts = [*applet.files().values(), *applet.purses().values()]
    assert [entry["sfi"] for entry in parsed["file_entries"]] == [part.sfi for part in parts]
    for entry, part in zip(parsed["file_entries"], parts, strict=True):
        assert {operation: entry[operation] for operation in part.rules} == {
            operation: rule.masks for operation, rule in part.rules.items()
        }
    assert applet_layout(applet).bytes == sum(part.size for part in parts)
    assert len(container_parts(compile_descriptor(applet))) == len(applet.parts())
