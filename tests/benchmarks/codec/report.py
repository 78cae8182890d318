"""The page that the benchmark writes: machine, versions, rates with their ratios, sizes, columns."""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from math import prod
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

from data import samples

if TYPE_CHECKING:
    from peer import Peer

Rates = dict[tuple[str, str, str], float]
OPERATIONS = [(record, operation) for record in ("R1", "R2", "R3") for operation in ("decode", "encode")]
HAND, CONSTRUCT = "hand-written struct", "construct"
OPAQUE, OPAQUE_HAND = "yohaku, opaque user types", "hand-written struct, the same user types"


def processor() -> str:
    """Name the processor."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def installed(distribution: str) -> str:
    """Give a distribution's version."""
    if not distribution:
        return platform.python_version()
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "?"


def thousands(rate: float) -> str:
    """Show a rate in thousands a second."""
    return f"{rate / 1000:,.0f}k" if rate >= 100_000 else f"{rate / 1000:,.1f}k"


def cell(rates: Rates, peer: str, record: str, operation: str) -> str:
    """Show one rate: records a second, times hand-written, times construct."""
    rate = rates.get((peer, record, operation))
    if rate is None:
        return "-"
    hand, construct = rates.get((HAND, record, operation)), rates.get((CONSTRUCT, record, operation))
    ratios = [f"{rate / other:.{2 if rate / other < 10 else 0}f}" for other in (hand, construct) if other]
    return f"{thousands(rate)} ({', '.join(ratios)})"


def overall(rates: Rates, peer: str) -> float:
    """Give the geometric mean of the ratios to hand-written code over the operations that a peer can do."""
    ratios = [
        rates[peer, record, operation] / rates[HAND, record, operation]
        for record, operation in OPERATIONS
        if (peer, record, operation) in rates
    ]
    return prod(ratios) ** (1 / len(ratios)) if ratios else 0.0


def speed_table(peers: list[Peer], rates: Rates) -> list[str]:
    """Make the table of rates, the fastest peer first."""
    heads = [f"{record} {operation}" for record, operation in OPERATIONS]
    lines = [f"| codec | {' | '.join(heads)} | x hand | version |", "|---|" + "--:|" * (len(heads) + 2)]
    for peer in sorted(peers, key=lambda peer: -overall(rates, peer.name)):
        cells = [cell(rates, peer.name, *pair) for pair in OPERATIONS]
        lines.append(
            f"| {peer.name} | {' | '.join(cells)} | {overall(rates, peer.name):.2f} | {installed(peer.distribution)} |"
        )
    return lines


def opaque_table(rates: Rates) -> list[str]:
    """Make the table of opaque user types against hand-written code."""
    pairs = [pair for pair in OPERATIONS if (OPAQUE, *pair) in rates and (OPAQUE_HAND, *pair) in rates]
    lines = [
        f"| times hand-written struct code | {' | '.join(f'{record} {operation}' for record, operation in pairs)} |",
        "|---|" + "--:|" * len(pairs),
    ]
    for note, other in (("that calls the same user types", OPAQUE_HAND), ("that has the conversions inside", HAND)):
        cells = [f"{rates[OPAQUE, *pair] / rates[other, *pair]:.2f}" for pair in pairs]
        lines.append(f"| {note} | {' | '.join(cells)} |")
    return [*lines, "", "The target is 0.85 of hand-written code that calls the same user types."]


def size_table(peers: list[Peer], bounds: dict[str, float]) -> list[str]:
    """Make the table of mean sizes in bytes against the range bound."""
    lines = ["| format | R1 | R2 | R3 |", "|---|--:|--:|--:|"]
    lines.append("| range bound | " + " | ".join(f"{bounds[record]:.1f}" for record in bounds) + " |")
    rows: dict[tuple[str, ...], list[str]] = {}
    for peer in peers:
        sizes = [
            mean(len(coder.encode(coder.native(value))) for value in samples(record)) if coder else None
            for record, coder in ((record, peer.coders.get(record)) for record in bounds)
        ]
        cells = tuple(
            "-" if size is None else f"{size:.1f} ({size / bound:.2f})"
            for size, bound in zip(sizes, bounds.values(), strict=True)
        )
        rows.setdefault(cells, []).append(peer.name)
    for cells, names in sorted(rows.items(), key=lambda row: len(row[1]), reverse=True):
        lines.append(f"| {', '.join(names)} | {' | '.join(cells)} |")
    return lines


def page(
    peers: list[Peer],
    rates: Rates,
    missing: dict[str, str],
    bounds: dict[str, float],
    more: dict[str, list[str]],
    rounds: int,
) -> str:
    """Make the whole page in Markdown."""
    notes = [f"- {peer.name}: {peer.note}" for peer in peers if peer.note]
    absent = [f"- {name}: {reason[:300]}" for name, reason in missing.items()] or ["- none"]
    return "\n".join(
        [
            "# Speed and size of the codec",
            "",
            "Written by `python tests/benchmarks/codec/run.py --setup --write specs/benchmarks/codec.md`; do not edit.",
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, CPython {platform.python_version()}, {platform.system()} "
            f"{platform.release()}, {processor()}.",
            f"CPU time (`process_time`), samples of 20 ms or more, medians over {rounds} rounds, the order of all "
            "operations shuffled in each round, garbage collection off, 64 seeded records of each kind.",
            "",
            "R1: library card, 64 bytes. R2: wallet with a log of 20 entries, 337 bytes. R3: emergency record in "
            "BER-TLV. Every peer that must give the card's bytes gave them, and every peer gave the same values back, "
            "before anything was timed. yohaku's values are frozen typed records; hand-written code gives dicts.",
            "",
            "## Records a second (in brackets: times hand-written struct code, times construct)",
            "",
            *speed_table(peers, rates),
            "",
            "`x hand`: geometric mean over the operations that the codec can do.",
            "",
            "## Opaque user types",
            "",
            *opaque_table(rates),
            "",
            *(line for title, lines in more.items() for line in (f"## {title}", "", *lines, "")),
            "## Bytes of a record (in brackets: times the range bound)",
            "",
            *size_table(peers, bounds),
            "",
            "## Notes",
            "",
            *notes,
            "",
            "Not measured, or refused, and why:",
            "",
            *absent,
            "",
            f"Python: {sys.version.split()[0]} {platform.python_compiler()}.",
            "",
        ]
    )
