"""READ, UPDATE and ERASE BINARY, with even and odd instruction byte, over the files of an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.iso7816 import Status
from yohaku_emulator.container.descriptor import body_size
from yohaku_emulator.container.files import READ, UPDATE
from yohaku_emulator.errors import StatusError

if TYPE_CHECKING:
    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.container.files import Files

_OFFSET, _DISCRETIONARY = 0x54, 0x53
"""Tags of the offset data object and of the data object that carries the bytes (ISO/IEC 7816-4:2020 11.3.2)."""
_LONG_FORM: Final = 0x80


class Binary:
    """Commands on transparent files: each changes all that it names, or nothing."""

    __slots__ = ("_files",)

    def __init__(self, files: Files) -> None:
        self._files = files

    def _open(self, apdu: Apdu, access: int) -> tuple[int, int, int]:
        """Return part index, offset and size for P1 P2 of an even instruction (ISO/IEC 7816-4:2020 11.3.2)."""
        sfi, offset = 0, apdu.p1 << 8 | apdu.p2
        if apdu.p1 & 0x80:
            sfi, offset = apdu.p1 & 0x1F, apdu.p2
            if apdu.p1 & 0x60 or not 1 <= sfi <= 30:
                raise StatusError(Status.WRONG_P1P2)
        return self._at(sfi, offset, access)

    def _at(self, sfi: int, offset: int, access: int) -> tuple[int, int, int]:
        descriptor = self._files.table.descriptor.read()
        index, part = self._files.open(descriptor, sfi, access, transparent=True)
        size = body_size(descriptor, part)
        if offset >= size:
            raise StatusError(Status.WRONG_OFFSET)
        return index, offset, size

    def _read(self, index: int, offset: int, size: int) -> bytes:
        self._files.make_current(index)
        return self._files.table.array(index).read(offset, size)

    def _write(self, index: int, offset: int, data: bytes) -> bytes:
        self._files.table.array(index).write(offset, data)
        self._files.make_current(index)
        return b""

    def read(self, apdu: Apdu) -> bytes:
        """READ BINARY (ISO/IEC 7816-4:2020 11.3.3): up to Le bytes, or to the end of the file."""
        if apdu.data or not apdu.expected:
            raise StatusError(Status.WRONG_LENGTH)
        index, offset, size = self._open(apdu, READ)
        return self._read(index, offset, min(apdu.expected, size - offset))

    def check_update(self, apdu: Apdu) -> None:
        """Check the first segment of a chained UPDATE BINARY as far as it goes."""
        self._open(apdu, UPDATE)

    def update(self, apdu: Apdu) -> bytes:
        """UPDATE BINARY (ISO/IEC 7816-4:2020 11.3.5)."""
        index, offset, size = self._open(apdu, UPDATE)
        if not apdu.data or offset + len(apdu.data) > size:
            raise StatusError(Status.WRONG_LENGTH)
        return self._write(index, offset, apdu.data)

    def erase(self, apdu: Apdu) -> bytes:
        """ERASE BINARY (ISO/IEC 7816-4:2020 11.3.7): zeros from P1 P2 to the offset in the data, or to the end."""
        if len(apdu.data) not in {0, 2}:
            raise StatusError(Status.WRONG_LENGTH)
        index, offset, size = self._open(apdu, UPDATE)
        return self._erase(index, offset, apdu.data[0] << 8 | apdu.data[1] if apdu.data else size, size)

    def _erase(self, index: int, offset: int, end: int, size: int) -> bytes:
        if not offset < end <= size:
            raise StatusError(Status.WRONG_DATA)
        return self._write(index, offset, bytes(end - offset))

    def erase_odd(self, apdu: Apdu) -> bytes:
        """ERASE BINARY with an offset data object for the start, and one for the end; without, all of the file."""
        offset, rest = _offset(apdu.data) if apdu.data else (0, b"")
        end, rest = _offset(rest) if rest else (-1, b"")
        if rest:
            raise StatusError(Status.WRONG_DATA)
        index, offset, size = self._at(_named(apdu), offset, UPDATE)
        return self._erase(index, offset, size if end < 0 else end, size)

    def read_odd(self, apdu: Apdu) -> bytes:
        """READ BINARY with an offset data object; the answer stands in a discretionary data object.

        Le counts the whole answer, tag and length included.
        """
        offset, rest = _offset(apdu.data)
        if rest or apdu.expected < 3:
            raise StatusError(Status.WRONG_LENGTH)
        index, offset, size = self._at(_named(apdu), offset, READ)
        room = max(min(apdu.expected - 2, 0x7F), min(apdu.expected - 3, 0xFF), apdu.expected - 4)
        found = self._read(index, offset, min(room, size - offset))
        return bytes((_DISCRETIONARY,)) + _length(len(found)) + found

    def update_odd(self, apdu: Apdu) -> bytes:
        """UPDATE BINARY with an offset data object and a discretionary data object that holds the bytes."""
        offset, rest = _offset(apdu.data)
        data = _discretionary(rest)
        index, offset, size = self._at(_named(apdu), offset, UPDATE)
        if not data or offset + len(data) > size:
            raise StatusError(Status.WRONG_LENGTH)
        return self._write(index, offset, data)


def _length(size: int) -> bytes:
    """Write the length field of a data object (ISO/IEC 7816-4:2020 6.3)."""
    if size < _LONG_FORM:
        return bytes((size,))
    return bytes((0x81, size)) if size <= 0xFF else bytes((0x82, size >> 8, size & 0xFF))


def _named(apdu: Apdu) -> int:
    """Return the SFI that P1 P2 of an odd instruction name, which is also the file identifier; 0 for the current EF."""
    if apdu.p1 or apdu.p2 > 30:
        raise StatusError(Status.FILE_NOT_FOUND)
    return apdu.p2


def _offset(data: bytes) -> tuple[int, bytes]:
    """Read the offset data object, of one or two bytes; return the offset and what follows."""
    if len(data) < 3 or data[0] != _OFFSET or data[1] not in {1, 2} or len(data) < 2 + data[1]:
        raise StatusError(Status.WRONG_DATA)
    end = 2 + data[1]
    return int.from_bytes(data[2:end], "big"), data[end:]


def _discretionary(data: bytes) -> bytes:
    """Return the value of the discretionary data object that ``data`` is."""
    start = 2 + (data[1] & 0x7F if data[1:2] in {b"\x81", b"\x82"} else 0)
    size = int.from_bytes(data[2:start] or data[1:2], "big")
    if len(data) < start or data[0] != _DISCRETIONARY or size != len(data) - start:
        raise StatusError(Status.WRONG_DATA)
    return data[start:]
