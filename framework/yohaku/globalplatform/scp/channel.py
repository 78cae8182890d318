"""The host's end of a secure channel as one more processor on a command's way to the card."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from yohaku.card.errors import ProtocolError, StatusError
from yohaku.globalplatform import ciphers
from yohaku.globalplatform.keys import Role
from yohaku.globalplatform.scp import scp02, scp03
from yohaku.globalplatform.scp.errors import AuthenticationError, SecureChannelError
from yohaku.globalplatform.scp.handshake import Scp02Answer, Scp03Answer, parse_answer
from yohaku.globalplatform.scp.levels import COMMANDS, EVERYTHING, POSSIBLE, Level
from yohaku.globalplatform.wire import WireError
from yohaku.iso7816 import Command, Response, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.card.pipeline import Processor
    from yohaku.globalplatform.keys import KeySource, StaticKeys

INITIALIZE_UPDATE = 0x50
_SHORT, _LONG = 8, 16
_AUTHENTICATING = "authenticating to the security domain"


class HostSession(Protocol):
    """The host's side of a session, whichever the protocol."""

    level: Level

    def longest_data(self, most: int) -> int:
        """Give the most bytes of plain data that fit in ``most`` bytes of secured data."""
        ...

    def external_authenticate(self, level: Level) -> Command:
        """Make the command that proves the host's keys."""
        ...

    def wrap(self, command: Command) -> Command:
        """Protect a command."""
        ...

    def unwrap(self, response: Response) -> Response:
        """Check and open a response."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """What card and host agreed on when the channel was opened.

    Attributes:
        protocol: 2 or 3.
        options: the byte i; None under SCP02, which does not tell it.
        version: key version number of the set in use.
        level: what is protected.
        counter: the card's sequence counter for this key set; None when it does not tell.
        diversification: key diversification data of the card.
        expected_challenge: whether a pseudo-random card challenge is the one that the keys give; None when it is
            random, or when the domain's AID was not given.
    """

    protocol: int
    options: int | None
    version: int
    level: Level
    counter: int | None
    diversification: bytes
    expected_challenge: bool | None = None


class SecureChannel:
    """A session with a security domain; it ends with the first message that is not authentic.

    Attributes:
        terms: what was agreed on.
    """

    def __init__(
        self, following: Processor, session: HostSession, terms: Terms, encrypt: Callable[[bytes], bytes]
    ) -> None:
        self._following, self._session, self._encrypt = following, session, encrypt
        self.terms, self._ended = terms, False

    @property
    def longest_data(self) -> int:
        """Most bytes of plain data in one command."""
        return self._session.longest_data(255)

    @property
    def key_block(self) -> int:
        """Bytes of a block of the cipher that encrypts keys."""
        return ciphers.AES_BLOCK if self.terms.protocol == scp03.PROTOCOL else ciphers.DES_BLOCK

    def encrypt_secret(self, data: bytes) -> bytes:
        """Encrypt whole blocks of a key or another secret for the card's eyes only (DEK)."""
        return self._encrypt(data)

    def send(self, command: Command) -> Response:
        """Protect a command, send it, and check and open its response.

        Raises:
            SecureChannelError: the channel has ended, or ends here.
        """
        if self._ended:
            raise SecureChannelError("the secure channel has ended; open a new one")
        secured = self._session.wrap(command)
        wants = secured.expected or (256 if self.terms.level & Level.R_MAC else 0)
        self._ended = True
        response = self._session.unwrap(self._following.send(replace(secured, expected=wants)))
        self._ended = False
        return response

    def __repr__(self) -> str:
        return f"<SecureChannel: SCP{self.terms.protocol:02}, level {self.terms.level:02X}>"


def open_channel(
    following: Processor,
    keys: KeySource,
    *,
    level: Level | None = None,
    at_most: Level = EVERYTHING,
    aid: bytes = b"",
    challenge: Callable[[int], bytes] = secrets.token_bytes,
) -> SecureChannel:
    """Open a secure channel to the selected security domain, by whichever protocol it answers.

    A card whose proof does not fit the keys is told nothing, so that no try is spent on wrong keys.

    Args:
        following: the way to the security domain, which must be selected.
        keys: where the static keys come from.
        level: what to protect; by default all that the card offers of ``at_most``.
        at_most: what to protect where the card offers it.
        aid: the domain's AID, to check a pseudo-random card challenge.
        challenge: draws that many random bytes.

    Raises:
        AuthenticationError: keys of host and card differ.
        SecureChannelError: the card has no such key set, blocks it, or does not offer the level.
        StatusError: the card refuses for another reason.
    """
    handshake = _Handshake(following, keys, aid, challenge)
    return handshake.run(level, at_most)


class _Handshake:
    """One opening of a channel on its way."""

    def __init__(self, following: Processor, keys: KeySource, aid: bytes, challenge: Callable[[int], bytes]) -> None:
        self.following, self.keys, self.aid, self.draw = following, keys, aid, challenge

    def run(self, level: Level | None, at_most: Level) -> SecureChannel:
        self.challenge, answer = self._initialize()
        static = self.keys.keys_for(answer.diversification, answer.PROTOCOL)
        if isinstance(answer, Scp02Answer):
            return self._scp02(answer, static, COMMANDS & at_most if level is None else level)
        return self._scp03(answer, static, _strongest(answer.options[0], at_most) if level is None else level)

    def _initialize(self) -> tuple[bytes, Scp02Answer | Scp03Answer]:
        """INITIALIZE UPDATE; a card in mode S16 answers 6700 to a short challenge."""
        for size in (_SHORT, _LONG):
            challenge = self.draw(size)
            command = Command(0x80, INITIALIZE_UPDATE, self.keys.version, 0, challenge, 256)
            response = self.following.send(command)
            if response.status != Status.WRONG_LENGTH:
                break
        self._check_initialized(response)
        try:
            return challenge, parse_answer(response.data)
        except WireError as error:
            raise ProtocolError(str(error)) from error

    def _check_initialized(self, response: Response) -> None:
        if response.status == Status.REFERENCE_NOT_FOUND:
            raise SecureChannelError(
                f"the card has no key set of version {self.keys.version:02X}; `yohaku card keys` lists those it has"
            )
        if response.status in {Status.SECURITY_STATUS, Status.BLOCKED}:
            raise SecureChannelError("the card lets nobody authenticate with this key set (too many failures)")
        if response.status != Status.OK:
            raise StatusError(_AUTHENTICATING, response.status)

    def _scp02(self, answer: Scp02Answer, static: StaticKeys, level: Level) -> SecureChannel:
        keys = scp02.SessionKeys.derive(static, answer.counter)
        self._check_card(answer.cryptogram, keys.card_cryptogram(self.challenge, answer.challenge))
        if level not in scp02.LEVELS:
            raise SecureChannelError(f"SCP02 protects no answers: level {level:02X} is not offered by this card")
        session = scp02.HostSession(keys, keys.host_cryptogram(self.challenge, answer.challenge))
        expected = answer.challenge == keys.card_challenge(self.aid) if self.aid else None
        terms = Terms(
            scp02.PROTOCOL,
            None,
            answer.version[0],
            level,
            int.from_bytes(answer.counter, "big"),
            answer.diversification,
            expected,
        )
        return self._authenticated(session, terms, lambda data: ciphers.des_ecb(keys.dek, data))

    def _scp03(self, answer: Scp03Answer, static: StaticKeys, level: Level) -> SecureChannel:
        options = answer.options[0]
        if len(answer.challenge) != len(self.challenge):
            raise ProtocolError("the card answered a challenge of another length than the host's")
        keys = scp03.SessionKeys.derive(static, self.challenge + answer.challenge)
        self._check_card(answer.cryptogram, keys.card_cryptogram())
        if not scp03.allows(options, level):
            raise SecureChannelError(f"level {level:02X} is not offered by this card (SCP03, i = {options:02X})")
        counter = None if answer.counter is None else int.from_bytes(answer.counter, "big")
        terms = Terms(
            scp03.PROTOCOL,
            options,
            answer.version[0],
            level,
            counter,
            answer.diversification,
            self._is_expected(answer, static),
        )
        return self._authenticated(scp03.HostSession(keys), terms, lambda data: static.aes_encrypt(Role.DEK, data))

    def _is_expected(self, answer: Scp03Answer, static: StaticKeys) -> bool | None:
        if answer.counter is None or not self.aid:
            return None
        return answer.challenge == scp03.card_challenge(static, answer.counter, self.aid, options=answer.options[0])

    def _check_card(self, shown: bytes, right: bytes) -> None:
        if not ciphers.same(shown, right):
            raise AuthenticationError(
                "the card's proof does not fit these keys: wrong keys, wrong diversification or wrong key version. "
                "Nothing was sent in return, so no try was spent"
            )

    def _authenticated(self, session: HostSession, terms: Terms, encrypt: Callable[[bytes], bytes]) -> SecureChannel:
        """EXTERNAL AUTHENTICATE (GPCS 2.3.1, E.5.2)."""
        response = self.following.send(session.external_authenticate(terms.level))
        if response.status in {Status.NOT_VERIFIED, Status.SECURITY_STATUS}:
            raise AuthenticationError(f"the card refuses this program's proof of the keys ({response.status:04X})")
        if response.status != Status.OK:
            raise StatusError(_AUTHENTICATING, response.status)
        session.level = terms.level
        return SecureChannel(self.following, session, terms, encrypt)


def _strongest(options: int, at_most: Level) -> Level:
    """Give the highest level within ``at_most`` that an SCP03 card offers."""
    return max(level for level in POSSIBLE if level in at_most and scp03.allows(options, level))
