"""SCP02 with options 15 and 55: session keys, cryptograms, and the messages of both sides (GPCS 2.3.1, annex E).

A session is a state machine over commands and responses: it sends nothing and draws no random numbers. The
protocol is deprecated; cards in use still speak it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from yohaku.globalplatform import ciphers
from yohaku.globalplatform.keys import Role
from yohaku.globalplatform.scp.errors import MessageError
from yohaku.globalplatform.scp.levels import Level, authenticated_class, is_secured, plain_class, secured_class
from yohaku.iso7816 import Command, Response

if TYPE_CHECKING:
    from yohaku.globalplatform.keys import StaticKeys

PROTOCOL: Final = 2
OPTIONS: Final = frozenset((0x15, 0x55))
"""Values of the options byte i: three keys, explicit, encrypted ICV; 55 with a pseudo-random challenge."""
COUNTER_SIZE: Final = 2
MAC_SIZE: Final = 8
LEVELS: Final = frozenset((Level.NONE, Level.C_MAC, Level.C_MAC | Level.C_ENC))
_C_MAC, _R_MAC, _S_ENC, _S_DEK = 0x0101, 0x0102, 0x0182, 0x0181


def session_key(keys: StaticKeys, role: Role, constant: int, counter: bytes) -> bytes:
    """Derive a session key from a static one (E.4.1)."""
    return keys.des_encrypt(role, constant.to_bytes(2, "big") + counter + bytes(12))


@dataclass(frozen=True, slots=True, repr=False)
class SessionKeys:
    """The keys of one session; no repr shows them.

    Attributes:
        enc: encrypts data and makes both cryptograms.
        mac: authenticates commands.
        rmac: authenticates responses, which options 15 and 55 do not.
        dek: encrypts keys.
        counter: sequence counter, 2 bytes.
    """

    enc: bytes
    mac: bytes
    rmac: bytes
    dek: bytes
    counter: bytes

    @classmethod
    def derive(cls, keys: StaticKeys, counter: bytes) -> SessionKeys:
        """Derive the session keys from the static ones."""
        enc, mac, rmac, dek = (
            session_key(keys, role, constant, counter)
            for role, constant in (
                (Role.ENC, _S_ENC),
                (Role.MAC, _C_MAC),
                (Role.MAC, _R_MAC),
                (Role.DEK, _S_DEK),
            )
        )
        return cls(enc, mac, rmac, dek, counter)

    def card_challenge(self, aid: bytes) -> bytes:
        """Give the pseudo-random challenge of option 55 for the selected domain's AID (E.4.2.3)."""
        return ciphers.retail_mac(self.mac, aid)[:6]

    def card_cryptogram(self, host_challenge: bytes, card_challenge: bytes) -> bytes:
        """Give the card's proof (E.4.2.1)."""
        return ciphers.des_mac(self.enc, host_challenge + self.counter + card_challenge)

    def host_cryptogram(self, host_challenge: bytes, card_challenge: bytes) -> bytes:
        """Give the host's proof (E.4.2.2)."""
        return ciphers.des_mac(self.enc, self.counter + card_challenge + host_challenge)

    def __repr__(self) -> str:
        return "<SessionKeys of SCP02>"


class Session:
    """One side of a session: keys and the last MAC.

    Attributes:
        level: what is protected from the next command on; nothing but the MAC of EXTERNAL AUTHENTICATE before it.
        mac_size: bytes of a MAC.
    """

    __slots__ = ("_cryptogram", "_keys", "_last", "level", "mac_size")

    def __init__(self, keys: SessionKeys, host_cryptogram: bytes) -> None:
        self._keys, self._cryptogram = keys, host_cryptogram
        self._last = b""
        self.level, self.mac_size = Level.NONE, MAC_SIZE

    def longest_data(self, most: int) -> int:
        """Give the most bytes of plain data that fit in ``most`` bytes of secured data."""
        room = most - (self.mac_size if self.level & Level.C_MAC else 0)
        return room // ciphers.DES_BLOCK * ciphers.DES_BLOCK - 1 if self.level & Level.C_ENC else room

    def _mac(self, command: Command) -> bytes:
        """Authenticate a command with its plain data, chained by the encrypted last MAC (E.4.4)."""
        single = self._keys.mac[: ciphers.DES_BLOCK]
        icv = ciphers.des_encrypt(single, self._last) if self._last else bytes(ciphers.DES_BLOCK)
        head = bytes((authenticated_class(command.cla), command.ins, command.p1, command.p2))
        length = bytes((len(command.data) + self.mac_size,))
        return ciphers.retail_mac(self._keys.mac, head + length + command.data, icv=icv)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of SCP02, level {self.level:02X}>"


class HostSession(Session):
    """The host's side: protects commands; responses travel as they are."""

    __slots__ = ()

    def external_authenticate(self, level: Level) -> Command:
        """Make the command that proves the host's keys; ``level`` holds once the card has accepted it."""
        command = Command(0x80, 0x82, level, 0, self._cryptogram)
        self._last = self._mac(command)
        return replace(command, cla=secured_class(command.cla), data=command.data + self._last)

    def wrap(self, command: Command) -> Command:
        """Protect a command as the level says; each command is protected once and sent once.

        Raises:
            MessageError: its data is too long to be protected.
        """
        if not self.level & Level.C_MAC:
            return command
        if len(command.data) > self.longest_data(255):
            raise MessageError(f"{len(command.data)} bytes are too many: {self.longest_data(255)} can be protected")
        self._last = self._mac(command)
        data = self._encrypted(command.data) + self._last
        return replace(command, cla=secured_class(command.cla), data=data)

    def _encrypted(self, data: bytes) -> bytes:
        if not self.level & Level.C_ENC or not data:
            return data
        return ciphers.des_encrypt(self._keys.enc, ciphers.pad(data, ciphers.DES_BLOCK))

    def unwrap(self, response: Response) -> Response:
        """Give the response as it is: options 15 and 55 protect none."""
        return response


class CardSession(Session):
    """The card's side: opens commands; responses travel as they are."""

    __slots__ = ()

    def authenticate(self, command: Command) -> bool:
        """Check the MAC and the cryptogram of EXTERNAL AUTHENTICATE; say whether the host's proof is right.

        Raises:
            MessageError: the MAC is wrong.
        """
        proof = self._checked(command, encrypted=False).data
        self.level = Level(command.p1)
        return ciphers.same(proof, self._cryptogram)

    def unwrap(self, command: Command) -> Command:
        """Check and open a command.

        Raises:
            MessageError: it is not what the host sent next, or is less protected than the level says.
        """
        if not self.level & Level.C_MAC:
            if is_secured(command.cla):
                raise MessageError("the session has no key in use for a secured command")
            return command
        if not is_secured(command.cla):
            raise MessageError("the command is less protected than the session")
        return self._checked(command, encrypted=bool(self.level & Level.C_ENC))

    def _checked(self, command: Command, *, encrypted: bool) -> Command:
        """Open the data first: the MAC is over what it was before encryption (E.4.6)."""
        data, proof = command.data[: -self.mac_size], command.data[-self.mac_size :]
        if encrypted and data:
            data = _opened(self._keys.enc, data)
        plain = replace(command, cla=plain_class(command.cla), data=data)
        mac = self._mac(plain)
        if not ciphers.same(proof, mac):
            raise MessageError("the command has a wrong MAC")
        self._last = mac
        return plain

    def wrap(self, response: Response) -> Response:
        """Give the response as it is: options 15 and 55 protect none."""
        return response

    def longest_answer(self, most: int) -> int:
        """Give ``most``: answers are not protected."""
        return most


def _opened(key: bytes, data: bytes) -> bytes:
    try:
        return ciphers.unpad(ciphers.des_decrypt(key, data))
    except ciphers.CipherError:
        raise MessageError("the command has a wrong MAC") from None
