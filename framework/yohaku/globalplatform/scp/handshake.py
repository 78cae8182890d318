"""What INITIALIZE UPDATE answers, as both sides read and write it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from construct import Bytes, Const, Construct, If, Struct, Terminated

from yohaku.globalplatform.wire import Structure, WireError

_PROTOCOL_AT = 11
PSEUDO_RANDOM, R_MAC, R_ENC, S16 = 0x10, 0x20, 0x40, 0x01
"""Bits of the SCP03 options byte i (amendment D, table 3-1; S16 since version 1.2)."""
PSEUDO_RANDOM_02 = 0x40
"""Bit of the SCP02 options byte i for a pseudo-random card challenge (GPCS 2.3.1, table E-1)."""

_BYTE: Construct[Any, Any] = Bytes(1)


def proof_size(options: int) -> int:
    """Give the bytes of challenges, cryptograms and MACs: 8, or 16 in mode S16."""
    return 16 if options & S16 else 8


@dataclass(frozen=True, slots=True)
class Scp02Answer(Structure):
    """Answer to INITIALIZE UPDATE under SCP02 (GPCS 2.3.1, E.5.1.4).

    Attributes:
        diversification: key diversification data, 10 bytes.
        version: key version number of the set in use.
        counter: sequence counter, 2 bytes.
        challenge: of the card, 6 bytes.
        cryptogram: the card's proof, 8 bytes.
    """

    PROTOCOL: ClassVar = 2
    SCHEMA: ClassVar = Struct(
        "diversification" / Bytes(10),
        "version" / _BYTE,
        "protocol" / Const(b"\x02"),
        "counter" / Bytes(2),
        "challenge" / Bytes(6),
        "cryptogram" / Bytes(8),
        Terminated,
    )
    diversification: bytes
    version: bytes
    counter: bytes
    challenge: bytes
    cryptogram: bytes


def _proof() -> Construct[Any, Any]:
    return Bytes(lambda context: proof_size(context.options[0]))


@dataclass(frozen=True, slots=True)
class Scp03Answer(Structure):
    """Answer to INITIALIZE UPDATE under SCP03 (amendment D, 7.1.1.6): 29, 32, 45 or 48 bytes.

    Attributes:
        diversification: key diversification data, 10 bytes.
        version: key version number of the set in use.
        options: the byte i.
        challenge: of the card, 8 or 16 bytes.
        cryptogram: the card's proof, 8 or 16 bytes.
        counter: sequence counter, 3 bytes; None when the challenge is random.
    """

    PROTOCOL: ClassVar = 3
    SCHEMA: ClassVar = Struct(
        "diversification" / Bytes(10),
        "version" / _BYTE,
        "protocol" / Const(b"\x03"),
        "options" / _BYTE,
        "challenge" / _proof(),
        "cryptogram" / _proof(),
        "counter" / If(lambda context: context.options[0] & PSEUDO_RANDOM, Bytes(3)),
        Terminated,
    )
    diversification: bytes
    version: bytes
    options: bytes
    challenge: bytes
    cryptogram: bytes
    counter: bytes | None = None


def parse_answer(raw: bytes) -> Scp02Answer | Scp03Answer:
    """Read the answer to INITIALIZE UPDATE.

    Raises:
        WireError: it is neither that of SCP02 nor that of SCP03.
    """
    if len(raw) > _PROTOCOL_AT and raw[_PROTOCOL_AT] == Scp02Answer.PROTOCOL:
        return Scp02Answer.from_bytes(raw)
    if len(raw) > _PROTOCOL_AT and raw[_PROTOCOL_AT] == Scp03Answer.PROTOCOL:
        return Scp03Answer.from_bytes(raw)
    raise WireError(f"{raw.hex(' ').upper()} is no answer to INITIALIZE UPDATE of SCP02 or SCP03")
