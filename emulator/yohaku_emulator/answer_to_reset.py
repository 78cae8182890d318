"""The answer to reset of a card that tells the truth: protocols, block size, and what its commands can do."""

from __future__ import annotations

from functools import reduce
from operator import xor
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from yohaku_emulator.profiles import Profile

_CAPABILITIES: Final = b"\x80\x73\xd6\x01"
"""Category of the historical bytes and card capabilities (ISO/IEC 7816-4:2020 12.1.1, 12.2.2.9).

Selection by full and partial AID and by file identifier, SFI, record numbers; one-byte data units.
"""
_NAME: Final = b"\x66YOHAKU"
_CHAINING, _EXTENDED, _CHANNELS = 0x80, 0x40, 0x18
"""Bits of the third byte: command chaining, extended Lc and Le, channel numbers from the card and from the host."""
_MOST_TOLD: Final = 7
"""What the three bits of the number of further channels can say: eight channels or more."""
_DEFAULT_BLOCK: Final = 32
"""IFSC where the ATR is silent (ISO/IEC 7816-3:2006 11.4.2)."""


def answer_to_reset(profile: Profile) -> bytes:
    """Write the ATR of a card (ISO/IEC 7816-3:2006 8.2)."""
    historical = _CAPABILITIES + bytes((_third(profile),)) + _NAME
    interface = _interface(profile)
    body = bytes(((0x80 if interface else 0x00) | len(historical),)) + interface + historical
    return b"\x3b" + body + (bytes((reduce(xor, body),)) if 1 in profile.protocols else b"")


def _third(profile: Profile) -> int:
    able = _CHAINING if profile.chain_bytes else 0
    able |= _EXTENDED if profile.longest_command else 0
    return able | (_CHANNELS | min(profile.channels - 1, _MOST_TOLD) if profile.channels > 1 else 0)


def _interface(profile: Profile) -> bytes:
    """Write TD1, TD2 and TA3 as far as they are needed: T=0 alone needs none of them."""
    if 1 not in profile.protocols:
        return b""
    first, block = profile.protocols[0], profile.block
    if block == _DEFAULT_BLOCK and first == 1:
        return b"\x01"
    return bytes((0x80 | first, 0x01)) if block == _DEFAULT_BLOCK else bytes((0x80 | first, 0x11, block))
