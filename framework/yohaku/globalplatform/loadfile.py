"""INSTALL [for load], and a load file on its way to the card in blocks (GPCS 2.3.1, 11.5.2.3.1 and 11.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from construct import Byte, Struct, Terminated

from yohaku.globalplatform.ber import BerLength, Member, Template, number, with_length
from yohaku.globalplatform.wire import Structure, WireError
from yohaku.iso7816.tlv import Tlv

if TYPE_CHECKING:
    from collections.abc import Iterable

LOAD_FILE_DATA, SIGNATURES = 0xC4, 0xE2
"""Tags of a load file: the load file data block, and a DAP block before it (table 11-58)."""
MOST_BLOCKS = 256
"""Blocks of one load file: P2 numbers them in one byte."""
LAST_BLOCK = 0x80


@dataclass(frozen=True, slots=True)
class LoadRequest(Structure):
    """Data of INSTALL [for load] (table 11-43).

    Attributes:
        load_file: AID of the load file.
        domain: AID of the security domain it shall belong to; empty for the selected one.
        hash: of the load file data block; empty when none is needed.
        parameters: `Quotas`, or nothing.
        token: empty unless management is delegated.
    """

    SCHEMA: ClassVar = Struct(
        "load_file" / with_length(Byte),
        "domain" / with_length(Byte),
        "hash" / with_length(Byte),
        "parameters" / with_length(BerLength),
        "token" / with_length(BerLength),
        Terminated,
    )
    load_file: bytes
    domain: bytes = b""
    hash: bytes = b""
    parameters: bytes = b""
    token: bytes = b""


@dataclass(frozen=True, slots=True)
class Quotas(Structure):
    """System specific parameters of INSTALL (tables 11-48 and 11-49): bytes of memory to set aside.

    Attributes:
        code: non-volatile, for the code of a load file.
        volatile: for data that a reset clears.
        permanent: non-volatile, for data.
    """

    SCHEMA: ClassVar = Template(
        Member("code", 0xC6, number(4)), Member("volatile", 0xC7, number(2)), Member("permanent", 0xC8, number(4))
    )
    TAGS: ClassVar = (0xEF,)
    code: int | None = None
    volatile: int | None = None
    permanent: int | None = None


@dataclass(frozen=True, slots=True)
class Signature(Structure):
    """A DAP block: who signed the load file data block, and the signature over its hash (C.3).

    Attributes:
        domain: AID of the security domain that verifies it.
        signature: its bytes.
    """

    SCHEMA: ClassVar = Template(Member("domain", 0x4F, required=True), Member("signature", 0xC3, required=True))
    TAGS: ClassVar = (SIGNATURES,)
    domain: bytes
    signature: bytes


def load_file(data: bytes, signatures: Iterable[Signature] = ()) -> bytes:
    """Frame a load file data block as a load file."""
    return b"".join(each.to_bytes() for each in signatures) + Tlv(LOAD_FILE_DATA, data).to_bytes()


def blocks(whole: bytes, size: int) -> list[bytes]:
    """Cut a load file into blocks of at most ``size`` bytes.

    Raises:
        WireError: it takes more than 256 blocks, which LOAD cannot number.
    """
    count = -(-len(whole) // size)
    if count > MOST_BLOCKS:
        raise WireError(
            f"the load file has {len(whole)} bytes: {count} blocks of {size}, and LOAD counts to {MOST_BLOCKS}"
        )
    return [whole[at : at + size] for at in range(0, len(whole), size)]
