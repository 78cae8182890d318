"""READ, UPDATE, APPEND and SEARCH RECORD over the record files of an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.iso7816 import Status
from yohaku_emulator.container.descriptor import CYCLIC
from yohaku_emulator.container.files import APPEND, READ, UPDATE
from yohaku_emulator.errors import StatusError

if TYPE_CHECKING:
    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.container.files import Files
    from yohaku_emulator.runtime import Context

FIRST, LAST, NEXT, PREVIOUS, NUMBER, FORWARD, BACKWARD = range(7)
"""P2 bits 3 to 1: relative to the current record, by number, to the last, from the last (ISO/IEC 7816-4 11.4.3)."""
SEARCH_FORWARD, SEARCH_BACKWARD = 4, 5
"""The same bits of SEARCH RECORD (ISO/IEC 7816-4:2020 11.4.7)."""
_WRONG_EXPECTED: Final = 0x6C00
"""Status word with the right Le in its last byte (ISO/IEC 7816-4:2020 table 6)."""


class Records:
    """Commands on linear and cyclic files; records have numbers and no identifiers."""

    __slots__ = ("_context", "_files")

    def __init__(self, context: Context, files: Files) -> None:
        self._context, self._files = context, files

    def _open(self, apdu: Apdu, descriptor: bytes, access: int) -> tuple[int, int]:
        sfi = apdu.p2 >> 3
        if sfi == 31:
            raise StatusError(Status.WRONG_P1P2)
        return self._files.open(descriptor, sfi, access, transparent=False)

    def _place(self, descriptor: bytes, index: int, part: int, number: int) -> int:
        """Return where record ``number`` stands in the file's array; 6A83 when it does not exist."""
        used, newest = self._files.table.fill(descriptor, index)
        if not 1 <= number <= used:
            raise StatusError(Status.RECORD_NOT_FOUND)
        size, records = descriptor[part + 2], descriptor[part + 3]
        slot = number - 1
        if descriptor[part] == CYCLIC:
            slot = newest - slot if newest >= slot else newest + records - slot
        return slot * size

    def _target(self, apdu: Apdu, descriptor: bytes, index: int) -> int:
        """Return the record that P1 and the mode name, 0 for none; a relative mode starts anew in another file."""
        mode, current = apdu.p2 & 0x07, self._files.record(index)
        if mode >= NUMBER:
            return apdu.p1 or current
        used = self._files.table.fill(descriptor, index)[0]
        return 0 if apdu.p1 else (1, used, current + 1, current - 1 if current else used)[mode]

    def _arrive(self, apdu: Apdu, index: int, number: int) -> None:
        """Make the file current, and the record too when a relative mode led to it."""
        self._files.make_current(index, number if apdu.p2 & 0x07 < NUMBER else 0)

    def read(self, apdu: Apdu) -> bytes:
        """READ RECORD (ISO/IEC 7816-4:2020 11.4.3): one record, or whole ones that fit in Le."""
        if apdu.p2 & 0x07 > BACKWARD:
            raise StatusError(Status.WRONG_P1P2)
        if apdu.data or not apdu.expected:
            raise StatusError(Status.WRONG_LENGTH)
        descriptor = self._files.table.descriptor.read()
        index, part = self._open(apdu, descriptor, READ)
        number = self._target(apdu, descriptor, index)
        place = self._place(descriptor, index, part, number)
        self._arrive(apdu, index, number)
        if apdu.p2 & 0x07 <= NUMBER:
            return self._files.table.array(index).read(place, descriptor[part + 2])
        return self._range(apdu, descriptor, (index, part), number)

    def _range(self, apdu: Apdu, descriptor: bytes, file: tuple[int, int], start: int) -> bytes:
        index, part = file
        size, used = descriptor[part + 2], self._files.table.fill(descriptor, index)[0]
        if apdu.expected < size:
            raise StatusError(_WRONG_EXPECTED | size)
        count = min(used - start + 1, apdu.expected // size)
        body, found = self._files.table.array(index), b""
        for step in range(count):
            number = start + step if apdu.p2 & 0x07 == FORWARD else used - step
            found += body.read(self._place(descriptor, index, part, number), size)
        return found

    def update(self, apdu: Apdu) -> bytes:
        """UPDATE RECORD (ISO/IEC 7816-4:2020 11.4.5): the record must exist and be written whole."""
        if apdu.p2 & 0x07 > NUMBER:
            raise StatusError(Status.WRONG_P1P2)
        descriptor = self._files.table.descriptor.read()
        index, part = self._open(apdu, descriptor, UPDATE)
        number = self._target(apdu, descriptor, index)
        place = self._place(descriptor, index, part, number)
        if len(apdu.data) != descriptor[part + 2]:
            raise StatusError(Status.WRONG_LENGTH)
        self._files.table.array(index).write(place, apdu.data)
        self._arrive(apdu, index, number)
        return b""

    def append(self, apdu: Apdu) -> bytes:
        """APPEND RECORD (ISO/IEC 7816-4:2020 11.4.6): the next free slot, or in a cyclic file the oldest record's."""
        if apdu.p1 or apdu.p2 & 0x07:
            raise StatusError(Status.WRONG_P1P2)
        descriptor = self._files.table.descriptor.read()
        index, part = self._open(apdu, descriptor, APPEND)
        if len(apdu.data) != descriptor[part + 2]:
            raise StatusError(Status.WRONG_LENGTH)
        self._context.begin()
        self._files.append(descriptor, index, part, apdu.data)
        self._context.commit()
        self._files.make_current(
            index, 1 if descriptor[part] == CYCLIC else self._files.table.fill(descriptor, index)[0]
        )
        return b""

    def search(self, apdu: Apdu) -> bytes:
        """SEARCH RECORD (ISO/IEC 7816-4:2020 11.4.7), simple: the numbers of the records that contain the data.

        The first one found becomes current; 6282 when there is none.
        """
        if apdu.p2 & 0x07 not in {SEARCH_FORWARD, SEARCH_BACKWARD}:
            raise StatusError(Status.WRONG_P1P2)
        if not apdu.data:
            raise StatusError(Status.WRONG_LENGTH)
        descriptor = self._files.table.descriptor.read()
        index, part = self._open(apdu, descriptor, READ)
        start = apdu.p1 or self._files.record(index)
        self._place(descriptor, index, part, start)
        found = self._matches(apdu, descriptor, (index, part), start)
        if not found:
            raise StatusError(Status.END_OF_FILE)
        self._files.make_current(index, found[0])
        return found

    def _matches(self, apdu: Apdu, descriptor: bytes, file: tuple[int, int], start: int) -> bytes:
        index, part = file
        used, size = self._files.table.fill(descriptor, index)[0], descriptor[part + 2]
        backward = apdu.p2 & 0x07 == SEARCH_BACKWARD
        body, found = self._files.table.array(index), b""
        for number in range(start, 0, -1) if backward else range(start, used + 1):
            if apdu.data in body.read(self._place(descriptor, index, part, number), size):
                found += bytes((number,))
        return found
