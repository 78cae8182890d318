"""Mutation testing of the code emitters: ``make mutate-codec``, or ``python tests/quality/codec/mutate.py --help``.

A mutant is killed when one of the tests that reach it fails. Those that are the same program in other words are named
in ``equivalent.toml``, each with its reason; they are tried all the same, and one that is killed is named wrongly.
Ctrl-C or SIGTERM ends a run early, and its page says so; with ``--state FILE`` the next run goes on where it stopped.
Exits with 1 when fewer than 95 % of the others are killed, or when the list names what is no survivor.
"""

# ruff: noqa: T201, S311 - it is a program, and prints; its draws are no secrets
from __future__ import annotations

import argparse
import platform
import random
import re
import sys
import time
import tomllib
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mutations import mutants
from state import State
from trial import Trial

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mutations import Mutant

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TESTS = ("tests/unit/codec", "tests/property/test_compiled.py", "tests/property/test_foreign.py")
SOURCES = (*(f"framework/yohaku/{name}" for name in ("codec", "fields", "schema", "testing")), *TESTS)
"""What an outcome depends on."""
ARGUMENTS = (
    *("-q", "-s", "-p", "quick_profile", "--hypothesis-profile=mutants", "-p", "no:cacheprovider", "-p", "no:xdist"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
"""Of pytest; the emitters are loaded before it is, to be mutated."""
WANTED = 95.0
"""Percent of the mutants that are not equivalent."""


class Outcome:
    """What became of the mutants.

    Args:
        killers: by mutant, what killed it; None for survivors.
        reasons: by a mutant's key, why it is the same program.
        total: how many mutants there are; the list is held against them when all were tried.
    """

    def __init__(self, killers: dict[Mutant, str | None], reasons: dict[tuple[str, ...], str], total: int) -> None:
        self.killers, self.reasons, self.total = killers, reasons, total
        survived = {mutant for mutant, killer in killers.items() if killer is None}
        self.equivalent = [mutant for mutant in killers if mutant in survived and mutant.key in reasons]
        self.survivors = [mutant for mutant in killers if mutant in survived and mutant.key not in reasons]
        used = {mutant.key for mutant in self.equivalent}
        tried = {mutant.key for mutant in killers}
        self.wrong = [key for key in reasons if key not in used and (key in tried or len(killers) == total)]

    @property
    def share(self) -> float:
        """Percent of the mutants that are killed, the equivalent ones left out."""
        counted = len(self.killers) - len(self.equivalent)
        return 100 * (counted - len(self.survivors)) / max(counted, 1)

    def rows(self) -> list[str]:
        """Give the counts of each module as rows of a table."""
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for mutant in self.killers:
            kind = 2 if mutant in self.equivalent else 3 if mutant in self.survivors else 1
            for module in (mutant.function.partition(":")[0], "**all**"):
                counts[module][0] += 1
                counts[module][kind] += 1
        modules = [*sorted(set(counts) - {"**all**"}), "**all**"]
        return [f"| {module} | {' | '.join(map(str, counts[module]))} |" for module in modules]


def reasons(survivors: Iterable[Mutant]) -> dict[tuple[str, ...], str]:
    """Read the list of equivalent mutants: single ones, and all of functions that weigh which program is faster."""
    held = tomllib.loads((HERE / "equivalent.toml").read_text(encoding="utf-8"))
    places = {tuple(place): entry["reason"] for entry in held["equivalent"] for place in entry["mutants"]}
    wholes = {entry["function"]: entry["reason"] for entry in held["weighing"]}
    return places | {mutant.key: wholes[mutant.function] for mutant in survivors if mutant.function in wholes}


def report(outcome: Outcome, seconds: float) -> str:
    """Give the page about a run."""
    count = len(outcome.killers)
    killed = count - len(outcome.equivalent) - len(outcome.survivors)
    tests = ", ".join(f"`{path}`" for path in TESTS)
    what = "one operator, number, condition or refusal of an emitter changed, also inside the text that it emits"
    counted = count - len(outcome.equivalent)
    lines = [
        "# Mutation testing of the code emitters",
        "",
        "Written by `make mutate-codec`; do not edit.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, CPython {platform.python_version()}, {seconds / 60:.0f} minutes.",
        f"{outcome.total} mutants: {what}. Tests: {tests}.",
        f"{'All' if count == outcome.total else f'{count} of them'} were tried.",
        "",
        f"**{outcome.share:.1f} % killed** of those that are not equivalent ({killed} of {counted}).",
        f"{100 * killed / count:.1f} % of all.",
        "",
        "| module | mutants | killed | equivalent | survivors |",
        "|---|--:|--:|--:|--:|",
        *outcome.rows(),
        "",
        "## Survivors",
        "",
        *([named(mutant) for mutant in outcome.survivors] or ["None."]),
        "",
        "## Equivalent",
        "",
        "The same program in other words, or one that differs in speed or in words only, by the reasoned list",
        "`tests/quality/codec/equivalent.toml`. They were tried like all others, and no test fails.",
    ]
    for reason in dict.fromkeys(outcome.reasons[mutant.key] for mutant in outcome.equivalent):
        lines += ["", f"{reason}", ""]
        lines += [named(mutant) for mutant in outcome.equivalent if outcome.reasons[mutant.key] == reason]
    return "\n".join([*lines, ""])


def named(mutant: Mutant) -> str:
    """Give a line of a list about a mutant."""
    return f"- {mutant.function}: ``{mutant.statement}``: ``{mutant.change}``"


def main() -> int:
    """Try the mutants, or a sample of them, and list the survivors."""
    parser = argparse.ArgumentParser(description="Mutation testing of the code emitters.")
    parser.add_argument("--sample", type=int, help="try so many, drawn at random")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument(
        "--only", default="", help="try those of functions whose name has this regular expression in it"
    )
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time")
    parser.add_argument("--write", type=Path, help="the page to write; an interrupted run says how many it tried")
    parser.add_argument("--state", type=Path, help="outcomes of earlier runs, to go on from and to add to")
    options = parser.parse_args()
    started = time.monotonic()
    state = State(options.state, [ROOT / path for path in SOURCES])
    every = mutants()
    chosen = [mutant for mutant in every if re.search(options.only, mutant.function)]
    drawn = random.Random(options.seed).sample(chosen, min(options.sample or len(chosen), len(chosen)))
    before = state.known(every)
    trial = Trial([mutant for mutant in drawn if mutant not in before], options.jobs, state.hints(drawn))
    status = pytest.main([*ARGUMENTS, *(str(ROOT / path) for path in TESTS)], plugins=[trial])
    state.add(trial.killers)
    if status:
        return int(status)
    only = "" if options.state else options.only
    every = [mutant for mutant in every if re.search(only, mutant.function)]
    found = before | trial.killers
    known = {mutant: found[mutant] for mutant in every if mutant in found}
    why = reasons(mutant for mutant, killer in known.items() if killer is None)
    outcome = Outcome(known, {key: reason for key, reason in why.items() if re.search(only, key[0])}, len(every))
    if options.write and (options.state or not options.only):
        options.write.write_text(report(outcome, time.monotonic() - started), encoding="utf-8")
    print(f"{len(every)} mutants, {len(known)} tried, {outcome.share:.1f} % killed of those that are not equivalent")
    for mutant in outcome.survivors:
        print(f"  survives: {mutant.key}")
    for key in outcome.wrong:
        print(f"  named as equivalent, but killed or gone: {key}")
    return int(outcome.share < WANTED or bool(outcome.wrong))


if __name__ == "__main__":
    sys.exit(main())
