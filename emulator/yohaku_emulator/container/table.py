"""The arrays that every part of a container instance reads: its descriptor and what install derived from it."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from yohaku_emulator.container.descriptor import (
    CREDENTIALS,
    CYCLIC,
    FILES,
    LONGEST_PIN,
    PURSE,
    body_size,
    key_size,
    parts,
    pins_and_keys,
)
from yohaku_emulator.runtime import OwnerPin

if TYPE_CHECKING:
    from yohaku_emulator.runtime import Context, PersistentArray

FINGERPRINT: Final = 8
"""Bytes of SHA-256 over the descriptor, at the start of the table."""
KEY_VALUE: Final = 3
"""Offset of the value in a key's array: limit of tries, tries left and 1 when set stand before it."""
PURSE_NUMBER: Final = 8
"""Bytes of the number that the card draws for each purse, at the start of its array."""
_DESCRIPTOR, _TABLE, _FIRST = 0, 1, 2


class Table:
    """The descriptor, and for each PIN, key and file its place in it, for each record file its fill.

    The table array holds: fingerprint; offset of each part (one byte each: PINs, keys, files); records in use of each
    file; slot of the newest record of each file.
    """

    __slots__ = ("_table", "arrays", "descriptor")

    def __init__(self, context: Context) -> None:
        self.arrays = context.arrays
        self.descriptor: PersistentArray = self.arrays[_DESCRIPTOR]
        self._table: PersistentArray = self.arrays[_TABLE]

    @property
    def fingerprint(self) -> bytes:
        """First 8 bytes of SHA-256 over the descriptor."""
        return self._table.read(0, FINGERPRINT)

    def part(self, index: int) -> int:
        """Return where part ``index`` (PINs, keys, files in one count) stands in the descriptor."""
        return self._table[FINGERPRINT + index]

    def array(self, index: int) -> PersistentArray:
        """Return the array of part ``index``: a PIN object, a key, or the contents of a file."""
        return self.arrays[_FIRST + index]

    def find(self, descriptor: bytes, sfi: int) -> int:
        """Return the part index of the file with that SFI, or -1."""
        credentials = (descriptor[CREDENTIALS] >> 4) + (descriptor[CREDENTIALS] & 0x0F)
        end = credentials + descriptor[FILES]
        offsets = self._table.read(FINGERPRINT, end)
        for index in range(credentials, end):
            if descriptor[offsets[index] + 1] == sfi:
                return index
        return -1

    def fill(self, descriptor: bytes, index: int) -> tuple[int, int]:
        """Return how many records of file ``index`` are in use, and the slot of the newest."""
        at = self._fill(descriptor, index)
        return self._table[at], self._table[at + descriptor[FILES]]

    def set_fill(self, descriptor: bytes, index: int, used: int, newest: int) -> None:
        """Change what ``fill`` returns; call it in a transaction."""
        at = self._fill(descriptor, index)
        self._table[at] = used
        self._table[at + descriptor[FILES]] = newest

    def _fill(self, descriptor: bytes, index: int) -> int:
        return FINGERPRINT + index + descriptor[FILES]

    def empty(self, descriptor: bytes) -> None:
        """Forget the records of all files; call it in a transaction."""
        files = descriptor[FILES]
        credentials = (descriptor[CREDENTIALS] >> 4) + (descriptor[CREDENTIALS] & 0x0F)
        self._table.write(FINGERPRINT + credentials + files, _no_records(descriptor, credentials, self._table))


def _no_records(descriptor: bytes, credentials: int, table: PersistentArray) -> bytes:
    offsets = table.read(FINGERPRINT + credentials, descriptor[FILES])
    return bytes(len(offsets)) + bytes(_last_slot(descriptor, at) for at in offsets)


def _last_slot(descriptor: bytes, part: int) -> int:
    """Return the slot before the first one an empty cyclic file or log is to use; 0 where there are none."""
    return descriptor[part + 3] - 1 if descriptor[part] >= CYCLIC else 0


def create(context: Context, descriptor: bytes) -> None:
    """Allocate and fill the arrays of a new instance.

    Raises:
        StatusError: 6A80 for a malformed descriptor, 6A84 for too little memory.
    """
    offsets = parts(descriptor)
    pins, keys = pins_and_keys(descriptor)
    files = descriptor[FILES]
    context.allocate(
        len(descriptor),
        FINGERPRINT + len(offsets) + 2 * files,
        *(OwnerPin.size(_longest(descriptor, at)) for at in offsets[:pins]),
        *(KEY_VALUE + key_size(descriptor[at]) for at in offsets[pins : pins + keys]),
        *(body_size(descriptor, at) for at in offsets[pins + keys :]),
    )
    arrays = context.arrays
    arrays[_DESCRIPTOR].write(0, descriptor)
    arrays[_TABLE].write(0, sha256(descriptor).digest()[:FINGERPRINT] + offsets)
    for index in range(pins):
        OwnerPin(arrays[_FIRST + index]).set_limit(descriptor[offsets[index]])
    for index in range(pins, pins + keys):
        tries = descriptor[offsets[index] + 1]
        arrays[_FIRST + index].write(0, bytes((tries, tries)))
    for index in range(pins + keys, len(offsets)):
        if descriptor[offsets[index]] == PURSE:
            arrays[_FIRST + index].write(0, context.random(PURSE_NUMBER))
    Table(context).empty(descriptor)


def array_names(descriptor: bytes) -> list[str]:
    """Say what each array of an instance with that descriptor holds."""
    offsets = parts(descriptor)
    pins, keys = pins_and_keys(descriptor)
    files = [(descriptor[at] == PURSE, descriptor[at + 1]) for at in offsets[pins + keys :]]
    return [
        "descriptor",
        "table",
        *(f"PIN {number}" for number in range(1, pins + 1)),
        *(f"key {number}" for number in range(1, keys + 1)),
        *(f"{'purse' if is_purse else 'file'} {sfi}" for is_purse, sfi in files),
    ]


def _longest(descriptor: bytes, part: int) -> int:
    return min(descriptor[part + 2], LONGEST_PIN)
