"""What a card says it can do: data object 0067 (GPCS 2.3.1, H.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from construct import GreedyBytes

from yohaku.globalplatform.ber import Member, Template
from yohaku.globalplatform.states import Privilege, privileges
from yohaku.globalplatform.wire import Structure

_KEY_SIZES = {0x01: 16, 0x02: 24, 0x04: 32}
_HASHES = {0x01: "sha1", 0x02: "sha256", 0x03: "sha384", 0x04: "sha512"}
_CHANNEL = Template(Member("protocol", 0x80), Member("options", 0x81), Member("sizes", 0x82))


@dataclass(frozen=True, slots=True)
class Capabilities(Structure):
    """Card capability information.

    Attributes:
        channels: each secure channel protocol with its options bytes i and its key sizes in bytes.
        domain_privileges: what supplementary security domains may be given.
        application_privileges: what applications may be given.
        hashes: for load file data blocks, by the names that hashlib knows.
    """

    SCHEMA: ClassVar = Template(
        Member("channels", 0xA0, _CHANNEL, many=True),
        Member("domain_privileges", 0x81, GreedyBytes),
        Member("application_privileges", 0x82, GreedyBytes),
        Member("hashes", 0x83, GreedyBytes),
    )
    TAGS: ClassVar = (0x67,)
    channels: tuple[tuple[int, tuple[int, ...], tuple[int, ...]], ...] = ()
    domain_privileges: Privilege = Privilege.NONE
    application_privileges: Privilege = Privilege.NONE
    hashes: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Write the information."""
        return Raw(
            tuple(_channel(*each) for each in self.channels),
            self.domain_privileges.to_bytes3(),
            self.application_privileges.to_bytes3(),
            bytes(number for number, name in _HASHES.items() if name in self.hashes),
        ).to_bytes()

    @classmethod
    def _of(cls, parsed: Any) -> Capabilities:
        return cls(
            tuple(
                (each.protocol[0], tuple(each.options or b""), _sizes((each.sizes or b"\0")[0]))
                for each in parsed.channels
                if each.protocol
            ),
            privileges(parsed.domain_privileges or bytes(3)),
            privileges(parsed.application_privileges or bytes(3)),
            tuple(_HASHES[number] for number in parsed.hashes or b"" if number in _HASHES),
        )


@dataclass(frozen=True, slots=True)
class Raw(Structure):
    """The same members as bytes, as they are written."""

    SCHEMA: ClassVar = Capabilities.SCHEMA
    TAGS: ClassVar = Capabilities.TAGS
    channels: tuple[dict[str, bytes], ...]
    domain_privileges: bytes
    application_privileges: bytes
    hashes: bytes


def _channel(protocol: int, options: tuple[int, ...], sizes: tuple[int, ...]) -> dict[str, bytes]:
    bits = sum(bit for bit, size in _KEY_SIZES.items() if size in sizes)
    return {"protocol": bytes((protocol,)), "options": bytes(options), "sizes": bytes((bits,))}


def _sizes(bits: int) -> tuple[int, ...]:
    return tuple(size for bit, size in _KEY_SIZES.items() if bits & bit)
