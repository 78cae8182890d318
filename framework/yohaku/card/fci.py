"""What the container says of itself when it is selected (container version 1, FCI template)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from yohaku.iso7816 import Tlv, TlvError
from yohaku.iso7816.tlv import find, parse

PERSONALISED = 0x0F
"""Life cycle byte of an applet that is ready for use."""


@dataclass(frozen=True, slots=True)
class Fci:
    """File control information of a selected applet (ISO/IEC 7816-4:2020 7.4).

    Attributes:
        raw: the bytes as the card gave them.
        aid: the applet's AID; empty when the card does not say.
        format: version of the container's contract; None when this is no container.
        version: the declaration's version; None when this is no container.
        life: 07 before personalisation is complete, 0F after; None when this is no container.
        fingerprint: first 8 bytes of SHA-256 over the descriptor.
        chain_limit: most bytes of command data in a chain, 0 when there is no chaining.
        longest_command: bytes of the longest extended command APDU, 0 when the card does not say that it takes any.
        longest_response: bytes of the longest response APDU to an extended command; 0 as above.
    """

    raw: bytes
    aid: bytes = b""
    format: int | None = None
    version: int | None = None
    life: int | None = None
    fingerprint: bytes = b""
    chain_limit: int = 0
    longest_command: int = 0
    longest_response: int = 0

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Read an FCI template; bytes that are none give an object that knows only them."""
        try:
            items = parse(raw)
            own = find(items, 0x6F, 0xA5)
            members = own.members if own else []
            return cls._of(raw, _bytes(items, 0x6F, 0x84), members, _extended(items, members))
        except TlvError:
            return cls(raw)

    @classmethod
    def _of(cls, raw: bytes, aid: bytes, own: list[Tlv], extended: tuple[int, int]) -> Self:
        return cls(
            raw,
            aid,
            format=_number(own, 0xC0),
            version=_number(own, 0xC1),
            life=_number(own, 0xC2),
            fingerprint=_bytes(own, 0xC3),
            chain_limit=_number(own, 0xC4) or 0,
            longest_command=extended[0],
            longest_response=extended[1],
        )

    @property
    def is_container(self) -> bool:
        """Whether the selected applet is a container of yohaku's."""
        return self.format is not None

    @property
    def is_personalised(self) -> bool:
        """Whether the applet is ready for use."""
        return self.life == PERSONALISED


def _extended(items: list[Tlv], own: list[Tlv]) -> tuple[int, int]:
    """Find the extended length information: longest command and response (ISO/IEC 7816-4:2020 12.7.1)."""
    found = find(items, 0x6F, 0x7F66) or find(own, 0x7F66)
    numbers = [int.from_bytes(member.value, "big") for member in found.members if member.tag == 0x02] if found else []
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0, 0)


def _bytes(items: list[Tlv], tag: int, *path: int) -> bytes:
    item = find(items, tag, *path)
    return b"" if item is None else item.value


def _number(items: list[Tlv], tag: int) -> int | None:
    item = find(items, tag)
    return None if item is None else int.from_bytes(item.value, "big")
