"""Tables that fill themselves: conversions of values that come again and again, such as dates and codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.codec.emit import Reader, Writer

MOST = 8192
"""Entries that a table holds before it starts afresh: bounds the memory that strange data can take."""


WRONG = 10_000
"""Stands for the value of a byte that is not two BCD digits: no sum with it is a date."""
FROM_BCD = tuple(
    10 * (byte >> 4) + (byte & 0xF) if byte >> 4 < 10 and byte & 0xF < 10 else WRONG for byte in range(256)
)
"""The number that two BCD digits in a byte stand for."""
TO_BCD = tuple(6 * (number // 10) + number for number in range(100))
"""The byte of two BCD digits."""


class Table(dict[Any, Any]):
    """Results of a pure function by its argument, computed when they are first asked for.

    Args:
        function: gives the result; what it raises is not kept.
        most: entries that are held.
    """

    __slots__ = ("function", "most")

    def __init__(self, function: Callable[[Any], Any], most: int = MOST) -> None:
        super().__init__()
        self.function, self.most = function, most

    def __missing__(self, key: Any) -> Any:
        """Compute an entry."""
        made = self.function(key)
        if len(self) >= self.most:
            self.clear()
        self[key] = made
        return made


def read_from_table(to: Reader, function: Callable[[int], Any] | Table, bits: int, hint: str, note: str) -> str:
    """Emit the reading of a number that a table turns into a value; give the expression of the value."""
    held = function if isinstance(function, Table) else Table(function)
    table = to.bind(held, f"{hint}_of", f"values of {note} by their encoding as a number")
    return f"{table}[{to.bits(bits, hint)}]"


def write_from_table(to: Writer, function: Callable[[Any], int] | Table, bits: int, value: str, note: str) -> None:
    """Emit the writing of a value as the number that a table has for it; the value must be hashable."""
    held = function if isinstance(function, Table) else Table(function)
    table = to.bind(held, f"{value}_code", f"encodings of {note} as numbers by their value")
    to.bits(bits, f"{table}[{value}]")
