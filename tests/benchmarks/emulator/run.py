"""Measure the emulated card against Debian's vicc: ``python tests/benchmarks/emulator/run.py --setup --write FILE``.

Both run in this process on the same commands, interleaved round by round. ``--setup`` installs what vicc needs (Debian:
vsmartcard-vpicc; pip: pycryptodome, into ``build/emulator-bench``). Without vicc its column stays empty.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import platform
import random
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

from yohaku_emulator import EmulatedCard
from yohaku_emulator import terminal as t
from yohaku_emulator.profiles import GENERIC

ROOT = Path(__file__).resolve().parents[3]
HOME = ROOT / "build" / "emulator-bench"
VICC = Path("/usr/lib/python3/site-packages/virtualsmartcard")
SAMPLE = 0.05
"""Fewest seconds of CPU time in one sample."""
AID = bytes.fromhex("F0594842454E")
READ, READ_16, SELECT_FILE = (bytes.fromhex(raw) for raw in ("00B00000C8", "00B0000010", "00A4020C020001"))
SELECT = bytes.fromhex("00A40400") + bytes((len(AID),)) + AID + b"\0"
VICC_SELECT = bytes.fromhex("00A4000C020101")
MEMORY = 60 * 1024

Job = tuple[str, str, Callable[[], object]]


def our_card(free_bytes: int = MEMORY) -> EmulatedCard:
    """Give a switched-on card with one 200-byte file that anybody may use, its applet selected."""
    card = EmulatedCard(replace(GENERIC, free_bytes=free_bytes))
    card.power_on()
    terminal = t.Terminal(card)
    terminal.install(AID, t.descriptor(files=[t.transparent(1, 200)]))
    terminal.personalise(AID, t.group(3, 1, b"\0\0" + bytes(range(200))))
    terminal.select(AID)
    terminal.do(0xA4, 2, 0x0C, b"\0\1")
    return card


def our_jobs() -> list[Job]:
    """Give what is measured of the emulated card, each checked once."""
    card = our_card()
    answer = card.transmit(READ)
    assert answer == bytes(range(200)) + b"\x90\x00"
    assert card.transmit(SELECT)[-2:] == b"\x90\x00"
    card.transmit(SELECT_FILE)
    reader, selector, other, changed = card.fork(), card.fork(), card.fork(), card.fork()
    values = iter(range(1 << 60))

    def update() -> None:
        changed.transmit(b"\x00\xd6\x00\x00\x10" + next(values).to_bytes(16, "big"))

    return [
        ("yohaku", "READ BINARY, 200 bytes", lambda: reader.transmit(READ)),
        ("yohaku", "READ BINARY, 16 bytes", lambda: reader.transmit(READ_16)),
        ("yohaku", "SELECT an application, FCI", lambda: selector.transmit(SELECT)),
        ("yohaku", "SELECT a file", lambda: reader.transmit(SELECT_FILE)),
        ("yohaku", "UPDATE BINARY, 16 changed bytes", update),
        ("yohaku", "fork", card.fork),
        ("yohaku", "power on", other.power_on),
    ]


def vicc_jobs() -> list[Job]:
    """Give the same of vicc, its card 'iso7816' with the same file; none when it is not installed."""
    if not VICC.is_dir():
        return []
    sys.path[:0] = [str(VICC), str(HOME)]
    logging.disable(logging.WARNING)
    try:
        from virtualsmartcard.CardGenerator import CardGenerator
        from virtualsmartcard.SmartcardFilesystem import TransparentStructureEF
        from virtualsmartcard.VirtualSmartcard import Iso7816OS
    except ImportError as error:
        print(f"vicc is left out: {error}", file=sys.stderr)
        return []
    maker = CardGenerator("iso7816")
    maker.generateCard()
    files, modules = maker.getCard()
    files.append(TransparentStructureEF(parent=files, fid=0x0101, shortfid=1, data=bytes(range(200))))
    card = Iso7816OS(files, modules)
    assert card.execute(VICC_SELECT) == b"\x90\x00"
    assert card.execute(READ) == bytes(range(200)) + b"\x90\x00"
    return [
        ("vicc", "READ BINARY, 200 bytes", lambda: card.execute(READ)),
        ("vicc", "READ BINARY, 16 bytes", lambda: card.execute(READ_16)),
        ("vicc", "SELECT a file", lambda: card.execute(VICC_SELECT)),
    ]


def rate(action: Callable[[], object], times: int) -> float:
    """Run an action so many times; give how often a second of CPU time."""
    start = process_time()
    for _ in range(times):
        action()
    return times / (process_time() - start)


def measure(jobs: list[Job], rounds: int) -> dict[tuple[str, str], float]:
    """Measure all jobs in shuffled rounds; give the median rate of each."""
    counts = {job: max(20, int(SAMPLE * rate(job[2], 50))) for job in jobs}
    found: dict[tuple[str, str], list[float]] = {(who, what): [] for who, what, _ in jobs}
    order = list(jobs)
    gc.disable()
    for number in range(rounds):
        random.Random(number).shuffle(order)
        for job in order:
            found[job[0], job[1]].append(rate(job[2], counts[job]))
        gc.collect()
    gc.enable()
    return {name: statistics.median(rates) for name, rates in found.items()}


def page(rates: dict[tuple[str, str], float], rounds: int) -> str:
    """Write the table."""
    names = list(dict.fromkeys(what for _, what in rates))
    lines = [
        "# Speed of the emulated card",
        "",
        "Written by `make bench-emulator`; do not edit.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, CPython {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores. In process, CPU time, medians of {rounds} rounds in one run, order shuffled, "
        "garbage collection off. "
        f"The card has {MEMORY // 1024} KB free; vicc is Debian's vsmartcard-vpicc with its card iso7816.",
        "",
        "| what | yohaku, a second | microseconds | vicc, a second | ratio |",
        "|---|--:|--:|--:|--:|",
    ]
    for name in names:
        ours, theirs = rates["yohaku", name], rates.get(("vicc", name))
        lines.append(
            f"| {name} | {ours:,.0f} | {1e6 / ours:,.1f} | "
            + (f"{theirs:,.0f} | {ours / theirs:.1f} |" if theirs else "- | - |")
        )
    lines += [
        "",
        "vicc checks no access rule, keeps no quota and has no transaction; it selects no application by AID.",
    ]
    return "\n".join(lines) + "\n"


def set_up() -> None:
    """Install vicc and what it needs, as far as this user may."""
    if not VICC.is_dir():
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "vsmartcard-vpicc"], check=False)
    if not (HOME / "Crypto").is_dir():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--target", str(HOME), "pycryptodome"], check=False)


def main() -> None:
    """Set up, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--setup", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    if options.setup:
        set_up()
    text = page(measure([*our_jobs(), *vicc_jobs()], options.rounds), options.rounds)
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
