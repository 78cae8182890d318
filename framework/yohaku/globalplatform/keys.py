"""Static keys of a security domain: key sets, check values, diversification, and keys that never leave a module.

Keys come to this library as bytes or as a `StaticKeys` of your own; files and the environment are the CLI's.
No repr shows a key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Protocol, Self

from yohaku.card.errors import SecretError
from yohaku.errors import YohakuError
from yohaku.globalplatform import ciphers

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.card import Card

TEST_KEY = bytes.fromhex("404142434445464748494A4B4C4D4E4F")
"""The published key that most cards leave the factory with; it protects nothing."""


class KeyFormatError(YohakuError):
    """A key has a wrong length or a key set lacks a key; the message shows no key."""


class Role(IntEnum):
    """What a key of a set is for; the numbers are the key identifiers (GPCS 2.3.1, E.1.3; amendment D, 5.3)."""

    ENC = 1
    MAC = 2
    DEK = 3


class Algorithm(IntEnum):
    """Key types as PUT KEY and key information write them (GPCS 2.3.1, table 11-16)."""

    DES = 0x80
    AES = 0x88


class StaticKeys(Protocol):
    """What a secure channel asks of the static keys of one card; a PKCS#11 token can do all of it.

    `KeySet` does it in memory. A key that stays in a module is one class with these members.
    """

    @property
    def version(self) -> int:
        """Key version number, 00 to 7F; 00 asks for whichever set the card uses first."""
        ...

    @property
    def size(self) -> int:
        """Bytes of each key."""
        ...

    def aes_cmac(self, role: Role, data: bytes) -> bytes:
        """Authenticate with AES-CMAC, 16 bytes; what SCP03 derives its session keys with (CKM_AES_CMAC)."""
        ...

    def aes_encrypt(self, role: Role, data: bytes) -> bytes:
        """Encrypt whole blocks with AES-CBC, ICV zero (CKM_AES_CBC)."""
        ...

    def des_encrypt(self, role: Role, data: bytes) -> bytes:
        """Encrypt whole blocks with triple DES, CBC, ICV zero; what SCP02 derives its session keys with."""
        ...


class KeySource(Protocol):
    """Where the static keys of a card come from, once it has named itself."""

    @property
    def version(self) -> int:
        """Key version number to ask the card for."""
        ...

    @property
    def is_published(self) -> bool:
        """Whether anybody can know these keys."""
        ...

    def keys_for(self, diversification_data: bytes, protocol: int, /) -> StaticKeys:
        """Give the keys of the card that answered these ten bytes, for SCP02 or SCP03 (2 or 3)."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class KeySet:
    """The three static keys of a secure channel, in memory.

    Attributes:
        enc: derives the key that encrypts commands.
        mac: derives the keys that authenticate commands and answers.
        dek: encrypts keys and other secrets that are put on the card.
        version: key version number, 00 to 7F; 00 asks for whichever set the card uses first.
    """

    enc: bytes
    mac: bytes
    dek: bytes
    version: int = 0

    def __post_init__(self) -> None:
        sizes = {len(key) for key in (self.enc, self.mac, self.dek)}
        if len(sizes) > 1 or not sizes <= set(ciphers.AES_KEY_SIZES):
            raise KeyFormatError(f"the keys of a set have 16, 24 or 32 bytes, all the same; these have {sorted(sizes)}")
        if not 0 <= self.version <= 0x7F:
            raise KeyFormatError(f"a key version is 00 to 7F, not {self.version:02X}")

    @classmethod
    def single(cls, key: bytes, *, version: int = 0) -> Self:
        """Make a set of one key used three times."""
        return cls(key, key, key, version)

    @classmethod
    def for_tests(cls, *, version: int = 0) -> Self:
        """Make the set of the published test key (404142...4F), which no card in use may have."""
        return cls.single(TEST_KEY, version=version)

    @property
    def size(self) -> int:
        """Bytes of each key."""
        return len(self.enc)

    @property
    def is_published(self) -> bool:
        """Whether one of the keys is the published test key."""
        return any(key[: len(TEST_KEY)] == TEST_KEY for key in (self.enc, self.mac, self.dek))

    def keys_for(self, _diversification_data: bytes, _protocol: int, /) -> KeySet:
        """Give these keys for every card."""
        return self

    def key(self, role: Role) -> bytes:
        """Give one key."""
        return (self.enc, self.mac, self.dek)[role - 1]

    def with_version(self, version: int) -> KeySet:
        """Give the same keys under another key version number."""
        return replace(self, version=version)

    def check_values(self, algorithm: Algorithm) -> tuple[bytes, bytes, bytes]:
        """Give the key check values of the three keys, three bytes each."""
        enc, mac, dek = (check_value(key, algorithm) for key in (self.enc, self.mac, self.dek))
        return enc, mac, dek

    def aes_cmac(self, role: Role, data: bytes) -> bytes:
        """Authenticate with AES-CMAC, 16 bytes."""
        return ciphers.aes_cmac(self.key(role), data)

    def aes_encrypt(self, role: Role, data: bytes) -> bytes:
        """Encrypt whole blocks with AES-CBC, ICV zero."""
        return ciphers.aes_encrypt(self.key(role), data)

    def des_encrypt(self, role: Role, data: bytes) -> bytes:
        """Encrypt whole blocks with triple DES, CBC, ICV zero."""
        return ciphers.des_encrypt(self.key(role), data)

    def __repr__(self) -> str:
        return f"<KeySet: version {self.version:02X}, {self.size} bytes each>"


def check_value(key: bytes, algorithm: Algorithm) -> bytes:
    """Give the three bytes that tell two keys apart and reveal neither (GPCS 2.3.1, B.6; amendment D, 7.2.2).

    Raises:
        CipherError: the key has a length that the algorithm cannot take.
    """
    if algorithm is Algorithm.AES:
        return ciphers.aes_block(key, b"\x01" * ciphers.AES_BLOCK)[:3]
    return ciphers.des_ecb(key, bytes(ciphers.DES_BLOCK))[:3]


class Diversification(Enum):
    """How the keys of a card are made from a master key and the ten bytes that the card answers."""

    NONE = "none"
    VISA2 = "visa2"
    EMV = "emv"
    KDF3 = "kdf3"


@dataclass(frozen=True, slots=True)
class Diversified:
    """Master keys from which each card's own are made.

    Attributes:
        master: the master keys.
        method: how.
    """

    master: KeySet
    method: Diversification

    @property
    def version(self) -> int:
        """Key version number to ask the card for."""
        return self.master.version

    @property
    def is_published(self) -> bool:
        """Whether anybody can know the master keys, and so these."""
        return self.master.is_published

    def keys_for(self, diversification_data: bytes, _protocol: int, /) -> KeySet:
        """Give the keys of the card that answered these ten bytes.

        Raises:
            KeyFormatError: there are not ten, or the method cannot use keys of this size.
        """
        return diversify(self.master, diversification_data, self.method)


def diversify(master: KeySet, data: bytes, method: Diversification) -> KeySet:
    """Make the keys of one card from master keys.

    Args:
        master: the master keys.
        data: key diversification data, the first ten bytes that INITIALIZE UPDATE answers.
        method: VISA2 and EMV encrypt templates with triple DES, KDF3 is a counter mode with AES-CMAC.

    Raises:
        KeyFormatError: there are not ten bytes, or the method cannot use keys of this size.
    """
    if method is Diversification.NONE:
        return master
    if len(data) != 10:
        raise KeyFormatError(f"key diversification data has 10 bytes, this has {len(data)}")
    if method is not Diversification.KDF3 and master.size != ciphers.DES_KEY_SIZE:
        raise KeyFormatError(f"{method.name} needs master keys of 16 bytes, these have {master.size}")
    make = _METHODS[method]
    enc, mac, dek = (make(master.key(role), data, role) for role in Role)
    return KeySet(enc, mac, dek, master.version)


def _visa2(key: bytes, data: bytes, role: Role) -> bytes:
    return _template(key, data[0:2] + data[4:8], role)


def _emv(key: bytes, data: bytes, role: Role) -> bytes:
    return _template(key, data[4:10], role)


def _template(key: bytes, chip: bytes, role: Role) -> bytes:
    return ciphers.des_ecb(key, chip + bytes((0xF0, role)) + chip + bytes((0x0F, role)))


def _kdf3(key: bytes, data: bytes, role: Role) -> bytes:
    """Take as many CMACs as the key needs bytes, each over a counter, the role and the card's data."""
    fixed = bytes((0, 0, 0, role, 0)) + data
    blocks = (ciphers.aes_cmac(key, bytes((count,)) + fixed) for count in (1, 2))
    return b"".join(blocks)[: len(key)]


_METHODS: dict[Diversification, Callable[[bytes, bytes, Role], bytes]] = {
    Diversification.VISA2: _visa2,
    Diversification.EMV: _emv,
    Diversification.KDF3: _kdf3,
}


def check_allowed(keys: KeySource, card: Card, *, allow_test_keys: bool = False) -> None:
    """Refuse published keys on a card that is no emulator, unless that is allowed.

    Raises:
        SecretError: these are published keys and the card is a real one.
    """
    if keys.is_published and not card.is_emulator and not allow_test_keys:
        raise SecretError(
            f"{card.name} is a real card and these are the published test keys (404142...4F) that anybody knows; "
            "give the card's own keys, or allow test keys explicitly"
        )
