"""What is on a card: its applets by AID, with the names that the declarations installed here give them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yohaku.card import AppletNotInstalledError, StatusError
from yohaku.cli import console
from yohaku.cli.targets import installed_applets
from yohaku.globalplatform import SecurityDomain

if TYPE_CHECKING:
    from yohaku.card import Card, Fci
    from yohaku.codec import Json
    from yohaku.globalplatform.keys import KeySource
    from yohaku.schema import Applet


@dataclass(frozen=True)
class Item:
    """One application on a card.

    Attributes:
        aid: its AID.
        declaration: the installed applet of this AID; None when there is none here.
        fci: what it answers when selected; None when it refuses.
    """

    aid: bytes
    declaration: type[Applet] | None
    fci: Fci | None

    @property
    def applet(self) -> str | None:
        """Name of the applet, when its declaration is installed here."""
        return self.declaration.name if self.declaration else None

    @property
    def title(self) -> str | None:
        """Japanese name of the applet, when its declaration is installed here."""
        return self.declaration.title() if self.declaration else None

    @property
    def version(self) -> int | None:
        """Version of its layout, when it is one of ours."""
        return self.fci.version if self.fci and self.fci.is_container else None

    @property
    def state(self) -> str:
        """``ready``, ``incomplete`` after a load that was cut short, or ``foreign`` for what no container holds."""
        if self.fci is None or not self.fci.is_container:
            return "foreign"
        return "ready" if self.fci.is_personalised else "incomplete"

    def to_json(self) -> Json:
        """Give it as JSON, the AID as lower-case hex."""
        return {
            "aid": self.aid.hex(),
            "applet": self.applet,
            "title": self.title,
            "version": self.version,
            "state": self.state,
        }


def inventory(card: Card, keys: KeySource | None = None, *, allow_test_keys: bool = False) -> list[Item]:
    """List the applications on a card, in the card's order; with the keys of its security domain where it wants them.

    Raises:
        YohakuError: the card does not tell.
    """
    known = {bytes(applet.aid): applet for applet in installed_applets()}
    domain = SecurityDomain.open(card, keys, allow_test_keys=allow_test_keys)
    aids = [entry.aid for entry in domain.applications()]
    return [Item(aid, known.get(aid), _fci(card, aid)) for aid in aids]


def _fci(card: Card, aid: bytes) -> Fci | None:
    try:
        return card.select(aid).fci
    except (AppletNotInstalledError, StatusError):
        return None


def print_inventory(items: list[Item]) -> None:
    """Print applications as a table."""
    if not items:
        console.note("no applets on this card yet")
        return
    head = ("APPLET", "TITLE", "VERSION", "STATE", "AID")
    console.table(map(_row, items), head=head)


def _row(item: Item) -> tuple[str, ...]:
    version = "-" if item.version is None else str(item.version)
    return item.applet or "-", item.title or "-", version, item.state, item.aid.hex()
