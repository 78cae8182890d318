# ruff: noqa: T201 - it is part of a program, which shows its progress
"""A pytest plugin that tries mutants: each in a fork of the loaded session, against the tests that reach it.

Nothing is imported or collected again: a fork gets the mutant's code, runs tests until one fails, and ends.
"""

from __future__ import annotations

import mmap
import os
import pickle
import resource
import signal
import struct
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType

    from mutations import Mutant

PATIENCE = 5
"""A fork is stopped that takes so many times the processor's time of its tests, and seconds more: it loops for ever."""
MEMORY = 4 << 30
"""Bytes that a fork may take, for mutants that gather for ever."""
STEP = 50
"""Mutants between two signs of progress."""
FAILED, BROKEN = 1, 2
"""Exit statuses of a fork: a test failed, or the mutant could not be made."""


@dataclass
class Reach:
    """What a test reaches without any mutant: lines by file; and the seconds that it takes when it is watched."""

    lines: set[tuple[str, int]] = field(default_factory=set)
    seconds: float = 0.0
    passed: bool = False


class Trial:
    """Tries mutants when pytest has collected the tests, until it is interrupted.

    Args:
        mutants: what to try.
        jobs: forks at a time.

    Attributes:
        killers: by mutant, the test that failed; empty for one that ran out of time or memory; None for a survivor.
    """

    def __init__(self, mutants: list[Mutant], jobs: int) -> None:
        self.mutants, self.jobs = mutants, jobs
        self.killers: dict[Mutant, str | None] = {}
        self.items: list[pytest.Item] = []
        self.reaches: list[Reach] = []
        self.kills: Counter[int] = Counter()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Find out what each test reaches, then try the mutants."""
        self.items = session.items
        files = {mutant.path for mutant in self.mutants}
        for start in range(0, len(self.items), self.jobs):
            works = [partial(reach_of, session, item, files) for item in self.items[start : start + self.jobs]]
            self.reaches += answers_of_forks(works)
        failing = [item.nodeid for item, reach in zip(self.items, self.reaches, strict=True) if not reach.passed]
        if failing:
            raise pytest.UsageError(f"fails without any mutant: {', '.join(failing)}")
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            self._try_all(session)
        return True

    def _try_all(self, session: pytest.Session) -> None:
        marks = mmap.mmap(-1, 4 * len(self.mutants))
        running: dict[int, int] = {}
        for index, mutant in enumerate(self.mutants):
            if index % STEP == 0:
                print(f"{index} of {len(self.mutants)} mutants", file=sys.stderr)
            while len(running) >= self.jobs:
                self._collect(running, marks)
            if self.chosen(mutant):
                running[fork(partial(self._try, session, mutant, marks, index))] = index
            else:
                self.killers[mutant] = None
        while running:
            self._collect(running, marks)

    def chosen(self, mutant: Mutant) -> list[int]:
        """Give the tests that reach a mutant: those that killed most come first, then the fastest."""
        wanted = {(mutant.path, line) for line in mutant.lines}
        reaching = [index for index, reach in enumerate(self.reaches) if not wanted.isdisjoint(reach.lines)]
        return sorted(reaching, key=lambda index: self.reaches[index].seconds / (1 + self.kills[index]))

    def _try(self, session: pytest.Session, mutant: Mutant, marks: mmap.mmap, index: int) -> int:
        mutant.apply()
        tests = self.chosen(mutant)
        seconds = int(PATIENCE * (1 + sum(self.reaches[test].seconds for test in tests)))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        for test in tests:
            if not passes(session, self.items[test]):
                struct.pack_into("i", marks, 4 * index, test)
                return FAILED
        return 0

    def _collect(self, running: dict[int, int], marks: mmap.mmap) -> None:
        process, status = os.wait()
        index = running.pop(process)
        mutant = self.mutants[index]
        if status == 0:
            self.killers[mutant] = None
            print(f"survives: {mutant.key}", file=sys.stderr)
        elif os.WIFEXITED(status) and os.WEXITSTATUS(status) == FAILED:
            (test,) = struct.unpack_from("i", marks, 4 * index)
            self.kills[test] += 1
            self.killers[mutant] = self.items[test].nodeid
        elif os.WIFEXITED(status) and os.WEXITSTATUS(status) == BROKEN:
            raise RuntimeError(f"the mutant {mutant.key} could not be tried")
        else:
            self.killers[mutant] = ""


def reach_of(session: pytest.Session, item: pytest.Item, files: set[str]) -> Reach:
    """Run a test and note the lines of the files that it reaches."""
    reach = Reach()

    def local(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            reach.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return local

    sys.settrace(lambda frame, _, __: local if frame.f_code.co_filename in files else None)
    started = time.process_time()
    reach.passed = passes(session, item)
    reach.seconds = time.process_time() - started
    sys.settrace(None)
    return reach


def passes(session: pytest.Session, item: pytest.Item) -> bool:
    """Run a test; tell whether it passed or was skipped."""
    before = session.testsfailed
    item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
    return session.testsfailed == before


def fork(work: Callable[[], int]) -> int:
    """Run ``work`` in a silent fork with bounded memory, which ends with its result; give its number."""
    sys.stdout.flush()
    process = os.fork()
    if process:
        return process
    status = BROKEN
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        status = work()
    finally:
        os._exit(status)


def answers_of_forks(works: Iterable[Callable[[], Reach]]) -> list[Reach]:
    """Run each of the works in a fork of its own, all at once, and give what they return."""
    started = [_answering(work) for work in works]
    answers = []
    for process, source in started:
        with os.fdopen(source, "rb") as file:
            raw = file.read()
        os.waitpid(process, 0)
        answers.append(pickle.loads(raw))  # noqa: S301 - written by this program a moment ago
    return answers


def _answering(work: Callable[[], Reach]) -> tuple[int, int]:
    source, sink = os.pipe()

    def send() -> int:
        with os.fdopen(sink, "wb") as file:
            pickle.dump(work(), file)
        return 0

    process = fork(send)
    os.close(sink)
    return process, source
