"""Which applications a card holds and which pages are theirs: the system area of the memory, as bytes.

What it keeps in Python attributes is an index, rebuilt from those bytes at power-on and after each change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from yohaku.iso7816 import Status
from yohaku_emulator.errors import StatusError
from yohaku_emulator.layout import HEAD, LIFE_OFFSET, MAGIC, SLOT

if TYPE_CHECKING:
    from yohaku_emulator.layout import Layout
    from yohaku_emulator.store import Store

SECURED: Final = 0x0F
"""Life cycle of a card in its holder's hands (GlobalPlatform Card Specification 2.3.1, 5.1.1)."""


@dataclass(slots=True, eq=False)
class Entry:
    """One application: its identity and its pages; its life cycle is read from the memory each time.

    Attributes:
        slot: number of its registry slot.
        aid: 5 to 16 bytes.
        program: number of the program that it is an instance of.
        privileges: 3 bytes (GlobalPlatform Card Specification 2.3.1, 11.1.2).
        transient: bytes of transient memory that it needs.
        pages: numbers of its pages, rising.
    """

    slot: int
    aid: bytes
    program: int
    privileges: bytes
    transient: int
    pages: tuple[int, ...]


class Registry:
    """The applications of a card in the order of their slots, and the free pages.

    Attributes:
        entries: AID to entry.
        free: numbers of the pages that nobody owns.
    """

    __slots__ = ("_layout", "_store", "_system", "entries", "free")

    def __init__(self, store: Store, layout: Layout) -> None:
        self._store, self._layout = store, layout
        self._system = range(layout.system_pages)
        self.entries: dict[bytes, Entry] = {}
        self.free: list[int] = []

    def over(self, store: Store) -> Registry:
        """Return the same index over a copy of the memory."""
        twin = Registry(store, self._layout)
        twin.entries, twin.free = self.entries.copy(), self.free.copy()
        return twin

    def format(self, seed: int) -> None:
        """Make an empty registry; a factory's step, not atomic."""
        for number in (*self._system, *self._heap()):
            self._store.wipe(number)
        self._store.write(self._system, 0, HEAD.pack(MAGIC, seed.to_bytes(8, "big"), 0, SECURED))

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
        self.entries = {}
        for slot in range(layout.slots):
            if table[slot * SLOT.size]:
                entry = self._entry(slot, table, owners)
                self.entries[entry.aid] = entry
        self.free = self._owned(owners, 0)

    def _owned(self, owners: bytes, owner: int) -> list[int]:
        heap = self._layout.heap
        return [heap + at for at, value in enumerate(owners) if value == owner]

    def _entry(self, slot: int, table: bytes, owners: bytes) -> Entry:
        name, _, program, privileges, transient = SLOT.unpack_from(table, slot * SLOT.size)
        pages = tuple(self._owned(owners, slot + 1))
        return Entry(slot, name[1 : 1 + name[0]], program, privileges, transient, pages)

    def wipe_free(self) -> None:
        """Make every free page blank: what a deletion left unfinished when power went."""
        for number in self.free:
            self._store.wipe(number)

    @property
    def free_bytes(self) -> int:
        """Bytes that a new application can still take."""
        return len(self.free) * self._layout.payload

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
        slot = SLOT.pack(name, life, entry.program, entry.privileges, entry.transient)
        self._store.write(self._system, self._layout.slot(entry.slot), slot)
        self._own(entry.pages, entry.slot + 1)

    def remove(self, entry: Entry) -> None:
        """Forget an entry in one step, then wipe its pages."""
        self._store.begin()
        self._store.write(self._system, self._layout.slot(entry.slot), bytes(SLOT.size))
        self._own(entry.pages, 0)
        self._store.commit()
        self.load()
        for number in entry.pages:
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

    def seed(self) -> bytes:
        """Return the seed of the random source for this power cycle: a new one at each call (12 bytes)."""
        seed: bytes
        cycle: int
        magic, seed, cycle, life = HEAD.unpack(self._store.read(self._system, 0, HEAD.size))
        cycle = (cycle + 1) & 0xFFFF_FFFF
        self._store.write_apart(self._system, 0, HEAD.pack(magic, seed, cycle, life))
        return seed + cycle.to_bytes(4, "big")
