"""Traces: what travelled between a program and a card, written down without secrets, explained, sent once more."""

from yohaku.card.traces.entry import TraceEntry, TraceError
from yohaku.card.traces.explain import Explainer, Explanation
from yohaku.card.traces.mask import secret_positions
from yohaku.card.traces.reading import read_trace
from yohaku.card.traces.replay import Outcome, Replayed, replay
from yohaku.card.traces.writing import Tracer

__all__ = [
    "Explainer",
    "Explanation",
    "Outcome",
    "Replayed",
    "TraceEntry",
    "TraceError",
    "Tracer",
    "read_trace",
    "replay",
    "secret_positions",
]
