"""Which applications a card holds and which pages are theirs: the system area of the memory, as bytes.

What it keeps in Python attributes is an index, rebuilt from those bytes at power-on and after each change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yohaku.globalplatform.states import CardLife
from yohaku.iso7816 import Status
from yohaku_emulator.errors import MemoryFault, StatusError
from yohaku_emulator.layout import (
    CARD_LIFE_OFFSET,
    DOMAIN_OFFSET,
    HEAD,
    LIFE_OFFSET,
    MAGIC,
    PRIVILEGES_OFFSET,
    SLOT,
)
from yohaku_emulator.programs import LOAD_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yohaku_emulator.layout import Layout
    from yohaku_emulator.store import Store

ISSUER = 1
"""Number of the issuer security domain, whose entry is the first."""


@dataclass(slots=True, eq=False)
class Entry:
    """An application, a security domain or a load file; its life cycle is read from the memory each time.

    Entries are numbered from 1 by their slots; 0 is nobody.

    Attributes:
        slot: number of its registry slot.
        aid: 5 to 16 bytes.
        program: number of the program that it is an instance of.
        privileges: 3 bytes (GlobalPlatform Card Specification 2.3.1, 11.1.2).
        transient: bytes of transient memory that it needs.
        pages: numbers of its pages, rising.
        domain: number of the security domain that it belongs to.
        source: number of the load file that it is an instance of; 0 when that is in read-only memory.
    """

    slot: int
    aid: bytes
    program: int
    privileges: bytes
    transient: int
    pages: tuple[int, ...]
    domain: int = ISSUER
    source: int = 0

    @property
    def number(self) -> int:
        """What other entries call this one."""
        return self.slot + 1

    def copy(self) -> Entry:
        """Return the same entry for another card."""
        return Entry(
            self.slot,
            self.aid,
            self.program,
            self.privileges,
            self.transient,
            self.pages,
            self.domain,
            self.source,
        )


class Registry:
    """The applications of a card in the order of their slots, and the free pages.

    Attributes:
        entries: AID to entry.
        free: numbers of the pages that nobody owns and no load has reserved, worn ones among them.
        card_life: life cycle byte of the card.
    """

    __slots__ = ("_by_number", "_layout", "_reserved", "_store", "_system", "card_life", "entries", "free")

    def __init__(self, store: Store, layout: Layout) -> None:
        self._store, self._layout = store, layout
        self._system = range(layout.system_pages)
        self.entries: dict[bytes, Entry] = {}
        self.free: list[int] = []
        self.card_life: int = CardLife.SECURED
        self._by_number: dict[int, Entry] = {}
        self._reserved: frozenset[int] = frozenset()

    def over(self, store: Store) -> Registry:
        """Return the same index over a copy of the memory."""
        twin = Registry(store, self._layout)
        twin.free, twin.card_life, twin._reserved = self.free.copy(), self.card_life, self._reserved
        twin._index(entry.copy() for entry in self.entries.values())
        return twin

    def _index(self, entries: Iterable[Entry]) -> None:
        self._by_number = {entry.number: entry for entry in entries}
        self.entries = {entry.aid: entry for entry in self._by_number.values()}

    def format(self, seed: int) -> None:
        """Make an empty registry; a factory's step, not atomic."""
        for number in (*self._system, *self._heap()):
            self._store.wipe(number)
        self._store.write(self._system, 0, HEAD.pack(MAGIC, seed.to_bytes(8, "big"), 0, CardLife.SECURED))

    def _heap(self) -> range:
        return range(self._layout.heap, self._layout.heap + self._layout.heap_pages)

    def load(self) -> None:
        """Read the index from the memory.

        Raises:
            MemoryFault: a system page is damaged.
        """
        layout = self._layout
        owners = self._store.read(self._system, layout.owners, layout.heap_pages)
        table = self._store.read(self._system, layout.slot(0), layout.slots * SLOT.size)
        used = [slot for slot in range(layout.slots) if table[slot * SLOT.size]]
        self._index([self._entry(slot, table, owners) for slot in used])
        self.free = [number for number in self._owned(owners, 0) if number not in self._reserved]
        self.card_life = self._store.read(self._system, CARD_LIFE_OFFSET, 1)[0]

    def _owned(self, owners: bytes, owner: int) -> list[int]:
        heap = self._layout.heap
        return [heap + at for at, value in enumerate(owners) if value == owner]

    def _entry(self, slot: int, table: bytes, owners: bytes) -> Entry:
        """Read an entry; one that is known already stays the same object."""
        name, _, program, privileges, transient, domain, source = SLOT.unpack_from(table, slot * SLOT.size)
        pages = tuple(self._owned(owners, slot + 1))
        read = Entry(slot, name[1 : 1 + name[0]], program, privileges, transient, pages, domain, source)
        known = self._by_number.get(slot + 1)
        if known is None or known.aid != read.aid:
            return read
        known.privileges, known.pages, known.domain = read.privileges, read.pages, read.domain
        return known

    @property
    def issuer(self) -> Entry:
        """The issuer security domain.

        Raises:
            MemoryFault: the memory has none; its checksums may be right all the same, in an image that somebody made.
        """
        found = self._by_number.get(ISSUER)
        if found is None:
            raise MemoryFault("the registry has no issuer security domain")
        return found

    def at(self, number: int) -> Entry | None:
        """Return the entry of a number; None for nobody."""
        return self._by_number.get(number)

    def above(self, entry: Entry) -> list[Entry]:
        """Give an entry, the domain that it belongs to, and so on up to the issuer's."""
        found = [entry]
        while found[-1].number != ISSUER and found[-1].domain in self._by_number:
            found.append(self._by_number[found[-1].domain])
        return found

    @property
    def applications(self) -> list[Entry]:
        """Applications and supplementary security domains."""
        return [entry for number, entry in self._by_number.items() if entry.program != LOAD_FILE and number != ISSUER]

    @property
    def load_files(self) -> list[Entry]:
        """Load files that came by LOAD."""
        return [entry for entry in self._by_number.values() if entry.program == LOAD_FILE]

    def reserve(self, size: int) -> tuple[int, ...]:
        """Keep free pages for ``size`` bytes from being given to others.

        Raises:
            StatusError: 6A84, there are not enough.
        """
        pages = self.take(-(-size // self._layout.payload))
        self.free = [number for number in self.free if number not in pages]
        self._reserved |= frozenset(pages)
        return pages

    def take(self, count: int) -> tuple[int, ...]:
        """Choose free pages that can still be written; they stay free until an entry that owns them is added.

        Raises:
            StatusError: 6A84, there are not enough.
        """
        usable = self._usable
        if count > len(usable):
            raise StatusError(Status.NO_SPACE)
        return tuple(usable[:count])

    @property
    def _usable(self) -> list[int]:
        return [number for number in self.free if not self._store.is_worn(number)]

    def release(self, pages: Iterable[int]) -> None:
        """Let others have pages that were reserved."""
        given_back = self._reserved & frozenset(pages)
        self._reserved -= given_back
        self.free = sorted({*self.free, *given_back})

    def wipe_free(self) -> None:
        """Make every free page blank: what a deletion left unfinished when power went."""
        for number in self.free:
            self._store.wipe(number)

    @property
    def free_bytes(self) -> int:
        """Bytes that a new application can still take."""
        return len(self._usable) * self._layout.payload

    def free_slot(self) -> int:
        """Return the lowest unused slot.

        Raises:
            StatusError: 6A84, every slot is taken.
        """
        taken = {entry.slot for entry in self.entries.values()}
        for slot in range(self._layout.slots):
            if slot not in taken:
                return slot
        raise StatusError(Status.NO_SPACE)

    def add(self, entry: Entry, life: int) -> None:
        """Write an entry and the ownership of its pages, in the open transaction."""
        name = bytes((len(entry.aid),)) + entry.aid
        slot = SLOT.pack(name, life, entry.program, entry.privileges, entry.transient, entry.domain, entry.source)
        self._store.write(self._system, self._layout.slot(entry.slot), slot)
        self._own(entry.pages, entry.slot + 1)

    def remove(self, *entries: Entry) -> None:
        """Forget entries in one step, then wipe their pages."""
        pages = [number for entry in entries for number in entry.pages]
        self._store.begin()
        for entry in entries:
            self._store.write(self._system, self._layout.slot(entry.slot), bytes(SLOT.size))
            self._own(entry.pages, 0)
        self._store.commit()
        self.load()
        for number in pages:
            self._store.wipe(number)

    def _own(self, pages: tuple[int, ...], owner: int) -> None:
        start = self._layout.owners - self._layout.heap
        for number in pages:
            self._store.write(self._system, start + number, bytes((owner,)))

    def life(self, entry: Entry) -> int:
        """Return the life cycle byte of an application."""
        return self._store.read(self._system, self._layout.slot(entry.slot) + LIFE_OFFSET, 1)[0]

    def set_life(self, entry: Entry, life: int) -> None:
        """Change the life cycle byte of an application, in the open transaction or as a step of its own."""
        self._store.write(self._system, self._layout.slot(entry.slot) + LIFE_OFFSET, bytes((life,)))

    def set_privileges(self, entry: Entry, privileges: bytes) -> None:
        """Change what an application may do, as a step of its own."""
        self._store.write(self._system, self._layout.slot(entry.slot) + PRIVILEGES_OFFSET, privileges)
        entry.privileges = privileges

    def set_domain(self, entry: Entry, domain: int) -> None:
        """Hand an entry over to another security domain, as a step of its own."""
        self._store.write(self._system, self._layout.slot(entry.slot) + DOMAIN_OFFSET, bytes((domain,)))
        entry.domain = domain

    def set_card_life(self, life: int) -> None:
        """Change the life cycle of the card, as a step of its own."""
        self._store.write(self._system, CARD_LIFE_OFFSET, bytes((life,)))
        self.card_life = life

    @property
    def chip(self) -> bytes:
        """The seed that the chip was made with, 8 bytes."""
        return self._store.read(self._system, len(MAGIC), 8)

    def seed(self) -> bytes:
        """Return the seed of the random source for this power cycle: a new one at each call (12 bytes)."""
        seed: bytes
        cycle: int
        magic, seed, cycle, life = HEAD.unpack(self._store.read(self._system, 0, HEAD.size))
        cycle = (cycle + 1) & 0xFFFF_FFFF
        self._store.write_apart(self._system, 0, HEAD.pack(magic, seed, cycle, life))
        return seed + cycle.to_bytes(4, "big")
