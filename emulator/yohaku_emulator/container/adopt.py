"""An instance that takes over what another one holds: PINs with their tries, keys, contents; nothing leaves the card.

``specs/container.md`` chapter 7. Both are instances of one program, so a Java Card's firewall lets one read the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.iso7816 import Status
from yohaku_emulator.container.descriptor import (
    CAN_DISABLE,
    CYCLIC,
    PIN_ALPHABET,
    PURSE,
    PURSE_ENTRY,
    PURSE_HEAD,
    PURSE_KEY,
    TRANSPARENT,
    acceptable,
    body_size,
    key_size,
    pins_and_keys,
)
from yohaku_emulator.container.purse import append_entry
from yohaku_emulator.container.table import KEY_VALUE, Table
from yohaku_emulator.errors import StatusError
from yohaku_emulator.runtime import OwnerPin

if TYPE_CHECKING:
    from yohaku_emulator.container.files import Files
    from yohaku_emulator.runtime import Context

PERSONALISED: Final = 0x0F
"""Life cycle of an instance that can be adopted from."""
STAGING: Final = 0xFF
"""Byte behind an AID that makes the AID of its upgrade's staging instance."""
LONGEST_AID: Final = 16
_PIN, _KEY, _BYTES, _RECORDS, _PURSE, _LOG = 1, 2, 3, 4, 5, 6
_SIZES: Final = (0, 2, 2, 6, 4, 2, 4)
"""Bytes of a grouping behind the AID: old and new number; offset and count of bytes, or first and count of records."""
_TRIES, _LEFT, _SET = 0, 1, 2
"""Offsets in a key's array."""


def related(one: bytes, other: bytes) -> bool:
    """Say whether one AID is that of the other's staging instance: FF behind it; of 16 bytes, the last XOR 80."""
    return _staging(one) == other or _staging(other) == one


def _staging(aid: bytes) -> bytes:
    if len(aid) < LONGEST_AID:
        return aid + bytes((STAGING,))
    return aid[:-1] + bytes((aid[-1] ^ 0x80,))


class Adoption:
    """One data group that adopts, in the open transaction of its block."""

    __slots__ = ("_descriptor", "_files", "_old", "_old_descriptor", "_table")

    def __init__(self, context: Context, table: Table, files: Files, aid: bytes) -> None:
        """Find the instance to adopt from.

        Raises:
            StatusError: 6982 an AID that is not related, 6A88 no such instance, 6985 not personalised.
        """
        if not related(context.aid, aid):
            raise StatusError(Status.SECURITY_STATUS)
        sibling = context.sibling(aid)
        if sibling is None:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        if sibling.life != PERSONALISED:
            raise StatusError(Status.CONDITIONS)
        self._table, self._files, self._old = table, files, Table(sibling)
        self._descriptor, self._old_descriptor = table.descriptor.read(), self._old.descriptor.read()

    def adopt(self, kind: int, what: bytes) -> None:
        """Take over a PIN, a key, a run of bytes or of records, a purse without its log or a run of its log.

        Raises:
            StatusError: 6A88 no such part on either side, 6A80 it does not fit, 6A84 no room for a record.
        """
        if not _PIN <= kind <= _LOG:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        if len(what) != _SIZES[kind]:
            raise StatusError(Status.WRONG_DATA)
        if kind == _PIN:
            self._pin(what[0], what[1])
        elif kind == _KEY:
            self._key(what[0], what[1])
        elif kind == _BYTES:
            self._bytes(what[0], what[1], what[2] << 8 | what[3], what[4] << 8 | what[5])
        elif kind == _RECORDS:
            self._records(what[0], what[1], what[2], what[3])
        elif kind == _PURSE:
            self._purse(what[0], what[1])
        else:
            self._log(what[0], what[1], what[2], what[3])

    def _pin(self, old: int, new: int) -> None:
        """Copy the value, the tries left as far as the new limit goes, and that it is disabled where it can be here.

        Without a value there is nothing to copy.
        """
        source = OwnerPin(self._old.array(_index(old, 0, pins_and_keys(self._old_descriptor)[0])))
        index = _index(new, 0, pins_and_keys(self._descriptor)[0])
        value = source.value
        if not value:
            return
        if not acceptable(self._descriptor, self._table.part(index), value):
            raise StatusError(Status.WRONG_DATA)
        target = OwnerPin(self._table.array(index))
        target.update(value)
        target.lower(source.tries_left)
        if not source.required and self._descriptor[self._table.part(index) + PIN_ALPHABET] & CAN_DISABLE:
            target.require(needed=False)

    def _key(self, old: int, new: int) -> None:
        old_pins, old_keys = pins_and_keys(self._old_descriptor)
        pins, keys = pins_and_keys(self._descriptor)
        source, target = _index(old, old_pins, old_keys), _index(new, pins, keys)
        algorithm = self._descriptor[self._table.part(target)]
        if self._old_descriptor[self._old.part(source)] != algorithm:
            raise StatusError(Status.WRONG_DATA)
        held, array = self._old.array(source), self._table.array(target)
        if not held[_SET]:
            return
        array.write(_SET, held.read(_SET, KEY_VALUE - _SET + key_size(algorithm)))
        if held[_TRIES] and array[_TRIES]:
            array[_LEFT] = min(held[_LEFT], array[_TRIES])

    def _bytes(self, old: int, new: int, offset: int, count: int) -> None:
        source, part = self._file(old, transparent=True)
        if offset + count > body_size(self._old_descriptor, part):
            raise StatusError(Status.WRONG_DATA)
        content = self._old.array(source).read(offset, count)
        self._files.load_bytes(self._descriptor, new, offset.to_bytes(2, "big") + content)

    def _records(self, old: int, new: int, first: int, count: int) -> None:
        """Append records in the order of their age, the oldest being number 0; those not in use are left out."""
        source, part = self._file(old, transparent=False)
        size, records = self._old_descriptor[part + 2], self._old_descriptor[part + 3]
        used, newest = self._old.fill(self._old_descriptor, source)
        for age in range(first, min(first + count, used)):
            slot = age
            if self._old_descriptor[part] == CYCLIC:
                slot = (newest + 1 + records - used + age) % records
            self._files.load_record(self._descriptor, new, self._old.array(source).read(slot * size, size))

    def _purse(self, old: int, new: int) -> None:
        """Take over number, sequence number and balance, whatever the limits here are: no money is lost."""
        head = self._old.array(_find_purse(self._old, self._old_descriptor, old)).read(0, PURSE_HEAD)
        self._table.array(_find_purse(self._table, self._descriptor, new)).write(0, head)

    def _log(self, old: int, new: int, first: int, count: int) -> None:
        """Append log entries in the order of their age, the oldest being number 0."""
        source = _find_purse(self._old, self._old_descriptor, old)
        target = _find_purse(self._table, self._descriptor, new)
        entries = self._old_descriptor[self._old.part(source) + PURSE_KEY + 1]
        used, newest = self._old.fill(self._old_descriptor, source)
        for age in range(first, min(first + count, used)):
            slot = (newest + 1 + entries - used + age) % entries
            entry = self._old.array(source).read(PURSE_HEAD + slot * PURSE_ENTRY, PURSE_ENTRY)
            append_entry(self._table, self._descriptor, target, entry)

    def _file(self, sfi: int, *, transparent: bool) -> tuple[int, int]:
        index = self._old.find(self._old_descriptor, sfi)
        part = self._old.part(index) if index >= 0 else 0
        kind = self._old_descriptor[part]
        if index < 0 or (kind == TRANSPARENT) is not transparent or kind == PURSE:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        return index, part


def _find_purse(table: Table, descriptor: bytes, sfi: int) -> int:
    index = table.find(descriptor, sfi)
    if index < 0 or descriptor[table.part(index)] != PURSE:
        raise StatusError(Status.REFERENCE_NOT_FOUND)
    return index


def _index(number: int, before: int, count: int) -> int:
    if not 1 <= number <= count:
        raise StatusError(Status.REFERENCE_NOT_FOUND)
    return before + number - 1
