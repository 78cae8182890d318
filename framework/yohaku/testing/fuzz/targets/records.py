"""The records of an applet: their bytes, their JSON, their tables; seeds are examples and what strategies draw."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings

from yohaku.schema.tables import write_csv
from yohaku.testing.fuzz import checks
from yohaku.testing.fuzz.crossing import RecordMutation
from yohaku.testing.fuzz.forms import mutate_table
from yohaku.testing.fuzz.source import Call
from yohaku.testing.fuzz.target import Part
from yohaku.testing.values import records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yohaku.schema import Applet, File, Record

SLOW = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
SEEDS = 24
"""Records that are drawn for each file, besides the example."""


def record_parts(applet: type[Applet], imported: Call) -> Iterator[Part]:
    """Give the parts of each file of an applet.

    Args:
        applet: the declaration.
        imported: how a test gets hold of the class, under its own name.
    """
    for name, file in applet.files().items():
        yield from _file_parts(name, file, f"{applet.__name__}.{name}.record", imported)


def _file_parts(name: str, file: File[Any], expression: str, imported: Call) -> Iterator[Part]:
    record: type[Record] = file.record
    drawn = cache(partial(seed_records, record))

    def raw() -> list[bytes]:
        return _written(drawn(), lambda one: one.encode())

    def texts() -> list[bytes]:
        return _written(drawn(), lambda one: json.dumps(one.to_json(), ensure_ascii=False).encode())

    def tables() -> list[bytes]:
        return _written(drawn(), lambda one: "".join(write_csv(record, [one])).encode())

    def call(check: str, *, text: bool) -> Call:
        line = f"from yohaku.testing.fuzz.checks import {check}"
        return Call(line, expression, imported.imports, imported.setup, text)

    cross = RecordMutation(record, drawn)
    bytes_call, prefix_call = call("check_bytes", text=False), call("check_prefix", text=False)
    yield Part(f"{name}.bytes", partial(checks.check_bytes, record), raw, bytes_call, cross.of_bytes)
    yield Part(f"{name}.prefix", partial(checks.check_prefix, record), raw, prefix_call, cross.of_bytes)
    json_call, csv_call = call("check_json", text=True), call("check_csv", text=True)
    yield Part(f"{name}.json", partial(checks.check_json, record), texts, json_call, cross.of_json)
    yield Part(f"{name}.csv", partial(checks.check_csv, record), tables, csv_call, mutate_table, separator=b"\n")


def _written(drawn: list[Record], write: Callable[[Record], bytes]) -> list[bytes]:
    """Write records; those that cannot be written are for the checks to find."""
    found = []
    for one in drawn:
        with suppress(Exception):
            found.append(write(one))
    return found


def seed_records(record: type[Record]) -> list[Record]:
    """Give the example of a record class and some that are drawn, always the same; none where that raises."""
    found: list[Record] = []

    @settings(
        max_examples=SEEDS,
        database=None,
        deadline=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=SLOW,
    )
    @given(records(record))
    def draw(one: Record) -> None:
        found.append(one)

    with suppress(Exception):
        found.append(record.example())
        draw()
    return found
