"""Transparent files of an applet on a card: one record each, read in the fewest commands, written where it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from yohaku.card.content import changed_runs, changed_span, from_content, to_content
from yohaku.card.errors import AccessDeniedError, ProtocolError
from yohaku.iso7816 import Instruction
from yohaku.iso7816.apdu import SHORT_EXPECTED

if TYPE_CHECKING:
    from yohaku.card.session import AppletSession
    from yohaku.schema import Record, TransparentFile

R = TypeVar("R", bound="Record")

FURTHEST_BY_SFI = 0xFF
"""Furthest offset that a command can name together with an SFI (ISO/IEC 7816-4:2020 11.3.1)."""
OVERHEAD = 7
"""Bytes of a further UPDATE BINARY besides its data: header, Lc, status word."""


class CardTransparentFile(Generic[R]):
    """A transparent file on a card.

    Writing compares with what is there and sends the span from the first to the last changed byte as one command,
    which the card carries out whole or not at all; a span over 255 bytes is chained as far as the card can. Only a
    span beyond that goes as several commands, each whole or not at all: a cut between them leaves the file with
    some of the changes.
    """

    def __init__(self, session: AppletSession, declaration: TransparentFile[R]) -> None:
        self._session, self._file = session, declaration

    def read(self) -> R:
        """Read and decode the record.

        Raises:
            EmptyFileError: the file was never written.
            AccessDeniedError: the file's read rule does not hold.
            DecodeError: the bytes are no such record; with every fault.
        """
        return from_content(self._file.record, self.read_bytes(), self._where)

    def read_bytes(self) -> bytes:
        """Read the whole file as bytes, 256 with each command.

        Raises:
            AccessDeniedError: the file's read rule does not hold.
        """
        data = bytearray()
        while len(data) < self._file.size:
            p1, p2 = self._address(len(data))
            wanted = min(SHORT_EXPECTED, self._file.size - len(data))
            response = self._session.send(Instruction.READ_BINARY, p1, p2, expected=wanted)
            self._session.check(response, f"reading {self._where}", self._file.read)
            if not response.data:
                raise ProtocolError(f"{self._where} ends after {len(data)} of {self._file.size} bytes")
            data += response.data
        return bytes(data)

    def write(self, record: R) -> None:
        """Make the file hold ``record``; only the span that differs travels, nothing when nothing differs.

        A file that may be written but not read is written whole.

        Raises:
            EncodeError: a value does not fit; nothing was sent.
            AccessDeniedError: the file's update rule does not hold.
        """
        new = to_content(record, self._file.size, self._where)
        try:
            old = self.read_bytes()
        except AccessDeniedError:
            old = bytes(byte ^ 0xFF for byte in new)
        self._replace(old, new)

    def update(self, /, **changes: Any) -> R:
        """Change some fields; only the span that differs travels. Returns the new record.

        Raises:
            EncodeError: a name is no field, or a value does not fit; nothing was written.
            EmptyFileError: the file was never written, so there is nothing to change.
            AccessDeniedError: the file's read or update rule does not hold.
        """
        old = self.read_bytes()
        record = from_content(self._file.record, old, self._where).replace(**changes)
        self._replace(old, to_content(record, self._file.size, self._where))
        return record

    def _replace(self, old: bytes, new: bytes) -> None:
        start, end = changed_span(old, new)
        most = self._session.selection.longest_data
        runs = [(start, end)] if end - start <= most else changed_runs(old, new, gap=OVERHEAD, longest=most)
        for first, last in runs:
            self._send(first, new[first:last])

    def _send(self, offset: int, data: bytes) -> None:
        if not data:
            return
        p1, p2 = self._address(offset)
        response = self._session.send(Instruction.UPDATE_BINARY, p1, p2, data)
        self._session.check(response, f"writing {self._where}", self._file.update)

    def _address(self, offset: int) -> tuple[int, int]:
        """Give P1 and P2 for an offset: by SFI where it fits, else in the current file.

        Every operation touches the start of the file first, by SFI, and that makes it the current one.
        """
        return (0x80 | self._file.sfi, offset) if offset <= FURTHEST_BY_SFI else (offset >> 8, offset & 0xFF)

    @property
    def _where(self) -> str:
        return self._file.name
