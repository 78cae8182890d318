# ruff: noqa: T201 - it is part of a program, which shows its progress
"""A pytest plugin that tries mutants: each in a fork of the loaded session, against the tests that reach it.

Nothing is imported or collected again: a fork gets the mutant's code, runs tests until one fails, and ends. Generated
sources that the tests compile without any mutant are compiled once, for all forks.
"""

from __future__ import annotations

import gc
import marshal
import mmap
import os
import pickle
import resource
import signal
import struct
import sys
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from yohaku.codec import cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType, FrameType

    from mutations import Mutant

PATIENCE = 5
"""A test is stopped that takes so many times the time it takes without a mutant, and seconds: it loops for ever."""
MEMORY = 4 << 30
"""Bytes that a fork may take, for mutants that gather for ever."""
NEAR = 50
"""How much more a test counts that killed a mutant of the same function than one that killed another."""
STEP = 50
"""Mutants between two signs of progress."""
FAILED, BROKEN = 1, 2
"""Exit statuses of a fork: a test failed, or the mutant could not be made."""


@dataclass
class Reach:
    """What a test does without any mutant.

    Attributes:
        lines: what it reaches of the lines that mutants change, with their files.
        seconds: of the processor that it takes when it is watched.
        passed: whether it passed or was skipped.
        compiled: the sources that it compiled, with their code marshalled.
    """

    lines: set[tuple[str, int]] = field(default_factory=set)
    seconds: float = 0.0
    passed: bool = False
    compiled: dict[tuple[Any, ...], bytes] = field(default_factory=dict)


_codes: dict[tuple[Any, ...], CodeType] = {}


def compile_once(*source: Any, **options: Any) -> CodeType:
    """Compile a source, or give the code that it has; what goes to a disk cache is compiled, as marshal asks."""
    if cache._directory:
        code: CodeType = compile(*source, **options)
        return code
    if source not in _codes:
        _codes[source] = compile(*source, **options)
    return _codes[source]


class Trial:
    """Tries mutants when pytest has collected the tests, until it is interrupted.

    Args:
        mutants: what to try.
        jobs: forks at a time.
        hints: by mutant, the test that killed it in an earlier run: it is the first to be run.

    Attributes:
        killers: by mutant, the test that failed; empty for one that ran out of time or memory; None for a survivor.
    """

    def __init__(self, mutants: list[Mutant], jobs: int, hints: dict[Mutant, str]) -> None:
        self.mutants, self.jobs, self.hints = mutants, jobs, hints
        self.killers: dict[Mutant, str | None] = {}
        self.items: list[pytest.Item] = []
        self.reaches: list[Reach] = []
        self.kills: Counter[int] = Counter()
        self.near: defaultdict[str, Counter[int]] = defaultdict(Counter)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Find out what each test reaches, then try the mutants."""
        self.items = session.items
        cache.__dict__["compile"] = compile_once
        gc.collect()
        gc.freeze()
        wanted = {(mutant.path, line) for mutant in self.mutants for line in mutant.lines}
        for start in range(0, len(self.items), self.jobs):
            works = [partial(reach_of, session, item, wanted) for item in self.items[start : start + self.jobs]]
            self.reaches += answers_of_forks(works)
        for reach in self.reaches:
            _codes.update({source: marshal.loads(code) for source, code in reach.compiled.items()})  # noqa: S302 - ours
            reach.compiled.clear()
        gc.freeze()
        failing = [item.nodeid for item, reach in zip(self.items, self.reaches, strict=True) if not reach.passed]
        if failing:
            raise pytest.UsageError(f"fails without any mutant: {', '.join(failing)}")
        running: dict[int, int] = {}
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            self._try_all(session, running)
        for process in running:
            os.kill(process, signal.SIGKILL)
        return True

    def _try_all(self, session: pytest.Session, running: dict[int, int]) -> None:
        marks = mmap.mmap(-1, 4 * max(len(self.mutants), 1))
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
        """Give the tests that reach a mutant: first its killer of before, then what killed its like, then the quick."""
        wanted = {(mutant.path, line) for line in mutant.lines}
        reaching = [index for index, reach in enumerate(self.reaches) if not wanted.isdisjoint(reach.lines)]
        near, hint = self.near[mutant.function], self.hints.get(mutant)

        def worth(index: int) -> tuple[bool, float]:
            kills = 1 + self.kills[index] + NEAR * near[index]
            return self.items[index].nodeid != hint, self.reaches[index].seconds / kills

        return sorted(reaching, key=worth)

    def _try(self, session: pytest.Session, mutant: Mutant, marks: mmap.mmap, index: int) -> int:
        mutant.apply()
        for test in self.chosen(mutant):
            seconds = int(time.process_time() + PATIENCE * (1 + self.reaches[test].seconds))
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
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
            self.near[mutant.function][test] += 1
            self.killers[mutant] = self.items[test].nodeid
        elif os.WIFEXITED(status) and os.WEXITSTATUS(status) == BROKEN:
            raise RuntimeError(f"the mutant {mutant.key} could not be tried")
        else:
            self.killers[mutant] = ""


def reach_of(session: pytest.Session, item: pytest.Item, wanted: set[tuple[str, int]]) -> Reach:
    """Run a test and note what it reaches of the wanted lines; code whose lines are all reached is not watched."""
    reach, known = Reach(), set(_codes)
    files = {path for path, _ in wanted}
    left: dict[CodeType, set[tuple[str, int]]] = {}

    def local(frame: FrameType, event: str, _: Any) -> Any:
        place = frame.f_code.co_filename, frame.f_lineno
        if event == "line" and place in left[frame.f_code]:
            left[frame.f_code].discard(place)
            reach.lines.add(place)
        return local

    def enter(frame: FrameType, _: str, __: Any) -> Any:
        code = frame.f_code
        if code.co_filename not in files:
            return None
        if code not in left:
            left[code] = wanted & {(code.co_filename, line) for _, _, line in code.co_lines() if line}
        return local if left[code] else None

    sys.settrace(enter)
    started = time.process_time()
    reach.passed = passes(session, item)
    reach.seconds = time.process_time() - started
    sys.settrace(None)
    reach.compiled = {source: marshal.dumps(code) for source, code in _codes.items() if source not in known}
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
