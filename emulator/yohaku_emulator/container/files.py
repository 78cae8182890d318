"""The files of a container instance: which there are, which is current, and whether their rules let a command in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.iso7816 import Status
from yohaku_emulator.container.descriptor import CYCLIC, FILE_RULES, PURSE, TRANSPARENT, after_rule, body_size
from yohaku_emulator.errors import StatusError

if TYPE_CHECKING:
    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.container.credentials import Credentials
    from yohaku_emulator.container.table import Table
    from yohaku_emulator.runtime import Context

READ, UPDATE, APPEND = 0, 1, 2
"""Order of the rules in a file's part."""
_BY_IDENTIFIER, _EF_UNDER, _BY_PATH = 0x00, 0x02, 0x09
"""P1 of SELECT: file by identifier, EF under the current DF, path from the current DF (table 63)."""

_FCP_ALONE, _NOTHING = 0x04, 0x0C
"""P2 of SELECT: file control parameters alone, no answer; 00 is file control information (table 64)."""
_FCP, _FCI = 0x62, 0x6F
"""Tags of their templates (ISO/IEC 7816-4:2020 7.4.1)."""


class Files:
    """The files of an instance, the current one and the current record.

    Two transient bytes: part index + 1 of the current file, and number of its current record; 0 for none.

    Attributes:
        table: descriptor and fill.
    """

    __slots__ = ("_credentials", "_current", "table")

    def __init__(self, context: Context, table: Table, credentials: Credentials) -> None:
        self.table, self._credentials = table, credentials
        self._current = context.transient(2)

    def make_current(self, index: int, record: int = 0) -> None:
        """Make the file of part ``index`` current, and its record ``record``; 0 leaves a file's record as it is."""
        if record or self._current[0] != index + 1:
            self._current[0], self._current[1] = index + 1, record

    def record(self, index: int) -> int:
        """Return the number of the current record if the file of part ``index`` is current, 0 for none."""
        return self._current[1] if self._current[0] == index + 1 else 0

    def select(self, apdu: Apdu) -> bytes:
        """SELECT an EF by its identifier 00 SFI (ISO/IEC 7816-4:2020 11.2.2); P2 00 answers FCI, 04 FCP, 0C nothing."""
        if apdu.p1 not in {_BY_IDENTIFIER, _EF_UNDER, _BY_PATH} or apdu.p2 not in {0x00, _FCP_ALONE, _NOTHING}:
            raise StatusError(Status.WRONG_P1P2)
        if len(apdu.data) != 2:
            raise StatusError(Status.WRONG_LENGTH)
        descriptor = self.table.descriptor.read()
        index = self.table.find(descriptor, apdu.data[1]) if not apdu.data[0] else -1
        if index < 0:
            raise StatusError(Status.FILE_NOT_FOUND)
        self.make_current(index)
        if apdu.p2 == _NOTHING:
            return b""
        body = self._control_parameters(descriptor, index)
        return bytes((_FCP if apdu.p2 == _FCP_ALONE else _FCI, len(body))) + body

    def _control_parameters(self, descriptor: bytes, index: int) -> bytes:
        """Write the data objects that an FCP template and an FCI template hold (ISO/IEC 7816-4:2020 7.4.3)."""
        part = self.table.part(index)
        kind, sfi, size, records = descriptor[part : part + FILE_RULES]
        body = b"\x80\x02" + body_size(descriptor, part).to_bytes(2, "big")
        if kind in {TRANSPARENT, PURSE}:
            body += b"\x82\x01\x01" if kind == TRANSPARENT else b"\x82\x01\x08"
        else:
            body += bytes((0x82, 5, 0x06 if kind == CYCLIC else 0x02, 0x41, 0, size, records))
        body += bytes((0x83, 2, 0, sfi, 0x88, 1, sfi << 3, 0x8A, 1, 5))
        if kind != TRANSPARENT:
            body += bytes((0xC0, 1, self.table.fill(descriptor, index)[0]))
        return body

    def open(self, descriptor: bytes, sfi: int, access: int, *, transparent: bool) -> tuple[int, int]:
        """Return part index and part offset of the file that a command names by SFI (0: current), if it may be used.

        Raises:
            StatusError: 6A82 no such file, 6986 no current file, 6981 wrong kind, 6982 the rule does not hold.
        """
        index = self.table.find(descriptor, sfi) if sfi else self._current[0] - 1
        if index < 0:
            raise StatusError(Status.FILE_NOT_FOUND if sfi else Status.NO_CURRENT_FILE)
        part = self.table.part(index)
        if (descriptor[part] == TRANSPARENT) is not transparent or descriptor[part] == PURSE:
            raise StatusError(Status.INCOMPATIBLE_FILE)
        rule = part + FILE_RULES
        for _ in range(access):
            rule = after_rule(descriptor, rule)
        if not self._credentials.permits(descriptor, rule):
            raise StatusError(Status.SECURITY_STATUS)
        return index, part

    def append(self, descriptor: bytes, index: int, part: int, record: bytes) -> None:
        """Append in the open transaction: contents and fill change together."""
        used, newest = self.table.fill(descriptor, index)
        records, slot = descriptor[part + 3], used
        if descriptor[part] == CYCLIC:
            slot = newest + 1 if newest + 1 < records else 0
        elif used == records:
            raise StatusError(Status.NO_SPACE)
        self.table.array(index).write(slot * len(record), record)
        self.table.set_fill(descriptor, index, min(used + 1, records), slot)

    def load_bytes(self, descriptor: bytes, sfi: int, data: bytes) -> None:
        """Write a part of a transparent file at personalisation: u16 offset, bytes; 6A88 or 6A80."""
        index, part = self._loaded(descriptor, sfi, transparent=True)
        if len(data) < 2:
            raise StatusError(Status.WRONG_DATA)
        offset = data[0] << 8 | data[1]
        if offset + len(data) - 2 > body_size(descriptor, part):
            raise StatusError(Status.WRONG_DATA)
        self.table.array(index).write(offset, data[2:])

    def load_record(self, descriptor: bytes, sfi: int, data: bytes) -> None:
        """Append a record at personalisation; 6A88, 6A80 or 6A84."""
        index, part = self._loaded(descriptor, sfi, transparent=False)
        if len(data) != descriptor[part + 2]:
            raise StatusError(Status.WRONG_DATA)
        self.append(descriptor, index, part, data)

    def _loaded(self, descriptor: bytes, sfi: int, *, transparent: bool) -> tuple[int, int]:
        index = self.table.find(descriptor, sfi)
        part = self.table.part(index) if index >= 0 else 0
        if index < 0 or (descriptor[part] == TRANSPARENT) is not transparent or descriptor[part] == PURSE:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        return index, part
