"""What generating codecs costs: the first use of every record, without and with the cache on disk."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

ROUNDS = 9


def measure_startup() -> list[str]:
    """Measure and give the lines of the table."""
    from peers.ours import RECORDS
    from yohaku_applets.emergency_medical import EmergencyMedical
    from yohaku_applets.library_card import LibraryCard
    from yohaku_applets.local_currency import LocalCurrency

    from yohaku.codec import use_cache

    subjects: dict[str, list[Any]] = {key: [record] for key, record in RECORDS.items()}
    for applet in (LibraryCard, LocalCurrency, EmergencyMedical):
        subjects[applet.__name__] = [file.record for file in applet.files().values()]
    lines = ["| | first use, ms | from the cache, ms |", "|---|--:|--:|"]
    for name, records in subjects.items():
        fresh = median(generate(records) for _ in range(ROUNDS))
        with tempfile.TemporaryDirectory() as folder:
            use_cache(Path(folder))
            generate(records)
            cached = median(generate(records) for _ in range(ROUNDS))
            use_cache(None)
        lines.append(f"| {name} | {1000 * fresh:.1f} | {1000 * cached:.1f} |")
    return [*lines, "", "CPU time to generate `encode` and `decode` of every record; nothing is generated before."]


def generate(records: list[Any]) -> float:
    """Generate the codecs of records anew; give CPU seconds."""
    from yohaku.codec import Compiled

    start = process_time()
    for record in records:
        codec = Compiled(record.__field_type__)
        _ = codec.encode, codec.decode
    return process_time() - start
