"""The simplest terminal: raw commands to a card and raw descriptors, to test and measure the card with.

Its commands lean on nothing of the host's side, so a fault there cannot hide one here; only the secure channel to
the issuer security domain is that of `yohaku.globalplatform`. Applications use ``yohaku.card``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from yohaku.errors import YohakuError
from yohaku.globalplatform.keys import KeySet
from yohaku.globalplatform.scp import Level, SecureChannel, open_channel
from yohaku.iso7816 import Command, Instruction, Response, Status, describe
from yohaku_emulator.container import LOAD_FILE, MODULE
from yohaku_emulator.container.descriptor import CYCLIC, FORMAT, LINEAR, PURSE, TRANSPARENT
from yohaku_emulator.crypto import aes_cmac
from yohaku_emulator.lv import tlv

if TYPE_CHECKING:
    from collections.abc import Sequence

ALWAYS: Final = (0,)
NEVER: Final[tuple[int, ...]] = ()
_OPEN: Final = 0x80
_MORE, _WRONG_EXPECTED = 0x61, 0x6C


class Transmitter(Protocol):
    """Whatever takes a command and gives a response."""

    def transmit(self, command: bytes) -> bytes:
        """Send a command APDU; return response data and status word."""
        ...


class RefusedError(YohakuError):
    """The card answered a status word other than 9000."""


class Driver:
    """What a reader's driver does for T=0: it asks again with the length of 6Cxx, and fetches what 61xx announces."""

    def __init__(self, card: Transmitter) -> None:
        self.card = card

    def transmit(self, command: bytes) -> bytes:
        """Send a command APDU; return all its response data and the last status word."""
        answer = self.card.transmit(command)
        if answer[-2] == _WRONG_EXPECTED:
            answer = self.card.transmit(command[:4] + answer[-1:])
        data = answer[:-2]
        while answer[-2] == _MORE:
            fetch = bytes((command[0] & 0x43, Instruction.GET_RESPONSE, 0, 0)) + answer[-1:]
            answer = self.card.transmit(fetch)
            data += answer[:-2]
        return data + answer[-2:]


class Terminal:
    """Sends commands on one logical channel (0 to 19)."""

    def __init__(self, card: Transmitter, channel: int = 0) -> None:
        self.card = card
        self._channel = channel if channel < 4 else 0x40 | channel - 4

    def send(self, ins: int, p1: int = 0, p2: int = 0, data: bytes = b"", le: int = 0, *, cla: int = 0) -> Response:
        """Send a command and return the response, whatever its status word."""
        command = Command(cla | self._channel, ins, p1, p2, data, le)
        return Response.from_bytes(self.card.transmit(command.to_bytes()))

    def do(self, ins: int, p1: int = 0, p2: int = 0, data: bytes = b"", le: int = 0, *, cla: int = 0) -> bytes:
        """Send a command that must succeed and return the response data.

        Raises:
            RefusedError: the status word is not 9000.
        """
        response = self.send(ins, p1, p2, data, le, cla=cla)
        if response.status != Status.OK:
            raise RefusedError(f"instruction {ins:02X}: the card answered {describe(response.status)}")
        return response.data

    def select(self, aid: bytes = b"") -> bytes:
        """Select an application, the issuer security domain by default; return its FCI."""
        return self.do(Instruction.SELECT, 0x04, 0x00, aid, 256)

    def manage(self) -> Management:
        """Select the issuer security domain; open a secure channel with the published test keys if it wants one."""
        self.select()
        raw = Raw(self)
        if self.send(Instruction.GET_STATUS, 0x80, 0x02, b"\x4f\0", 256, cla=_OPEN).status == Status.OK:
            return Management(raw)
        return Management(open_channel(raw, KeySet.for_tests(), level=Level.C_MAC, challenge=bytes))

    def install(self, aid: bytes, descriptor: bytes) -> None:
        """Open the issuer security domain and install a container."""
        self.manage().do(Instruction.INSTALL, 0x0C, 0x00, install_data(aid, descriptor), 256)

    def personalise(self, aid: bytes, *blocks: bytes) -> None:
        """Open the issuer security domain and send blocks of data groups; the last one ends personalisation."""
        domain = self.manage()
        domain.do(Instruction.INSTALL, 0x20, 0x00, b"\0\0" + lv(aid) + bytes(3), 256)
        for number, block in enumerate(blocks):
            last = 0x80 if number == len(blocks) - 1 else 0
            domain.do(Instruction.STORE_DATA, last | 0x08, number, block)

    def delete(self, aid: bytes) -> None:
        """Open the issuer security domain and delete an application."""
        self.manage().do(Instruction.DELETE, 0x00, 0x00, tlv(0x4F, aid), 256)

    def authenticate(self, number: int, key: bytes, aid: bytes) -> Response:
        """Get a challenge and answer it with a key."""
        challenge = self.do(Instruction.GET_CHALLENGE, le=16)
        answer = aes_cmac(key, bytes((0x82, number)) + challenge + aid)
        return self.send(Instruction.EXTERNAL_AUTHENTICATE, 0x00, 0x80 | number, answer)


class Raw:
    """A terminal as a step on a command's way: what a secure channel wants."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def send(self, command: Command) -> Response:
        """Send a command as it is."""
        return self._terminal.send(command.ins, command.p1, command.p2, command.data, command.expected, cla=command.cla)


class Management:
    """The issuer security domain, at the end of a secure channel or in clear."""

    def __init__(self, channel: SecureChannel | Raw) -> None:
        self.channel = channel

    def send(self, ins: int, p1: int = 0, p2: int = 0, data: bytes = b"", le: int = 0) -> Response:
        """Send a command of class 80 and return the response, whatever its status word."""
        return self.channel.send(Command(_OPEN, ins, p1, p2, data, le))

    def do(self, ins: int, p1: int = 0, p2: int = 0, data: bytes = b"", le: int = 0) -> bytes:
        """Send a command that must succeed and return the response data.

        Raises:
            RefusedError: the status word is not 9000.
        """
        response = self.send(ins, p1, p2, data, le)
        if response.status != Status.OK:
            raise RefusedError(f"instruction {ins:02X}: the card answered {describe(response.status)}")
        return response.data


def lv(value: bytes) -> bytes:
    """Write a value after its length, as INSTALL wants it."""
    return tlv(0, value)[1:]


def install_data(aid: bytes, descriptor: bytes) -> bytes:
    """Return the data of INSTALL [for install and make selectable] for a container."""
    return lv(LOAD_FILE) + lv(MODULE) + lv(aid) + b"\x01\x00" + lv(tlv(0xC9, descriptor)) + b"\x00"


def group(kind: int, number: int, value: bytes) -> bytes:
    """Return a data group of STORE DATA: 1 PIN, 2 key, 3 offset and bytes, 4 record."""
    size = bytes((len(value),)) if len(value) < 0xFF else b"\xff" + len(value).to_bytes(2, "big")
    return bytes((kind, number)) + size + value


def rule(masks: Sequence[int]) -> bytes:
    """Write an access rule: any of the masks of credentials opens."""
    return bytes((len(masks),)) + b"".join(mask.to_bytes(2, "big") for mask in masks)


def pin(tries: int, shortest: int, longest: int, *, alphabet: int = 1, reset: Sequence[int] = NEVER) -> bytes:
    """Write a PIN's part of a descriptor."""
    return bytes((tries, shortest, longest, alphabet)) + rule(reset)


def key(algorithm: int = 1, tries: int = 0) -> bytes:
    """Write a key's part of a descriptor."""
    return bytes((algorithm, tries))


def transparent(sfi: int, size: int, *, read: Sequence[int] = ALWAYS, update: Sequence[int] = ALWAYS) -> bytes:
    """Write a transparent file's part of a descriptor."""
    return bytes((TRANSPARENT, sfi)) + size.to_bytes(2, "big") + rule(read) + rule(update)


def linear(
    sfi: int,
    size: int,
    records: int,
    *,
    read: Sequence[int] = ALWAYS,
    update: Sequence[int] = ALWAYS,
    append: Sequence[int] = ALWAYS,
) -> bytes:
    """Write a linear fixed file's part of a descriptor."""
    return bytes((LINEAR, sfi, size, records)) + rule(read) + rule(update) + rule(append)


def cyclic(
    sfi: int,
    size: int,
    records: int,
    *,
    read: Sequence[int] = ALWAYS,
    update: Sequence[int] = ALWAYS,
    append: Sequence[int] = ALWAYS,
) -> bytes:
    """Write a cyclic file's part of a descriptor."""
    return bytes((CYCLIC,)) + linear(sfi, size, records, read=read, update=update, append=append)[1:]


def purse(
    sfi: int,
    entries: int,
    limits: tuple[int, int, int],
    *,
    number: int = 1,
    rules: Sequence[Sequence[int]] = (ALWAYS, ALWAYS, ALWAYS, ALWAYS),
) -> bytes:
    """Write a purse's part of a descriptor: highest balance, credit and debit; rules read, log, credit and debit."""
    head = bytes((PURSE, sfi, number, entries))
    return head + b"".join(limit.to_bytes(4, "big") for limit in limits) + b"".join(map(rule, rules))


def descriptor(
    *, version: int = 1, pins: Sequence[bytes] = (), keys: Sequence[bytes] = (), files: Sequence[bytes] = ()
) -> bytes:
    """Write a descriptor of its parts."""
    head = bytes((FORMAT,)) + version.to_bytes(2, "big") + bytes((len(pins) << 4 | len(keys), len(files)))
    return head + b"".join((*pins, *keys, *files))
