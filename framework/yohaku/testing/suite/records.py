"""Tests of an applet's records: bytes, JSON, near misses, and the JSON Schema."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st

from yohaku.errors import YohakuError
from yohaku.testing.suite.base import AppletTests, files, over
from yohaku.testing.suite.broken import BrokenError, reported
from yohaku.testing.suite.examples import for_all
from yohaku.testing.suite.scripts import from_bytes, from_value, python_script
from yohaku.testing.values import records

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.schema import File, Record
    from yohaku.testing.suite.effort import Effort

_READ_BACK = "assert type(record).decode(record.encode()) == record"
_JSON_BACK = "assert type(record).from_json(json.loads(json.dumps(record.to_json()))) == record"
_AGAIN = "print(record, record.encode().hex())"


class RecordTests(AppletTests):
    """What a record says survives its bytes and its JSON, and no other bytes say the same."""

    @over("file", files)
    @reported
    def test_a_record_comes_back_from_its_bytes(self, file: str, yohaku_effort: Effort) -> None:
        """A record decodes from its bytes as the same record."""

        def holds(record: Record) -> str:
            raw = record.encode()
            back = type(record).decode(raw)
            return "" if back == record else f"{record!r} comes back from its bytes {raw.hex()} as {back!r}"

        self._of_values(file, yohaku_effort, "bytes", holds, _READ_BACK)

    @over("file", files)
    @reported
    def test_a_record_takes_the_bytes_that_the_layout_says(self, file: str, yohaku_effort: Effort) -> None:
        """A record takes no fewer and no more bytes than its layout says, and never more than its file has."""
        declared = self.applet.file(file)
        type_ = declared.record.__field_type__
        most = declared.room if type_.maximum is None else min(type_.maximum, declared.room)

        def holds(record: Record) -> str:
            size = len(record.encode())
            return (
                ""
                if type_.minimum <= size <= most
                else f"takes {size} bytes, the layout says {type_.minimum} to {most}"
            )

        self._of_values(file, yohaku_effort, "size", holds, "print(len(record.encode()))")

    @over("file", files)
    @reported
    def test_equal_records_have_equal_bytes(self, file: str, yohaku_effort: Effort) -> None:
        """A record has one encoding: it stays the same however the record came about."""

        def holds(record: Record) -> str:
            first = record.encode()
            for how, other in _copies(record):
                if other.encode() != first:
                    return f"encodes to {first.hex()}, and {how} to {other.encode().hex()}"
            return ""

        self._of_values(file, yohaku_effort, "canonical", holds, "print(record.encode(), record.replace().encode())")

    @over("file", files)
    @reported
    def test_near_miss_bytes_are_refused_or_written_back(self, file: str, yohaku_effort: Effort) -> None:
        """Bytes that nearly are a record's are refused, or are just what their meaning encodes to."""
        declared = self.applet.file(file)

        def holds(raw: bytes) -> None:
            _check_bytes(self.applet.name, declared, raw)

        for_all(
            holds,
            near_misses(declared.record),
            effort=yohaku_effort,
            name=self.label(file, "strict"),
            where=self.where(file),
        )

    @over("file", files)
    @reported
    def test_a_record_comes_back_from_its_json(self, file: str, yohaku_effort: Effort) -> None:
        """A record's JSON, written down and read, makes the same record."""

        def holds(record: Record) -> str:
            shown = json.dumps(record.to_json(), ensure_ascii=False)
            back = type(record).from_json(json.loads(shown))
            return "" if back == record else f"{record!r} comes back from its JSON {shown} as {back!r}"

        self._of_values(file, yohaku_effort, "json", holds, "import json", _JSON_BACK)

    @over("file", files)
    @reported
    def test_what_the_codec_takes_the_json_schema_takes(self, file: str, yohaku_effort: Effort) -> None:
        """JSON that makes a record is valid by the JSON Schema; of near misses too."""
        if find_spec("jsonschema") is None:
            pytest.skip("the package jsonschema is not installed: pip install jsonschema")
        declared = self.applet.file(file)
        refusal = _validator(declared.record)

        def holds(value: Any) -> None:
            _check_json(self.applet.name, declared, value, refusal)

        for_all(
            holds,
            near_json(declared.record),
            effort=yohaku_effort,
            name=self.label(file, "schema"),
            where=self.where(file),
        )

    def _of_values(self, file: str, effort: Effort, name: str, fault: Callable[[Record], str], *lines: str) -> None:
        declared = self.applet.file(file)

        def holds(record: Record) -> None:
            try:
                what = fault(record)
            except Exception as error:  # noqa: BLE001 - whatever a codec raises, it is what is to be found
                what = f"{record!r} raises {type(error).__name__}: {error}"
            if what:
                raise BrokenError(self.where(file), what, from_value(record, *lines))

        for_all(holds, records(declared.record), effort=effort, name=self.label(file, name), where=self.where(file))


def near_misses(kind: type[Record]) -> st.SearchStrategy[bytes]:
    """Give a record's bytes, with a byte or bit changed, cut off, added, moved or filled up."""
    encoded = records(kind).map(_encoded)
    place, byte = st.integers(0, 0xFFFF), st.integers(0, 0xFF)
    changes: list[Callable[[bytes, int, int], bytes]] = [
        lambda raw, at, new: raw[:at] + bytes((new,)) + raw[at + 1 :],
        lambda raw, at, new: raw[:at] + bytes((raw[at] ^ 1 << new % 8,)) + raw[at + 1 :] if raw else raw,
        lambda raw, at, _: raw[:at],
        lambda raw, at, new: raw[:at] + bytes((new,)) + raw[at:],
        lambda raw, at, _: raw[:at] + raw[at + 1 :],
        lambda raw, at, new: raw[:at] + bytes((0x00 if new % 2 else 0xFF,)) * (len(raw) - at),
        lambda raw, at, _: raw[at:] + raw[:at],
    ]

    def changed(raw: bytes, change: Callable[[bytes, int, int], bytes], at: int, new: int) -> bytes:
        return change(raw, at % len(raw) if raw else 0, new)

    most = kind.__field_type__.maximum or kind.__field_type__.minimum + 16
    return st.builds(changed, encoded, st.sampled_from(changes), place, byte) | st.binary(max_size=most)


def near_json(kind: type[Record]) -> st.SearchStrategy[Any]:
    """Give a record's JSON, mostly with one member changed, left out or added."""
    shown = records(kind).map(_shown)
    other: st.SearchStrategy[Any] = (
        st.none() | st.booleans() | st.integers(-(1 << 33), 1 << 33) | st.text(max_size=12) | st.just([])
    )
    names = st.sampled_from([*kind.__fields__, "no_field"])

    def changed(value: Any, name: str, new: Any, leave_out: bool) -> Any:  # noqa: FBT001 - drawn by Hypothesis
        kept = {key: member for key, member in value.items() if key != name}
        return kept if leave_out else {**kept, name: new}

    return shown | st.builds(changed, shown, names, other, st.booleans())


def _copies(record: Record) -> list[tuple[str, Record]]:
    kind = type(record)
    return [
        ("decoded from that", kind.decode(record.encode())),
        ("made from its JSON", kind.from_json(record.to_json())),
        ("with nothing replaced", record.replace()),
    ]


def _encoded(record: Record) -> bytes:
    """Encode a record; that it cannot be is another test's finding."""
    try:
        return record.encode()
    except Exception:  # noqa: BLE001
        return b""


def _shown(record: Record) -> Any:
    """Give a record's JSON; that it has none is another test's finding."""
    try:
        return record.to_json()
    except Exception:  # noqa: BLE001
        return {}


def _check_bytes(applet: str, file: File[Any], raw: bytes) -> None:
    what = _fault_of(file.record, raw)
    if what:
        raise BrokenError(
            f"{applet}.{file.name}", f"the bytes {raw.hex()} {what}", from_bytes(file.record, raw, _AGAIN)
        )


def _fault_of(kind: type[Record], raw: bytes) -> str:
    try:
        record = kind.decode(raw)
    except YohakuError:
        return ""
    except Exception as error:  # noqa: BLE001 - whatever a codec raises, it is what is to be found
        return f"raise {type(error).__name__}: {error}"
    try:
        again = record.encode()
    except Exception as error:  # noqa: BLE001 - the same
        return f"decode to {record!r}, and encoding that raises {type(error).__name__}: {error}"
    return "" if again == raw else f"decode to {record!r}, which encodes to {again.hex()}"


def _check_json(applet: str, file: File[Any], value: Any, refusal: Callable[[Any], str]) -> None:
    value = json.loads(json.dumps(value))
    try:
        record = file.record.from_json(value)
    except YohakuError:
        return
    what = refusal(value)
    if what:
        script = python_script(file.record, f"print({file.record.__qualname__}.from_json({value!r}))")
        raise BrokenError(
            f"{applet}.{file.name}", f"{record!r} is made of JSON that its schema refuses: {what}", script
        )


def _validator(record: type[Record]) -> Callable[[Any], str]:
    """Give a function that says why a JSON value is invalid by a record's schema, and nothing when it is valid."""
    from yohaku.render.jsonschema import json_schema

    schema, jsonschema = json_schema(record), import_module("jsonschema")
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    validator = kind(schema, format_checker=kind.FORMAT_CHECKER)

    def refusal(value: Any) -> str:
        error = next(validator.iter_errors(value), None)
        return "" if error is None else f"{error.message} @ {error.json_path}"

    return refusal
