"""A search on several cores: starts the processes, passes on what one found, outlives those that die, keeps the corpus.

The processes are spawned, not forked, and ignore Ctrl-C; this one ends them, whatever ends it.
"""

from __future__ import annotations

import multiprocessing
import os
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from time import monotonic
from typing import TYPE_CHECKING, Any

from yohaku.errors import YohakuError
from yohaku.testing.fuzz.engine import finding
from yohaku.testing.fuzz.finding import DIED, HANGS, Finding, Reason
from yohaku.testing.fuzz.messages import CELL, Answer, Job, Report, read_cell
from yohaku.testing.fuzz.worker import work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from yohaku.testing.fuzz.corpus import Corpus
    from yohaku.testing.fuzz.target import Target

SILENCE_SECONDS = 120.0
"""Seconds without a word after which a process counts as hanging in one input, which burns no CPU time."""
START_SECONDS = 600.0
"""Seconds that a process has to load the target."""
END_SECONDS = 10.0
"""Seconds that a process has to end."""
MOST_DEATHS = 20
"""Processes that may die before a search gives up."""


class SearchError(YohakuError):
    """A search cannot go on: its processes die."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How a search goes.

    Attributes:
        seconds: since the first input.
        runs: inputs that were run, by all processes.
        rate: inputs a second, over the last few seconds.
        blocks: blocks of code that were reached, by the process that reached most.
        probes: blocks of code that are watched.
        kept: inputs of interest.
        findings: different ones.
    """

    seconds: float
    runs: int
    rate: float
    blocks: int
    probes: int
    kept: int
    findings: int


@dataclass(slots=True)
class _Process:
    """A process, the way to it, and what it is still to be told."""

    process: Any
    pipe: Connection
    cell: Any
    heard: float
    report: Report | None = None
    waiting: list[tuple[str, bytes]] = field(default_factory=list)
    gone: bool = False
    ended: bool = False


class Search:
    """A search of one target.

    Args:
        load: makes the target, here and in each process; importable by name.
        jobs: processes; as many as there are cores when 0.
        seed: of the random choices.
        corpus: where inputs of interest are kept; only in memory when None.
        on_figures: told of figures several times a second.
        on_finding: told of each finding once.

    Attributes:
        findings: what was found so far, by part and reason.
    """

    def __init__(
        self,
        load: Callable[[], Target],
        *,
        jobs: int = 0,
        seed: int = 0,
        corpus: Corpus | None = None,
        on_figures: Callable[[Figures], object] = lambda _figures: None,
        on_finding: Callable[[Finding], object] = lambda _finding: None,
    ) -> None:
        self._load, self._jobs, self._seed, self._corpus = load, jobs or os.cpu_count() or 1, seed, corpus
        self._on_figures, self._on_finding = on_figures, on_finding
        self._target = load()
        self._context = multiprocessing.get_context("spawn")
        self._processes: list[_Process] = []
        self._kept: dict[tuple[str, bytes], None] = {}
        self.findings: dict[tuple[str, tuple[str, str]], Finding] = {}
        self._deaths, self._lost_runs, self._stopped = 0, 0, False
        self._deadly: set[tuple[str, bytes]] = set()
        self._began: float | None = None
        self._pace: list[tuple[float, int]] = []

    def run(self, seconds: float | None = None) -> list[Finding]:
        """Search for so many seconds from the first input on, or until `stop`; give the findings.

        Raises:
            SearchError: processes die again and again.
        """
        if self._corpus is not None:
            self._kept = {
                (part.name, data): None for part in self._target.parts for data in self._corpus.load(part.name)
            }
        try:
            self._processes = [self._start(number) for number in range(self._jobs)]
            while not self._is_over(seconds):
                self._listen(stop=False)
            self._finish()
        finally:
            self._end_all()
        return list(self.findings.values())

    def stop(self) -> None:
        """Let the search end soon, with all that it found; a signal handler may call this."""
        self._stopped = True

    def _is_over(self, seconds: float | None) -> bool:
        is_due = seconds is not None and self._began is not None and monotonic() - self._began >= seconds
        return self._stopped or is_due

    def _start(self, number: int) -> _Process:
        ours, theirs = self._context.Pipe()
        cell = self._context.RawArray("c", CELL)
        job = Job(self._load, self._seed, number, tuple(self._kept), frozenset(self.findings), frozenset(self._deadly))
        process = self._context.Process(target=work, args=(job, theirs, cell), daemon=True)
        process.start()
        theirs.close()
        return _Process(process, ours, cell, monotonic())

    def _listen(self, *, stop: bool) -> None:
        """Hear what the processes say within a moment, and see which are dead."""
        ways = {one.pipe: one for one in self._processes if not one.ended}
        for way in wait(list(ways), timeout=0.2):
            self._hear(ways[way], stop=stop)  # type: ignore[index]
        for number, one in enumerate(self._processes):
            patience = START_SECONDS if one.report is None else SILENCE_SECONDS
            if not one.ended and monotonic() - one.heard > patience:
                self._bury(number, HANGS, f"no answer for {patience:.0f} seconds", stop=stop)
            elif not one.ended and one.gone:
                self._bury(number, DIED, f"the process ended with code {one.process.exitcode}", stop=stop)
        self._on_figures(self.figures())

    def _hear(self, one: _Process, *, stop: bool) -> None:
        try:
            report: Report = one.pipe.recv()
        except (EOFError, OSError):
            one.process.join(1)
            one.gone = True
            return
        one.heard, one.report = monotonic(), report
        self._began = self._began or monotonic()
        for found in report.findings:
            self._note(found)
        for kept in report.kept:
            self._keep(kept, one)
        if report.smallest is not None:
            one.ended = True
            return
        inputs, one.waiting = tuple(one.waiting), []
        with suppress(OSError):
            one.pipe.send(Answer(inputs, stop))

    def _note(self, found: Finding) -> None:
        key = found.part, found.reason.key
        if key not in self.findings:
            self.findings[key] = found
            self._on_finding(found)

    def _keep(self, kept: tuple[str, bytes], by: _Process) -> None:
        if kept in self._kept:
            return
        self._kept[kept] = None
        if self._corpus is not None:
            self._corpus.put(*kept)
        for other in self._processes:
            if other is not by:
                other.waiting.append(kept)

    def _bury(self, number: int, kind: str, message: str, *, stop: bool) -> None:
        """Note what a dead or silent process ran last, and put another one in its place."""
        one = self._processes[number]
        self._close(one)
        self._lost_runs += one.report.runs if one.report else 0
        part, data = read_cell(one.cell)
        if one.report is None and not data:
            raise SearchError(f"a process ended before its first input ({message}); does the target load alone?")
        self._note(finding(self._target, self._target.parts[part], Reason(kind, "", message), data))
        self._deadly.add((self._target.parts[part].name, data))
        self._deaths += 1
        if self._deaths > MOST_DEATHS:
            raise SearchError(f"{self._deaths} processes died; the last one: {message}")
        if not stop:
            self._processes[number] = self._start(number)

    def _finish(self) -> None:
        """Let all processes end; what the first one needs to reach all that was reached becomes the corpus."""
        end = monotonic() + END_SECONDS
        while any(not one.ended for one in self._processes) and monotonic() < end:
            self._listen(stop=True)
        first = self._processes[0].report if self._processes else None
        if self._corpus is not None and first is not None and first.smallest is not None:
            for part, inputs in first.smallest.items():
                self._corpus.settle(part, inputs)

    def _end_all(self) -> None:
        for one in self._processes:
            self._close(one)

    def _close(self, one: _Process) -> None:
        one.ended = True
        one.process.join(1 if one.report is not None and one.report.smallest is not None else 0)
        if one.process.exitcode is None:
            one.process.kill()
            one.process.join()
        one.pipe.close()

    def figures(self) -> Figures:
        """Say how the search goes."""
        now = monotonic()
        reports = list(self._reports())
        runs = self._lost_runs + sum(report.runs for report in reports)
        self._pace = [*(moment for moment in self._pace if now - moment[0] < 5), (now, runs)]
        (since, before), span = self._pace[0], now - self._pace[0][0]
        return Figures(
            0 if self._began is None else now - self._began,
            runs,
            (runs - before) / span if now > since else 0,
            max((report.blocks for report in reports), default=0),
            max((report.probes for report in reports), default=0),
            len(self._kept),
            len(self.findings),
        )

    def _reports(self) -> Iterator[Report]:
        return (one.report for one in self._processes if one.report is not None)
