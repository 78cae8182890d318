"""GET DATA and STORE DATA of a security domain (GPCS 2.3.1, 11.3 and 11.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.globalplatform.keydata import KeyInformation
from yohaku.globalplatform.scp import scp02
from yohaku.globalplatform.wire import Resources
from yohaku.iso7816 import Status
from yohaku.iso7816.tlv import Tlv
from yohaku_emulator.errors import StatusError

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.domains.keystore import KeyStore
    from yohaku_emulator.domains.session import Terms
    from yohaku_emulator.domains.state import DataObjects
    from yohaku_emulator.registry import Entry
    from yohaku_emulator.system import System

_KEYS, _DIVERSIFICATION, _COUNTER, _APPLICATIONS, _RESOURCES = 0x00E0, 0x00CF, 0x00C1, 0x2F00, 0xFF21
_FORMAT, _BER_TLV, _ENCRYPTION, _LAST = 0x18, 0x10, 0x60, 0x80


class CardObjects:
    """What a domain answers to GET DATA: computed, stored, or printed on the chip, in this order."""

    __slots__ = ("_entry", "_keys", "_stored", "_system", "_terms")

    def __init__(self, system: System, entry: Entry, keys: KeyStore, stored: DataObjects, terms: Terms) -> None:
        self._system, self._entry, self._keys, self._stored, self._terms = system, entry, keys, stored, terms

    def get(self, apdu: Apdu) -> bytes:
        """GET DATA: class 80 answers the whole object, class 00 its value."""
        tag = apdu.p1 << 8 | apdu.p2
        value = self._value(tag)
        if value is None:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        return Tlv(tag, value).to_bytes() if apdu.cla else value

    def _value(self, tag: int) -> bytes | None:
        computed = _COMPUTED.get(tag)
        if computed is not None:
            return computed(self)
        stored = self._stored.get(tag)
        if stored is not None or self._entry is not self._system.registry.issuer:
            return stored
        return self._system.profile.objects.get(tag)

    def _key_information(self) -> bytes:
        told = tuple(key for keys in self._keys.all() for key in keys.info())
        return Tlv.decode_from(KeyInformation(told).to_bytes())[0].value

    def _resources(self) -> bytes:
        registry, system = self._system.registry, self._system
        told = Resources(len(registry.applications), registry.free_bytes, system.free_transient())
        return Tlv.decode_from(told.to_bytes())[0].value

    def _sequence_counter(self) -> bytes | None:
        keys = self._keys.find(0)
        size = 2 if self._terms.protocol == scp02.PROTOCOL else 3
        return None if keys is None else keys.counter.to_bytes(size, "big")

    def _aids(self) -> bytes:
        found = self._system.registry.applications
        return b"".join(Tlv(0x61, Tlv(0x4F, each.aid).to_bytes()).to_bytes() for each in found)

    def store(self, apdu: Apdu) -> None:
        """Take data objects for the domain itself, in one block.

        Raises:
            StatusError: 6A86, they come in several blocks or encrypted; 6A80, they are no TLV objects; 6A84, no room.
        """
        if apdu.p2 or not apdu.p1 & _LAST or apdu.p1 & _ENCRYPTION or apdu.p1 & _FORMAT not in {0, _BER_TLV}:
            raise StatusError(Status.WRONG_P1P2)
        self._stored.put(apdu.data)


_COMPUTED: Final[dict[int, Callable[[CardObjects], bytes | None]]] = {
    _KEYS: CardObjects._key_information,  # noqa: SLF001 - a table of the class's own methods
    _RESOURCES: CardObjects._resources,  # noqa: SLF001
    _COUNTER: CardObjects._sequence_counter,  # noqa: SLF001
    _APPLICATIONS: CardObjects._aids,  # noqa: SLF001
    _DIVERSIFICATION: lambda objects: objects._terms.diversification,  # noqa: SLF001
}
