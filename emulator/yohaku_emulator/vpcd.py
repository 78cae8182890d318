"""The emulated card in pcscd's virtual reader (vsmartcard's vpcd): the card dials the reader and answers it.

The protocol: both sides send a length of two bytes, big-endian, and so many bytes. One byte is a control code, more are
a command APDU. The reader's driver always begins; it takes an empty answer for a card that was pulled.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

from yohaku_emulator.errors import LinkError, PowerCut

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from yohaku_emulator.link import EmulatorLink

PORT: Final = 0x8C7B
"""TCP port of the first slot; slot n listens n ports further on."""
_POWER_OFF, _POWER_ON, _RESET, _GET_ATR = 0, 1, 2, 4
_PATIENCE: Final = 5.0
"""Seconds that the reader has to take the card in."""
AGAIN: Final = 0.5
"""Seconds between two attempts to find a reader."""


class InsertedCard:
    """A card in a slot of the virtual reader, until it is pulled.

    Attributes:
        link: the card.
        slot: where it is.
        commands: how many it answered.
        lost_power: whether it left the reader because its power went.

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
        self.lost_power = False
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
            self.lost_power = True
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


class StayingCard:
    """A card that is put into a slot as soon as there is a reader, and again when the reader was gone meanwhile.

    Attributes:
        link: the card.
        slot: where it belongs.
        commands: how many it answered.

    Args:
        link: the card.
        slot: which slot, from 0.
        host: where the driver listens.
        told: gets a sentence when the card is taken in, and when it waits for a reader.
    """

    def __init__(
        self, link: EmulatorLink, *, slot: int = 0, host: str = "127.0.0.1", told: Callable[[str], None]
    ) -> None:
        self.link, self.slot = link, slot
        self.commands = 0
        self._host, self._told = host, told
        self._is_pulled = threading.Event()
        self._changing = threading.Lock()
        self._inserted: InsertedCard | None = None

    def serve(self) -> None:
        """Answer every reader that comes, until the card is pulled or loses its power."""
        is_waiting = False
        while not self._is_pulled.is_set():
            try:
                inserted = InsertedCard(self.link, slot=self.slot, host=self._host)
            except LinkError as error:
                if not is_waiting:
                    self._told(f"{error}; waiting for it")
                is_waiting = True
                self._is_pulled.wait(AGAIN)
                continue
            is_waiting = False
            self._told(f"{self.link.name} is in slot {self.slot}, as pcsc:Virtual PCD 00 {self.slot:02}")
            self._stay(inserted)
            if inserted.lost_power:
                return

    def _stay(self, inserted: InsertedCard) -> None:
        """Serve one reader; one that goes away takes the power with it."""
        with self._changing:
            self._inserted = inserted
            if self._is_pulled.is_set():
                inserted.pull()
        inserted.serve()
        inserted.pull()
        self.commands += inserted.commands
        self.link.card.power_off()

    def pull(self) -> None:
        """Take the card out for good; ``serve`` ends. Harmless when repeated."""
        with self._changing:
            self._is_pulled.set()
            if self._inserted is not None:
                self._inserted.pull()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pull()
        self.link.close()
