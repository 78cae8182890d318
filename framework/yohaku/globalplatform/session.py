"""The way to a selected security domain: in clear at first, through a secure channel once keys are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from yohaku.card.errors import AccessDeniedError, StatusError
from yohaku.codec.ber import length_bytes
from yohaku.globalplatform.keys import KeySet, check_allowed
from yohaku.globalplatform.scp import EVERYTHING, open_channel
from yohaku.globalplatform.tokens import parse_receipt, token_input
from yohaku.iso7816 import Command, Instruction, Response, Status
from yohaku.iso7816.apdu import SHORT_DATA
from yohaku.iso7816.tlv import Tlv

if TYPE_CHECKING:
    from yohaku.card import Card, Selection
    from yohaku.card.pipeline import Processor
    from yohaku.globalplatform.keys import KeySource
    from yohaku.globalplatform.scp import Level, SecureChannel, Terms
    from yohaku.globalplatform.tokens import Receipt, Signer

CLA = 0x80


class DomainSession:
    """A selected security domain and the channel to it.

    Attributes:
        card: the card.
        channel: the secure channel; None while commands go in clear.
        tokens: signs each change of the card's content, for a domain to which management is delegated.
        receipts: what the card confirmed of such changes, in their order.
    """

    def __init__(self, selection: Selection) -> None:
        self.card: Card = selection.card
        self.channel: SecureChannel | None = None
        self.tokens: Signer | None = None
        self.receipts: list[Receipt] = []
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
        at_most: Level = EVERYTHING,
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
            domain.authenticate(source, level=level, at_most=at_most, allow_test_keys=allow_test_keys)
        return domain

    def authenticate(
        self,
        keys: KeySource,
        *,
        level: Level | None = None,
        at_most: Level = EVERYTHING,
        allow_test_keys: bool = False,
    ) -> Terms:
        """Open a secure channel; from now on each command goes through it.

        Args:
            keys: where the static keys come from.
            level: what to protect; by default all that the card offers of ``at_most``.
            at_most: what to protect where the card offers it.
            allow_test_keys: use published keys on a real card, too.

        Raises:
            SecretError: published test keys, and the card is a real one.
            AuthenticationError: keys of host and card differ.
            SecureChannelError: the card has no such key set, blocks it, or does not offer the level.
        """
        check_allowed(keys, self.card, allow_test_keys=allow_test_keys)
        aid = self._selection.fci.aid or b""
        self.channel = open_channel(self._selection, keys, level=level, at_most=at_most, aid=aid)
        self._way = self.channel
        return self.channel.terms

    @property
    def longest_data(self) -> int:
        """Most bytes of data in one command."""
        return SHORT_DATA if self.channel is None else self.channel.longest_data

    def send(self, ins: int, p1: int, p2: int, data: bytes = b"", *, expected: int = 0) -> Response:
        """Send a command of class 80 to the domain."""
        return self._way.send(Command(CLA, ins, p1, p2, data, expected))

    def change(self, ins: int, p1: int, data: bytes, *, p2: int = 0) -> Response:
        """Send a command that changes the card's content, with a token where one signs them; keep its receipt.

        Args:
            ins: INSTALL or DELETE.
            p1: first parameter byte.
            data: its data; that of INSTALL ends with an empty token field.
            p2: second parameter byte.
        """
        if self.tokens is not None:
            data = self._with_token(ins, p1, p2, data, self.tokens)
        response = self.send(ins, p1, p2, data, expected=256)
        self.keep_receipt(response)
        return response

    def keep_receipt(self, response: Response) -> None:
        """Keep the receipt that an answer may hold."""
        receipt = parse_receipt(response.data) if response.status == Status.OK else None
        if receipt is not None:
            self.receipts.append(receipt)

    def _with_token(self, ins: int, p1: int, p2: int, data: bytes, signer: Signer) -> bytes:
        """Sign a command (C.4): the token takes the place of the empty field of INSTALL, or follows in a tag."""
        if ins == Instruction.DELETE:
            return data + Tlv(0x9E, signer.sign(token_input(p1, p2, data))).to_bytes()
        unsigned = data[:-1]
        token = signer.sign(token_input(p1, p2, unsigned))
        return unsigned + length_bytes(len(token)) + token

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
