"""What generating codecs costs: the first use of every record, without and with the cache on disk, and a start."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from statistics import median
from time import process_time
from typing import Any

ROUNDS, STARTS = 9, 7

START = """
import sys, time
from pathlib import Path
from importlib import import_module
from yohaku.codec import use_cache
use_cache(Path(sys.argv[2]) if sys.argv[2] else None)
module = import_module(sys.argv[1])
applet = getattr(module, sys.argv[3])
loaded = time.process_time()
for file in applet.files().values():
    file.record.decode(file.record.example().encode())
print(1000 * loaded, 1000 * (time.process_time() - loaded), int("construct" in sys.modules))
"""


def applets() -> dict[str, Any]:
    """Give every example applet by its name."""
    import yohaku_applets

    from yohaku import Applet

    found: dict[str, Any] = {}
    for module in iter_modules(yohaku_applets.__path__):
        held = import_module(f"yohaku_applets.{module.name}")
        for thing in vars(held).values():
            if isinstance(thing, type) and issubclass(thing, Applet) and thing.__module__ == held.__name__:
                found[thing.__name__] = thing
    return found


def measure_startup() -> list[str]:
    """Measure and give the lines of the tables."""
    from peers.ours import RECORDS

    subjects: dict[str, list[Any]] = {key: [record] for key, record in RECORDS.items()}
    subjects |= {name: [file.record for file in applet.files().values()] for name, applet in applets().items()}
    lines = ["| | records | first use, ms | from the cache, ms |", "|---|--:|--:|--:|"]
    for name, records in subjects.items():
        fresh, cached = first_use(records)
        lines.append(f"| {name} | {len(records)} | {1000 * fresh:.1f} | {1000 * cached:.1f} |")
    return [
        *lines,
        "",
        "CPU time to generate `encode` and `decode` of every record; nothing is generated before. The target for a "
        "whole applet is 20 ms.",
        "",
        *starts(applets()["LibraryCard"]),
    ]


def first_use(records: list[Any]) -> tuple[float, float]:
    """Give CPU seconds to generate the codecs of records, without and with the cache on disk."""
    fresh = median(generate(records) for _ in range(ROUNDS))
    from yohaku.codec import use_cache

    with tempfile.TemporaryDirectory() as folder:
        use_cache(Path(folder))
        generate(records)
        cached = median(generate(records) for _ in range(ROUNDS))
        use_cache(None)
    return fresh, cached


def generate(records: list[Any]) -> float:
    """Generate the codecs of records anew; give CPU seconds."""
    from yohaku.codec import Compiled

    start = process_time()
    for record in records:
        codec = Compiled(record.__field_type__)
        _ = codec.encode, codec.decode
    return process_time() - start


def starts(applet: Any) -> list[str]:
    """Measure whole starts of a program that decodes one record of each file of an applet."""
    lines = [
        "| a program that decodes one record of each file of LibraryCard | until the applet is there, ms | "
        "encode and decode all once, ms | construct is imported |",
        "|---|--:|--:|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        kept = str(home / "codecs")
        one_start(applet, kept, home)
        for name, cache in (("no cache", ""), ("second start, from the cache", kept)):
            runs = [one_start(applet, cache, home) for _ in range(STARTS)]
            loaded, used = (median(run[at] for run in runs) for at in (0, 1))
            lines.append(f"| {name} | {loaded:.0f} | {used:.1f} | {'yes' if any(run[2] for run in runs) else 'no'} |")
    return lines


def one_start(applet: Any, cache: str, home: Path) -> tuple[float, float, bool]:
    """Start Python anew; give CPU milliseconds until the applet is there and of the use, and whether construct came."""
    command = [sys.executable, "-c", START, applet.__module__, cache, applet.__name__]
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    surroundings["PYTHONPYCACHEPREFIX"] = str(home / "bytecode")
    ran = subprocess.run(command, check=True, capture_output=True, text=True, env=surroundings)
    loaded, used, construct = ran.stdout.split()
    return float(loaded), float(used), construct == "1"


if __name__ == "__main__":
    print("\n".join(measure_startup()))
