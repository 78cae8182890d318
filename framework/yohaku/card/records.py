"""Record files of an applet on a card, linear fixed and cyclic: many records read at once, none written in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from yohaku.card.content import from_content, to_content
from yohaku.card.errors import AccessDeniedError, FileFullError, NoRecordError, ProtocolError
from yohaku.iso7816 import Instruction, Response, Status, TlvError
from yohaku.iso7816.apdu import SHORT_EXPECTED
from yohaku.iso7816.tlv import find, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.card.session import AppletSession
    from yohaku.schema import Record, RecordFile, Rule

R = TypeVar("R", bound="Record")

ONE, UP_TO_LAST = 0x04, 0x05
"""Low bits of P2: the record that P1 names, or all from it to the last (ISO/IEC 7816-4:2020 table 69)."""


class CardRecordFile(Generic[R]):
    """A record file on a card; record 1 of a cyclic file is the newest. Each write is one atomic command."""

    def __init__(self, session: AppletSession, declaration: RecordFile[R]) -> None:
        self._session, self._file = session, declaration

    def read(self, number: int) -> R:
        """Read and decode record ``number``, from 1.

        Raises:
            NoRecordError: no such record is in use.
            AccessDeniedError: the file's read rule does not hold.
            DecodeError: the bytes are no such record; with every fault.
        """
        return self._decode(self.read_bytes(number), number)

    def read_bytes(self, number: int) -> bytes:
        """Read record ``number`` as bytes.

        Raises:
            NoRecordError: no such record is in use.
            AccessDeniedError: the file's read rule does not hold.
        """
        self._check_number(number)
        response = self._command(Instruction.READ_RECORD, number, ONE, expected=self._file.record_size)
        self._check(response, f"reading record {number} of {self._where}", self._file.read, number)
        return response.data

    def records(self) -> list[R]:
        """Read and decode every record in use, as many whole records with each command as fit in 256 bytes.

        Raises:
            AccessDeniedError: the file's read rule does not hold.
            DecodeError: the bytes of a record are none; with every fault.
        """
        return [self._decode(raw, number) for number, raw in enumerate(self.records_bytes(), 1)]

    def records_bytes(self) -> list[bytes]:
        """Read every record in use as bytes.

        Raises:
            AccessDeniedError: the file's read rule does not hold.
        """
        found: list[bytes] = []
        at_once = self._session.selection.longest_answer // self._file.record_size
        while len(found) < self._file.records:
            part = self._read_from(len(found) + 1)
            found += part
            if len(part) < at_once:
                break
        return found

    def write(self, number: int, record: R) -> None:
        """Make record ``number`` hold ``record``; nothing travels when it does already.

        A file that may be written but not read is written in any case.

        Raises:
            EncodeError: a value does not fit; nothing was sent.
            NoRecordError: no such record is in use; `append` makes one.
            AccessDeniedError: the file's update rule does not hold.
        """
        new = to_content(record, self._file.record_size, self._where)
        try:
            old = self.read_bytes(number)
        except AccessDeniedError:
            old = b""
        self._replace(number, old, new)

    def update(self, number: int, /, **changes: Any) -> R:
        """Change some fields of record ``number``. Returns the new record.

        Raises:
            EncodeError: a name is no field, or a value does not fit; nothing was written.
            NoRecordError: no such record is in use.
            AccessDeniedError: the file's read or update rule does not hold.
        """
        old = self.read_bytes(number)
        record = self._decode(old, number).replace(**changes)
        self._replace(number, old, to_content(record, self._file.record_size, self._where))
        return record

    def append(self, record: R) -> None:
        """Add a record; a full cyclic file loses its oldest (ISO/IEC 7816-4:2020 11.4.5).

        Raises:
            EncodeError: a value does not fit; nothing was sent.
            FileFullError: a linear file has no room left.
            AccessDeniedError: the file's append rule does not hold.
        """
        data = to_content(record, self._file.record_size, self._where)
        response = self._command(Instruction.APPEND_RECORD, 0, 0, data)
        if response.status == Status.NO_SPACE:
            message = f"{self._where} is full: {self._file.records} records; write over one of them"
            raise FileFullError(message, status=response.status)
        self._check(response, f"appending to {self._where}", self._file.append)

    def __iter__(self) -> Iterator[R]:
        return iter(self.records())

    def __len__(self) -> int:
        """Ask how many records are in use; needs no right to read them."""
        data = bytes((0x00, self._file.sfi))
        self._session.selection.current = self._file.sfi
        response = self._session.send(Instruction.SELECT, 0x02, 0x04, data, expected=SHORT_EXPECTED)
        self._check(response, f"counting the records of {self._where}")
        try:
            count = find(parse(response.data), 0x62, 0xC0)
        except TlvError:
            count = None
        if count is None:
            raise ProtocolError(f"the card does not say how many records {self._where} has")
        return int.from_bytes(count.value, "big")

    def __bool__(self) -> bool:
        """Be true even when no record is in use: this is a file, not a list; asking its length is a command."""
        return True

    def _read_from(self, number: int) -> list[bytes]:
        """Read whole records from ``number`` on, as many as fit; none when it is not in use."""
        wanted = self._session.selection.longest_answer
        response = self._command(Instruction.READ_RECORD, number, UP_TO_LAST, expected=wanted)
        if response.status == Status.RECORD_NOT_FOUND:
            return []
        self._check(response, f"reading {self._where}", self._file.read)
        size = self._file.record_size
        if not response.data or len(response.data) % size:
            raise ProtocolError(f"{self._where}: the card sent {len(response.data)} bytes, not records of {size}")
        return [response.data[at : at + size] for at in range(0, len(response.data), size)]

    def _replace(self, number: int, old: bytes, new: bytes) -> None:
        if old == new:
            return
        response = self._command(Instruction.UPDATE_RECORD, number, ONE, new)
        self._check(response, f"writing record {number} of {self._where}", self._file.update, number)

    def _command(self, ins: int, p1: int, mode: int, data: bytes = b"", *, expected: int = 0) -> Response:
        self._session.selection.current = self._file.sfi
        return self._session.send(ins, p1, self._file.sfi << 3 | mode, data, expected=expected)

    def _check(self, response: Response, action: str, rule: Rule | None = None, number: int = 0) -> None:
        if response.status == Status.RECORD_NOT_FOUND:
            message = f"{self._where} has no record {number}; append one, or ask for a lower number"
            raise NoRecordError(message, status=response.status)
        self._session.check(response, action, rule)

    def _check_number(self, number: int) -> None:
        if not 1 <= number <= self._file.records:
            raise NoRecordError(f"{self._where} has records 1 to {self._file.records}, not {number}")

    def _decode(self, raw: bytes, number: int) -> R:
        return from_content(self._file.record, raw, f"record {number} of {self._where}")

    @property
    def _where(self) -> str:
        return self._file.name
