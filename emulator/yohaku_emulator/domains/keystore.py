"""The keys of a security domain in its persistent memory: sets for the secure channel, and single ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from struct import Struct
from typing import TYPE_CHECKING, Final

from yohaku.globalplatform.keydata import KeyInfo
from yohaku.globalplatform.keys import Algorithm, KeySet, check_value
from yohaku.iso7816 import Status
from yohaku_emulator.errors import StatusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku_emulator.runtime import PersistentArray

_RECORD: Final = Struct(">BBBB3s96s")
"""Key version number (0: unused), algorithm, number of keys, bytes of each, sequence counter, the keys."""
_MOST_BYTES: Final = 96
SET_SIZE: Final = 3
"""Keys of a secure channel."""


@dataclass(frozen=True, slots=True, repr=False)
class StoredKeys:
    """Keys under one key version number.

    Attributes:
        version: key version number.
        algorithm: key type (GPCS 2.3.1, table 11-16).
        keys: three for a secure channel, one for another use.
        counter: sequence counter.
    """

    version: int
    algorithm: int
    keys: tuple[bytes, ...]
    counter: int = 0

    @property
    def is_channel_set(self) -> bool:
        """Whether a secure channel can use it."""
        return len(self.keys) == SET_SIZE

    @property
    def key_set(self) -> KeySet:
        """The keys as the secure channel protocols want them."""
        enc, mac, dek = self.keys
        return KeySet(enc, mac, dek, self.version)

    def info(self) -> Iterator[KeyInfo]:
        """Tell what may be known of each key."""
        for number, key in enumerate(self.keys, 1):
            yield KeyInfo(number, self.version, ((self.algorithm, len(key)),))

    def check_values(self) -> bytes:
        """Give the key check values, one after the other; public keys have none."""
        if self.algorithm not in set(Algorithm):
            return b""
        return b"".join(check_value(key, Algorithm(self.algorithm)) for key in self.keys)

    def to_bytes(self) -> bytes:
        """Write the record."""
        size, body = len(self.keys[0]), b"".join(self.keys)
        return _RECORD.pack(self.version, self.algorithm, len(self.keys), size, self.counter.to_bytes(3, "big"), body)

    @classmethod
    def from_bytes(cls, raw: bytes) -> StoredKeys | None:
        """Read the record; None for an unused one."""
        version, algorithm, count, size, counter, body = _RECORD.unpack(raw)
        if not version:
            return None
        keys = tuple(body[at : at + size] for at in range(0, count * size, size))
        return cls(version, algorithm, keys, int.from_bytes(counter, "big"))

    def __repr__(self) -> str:
        return f"<StoredKeys {self.version:02X}>"


class KeyStore:
    """The key records of one security domain; each change is one atomic step."""

    __slots__ = ("_array",)

    def __init__(self, array: PersistentArray) -> None:
        self._array = array

    @staticmethod
    def size(sets: int) -> int:
        """Return how many bytes the array for that many key versions needs."""
        return sets * _RECORD.size

    def _records(self) -> Iterator[tuple[int, StoredKeys | None]]:
        raw = self._array.read()
        for at in range(0, len(raw), _RECORD.size):
            yield at, StoredKeys.from_bytes(raw[at : at + _RECORD.size])

    def all(self) -> list[StoredKeys]:
        """Return what is stored, in the order of the records."""
        return [keys for _, keys in self._records() if keys is not None]

    def find(self, version: int) -> StoredKeys | None:
        """Return the keys of a version; 0 means the first secure channel set."""
        if version:
            return next((keys for keys in self.all() if keys.version == version), None)
        return next((keys for keys in self.all() if keys.is_channel_set), None)

    def put(self, keys: StoredKeys, *, replaces: int = 0) -> None:
        """Store keys in an unused record, or in the one of the version that they replace.

        Raises:
            StatusError: 6A84, there is no room.
        """
        if max(map(len, keys.keys)) * len(keys.keys) > _MOST_BYTES:
            raise StatusError(Status.NO_SPACE)
        for at, stored in self._records():
            if (stored.version if stored else 0) == replaces:
                self._array.write(at, keys.to_bytes())
                return
        raise StatusError(Status.NO_SPACE)

    def remove(self, version: int) -> None:
        """Forget the keys of a version."""
        for at, stored in self._records():
            if stored is not None and stored.version == version:
                self._array.write(at, bytes(_RECORD.size))

    def advance(self, keys: StoredKeys, *, limit: int) -> StoredKeys:
        """Move the sequence counter on, for good, before anything is made of it.

        Raises:
            StatusError: 6985, it has come to its end.
        """
        if keys.counter >= limit:
            raise StatusError(Status.CONDITIONS)
        moved = replace(keys, counter=keys.counter + 1)
        self.put(moved, replaces=keys.version)
        return moved
