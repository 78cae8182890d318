"""Does it bite? Plant each fault of the catalogue, run the tests of its area, print which test found it and how soon.

    python tests/quality/planted/bench.py [--profile quick] [--only WORD] [--write FILE]

A fault that no test finds makes the run end 1.
"""

# ruff: noqa: T201 - it is a program, and prints
import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from catalogue import ROOT, Fault, faults

PATIENCE = 900
"""Seconds for the tests of one fault."""
HANGS = "the tests hang"
DESELECTED = "not planted_fault and not mutant"
"""The tests that plant faults themselves prove nothing about another fault."""


@dataclass(frozen=True)
class Finding:
    """What became of one fault under one profile."""

    fault: Fault
    profile: str
    test: str
    examples: int
    seconds: float


def seek(fault: Fault, profile: str) -> Finding:
    """Run the tests of the fault's area with the fault in place until one fails.

    Raises:
        RuntimeError: pytest itself did not run, which proves nothing.
        LookupError: the fault has lost its place, or no test of its area imports its module.
    """
    with tempfile.TemporaryDirectory() as folder:
        planted, found = Path(folder, "planted.json"), Path(folder, "found.json")
        source = fault.planted((ROOT / fault.file).read_text("utf-8"))
        planted.write_text(json.dumps({"file": str(ROOT / fault.file), "source": source}), "utf-8")
        environment = os.environ | {
            "YOHAKU_PLANTED": str(planted),
            "YOHAKU_FOUND": str(found),
            "YOHAKU_FIRST": fault.first,
            "PYTHONPATH": str(Path(__file__).parent),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(Path(folder, "hypothesis")),
        }
        begun = time.monotonic()
        output = _run(fault, profile, environment)
        took = time.monotonic() - begun
        if output == HANGS:
            return Finding(fault, profile, HANGS, 0, took)
        if not found.exists():
            raise RuntimeError(f"{fault.name}: pytest did not run: {output[-2000:]}")
        told = json.loads(found.read_text("utf-8"))
    if not told["planted"]:
        raise LookupError(f"{fault.name}: {fault.file} was not imported by {fault.tests}")
    return Finding(fault, profile, told.get("test", ""), told.get("examples", 0), took)


def control(chosen: list[Fault], profile: str) -> None:
    """Run the tests of each area with nothing changed, which must all pass.

    Raises:
        RuntimeError: a test failed, so that it would find every fault.
    """
    for area in dict.fromkeys(fault.area for fault in chosen):
        first = next(fault for fault in chosen if fault.area == area)
        found = seek(replace(first, new=first.old), profile)
        if found.test:
            raise RuntimeError(f"{area}: with nothing planted, {found.test} fails")
        print(f"{area}: with nothing planted all tests pass ({found.seconds:.0f} s)", file=sys.stderr, flush=True)


def _run(fault: Fault, profile: str, environment: dict[str, str]) -> str:
    options = ("-x", "-q", "-p", "plant", "-p", "no:cacheprovider", f"--yohaku-profile={profile}")
    command = [sys.executable, "-m", "pytest", *options, "--hypothesis-seed=1", "-k", DESELECTED, *fault.tests]
    try:
        ended = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return HANGS
    return ended.stdout + ended.stderr


def table(findings: list[Finding], profiles: list[str]) -> Iterator[str]:
    """Write a table in Markdown: a row a fault, three columns a profile."""
    yield (
        "| area | module | planted fault | "
        + " | ".join(f"{name}: found by | examples | s" for name in profiles)
        + " |"
    )
    yield "|---|---|---|" + "---|--:|--:|" * len(profiles)
    by_fault: dict[Fault, list[Finding]] = {}
    for finding in findings:
        by_fault.setdefault(finding.fault, []).append(finding)
    for fault, several in by_fault.items():
        cells = [f"{_short(each.test)} | {each.examples:,} | {each.seconds:.1f}" for each in several]
        yield f"| {fault.area} | {Path(fault.file).stem} | {fault.name} | {' | '.join(cells)} |"


def _short(test: str) -> str:
    return f"`{test.rpartition('/')[2]}`" if test else "**not found**"


def summary(findings: list[Finding], profiles: list[str]) -> Iterator[str]:
    """Say how many were found, a sentence a profile."""
    for profile in profiles:
        own = [finding for finding in findings if finding.profile == profile]
        caught = sum(bool(finding.test) for finding in own)
        yield f"Profile `{profile}`: {caught} of {len(own)} planted faults are found."


def page(findings: list[Finding], profiles: list[str], *, controlled: bool) -> str:
    """Write the page for ``specs``; ``controlled`` says that nothing failed without a fault."""
    about = (
        "# Planted faults, and who finds them\n\nWritten by `make quality`; do not edit.\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, CPython {platform.python_version()}, {platform.system()} "
        f"{platform.machine()}. Each fault is a change of one module, made before it is\nimported in a fresh process; "
        "then the tests of its area run until one fails, a machine beside which it is\nlisted before the others. "
        "Examples are those of that test up to the first that failed, 1 for a test without random\ndata; "
        "seconds are of the whole process. " + ("With nothing planted all these tests pass." if controlled else "")
    )
    return "\n".join((about, "", *summary(findings, profiles), "", *table(findings, profiles), ""))


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", action="append", help="Hypothesis profile; may be repeated; quick and ci if none")
    parser.add_argument("--only", default="", help="faults whose area or name contains this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--write", type=Path, help="write the page here too")
    parser.add_argument("--no-controls", action="store_true", help="do not show that nothing fails without a fault")
    options = parser.parse_args()
    profiles = options.profile or ["quick", "ci"]
    chosen = [fault for fault in faults() if options.only in f"{fault.area} {fault.name}"]
    if not options.no_controls:
        control(chosen, profiles[0])
    work = [(fault, profile) for fault in chosen for profile in profiles]
    findings = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for number, finding in enumerate(pool.map(lambda each: seek(*each), work), 1):
            findings.append(finding)
            words = finding.test or "NOT FOUND"
            told = f"{number}/{len(work)} {finding.profile} {finding.fault.name}: {words} ({finding.seconds:.0f} s)"
            print(told, file=sys.stderr, flush=True)
    print("\n".join((*table(findings, profiles), "", *summary(findings, profiles))))
    if options.write:
        options.write.write_text(page(findings, profiles, controlled=not options.no_controls), "utf-8")
    return 0 if all(finding.test for finding in findings if finding.profile != "quick") else 1


if __name__ == "__main__":
    sys.exit(main())
