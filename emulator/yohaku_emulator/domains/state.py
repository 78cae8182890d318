"""What a security domain keeps besides keys: failed authentications, and data objects that it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.iso7816 import Status
from yohaku.iso7816.tlv import Tlv, TlvError, parse
from yohaku_emulator.errors import StatusError

if TYPE_CHECKING:
    from yohaku_emulator.runtime import PersistentArray
    from yohaku_emulator.system import System

STATE_SIZE: Final = 7
"""Failures, the memory quota, and the confirmation counter."""
DATA_SIZE: Final = 96
_FAILURES, _CONFIRMATIONS = 0, 5
_MOST_FAILURES: Final = 0xFF
_LAST_CONFIRMATION: Final = 0xFFFF
_LONGEST_DELAY: Final = 3600.0
ACCEPTED: Final = frozenset((0x42, 0x45, 0x66, 0x67, 0x5F50))
"""Data objects that STORE DATA may set (GPCS 2.3.1, 11.11.3); others are computed or unknown."""


class DomainState:
    """Failed authentications, and how long the domain stays deaf after them."""

    __slots__ = ("_array", "_system")

    def __init__(self, array: PersistentArray, system: System) -> None:
        self._array, self._system = array, system

    @property
    def failures(self) -> int:
        """Authentications that failed in a row."""
        return self._array[_FAILURES]

    def check_patience(self) -> None:
        """Refuse to authenticate after too many failures.

        Raises:
            StatusError: 6983, blocked for good; 6985, not yet: each failure doubles the wait, counted from the last
                one or from power-on.
        """
        failures, profile = self.failures, self._system.profile
        if profile.key_tries and failures >= profile.key_tries:
            raise StatusError(Status.BLOCKED)
        if profile.key_delay and failures:
            delay = min(profile.key_delay * 2 ** (failures - 1), _LONGEST_DELAY)
            if self._system.clock() - self._system.last_failure < delay:
                raise StatusError(Status.CONDITIONS)

    def count_failure(self) -> None:
        """Count one, whatever becomes of an open transaction."""
        self._system.last_failure = self._system.clock()
        self._array.write_apart(_FAILURES, bytes((min(self.failures + 1, _MOST_FAILURES),)))

    def forget_failures(self) -> None:
        """Start to count anew."""
        self._array.write_apart(_FAILURES, b"\0")

    def next_confirmation(self) -> bytes:
        """Move the confirmation counter on and give it: 2 bytes.

        Raises:
            StatusError: 6985, it has come to its end.
        """
        counter = int.from_bytes(self._array.read(_CONFIRMATIONS, 2), "big") + 1
        if counter > _LAST_CONFIRMATION:
            raise StatusError(Status.CONDITIONS)
        made = counter.to_bytes(2, "big")
        self._array.write(_CONFIRMATIONS, made)
        return made


class DataObjects:
    """Data objects set by STORE DATA: two bytes of length, then TLV objects; the array never shrinks."""

    __slots__ = ("_array",)

    def __init__(self, array: PersistentArray) -> None:
        self._array = array

    def all(self) -> list[Tlv]:
        """Return what is stored."""
        size = int.from_bytes(self._array.read(0, 2), "big")
        return parse(self._array.read(2, size)) if size else []

    def get(self, tag: int) -> bytes | None:
        """Return the value of an object; None when it was not set."""
        return next((item.value for item in self.all() if item.tag == tag), None)

    def put(self, raw: bytes) -> None:
        """Set objects, in one step.

        Raises:
            StatusError: 6A80, they are no TLV objects, or not such that may be set; 6A84, there is no room.
        """
        try:
            items = parse(raw)
        except TlvError:
            raise StatusError(Status.WRONG_DATA) from None
        if not items or any(item.tag not in ACCEPTED for item in items):
            raise StatusError(Status.WRONG_DATA)
        kept = [item for item in self.all() if item.tag not in {each.tag for each in items}]
        body = b"".join(item.to_bytes() for item in kept + items)
        if 2 + len(body) > len(self._array):
            raise StatusError(Status.NO_SPACE)
        self._array.write(0, len(body).to_bytes(2, "big") + body)
