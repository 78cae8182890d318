"""Where things stand in the memory: system pages, journal, heap; computed from a profile's figures."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

from yohaku_emulator.store import CHECK, journal_size

HEAD: Final = Struct(">4s8sIB")
"""Magic, seed of the random source, power cycles that drew random bytes, life cycle of the card."""
MAGIC: Final = b"YHK2"
SLOT: Final = Struct(">17s B B 3s H B B")
"""Registry slot: AID with its length before it, life cycle, program, privileges, transient bytes, domain, source."""
LIFE_OFFSET, PRIVILEGES_OFFSET, DOMAIN_OFFSET = 17, 19, 24
"""Where things that change stand in a slot."""
CARD_LIFE_OFFSET: Final = HEAD.size - 1
"""Where the life cycle byte of the card stands in the head."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Page numbers and addresses of a card's memory.

    Attributes:
        page: bytes in a page.
        slots: most applications in the registry.
        heap_pages: pages that applications can own.
        commit_pages: most pages in one transaction.
    """

    page: int
    slots: int
    heap_pages: int
    commit_pages: int

    @property
    def payload(self) -> int:
        """Bytes of a page that carry data."""
        return self.page - CHECK

    @property
    def owners(self) -> int:
        """Where the owner map starts in the system area: one byte for each heap page, 0 for a free one."""
        return HEAD.size + self.slots * SLOT.size

    def slot(self, number: int) -> int:
        """Return where registry slot ``number`` starts in the system area."""
        return HEAD.size + number * SLOT.size

    @property
    def system_pages(self) -> int:
        """Pages of the system area; they are the first of the memory."""
        return -(-(self.owners + self.heap_pages) // self.payload)

    @property
    def journal(self) -> int:
        """Address of the journal, which follows the system area."""
        return self.system_pages * self.page

    @property
    def journal_pages(self) -> int:
        """Pages that the journal takes."""
        return -(-journal_size(self.page, self.commit_pages) // self.page)

    @property
    def heap(self) -> int:
        """Number of the first heap page."""
        return self.system_pages + self.journal_pages

    @property
    def size(self) -> int:
        """Bytes of the whole memory."""
        return (self.heap + self.heap_pages) * self.page
