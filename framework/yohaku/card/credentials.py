"""PINs and keys of an applet on a card: presenting them without spending more tries than was allowed."""

from __future__ import annotations

import secrets as random
from typing import TYPE_CHECKING

from yohaku.card.errors import CardError, KeyWrongError, LastTryError, PinBlockedError, PinWrongError
from yohaku.card.secrets import key_bytes, pin_bytes
from yohaku.iso7816 import Instruction, Response, Status

if TYPE_CHECKING:
    from yohaku.card.session import AppletSession
    from yohaku.schema import Key, Pin

SPECIFIC = 0x80
"""Bit of P2 for a PIN or key of the application, not of the card (ISO/IEC 7816-4:2020 table 97)."""
COMPARING = frozenset(
    {
        Instruction.VERIFY,
        Instruction.DISABLE_VERIFICATION_REQUIREMENT,
        Instruction.ENABLE_VERIFICATION_REQUIREMENT,
    }
)
"""Commands that compare a PIN and give it no other value; without data they ask for the tries."""
CHALLENGE = 16
"""Bytes of a challenge."""


class CardPin:
    """A PIN on a card. Before every comparison the tries are read, which is free; the last is not spent unasked."""

    def __init__(self, session: AppletSession, declaration: Pin) -> None:
        self._session, self._pin = session, declaration

    @property
    def tries_left(self) -> int:
        """Read how many tries are left before the PIN is blocked; spends none (ISO/IEC 7816-4:2020 11.6.6)."""
        response = self._session.send(Instruction.VERIFY, 0x00, self._reference)
        if response.status == Status.OK and self._pin.can_disable:
            response = self._session.send(Instruction.ENABLE_VERIFICATION_REQUIREMENT, 0x00, self._reference)
        if (left := _tries(response)) is not None:
            return left
        self._session.check(response, f"reading the tries of {self._pin.name}")
        return self._pin.tries

    @property
    def required(self) -> bool:
        """Read whether the PIN must be presented; one that is not counts as presented (ISO/IEC 7816-4:2020 11.6.6)."""
        if not self._pin.can_disable:
            return True
        return self._session.send(Instruction.VERIFY, 0x00, self._reference).status != Status.OK

    def verify(self, pin: str | bytes, *, last_try: bool = False) -> None:
        """Present the PIN (ISO/IEC 7816-4:2020 11.6.6); the last try is spent only when ``last_try`` says so.

        Raises:
            PinFormatError: the value cannot be this PIN; nothing was sent.
            LastTryError: one try is left; it was not spent.
            PinWrongError: the card refused it; the error says how many tries are left.
            PinBlockedError: no try is left.
        """
        self._present(Instruction.VERIFY, pin, f"verifying {self._pin.name}", last_try=last_try)

    def change(self, old: str | bytes, new: str | bytes, *, last_try: bool = False) -> None:
        """Replace the PIN's value (ISO/IEC 7816-4:2020 11.6.7); a wrong old value spends a try.

        Raises:
            PinFormatError, LastTryError, PinWrongError, PinBlockedError: as for `verify`.
        """
        data = pin_bytes(self._pin, old) + pin_bytes(self._pin, new)
        self._guard(last_try=last_try)
        response = self._session.send(Instruction.CHANGE_REFERENCE_DATA, 0x00, self._reference, data)
        self._check(response, f"changing {self._pin.name}")

    def disable(self, pin: str | bytes, *, last_try: bool = False) -> None:
        """Let the PIN count as presented from now on, after a reset, too (ISO/IEC 7816-4:2020 11.6.9).

        Raises:
            CardError: the declaration does not let it be disabled; nothing was sent.
            PinFormatError, LastTryError, PinWrongError, PinBlockedError: as for `verify`.
        """
        if not self._pin.can_disable:
            raise CardError(f"{self._pin.name} cannot be disabled: it is not declared with can_disable=True")
        ins = Instruction.DISABLE_VERIFICATION_REQUIREMENT
        self._present(ins, pin, f"disabling {self._pin.name}", last_try=last_try)

    def enable(self, pin: str | bytes, *, last_try: bool = False) -> None:
        """Make the card ask for the PIN again (ISO/IEC 7816-4:2020 11.6.8); one that always is needs nothing sent.

        Raises:
            PinFormatError, LastTryError, PinWrongError, PinBlockedError: as for `verify`.
        """
        if self._pin.can_disable:
            ins = Instruction.ENABLE_VERIFICATION_REQUIREMENT
            self._present(ins, pin, f"enabling {self._pin.name}", last_try=last_try)

    def _present(self, ins: Instruction, pin: str | bytes, action: str, *, last_try: bool) -> None:
        value = pin_bytes(self._pin, pin)
        self._guard(last_try=last_try)
        self._session.presented.discard(self._pin.name)
        response = self._session.send(ins, 0x00, self._reference, value)
        self._check(response, action)
        self._session.presented.add(self._pin.name)

    def reset(self, new: str | bytes | None = None) -> None:
        """Give the PIN all its tries back, and a new value if given (ISO/IEC 7816-4:2020 11.6.10).

        Raises:
            PinFormatError: the new value does not fit the declaration; nothing was sent.
            AccessDeniedError: the PIN's reset rule does not hold.
        """
        value = b"" if new is None else pin_bytes(self._pin, new)
        response = self._session.send(Instruction.RESET_RETRY_COUNTER, 0x02 if value else 0x03, self._reference, value)
        self._session.check(response, f"resetting {self._pin.name}", self._pin.reset)

    @property
    def _reference(self) -> int:
        return SPECIFIC | self._pin.reference

    def _guard(self, *, last_try: bool) -> None:
        left = self.tries_left
        if left == 0:
            raise PinBlockedError(f"{self._pin.name} is blocked: no tries left; {self._remedy()}")
        if left == 1 and not last_try:
            raise LastTryError(
                f"{self._pin.name} has 1 try left and a wrong value would block it; nothing was sent. "
                "Allow the last try explicitly when the value is certain"
            )

    def _check(self, response: Response, action: str) -> None:
        left = _tries(response)
        if response.status == Status.REFERENCE_UNUSABLE:
            left = self.tries_left
        if left == 0:
            raise PinBlockedError(f"{self._pin.name}: wrong PIN, and it is blocked now; {self._remedy()}")
        if left is not None:
            raise PinWrongError(self._pin.name, left)
        self._session.check(response, action)

    def _remedy(self) -> str:
        rule = self._pin.reset
        return f"reset it, which needs {rule}" if rule.alternatives else "this applet cannot reset it"


class CardKey:
    """An AES key on a card. Proofs are AES-CMACs over fresh challenges; the key itself never travels."""

    def __init__(self, session: AppletSession, declaration: Key) -> None:
        self._session, self._key = session, declaration

    def authenticate(self, key: bytes) -> None:
        """Prove to the card that the host has the key (ISO/IEC 7816-4:2020 11.6.4).

        Raises:
            PinFormatError: the key has another length than declared; nothing was sent.
            KeyWrongError: the card refused the proof.
            PinBlockedError: the key has no tries left.
        """
        value = key_bytes(self._key, key)
        challenge = self._session.send(Instruction.GET_CHALLENGE, 0x00, 0x00, expected=CHALLENGE)
        self._session.check(challenge, "asking for a challenge")
        proof = self._proof(value, Instruction.EXTERNAL_AUTHENTICATE, challenge.data)
        response = self._session.send(Instruction.EXTERNAL_AUTHENTICATE, 0x00, self._reference, proof)
        self._check(response)
        self._session.presented.add(self._key.name)

    def verify_card(self, key: bytes) -> None:
        """Make the card prove that it has the key too (ISO/IEC 7816-4:2020 11.6.2).

        Raises:
            PinFormatError: the key has another length than declared; nothing was sent.
            KeyWrongError: the card's proof does not fit the key.
        """
        value = key_bytes(self._key, key)
        challenge = random.token_bytes(CHALLENGE)
        response = self._session.send(
            Instruction.INTERNAL_AUTHENTICATE, 0x00, self._reference, challenge, expected=CHALLENGE
        )
        self._session.check(response, f"asking for a proof of {self._key.name}")
        wanted = self._proof(value, Instruction.INTERNAL_AUTHENTICATE, challenge)
        if not random.compare_digest(wanted, response.data):
            raise KeyWrongError(f"{self._key.name}: the card has another key, or it is not the card it claims to be")

    @property
    def _reference(self) -> int:
        return SPECIFIC | self._key.reference

    def _proof(self, key: bytes, instruction: int, challenge: bytes) -> bytes:
        return key_proof(key, instruction, self._key.reference, challenge, self._session.applet.aid)

    def _check(self, response: Response) -> None:
        left = _tries(response)
        if left == 0:
            raise PinBlockedError(f"{self._key.name} is blocked: no tries left; delete the applet and load it again")
        if response.status == Status.REFERENCE_UNUSABLE:
            raise PinBlockedError(f"{self._key.name} is blocked, or never had a value (6984); load the applet again")
        if left is not None or response.status == Status.NOT_VERIFIED:
            tries = "" if left is None else f"; {left} tries left before it is blocked"
            raise KeyWrongError(f"{self._key.name}: the card has another key{tries}")
        self._session.check(response, f"authenticating with {self._key.name}")


def key_proof(key: bytes, instruction: int, reference: int, challenge: bytes, aid: bytes) -> bytes:
    """Make the proof of having a key: AES-CMAC(key, INS || key number || challenge || AID) (container version 1)."""
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.cmac import CMAC

    mac = CMAC(AES(key))
    mac.update(bytes((instruction, reference)) + challenge + aid)
    return mac.finalize()


def _tries(response: Response) -> int | None:
    """Give the tries left that an answer states; None when it states none."""
    if response.status == Status.BLOCKED:
        return 0
    return response.status & 0xF if response.status & 0xFFF0 == 0x63C0 else None
