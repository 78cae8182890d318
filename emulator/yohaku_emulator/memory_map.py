"""What each page of a card's memory holds and how worn it is; it tells places, never contents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from yohaku_emulator.errors import MemoryFault
from yohaku_emulator.layout import HEAD, SLOT
from yohaku_emulator.programs import LOAD_FILE
from yohaku_emulator.system import InstanceContext

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from yohaku_emulator.memory import Memory
    from yohaku_emulator.registry import Entry
    from yohaku_emulator.system import System

REGISTRY: Final = "registry"
JOURNAL: Final = "journal"
FREE: Final = "free"
DAMAGED: Final = "damaged"
UNKNOWN: Final = "unknown"
"""What a page of the heap holds when the registry cannot be read."""


@dataclass(frozen=True, slots=True)
class Part:
    """A run of bytes in a page that belong together.

    Attributes:
        what: such as ``registry``, ``journal``, ``descriptor``, ``PIN 1``, ``file 4`` (by its SFI), ``free``.
        owner: AID of the application, domain or load file; empty for the card itself.
        offset: first byte in the page.
        size: bytes in this page.
    """

    what: str
    owner: bytes
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the memory.

    Attributes:
        number: from 0.
        writes: how often it was written.
        is_sound: whether it matches its checksum; a page of the journal has none of its own.
        is_worn: whether it can no longer be written.
        parts: what it holds, in the order of its bytes; what no part covers is unused or the checksum.
    """

    number: int
    writes: int
    is_sound: bool
    is_worn: bool
    parts: tuple[Part, ...]


_Run = tuple[str, bytes, int]
"""What, whose, and how many bytes of consecutive pages."""


def memory_map(memory: Memory, system: System) -> list[Page]:
    """Tell what each page holds, as the memory stands: nothing is recovered or changed.

    Args:
        memory: the pages.
        system: a system over them; its registry is read here, and need not be readable.
    """
    layout, store = system.profile.layout, system.store
    parts: list[list[Part]] = [[] for _ in memory.wear]
    journal = range(layout.system_pages, layout.heap)
    spread(parts, range(layout.system_pages), layout.payload, _system_area(system))
    spread(parts, journal, layout.page, [(JOURNAL, b"", len(journal) * layout.page)])
    rest = _place_entries(parts, system)
    for number in range(layout.heap, len(parts)):
        parts[number] = parts[number] or [Part(rest, b"", 0, layout.payload)]
    return [
        Page(
            number,
            memory.wear[number],
            number in journal or store.is_sound(number),
            store.is_worn(number),
            tuple(held),
        )
        for number, held in enumerate(parts)
    ]


def _place_entries(parts: list[list[Part]], system: System) -> str:
    """Place what the registry names; say what the other pages of the heap are."""
    try:
        system.registry.load()
    except MemoryFault:
        return UNKNOWN
    for entry in system.registry.entries.values():
        spread(parts, entry.pages, system.store.payload, _held(system, entry))
    return FREE


def spread(parts: list[list[Part]], pages: Sequence[int], payload: int, runs: Iterable[_Run]) -> None:
    """Lay runs of bytes one behind the other into pages of ``payload`` bytes."""
    at = 0
    for what, owner, size in runs:
        end = at + size
        while at < end:
            index, offset = divmod(at, payload)
            stop = min(end, at - offset + payload)
            parts[pages[index]].append(Part(what, owner, offset, stop - at))
            at = stop


def _system_area(system: System) -> list[_Run]:
    layout = system.profile.layout
    registry = (REGISTRY, b"", layout.slots * SLOT.size)
    return [("card", b"", HEAD.size), registry, ("owners of pages", b"", layout.heap_pages)]


def _held(system: System, entry: Entry) -> list[_Run]:
    """Name the arrays of an entry; of one whose pages are damaged only whose they are."""
    room = len(entry.pages) * system.store.payload
    if entry.program == LOAD_FILE:
        return [("load file", entry.aid, room)]
    context = InstanceContext(system, entry)
    try:
        names = system.programs[entry.program].applet.array_names(context)
        sizes = [len(array) for array in context.arrays]
    except (MemoryFault, IndexError):
        return [(DAMAGED, entry.aid, room)]
    if not sizes:
        return []
    arrays = [(name, entry.aid, size) for name, size in zip(names, sizes, strict=True)]
    return [("directory", entry.aid, 1 + 2 * len(sizes)), *arrays]
