"""Columns against the record path: the same bytes decoded and encoded as numpy columns and one by one."""

from __future__ import annotations

from itertools import cycle, islice

from data import samples
from measure import Job, measure

ROWS = {"R1": 20_000, "R2": 2_000}


def measure_columns(rounds: int) -> list[str]:
    """Measure and give the lines of the table."""
    try:
        import numpy as np
    except ImportError:
        return ["not measured: numpy is not installed"]
    from peers.ours import RECORDS, native

    jobs = []
    for key, rows in ROWS.items():
        record = RECORDS[key]
        records = list(map(native(record), samples(key)))
        encodings = [value.encode() for value in records]
        file = b"".join(islice(cycle(encodings), rows))
        columns = record.columns(file)
        if columns.encode() != file:
            return [f"refused: {key} columns do not give the same bytes back"]
        record.decode(encodings[0])
        jobs.append(Job("one by one", key, "decode", record.decode, encodings))
        jobs.append(Job("one by one", key, "encode", record.encode, records))
        jobs.append(Job("columns", key, "decode", record.columns, [file]))
        jobs.append(Job("columns", key, "encode", record.encode_columns, [dict(columns)]))
    rates = measure(jobs, rounds)
    lines = ["| | one by one | columns | ratio |", "|---|--:|--:|--:|"]
    for key, rows in ROWS.items():
        for operation in ("decode", "encode"):
            one, many = rates["one by one", key, operation], rates["columns", key, operation] * rows
            lines.append(f"| {key} {operation} | {one / 1e3:,.0f}k | {many / 1e3:,.0f}k | {many / one:.1f} |")
    note = f"Records a second; files of {ROWS['R1']:,} R1 and {ROWS['R2']:,} R2; numpy {np.__version__}. "
    return [*lines, "", note + "Text stays bytes until it is asked for; written text is checked."]
