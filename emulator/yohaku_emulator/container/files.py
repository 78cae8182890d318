"""The files of a container instance: reading and changing bytes and records under their rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.iso7816 import Status
from yohaku_emulator.container.descriptor import CYCLIC, FILE_RULES, TRANSPARENT, after_rule, allows, body_size
from yohaku_emulator.errors import StatusError

if TYPE_CHECKING:
    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.container.credentials import Credentials
    from yohaku_emulator.container.table import Table
    from yohaku_emulator.runtime import Context

READ, UPDATE, APPEND = 0, 1, 2
"""Order of the rules in a file's part."""
_WRONG_EXPECTED: Final = 0x6C00
"""Status word with the right Le in its last byte (ISO/IEC 7816-4:2020 table 6)."""


class Files:
    """The files of an instance, and which one is current (part index + 1 in a transient byte, 0 for none)."""

    __slots__ = ("_context", "_credentials", "_current", "_table")

    def __init__(self, context: Context, table: Table, credentials: Credentials) -> None:
        self._context, self._table, self._credentials = context, table, credentials
        self._current = context.transient(1)

    def select(self, apdu: Apdu) -> bytes:
        """SELECT an EF by its identifier 00 SFI (ISO/IEC 7816-4:2020 11.2.2); P2 0C answers nothing, 00 and 04 FCP."""
        if apdu.p2 not in {0x00, 0x04, 0x0C}:
            raise StatusError(Status.WRONG_P1P2)
        if len(apdu.data) != 2:
            raise StatusError(Status.WRONG_LENGTH)
        descriptor = self._table.descriptor.read()
        index = self._table.find(descriptor, apdu.data[1]) if not apdu.data[0] else -1
        if index < 0:
            raise StatusError(Status.FILE_NOT_FOUND)
        self._current[0] = index + 1
        return b"" if apdu.p2 == 0x0C else self._control_parameters(descriptor, index)

    def _control_parameters(self, descriptor: bytes, index: int) -> bytes:
        """Write the FCP template (ISO/IEC 7816-4:2020 7.4.3)."""
        part = self._table.part(index)
        kind, sfi, size, records = descriptor[part : part + FILE_RULES]
        body = b"\x80\x02" + body_size(descriptor, part).to_bytes(2, "big")
        if kind == TRANSPARENT:
            body += b"\x82\x01\x01"
        else:
            body += bytes((0x82, 5, 0x06 if kind == CYCLIC else 0x02, 0x41, 0, size, records))
        body += bytes((0x83, 2, 0, sfi, 0x88, 1, sfi << 3, 0x8A, 1, 5))
        if kind != TRANSPARENT:
            body += bytes((0xC0, 1, self._table.fill(descriptor, index)[0]))
        return bytes((0x62, len(body))) + body

    def _open(self, descriptor: bytes, sfi: int, access: int, *, transparent: bool) -> tuple[int, int]:
        """Return part index and part offset of the file that a command names by SFI (0: current), if it may be used.

        Raises:
            StatusError: 6A82 no such file, 6986 no current file, 6981 wrong kind, 6982 the rule does not hold.
        """
        index = self._table.find(descriptor, sfi) if sfi else self._current[0] - 1
        if index < 0:
            raise StatusError(Status.FILE_NOT_FOUND if sfi else Status.NO_CURRENT_FILE)
        part = self._table.part(index)
        if (descriptor[part] == TRANSPARENT) is not transparent:
            raise StatusError(Status.INCOMPATIBLE_FILE)
        rule = part + FILE_RULES
        for _ in range(access):
            rule = after_rule(descriptor, rule)
        if not allows(descriptor, rule, self._credentials.state):
            raise StatusError(Status.SECURITY_STATUS)
        return index, part

    def _open_binary(self, apdu: Apdu, descriptor: bytes, access: int) -> tuple[int, int, int]:
        """Return part index, offset and size for P1 P2 of READ and UPDATE BINARY; 6B00 for an offset outside."""
        sfi, offset = 0, apdu.p1 << 8 | apdu.p2
        if apdu.p1 & 0x80:
            sfi, offset = apdu.p1 & 0x1F, apdu.p2
            if apdu.p1 & 0x60 or not 1 <= sfi <= 30:
                raise StatusError(Status.WRONG_P1P2)
        index, part = self._open(descriptor, sfi, access, transparent=True)
        size = body_size(descriptor, part)
        if offset >= size:
            raise StatusError(Status.WRONG_OFFSET)
        return index, offset, size

    def read_binary(self, apdu: Apdu) -> bytes:
        """READ BINARY (ISO/IEC 7816-4:2020 11.3.3): up to Le bytes, or to the end of the file."""
        if apdu.data or not apdu.expected:
            raise StatusError(Status.WRONG_LENGTH)
        index, offset, size = self._open_binary(apdu, self._table.descriptor.read(), READ)
        self._current[0] = index + 1
        return self._table.array(index).read(offset, min(apdu.expected, size - offset))

    def check_update(self, apdu: Apdu) -> None:
        """Check the first segment of a chained UPDATE BINARY as far as it goes."""
        self._open_binary(apdu, self._table.descriptor.read(), UPDATE)

    def update_binary(self, apdu: Apdu) -> bytes:
        """UPDATE BINARY (ISO/IEC 7816-4:2020 11.3.5): all of the data, or nothing."""
        index, offset, size = self._open_binary(apdu, self._table.descriptor.read(), UPDATE)
        if not apdu.data or offset + len(apdu.data) > size:
            raise StatusError(Status.WRONG_LENGTH)
        self._table.array(index).write(offset, apdu.data)
        self._current[0] = index + 1
        return b""

    def _open_records(self, apdu: Apdu, descriptor: bytes, access: int) -> tuple[int, int]:
        sfi = apdu.p2 >> 3
        if sfi == 31:
            raise StatusError(Status.WRONG_P1P2)
        return self._open(descriptor, sfi, access, transparent=False)

    def _record(self, descriptor: bytes, index: int, part: int, number: int) -> int:
        """Return where record ``number`` stands in the file's array; 6A83 when it does not exist."""
        used, newest = self._table.fill(descriptor, index)
        if not 1 <= number <= used:
            raise StatusError(Status.RECORD_NOT_FOUND)
        size, records = descriptor[part + 2], descriptor[part + 3]
        slot = number - 1
        if descriptor[part] == CYCLIC:
            slot = newest - slot if newest >= slot else newest + records - slot
        return slot * size

    def read_record(self, apdu: Apdu) -> bytes:
        """READ RECORD (ISO/IEC 7816-4:2020 11.4.3): mode 4 one record, mode 5 from P1 to the last that fits in Le."""
        mode = apdu.p2 & 0x07
        if mode not in {4, 5} or not apdu.p1:
            raise StatusError(Status.WRONG_P1P2)
        if apdu.data or not apdu.expected:
            raise StatusError(Status.WRONG_LENGTH)
        descriptor = self._table.descriptor.read()
        index, part = self._open_records(apdu, descriptor, READ)
        self._record(descriptor, index, part, apdu.p1)
        self._current[0] = index + 1
        return self._read_records(apdu, descriptor, index, part)

    def _read_records(self, apdu: Apdu, descriptor: bytes, index: int, part: int) -> bytes:
        size, last = descriptor[part + 2], apdu.p1
        if apdu.p2 & 0x07 == 5:
            if apdu.expected < size:
                raise StatusError(_WRONG_EXPECTED | size)
            last = min(self._table.fill(descriptor, index)[0], apdu.p1 + apdu.expected // size - 1)
        body, found = self._table.array(index), b""
        for number in range(apdu.p1, last + 1):
            found += body.read(self._record(descriptor, index, part, number), size)
        return found

    def update_record(self, apdu: Apdu) -> bytes:
        """UPDATE RECORD (ISO/IEC 7816-4:2020 11.4.5) by number: the record must exist and be written whole."""
        if apdu.p2 & 0x07 != 4 or not apdu.p1:
            raise StatusError(Status.WRONG_P1P2)
        descriptor = self._table.descriptor.read()
        index, part = self._open_records(apdu, descriptor, UPDATE)
        place = self._record(descriptor, index, part, apdu.p1)
        if len(apdu.data) != descriptor[part + 2]:
            raise StatusError(Status.WRONG_LENGTH)
        self._table.array(index).write(place, apdu.data)
        self._current[0] = index + 1
        return b""

    def append_record(self, apdu: Apdu) -> bytes:
        """APPEND RECORD (ISO/IEC 7816-4:2020 11.4.6): the next free slot, or in a cyclic file the oldest record's."""
        if apdu.p1 or apdu.p2 & 0x07:
            raise StatusError(Status.WRONG_P1P2)
        descriptor = self._table.descriptor.read()
        index, part = self._open_records(apdu, descriptor, APPEND)
        if len(apdu.data) != descriptor[part + 2]:
            raise StatusError(Status.WRONG_LENGTH)
        self._context.begin()
        self._append(descriptor, index, part, apdu.data)
        self._context.commit()
        self._current[0] = index + 1
        return b""

    def _append(self, descriptor: bytes, index: int, part: int, record: bytes) -> None:
        """Append in the open transaction: contents and fill change together."""
        used, newest = self._table.fill(descriptor, index)
        records, slot = descriptor[part + 3], used
        if descriptor[part] == CYCLIC:
            slot = newest + 1 if newest + 1 < records else 0
        elif used == records:
            raise StatusError(Status.NO_SPACE)
        self._table.array(index).write(slot * len(record), record)
        self._table.set_fill(descriptor, index, min(used + 1, records), slot)

    def load_bytes(self, descriptor: bytes, sfi: int, data: bytes) -> None:
        """Write a part of a transparent file at personalisation: u16 offset, bytes; 6A88 or 6A80."""
        index, part = self._loaded(descriptor, sfi, transparent=True)
        if len(data) < 2:
            raise StatusError(Status.WRONG_DATA)
        offset = data[0] << 8 | data[1]
        if offset + len(data) - 2 > body_size(descriptor, part):
            raise StatusError(Status.WRONG_DATA)
        self._table.array(index).write(offset, data[2:])

    def load_record(self, descriptor: bytes, sfi: int, data: bytes) -> None:
        """Append a record at personalisation; 6A88, 6A80 or 6A84."""
        index, part = self._loaded(descriptor, sfi, transparent=False)
        if len(data) != descriptor[part + 2]:
            raise StatusError(Status.WRONG_DATA)
        self._append(descriptor, index, part, data)

    def _loaded(self, descriptor: bytes, sfi: int, *, transparent: bool) -> tuple[int, int]:
        index = self._table.find(descriptor, sfi)
        part = self._table.part(index) if index >= 0 else 0
        if index < 0 or (descriptor[part] == TRANSPARENT) is not transparent:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        return index, part
