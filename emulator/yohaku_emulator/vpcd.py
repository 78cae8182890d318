"""The emulated card in pcscd's virtual reader (vsmartcard's vpcd): the card dials the reader and answers it.

The protocol: both sides send a length of two bytes, big-endian, and so many bytes. One byte is a control code, more are
a command APDU. The reader's driver always begins; it takes an empty answer for a card that was pulled.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

from yohaku_emulator.errors import LinkError, PowerCut

if TYPE_CHECKING:
    from types import TracebackType

    from yohaku_emulator.link import EmulatorLink

PORT: Final = 0x8C7B
"""TCP port of the first slot; slot n listens n ports further on."""
_POWER_OFF, _POWER_ON, _RESET, _GET_ATR = 0, 1, 2, 4
_PATIENCE: Final = 5.0
"""Seconds that the reader has to take the card in."""


class InsertedCard:
    """A card in a slot of the virtual reader, until it is pulled.

    Args:
        link: the card.
        slot: which slot, from 0; Debian's driver has two.
        host: where the driver listens; it is this machine unless the driver was set up otherwise.

    Raises:
        LinkError: no driver listens there, or another card is in the slot.
    """

    def __init__(self, link: EmulatorLink, *, slot: int = 0, host: str = "127.0.0.1") -> None:
        self.link, self.slot = link, slot
        self.commands = 0
        try:
            self._socket = socket.create_connection((host, PORT + slot), timeout=_PATIENCE)
        except OSError as error:
            raise LinkError(
                f"no virtual reader takes a card in slot {slot} (port {PORT + slot}: {error.strerror or error}); "
                "install it with apt install pcscd vsmartcard-vpcd, and start pcscd"
            ) from None
        self._socket.settimeout(None)

    def serve(self) -> None:
        """Answer the reader until the card is pulled or the reader goes away."""
        while (head := self._exactly(2)) and (message := self._exactly(int.from_bytes(head, "big"))):
            answer = self._control(message[0]) if len(message) == 1 else self._command(message)
            if answer is None:
                continue
            with suppress(OSError):
                self._socket.sendall(len(answer).to_bytes(2, "big") + answer)

    def _control(self, code: int) -> bytes | None:
        """Follow a control code; polls for the ATR come at any moment and change nothing."""
        if code == _GET_ATR:
            return self.link.atr
        if code == _POWER_OFF:
            self.link.card.power_off()
        elif code in {_POWER_ON, _RESET}:
            with suppress(PowerCut):
                self.link.reset()
        return None

    def _command(self, command: bytes) -> bytes | None:
        """Answer a command; a card without power says nothing and leaves the reader."""
        self.commands += 1
        try:
            return self.link.transmit(command)
        except PowerCut:
            self.pull()
            return None

    def _exactly(self, size: int) -> bytes:
        """Read ``size`` bytes, or none when the connection ended.

        The driver sends length and data apart, so each wait is acknowledged at once: otherwise its kernel holds the
        second part back for 40 ms. Linux forgets the option after each packet.
        """
        data = b""
        while len(data) < size:
            try:
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                part = self._socket.recv(size - len(data))
            except OSError:
                return b""
            if not part:
                return b""
            data += part
        return data

    def pull(self) -> None:
        """Take the card out; ``serve`` ends. Harmless when repeated."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pull()
        self.link.close()
