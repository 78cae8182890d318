"""Keys on the wire: PUT KEY, key information and the life cycle data of the chip, as both sides read and write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from construct import Byte, Bytes, Construct, ExprAdapter, GreedyBytes, GreedyRange, Prefixed, Struct, Terminated

from yohaku.globalplatform.ber import BerLength, Member, Template, with_length
from yohaku.globalplatform.keys import Algorithm
from yohaku.globalplatform.wire import Structure, WireError

SEVERAL_KEYS = 0x80
"""Bit of P2 of PUT KEY: more than one key follows (GPCS 2.3.1, 11.8.2.2)."""
FACTORY_VERSION = 0xFF
"""Key version number that factory keys show and no one may give."""


@dataclass(frozen=True, slots=True)
class KeyField(Structure):
    """One key of PUT KEY (tables 11-67 to 11-69; amendment D, 7.2).

    Attributes:
        algorithm: key type.
        data: the encrypted key; for AES with its length before it.
        check: key check value, 3 bytes, or none.
    """

    SCHEMA: ClassVar = Struct(
        "algorithm" / Byte, "data" / with_length(BerLength), "check" / Prefixed(Byte, GreedyBytes)
    )
    algorithm: int
    data: bytes
    check: bytes

    def __repr__(self) -> str:
        return f"KeyField(algorithm={self.algorithm:02X}, {len(self.data)} bytes)"

    @classmethod
    def of(cls, key: bytes, algorithm: Algorithm, check: bytes, encrypted: bytes) -> KeyField:
        """Put an encrypted key in the form of its algorithm; AES keys say how long they are (amendment D, 7.2)."""
        lead = bytes((len(key),)) if algorithm is Algorithm.AES else b""
        return cls(algorithm, lead + encrypted, check)

    def encrypted(self) -> tuple[bytes, int]:
        """Give the encrypted key, and how many bytes of it are the key once it is decrypted.

        Raises:
            WireError: the length does not fit.
        """
        if self.algorithm == Algorithm.DES:
            return self.data, len(self.data)
        size, body = (self.data[0] if self.data else 0), self.data[1:]
        if not 0 < size <= len(body):
            raise WireError("a key field says a length that it does not have")
        return body, size


@dataclass(frozen=True, slots=True)
class PutKeyRequest(Structure):
    """Data of PUT KEY (11.8.2.3): the new key version number, and keys of rising identifiers."""

    SCHEMA: ClassVar = Struct("version" / Byte, "fields" / GreedyRange(KeyField.SCHEMA), Terminated)
    version: int
    fields: tuple[KeyField, ...]

    def to_bytes(self) -> bytes:
        """Write the version and each key."""
        return bytes((self.version,)) + b"".join(field.to_bytes() for field in self.fields)

    @classmethod
    def _of(cls, parsed: Any) -> PutKeyRequest:
        return cls(parsed.version, tuple(KeyField(each.algorithm, each.data, each.check) for each in parsed.fields))


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What a security domain tells of one key (table 11-16).

    Attributes:
        identifier: 1 to 7F.
        version: key version number of its set.
        components: type and length in bytes of each part; most keys have one.
    """

    identifier: int
    version: int
    components: tuple[tuple[int, int], ...]

    def to_bytes(self) -> bytes:
        """Write the value of one tag C0."""
        return bytes((self.identifier, self.version)) + b"".join(bytes(part) for part in self.components)

    @classmethod
    def from_bytes(cls, raw: bytes) -> KeyInfo:
        """Read the value of one tag C0, in the basic form.

        Raises:
            WireError: it is something else.
        """
        if len(raw) < 4 or len(raw) % 2 or 0xFF in raw[2::2]:
            raise WireError(f"{raw.hex(' ').upper()} is no basic key information")
        parts = tuple((raw[at], raw[at + 1]) for at in range(2, len(raw), 2))
        return cls(raw[0], raw[1], parts)


_KEY_INFO: Construct[Any, Any] = ExprAdapter(
    GreedyBytes, lambda raw, _context: KeyInfo.from_bytes(raw) if raw else None, lambda key, _context: key.to_bytes()
)


@dataclass(frozen=True, slots=True)
class KeyInformation(Structure):
    """Key information template, data object 00E0 (11.3.3.1); an empty C0, as fresh domains answer, tells no key."""

    SCHEMA: ClassVar = Template(Member("keys", 0xC0, _KEY_INFO, many=True))
    TAGS: ClassVar = (0xE0,)
    keys: tuple[KeyInfo, ...]

    @classmethod
    def _of(cls, parsed: Any) -> KeyInformation:
        return cls(tuple(key for key in parsed["keys"] if key is not None))

    @property
    def versions(self) -> dict[int, tuple[KeyInfo, ...]]:
        """The keys of each key version number."""
        numbers = sorted({key.version for key in self.keys})
        return {number: tuple(key for key in self.keys if key.version == number) for number in numbers}


_CPLC_FIELDS = (
    ("fabricator", 2),
    ("chip", 2),
    ("system", 2),
    ("system_date", 2),
    ("system_level", 2),
    ("fabrication_date", 2),
    ("serial", 4),
    ("batch", 2),
    ("module_fabricator", 2),
    ("module_date", 2),
    ("manufacturer", 2),
    ("embedding_date", 2),
    ("prepersonalizer", 2),
    ("prepersonalization_date", 2),
    ("prepersonalization_equipment", 4),
    ("personalizer", 2),
    ("personalization_date", 2),
    ("personalization_equipment", 4),
)


@dataclass(frozen=True, slots=True)
class ProductionData(Structure):
    """Card production life cycle data, data object 9F7F: 42 bytes; dates are BCD, a digit of the year and the day."""

    SCHEMA: ClassVar = Struct(*(name / Bytes(size) for name, size in _CPLC_FIELDS), Terminated)
    TAGS: ClassVar = (0x9F7F,)
    fabricator: bytes
    chip: bytes
    system: bytes
    system_date: bytes
    system_level: bytes
    fabrication_date: bytes
    serial: bytes
    batch: bytes
    module_fabricator: bytes
    module_date: bytes
    manufacturer: bytes
    embedding_date: bytes
    prepersonalizer: bytes
    prepersonalization_date: bytes
    prepersonalization_equipment: bytes
    personalizer: bytes
    personalization_date: bytes
    personalization_equipment: bytes

    @classmethod
    def _unwrapped(cls, raw: bytes) -> bytes:
        """Cards answer with the tag or without it."""
        return raw[3:] if raw.startswith(b"\x9f\x7f\x2a") else raw


KEY_TEMPLATES, KEY_VALUE = 0x00B9, 0x8113
"""Data groupings that give a domain its keys: what keys they are, then the value of each, encrypted (11.11.4.1)."""


@dataclass(frozen=True, slots=True)
class KeyTemplate(Structure):
    """What a key in STORE DATA is: a control reference template B9, each member one byte but the check value.

    Attributes:
        usage: what for; 38 for the keys of a secure channel.
        access: who may use it; 00 for everybody.
        algorithm: key type.
        length: bytes of the key.
        identifier: 1 to 3 for the keys of a secure channel.
        version: key version number.
        check: key check value, 3 bytes.
    """

    SCHEMA: ClassVar = Template(
        Member("usage", 0x95),
        Member("access", 0x96),
        Member("algorithm", 0x80, Bytes(1), required=True),
        Member("length", 0x81, Bytes(1), required=True),
        Member("identifier", 0x82, Bytes(1), required=True),
        Member("version", 0x83, Bytes(1), required=True),
        Member("check", 0x84, required=True),
    )
    TAGS: ClassVar = (0xB9,)
    usage: bytes
    access: bytes
    algorithm: bytes
    length: bytes
    identifier: bytes
    version: bytes
    check: bytes


@dataclass(frozen=True, slots=True)
class KeyReference(Structure):
    """Data of DELETE for keys (11.2.2.3.2): an identifier, a key version number, or both."""

    SCHEMA: ClassVar = Template(Member("identifier", 0xD0), Member("version", 0xD2))
    identifier: bytes | None = None
    version: bytes | None = None
