"""The emulated card: what a test, a link or the command line holds in its hands."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final, cast

from yohaku.globalplatform.keys import Algorithm
from yohaku.globalplatform.scp import scp02
from yohaku.iso7816 import Status
from yohaku_emulator import container, image, programs, resident
from yohaku_emulator.container import Container
from yohaku_emulator.dispatcher import Dispatcher
from yohaku_emulator.domains import DomainApplet, applet
from yohaku_emulator.domains.keystore import KeyStore, StoredKeys
from yohaku_emulator.errors import MemoryFault, PowerCut
from yohaku_emulator.memory import Memory
from yohaku_emulator.memory_map import Page, memory_map
from yohaku_emulator.profiles import ISSUER_DOMAIN, ISSUER_PRIVILEGES, KEY_VERSIONS, Profile, find_profile
from yohaku_emulator.programs import ForeignApplet, LoadFile
from yohaku_emulator.resident import StandIn
from yohaku_emulator.runtime import Program
from yohaku_emulator.system import System

if TYPE_CHECKING:
    from collections.abc import Callable

_STAND_IN: Final = Program(programs.STAND_IN, resident.LOAD_FILE, resident.MODULE, StandIn, removable=False)
_DOMAIN: Final = Program(programs.DOMAIN, applet.LOAD_FILE, applet.MODULE, DomainApplet)
PROGRAMS: Final = (
    Program(programs.CONTAINER, container.LOAD_FILE, container.MODULE, Container, version=container.VERSION),
    _STAND_IN,
    _DOMAIN,
    Program(programs.FOREIGN, b"", b"", ForeignApplet),
    Program(programs.LOAD_FILE, b"", b"", LoadFile),
)
"""The programs in every card's read-only memory; the last two stand for what is loaded later."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A card at one moment, volatile state included; ``bytes(snapshot)`` is its memory."""

    card: EmulatedCard

    def __bytes__(self) -> bytes:
        return bytes(self.card.memory.cells)


class OutOfOrder:
    """A card whose registry is damaged: it answers 6581 to every command."""

    def process(self, command: bytes) -> bytes:
        """Refuse."""
        del command
        return Status.MEMORY_FAILURE.to_bytes(2, "big")

    def fork(self, system: System) -> OutOfOrder:
        """Return the same state for a forked card: there is none."""
        del system
        return self


class EmulatedCard:
    """A card in Python.

    Args:
        profile: a profile or the name of one.
        seed: of the card's random source; same seed and same commands give same bytes.
        clock: seconds, for the timing of profiles; nothing reads the real time otherwise.

    Raises:
        UnknownNameError: there is no profile of that name.
    """

    __slots__ = ("_dispatcher", "_system", "clock", "memory", "profile")

    def __init__(
        self, profile: str | Profile = "generic", *, seed: int = 0, clock: Callable[[], float] | None = None
    ) -> None:
        self.profile = find_profile(profile) if isinstance(profile, str) else profile
        self.clock = clock or monotonic
        self.memory = _blank(self.profile)
        self._dispatcher: Dispatcher | OutOfOrder | None = None
        self._system = System(self.memory, self.profile, PROGRAMS, self.clock)
        self._manufacture(seed)

    def _manufacture(self, seed: int) -> None:
        self._system.registry.format(seed & (1 << 64) - 1)
        self._system.registry.load()
        self._make_issuer()
        for one in self.profile.residents:
            self._system.install(_STAND_IN, one.aid, bytes(3), one.size.to_bytes(2, "big"))

    def _make_issuer(self) -> None:
        """Make the issuer security domain, the first entry, and give it its keys."""
        self._system.install(_DOMAIN, ISSUER_DOMAIN, ISSUER_PRIVILEGES, b"")
        keys, protocol = self.profile.keys, self.profile.channel[0]
        algorithm = Algorithm.DES if protocol == scp02.PROTOCOL else Algorithm.AES
        stored = StoredKeys(keys.version or KEY_VERSIONS[protocol], algorithm, (keys.enc, keys.mac, keys.dek))
        domain = cast("DomainApplet", self._system.wake(self._system.registry.issuer))
        KeyStore(domain.context.arrays[applet.KEYS]).put(stored)

    @property
    def writes(self) -> int:
        """Page writes so far."""
        return self.memory.writes

    @property
    def powered(self) -> bool:
        """Whether the card has power."""
        return self._dispatcher is not None

    def power_on(self) -> bytes:
        """Give the card power, or reset it when it has; return the answer to reset.

        Raises:
            PowerCut: a cut was armed and the recovery of the memory reached it.
        """
        self.power_off()
        self._system = System(self.memory, self.profile, PROGRAMS, self.clock)
        try:
            self._system.boot()
            self._dispatcher = Dispatcher(self._system)
        except MemoryFault:
            self._dispatcher = OutOfOrder()
        return self.profile.atr

    def power_off(self) -> None:
        """Take the power away: all volatile state is gone."""
        self._dispatcher = None

    def transmit(self, command: bytes) -> bytes:
        """Send a command APDU; return response data and status word.

        Raises:
            PowerCut: the power went during the command, or the card was off.
        """
        if self._dispatcher is None:
            raise PowerCut("the card is off; call power_on first")
        try:
            return self._dispatcher.process(command)
        except PowerCut:
            self.power_off()
            raise

    def fork(self) -> EmulatedCard:
        """Return an independent card in the same state, volatile state included, with no power cut armed."""
        twin = EmulatedCard.__new__(EmulatedCard)
        twin.profile, twin.clock = self.profile, self.clock
        twin.restore(Snapshot(self))
        return twin

    def snapshot(self) -> Snapshot:
        """Remember the card as it is now."""
        return Snapshot(self.fork())

    def restore(self, snapshot: Snapshot) -> None:
        """Make the card what it was at the snapshot, which can be used again."""
        self._take(snapshot.card)

    def _take(self, other: EmulatedCard) -> None:
        self.memory = other.memory.copy()
        self._system = other._system.fork(self.memory)
        self._dispatcher = None if other._dispatcher is None else other._dispatcher.fork(self._system)

    def memory_map(self) -> list[Page]:
        """Tell what each page holds and how worn it is, as the memory stands; no content is told."""
        return memory_map(self.memory, System(self.memory, self.profile, PROGRAMS, self.clock))

    @property
    def unfinished(self) -> list[int]:
        """Pages of a commit that power cut short and that the next ``power_on`` finishes."""
        return self._system.store.unfinished()

    def to_image(self) -> bytes:
        """Return the card as an image file's bytes; volatile state is not in it."""
        return image.write(self.profile.name, self.memory)

    @classmethod
    def from_image(
        cls, data: bytes, *, name: str = "the card image", clock: Callable[[], float] | None = None
    ) -> EmulatedCard:
        """Open a card from an image file's bytes; it is off.

        Args:
            data: the bytes.
            name: what errors call the image, such as its path.
            clock: seconds.

        Raises:
            ImageError: the bytes are not a complete, undamaged image of a known profile.
        """
        found = image.read(data, name)
        card = cls(found.profile, clock=clock)
        card.memory.cells[:] = found.cells
        card.memory.wear, card.memory.writes = found.wear, sum(found.wear)
        return card


def _blank(profile: Profile) -> Memory:
    return Memory(profile.layout.size, page=profile.page, unit=profile.write_unit, endurance=profile.endurance)
