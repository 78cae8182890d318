"""A card in a PC/SC reader as a link of the card layer, and the choice of the reader by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from yohaku.iso7816 import ApduError, Command
from yohaku.reader.errors import ReaderChoiceError, ReaderError
from yohaku.reader.service import Handle, Service

if TYPE_CHECKING:
    from collections.abc import Sequence


def list_readers() -> list[str]:
    """Name the readers that are connected.

    Raises:
        ReaderSupportMissingError: pyscard is not installed.
        ServiceError: the PC/SC service does not run.
    """
    service = Service()
    try:
        return service.readers()
    finally:
        service.close()


def pick(wanted: str, names: Sequence[str]) -> str:
    """Choose the reader that ``wanted`` names: a whole name, or a part that only one has.

    Case does not matter. An empty string is a part of every name, so it chooses the only reader.

    Raises:
        ReaderChoiceError: none or several fit; the message lists those there are.
    """
    if wanted in names:
        return wanted
    fitting = [name for name in names if wanted.lower() in name.lower()]
    if len(fitting) == 1:
        return fitting[0]
    raise ReaderChoiceError(_choice(wanted, names, fitting))


def _choice(wanted: str, names: Sequence[str], fitting: Sequence[str]) -> str:
    if not names:
        return "no reader is connected; plug one in"
    if not fitting:
        return f"no reader has {wanted!r} in its name; there is {_listed(names)}"
    hint = "choose one with pcsc: and a part of its name that no other has"
    return f"{len(fitting)} readers fit{f' {wanted!r}' if wanted else ''}: {_listed(fitting)}; {hint}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


class ReaderLink:
    """The card in one reader, connected until `close`.

    Raises:
        ReaderError: the reader or its card is not to be had; subclasses say why and what to do.
    """

    is_emulator: Literal[False] = False

    def __init__(self, service: Service, reader: str) -> None:
        self.name = reader
        self._service = service
        self._handle: Handle | None = service.connect(reader)
        self._atr = self._connected.atr()

    @property
    def atr(self) -> bytes:
        """The answer-to-reset of the last reset."""
        return self._atr

    def transmit(self, command: bytes, /) -> bytes:
        """Send a command APDU and return the response APDU."""
        handle = self._connected
        return handle.transmit(without_expected(command) if handle.is_t0 else command)

    def reset(self) -> bytes:
        """Reset the card and return its answer-to-reset."""
        self._connected.reset()
        self._atr = self._connected.atr()
        return self._atr

    def close(self) -> None:
        """Reset the card and give it back; a second call does nothing."""
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.disconnect()
            self._service.close()

    @property
    def _connected(self) -> Handle:
        if self._handle is None:
            raise ReaderError(f"{self.name}: the link is closed; connect again")
        return self._handle


def without_expected(command: bytes) -> bytes:
    """Drop Le after command data: T=0 cannot carry both, the card answers 61xx (ISO/IEC 7816-3:2006 12.2)."""
    try:
        parts = Command.from_bytes(command)
    except ApduError:
        return command
    return command[:-1] if parts.data and parts.expected else command


def open_link(name: str) -> ReaderLink:
    """Open the card in the reader of this name, or of this part of a name; empty for the only reader.

    Raises:
        ReaderError: as `pick` and `ReaderLink` say.
    """
    service = Service()
    try:
        return ReaderLink(service, pick(name, service.readers()))
    except BaseException:
        service.close()
        raise
