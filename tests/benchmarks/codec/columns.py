"""Columns against the record path: the same bytes decoded and encoded as numpy columns."""

from __future__ import annotations


def measure_columns(rounds: int) -> list[str]:
    """Give the lines of the table of columns."""
    return [f"not measured ({rounds} rounds)"]
