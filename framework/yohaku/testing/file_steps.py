"""Steps on files and purses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yohaku.iso7816 import Instruction as Ins
from yohaku.schema import FileKind
from yohaku.testing.step import Step, View, find_file, find_purse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.testing.parts import FileModel, Instance

CHAINED = 0x10
"""Class bit of a segment that is not the last of a chain (ISO/IEC 7816-4:2020 5.3.3)."""
SEGMENT = 255
"""Most bytes of a segment."""


@dataclass(frozen=True, slots=True, repr=False)
class SelectFile(Step):
    """Make a file or a purse current.

    Attributes:
        file: its name.
    """

    file: str

    def commands(self, view: View) -> Iterator[bytes]:
        """SELECT by file identifier, with the control parameters."""
        instance = self._instance(view)
        purses = [purse.sfi for purse in instance.purses.values() if purse.name == self.file]
        sfi = purses[0] if purses else find_file(instance, self.file).sfi
        yield self.apdu(view, Ins.SELECT, 0x02, 0x04, bytes((0, sfi)), 256)


@dataclass(frozen=True, slots=True, repr=False)
class ReadBinary(Step):
    """Read bytes of a transparent file.

    Attributes:
        file: its name; None for the current file.
        offset: first byte; up to 255 with a file, 32767 without.
        size: bytes wanted, 1 to 256.
    """

    file: str | None
    offset: int = 0
    size: int = 256

    def commands(self, view: View) -> Iterator[bytes]:
        """READ BINARY."""
        p1, p2 = _address(self._instance(view), self.file, self.offset)
        yield self.apdu(view, Ins.READ_BINARY, p1, p2, expected=self.size)


@dataclass(frozen=True, slots=True, repr=False)
class UpdateBinary(Step):
    """Write bytes of a transparent file, in a chain when they are too many for one command.

    Attributes:
        file: its name; None for the current file.
        offset: first byte; up to 255 with a file, 32767 without.
        data: the bytes.
        split: bytes of the first segment of a chain; 0 for none but where the data needs it.
    """

    file: str | None
    offset: int = 0
    data: bytes = b"\0"
    split: int = 0

    def commands(self, view: View) -> Iterator[bytes]:
        """UPDATE BINARY."""
        p1, p2 = _address(self._instance(view), self.file, self.offset)
        data, size = self.data, self.split or SEGMENT
        while len(data) > size:
            yield self.apdu(view, Ins.UPDATE_BINARY, p1, p2, data[:size], cla=CHAINED)
            data, size = data[size:], SEGMENT
        yield self.apdu(view, Ins.UPDATE_BINARY, p1, p2, data)


@dataclass(frozen=True, slots=True, repr=False)
class EraseBinary(Step):
    """Make bytes of a transparent file zero.

    Attributes:
        file: its name; None for the current file.
        offset: first byte.
        end: the byte after the last; the end of the file when None.
    """

    file: str | None
    offset: int = 0
    end: int | None = None

    def commands(self, view: View) -> Iterator[bytes]:
        """ERASE BINARY."""
        p1, p2 = _address(self._instance(view), self.file, self.offset)
        yield self.apdu(view, Ins.ERASE_BINARY, p1, p2, b"" if self.end is None else self.end.to_bytes(2, "big"))


def _address(instance: Instance, file: str | None, offset: int) -> tuple[int, int]:
    if file is None:
        return offset >> 8 & 0x7F, offset & 0xFF
    return 0x80 | find_file(instance, file).sfi, min(offset, 0xFF)


@dataclass(frozen=True, slots=True, repr=False)
class ReadRecord(Step):
    """Read records.

    Attributes:
        file: its name; None for the current file.
        number: of the record; 0 for the current one, and with the relative modes.
        mode: 4 that record, 5 it and those after it, 6 those from the last back to it; 0 to 3 first, last, next,
            previous.
        size: bytes wanted, 1 to 256.
    """

    file: str | None
    number: int = 1
    mode: int = 4
    size: int = 256

    def commands(self, view: View) -> Iterator[bytes]:
        """READ RECORD."""
        p2 = _sfi(self._instance(view), self.file) << 3 | self.mode
        yield self.apdu(view, Ins.READ_RECORD, self.number, p2, expected=self.size)


@dataclass(frozen=True, slots=True, repr=False)
class UpdateRecord(Step):
    """Write over a record.

    Attributes:
        file: its name; None for the current file.
        number: of the record; 0 for the current one.
        data: the record.
    """

    file: str | None
    number: int
    data: bytes

    def commands(self, view: View) -> Iterator[bytes]:
        """UPDATE RECORD."""
        yield self.apdu(
            view, Ins.UPDATE_RECORD, self.number, _sfi(self._instance(view), self.file) << 3 | 4, self.data
        )  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class AppendRecord(Step):
    """Add a record.

    Attributes:
        file: its name; None for the current file.
        data: the record.
    """

    file: str | None
    data: bytes

    def commands(self, view: View) -> Iterator[bytes]:
        """APPEND RECORD."""
        yield self.apdu(view, Ins.APPEND_RECORD, 0, _sfi(self._instance(view), self.file) << 3, self.data)


@dataclass(frozen=True, slots=True, repr=False)
class SearchRecord(Step):
    """Find the records that contain some bytes.

    Attributes:
        file: its name; None for the current file.
        text: the bytes.
        start: number of the first record looked at; 0 for the current one.
        backward: whether to look backwards.
    """

    file: str | None
    text: bytes
    start: int = 1
    backward: bool = False

    def commands(self, view: View) -> Iterator[bytes]:
        """SEARCH RECORD."""
        p2 = _sfi(self._instance(view), self.file) << 3 | (5 if self.backward else 4)
        yield self.apdu(view, Ins.SEARCH_RECORD, self.start, p2, self.text, 256)


def _sfi(instance: Instance, file: str | None) -> int:
    return 0 if file is None else find_file(instance, file).sfi


@dataclass(frozen=True, slots=True, repr=False)
class ReadPurse(Step):
    """Read a purse's number, sequence number and balance.

    Attributes:
        purse: its name.
    """

    purse: str

    def commands(self, view: View) -> Iterator[bytes]:
        """READ PURSE."""
        yield self.apdu(view, Ins.READ_PURSE, 0, find_purse(self._instance(view), self.purse), expected=256, cla=0x80)


@dataclass(frozen=True, slots=True, repr=False)
class Book(Step):
    """Credit or debit a purse.

    Attributes:
        purse: its name.
        amount: how much.
        credit: whether it is added.
        reference: 8 bytes that name the booking.
    """

    purse: str
    amount: int = 1
    credit: bool = True
    reference: bytes = bytes(8)

    def commands(self, view: View) -> Iterator[bytes]:
        """CREDIT or DEBIT."""
        ins, data = Ins.CREDIT if self.credit else Ins.DEBIT, self.amount.to_bytes(4, "big") + self.reference
        yield self.apdu(view, ins, 0, find_purse(self._instance(view), self.purse), data, 256, cla=0x80)


@dataclass(frozen=True, slots=True, repr=False)
class ReadReceipts(Step):
    """Read receipts of a purse.

    Attributes:
        purse: its name.
        number: the first one, 1 for the newest.
        size: bytes wanted, 1 to 256.
    """

    purse: str
    number: int = 1
    size: int = 256

    def commands(self, view: View) -> Iterator[bytes]:
        """READ RECEIPTS."""
        sfi = find_purse(self._instance(view), self.purse)
        yield self.apdu(view, Ins.READ_RECEIPTS, self.number, sfi, expected=self.size, cla=0x80)


def whole_file(file: FileModel) -> Iterator[Step]:
    """Give the steps that read all of a file, by name."""
    if file.kind != FileKind.TRANSPARENT:
        at_once = max(256 // file.size, 1)
        for number in range(1, len(file.rows) + 2, at_once):
            yield ReadRecord(file.name, number, 5)
        return
    yield ReadBinary(file.name, 0)
    for offset in range(256, file.size, 256):
        yield ReadBinary(None, offset)
