"""The card's end of a secure channel: one for each security domain selected on a logical channel."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from yohaku.globalplatform.scp import Level, MessageError, scp02, scp03
from yohaku.globalplatform.scp.handshake import PSEUDO_RANDOM_02, Scp02Answer, Scp03Answer, proof_size
from yohaku.iso7816 import Command, Instruction, Response, Status
from yohaku_emulator.errors import StatusError

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.domains.keystore import KeyStore, StoredKeys
    from yohaku_emulator.domains.state import DomainState

INITIALIZE_UPDATE: Final = 0x50
_SECURED: Final = 0x04
_MOST_ANSWER: Final = 256
_CHALLENGE_02: Final = 6


class CardSession(Protocol):
    """The card's side of a session, whichever the protocol."""

    level: Level

    def authenticate(self, command: Command) -> bool:
        """Check EXTERNAL AUTHENTICATE."""
        ...

    def unwrap(self, command: Command) -> Command:
        """Check and open a command."""
        ...

    def wrap(self, response: Response) -> Response:
        """Protect a response."""
        ...

    def longest_answer(self, most: int) -> int:
        """Give the most bytes of plain answer that fit in ``most`` bytes of secured answer."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """How a card's domains talk.

    Attributes:
        protocol: 2 or 3.
        options: the byte i.
        diversification: key diversification data, 10 bytes.
        random: draws that many random bytes.
    """

    protocol: int
    options: int
    diversification: bytes
    random: Callable[[int], bytes]

    def allows(self, level: int) -> bool:
        """Whether EXTERNAL AUTHENTICATE may ask for this level."""
        if self.protocol == scp02.PROTOCOL:
            return level in scp02.LEVELS
        return scp03.allows(self.options, Level(level))


class SecureChannel:
    """What is volatile of a secure channel: nothing, a challenge that waits for its answer, or a session.

    Attributes:
        keys: those of the session; None without one.
    """

    __slots__ = ("_pending", "_session", "keys")

    def __init__(self) -> None:
        self._pending: CardSession | None = None
        self._session: CardSession | None = None
        self.keys: StoredKeys | None = None

    def fork(self) -> SecureChannel:
        """Return an independent channel in the same state."""
        twin = SecureChannel()
        twin._pending, twin._session, twin.keys = copy(self._pending), copy(self._session), self.keys
        return twin

    @property
    def is_authenticated(self) -> bool:
        """Whether the host has proved its keys."""
        return self._session is not None

    @property
    def authenticates_commands(self) -> bool:
        """Whether each command carries a proof that it comes from the host."""
        return self._session is not None and bool(self._session.level & Level.C_MAC)

    @property
    def authenticates_answers(self) -> bool:
        """Whether each answer carries a proof that it comes from the card."""
        return self._session is not None and bool(self._session.level & Level.R_MAC)

    @property
    def longest_answer(self) -> int:
        """Most bytes of plain answer in one response."""
        return _MOST_ANSWER if self._session is None else self._session.longest_answer(_MOST_ANSWER)

    def end(self) -> None:
        """Forget everything."""
        self._pending = self._session = self.keys = None

    def initialize(self, apdu: Apdu, store: KeyStore, *, aid: bytes, terms: Terms, state: DomainState) -> bytes:
        """INITIALIZE UPDATE (GPCS 2.3.1, E.5.1; amendment D, 7.1.1).

        Raises:
            StatusError: 6A88, no such key set; 6983 or 6985, too many failures; 6700, the challenge's length.
        """
        self.end()
        if apdu.p2:
            raise StatusError(Status.WRONG_P1P2)
        state.check_patience()
        keys = store.find(apdu.p1)
        if keys is None or not keys.is_channel_set:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        if terms.protocol == scp02.PROTOCOL:
            return self._initialize02(apdu, keys, aid, terms)
        return self._initialize03(apdu, keys, aid, terms, store)

    def _initialize02(self, apdu: Apdu, keys: StoredKeys, aid: bytes, terms: Terms) -> bytes:
        if len(apdu.data) != proof_size(0):
            raise StatusError(Status.WRONG_LENGTH)
        counter = keys.counter.to_bytes(scp02.COUNTER_SIZE, "big")
        session = scp02.SessionKeys.derive(keys.key_set, counter)
        pseudo_random = terms.options & PSEUDO_RANDOM_02
        challenge = session.card_challenge(aid) if pseudo_random else terms.random(_CHALLENGE_02)
        self._pending = scp02.CardSession(session, session.host_cryptogram(apdu.data, challenge))
        self.keys = keys
        proof = session.card_cryptogram(apdu.data, challenge)
        return Scp02Answer(terms.diversification, bytes((keys.version,)), counter, challenge, proof).to_bytes()

    def _initialize03(self, apdu: Apdu, keys: StoredKeys, aid: bytes, terms: Terms, store: KeyStore) -> bytes:
        size = proof_size(terms.options)
        if len(apdu.data) != size:
            raise StatusError(Status.WRONG_LENGTH)
        counter = None
        if scp03.has_counter(terms.options):
            keys = store.advance(keys, limit=(1 << 24) - 1)
            counter = keys.counter.to_bytes(scp03.COUNTER_SIZE, "big")
            challenge = scp03.card_challenge(keys.key_set, counter, aid, options=terms.options)
        else:
            challenge = terms.random(size)
        session = scp03.SessionKeys.derive(keys.key_set, apdu.data + challenge)
        self._pending, self.keys = scp03.CardSession(session), keys
        return Scp03Answer(
            terms.diversification,
            bytes((keys.version,)),
            bytes((terms.options,)),
            challenge,
            session.card_cryptogram(),
            counter,
        ).to_bytes()

    def authenticate(self, apdu: Apdu, store: KeyStore, *, terms: Terms, state: DomainState) -> None:
        """EXTERNAL AUTHENTICATE (GPCS 2.3.1, E.5.2); a failure is counted before the proof is looked at.

        Raises:
            StatusError: 6985, nothing was initialized; 6A86, a level that is not offered; 6982, a wrong MAC; 6300,
                a wrong cryptogram.
        """
        pending, keys = self._pending, self.keys
        self.end()
        if pending is None or keys is None:
            raise StatusError(Status.CONDITIONS)
        if apdu.p2 or not apdu.secured or not terms.allows(apdu.p1):
            raise StatusError(Status.WRONG_P1P2 if apdu.secured else Status.SECURITY_STATUS)
        state.count_failure()
        try:
            is_right = pending.authenticate(_command(apdu))
        except MessageError:
            raise StatusError(Status.SECURITY_STATUS) from None
        if terms.protocol == scp02.PROTOCOL:
            keys = store.advance(keys, limit=0xFFFF)
        if not is_right:
            raise StatusError(Status.NOT_VERIFIED)
        state.forget_failures()
        self._session, self.keys = pending, keys

    def open(self, apdu: Apdu) -> None:
        """Check a command and put its plain data in its place.

        Raises:
            StatusError: 6982, it is secured without a session, not authentic, or less protected than the session.
        """
        if self._session is None:
            if apdu.secured:
                raise StatusError(Status.SECURITY_STATUS)
            return
        try:
            apdu.data = self._session.unwrap(_command(apdu)).data
        except MessageError:
            self.end()
            raise StatusError(Status.SECURITY_STATUS) from None

    def seal(self, data: bytes, status: int) -> bytes:
        """Protect response data."""
        return data if self._session is None else self._session.wrap(Response(data, status)).data


def _command(apdu: Apdu) -> Command:
    return Command(apdu.cla | (_SECURED if apdu.secured else 0), apdu.ins, apdu.p1, apdu.p2, apdu.data)


def is_handshake(apdu: Apdu) -> bool:
    """Whether a command opens a secure channel."""
    return bool(apdu.cla) and apdu.ins in {INITIALIZE_UPDATE, Instruction.EXTERNAL_AUTHENTICATE}
