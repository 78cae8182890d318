"""The life of what is on a card: installed, loaded, found again at power-on, selected, deleted.

It implements the runtime's Context.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING

from yohaku.globalplatform.cap import read_load_file
from yohaku.globalplatform.states import LOADED, SELECTABLE
from yohaku.iso7816 import Status
from yohaku_emulator.domains.applet import QUOTA_AT, STATE
from yohaku_emulator.domains.loading import LENGTH
from yohaku_emulator.domains.session import Terms
from yohaku_emulator.errors import StatusError
from yohaku_emulator.programs import FOREIGN, LOAD_FILE
from yohaku_emulator.registry import ISSUER, Entry, Registry
from yohaku_emulator.runtime import CLEAR_ON_DESELECT, CLEAR_ON_RESET, LONGEST_ARRAY, PersistentArray
from yohaku_emulator.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from yohaku.globalplatform.cap import CapFile, Package
    from yohaku_emulator.memory import Memory
    from yohaku_emulator.profiles import Profile
    from yohaku_emulator.runtime import Applet, Program


class System:
    """Store, registry and the applets that are awake.

    Attributes:
        store: the pages.
        registry: what is installed.
        profile: the kind of card.
        programs: programs by number.
        clock: seconds.
        last_failure: when an authentication to a security domain failed last; at first, when power came.
    """

    def __init__(
        self, memory: Memory, profile: Profile, programs: Sequence[Program], clock: Callable[[], float]
    ) -> None:
        layout = profile.layout
        self.profile, self.clock = profile, clock
        self.last_failure = clock()
        self.store = Store(memory, journal=layout.journal, commit_pages=layout.commit_pages)
        self.registry = Registry(self.store, layout)
        self.programs = {program.number: program for program in programs}
        self._awake: dict[bytes, tuple[Applet, InstanceContext]] = {}
        self._caps: dict[bytes, CapFile] = {}
        self._pool = b""
        self._drawn = 0

    def boot(self) -> None:
        """Finish or forget what a power cut interrupted, and read the registry."""
        self.store.recover()
        self.registry.load()
        self.registry.wipe_free()

    def wake(self, entry: Entry) -> Applet:
        """Return the applet of an entry, built on its first use after power-on."""
        pair = self._awake.get(entry.aid)
        if pair is None:
            context = InstanceContext(self, entry)
            pair = self._awake[entry.aid] = (self.programs[entry.program].applet(context), context)
        return pair[0]

    def clear(self, entry: Entry) -> None:
        """Clear the transient arrays that an instance loses on deselection."""
        if entry.aid in self._awake:
            self._awake[entry.aid][1].clear()

    def install(
        self,
        program: Program,
        aid: bytes,
        privileges: bytes,
        parameters: bytes,
        *,
        domain: int = ISSUER,
        source: int = 0,
        life: int = SELECTABLE,
    ) -> None:
        """Make an instance in one atomic step.

        Args:
            program: what it is an instance of.
            aid: its AID.
            privileges: 3 bytes.
            parameters: what the program's install gets.
            domain: number of the security domain that it will belong to.
            source: number of the load file that the program came in; 0 for read-only memory.
            life: its first life cycle byte.

        Raises:
            StatusError: refused by the applet, or no room (6A84); nothing of it remains.
        """
        entry = Entry(self.registry.free_slot(), aid, program.number, privileges, 0, (), domain, source)
        context = InstanceContext(self, entry)
        self.store.begin()
        try:
            program.applet.install(context, parameters)
            self._measure(program, entry)
            if self.over_quota(domain, len(entry.pages)):
                raise StatusError(Status.NO_SPACE)  # noqa: TRY301 - one way out for every refusal
            self.registry.add(entry, life)
        except Exception:
            self.store.abort()
            raise
        self.store.commit()
        self.registry.load()

    def add_load_file(self, cap: CapFile, pages: tuple[int, ...], domain: int) -> None:
        """Make a load file whose data lies in reserved pages part of the card, in one atomic step.

        Raises:
            StatusError: 6A84, every slot of the registry is taken.
        """
        entry = Entry(self.registry.free_slot(), cap.identity.aid, LOAD_FILE, bytes(3), 0, pages, domain)
        self.store.begin()
        self.registry.add(entry, LOADED)
        self.store.commit()
        self.registry.release(pages)
        self.registry.load()

    def cap(self, entry: Entry) -> CapFile:
        """Return a loaded load file, read at its first use after power-on."""
        found = self._caps.get(entry.aid)
        if found is None:
            size = int.from_bytes(self.store.read(entry.pages, 0, LENGTH), "big")
            found = self._caps[entry.aid] = read_load_file(self.store.read(entry.pages, LENGTH, size))
        return found

    def packages(self) -> Iterable[Package]:
        """Give the packages that a load file may import: those of the card, and those that were loaded."""
        loaded = (self.cap(entry).packages for entry in self.registry.load_files)
        return chain(self.profile.packages, *loaded)

    def importers(self, entry: Entry) -> bool:
        """Whether another load file imports a package of this one."""
        if entry.program != LOAD_FILE:
            return False
        own = {package.aid for package in self.cap(entry).packages}
        others = (self.cap(each) for each in self.registry.load_files if each is not entry)
        return any(package.aid in own for cap in others for package in cap.imports)

    @property
    def rom_programs(self) -> list[Program]:
        """Programs that stand as load files in read-only memory."""
        return [program for program in self.programs.values() if program.load_file]

    def is_taken(self, aid: bytes) -> bool:
        """Whether an AID already names something on the card."""
        return aid in self.registry.entries or any(aid == program.load_file for program in self.rom_programs)

    def is_removable(self, entry: Entry) -> bool:
        """Whether an entry may be deleted or locked: not the issuer's domain, nor what was there before."""
        return entry.number != ISSUER and self.programs[entry.program].removable

    def find_module(self, load_file: bytes, module: bytes) -> tuple[Program, int]:
        """Find the program of a module, and the number of the load file that it came in.

        Raises:
            StatusError: 6A88, there is none.
        """
        for program in self.rom_programs:
            if (program.load_file, program.module) == (load_file, module):
                return program, 0
        entry = self.registry.entries.get(load_file)
        if entry is None or entry.program != LOAD_FILE:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        if module not in {applet.aid for applet in self.cap(entry).applets}:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        return self.programs[FOREIGN], entry.number

    def over_quota(self, domain: int, pages: int) -> bool:
        """Whether a domain's content would take more memory than the domain was given, with so many pages more."""
        owner = self.registry.at(domain)
        if owner is None or not owner.pages:
            return False
        context = InstanceContext(self, owner)
        quota = int.from_bytes(context.arrays[STATE].read(QUOTA_AT, 4), "big")
        taken = sum(len(each.pages) for each in self.registry.entries.values() if each.domain == domain)
        return bool(quota) and (taken + pages) * self.store.payload > quota

    @property
    def terms(self) -> Terms:
        """How this card's domains talk; the diversification data is made of the chip's seed, and does not tell it."""
        protocol, options = self.profile.channel
        return Terms(protocol, options, b"YH" + sha256(b"chip" + self.registry.chip).digest()[:8], self.random)

    def _measure(self, program: Program, entry: Entry) -> None:
        """Build the applet once to learn how much transient memory it takes, and hold it to the quota."""
        context = InstanceContext(self, entry)
        program.applet(context)
        entry.transient = context.transient_bytes
        if entry.transient > self.profile.transient_bytes:
            raise StatusError(Status.NO_SPACE)

    def delete(self, *entries: Entry) -> None:
        """Remove entries in one atomic step and free their pages."""
        self.registry.remove(*entries)
        for entry in entries:
            self._awake.pop(entry.aid, None)
            self._caps.pop(entry.aid, None)

    def random(self, size: int) -> bytes:
        """Return bytes that depend on the card's seed, the power cycle and how many were drawn in it."""
        if not self._pool:
            self._pool = self.registry.seed()
        found = b""
        while len(found) < size:
            found += sha256(self._pool + self._drawn.to_bytes(4, "big")).digest()
            self._drawn += 1
        return found[:size]

    def free_transient(self) -> int:
        """Return how much volatile memory a new instance can have: arrays cleared on deselection share their room."""
        taken = max((entry.transient for entry in self.registry.entries.values()), default=0)
        return self.profile.transient_bytes - taken

    def fork(self, memory: Memory) -> System:
        """Return the same system over a copy of the memory, volatile state included."""
        twin = System(memory, self.profile, tuple(self.programs.values()), self.clock)
        twin.registry = self.registry.over(twin.store)
        twin.adopt(self)
        return twin

    def adopt(self, other: System) -> None:
        """Take over the volatile state of the system that this one was forked from."""
        self._pool, self._drawn, self.last_failure = other._pool, other._drawn, other.last_failure
        for aid, (_, context) in other._awake.items():
            self.wake(self.registry.entries[aid])
            self._awake[aid][1].fill(context.transients())


class InstanceContext:
    """The card as one instance sees it (implements ``runtime.Context``)."""

    __slots__ = ("_arrays", "_entry", "_system", "_transients")

    def __init__(self, system: System, entry: Entry) -> None:
        self._system, self._entry = system, entry
        self._arrays: list[PersistentArray] | None = None
        self._transients: list[tuple[int, bytearray]] = []

    @property
    def aid(self) -> bytes:
        """AID of this instance."""
        return self._entry.aid

    @property
    def life(self) -> int:
        """Life cycle byte of this instance."""
        return self._system.registry.life(self._entry)

    def set_life(self, life: int) -> None:
        """Change the life cycle byte."""
        self._system.registry.set_life(self._entry, life)

    def allocate(self, *sizes: int) -> None:
        """Create the arrays: take free pages and write the directory (u8 count, u16 length of each)."""
        if max(sizes, default=0) > LONGEST_ARRAY:
            raise StatusError(Status.NO_SPACE)
        directory = bytes((len(sizes),)) + b"".join(size.to_bytes(2, "big") for size in sizes)
        used = len(directory) + sum(sizes)
        store = self._system.store
        self._entry.pages = self._system.registry.take(-(-used // store.payload))
        store.write(self._entry.pages, 0, directory)

    @property
    def arrays(self) -> Sequence[PersistentArray]:
        """The persistent arrays, found by the directory."""
        if self._arrays is None:
            self._arrays = self._find()
        return self._arrays

    def _find(self) -> list[PersistentArray]:
        store, pages = self._system.store, self._entry.pages
        count = store.read(pages, 0, 1)[0] if pages else 0
        lengths = store.read(pages, 1, 2 * count) if count else b""
        start, found = 1 + 2 * count, []
        for at in range(0, 2 * count, 2):
            length = lengths[at] << 8 | lengths[at + 1]
            found.append(PersistentArray(store, pages, start, length))
            start += length
        return found

    def transient(self, size: int, clear_on: int = CLEAR_ON_DESELECT) -> bytearray:
        """Return the next transient array."""
        array = bytearray(size)
        self._transients.append((clear_on, array))
        return array

    @property
    def transient_bytes(self) -> int:
        """Bytes of all transient arrays."""
        return sum(len(array) for _, array in self._transients)

    def clear(self) -> None:
        """Zero the arrays that are cleared on deselection."""
        for clear_on, array in self._transients:
            if clear_on != CLEAR_ON_RESET:
                array[:] = bytes(len(array))

    def transients(self) -> list[bytes]:
        """Return the contents of the transient arrays."""
        return [bytes(array) for _, array in self._transients]

    def fill(self, contents: list[bytes]) -> None:
        """Set the contents of the transient arrays."""
        for (_, array), content in zip(self._transients, contents, strict=True):
            array[:] = content

    def begin(self) -> None:
        """Open a transaction."""
        self._system.store.begin()

    def commit(self) -> None:
        """Commit the transaction."""
        self._system.store.commit()

    def abort(self) -> None:
        """Abort the transaction."""
        self._system.store.abort()

    def sibling(self, aid: bytes) -> InstanceContext | None:
        """Return another instance of the same program."""
        entry = self._system.registry.entries.get(aid)
        if entry is None or entry.program != self._entry.program:
            return None
        return InstanceContext(self._system, entry)

    @property
    def chain_bytes(self) -> int:
        """Most data in a chain of commands."""
        return self._system.profile.chain_bytes

    @property
    def longest_apdus(self) -> tuple[int, int]:
        """Bytes of the longest extended command and response."""
        return self._system.profile.longest_command, self._system.profile.longest_response

    @property
    def blocked(self) -> int:
        """Status word for a blocked PIN or key."""
        return self._system.profile.blocked

    def random(self, size: int) -> bytes:
        """Return random bytes."""
        return self._system.random(size)
