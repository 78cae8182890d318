"""SCP03: session keys, cryptograms, and the messages of both sides (GlobalPlatform amendment D, version 1.2).

A session is a state machine over commands and responses: it sends nothing and draws no random numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from yohaku.globalplatform import ciphers
from yohaku.globalplatform.keys import Role
from yohaku.globalplatform.scp.errors import MessageError
from yohaku.globalplatform.scp.handshake import PSEUDO_RANDOM, R_ENC, R_MAC, proof_size
from yohaku.globalplatform.scp.levels import Level, authenticated_class, is_secured, plain_class, secured_class
from yohaku.iso7816 import Command, Response

if TYPE_CHECKING:
    from yohaku.globalplatform.keys import StaticKeys

PROTOCOL: Final = 3
OPTIONS: Final = frozenset(mode | base for base in (0x00, 0x10, 0x20, 0x30, 0x60, 0x70) for mode in (0x00, 0x01))
"""Values of the options byte i: pseudo-random challenge 10, R-MAC 20, R-ENC 40, mode S16 01."""
COUNTER_SIZE: Final = 3
_CARD_CRYPTOGRAM, _HOST_CRYPTOGRAM, _CARD_CHALLENGE = 0x00, 0x01, 0x02
_S_ENC, _S_MAC, _S_RMAC = 0x04, 0x06, 0x07
_OF_RESPONSE: Final = 0x80
"""First byte of the counter block that encrypts a response (6.2.7)."""


def _derivation_blocks(constant: int, size: int, context: bytes) -> list[bytes]:
    """Give the data to authenticate for each 16 bytes of ``size`` derived bytes (4.1.5)."""
    head = bytes(11) + bytes((constant, 0)) + (size * 8).to_bytes(2, "big")
    return [head + bytes((count + 1,)) + context for count in range(-(-size // ciphers.AES_BLOCK))]


def derive_static(keys: StaticKeys, role: Role, constant: int, *, context: bytes, size: int) -> bytes:
    """Derive ``size`` bytes from a static key."""
    blocks = _derivation_blocks(constant, size, context)
    return b"".join(keys.aes_cmac(role, block) for block in blocks)[:size]


def card_challenge(keys: StaticKeys, counter: bytes, aid: bytes, *, options: int) -> bytes:
    """Give the pseudo-random card challenge for a sequence counter and the selected domain's AID (6.2.2.1)."""
    size = proof_size(options)
    return derive_static(keys, Role.ENC, _CARD_CHALLENGE, context=counter + aid, size=size)


@dataclass(frozen=True, slots=True, repr=False)
class SessionKeys:
    """The keys of one session (6.2.1); no repr shows them.

    Attributes:
        enc: S-ENC, encrypts data.
        mac: S-MAC, authenticates commands and makes both cryptograms.
        rmac: S-RMAC, authenticates responses.
        context: host challenge and card challenge.
    """

    enc: bytes
    mac: bytes
    rmac: bytes
    context: bytes

    @classmethod
    def derive(cls, keys: StaticKeys, context: bytes) -> SessionKeys:
        """Derive the session keys from the static ones."""
        enc, mac, rmac = (
            derive_static(keys, role, constant, context=context, size=keys.size)
            for role, constant in ((Role.ENC, _S_ENC), (Role.MAC, _S_MAC), (Role.MAC, _S_RMAC))
        )
        return cls(enc, mac, rmac, context)

    def card_cryptogram(self) -> bytes:
        """Give the card's proof (6.2.2.2)."""
        return self._cryptogram(_CARD_CRYPTOGRAM)

    def host_cryptogram(self) -> bytes:
        """Give the host's proof (6.2.2.3)."""
        return self._cryptogram(_HOST_CRYPTOGRAM)

    def _cryptogram(self, constant: int) -> bytes:
        size = len(self.context) // 2
        (block,) = _derivation_blocks(constant, size, self.context)
        return ciphers.aes_cmac(self.mac, block)[:size]

    def __repr__(self) -> str:
        return "<SessionKeys of SCP03>"


def allows(options: int, level: Level) -> bool:
    """Whether a card with these options takes this level: R-MAC and R-ENC are optional (table 3-1)."""
    response_mac = bool(options & R_MAC) or not level & Level.R_MAC
    return level.is_possible and response_mac and (bool(options & R_ENC) or not level & Level.R_ENC)


def has_counter(options: int) -> bool:
    """Whether the card challenge is pseudo-random and the answer carries the counter."""
    return bool(options & PSEUDO_RANDOM)


class Session:
    """One side of a session: keys, chaining value, command counter.

    Attributes:
        level: what is protected from the next command on; nothing but the MAC of EXTERNAL AUTHENTICATE before it.
    """

    __slots__ = ("_chaining", "_counter", "_keys", "level")

    def __init__(self, keys: SessionKeys) -> None:
        self._keys, self._chaining, self._counter = keys, bytes(ciphers.AES_BLOCK), 0
        self.level = Level.NONE

    @property
    def mac_size(self) -> int:
        """Bytes of a MAC: 8, or 16 in mode S16."""
        return len(self._keys.context) // 2

    def longest_data(self, most: int) -> int:
        """Give the most bytes of plain data that fit in ``most`` bytes of secured data."""
        room = most - (self.mac_size if self.level & Level.C_MAC else 0)
        return room // ciphers.AES_BLOCK * ciphers.AES_BLOCK - 1 if self.level & Level.C_ENC else room

    def _mac(self, command: Command) -> bytes:
        """Authenticate a command whose data is as it travels, and move the chain on (6.2.4)."""
        head = bytes((authenticated_class(command.cla), command.ins, command.p1, command.p2))
        length = bytes((len(command.data) + self.mac_size,))
        return ciphers.aes_cmac(self._keys.mac, self._chaining + head + length + command.data)

    def _response_mac(self, data: bytes, status: int) -> bytes:
        """Authenticate a response; the chain does not move (6.2.5)."""
        whole = ciphers.aes_cmac(self._keys.rmac, self._chaining + data + status.to_bytes(2, "big"))
        return whole[: self.mac_size]

    def _icv(self, first: int = 0) -> bytes:
        """Encrypt the counter of the command under way (6.2.6, 6.2.7)."""
        return ciphers.aes_block(self._keys.enc, bytes((first,)) + self._counter.to_bytes(15, "big"))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of SCP03, level {self.level:02X}, command {self._counter}>"


class HostSession(Session):
    """The host's side: protects commands, opens responses."""

    __slots__ = ()

    def external_authenticate(self, level: Level) -> Command:
        """Make the command that proves the host's keys; ``level`` holds once the card has accepted it."""
        return self._with_mac(Command(0x80, 0x82, level, 0, self._keys.host_cryptogram()))

    def wrap(self, command: Command) -> Command:
        """Protect a command as the level says; each command is protected once and sent once.

        Raises:
            MessageError: its data is too long to be protected.
        """
        if len(command.data) > self.longest_data(255):
            raise MessageError(f"{len(command.data)} bytes are too many: {self.longest_data(255)} can be protected")
        self._counter += 1
        if not self.level & Level.C_MAC:
            return command
        return self._with_mac(self._encrypted(command))

    def _encrypted(self, command: Command) -> Command:
        if not self.level & Level.C_ENC or not command.data:
            return command
        padded = ciphers.pad(command.data, ciphers.AES_BLOCK)
        return replace(command, data=ciphers.aes_encrypt(self._keys.enc, padded, icv=self._icv()))

    def _with_mac(self, command: Command) -> Command:
        self._chaining = self._mac(command)
        data = command.data + self._chaining[: self.mac_size]
        return replace(command, cla=secured_class(command.cla), data=data)

    def unwrap(self, response: Response) -> Response:
        """Check and open the response to the last command.

        Raises:
            MessageError: it is not what the card sent.
        """
        if not self.level & Level.R_MAC or not _has_mac(response.status):
            return response
        data, proof = response.data[: -self.mac_size], response.data[-self.mac_size :]
        if not ciphers.same(proof, self._response_mac(data, response.status)):
            raise MessageError("the card's answer has a wrong MAC: it was changed on its way")
        if not self.level & Level.R_ENC or not data:
            return Response(data, response.status)
        return Response(_opened(self._keys.enc, data, self._icv(_OF_RESPONSE)), response.status)


class CardSession(Session):
    """The card's side: opens commands, protects responses."""

    __slots__ = ()

    def authenticate(self, command: Command) -> bool:
        """Check the MAC and the cryptogram of EXTERNAL AUTHENTICATE; say whether the host's proof is right.

        Raises:
            MessageError: the MAC is wrong.
        """
        proof = self._checked(command).data
        self.level = Level(command.p1)
        return ciphers.same(proof, self._keys.host_cryptogram())

    def unwrap(self, command: Command) -> Command:
        """Check and open a command.

        Raises:
            MessageError: it is not what the host sent next, or is less protected than the level says.
        """
        self._counter += 1
        if not self.level & Level.C_MAC:
            if is_secured(command.cla):
                raise MessageError("the session has no key in use for a secured command")
            return command
        if not is_secured(command.cla):
            raise MessageError("the command is less protected than the session")
        command = self._checked(command)
        if not self.level & Level.C_ENC or not command.data:
            return command
        return replace(command, data=_opened(self._keys.enc, command.data, self._icv()))

    def _checked(self, command: Command) -> Command:
        data, proof = command.data[: -self.mac_size], command.data[-self.mac_size :]
        whole = self._mac(replace(command, data=data))
        if not ciphers.same(proof, whole[: self.mac_size]):
            raise MessageError("the command has a wrong MAC")
        self._chaining = whole
        return replace(command, cla=plain_class(command.cla), data=data)

    def wrap(self, response: Response) -> Response:
        """Protect the response to the last command."""
        if not self.level & Level.R_MAC or not _has_mac(response.status):
            return response
        data = response.data
        if self.level & Level.R_ENC and data:
            padded = ciphers.pad(data, ciphers.AES_BLOCK)
            data = ciphers.aes_encrypt(self._keys.enc, padded, icv=self._icv(_OF_RESPONSE))
        return Response(data + self._response_mac(data, response.status), response.status)

    def longest_answer(self, most: int) -> int:
        """Give the most bytes of plain answer that fit in ``most`` bytes of secured answer."""
        room = most - (self.mac_size if self.level & Level.R_MAC else 0)
        return room // ciphers.AES_BLOCK * ciphers.AES_BLOCK - 1 if self.level & Level.R_ENC else room


def _has_mac(status: int) -> bool:
    """Whether a response with this status word is protected: success and warnings are (6.2.5)."""
    return status == 0x9000 or status >> 8 in {0x62, 0x63}


def _opened(key: bytes, data: bytes, icv: bytes) -> bytes:
    try:
        return ciphers.unpad(ciphers.aes_decrypt(key, data, icv=icv))
    except ciphers.CipherError:
        raise MessageError("the encrypted data cannot be opened") from None
