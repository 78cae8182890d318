"""Where a test run's cards come from: forks of an emulated card prepared once, or the one real card that was named."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from yohaku.card import AppletNotInstalledError, Card, CardError, Link, Secrets, open_link
from yohaku.globalplatform import KeySet, SecurityDomain, delete_applet, load_applet
from yohaku.globalplatform.batch import identity
from yohaku.schema import RecordFile
from yohaku.testing.suite.cuts import Recording
from yohaku_emulator.link import EmulatorLink, open_copy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yohaku.globalplatform import KeySource
    from yohaku.schema import Applet, File, Record
    from yohaku_emulator import EmulatedCard

    Contents = Mapping[str, Record | Sequence[Record]]

EMULATOR = "emulator:"
"""How the URL of a card starts that no test can harm."""
RECORDS = 2
"""Records that a record file of a prepared card holds, room provided."""


class WrongCardError(CardError):
    """The card in the reader is not the one that was named; nothing was changed on it."""


class Cards(Protocol):
    """A source of cards.

    Attributes:
        is_real: whether it has one card only, which wears out and cannot be forked.
    """

    is_real: bool

    def blank(self) -> Card:
        """Give a connected card without the applets that tests loaded."""
        ...

    def loaded(self, applet: type[Applet], contents: Contents | None = None) -> Card:
        """Give a connected card with an applet freshly loaded; with example contents when none are given."""
        ...

    def link(self) -> Link:
        """Give a link to a blank card."""
        ...

    def load(self, card: Card, applet: type[Applet], contents: Contents) -> None:
        """Load an applet on a card that came from here, in place of what has its AID."""
        ...

    def domain(self, card: Card) -> SecurityDomain:
        """Open the security domain of a card that came from here."""
        ...

    def secrets(self, applet: type[Applet]) -> Secrets:
        """Give the values of PINs and keys that a loaded applet has."""
        ...

    def close(self) -> None:
        """Give up what is still in use."""
        ...


class EmulatedCards:
    """Cards in memory: each is a fork of one prepared before, so that a fresh one costs next to nothing.

    Args:
        url: ``emulator:`` and what may follow it; an image file is copied, never changed.
    """

    is_real = False

    def __init__(self, url: str = EMULATOR) -> None:
        self._name = url
        self._blank = open_copy(url.removeprefix(EMULATOR)).card
        self._prepared: dict[tuple[type[Applet], str], EmulatedCard] = {}
        self._filled: dict[tuple[type[Applet], int], tuple[Contents, EmulatedCard]] = {}

    def connect(self, card: EmulatedCard) -> Card:
        """Reset an emulated card and connect to it."""
        return Card(EmulatorLink(card, self._name))

    def record(self, chip: EmulatedCard) -> Recording:
        """Reset an emulated card and give a link that records what is written."""
        return Recording(chip, self._name)

    def chip(self, applet: type[Applet] | None = None, *, without: str = "") -> EmulatedCard:
        """Give an emulated card to oneself, with an applet and example contents, or as delivered.

        Args:
            applet: the applet; none for a card as delivered.
            without: a file that starts empty.
        """
        if applet is None:
            return self._blank.fork()
        if (applet, without) not in self._prepared:
            made = self._blank.fork()
            self.load(self.connect(made), applet, {k: v for k, v in examples(applet).items() if k != without})
            self._prepared[applet, without] = made
        return self._prepared[applet, without].fork()

    def blank(self) -> Card:
        """Give a connected card as delivered."""
        return self.connect(self.chip())

    def link(self) -> Link:
        """Give a link to a card as delivered."""
        return EmulatorLink(self.chip(), self._name)

    def loaded(self, applet: type[Applet], contents: Contents | None = None) -> Card:
        """Give a connected card with an applet freshly loaded; with example contents when none are given."""
        if contents is None:
            return self.connect(self.chip(applet))
        key = applet, id(contents)
        if key not in self._filled:
            made = self._blank.fork()
            self.load(self.connect(made), applet, contents)
            self._filled[key] = contents, made
        return self.connect(self._filled[key][1].fork())

    def load(self, card: Card, applet: type[Applet], contents: Contents) -> None:
        """Load an applet on a card."""
        load_applet(card, applet, secrets=self.secrets(applet), contents=contents)

    def domain(self, card: Card) -> SecurityDomain:
        """Open a card's security domain with the published test keys."""
        return SecurityDomain.open(card)

    def secrets(self, applet: type[Applet]) -> Secrets:
        """Give the published test values."""
        return Secrets.for_tests(applet)

    def close(self) -> None:
        """Do nothing: memory goes by itself."""


class RealCard:
    """The one card in a reader, whose serial number somebody named: tests load and delete applets on it.

    Args:
        url: of the reader.
        serial: what `identity` calls the card, in hex.
        keys: of its security domain.
    """

    is_real = True

    def __init__(self, url: str, serial: str, keys: KeySource) -> None:
        self._url, self._serial, self._keys = url, serial.lower().replace(" ", ""), keys
        self._link: Link | None = None
        self._loaded: set[bytes] = set()

    def link(self) -> Link:
        """Connect anew, look whether the card is still the one that was named, and delete what tests loaded.

        Raises:
            WrongCardError: it is another card.
        """
        if self._link is not None:
            self._link.close()
        self._link = open_link(self._url)
        card = Card(self._link)
        found = identity(card)
        if found != self._serial:
            self._link.close()
            raise WrongCardError(
                f"the card at {self._url} has serial {found}, the card named for tests has {self._serial}; nothing was "
                f"changed. Insert that card, or name this one if it may be written to: --yohaku-card-serial {found}"
            )
        while self._loaded:
            self._delete(card, self._loaded.pop())
        return self._link

    def blank(self) -> Card:
        """Connect, and delete what tests loaded."""
        return Card(self.link())

    def loaded(self, applet: type[Applet], contents: Contents | None = None) -> Card:
        """Connect, and load an applet."""
        card = self.blank()
        self.load(card, applet, examples(applet) if contents is None else contents)
        return card

    def load(self, card: Card, applet: type[Applet], contents: Contents) -> None:
        """Load an applet on the card; one of its AID that is there is deleted."""
        self._delete(card, applet.aid)
        self._loaded.add(bytes(applet.aid))
        values: dict[str, Any] = {"secrets": self.secrets(applet), "contents": contents}
        load_applet(card, applet, keys=self._keys, allow_test_keys=True, **values)

    def _delete(self, card: Card, aid: bytes) -> None:
        with suppress(AppletNotInstalledError):
            delete_applet(card, aid, keys=self._keys, allow_test_keys=True)

    def domain(self, card: Card) -> SecurityDomain:
        """Open the card's security domain."""
        return SecurityDomain.open(card, self._keys, allow_test_keys=True)

    def secrets(self, applet: type[Applet]) -> Secrets:
        """Give the published test values: this card is named, so that it is one to test with."""
        return Secrets.for_tests(applet, on_real_cards=True)

    def close(self) -> None:
        """Delete what tests loaded, and give the card back."""
        if self._loaded:
            self.link()
        if self._link is not None:
            self._link.close()


def cards_at(url: str, serial: str = "", keys: KeySource | None = None) -> Cards:
    """Give the source of cards that a URL names."""
    if url.startswith(EMULATOR):
        return EmulatedCards(url)
    return RealCard(url, serial, keys or KeySet.for_tests())


def examples(applet: type[Applet]) -> dict[str, Record | list[Record]]:
    """Give example contents of every file; record files hold two records, where they have room."""
    return {name: _example(file) for name, file in applet.files().items()}


def _example(file: File[Any]) -> Record | list[Record]:
    record: Record = file.record.example()
    return [record] * min(RECORDS, file.records) if isinstance(file, RecordFile) else record
