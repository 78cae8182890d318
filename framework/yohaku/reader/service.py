"""The PC/SC service through pyscard's low level: the only module that imports it, and only when it is used.

The low level is used because it gives every return code; pyscard's classes fold several into one exception.
"""

from __future__ import annotations

from typing import Any

from yohaku.iso7816 import Atr, AtrError
from yohaku.reader.errors import ReaderBusyError, ReaderSupportMissingError, error_for

_NO_READERS = 0x8010002E


def _scard() -> Any:
    try:
        from smartcard import scard
    except ImportError as error:
        raise ReaderSupportMissingError(
            "readers need pyscard, which is not installed: apt install pcscd libpcsclite-dev swig gcc, "
            "then pip install 'yohaku[reader]'"
        ) from error
    return scard


class Service:
    """One context of the PC/SC service.

    Raises:
        ReaderSupportMissingError: pyscard is not installed.
        ServiceError: the service does not run.
    """

    def __init__(self) -> None:
        self._scard = _scard()
        (self._context,) = self._call(
            "reaching the PC/SC service", "SCardEstablishContext", self._scard.SCARD_SCOPE_USER
        )

    def close(self) -> None:
        """Give the context back."""
        self._scard.SCardReleaseContext(self._context)

    def readers(self) -> list[str]:
        """Name the readers that are connected, in the service's order."""
        code, names = self._scard.SCardListReaders(self._context, [])
        if code & 0xFFFFFFFF == _NO_READERS:
            return []
        if code:
            raise error_for(code, "listing readers")
        return list(names)

    def connect(self, reader: str) -> Handle:
        """Connect to the card in a reader: alone if no other program uses it, else with the others.

        The protocols asked for are those that the card's ATR offers: a contactless card offers no T=0.
        """
        protocols = self._protocols(reader)
        try:
            return self._connect(reader, self._scard.SCARD_SHARE_EXCLUSIVE, protocols)
        except ReaderBusyError:
            return self._connect(reader, self._scard.SCARD_SHARE_SHARED, protocols)

    def _connect(self, reader: str, mode: int, protocols: int) -> Handle:
        card, active = self._call(f"connecting to {reader}", "SCardConnect", self._context, reader, mode, protocols)
        return Handle(self._scard, card, reader, mode, active)

    def _protocols(self, reader: str) -> int:
        bits = {0: self._scard.SCARD_PROTOCOL_T0, 1: self._scard.SCARD_PROTOCOL_T1}
        any_of_them: int = bits[0] | bits[1]
        try:
            atr = Atr.from_bytes(self._atr(reader))
        except AtrError:
            return any_of_them
        offered = (1,) if atr.is_contactless else atr.protocols
        return sum(bits[number] for number in offered if number in bits) or any_of_them

    def _atr(self, reader: str) -> bytes:
        """Ask for the ATR without connecting; empty when no card is there."""
        states = [(reader, self._scard.SCARD_STATE_UNAWARE)]
        (answers,) = self._call(f"looking into {reader}", "SCardGetStatusChange", self._context, 0, states)
        return bytes(answers[0][2])

    def _call(self, doing: str, function: str, *arguments: Any) -> list[Any]:
        results: list[Any] = getattr(self._scard, function)(*arguments)
        if results[0]:
            raise error_for(results[0], doing)
        return results[1:]


class Handle:
    """A connected card."""

    def __init__(self, scard: Any, card: Any, reader: str, mode: int, protocol: int) -> None:
        self._scard, self._card, self._reader, self._mode = scard, card, reader, mode
        self._protocol = protocol

    @property
    def is_t0(self) -> bool:
        """Whether the protocol in use is T=0."""
        return bool(self._protocol == self._scard.SCARD_PROTOCOL_T0)

    def transmit(self, command: bytes) -> bytes:
        """Send a command APDU; give the response APDU."""
        header = self._scard.SCARD_PCI_T0 if self.is_t0 else self._scard.SCARD_PCI_T1
        code, response = self._scard.SCardTransmit(self._card, header, list(command))
        self._check(code, "sending a command to")
        return bytes(response)

    def atr(self) -> bytes:
        """Ask for the answer-to-reset of the last reset."""
        code, _reader, _state, _protocol, atr = self._scard.SCardStatus(self._card)
        self._check(code, "asking the state of")
        return bytes(atr)

    def reset(self) -> None:
        """Reset the card without taking its power."""
        offered = self._scard.SCARD_PROTOCOL_T0 | self._scard.SCARD_PROTOCOL_T1
        code, self._protocol = self._scard.SCardReconnect(self._card, self._mode, offered, self._scard.SCARD_RESET_CARD)
        self._check(code, "resetting the card in")

    def disconnect(self) -> None:
        """Reset the card, so that nobody inherits what was verified, and give it back."""
        self._scard.SCardDisconnect(self._card, self._scard.SCARD_RESET_CARD)

    def _check(self, code: int, doing: str) -> None:
        if code:
            raise error_for(code, f"{doing} {self._reader}")
