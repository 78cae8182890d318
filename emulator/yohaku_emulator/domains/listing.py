"""GET STATUS and SET STATUS: who is on the card, and in which state (GPCS 2.3.1, 11.4 and 11.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.globalplatform.states import LOADED, LOCKED, CardLife, Privilege
from yohaku.globalplatform.wire import RegistryEntry, StatusRequest
from yohaku.iso7816 import Status
from yohaku_emulator.domains.authority import has
from yohaku_emulator.domains.content import read
from yohaku_emulator.errors import StatusError
from yohaku_emulator.programs import DOMAIN, LOAD_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.registry import Entry
    from yohaku_emulator.system import System

ISSUER, APPLICATIONS, LOAD_FILES, LOAD_FILES_AND_MODULES = 0x80, 0x40, 0x20, 0x10
_CARD, _APPLICATION, _DOMAIN_AND_ALL = 0x80, 0x40, 0x60
_TAGGED, _NEXT = 0x02, 0x01
_FORWARD: Final = {
    CardLife.OP_READY: {CardLife.INITIALIZED, CardLife.SECURED, CardLife.TERMINATED},
    CardLife.INITIALIZED: {CardLife.SECURED, CardLife.TERMINATED},
    CardLife.SECURED: {CardLife.CARD_LOCKED, CardLife.TERMINATED},
    CardLife.CARD_LOCKED: {CardLife.SECURED, CardLife.TERMINATED},
    CardLife.TERMINATED: set(),
}
"""From which state of the card which others can be reached (figure 5-1)."""


class Listing:
    """The registry as one security domain tells it; what is told in parts is volatile."""

    __slots__ = ("_entry", "_system", "_untold")

    def __init__(self, system: System, entry: Entry) -> None:
        self._system, self._entry = system, entry
        self._untold: tuple[bytes, list[bytes]] = (b"", [])

    def adopt(self, other: Listing) -> None:
        """Take over what is being told on the card that this one was forked from."""
        self._untold = other._untold

    def forget(self) -> None:
        """Forget what was being told."""
        self._untold = (b"", [])

    def get_status(self, apdu: Apdu, most: int) -> bytes:
        """GET STATUS (11.4): whole entries up to ``most`` bytes, then 6310 and the next."""
        if apdu.p2 & ~(_TAGGED | _NEXT) or apdu.p1 not in {ISSUER, APPLICATIONS, LOAD_FILES, LOAD_FILES_AND_MODULES}:
            raise StatusError(Status.WRONG_P1P2)
        asked = bytes((apdu.p1, apdu.p2 & _TAGGED)) + apdu.data
        untold = self._continued(asked) if apdu.p2 & _NEXT else self._found(apdu)
        answer, told = b"", 0
        while told < len(untold) and len(answer) + len(untold[told]) <= most:
            answer += untold[told]
            told += 1
        self._untold = (asked, untold[told:])
        apdu.status = Status.MORE_DATA if untold[told:] else Status.OK
        return answer

    def _continued(self, asked: bytes) -> list[bytes]:
        before, untold = self._untold
        if not untold or asked != before:
            raise StatusError(Status.CONDITIONS)
        return untold

    def _found(self, apdu: Apdu) -> list[bytes]:
        prefix = read(StatusRequest, apdu.data).prefix
        if prefix is None:
            raise StatusError(Status.WRONG_DATA)
        write = _tagged if apdu.p2 & _TAGGED else _untagged
        found = [write(one, apdu.p1) for one in self._entries(apdu.p1) if one.aid.startswith(prefix)]
        if not found:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        return found

    def _entries(self, kind: int) -> Iterator[RegistryEntry]:
        if kind == ISSUER:
            yield self._issuer()
        elif kind == APPLICATIONS:
            yield from map(self._application, filter(self._sees, self._system.registry.applications))
        else:
            yield from self._load_files(with_modules=kind == LOAD_FILES_AND_MODULES)

    def _sees(self, entry: Entry) -> bool:
        """Whether the domain may know of an entry: its own, or all with the global registry privilege."""
        own = entry.domain == self._entry.slot + 1
        return own or has(self._entry, Privilege.GLOBAL_REGISTRY)

    def _issuer(self) -> RegistryEntry:
        issuer, registry = self._system.registry.issuer, self._system.registry
        return RegistryEntry(issuer.aid, registry.card_life, issuer.privileges)

    def _application(self, entry: Entry) -> RegistryEntry:
        registry = self._system.registry
        source = registry.at(entry.source)
        load_file = source.aid if source else self._system.programs[entry.program].load_file
        owner = registry.at(entry.domain) or registry.issuer
        return RegistryEntry(entry.aid, registry.life(entry), entry.privileges, load_file=load_file, domain=owner.aid)

    def _load_files(self, *, with_modules: bool) -> Iterator[RegistryEntry]:
        issuer = self._system.registry.issuer.aid
        for program in self._system.rom_programs:
            modules = (program.module,) if with_modules else ()
            yield RegistryEntry(program.load_file, LOADED, version=program.version, modules=modules, domain=issuer)
        for entry in filter(self._sees, self._system.registry.load_files):
            cap = self._system.cap(entry)
            owner = self._system.registry.at(entry.domain) or self._system.registry.issuer
            told = cap.applets if with_modules else ()
            yield RegistryEntry(
                entry.aid,
                LOADED,
                version=bytes(cap.identity.version),
                modules=tuple(each.aid for each in told),
                domain=owner.aid,
            )

    def set_status(self, apdu: Apdu) -> None:
        """SET STATUS (11.10): of the card, of an application, or of a domain and all that is its own."""
        if apdu.p1 == _CARD:
            self._set_card(apdu.p2)
            return
        if apdu.p1 not in {_APPLICATION, _DOMAIN_AND_ALL}:
            raise StatusError(Status.WRONG_P1P2)
        registry = self._system.registry
        entry = registry.entries.get(apdu.data)
        if entry is None or entry.program == LOAD_FILE or entry is registry.issuer:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        if not self._may_lock(entry):
            raise StatusError(Status.CONDITIONS)
        if apdu.p1 == _DOMAIN_AND_ALL and entry.program != DOMAIN:
            raise StatusError(Status.WRONG_DATA)
        everybody = [entry]
        if apdu.p1 == _DOMAIN_AND_ALL:
            everybody += [each for each in registry.applications if each.domain == entry.slot + 1]
        self._lock(everybody, lock=bool(apdu.p2 & LOCKED))

    def _may_lock(self, entry: Entry) -> bool:
        if not self._system.is_removable(entry):
            return False
        own = entry.domain == self._entry.slot + 1
        return own or has(self._entry, Privilege.GLOBAL_LOCK)

    def _lock(self, entries: list[Entry], *, lock: bool) -> None:
        """Set or clear the one bit that others may change; to set what is set already is refused."""
        registry = self._system.registry
        if bool(registry.life(entries[0]) & LOCKED) == lock:
            raise StatusError(Status.WRONG_DATA)
        self._system.store.begin()
        for entry in entries:
            life = registry.life(entry)
            registry.set_life(entry, life | LOCKED if lock else life & ~LOCKED)
        self._system.store.commit()

    def _set_card(self, state: int) -> None:
        registry = self._system.registry
        if self._entry is not registry.issuer:
            raise StatusError(Status.CONDITIONS)
        if state not in set(CardLife) or CardLife(state) not in _FORWARD[CardLife(registry.card_life)]:
            raise StatusError(Status.WRONG_DATA)
        registry.set_card_life(state)


def _tagged(entry: RegistryEntry, _kind: int) -> bytes:
    return entry.to_bytes()


def _untagged(entry: RegistryEntry, kind: int) -> bytes:
    """Write the old form (table 11-34): AID with its length, life cycle, first byte of privileges, modules."""
    head = bytes((len(entry.aid),)) + entry.aid + bytes((entry.life,)) + (entry.privileges or b"\0")[:1]
    if kind != LOAD_FILES_AND_MODULES:
        return head
    modules = b"".join(bytes((len(aid),)) + aid for aid in entry.modules)
    return head + bytes((len(entry.modules),)) + modules
