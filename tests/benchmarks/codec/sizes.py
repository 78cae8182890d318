"""How few bytes a record could take: the sum of the logarithms of the ranges that its fields declare."""

from __future__ import annotations

from math import log2
from statistics import mean

from data import LOG, Allergen, Blood, Kind, Organs, Plain, Status, samples

DATE = log2(3_652_059)
"""Bits of a date in the years 1 to 9999."""


def text(value: str, most: int) -> float:
    """Bits of a text that keeps its UTF-8 form: its bytes and which of the possible lengths it has."""
    return 8 * len(value.encode()) + log2(most + 1)


def digits(count: int) -> float:
    """Bits of decimal digits."""
    return count * log2(10)


def borrower(value: Plain) -> float:
    """Bits of an R1; the check digit of the municipality's code says nothing new."""
    return digits(5) + digits(10) + text(value["name"], 32) + 2 * DATE + log2(len(Status)) + 8


def wallet(_: Plain) -> float:
    """Bits of an R2."""
    entry = 32 + log2(len(Kind)) + 24 + 32 + 32
    return digits(5) + 32 + 32 + 16 + DATE + LOG * entry


def emergency(value: Plain) -> float:
    """Bits of an R3, without any framing."""
    medications = log2(6) + sum(text(drug, 64) for drug in value["medications"])
    allergies = log2(9) + len(value["allergies"]) * log2(len(Allergen))
    return log2(len(Blood)) + DATE + medications + allergies + log2(10**10 + 10**11) + len(Organs)


def bounds() -> dict[str, float]:
    """Give the range bound of each record in bytes, the mean of its samples."""
    bits = {"R1": borrower, "R2": wallet, "R3": emergency}
    return {record: mean(map(count, samples(record))) / 8 for record, count in bits.items()}
