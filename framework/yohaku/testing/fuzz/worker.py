"""One process of a search: runs inputs, tells what it found, and ends when it is told to or is left alone."""

from __future__ import annotations

import signal
from itertools import cycle
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Any

from yohaku.testing.fuzz.engine import Engine
from yohaku.testing.fuzz.finding import HangError
from yohaku.testing.fuzz.messages import Answer, Job, Report, write_cell
from yohaku.testing.fuzz.probes import Coverage

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from yohaku.testing.fuzz.target import Part, Target

REPORT_SECONDS = 0.2
HANG_SECONDS = 2
"""Seconds of CPU time after which an input counts as hanging; twice that at most."""


def work(job: Job, pipe: Connection, cell: Any) -> None:
    """Search until told to stop; nobody at the other end is the same."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    worker = _Worker(job, pipe, cell)
    try:
        worker.run()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


class _Worker:
    def __init__(self, job: Job, pipe: Connection, cell: Any) -> None:
        self._job, self._pipe, self._cell = job, pipe, cell
        target = job.load()
        self._numbers = {part.name: number for number, part in enumerate(target.parts)}
        self._engine = self._make(target)
        self._last, self._next = -1, 0.0

    def _make(self, target: Target) -> Engine:
        random = Random(f"{self._job.seed} {self._job.number}")  # noqa: S311 - a search can be repeated
        engine = Engine(target, Coverage(), random, before=self._note, deadly=self._job.deadly)
        for part, key in self._job.known:
            if part in engine.states:
                engine.states[part].reasons.add(key)
        return engine

    def _note(self, part: Part, data: bytes) -> None:
        write_cell(self._cell, self._numbers[part.name], data)

    def run(self) -> None:
        signal.signal(signal.SIGPROF, self._tick)
        signal.setitimer(signal.ITIMER_PROF, HANG_SECONDS, HANG_SECONDS)
        self._engine.start(self._job.inputs)
        for state in cycle(self._engine.states.values()):
            if self._tell():
                break
            self._engine.search(state)
        smallest = {name: state.smallest_set() for name, state in self._engine.states.items()}
        signal.setitimer(signal.ITIMER_PROF, 0)
        self._pipe.send(self._report(smallest))

    def _tick(self, _number: int, _frame: object) -> None:
        """End an input that was running at the last tick, too."""
        engine = self._engine
        if engine.running and engine.runs == self._last:
            raise HangError(f"one input takes more than {HANG_SECONDS} seconds of CPU time")
        self._last = engine.runs

    def _tell(self) -> bool:
        """Report when it is time; say whether to stop."""
        if monotonic() < self._next:
            return False
        self._pipe.send(self._report(None))
        answer: Answer = self._pipe.recv()
        for part, data in answer.inputs:
            self._engine.add(part, data)
        self._engine.kept = [one for one in self._engine.kept if one not in set(answer.inputs)]
        self._next = monotonic() + REPORT_SECONDS
        return answer.stop

    def _report(self, smallest: dict[str, list[bytes]] | None) -> Report:
        engine = self._engine
        kept, found = tuple(engine.kept), tuple(engine.findings)
        engine.kept, engine.findings = [], []
        return Report(engine.runs, engine.blocks, len(engine.coverage.places), kept, found, smallest)
