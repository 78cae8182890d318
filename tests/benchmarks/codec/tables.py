"""Tables: CSV into lines of hex and back, row by row and many rows at a time; the same text both ways."""

from __future__ import annotations

import time
from itertools import cycle, islice

from data import samples

ROWS = 100_000


def measure_tables() -> list[str]:
    """Measure and give the lines of the table."""
    from peers.ours import RECORDS, native
    from yohaku.schema import bulk, transcode
    from yohaku.schema.tables import write_csv

    record = RECORDS["R1"]
    records = islice(cycle(map(native(record), samples("R1"))), ROWS)
    lines = list(write_csv(record, records))
    held: dict[str, list[float]] = {}
    for name, find in (("row by row", lambda _: None), ("columns", bulk.find_spec)):
        bulk.find_spec = find
        started = time.process_time()
        hexes = "".join(written.text for written in transcode.csv_to_hex(record, lines)).splitlines(keepends=True)
        middle = time.process_time()
        again = "".join(written.text for written in transcode.hex_to_csv(record, hexes))
        held[name] = [middle - started, time.process_time() - middle]
        if again != "".join(lines):
            return [f"refused: {name} does not give the same table back"]
    (slow_in, slow_out), (fast_in, fast_out) = held["row by row"], held["columns"]
    return [
        f"| {ROWS:,} rows of R1 | row by row, s | columns, s | ratio |",
        "|---|--:|--:|--:|",
        f"| CSV to hex | {slow_in:.2f} | {fast_in:.2f} | {slow_in / fast_in:.1f} |",
        f"| hex to CSV | {slow_out:.2f} | {fast_out:.2f} | {slow_out / fast_out:.1f} |",
        "",
        "CPU time of one run, the CSV reader and writer included; 4,096 rows are held at a time.",
    ]
