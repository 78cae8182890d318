"""Traces written: one JSON object for each exchange, while a program talks to a card."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from yohaku.card.traces.entry import TraceEntry
from yohaku.card.traces.explain import Explainer

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.card.pipeline import Exchange


def _now() -> datetime:
    return datetime.now(UTC)


class Tracer:
    """An observer of a card that writes each exchange as a line of JSON: ``card.observers.append(Tracer(write))``.

    Args:
        write: takes a line, its end included.
        explainer: says what commands mean; one that knows no applets by default.
        with_secrets: write PINs and keys, too, instead of ``xx``.
        clock: tells the time.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        *,
        explainer: Explainer | None = None,
        with_secrets: bool = False,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._write, self._clock = write, clock
        self._explainer = explainer or Explainer()
        self._with_secrets = with_secrets

    def __call__(self, exchange: Exchange) -> None:
        """Write one exchange down."""
        entry = TraceEntry(exchange.command, exchange.response, self._clock())
        entry = TraceEntry(entry.command, entry.response, entry.time, meaning=self._explainer.explain(entry).meaning)
        told = entry if self._with_secrets else entry.masked()
        self._write(json.dumps(told.to_json(), ensure_ascii=False) + "\n")
