"""The way to a selected security domain: in clear at first, through a secure channel once keys are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from yohaku.card.errors import AccessDeniedError, StatusError
from yohaku.globalplatform.keys import KeySet, check_allowed
from yohaku.globalplatform.scp import open_channel
from yohaku.iso7816 import Command, Response, Status
from yohaku.iso7816.apdu import SHORT_DATA

if TYPE_CHECKING:
    from yohaku.card import Card, Selection
    from yohaku.card.pipeline import Processor
    from yohaku.globalplatform.keys import KeySource
    from yohaku.globalplatform.scp import Level, SecureChannel, Terms

CLA = 0x80


class DomainSession:
    """A selected security domain and the channel to it.

    Attributes:
        card: the card.
        channel: the secure channel; None while commands go in clear.
    """

    def __init__(self, selection: Selection) -> None:
        self.card: Card = selection.card
        self.channel: SecureChannel | None = None
        self._selection = selection
        self._way: Processor = selection

    @classmethod
    def select(cls, card: Card, aid: bytes = b"") -> Self:
        """Select a security domain, the card's own (the issuer security domain) by default; commands go in clear."""
        return cls(card.select(aid, name="the security domain"))

    @classmethod
    def open(
        cls,
        card: Card,
        keys: KeySource | None = None,
        *,
        aid: bytes = b"",
        level: Level | None = None,
        allow_test_keys: bool = False,
    ) -> Self:
        """Select a security domain and open a secure channel to it.

        Without keys, an emulated card is opened with the published test keys, and a real one stays in clear: then it
        answers what it tells to anybody, and refuses the rest.

        Raises:
            SecretError: published test keys, and the card is a real one.
            AuthenticationError: keys of host and card differ; nothing that the card counts was sent.
            SecureChannelError: the card has no such key set, blocks it, or does not offer the level.
        """
        domain = cls.select(card, aid)
        source = KeySet.for_tests() if keys is None and card.is_emulator else keys
        if source is not None:
            domain.authenticate(source, level=level, allow_test_keys=allow_test_keys)
        return domain

    def authenticate(self, keys: KeySource, *, level: Level | None = None, allow_test_keys: bool = False) -> Terms:
        """Open a secure channel; from now on each command goes through it.

        Args:
            keys: where the static keys come from.
            level: what to protect; by default all that the card offers.
            allow_test_keys: use published keys on a real card, too.

        Raises:
            SecretError: published test keys, and the card is a real one.
            AuthenticationError: keys of host and card differ.
            SecureChannelError: the card has no such key set, blocks it, or does not offer the level.
        """
        check_allowed(keys, self.card, allow_test_keys=allow_test_keys)
        self.channel = open_channel(self._selection, keys, level=level, aid=self._selection.fci.aid or b"")
        self._way = self.channel
        return self.channel.terms

    @property
    def longest_data(self) -> int:
        """Most bytes of data in one command."""
        return SHORT_DATA if self.channel is None else self.channel.longest_data

    def send(self, ins: int, p1: int, p2: int, data: bytes = b"", *, expected: int = 0) -> Response:
        """Send a command of class 80 to the domain."""
        return self._way.send(Command(CLA, ins, p1, p2, data, expected))

    def check(self, response: Response, action: str, advice: str = "") -> None:
        """Raise unless a command succeeded.

        Raises:
            AccessDeniedError: the card wants a secure channel, or keys that may do more.
            StatusError: it refuses for another reason.
        """
        if response.status == Status.SECURITY_STATUS:
            raise AccessDeniedError(f"{action}: {self._denied()} (6982)")
        if response.status != Status.OK:
            raise StatusError(action, response.status, advice)

    def _denied(self) -> str:
        if self.channel is None:
            return "the card wants a secure channel first; give the keys of its security domain"
        return f"the card does not allow this over a secure channel of level {self.channel.terms.level:02X}"
