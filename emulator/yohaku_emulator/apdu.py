"""The command that a card is working on, read once into a reusable object; it knows the form, not the meaning."""

from __future__ import annotations

from yohaku.iso7816 import Status
from yohaku_emulator.errors import StatusError

CHAINED = 0x10
"""Bit of a first interindustry class byte: more segments of this command follow (ISO/IEC 7816-4:2020 5.4.1)."""

GLOBALPLATFORM_SECURED = 0x04
"""Bit of a first proprietary class byte: secure messaging of GlobalPlatform (GPCS 2.3.1, table 11-11)."""


LONGEST = 0x10000
"""What an extended Le of zeros asks for."""
TRAILER = 2
"""Bytes of a status word."""


class Apdu:
    """A command APDU, as a Java Card hands it to an applet: one object for all commands.

    Attributes:
        cla: class byte without channel and chaining bits: 00 or 80.
        ins: instruction byte.
        p1: first parameter byte.
        p2: second parameter byte.
        data: command data.
        expected: most response bytes wanted, 0 when Le is absent.
        channel: logical channel, 0 to 19.
        chained: more segments of this command follow.
        secured: the class byte announces secure messaging of GlobalPlatform.
        selecting: this is the SELECT that selected the applet (``Applet.selectingApplet()`` of Java Card).
        status: status word for success; an applet may change it (such as 6310).
    """

    __slots__ = (
        "_block",
        "_longest",
        "_most",
        "_received",
        "chained",
        "channel",
        "cla",
        "data",
        "expected",
        "ins",
        "p1",
        "p2",
        "secured",
        "selecting",
        "status",
    )

    def __init__(self, longest_command: int = 0, longest_response: int = 0, block: int = 254) -> None:
        """Take extended commands and answers of at most so many bytes, 0 for none, in blocks of so many."""
        self._longest, self._most = longest_command, longest_response - TRAILER
        self._block, self._received = block, 0
        self.cla = self.ins = self.p1 = self.p2 = self.expected = self.channel = 0
        self.data = b""
        self.chained = self.selecting = self.secured = False
        self.status = 0x9000

    def read(self, command: bytes) -> None:
        """Read a command APDU, in extended form where the card takes that (ISO/IEC 7816-3:2006 12.1.3).

        Raises:
            StatusError: 6700, the length bytes do not fit; 6E00, 6881 or 6882, the class byte is not served.
        """
        size = len(command)
        if size < 4:
            raise StatusError(Status.WRONG_LENGTH)
        cla, self.ins, self.p1, self.p2 = command[:4]
        self.selecting, self.secured, self.status = False, False, 0x9000
        self._received = 0
        if cla & 0x7F:
            self._read_class(cla)
        else:
            self.cla, self.channel, self.chained = cla, 0, False
        if size == 5:
            self.data, self.expected = b"", command[4] or 256
        elif size == 4:
            self.data, self.expected = b"", 0
        else:
            self._read_body(command, size)

    def receive(self) -> bytes:
        """Return the next block of the command data, nothing at its end (setIncomingAndReceive, receiveBytes)."""
        start = self._received
        block = self.data[start : start + self._block]
        self._received = start + len(block)
        return block

    def _read_body(self, command: bytes, size: int) -> None:
        end = 5 + command[4]
        if end == 5:
            self._read_extended(command, size)
            return
        if size not in (end, end + 1):
            raise StatusError(Status.WRONG_LENGTH)
        self.data = command[5:end]
        self.expected = 0 if size == end else command[end] or 256

    def _read_extended(self, command: bytes, size: int) -> None:
        """Read cases 2E, 3E and 4E; more than the buffer holds is never asked for."""
        if not 7 <= size <= self._longest:
            raise StatusError(Status.WRONG_LENGTH)
        length = command[5] << 8 | command[6]
        end = 7 + length
        if size == 7:
            self.data, self.expected = b"", min(length or LONGEST, self._most)
        elif size == end:
            self.data, self.expected = command[7:], 0
        elif length and size == end + 2:
            expected = command[end] << 8 | command[end + 1]
            self.data, self.expected = command[7:end], min(expected or LONGEST, self._most)
        else:
            raise StatusError(Status.WRONG_LENGTH)

    def _read_class(self, cla: int) -> None:
        """Split the class byte (ISO/IEC 7816-4:2020 5.4.1; GlobalPlatform Card Specification 2.3.1, 11.1.4)."""
        self.cla, kind = cla & 0x80, cla & 0x7F
        self.chained = bool(kind & CHAINED) and kind < 0x60
        if kind & 0x40:
            self.channel, secure = 4 + (kind & 0x0F), kind & 0x20
            self.chained = bool(kind & CHAINED)
        elif kind & 0x20 or cla == 0xFF:
            raise StatusError(Status.CLASS_UNKNOWN)
        else:
            self.channel, secure = kind & 0x03, kind & 0x0C
        if cla == 0xFF:
            raise StatusError(Status.CLASS_UNKNOWN)
        if secure and (not self.cla or secure & ~(GLOBALPLATFORM_SECURED | 0x20)):
            raise StatusError(Status.SECURE_MESSAGING_UNSUPPORTED)
        self.secured = bool(secure)
