"""Measure sessions against card and model: ``python tests/benchmarks/testing/run.py [--rounds N] [--write FILE]``.

A session of ten commands on a forked card, as `yohaku.testing.Stage.run` runs it, beside the same commands sent to a
fork with nothing that checks them; interleaved round by round in one process.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import random
import statistics
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings

from yohaku.card import open_link
from yohaku.testing import PowerCut, Session, Stage, sessions
from yohaku.testing.faults import fork
from yohaku.testing.steps import (
    AppendRecord,
    AskTries,
    Authenticate,
    HostRead,
    ReadBinary,
    ReadRecord,
    UpdateBinary,
    Verify,
)
from yohaku_applets.library_card import Borrower, LibraryCard

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET = 1_500
"""Sessions of ten commands a second that were asked for."""
TEN = Session(
    (
        ReadBinary("borrower", size=65),
        AskTries("holder"),
        Verify("holder"),
        ReadRecord("loans"),
        UpdateBinary("borrower", data=b"\1"),
        Authenticate("counter"),
        UpdateBinary("borrower", 10, b"abc"),
        AppendRecord("loans", bytes(16)),
        ReadRecord("loans", 1, 5),
    )
)
READS = Session((ReadBinary("borrower", size=65), AskTries("holder")) * 5)
CUT = Session((Authenticate("counter"), PowerCut(write=2), AppendRecord("loans", bytes(16)), AskTries("holder")))
HOST = Session((HostRead("borrower"), HostRead("loans", login=True)))
SAMPLE = 0.1
"""Fewest seconds of CPU time in one sample."""


def jobs() -> list[tuple[str, Callable[[], object]]]:
    """Give what is measured."""
    stage = Stage(LibraryCard, open_link("emulator:"), contents={"borrower": Borrower.example()})
    commands = [event.command for event in stage.run(TEN, look=False).log]
    assert len(commands) == 10

    def bare() -> None:
        link = fork(stage.link)
        assert link is not None
        for command in commands:
            link.transmit(command)

    return [
        ("ten commands on a fork, unchecked", bare),
        ("ten commands on a fork, every answer checked", lambda: stage.run(TEN, look=False)),
        ("the same, then power lost and everything read", lambda: stage.run(TEN)),
        ("ten commands that write nothing", lambda: stage.run(READS)),
        ("four commands with a power cut, everything read", lambda: stage.run(CUT)),
        ("two files read through yohaku.card", lambda: stage.run(HOST, look=False)),
    ]


def rate(action: Callable[[], object], times: int) -> float:
    """Run an action so many times; give how often a second of CPU time."""
    start = process_time()
    for _ in range(times):
        action()
    return times / (process_time() - start)


def measure(rounds: int) -> dict[str, float]:
    """Measure all jobs in shuffled rounds; give the median rate of each."""
    work = jobs()
    counts = {name: max(20, int(SAMPLE * rate(action, 50))) for name, action in work}
    found: dict[str, list[float]] = {name: [] for name, _ in work}
    gc.disable()
    for number in range(rounds):
        random.Random(number).shuffle(work)
        for name, action in work:
            found[name].append(rate(action, counts[name]))
        gc.collect()
    gc.enable()
    return {name: statistics.median(found[name]) for name, _ in jobs()}


def drawn(examples: int) -> float:
    """Give how many sessions of one to twenty steps Hypothesis draws and runs in a second of CPU time."""
    stage = Stage(LibraryCard, open_link("emulator:"))
    count = 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(session=sessions(LibraryCard))
    def test(session: Session) -> None:
        nonlocal count
        count += 1
        stage.run(session)

    start = process_time()
    test()
    return count / (process_time() - start)


def page(rates: dict[str, float], by_hypothesis: float, rounds: int) -> str:
    """Write the table."""
    bare = next(iter(rates.values()))
    lines = [
        "# Speed of sessions against card and model",
        "",
        "Written by `python tests/benchmarks/testing/run.py --write FILE`; do not edit.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, CPython {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores. One process, CPU time, medians of {rounds} rounds in one run, order shuffled, "
        f"garbage collection off. The library card on the emulator's generic profile. Asked for: {TARGET:,} sessions "
        "of ten commands a second.",
        "",
        "| what | a second | microseconds | times the unchecked commands |",
        "|---|--:|--:|--:|",
    ]
    lines += [f"| {name} | {one:,.0f} | {1e6 / one:,.0f} | {bare / one:.2f} |" for name, one in rates.items()]
    lines += [f"| one to twenty steps drawn by Hypothesis, run | {by_hypothesis:,.0f} | {1e6 / by_hypothesis:,.0f} | |"]
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure, print, and write when asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    text = page(measure(options.rounds), drawn(options.examples), options.rounds)
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
