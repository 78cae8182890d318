"""The steps of a session: what a program does to an applet, each one or a few commands on a logical channel.

A step names files, PINs and keys as the declaration does, and leaves values that it does not state to the model: the
right PIN is whatever the PIN is by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yohaku.card.credentials import key_proof
from yohaku.iso7816 import Instruction as Ins
from yohaku.testing.file_steps import (
    AppendRecord,
    Book,
    EraseBinary,
    ReadBinary,
    ReadPurse,
    ReadReceipts,
    ReadRecord,
    SearchRecord,
    SelectFile,
    UpdateBinary,
    UpdateRecord,
    whole_file,
)
from yohaku.testing.step import Step, View, find_pin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema import Record

__all__ = [
    "AppendRecord",
    "AskTries",
    "Authenticate",
    "Book",
    "ChangePin",
    "CloseChannel",
    "EraseBinary",
    "HostRead",
    "HostWrite",
    "Login",
    "Move",
    "OpenChannel",
    "ReadBinary",
    "ReadPurse",
    "ReadReceipts",
    "ReadRecord",
    "RequirePin",
    "Reset",
    "ResetPin",
    "SearchRecord",
    "Select",
    "SelectFile",
    "Send",
    "Step",
    "UpdateBinary",
    "UpdateRecord",
    "Verify",
    "View",
    "whole_file",
]
CHALLENGE = 16
"""Bytes of a challenge."""


@dataclass(frozen=True, slots=True, repr=False)
class Select(Step):
    """Select the applet on the channel."""

    def commands(self, view: View) -> Iterator[bytes]:
        """SELECT by AID."""
        yield self.apdu(view, Ins.SELECT, 0x04, 0x00, self._instance(view).aid, 256)


@dataclass(frozen=True, slots=True, repr=False)
class AskTries(Step):
    """Ask how many tries a PIN has left, which spends none.

    Attributes:
        pin: its name.
    """

    pin: str

    def commands(self, view: View) -> Iterator[bytes]:
        """VERIFY without data."""
        yield self.apdu(view, Ins.VERIFY, 0, 0x80 | find_pin(self._instance(view), self.pin)[0])


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
        number, pin = find_pin(self._instance(view), self.pin)
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
        number, pin = find_pin(self._instance(view), self.pin)
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
        number, _ = find_pin(self._instance(view), self.pin)
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
        number, pin = find_pin(self._instance(view), self.pin)
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
