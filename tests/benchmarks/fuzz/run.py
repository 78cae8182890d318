"""Speed of the fuzz targets, and engines against planted faults: ``run.py --setup --write FILE``.

``--setup`` installs atheris and HypoFuzz into ``build/fuzz-bench``; without them their columns stay empty. Every figure
is CPU time of one process, so that a busy machine changes it little.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parent))

from engines import ENGINES
from planted import FAULTS

from yohaku.cli.fuzz import load
from yohaku.testing.fuzz.cards import session_of, stage
from yohaku.testing.fuzz.engine import Engine
from yohaku.testing.fuzz.probes import Coverage
from yohaku_applets.library_card import LibraryCard

ROOT = Path(__file__).resolve().parents[3]
HOME = ROOT / "build" / "fuzz-bench"
TARGETS = ("library-card", "tlv", "cap", "secure-messaging", "trace", "image")
TEN = b"00b0810000\nlogin\n00b0820020\n00d6810002f0f1\n00b2011400\n00200081\n00a4020c020001\n00b0000010"
"""Ten commands: three of them are what a login sends."""


def speeds(seconds: float) -> list[tuple[str, str, float, float]]:
    """Search each part of each target for so long; give inputs a second with probes, and without."""
    found = []
    for name in TARGETS:
        target = load(name, "findings")
        engine = Engine(target, Coverage(), random.Random(1))
        bare = {part.name: bare_rate(part, seconds / 2) for part in target.parts}
        engine.start()
        for part, state in engine.states.items():
            start, runs = process_time(), engine.runs
            while process_time() - start < seconds:
                engine.search(state)
            found.append((name, part, (engine.runs - runs) / (process_time() - start), bare[part]))
            print(*found[-1], file=sys.stderr)
    return found


def bare_rate(part: object, seconds: float) -> float:
    """Run the seeds of a part without probes, over and over; give how many a second."""
    seeds = list(part.seeds())  # type: ignore[attr-defined]
    for data in seeds:
        part.check(data)  # type: ignore[attr-defined]
    start, runs = process_time(), 0
    while process_time() - start < seconds:
        for data in seeds:
            part.check(data)  # type: ignore[attr-defined]
        runs += len(seeds)
    return runs / (process_time() - start)


def sessions(seconds: float) -> float:
    """Run a session of ten commands on a fork of a card, against the model; give how many a second."""
    card, session = stage(LibraryCard), session_of(LibraryCard, TEN)
    commands = sum(bool(event.command) for event in card.run(session, look=False).log)
    assert commands == 10, commands
    rates = []
    for _ in range(7):
        start, runs = process_time(), 0
        while process_time() - start < seconds:
            card.run(session, look=False)
            runs += 1
        rates.append(runs / (process_time() - start))
    return statistics.median(rates)


def against(fault: str, engine: str, limit: float, seed: int) -> dict[str, float]:
    """Run one engine on one fault in a process of its own."""
    paths = [str(ROOT / name) for name in ("framework", "emulator", "applets")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*paths, str(HOME)])}
    command = [sys.executable, str(Path(__file__).with_name("engines.py")), engine, fault, str(limit), str(seed)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=900)
    except subprocess.TimeoutExpired:
        return {}
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"found"')]
    told: dict[str, float] = json.loads(lines[0]) if lines else {}
    print(fault, engine, seed, told or done.stderr[-300:], file=sys.stderr)
    return told


def races(limit: float, seeds: int) -> dict[tuple[str, str], list[dict[str, float]]]:
    """Run every engine on every fault."""
    pairs = [(fault, engine) for fault in FAULTS for engine in ENGINES]
    tasks = [(fault, engine, limit, seed) for fault, engine in pairs for seed in range(1, seeds + 1)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        told = list(pool.map(lambda task: against(*task), tasks))
    return {pair: told[at * seeds : (at + 1) * seeds] for at, pair in enumerate(pairs)}


def cell(runs: list[dict[str, float]]) -> str:
    """Say how long it took, as a median, or how often it was found at all."""
    good = [run for run in runs if run]
    if not good:
        return "-"
    found = [run["seconds"] for run in good if run["found"]]
    if len(found) == len(good):
        return f"{statistics.median(found):.2f} s"
    return f"{len(found)} of {len(good)}" if found else "not found"


def rate(races: dict[tuple[str, str], list[dict[str, float]]], engine: str) -> str:
    """Say how many inputs an engine ran a second, as a median over the faults."""
    rates = [
        run["runs"] / run["seconds"]
        for (_, name), runs in races.items()
        for run in runs
        if name == engine and run and run["seconds"] > 0.5
    ]
    return f"{statistics.median(rates):,.0f}" if rates else "-"


def page(
    parts: list[tuple[str, str, float, float]],
    ten: float,
    raced: dict[tuple[str, str], list[dict[str, float]]],
    options: argparse.Namespace,
) -> str:
    """Write the tables."""
    lines = [
        "# Speed of the fuzzer, and the choice of its engine",
        "",
        "Written by `make bench-fuzz`; do not edit.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, CPython {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores. CPU time of one process.",
        "",
        "## Inputs a second",
        "",
        f"Each part was searched for {options.seconds:g} seconds. *Bare* is the check alone on the seeds, "
        "without probes.",
        "",
        "| target | part | a second | bare |",
        "|---|---|--:|--:|",
        *(f"| {target} | {part} | {speed:,.0f} | {bare:,.0f} |" for target, part, speed, bare in parts),
        "",
        f"A session of ten commands on a fork of a card, every answer held against the model: {ten:,.0f} a second.",
        "",
        "## Engines against planted faults",
        "",
        f"CPU time from the first input to the fault, median of {options.seeds} seeds; an engine gave up after "
        f"{options.limit:g} seconds. All run the same checks from the same seeds. *yohaku* is the engine of "
        "`yohaku fuzz` with its mutations, of which that of records takes values of others that strategies draw, "
        "*blind* the same without looking at coverage, from the seeds alone; atheris is libFuzzer, HypoFuzz guides "
        "Hypothesis by coverage, Hypothesis alone is not guided.",
        "",
        f"| fault | {' | '.join(ENGINES)} |",
        f"|---|{'--:|' * len(ENGINES)}",
        *(
            f"| {fault.what} | {' | '.join(cell(raced[name, engine]) for engine in ENGINES)} |"
            for name, fault in FAULTS.items()
        ),
        f"| *inputs a second* | {' | '.join(rate(raced, engine) for engine in ENGINES)} |",
        "",
        *CHOICE,
    ]
    return "\n".join(lines) + "\n"


CHOICE = (
    "## The choice",
    "",
    "`yohaku fuzz` has its own engine: probes compiled into the functions that exist (`testing/fuzz/probes.py`), "
    "mutations that know JSON, tables, TLV and sessions (`forms.py`), one process a core. It needs nothing beyond "
    "`yohaku[test]`, reaches the code that codecs generate at run time, and keeps its own corpus format. atheris has a "
    "wheel of 35 MB for some Pythons on x86-64 Linux only, and takes the process over; HypoFuzz brings the packages of "
    "a web dashboard.",
    "",
    "Most of what finds these faults are the mutations, which is why *blind* does as well on most of them; coverage "
    "decides for nested data objects, and grows the corpus that CI keeps.",
)


def set_up() -> None:
    """Install the other engines."""
    if not (HOME / "atheris").is_dir():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(HOME)]
        subprocess.run([*pip, "atheris", "hypofuzz"], check=False)


def main() -> None:
    """Set up, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--setup", action="store_true")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--limit", type=float, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    if options.setup:
        set_up()
    ten = sessions(options.seconds / 4)
    text = page(speeds(options.seconds), ten, races(options.limit, options.seeds), options)
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
