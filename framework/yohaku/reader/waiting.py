"""Waiting at a reader: for a card to be inserted, and for other programs to give it back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yohaku.reader.choice import fitting, pick
from yohaku.reader.errors import NoCardInReaderError, ReaderBusyError, WaitedTooLongError
from yohaku.reader.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.reader.service import Handle, ReaderState, Share

    Progress = Callable[["Waiting"], None]

STEP = 0.5
"""Seconds between two calls of ``progress``; a card that comes is noticed at once."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a wait goes.

    Attributes:
        text: what is waited for.
        seconds: how long so far.
    """

    text: str
    seconds: float


def wait_for_card(wanted: str = "", *, timeout: float = 60.0, progress: Progress | None = None) -> str:
    """Wait until a card is in a reader; give the reader's name.

    Args:
        wanted: the reader's name or a part of it; empty for any.
        timeout: most seconds to wait.
        progress: called about twice a second, for a line such as "insert a card into ...".

    Raises:
        WaitedTooLongError: no card came in time.
        ReaderChoiceError: cards are in several readers that fit.
        ReaderSupportMissingError, ServiceError: there is no PC/SC service.
    """
    with Service() as service:
        return wait_within(service, wanted, timeout, progress)


def wait_within(service: Service, wanted: str, timeout: float, progress: Progress | None = None) -> str:
    """Wait for a card as `wait_for_card` does, with a service that is open."""
    start = time.monotonic()
    while True:
        names = fitting(wanted, service.readers())
        states = [service.state(name) for name in names]
        if ready := [state.name for state in states if state.has_card and not state.is_mute]:
            return pick("", ready)
        text, passed = _wanted(wanted, states), time.monotonic() - start
        if passed >= timeout:
            raise WaitedTooLongError(f"{text}: waited {timeout:g} seconds; try again when it is there")
        if progress is not None:
            progress(Waiting(text, passed))
        service.wait(names, min(STEP, timeout - passed))


def connect_within(
    service: Service, reader: str, share: Share, timeout: float, progress: Progress | None = None
) -> Handle:
    """Connect to a card, trying again for ``timeout`` seconds while another program holds it or it starts up."""
    start = told = time.monotonic()
    while True:
        try:
            return service.connect(reader, share)
        except (ReaderBusyError, NoCardInReaderError) as error:
            now = time.monotonic()
            if now - start >= timeout:
                raise
            if progress is not None and now - told >= STEP:
                progress(Waiting(str(error), now - start))
                told = now
            time.sleep(min(0.05, timeout))


def _wanted(wanted: str, states: list[ReaderState]) -> str:
    if not states:
        return f"plug in a reader{f' with {wanted!r} in its name' if wanted else ''}"
    if mute := [state.name for state in states if state.is_mute]:
        return f"the card in {mute[0]} gives no answer: turn it over, clean its contacts, insert it again"
    return f"insert a card into {' or '.join(state.name for state in states)}"
