"""A security domain as one logical channel sees it, from its selection to the next: commands, channel, authority."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, cast

from yohaku.iso7816 import Instruction, Status
from yohaku.iso7816.tlv import Tlv
from yohaku_emulator.domains.applet import DATA, KEYS, STATE, DomainApplet
from yohaku_emulator.domains.content import PERSONALISATION, Content, is_about_keys
from yohaku_emulator.domains.data import CardObjects
from yohaku_emulator.domains.keys import KeyManager
from yohaku_emulator.domains.keystore import KeyStore
from yohaku_emulator.domains.listing import Listing
from yohaku_emulator.domains.session import INITIALIZE_UPDATE, SecureChannel, is_handshake
from yohaku_emulator.domains.state import DataObjects, DomainState
from yohaku_emulator.errors import StatusError
from yohaku_emulator.programs import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.registry import Entry
    from yohaku_emulator.runtime import PersistentArray
    from yohaku_emulator.system import System

_LONGEST_DATA: Final = b"\xff"
_STRUCTURE, _DGI, _ENCRYPTED, _LAST = 0x18, 0x08, 0x60, 0x80
"""Bits of P1 of STORE DATA (table 11-88)."""
_MOST_ANSWER: Final = 256
"""Bytes of an answer whose MAC goes out although nobody asked for data: programs leave Le away there."""


class SecurityDomain:
    """A selected security domain.

    What it remembers besides its arrays is volatile: the secure channel, the application being personalised and the
    block awaited, a load under way, the list being told.

    Attributes:
        entry: its place in the registry.
    """

    __slots__ = ("_block", "_channel", "_content", "_in_use", "_listing", "_system", "_target", "entry")

    def __init__(self, system: System, entry: Entry, in_use: Callable[[Entry], bool]) -> None:
        self._system, self.entry, self._in_use = system, entry, in_use
        self._channel = SecureChannel()
        self._content = Content(system, entry, in_use)
        self._listing = Listing(system, entry)
        self._target, self._block = b"", 0

    def fork(self, system: System, in_use: Callable[[Entry], bool]) -> SecurityDomain:
        """Return the same state for a forked card."""
        twin = SecurityDomain(system, system.registry.entries[self.entry.aid], in_use)
        twin.adopt(self)
        return twin

    def adopt(self, other: SecurityDomain) -> None:
        """Take over the volatile state of another."""
        self._target, self._block = other._target, other._block
        self._channel = other._channel.fork()
        self._content.adopt(other._content)
        self._listing.adopt(other._listing)

    def _array(self, number: int) -> PersistentArray:
        return cast("DomainApplet", self._system.wake(self.entry)).context.arrays[number]

    @property
    def _store(self) -> KeyStore:
        return self._store_of(self.entry)

    @property
    def _channel_store(self) -> KeyStore:
        """Give the keys that open the channel: the domain's own, or those of the domain above it while it has none."""
        stores = map(self._store_of, self._system.registry.above(self.entry))
        return next((store for store in stores if store.find(0) is not None), self._store)

    def _store_of(self, entry: Entry) -> KeyStore:
        return KeyStore(cast("DomainApplet", self._system.wake(entry)).context.arrays[KEYS])

    @property
    def _state(self) -> DomainState:
        return DomainState(self._array(STATE), self._system)

    def deselect(self) -> None:
        """Forget what was going on."""
        self._target, self._block = b"", 0
        self._channel.end()
        self._content.abandon()
        self._listing.forget()

    def process(self, apdu: Apdu) -> bytes:
        """Work on one command."""
        if apdu.selecting:
            return self._control_information(apdu)
        if is_handshake(apdu):
            return self._handshake(apdu)
        self._channel.open(apdu)
        data = self._channel.seal(self._work(apdu), apdu.status)
        if data and self._channel.authenticates_answers:
            apdu.expected = apdu.expected or _MOST_ANSWER
        return data

    def _handshake(self, apdu: Apdu) -> bytes:
        self._target = b""
        self._content.abandon()
        terms = self._system.terms
        if apdu.ins == INITIALIZE_UPDATE:
            if apdu.secured:
                raise StatusError(Status.SECURITY_STATUS)
            store = self._channel_store
            return self._channel.initialize(apdu, store, aid=self.entry.aid, terms=terms, state=self._state)
        self._channel.authenticate(apdu, self._channel_store, terms=terms, state=self._state)
        return b""

    def _work(self, apdu: Apdu) -> bytes:
        if apdu.ins == Instruction.GET_DATA:
            return self._objects().get(apdu)
        if not apdu.cla:
            raise StatusError(Status.INSTRUCTION_UNKNOWN if apdu.ins not in self._HANDLERS else Status.CLASS_UNKNOWN)
        handler = self._HANDLERS.get(apdu.ins)
        if handler is None:
            raise StatusError(Status.INSTRUCTION_UNKNOWN)
        self._authorise(apdu)
        return handler(self, apdu)

    def _authorise(self, apdu: Apdu) -> None:
        """Hold whoever sends a command to what the profile asks for; reading the registry needs no MAC."""
        management = self._system.profile.management
        if management == "open":
            return
        is_reading = apdu.ins == Instruction.GET_STATUS
        enough = self._channel.is_authenticated if is_reading else self._channel.authenticates_commands
        if management == "closed" or not enough:
            raise StatusError(Status.SECURITY_STATUS)

    def _objects(self) -> CardObjects:
        stored = DataObjects(self._array(DATA))
        return CardObjects(self._system, self.entry, self._store, stored, self._system.terms)

    def _install(self, apdu: Apdu) -> bytes:
        self._target = b""
        target = self._content.install(apdu)
        if apdu.p1 == PERSONALISATION and target is not None:
            self._target, self._block = target, 0
        return self._confirmation(apdu)

    def _load(self, apdu: Apdu) -> bytes:
        self._content.load(apdu)
        return self._confirmation(apdu)

    def _delete(self, apdu: Apdu) -> bytes:
        self._target = b""
        if is_about_keys(apdu.data):
            self._content.abandon()
            self._content.confirmation = b"\x00"
            KeyManager(self._store, self._system.terms.protocol).delete(apdu.data, self._channel.keys)
        else:
            self._content.delete(apdu)
        return self._confirmation(apdu)

    def _confirmation(self, apdu: Apdu) -> bytes:
        """Answer a receipt, or the one byte 00, "no confirmation", to whom asked for an answer (11.5.3.1)."""
        return self._content.confirmation if apdu.expected else b""

    def _put_key(self, apdu: Apdu) -> bytes:
        if self._channel.keys is None or not self._channel.is_authenticated:
            raise StatusError(Status.SECURITY_STATUS)
        return KeyManager(self._store, self._system.terms.protocol).put(apdu, self._channel.keys)

    def _get_status(self, apdu: Apdu) -> bytes:
        return self._listing.get_status(apdu, self._channel.longest_answer)

    def _set_status(self, apdu: Apdu) -> bytes:
        self._listing.set_status(apdu)
        return b""

    def _store_data(self, apdu: Apdu) -> bytes:
        """STORE DATA: to the application being personalised, or to the domain; a refusal ends personalisation."""
        target, block = self._target, self._block
        if not target:
            self._store_own(apdu)
            return b""
        self._target = b""
        if apdu.p2 != block:
            raise StatusError(Status.CONDITIONS)
        entry = self._system.registry.entries[target]
        if entry.program == DOMAIN:
            self._store_keys(apdu, self._store_of(entry))
        else:
            self._system.wake(entry).process_data(apdu)
        if not apdu.p1 & 0x80:
            self._target, self._block = target, block + 1 & 0xFF
        return b""

    def _store_own(self, apdu: Apdu) -> None:
        """Take what is for the domain itself: keys as encrypted data groupings, or data objects."""
        if apdu.p1 & _STRUCTURE == _DGI:
            self._store_keys(apdu, self._store)
        else:
            self._objects().store(apdu)

    def _store_keys(self, apdu: Apdu, store: KeyStore) -> None:
        """Take a key set for a domain, encrypted for this session; keys in clear are refused (11.11.4.1)."""
        if apdu.p1 & _STRUCTURE != _DGI or apdu.p1 & _ENCRYPTED != _ENCRYPTED or not apdu.p1 & _LAST:
            raise StatusError(Status.CONDITIONS)
        if self._channel.keys is None or not self._channel.is_authenticated:
            raise StatusError(Status.SECURITY_STATUS)
        KeyManager(store, self._system.terms.protocol).store(apdu.data, self._channel.keys)

    def _control_information(self, apdu: Apdu) -> bytes:
        """Write the FCI (11.9.3.1): the AID, and that commands carry at most 255 bytes."""
        if apdu.p2 & 0x0C:
            return b""
        proprietary = Tlv(0xA5, Tlv(0x9F65, _LONGEST_DATA).to_bytes())
        return Tlv.of(0x6F, Tlv(0x84, self.entry.aid), proprietary).to_bytes()

    _HANDLERS: ClassVar[dict[int, Callable[[SecurityDomain, Apdu], bytes]]] = {
        Instruction.INSTALL: _install,
        Instruction.LOAD: _load,
        Instruction.STORE_DATA: _store_data,
        Instruction.DELETE: _delete,
        Instruction.PUT_KEY: _put_key,
        Instruction.GET_STATUS: _get_status,
        Instruction.SET_STATUS: _set_status,
    }
