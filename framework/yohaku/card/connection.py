"""What a link to a card must offer, and how a URL such as ``emulator:PATH`` or ``pcsc:NAME`` finds one.

Links live in other packages, known here by the entry-point group ``yohaku.links`` only: a name is a scheme,
its object a callable that takes the rest of the URL and gives a `Link`.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from yohaku.card.errors import TargetError
from yohaku.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.metadata import EntryPoint

LINKS = "yohaku.links"
"""The entry-point group of links."""


class Connection(Protocol):
    """The one method that everything above a link needs."""

    def transmit(self, command: bytes, /) -> bytes:
        """Send a command APDU and return the response APDU, data and status word."""
        ...


class Link(Connection, Protocol):
    """A powered card behind something: a reader, a socket, a program in the same process."""

    @property
    def atr(self) -> bytes:
        """The answer-to-reset of the last reset."""
        ...

    @property
    def name(self) -> str:
        """What a person calls this link, such as the reader's name."""
        ...

    @property
    def is_emulator(self) -> bool:
        """Whether no real card can be harmed here."""
        ...

    def reset(self) -> bytes:
        """Reset the card and return its answer-to-reset; everything that was verified is forgotten."""
        ...

    def close(self) -> None:
        """Give the card back; a second call does nothing."""
        ...


@runtime_checkable
class SharedLink(Protocol):
    """A link whose card other programs may use, too: it keeps them away from its first command on."""

    def release(self) -> None:
        """Let other programs use the card until the next command."""
        ...


@runtime_checkable
class LimitedLink(Protocol):
    """A link that knows whether it carries extended APDUs; one that says nothing carries them."""

    @property
    def carries_extended(self) -> bool:
        """Whether extended APDUs can travel."""
        ...


def open_link(url: str) -> Link:
    """Open the link that a URL names.

    Raises:
        TargetError: the URL has no scheme.
        UnknownNameError: no installed link has this scheme.
        LinkError: the link's own reasons, as a subclass says.
    """
    opener = cast("Callable[[str], Link]", _entry_point(url).load())
    return opener(url.partition(":")[2])


def check_url(url: str) -> None:
    """Check that a URL says how to reach a card; nothing is opened.

    Raises:
        TargetError: the URL has no scheme.
        UnknownNameError: no installed link has this scheme.
    """
    _entry_point(url)


def _entry_point(url: str) -> EntryPoint:
    scheme, colon, _ = url.partition(":")
    if not colon:
        raise TargetError(f"{url!r} does not say how to reach a card; write one of {_examples(url)}")
    points = {point.name: point for point in entry_points(group=LINKS)}
    if scheme not in points:
        raise UnknownNameError("kind of card link", scheme, sorted(points))
    return points[scheme]


def _examples(place: str) -> str:
    """Write a place behind each scheme there is, such as ``emulator:card.img``."""
    names = sorted(point.name for point in entry_points(group=LINKS))
    return ", ".join(f"{name}:{place}" for name in names)
