"""Tables that fill themselves: conversions of values that come again and again, such as dates and codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 2048
"""Entries that a table holds before it starts afresh: bounds the memory that strange data can take."""


class Table(dict[Any, Any]):
    """Results of a pure function by its argument, computed when they are first asked for."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function

    def __missing__(self, key: Any) -> Any:
        """Compute an entry; what the function raises is not kept."""
        made = self.function(key)
        if len(self) >= MOST:
            self.clear()
        self[key] = made
        return made
