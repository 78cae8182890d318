"""A card in a PC/SC reader as a link of the card layer."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import parse_qsl

from yohaku.iso7816 import ApduError, Command
from yohaku.reader.choice import pick
from yohaku.reader.errors import CardResetError, ReaderChoiceError, ReaderError
from yohaku.reader.service import SHARES, Handle, ReaderState, Service, Share
from yohaku.reader.waiting import connect_within, wait_within

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.reader.waiting import Progress

T = TypeVar("T")
RESETS = 10
"""How many resets by other programs in a row are waited out before the first command."""


def list_readers() -> list[str]:
    """Name the readers that are connected.

    Raises:
        ReaderSupportMissingError: pyscard is not installed.
        ServiceError: the PC/SC service does not run.
    """
    with Service() as service:
        return service.readers()


def reader_states() -> list[ReaderState]:
    """Look at every reader and the card in it; nothing is sent to a card.

    Raises:
        ReaderSupportMissingError: pyscard is not installed.
        ServiceError: the PC/SC service does not run.
    """
    with Service() as service:
        return [service.state(name) for name in service.readers()]


class ReaderLink:
    """The card in one reader, connected until `close`.

    A card that other programs may use, too, is kept to itself from the first command until `release`: no other
    program can select something else or reset the card in between. Others wait until then.

    Args:
        service: the PC/SC service; closed with the link.
        reader: the reader's whole name.
        share: whether to take the card alone.
        wait: seconds to wait while another program holds the card.
        progress: called while waiting.

    Raises:
        ReaderError: the reader or its card is not to be had; subclasses say why and what to do.
    """

    is_emulator: Literal[False] = False

    def __init__(
        self,
        service: Service,
        reader: str,
        *,
        share: Share = "auto",
        wait: float = 0.0,
        progress: Progress | None = None,
    ) -> None:
        self.name = reader
        self._service = service
        self._share: Share = share
        self._handle: Handle | None = connect_within(service, reader, share, wait, progress)
        self._is_held = False
        self._atr = _settled(self._connected, self._connected.atr)

    @property
    def atr(self) -> bytes:
        """The answer-to-reset of the last reset."""
        return self._atr

    @property
    def carries_extended(self) -> bool:
        """Whether extended APDUs can travel: not over T=0, which has one length byte (ISO/IEC 7816-3:2006 12.2)."""
        return not self._connected.is_t0

    def transmit(self, command: bytes, /) -> bytes:
        """Send a command APDU and return the response APDU.

        Raises:
            CardResetError: another program reset the card; the link can be used again, the card has forgotten all.
            ReaderError: the link broke; `reset` mends it when the card is there again.
        """
        handle = self._connected
        self._hold(handle)
        try:
            return handle.transmit(without_expected(command) if handle.is_t0 else command)
        except CardResetError:
            handle.resume()
            raise

    def _hold(self, handle: Handle) -> None:
        """Keep other programs away; a reset while nothing was ours to lose is no fault."""
        if self._is_held or not handle.is_shared:
            return
        _settled(handle, handle.begin)
        self._is_held = True

    def release(self) -> None:
        """Let other programs use a shared card until the next command; what was verified may be lost by then."""
        if self._is_held:
            self._connected.end()
            self._is_held = False

    def reset(self) -> bytes:
        """Reset the card, connecting anew when it was taken out and is there again; return its answer-to-reset."""
        handle = self._connected
        self.release()
        try:
            handle.reset()
        except ReaderError:
            with suppress(ReaderError):
                handle.disconnect()
            self._handle = handle = self._service.connect(self.name, self._share)
        self._atr = handle.atr()
        return self._atr

    def close(self) -> None:
        """Reset the card and give it back; a second call does nothing."""
        handle, self._handle = self._handle, None
        if handle is not None:
            if self._is_held:
                handle.end()
            handle.disconnect()
            self._service.close()

    @property
    def _connected(self) -> Handle:
        if self._handle is None:
            raise ReaderError(f"{self.name}: the link is closed; connect again")
        return self._handle


def _settled(handle: Handle, step: Callable[[], T]) -> T:
    """Do a step, again when another program's reset came in between; each program resets the card when it leaves."""
    for _ in range(RESETS):
        try:
            return step()
        except CardResetError:
            handle.resume()
    return step()


def without_expected(command: bytes) -> bytes:
    """Drop Le after command data: T=0 cannot carry both, the card answers 61xx (ISO/IEC 7816-3:2006 12.2)."""
    try:
        parts = Command.from_bytes(command)
    except ApduError:
        return command
    return command[:-1] if parts.data and parts.expected else command


def open_link(rest: str, *, progress: Progress | None = None) -> ReaderLink:
    """Open what follows ``pcsc:`` in a card URL.

    Args:
        rest: name of the reader, or a part of it that only one has; empty for the only reader. ``?wait=SECONDS`` may
            follow, to wait for a card and for other programs that hold it, and ``share=exclusive`` or
            ``share=shared``; without it the card is taken alone if no other program uses it.
        progress: called about twice a second while waiting, with what is waited for.

    Raises:
        ReaderError: as `pick` and `ReaderLink` say.
    """
    name, share, wait = _options(rest)
    service = Service()
    try:
        reader = wait_within(service, name, wait, progress) if wait else pick(name, service.readers())
        return ReaderLink(service, reader, share=share, wait=wait, progress=progress)
    except BaseException:
        service.close()
        raise


def _options(rest: str) -> tuple[str, Share, float]:
    name, _, query = rest.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    share, wait = options.pop("share", "auto"), options.pop("wait", "0")
    if options:
        raise ReaderChoiceError(f"unknown option {next(iter(options))!r} in the card URL; there is share and wait")
    named: dict[str, Share] = {one: one for one in SHARES}
    chosen = named.get(share)
    if chosen is None:
        raise ReaderChoiceError(f"share is {share!r} in the card URL; there is {', '.join(SHARES)}")
    if not wait.replace(".", "", 1).isdecimal():
        raise ReaderChoiceError(f"wait is {wait!r} in the card URL; it must be a number of seconds")
    return name, chosen, float(wait)
