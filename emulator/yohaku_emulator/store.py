"""Pages with checksums and atomic commits over the memory; ``specs/memory.md`` argues the design.

It knows pages and transactions, not applications or what an array is for.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final
from zlib import crc32

from yohaku_emulator.errors import CommitOverflow, MemoryFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yohaku_emulator.memory import Memory

CHECK: Final = 4
"""Bytes of CRC-32 at the end of each page, little-endian."""
_RESIDUE: Final = 0x2144DF1C
"""CRC-32 of any bytes followed by their own CRC-32."""
_CRC: Final = Struct("<I")
_JOURNAL_HEAD: Final = Struct(">HI")
"""Number of page images, CRC-32 of that number and the images.

The images are in it without their own checksums: CRC-32 over data and its CRC-32 is the same for all data, so a
journal of sealed pages would match its checksum with any of them exchanged for an older one.
"""
_PAGE_NUMBER: Final = Struct(">H")


def journal_size(page: int, commit_pages: int) -> int:
    """Return how many bytes a journal for ``commit_pages`` page images takes."""
    return _JOURNAL_HEAD.size + commit_pages * (_PAGE_NUMBER.size + page - CHECK)


class Store:
    """Atomic writes over pages: all the pages of a transaction change, or none.

    Attributes:
        payload: bytes of a page that carry data, the rest is its checksum.
        commit_pages: most pages in one transaction.
        blank: a page of zeros with its checksum, what a free page holds.
    """

    __slots__ = ("_cells", "_journal", "_memory", "_open", "_page", "_pending", "blank", "commit_pages", "payload")

    def __init__(self, memory: Memory, *, journal: int, commit_pages: int) -> None:
        self._memory, self._cells, self._page = memory, memory.cells, memory.page
        self._journal, self.commit_pages = journal, commit_pages
        self.payload = memory.page - CHECK
        self.blank = _sealed(bytearray(memory.page))
        self._pending: dict[int, bytearray] = {}
        self._open = False

    def page(self, number: int) -> bytearray:
        """Return the bytes of a page as the open transaction sees them; do not change them.

        Raises:
            MemoryFault: the page does not match its checksum.
        """
        if self._pending and number in self._pending:
            return self._pending[number]
        base = number * self._page
        block = self._cells[base : base + self._page]
        if crc32(block) != _RESIDUE:
            raise MemoryFault(f"page {number} does not match its checksum")
        return block

    def read(self, pages: Sequence[int], start: int, size: int) -> bytes:
        """Read ``size`` bytes at ``start`` of the address space that ``pages`` make up in their order."""
        payload = self.payload
        index, at = divmod(start, payload)
        end = at + size
        if end <= payload:
            return bytes(self.page(pages[index])[at:end])
        parts = [self.page(pages[index])[at:payload]]
        end -= payload
        while end > 0:
            index += 1
            parts.append(self.page(pages[index])[: min(end, payload)])
            end -= payload
        return b"".join(parts)

    def write(self, pages: Sequence[int], start: int, data: bytes) -> None:
        """Write in the open transaction, or as an atomic step of its own when none is open.

        Raises:
            CommitOverflow: more pages than the commit buffer holds; nothing is written.
            MemoryFault: a page is damaged or worn out; nothing is written.
            PowerCut: power went; the next ``recover`` finds all of the write or nothing.
        """
        target = self._pending if self._open else {}
        self._change(target, pages, start, data)
        if not self._open:
            self._apply(target)

    def write_apart(self, pages: Sequence[int], start: int, data: bytes) -> None:
        """Write at once and for good, whatever becomes of an open transaction."""
        kept, self._pending = self._pending, {}
        try:
            target: dict[int, bytearray] = {}
            self._change(target, pages, start, data)
            self._apply(target)
        finally:
            self._pending = kept
        self._change(kept, pages, start, data, only_present=True)

    def _change(
        self, target: dict[int, bytearray], pages: Sequence[int], start: int, data: bytes, *, only_present: bool = False
    ) -> None:
        payload, done = self.payload, 0
        while done < len(data):
            index, at = divmod(start + done, payload)
            part = data[done : done + payload - at]
            number = pages[index]
            if number not in target and not only_present:
                if len(target) >= self.commit_pages:
                    raise CommitOverflow(f"the commit buffer holds {self.commit_pages} pages")
                target[number] = bytearray(self.page(number))
            if number in target:
                target[number][at : at + len(part)] = part
            done += len(part)

    def begin(self) -> None:
        """Open a transaction: from now on writes wait for ``commit``."""
        self._open = True

    def commit(self) -> None:
        """Make all waiting writes permanent in one step, and close the transaction."""
        pending, self._pending, self._open = self._pending, {}, False
        self._apply(pending)

    def abort(self) -> None:
        """Forget all waiting writes, and close the transaction."""
        self._pending, self._open = {}, False

    @property
    def in_transaction(self) -> bool:
        """Whether writes wait for a commit."""
        return self._open

    def _apply(self, pages: dict[int, bytearray]) -> None:
        """Write the journal, the point of no return, then each page in its place."""
        images = [(number, _sealed(block)) for number, block in pages.items()]
        images = [(number, image) for number, image in images if self._stored(number) != image]
        if not images:
            return
        body = b"".join(_PAGE_NUMBER.pack(number) + image[: self.payload] for number, image in images)
        journal = _journal_head(len(images), body) + body
        self._check_wear([number for number, _ in images], len(journal))
        self._memory.write(self._journal, journal)
        for number, image in images:
            self._memory.write(number * self._page, image)

    def _stored(self, number: int) -> bytearray:
        return self._cells[number * self._page : (number + 1) * self._page]

    def _check_wear(self, numbers: list[int], journal: int) -> None:
        """Refuse before a byte of the journal is written: a commit that cannot be finished must not start.

        A journal half written could be whole all the same, when its other half held these bytes before.
        """
        wear, endurance = self._memory.wear, self._memory.endurance
        first = self._journal // self._page
        for number in (*range(first, first - (-journal // self._page)), *numbers):
            if wear[number] >= endurance:
                raise MemoryFault(f"page {number} is worn out")

    def is_worn(self, number: int) -> bool:
        """Say whether a page can no longer be written."""
        return self._memory.wear[number] >= self._memory.endurance

    def wipe(self, number: int) -> None:
        """Make a free page blank if it can be written; this is not journalled: a free page holds nothing to lose."""
        if self._stored(number) != self.blank and not self.is_worn(number):
            self._memory.write(number * self._page, self.blank)

    def is_sound(self, number: int) -> bool:
        """Say whether a page matches its checksum."""
        return crc32(self._stored(number)) == _RESIDUE

    def recover(self) -> None:
        """Finish the last commit if power went after its journal was complete; forget it otherwise.

        A page that wore out in the write that was cut stays as it is: reading it is a fault, all else goes on.
        """
        self.abort()
        for number, image in self._unfinished():
            if not self.is_worn(number):
                self._memory.write(number * self._page, image)

    def unfinished(self) -> list[int]:
        """Name the pages that the next recovery will write."""
        return [number for number, _ in self._unfinished()]

    def _unfinished(self) -> list[tuple[int, bytearray]]:
        return [(number, image) for number, image in self._journalled() if self._stored(number) != image]

    def _journalled(self) -> list[tuple[int, bytearray]]:
        start = self._journal + _JOURNAL_HEAD.size
        count, _ = _JOURNAL_HEAD.unpack_from(self._cells, self._journal)
        step = _PAGE_NUMBER.size + self.payload
        body = self._cells[start : start + count * step]
        if self._cells[self._journal : start] != _journal_head(count, body):
            return []
        return [
            (_PAGE_NUMBER.unpack_from(body, at)[0], _sealed(body[at + _PAGE_NUMBER.size : at + step] + bytes(CHECK)))
            for at in range(0, count * step, step)
        ]


def _sealed(block: bytearray) -> bytearray:
    end = len(block) - CHECK
    _CRC.pack_into(block, end, crc32(memoryview(block)[:end]))
    return block


def _journal_head(count: int, body: bytes | bytearray) -> bytes:
    return _JOURNAL_HEAD.pack(count, crc32(body, crc32(_PAGE_NUMBER.pack(count))))
