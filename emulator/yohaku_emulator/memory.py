"""The chip's non-volatile memory: bytes in pages, every page write counted, power that can be cut at any of them.

It knows nothing of what the bytes mean; the store above it makes writes atomic.
"""

from __future__ import annotations

from array import array
from random import Random
from typing import Literal

from yohaku_emulator.errors import MemoryFault, PowerCut

Outcome = Literal["old", "new", "mixed"]
OUTCOMES: tuple[Outcome, ...] = ("old", "new", "mixed")


class Memory:
    """A byte array that is written in pages.

    Attributes:
        cells: the bytes; read them freely, write them only through ``write`` (a fault injector may use ``flip``).
        page: bytes in a page.
        unit: bytes that the chip programs at once; a page torn by a power cut is old, new or garbled by units.
        endurance: writes that a page survives.
        writes: page writes so far.
        wear: page writes so far, for each page.
    """

    __slots__ = ("_cut", "_outcome", "_seed", "cells", "endurance", "page", "unit", "wear", "writes")

    def __init__(self, size: int, *, page: int, unit: int = 4, endurance: int = 500_000) -> None:
        self.cells = bytearray(size)
        self.page, self.unit, self.endurance = page, unit, endurance
        self.writes = 0
        self.wear = array("I", bytes(4 * (size // page)))
        self._cut = 0
        self._outcome: Outcome = "old"
        self._seed = 0

    def write(self, address: int, data: bytes | bytearray) -> None:
        """Write ``data`` at ``address``, page by page in rising order.

        Raises:
            PowerCut: a cut was armed and this call reached it.
            MemoryFault: a page is worn out; the pages before it are written.
        """
        at, end = address, address + len(data)
        while at < end:
            stop = min(end, at - at % self.page + self.page)
            self._write_page(at, data[at - address : stop - address])
            at = stop

    def _write_page(self, address: int, data: bytes | bytearray) -> None:
        number = address // self.page
        if self.wear[number] >= self.endurance:
            raise MemoryFault(f"page {number} is worn out after {self.endurance} writes")
        self.writes += 1
        self.wear[number] += 1
        if self._cut:
            self._cut -= 1
            if not self._cut:
                self._tear(address, data)
        self.cells[address : address + len(data)] = data

    def _tear(self, address: int, data: bytes | bytearray) -> None:
        if self._outcome == "new":
            self.cells[address : address + len(data)] = data
        elif self._outcome == "mixed":
            self._mix(address, data)
        raise PowerCut(f"power was cut while page {address // self.page} was written")

    def _mix(self, address: int, data: bytes | bytearray) -> None:
        """Leave some units old, some new, some with bits of both."""
        random = Random(self._seed)  # noqa: S311 - a fault injector must be repeatable
        for start in range(0, len(data), self.unit):
            new = data[start : start + self.unit]
            old = self.cells[address + start : address + start + len(new)]
            choice = random.randrange(3)
            mask = bytes(len(new)) if choice == 0 else random.randbytes(len(new))
            if choice != 1:
                new = bytes((a & ~m | b & m) & 0xFF for a, b, m in zip(old, new, mask, strict=True))
            self.cells[address + start : address + start + len(new)] = new

    def cut_at(self, n: int, outcome: Outcome = "old", seed: int = 0) -> None:
        """Cut the power at the ``n``-th page write from now; 0 takes the cut back.

        Args:
            n: 1 for the very next page write.
            outcome: what the page being written holds afterwards.
            seed: chooses the bytes of a mixed page.
        """
        self._cut, self._outcome = n, outcome
        self._seed = seed

    @property
    def cut_armed(self) -> bool:
        """Whether a cut still lies ahead."""
        return self._cut > 0

    def flip(self, address: int, bit: int = 0) -> None:
        """Turn one bit over, as radiation or age would: not a write, not counted."""
        self.cells[address] ^= 1 << bit

    def wear_out(self, page: int) -> None:
        """Use up what is left of a page's life."""
        self.wear[page] = self.endurance

    def copy(self) -> Memory:
        """Return an independent memory with the same bytes and wear, and no cut armed."""
        twin = Memory(0, page=self.page, unit=self.unit, endurance=self.endurance)
        twin.cells, twin.wear, twin.writes = self.cells[:], self.wear[:], self.writes
        return twin
