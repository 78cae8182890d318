"""Which version of the container a card has, and whether an applet can do with it (container 1.1, chapter 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.card.errors import CardError, StatusError
from yohaku.globalplatform.wire import LOAD_FILE
from yohaku.iso7816 import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.globalplatform.domain import SecurityDomain
    from yohaku.schema import Applet

EXTENDED = (1, 1)
"""The version that knows purses and PINs that can be disabled."""


class ContainerTooOldError(CardError):
    """The card's container is of an earlier version than the applet needs; nothing was changed."""


def install_container(domain: SecurityDomain, applet: type[Applet], aid: bytes, descriptor: bytes) -> None:
    """Install an instance for an applet; a card whose container is too old is not tried.

    Raises:
        ContainerTooOldError: the container does not know what the applet declares.
        NoSpaceError, AccessDeniedError, StatusError: as `SecurityDomain.install` says.
    """
    needed = ", ".join(_needed(applet))
    version = _version(domain) if needed else None
    if version is not None and version < EXTENDED:
        raise _too_old(applet, needed, f"has version {version[0]}.{version[1]}")
    try:
        domain.install(aid, descriptor)
    except StatusError as error:
        if needed and version is None and error.status == Status.WRONG_DATA:
            raise _too_old(applet, needed, "states no version and refused the descriptor (6A80)") from error
        raise


def _needed(applet: type[Applet]) -> Iterator[str]:
    """Name the parts that an early container does not know."""
    yield from (f"purse {name}" for name in applet.purses())
    yield from (f"PIN {name} that can be disabled" for name, pin in applet.pins().items() if pin.can_disable)


def _version(domain: SecurityDomain) -> tuple[int, ...] | None:
    """Ask the registry which version of the container's load file the card has; None when it does not say."""
    told = (entry.version for entry in domain.load_files() if entry.aid == LOAD_FILE)
    return next((tuple(version) for version in told if version), None)


def _too_old(applet: type[Applet], needed: str, found: str) -> ContainerTooOldError:
    return ContainerTooOldError(
        f"{applet.name} has {needed}, for which the card's container must be of version 1.1 or later; it {found}. "
        "Load a newer container, or leave that part out. Nothing was changed"
    )
