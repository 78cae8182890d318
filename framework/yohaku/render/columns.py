"""Text measured in terminal columns: a full-width character takes two, a combining one none."""

from __future__ import annotations

from unicodedata import combining, east_asian_width


def columns(text: str) -> int:
    """Count the columns that ``text`` takes in a terminal."""
    return sum(map(_width, text))


def _width(character: str) -> int:
    if combining(character) or "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef":
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def clip(text: str, most: int) -> str:
    """Cut ``text`` to ``most`` columns, with an ellipsis for what is gone."""
    if columns(text) <= most:
        return text
    kept = ""
    for character in text:
        if columns(kept + character) > most - 1:
            break
        kept += character
    return f"{kept}…" if most else ""


def pad(text: str, width: int, fill: str = " ") -> str:
    """Fill ``text`` up to ``width`` columns on the right."""
    return text + fill * (width - columns(text))
