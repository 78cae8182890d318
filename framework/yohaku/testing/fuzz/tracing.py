"""Check of foreign traces: any text is a trace or is refused with its line; what is read is explained and hidden."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from yohaku.card.traces import Explainer, TraceEntry, TraceError, read_trace, secret_positions
from yohaku.testing.fuzz.checks import REFUSED
from yohaku.testing.fuzz.finding import BrokenInvariantError

if TYPE_CHECKING:
    from collections.abc import Iterable

APPLETS = "yohaku.applets"


def check_trace(data: bytes) -> Iterable[str]:
    """Read a trace, explain it and write it down: it reads as the same, and hides what it must hide."""
    try:
        entries = read_trace(data.decode("utf-8", "replace").splitlines())
    except TraceError as error:
        if "line" not in str(error):
            raise BrokenInvariantError("faults-are-told", f"a refusal names no line: {error}") from None
        return REFUSED
    explainer = Explainer(_installed())
    return [_check_entry(entry, explainer) for entry in entries]


def _check_entry(entry: TraceEntry, explainer: Explainer) -> str:
    told = explainer.explain(entry)
    back = TraceEntry.from_json(json.loads(json.dumps(entry.to_json())))
    if (back.command, back.response, back.hidden) != (entry.command, entry.response, entry.hidden):
        raise BrokenInvariantError("trace-round-trip", f"{entry.to_json()} is read as {back.to_json()}")
    shown = entry.masked()
    if any(shown.command[at] for at in secret_positions(entry.command)):
        raise BrokenInvariantError("secrets-stay-hidden", f"{shown.to_json()} shows what must be hidden")
    return told.meaning.split(" ", 1)[0]


@cache
def _installed() -> tuple[Any, ...]:
    return tuple(point.load() for point in sorted(entry_points(group=APPLETS), key=lambda point: point.name))
