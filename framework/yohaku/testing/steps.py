"""The steps of a session: what a program does to an applet, each one or a few commands on a logical channel.

A step names files, PINs and keys as the declaration does, and leaves values that it does not state to the model: the
right PIN is whatever the PIN is by then.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol

from yohaku.card.credentials import key_proof
from yohaku.errors import UnknownNameError
from yohaku.iso7816 import Instruction as Ins
from yohaku.schema import FileKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema import Record
    from yohaku.testing.model import Model
    from yohaku.testing.parts import FileModel, Instance, PinModel, Seat

CHAINED = 0x10
SEGMENT = 255
CHALLENGE = 16
LONGEST_SHOWN = 4
"""Bytes that are shown one by one although they are all the same."""
SECRET = frozenset({"value", "new", "old"})
"""Attributes of steps that hold a value of a PIN."""


class View(Protocol):
    """What a step may look at: the model as it is after the commands so far."""

    @property
    def model(self) -> Model:
        """The model; the likeliest one when a fault left several."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Step:
    """Something that a program does on a channel.

    Attributes:
        channel: the logical channel, 0 to 19; None for the one that has the applet, the basic one when none has.
    """

    channel: int | None = None

    def commands(self, view: View) -> Iterator[bytes]:
        """Give the commands of the step, each when the one before has been answered."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Show what differs from the defaults; values of PINs and keys as their length."""
        told = [text for one in fields(self) if (text := _told(one, getattr(self, one.name)))]
        return f"{type(self).__name__}({', '.join(told)})"

    def apdu(
        self, view: View, ins: int, p1: int, p2: int, data: bytes = b"", expected: int = 0, *, cla: int = 0
    ) -> bytes:
        """Write a short command for the step's channel (ISO/IEC 7816-4:2020 5.4.1)."""
        number = self._number(view)
        head = bytes((cla | (number if number < 4 else 0x40 | number - 4), ins, p1, p2))
        body = bytes((len(data),)) + data if data else b""
        return head + body + (bytes((expected & 0xFF,)) if expected else b"")

    def _number(self, view: View) -> int:
        if self.channel is not None:
            return self.channel
        seats = view.model.seats
        first = seats[0]
        if first is not None and first.aid:
            return 0
        return next((number for number, seat in enumerate(seats) if seat is not None and seat.aid), 0)

    def _seat(self, view: View) -> Seat | None:
        seats, number = view.model.seats, self._number(view)
        return seats[number] if number < len(seats) else None

    def _instance(self, view: View) -> Instance:
        """Give the applet that the channel has, else the only one there is."""
        instances, seat = view.model.instances, self._seat(view)
        return instances[seat.aid] if seat is not None and seat.aid else next(iter(instances.values()))


def _told(field: Field[Any], value: object) -> str:
    if field.default is not MISSING and field.default == value:
        return ""
    shown = _shown(value) if field.name not in SECRET or value is None else "<hidden>"
    return shown if field.default is MISSING else f"{field.name}={shown}"


def _shown(value: object) -> str:
    if isinstance(value, bytes) and len(value) > LONGEST_SHOWN and len(set(value)) == 1:
        return f"{value[:1]!r} * {len(value)}"
    return repr(value)


def _pin(instance: Instance, name: str) -> tuple[int, PinModel]:
    """Give the number of a PIN, from 1, and its state."""
    for number, pin in enumerate(instance.pins, 1):
        if pin.name == name:
            return number, pin
    raise UnknownNameError("PIN", name, [pin.name for pin in instance.pins])


def _file(instance: Instance, name: str) -> FileModel:
    for file in instance.files.values():
        if file.name == name:
            return file
    raise UnknownNameError("file", name, [file.name for file in instance.files.values()])


@dataclass(frozen=True, slots=True, repr=False)
class Select(Step):
    """Select the applet on the channel."""

    def commands(self, view: View) -> Iterator[bytes]:
        """SELECT by AID."""
        yield self.apdu(view, Ins.SELECT, 0x04, 0x00, self._instance(view).aid, 256)


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
        sfi = purses[0] if purses else _file(instance, self.file).sfi
        yield self.apdu(view, Ins.SELECT, 0x02, 0x04, bytes((0, sfi)), 256)


@dataclass(frozen=True, slots=True, repr=False)
class AskTries(Step):
    """Ask how many tries a PIN has left, which spends none.

    Attributes:
        pin: its name.
    """

    pin: str

    def commands(self, view: View) -> Iterator[bytes]:
        """VERIFY without data."""
        yield self.apdu(view, Ins.VERIFY, 0, 0x80 | _pin(self._instance(view), self.pin)[0])


@dataclass(frozen=True, slots=True, repr=False)
class Verify(Step):
    """Present a PIN.

    Attributes:
        pin: its name.
        value: what is presented; the right value when None.
    """

    pin: str
    value: bytes | None = None

    def commands(self, view: View) -> Iterator[bytes]:
        """VERIFY."""
        number, pin = _pin(self._instance(view), self.pin)
        value = pin.value if self.value is None else self.value
        yield self.apdu(view, Ins.VERIFY, 0, 0x80 | number, value)


@dataclass(frozen=True, slots=True, repr=False)
class ChangePin(Step):
    """Give a PIN another value.

    Attributes:
        pin: its name.
        new: the new value.
        old: what is presented as the old value; the right one when None.
        proved: whether to send no old value, relying on an earlier verification.
    """

    pin: str
    new: bytes
    old: bytes | None = None
    proved: bool = False

    def commands(self, view: View) -> Iterator[bytes]:
        """CHANGE REFERENCE DATA."""
        number, pin = _pin(self._instance(view), self.pin)
        old = b"" if self.proved else pin.value if self.old is None else self.old
        yield self.apdu(view, Ins.CHANGE_REFERENCE_DATA, int(self.proved), 0x80 | number, old + self.new)


@dataclass(frozen=True, slots=True, repr=False)
class ResetPin(Step):
    """Give a PIN all its tries back.

    Attributes:
        pin: its name.
        new: a new value; the old one stays when None.
    """

    pin: str
    new: bytes | None = None

    def commands(self, view: View) -> Iterator[bytes]:
        """RESET RETRY COUNTER."""
        number, _ = _pin(self._instance(view), self.pin)
        yield self.apdu(view, Ins.RESET_RETRY_COUNTER, 3 if self.new is None else 2, 0x80 | number, self.new or b"")


@dataclass(frozen=True, slots=True, repr=False)
class RequirePin(Step):
    """Have the card ask for a PIN, or stop asking.

    Attributes:
        pin: its name.
        required: whether it must be verified from now on.
        value: what is presented; the right value when None.
    """

    pin: str
    required: bool
    value: bytes | None = None

    def commands(self, view: View) -> Iterator[bytes]:
        """ENABLE or DISABLE VERIFICATION REQUIREMENT."""
        number, pin = _pin(self._instance(view), self.pin)
        ins = Ins.ENABLE_VERIFICATION_REQUIREMENT if self.required else Ins.DISABLE_VERIFICATION_REQUIREMENT
        yield self.apdu(view, ins, 0, 0x80 | number, pin.value if self.value is None else self.value)


@dataclass(frozen=True, slots=True, repr=False)
class Authenticate(Step):
    """Prove that the host has a key, or that it has not.

    Attributes:
        key: its name.
        right: whether the proof is right.
        times: how often the same proof is sent; only the first can be good.
    """

    key: str
    right: bool = True
    times: int = 1

    def commands(self, view: View) -> Iterator[bytes]:
        """GET CHALLENGE and EXTERNAL AUTHENTICATE."""
        yield self.apdu(view, Ins.GET_CHALLENGE, 0, 0, expected=CHALLENGE)
        instance, seat = self._instance(view), self._seat(view)
        number = 1 + [key.name for key in instance.keys].index(self.key)
        challenge = seat.challenge if seat is not None else b""
        value = instance.keys[number - 1].value
        right = key_proof(value, Ins.EXTERNAL_AUTHENTICATE, number, challenge, instance.aid)
        proof = right if self.right else bytes(byte ^ 0xFF for byte in right)
        for _ in range(self.times):
            yield self.apdu(view, Ins.EXTERNAL_AUTHENTICATE, 0, 0x80 | number, proof)


@dataclass(frozen=True, slots=True, repr=False)
class Login(Step):
    """Present every PIN and key that is not blocked, with its right value."""

    def commands(self, view: View) -> Iterator[bytes]:
        """VERIFY, GET CHALLENGE and EXTERNAL AUTHENTICATE."""
        instance = self._instance(view)
        for pin in instance.pins:
            if pin.left and pin.value:
                yield from Verify(pin.name, channel=self.channel).commands(view)
        for key in instance.keys:
            if not key.is_blocked and key.value:
                yield from Authenticate(key.name, channel=self.channel).commands(view)


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
    return 0x80 | _file(instance, file).sfi, min(offset, 0xFF)


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
    return 0 if file is None else _file(instance, file).sfi


@dataclass(frozen=True, slots=True, repr=False)
class OpenChannel(Step):
    """Open a logical channel.

    Attributes:
        number: 1 to 19.
    """

    number: int = 1

    def commands(self, view: View) -> Iterator[bytes]:
        """MANAGE CHANNEL."""
        yield self.apdu(view, Ins.MANAGE_CHANNEL, 0x00, self.number)


@dataclass(frozen=True, slots=True, repr=False)
class Move(Step):
    """Select the applet on another channel, which is opened for that; the channel that had it leaves it.

    Attributes:
        number: the channel to move to.
    """

    number: int = 1

    def commands(self, view: View) -> Iterator[bytes]:
        """MANAGE CHANNEL, and SELECT on both channels."""
        seats, old = view.model.seats, self._number(view)
        if self.number < len(seats) and seats[self.number] is None:
            yield from OpenChannel(self.number, channel=0).commands(view)
        if old != self.number:
            yield Step(channel=old).apdu(view, Ins.SELECT, 0x04, 0x0C)
        yield from Select(channel=self.number).commands(view)


@dataclass(frozen=True, slots=True, repr=False)
class CloseChannel(Step):
    """Close a logical channel.

    Attributes:
        number: 1 to 19.
    """

    number: int = 1

    def commands(self, view: View) -> Iterator[bytes]:
        """MANAGE CHANNEL."""
        yield self.apdu(view, Ins.MANAGE_CHANNEL, 0x80, self.number)


@dataclass(frozen=True, slots=True, repr=False)
class Send(Step):
    """Send a command as it is.

    Attributes:
        command: the command APDU, its class byte included.
    """

    command: bytes

    def commands(self, view: View) -> Iterator[bytes]:
        """Give the command."""
        del view
        yield self.command

    def __repr__(self) -> str:
        from yohaku.card.traces import TraceEntry

        return f"Send({TraceEntry(self.command, b'').masked().command_text})"


@dataclass(frozen=True, slots=True, repr=False)
class Reset(Step):
    """Take the power away and give it back, and select the applet again."""

    def commands(self, view: View) -> Iterator[bytes]:
        """SELECT by AID, after the reset."""
        yield from Select().commands(view)


@dataclass(frozen=True, slots=True, repr=False)
class HostRead(Step):
    """Open the applet through `yohaku.card` and read a file, whole.

    Attributes:
        file: its name.
        login: whether PINs and keys are presented as the file's rule asks.
    """

    file: str
    login: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class HostWrite(Step):
    """Open the applet through `yohaku.card` and write a record: over a transparent file, or appended.

    Attributes:
        file: its name.
        record: the record.
        login: whether PINs and keys are presented as the file's rules ask.
    """

    file: str
    record: Record
    login: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class ReadPurse(Step):
    """Read a purse's number, sequence number and balance.

    Attributes:
        purse: its name.
    """

    purse: str

    def commands(self, view: View) -> Iterator[bytes]:
        """READ PURSE."""
        yield self.apdu(view, Ins.READ_PURSE, 0, _purse(self._instance(view), self.purse), expected=256, cla=0x80)


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
        yield self.apdu(view, ins, 0, _purse(self._instance(view), self.purse), data, 256, cla=0x80)


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
        sfi = _purse(self._instance(view), self.purse)
        yield self.apdu(view, Ins.READ_RECEIPTS, self.number, sfi, expected=self.size, cla=0x80)


def _purse(instance: Instance, name: str) -> int:
    for purse in instance.purses.values():
        if purse.name == name:
            return purse.sfi
    raise UnknownNameError("purse", name, [purse.name for purse in instance.purses.values()])


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
