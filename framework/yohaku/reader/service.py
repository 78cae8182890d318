"""The PC/SC service through pyscard's low level: the only module that imports it, and only when it is used.

The low level is used because it gives every return code; pyscard's classes fold several into one exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from yohaku.iso7816 import Atr, AtrError
from yohaku.reader.errors import ReaderBusyError, ReaderSupportMissingError, error_for

if TYPE_CHECKING:
    from types import TracebackType

Share = Literal["auto", "exclusive", "shared"]
"""How a card is taken: alone, with other programs, or alone if no other program uses it, else with the others."""
SHARES: tuple[Share, ...] = ("auto", "exclusive", "shared")

_NO_READERS, _TIMEOUT, _BROKEN = 0x8010002E, 0x8010000A, 0x8010002F
_ANY_READER = "\\\\?PnP?\\Notification"
"""The name under which the service tells that a reader came or went (PC/SC part 5, 3.2.6)."""


@dataclass(frozen=True, slots=True)
class ReaderState:
    """A reader and the card in it, as the service sees them; asking changes nothing.

    Attributes:
        name: the reader's name.
        has_card: whether a card is in it.
        is_mute: whether that card gives no answer.
        is_taken: whether a program holds the card alone.
        is_shared: whether programs use the card together.
        atr: the card's answer-to-reset; empty when there is none.
    """

    name: str
    has_card: bool
    is_mute: bool
    is_taken: bool
    is_shared: bool
    atr: bytes


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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def readers(self) -> list[str]:
        """Name the readers that are connected, in the service's order."""
        code, names = self._scard.SCardListReaders(self._context, [])
        if code & 0xFFFFFFFF == _NO_READERS:
            return []
        if code:
            raise error_for(code, "listing readers")
        return list(names)

    def state(self, reader: str) -> ReaderState:
        """Look at a reader without connecting.

        Raises:
            ReaderGoneError: there is no reader of this name.
        """
        _, flags, atr = self._look(reader)
        return ReaderState(
            reader,
            has_card=bool(flags & self._scard.SCARD_STATE_PRESENT),
            is_mute=bool(flags & self._scard.SCARD_STATE_MUTE),
            is_taken=bool(flags & self._scard.SCARD_STATE_EXCLUSIVE),
            is_shared=bool(flags & self._scard.SCARD_STATE_INUSE),
            atr=bytes(atr),
        )

    def wait(self, readers: list[str], seconds: float) -> None:
        """Sleep until something changes in one of the readers, or in which readers there are, or the time is over."""
        names = [*readers, _ANY_READER]
        _, states = self._scard.SCardGetStatusChange(
            self._context, 0, [(name, self._scard.SCARD_STATE_UNAWARE) for name in names]
        )
        known = [(name, flags & ~self._scard.SCARD_STATE_CHANGED) for name, flags, _ in states]
        code, _ = self._scard.SCardGetStatusChange(self._context, int(seconds * 1000), known)
        if code and code & 0xFFFFFFFF != _TIMEOUT:
            raise error_for(code, "waiting for a card")

    def connect(self, reader: str, share: Share = "auto") -> Handle:
        """Connect to the card in a reader.

        The protocols asked for are those that the card's ATR offers: a contactless card offers no T=0.

        Raises:
            ReaderBusyError: another program holds the card.
            NoCardInReaderError: no card is there, or it gives no answer.
        """
        protocols = self._protocols(reader)
        if share == "shared":
            return self._connect(reader, protocols, is_shared=True)
        try:
            return self._connect(reader, protocols, is_shared=False)
        except ReaderBusyError:
            if share == "exclusive":
                raise
            return self._connect(reader, protocols, is_shared=True)

    def _connect(self, reader: str, protocols: int, *, is_shared: bool) -> Handle:
        mode = self._scard.SCARD_SHARE_SHARED if is_shared else self._scard.SCARD_SHARE_EXCLUSIVE
        card, active = self._call(f"connecting to {reader}", "SCardConnect", self._context, reader, mode, protocols)
        return Handle(self._scard, card, reader, mode, protocols, active)

    def _protocols(self, reader: str) -> int:
        bits = {0: self._scard.SCARD_PROTOCOL_T0, 1: self._scard.SCARD_PROTOCOL_T1}
        any_of_them: int = bits[0] | bits[1]
        try:
            atr = Atr.from_bytes(bytes(self._look(reader)[2]))
        except AtrError:
            return any_of_them
        offered = (1,) if atr.is_contactless else atr.protocols
        return sum(bits[number] for number in offered if number in bits) or any_of_them

    def _look(self, reader: str) -> tuple[str, int, list[int]]:
        """Ask for state and ATR without connecting."""
        states = [(reader, self._scard.SCARD_STATE_UNAWARE)]
        (answers,) = self._call(f"looking into {reader}", "SCardGetStatusChange", self._context, 0, states)
        found: tuple[str, int, list[int]] = answers[0]
        return found

    def _call(self, doing: str, function: str, *arguments: Any) -> list[Any]:
        results: list[Any] = getattr(self._scard, function)(*arguments)
        if results[0]:
            raise error_for(results[0], doing)
        return results[1:]


class Handle:
    """A connected card."""

    def __init__(self, scard: Any, card: Any, reader: str, mode: int, offered: int, protocol: int) -> None:
        self._scard, self._card, self._reader, self._mode = scard, card, reader, mode
        self._offered, self._protocol = offered, protocol

    @property
    def is_shared(self) -> bool:
        """Whether other programs may use the card, too."""
        return bool(self._mode == self._scard.SCARD_SHARE_SHARED)

    @property
    def is_t0(self) -> bool:
        """Whether the protocol in use is T=0."""
        return bool(self._protocol == self._scard.SCARD_PROTOCOL_T0)

    def transmit(self, command: bytes) -> bytes:
        """Send a command APDU; give the response APDU.

        A card that goes during a command may leave an empty answer instead of a return code.
        """
        header = self._scard.SCARD_PCI_T0 if self.is_t0 else self._scard.SCARD_PCI_T1
        code, response = self._scard.SCardTransmit(self._card, header, list(command))
        self._check(code, "sending a command to")
        if not response:
            raise error_for(_BROKEN, f"sending a command to {self._reader}")
        return bytes(response)

    def atr(self) -> bytes:
        """Ask for the answer-to-reset of the last reset."""
        code, _reader, _state, _protocol, atr = self._scard.SCardStatus(self._card)
        self._check(code, "asking the state of")
        return bytes(atr)

    def begin(self) -> None:
        """Wait until no other program has the card, then keep them all away until `end`.

        Raises:
            CardResetError: another program reset the card meanwhile.
        """
        self._check(self._scard.SCardBeginTransaction(self._card), "taking the card in")

    def end(self) -> None:
        """Let other programs have the card."""
        self._scard.SCardEndTransaction(self._card, self._scard.SCARD_LEAVE_CARD)

    def resume(self) -> None:
        """Go on after another program reset the card: nothing is selected or verified any more."""
        self._reconnect(self._scard.SCARD_LEAVE_CARD, "going on with the card in")

    def reset(self) -> None:
        """Reset the card without taking its power."""
        self._reconnect(self._scard.SCARD_RESET_CARD, "resetting the card in")

    def _reconnect(self, first: int, doing: str) -> None:
        code, self._protocol = self._scard.SCardReconnect(self._card, self._mode, self._offered, first)
        self._check(code, doing)

    def disconnect(self) -> None:
        """Reset the card, so that nobody inherits what was verified, and give it back."""
        self._scard.SCardDisconnect(self._card, self._scard.SCARD_RESET_CARD)

    def _check(self, code: int, doing: str) -> None:
        if code:
            raise error_for(code, f"{doing} {self._reader}")
