"""The way of a command to the card and back: one small processor for each quirk, stacked by `build`.

A processor has one method, ``send``, and hands on to the next. A new quirk is a new class.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from yohaku.card.errors import CardError, ProtocolError
from yohaku.iso7816 import ApduError, Command, Instruction, Response
from yohaku.iso7816.apdu import SHORT_DATA, SHORT_EXPECTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.card.connection import Connection

CHAINED = 0x10
"""Class bit of every command of a chain but the last (ISO/IEC 7816-4:2020 5.3.3)."""
EXTENDED_FRAME = 9
"""Bytes of an extended command APDU besides its data (ISO/IEC 7816-3:2006 12.1.3)."""
MOST_RESPONSE = 0x10000
"""Longest response put together from parts, in bytes (ISO/IEC 7816-3:2006 12.1.3)."""


class Processor(Protocol):
    """One step on a command's way."""

    def send(self, command: Command) -> Response:
        """Send a command and return its response."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command APDU and its response, as they were on the link."""

    command: bytes
    response: bytes


@dataclass(slots=True)
class Traffic:
    """What travelled on the link so far.

    Attributes:
        commands: command APDUs sent, GET RESPONSE and the segments of a chain among them.
        sent: bytes of all command APDUs.
        received: bytes of all response APDUs, status words among them.
    """

    commands: int = 0
    sent: int = 0
    received: int = 0

    def __sub__(self, earlier: Traffic) -> Traffic:
        return Traffic(self.commands - earlier.commands, self.sent - earlier.sent, self.received - earlier.received)

    def snapshot(self) -> Traffic:
        """Copy the counts, to subtract them later."""
        return replace(self)


class Recorder:
    """A connection that counts what passes, and shows each exchange to its observers.

    Observers see PINs as they travel: one that writes anything down masks them itself.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.traffic = Traffic()
        self.observers: list[Callable[[Exchange], None]] = []

    def transmit(self, command: bytes, /) -> bytes:
        """Send a command APDU, count it, and return the response APDU."""
        response = self._connection.transmit(command)
        self.traffic.commands += 1
        self.traffic.sent += len(command)
        self.traffic.received += len(response)
        for observer in self.observers:
            observer(Exchange(command, response))
        return response


class Format:
    """The last processor: writes commands and reads responses (ISO/IEC 7816-3:2006 12.1.3).

    Args:
        connection: the way to the card.
        extended: whether the card said that it takes extended APDUs; what fits the short form goes in it in any case.
    """

    def __init__(self, connection: Connection, *, extended: bool = False) -> None:
        self._connection = connection
        self._extended = extended

    def send(self, command: Command) -> Response:
        """Send a command in the shortest form that carries it.

        Raises:
            ApduError: the command does not fit the short form, and the card takes no other.
            ProtocolError: the answer is shorter than a status word.
        """
        is_long = len(command.data) > SHORT_DATA or command.expected > SHORT_EXPECTED
        raw = self._connection.transmit(command.to_bytes(extended=is_long and self._extended))
        try:
            return Response.from_bytes(raw)
        except ApduError as error:
            raise ProtocolError(f"the card's answer is not a response APDU: {error}") from error


class CorrectLength:
    """Repeats a command with the length that the card names in 6Cxx (ISO/IEC 7816-4:2020 5.6)."""

    def __init__(self, following: Processor) -> None:
        self._following = following

    def send(self, command: Command) -> Response:
        """Send a command, and once more when the card wants another Le."""
        response = self._following.send(command)
        if response.status >> 8 != 0x6C:
            return response
        return self._following.send(replace(command, expected=_count(response)))


class GetResponse:
    """Fetches the data that 61xx announces (ISO/IEC 7816-4:2020 11.8.1)."""

    def __init__(self, following: Processor) -> None:
        self._following = following

    def send(self, command: Command) -> Response:
        """Send a command and put the parts of its response together.

        Raises:
            ProtocolError: the card announces data without end, or announces some and gives none.
        """
        response = self._following.send(command)
        data = bytearray(response.data)
        while response.status >> 8 == 0x61:
            fetch = Command(_channel(command.cla), Instruction.GET_RESPONSE, 0, 0, expected=_count(response))
            response = self._following.send(fetch)
            data += response.data
            if len(data) > MOST_RESPONSE or (response.status >> 8 == 0x61 and not response.data):
                raise ProtocolError(f"the card announces more data without end ({len(data)} bytes so far)")
        return Response(bytes(data), response.status)


class Chaining:
    """Sends command data that no single command carries as a chain (ISO/IEC 7816-4:2020 5.3.3).

    Args:
        following: the next processor.
        limit: most data bytes that the card takes in one chain; below 256 it takes no chain at all.
        single: most data bytes of one command, over 255 where the card takes extended APDUs.
    """

    def __init__(self, following: Processor, limit: int, *, single: int = SHORT_DATA) -> None:
        self._following = following
        self._single = max(single, SHORT_DATA)
        self.limit = max(limit, self._single)

    def send(self, command: Command) -> Response:
        """Send a command, in segments of 255 bytes when it is too long for one.

        Raises:
            CardError: the data is longer than the card takes; nothing was sent.
        """
        if len(command.data) > self.limit:
            raise CardError(f"this card takes {self.limit} bytes in one command, not {len(command.data)}")
        if len(command.data) <= self._single:
            return self._following.send(command)
        *segments, last = _split(command.data)
        for segment in segments:
            response = self._following.send(replace(command, cla=command.cla | CHAINED, data=segment, expected=0))
            if response.status != 0x9000:
                return response
        return self._following.send(replace(command, data=last))


def build(connection: Connection, *, extended: bool = False) -> Processor:
    """Stack the processors that every card needs; chaining comes with an applet, which states its limit."""
    return GetResponse(CorrectLength(Format(connection, extended=extended)))


def single_data(longest_command: int) -> int:
    """Give the most data bytes of one command: header, three bytes of Lc and two of Le are not data."""
    return max(longest_command - EXTENDED_FRAME, SHORT_DATA)


def _split(data: bytes) -> list[bytes]:
    return [data[at : at + SHORT_DATA] for at in range(0, len(data), SHORT_DATA)] or [b""]


def _count(response: Response) -> int:
    return (response.status & 0xFF) or SHORT_EXPECTED


def _channel(cla: int) -> int:
    """Keep the logical channel of a class byte, drop the rest (ISO/IEC 7816-4:2020 5.4.1)."""
    return cla & 0x4F if cla & 0x40 else cla & 0x03
