"""Measure what travels to a card: ``python tests/benchmarks/link/run.py --write specs/benchmarks/link.md``.

Commands and bytes are counted on an emulated card and are the same on every machine. Commands a second through pcscd
are measured where pcscd and Debian's virtual reader are installed; without them that part is left out.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from operations import Operation, load, operations

from yohaku.card import Card, CardError
from yohaku.reader import list_readers, open_link
from yohaku_applets.library_card import Borrower, LibraryCard
from yohaku_emulator.link import EmulatorLink
from yohaku_emulator.vpcd import InsertedCard

READER = "Virtual PCD 00 00"
READ = bytes.fromhex("00B0810040")
SELECT = bytes.fromhex("00A4040006F059484B000100")
ROUNDS = 7


class Unhurried(InsertedCard):
    """A card that leaves acknowledgements to the kernel, as other programs for the virtual reader do."""

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            with suppress(OSError):
                if part := self._socket.recv(size - len(data)):
                    data += part
                    continue
            return b""
        return data


def table(found: list[Operation]) -> list[str]:
    rows = [
        "| operation | floor | yohaku | over the floor | whole files | saved |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for one in found:
        costs = (f"{cost.commands} / {cost.bytes:,}" for cost in (one.floor, one.ours, one.naive))
        floor, ours, naive = costs
        over = f"{one.ours.commands - one.floor.commands:+} / x {one.ours.bytes / one.floor.bytes:.2f}"
        rows.append(f"| {one.name} | {floor} | {ours} | {over} | {naive} | x {one.naive.bytes / one.ours.bytes:.1f} |")
    return rows


def remarks(load: Operation) -> list[str]:
    """Say what the load and the PIN spend over their floors, and what the load's floor is without protection."""
    assert load.bare
    without = f"{load.bare.commands} / {load.bare.bytes:,} and the load x {load.ours.bytes / load.bare.bytes:.2f} of it"
    return [
        "Over its floor a load asks first whether the AID is free and nothing of an interrupted upgrade waits there,",
        "which installing would not tell; it encrypts contents, too; and it sends a digest of 8 bytes, which the card",
        "compares with its memory before it becomes ready: that replaces reading back, which --read-back adds. Answers",
        "are not encrypted, as none tells anything secret. Without MACs on answers and with PINs and keys in clear the",
        f"floor would be {without}.",
        "A PIN is preceded by a question for the tries left, which is free and keeps the last try.",
    ]


def speeds(kind: type[InsertedCard], count: int) -> dict[str, float]:
    """Give commands a second through pcscd, medians of rounds."""
    wait(is_empty)
    with load(LibraryCard, {"borrower": Borrower.example()}) as made:
        inner = made._link
        assert isinstance(inner, EmulatorLink)
        inserted = kind(EmulatorLink(inner.card, "emulator:"))
    thread = threading.Thread(target=inserted.serve, daemon=True)
    thread.start()
    try:
        wait(there)
        with Card(open_link(READER)) as card:
            card.transmit(SELECT)
            return {"SELECT": rate(card, SELECT, count), "READ BINARY, 64 bytes": rate(card, READ, count)}
    finally:
        inserted.pull()
        thread.join(5)
        wait(is_empty)


def rate(card: Card, command: bytes, count: int) -> float:
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(count):
            assert card.transmit(command)[-2:] == b"\x90\x00"
        rounds.append(count / (time.perf_counter() - start))
    return statistics.median(rounds)


def there() -> bool:
    with suppress(CardError):
        open_link(READER).close()
        return True
    return False


def is_empty() -> bool:
    """Ask for the service's own look; connecting to a card that is gone makes it miss the next one."""
    from smartcard import scard

    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    try:
        _, states = scard.SCardGetStatusChange(context, 0, [(READER, scard.SCARD_STATE_UNAWARE)])
        return bool(states[0][1] & scard.SCARD_STATE_EMPTY)
    finally:
        scard.SCardReleaseContext(context)


def wait(done: object) -> None:
    deadline = time.monotonic() + 20
    while not done():  # type: ignore[operator]
        assert time.monotonic() < deadline, "the virtual reader does not follow"
        time.sleep(0.05)


def through_pcscd() -> list[str]:
    program = shutil.which("pcscd", path="/usr/sbin:/usr/bin")
    if program is None:
        return ["", "pcscd is not installed here, so commands a second through it were not measured."]
    service = None
    try:
        list_readers()
    except CardError:
        service = subprocess.Popen([program, "--foreground"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait(reader_there)
        quick, slow = speeds(InsertedCard, 500), speeds(Unhurried, 10)
    finally:
        if service is not None:
            service.terminate()
            service.wait(10)
    busy = f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    rows = [f"| {name} | {quick[name]:,.0f} | {slow[name]:,.0f} | {quick[name] / slow[name]:.0f} |" for name in quick]
    return [
        "",
        f"Through pcscd and Debian's virtual reader, medians of {ROUNDS} rounds, wall time; {busy}:",
        "",
        "| command | a second | without quick acknowledgement | ratio |",
        "|---|--:|--:|--:|",
        *rows,
    ]


def reader_there() -> bool:
    with suppress(CardError):
        return READER in list_readers()
    return False


def report() -> str:
    found = operations()
    machine = f"CPython {platform.python_version()}, {platform.system()} {platform.machine()}"
    lines = [
        "# What travels to a card",
        "",
        "Written by `make bench-link`; do not edit.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {machine}. Commands / bytes, both ways, headers and status words included.",
        "The floor is the fewest short commands with only what had to travel: header, lengths, and the bytes that",
        "changed or were wanted. For a load that is: opening the secure channel; descriptor, PINs, keys and contents",
        "without runs of zeros; a MAC on each command and each answer after that, as a load that nobody vouches for is",
        "none; and PINs and keys encrypted, in whole blocks of the cipher. Whole files: the same with every file",
        "written, and every record read, in full.",
        "",
        *table(found),
        "",
        *remarks(found[0]),
        *through_pcscd(),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    text = report()
    sys.stdout.write(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
