"""Hidden fields whose value follows from the record: counts, lengths, presence flags, computed values, checksums."""

from __future__ import annotations

import zlib
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from yohaku.codec import FieldType, FromBytes, FromSizes, FromValues, derived
from yohaku.errors import SchemaError
from yohaku.fields.numbers import Flag, UInt
from yohaku.fields.raw import Blob

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Count(UInt):
    """The number of items of a list of the same record: hidden, written from the list and verified when read."""

    hidden = True

    def __init__(self, of: str, *, bits: int = 8) -> None:
        super().__init__(bits)
        self.derivation = FromValues(len, (of,), f"number of {of}")

    @property
    def type_name(self) -> str:
        """``Count(members, 8)``."""
        return f"Count({', '.join(self.derivation.needs if self.derivation else ())}, {self.bits})"


class Length(UInt):
    """The bytes that other fields of the same record take together: hidden, verified when read."""

    hidden = True

    def __init__(self, *of: str, bits: int = 8) -> None:
        super().__init__(bits)
        self.derivation = FromSizes(of, f"bytes of {', '.join(of)}")

    @property
    def type_name(self) -> str:
        """``Length(name, 8)``."""
        return f"Length({', '.join(self.derivation.needs if self.derivation else ())}, {self.bits})"


class Presence(Flag):
    """Whether an optional field of the same record is there: hidden, verified when read."""

    hidden = True

    def __init__(self, of: str, *, bits: int = 1) -> None:
        super().__init__(bits=bits)
        self.derivation = FromValues(_is_there, (of,), f"presence of {of}")

    @property
    def type_name(self) -> str:
        """``Presence(phone)``."""
        return f"Presence({', '.join(self.derivation.needs if self.derivation else ())})"


def computed(type_: FieldType[T], function: Callable[..., T], *of: str) -> FieldType[T]:
    """Give a hidden field whose value ``function`` makes of the values of other fields; verified when read.

    Args:
        type_: how the value is encoded.
        function: takes the values of the fields ``of`` in that order; it must depend on nothing else.
        of: names of visible fields of the same record, before or behind.
    """
    return derived(type_, FromValues(function, of, f"computed from {', '.join(of)}"))


class Checksum(Blob):
    """A check value over the encoding of all fields before it in the record: hidden, verified when read.

    Args:
        size: bytes.
        function: gives that many bytes for the bytes before.
        name: the algorithm, for documents and faults.
    """

    hidden = True

    def __init__(self, size: int, function: Callable[[bytes], bytes], name: str) -> None:
        super().__init__(size)
        self.name = name
        self.derivation = FromBytes(function, f"{name} of the bytes before")

    @property
    def type_name(self) -> str:
        """``Checksum(CRC-32)``."""
        return f"Checksum({self.name})"


def crc16_checksum() -> Checksum:
    """Give a CRC-16/CCITT: polynomial 1021, start FFFF, not reflected, no final XOR; big-endian.

    Catalogues also call it CRC-16/IBM-3740 or CCITT-FALSE; its check value for ``123456789`` is 29B1.
    """
    return Checksum(2, lambda data: crc16(data).to_bytes(2, "big"), "CRC-16/CCITT")


def crc32_checksum() -> Checksum:
    """Give a CRC-32 (ISO/IEC 8802-3, as zlib computes it), big-endian; check value CBF43926."""
    return Checksum(4, lambda data: zlib.crc32(data).to_bytes(4, "big"), "CRC-32")


def xor_checksum() -> Checksum:
    """Give the exclusive or of all bytes, one byte (as the LRC of ISO/IEC 7816-3:2006 11.3.4)."""
    return Checksum(1, lambda data: bytes((xor8(data),)), "XOR")


def sha256_checksum(size: int = 8) -> Checksum:
    """Give the first ``size`` bytes of SHA-256; it finds accidents, and holds off nobody who can write the record."""
    if not 1 <= size <= 32:
        raise SchemaError(f"sha256_checksum({size}): 1 to 32 bytes")
    return Checksum(size, lambda data: sha256(data).digest()[:size], f"SHA-256/{size * 8}")


def crc16(data: bytes, *, start: int = 0xFFFF) -> int:
    """Compute CRC-16 with polynomial 1021, most significant bit first, no final XOR."""
    value = start
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


def xor8(data: bytes) -> int:
    """Compute the exclusive or of all bytes."""
    value = 0
    for byte in data:
        value ^= byte
    return value


def _is_there(value: object) -> bool:
    return value is not None
