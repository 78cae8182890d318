"""A finding made small: parts of it taken away, then bytes made plain, as long as the reason stays the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_TRIES = 3000
_PLAIN = b"\0\x010a"


class Minimiser:
    """Makes one input smaller.

    Args:
        holds: whether an input still shows what the first one showed.
        separator: what to cut at first.
        tries: how many inputs to try at most.
    """

    def __init__(self, holds: Callable[[bytes], bool], *, separator: bytes = b"", tries: int = MOST_TRIES) -> None:
        self._holds, self._separator, self._left = holds, separator, tries
        self._known: dict[bytes, bool] = {}

    def run(self, data: bytes) -> bytes:
        """Give the smallest input found."""
        while True:
            smaller = self._plain(self.shorter(data))
            if smaller == data or self._left <= 0:
                return smaller
            data = smaller

    def shorter(self, data: bytes) -> bytes:
        """Give the shortest input found, its bytes as they are."""
        return self._without(self._without_lines(data))

    def _still(self, data: bytes) -> bool:
        if data not in self._known and self._left > 0:
            self._left -= 1
            self._known[data] = self._holds(data)
        return self._known.get(data, False)

    def _without_lines(self, data: bytes) -> bytes:
        if not self._separator:
            return data
        kept = self._reduced(data.split(self._separator), self._separator.join)
        return self._separator.join(kept)

    def _without(self, data: bytes) -> bytes:
        cells = [data[at : at + 1] for at in range(len(data))]
        return b"".join(self._reduced(cells, b"".join))

    def _reduced(self, items: list[bytes], join: Callable[[list[bytes]], bytes]) -> list[bytes]:
        """Take away blocks, halves first, single items last."""
        size = len(items)
        while size:
            at = 0
            while at < len(items):
                fewer = items[:at] + items[at + size :]
                if self._still(join(fewer)):
                    items = fewer
                else:
                    at += size
            size //= 2
        return items

    def _plain(self, data: bytes) -> bytes:
        """Put the plainest byte that does into each place."""
        for at in range(len(data)):
            for cell in _PLAIN:
                if data[at] == cell:
                    break
                changed = data[:at] + bytes((cell,)) + data[at + 1 :]
                if self._still(changed):
                    data = changed
                    break
        return data
