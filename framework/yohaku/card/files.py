"""Transparent files of an applet on a card: one record each, read in the fewest commands, written where it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from yohaku.card.content import changed_runs, from_content, to_content
from yohaku.card.copies import newest, replaced
from yohaku.card.errors import AccessDeniedError, EmptyFileError, ProtocolError
from yohaku.codec import difference
from yohaku.iso7816 import Instruction

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

    What was read or written since the applet was opened is remembered: nobody else can change it meanwhile, so a
    change after a read is one command.

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
        return self._record(self._read_all())

    def read_bytes(self) -> bytes:
        """Read the content as bytes, 256 with each command; of an atomic file, its newest whole copy.

        Raises:
            AccessDeniedError: the file's read rule does not hold.
            DecodeError: an atomic file has no whole copy.
        """
        return self._content(self._read_all())

    def _record(self, raw: bytes) -> R:
        if self._file.atomic and newest(raw, self._where) is None:
            raise EmptyFileError(f"{self._where} is empty: neither copy was written yet; write it first")
        return from_content(self._file.record, self._content(raw), self._where)

    def _content(self, raw: bytes) -> bytes:
        if not self._file.atomic:
            return raw
        copy = newest(raw, self._where)
        return bytes(self._file.room) if copy is None else copy.content

    def _read_all(self) -> bytes:
        data = bytearray()
        while len(data) < self._file.size:
            p1, p2 = self._address(len(data))
            wanted = min(self._session.selection.longest_answer, self._file.size - len(data))
            response = self._session.send(Instruction.READ_BINARY, p1, p2, expected=wanted)
            self._session.check(response, f"reading {self._where}", self._file.read)
            if not response.data:
                raise ProtocolError(f"{self._where} ends after {len(data)} of {self._file.size} bytes")
            data += response.data
        self._session.selection.known[self._file.sfi] = bytes(data)
        return bytes(data)

    def _known(self) -> bytes:
        """Give the file's bytes as read or written last in this session, which nobody else can change; or read them."""
        known = self._session.selection.known.get(self._file.sfi)
        return self._read_all() if known is None else known

    def write(self, record: R) -> None:
        """Make the file hold ``record``; only the span that differs travels, nothing when nothing differs.

        A file that may be written but not read is written whole; an atomic one must be readable.

        Raises:
            EncodeError: a value does not fit; nothing was sent.
            AccessDeniedError: the file's update rule does not hold.
        """
        new = to_content(record, self._file.room, self._where)
        try:
            old = self._known()
        except AccessDeniedError:
            if self._file.atomic:
                raise
            old = bytes(byte ^ 0xFF for byte in new)
        self._replace(old, new)

    def update(self, /, **changes: Any) -> R:
        """Change some fields; only the span that differs travels. Returns the new record.

        Raises:
            EncodeError: a name is no field, or a value does not fit; nothing was written.
            EmptyFileError: the file was never written, so there is nothing to change.
            AccessDeniedError: the file's read or update rule does not hold.
        """
        old = self._known()
        record = self._record(old).replace(**changes)
        self._replace(old, to_content(record, self._file.room, self._where))
        return record

    def _replace(self, old: bytes, content: bytes) -> None:
        new = replaced(old, content, self._where) if self._file.atomic else content
        known = self._session.selection.known
        known.pop(self._file.sfi, None)
        self._send_changes(old, new)
        known[self._file.sfi] = new

    def _send_changes(self, old: bytes, new: bytes) -> None:
        span = difference(old, new)
        most = self._session.selection.longest_data
        whole = len(span.content) <= most
        runs = [(span.offset, span.end)] if whole else changed_runs(old, new, gap=OVERHEAD, longest=most)
        for first, last in runs:
            self._send(first, new[first:last])

    def _send(self, offset: int, data: bytes) -> None:
        if not data:
            return
        p1, p2 = self._address(offset)
        response = self._session.send(Instruction.UPDATE_BINARY, p1, p2, data)
        self._session.check(response, f"writing {self._where}", self._file.update)

    def _address(self, offset: int) -> tuple[int, int]:
        """Give P1 and P2 for an offset: by SFI where it fits, which makes the file the current one, else in that."""
        selection = self._session.selection
        if offset <= FURTHEST_BY_SFI:
            selection.current = self._file.sfi
            return 0x80 | self._file.sfi, offset
        if selection.current != self._file.sfi:
            response = self._session.send(Instruction.SELECT, 0x02, 0x0C, bytes((0x00, self._file.sfi)))
            self._session.check(response, f"selecting {self._where}")
            selection.current = self._file.sfi
        return offset >> 8, offset & 0xFF

    @property
    def _where(self) -> str:
        return self._file.name
