"""Answer-to-reset: what a card offers a reader before any command; it identifies no product.

Applications are found by SELECT, never by the ATR: many products share one, and one product has several.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Self

from yohaku.errors import YohakuError


class AtrError(YohakuError):
    """Bytes are not an answer-to-reset."""


@dataclass(frozen=True, slots=True)
class Atr:
    """An answer-to-reset, taken apart (ISO/IEC 7816-3:2006 8.2).

    Attributes:
        raw: all its bytes.
        protocols: the transmission protocols offered, T=0 first when no TD1 says otherwise, without T=15.
        historical: the historical bytes.
    """

    raw: bytes
    protocols: tuple[int, ...]
    historical: bytes

    @property
    def is_contactless(self) -> bool:
        """Whether a reader made this ATR for a contactless card (PC/SC part 3, 3.1.3.2.3), which has no T=0."""
        return self.raw[1] & 0xF0 == 0x80 and self.raw[2:4] == b"\x80\x01"

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Read an answer-to-reset.

        Raises:
            AtrError: TS is neither 3B nor 3F, bytes are missing or left over, or the check byte TCK is wrong.
        """
        if len(raw) < 2 or raw[0] not in {0x3B, 0x3F}:
            raise AtrError(f"an ATR starts with 3B or 3F and has at least 2 bytes, this is {raw.hex(' ').upper()}")
        protocols, at = _walk_interface_bytes(raw)
        end = at + (raw[1] & 0x0F)
        checked = any(protocol != 0 for protocol in protocols)
        if len(raw) != end + checked:
            raise AtrError(f"ATR {raw.hex(' ').upper()} should have {end + checked} bytes, it has {len(raw)}")
        if checked and reduce(xor, raw[1:]):
            raise AtrError(f"ATR {raw.hex(' ').upper()}: check byte TCK is wrong")
        return cls(raw, tuple(p for p in protocols if p != 15), raw[at:end])


def _walk_interface_bytes(raw: bytes) -> tuple[list[int], int]:
    """Follow TAi to TDi; give the protocols that the TDi name and where the historical bytes start."""
    protocols: list[int] = []
    present, at = raw[1] >> 4, 2
    while present:
        at += present.bit_count()
        if at > len(raw):
            raise AtrError(f"ATR {raw.hex(' ').upper()} ends inside its interface bytes")
        if not present & 0x8:
            break
        following = raw[at - 1]
        protocols.append(following & 0x0F)
        present = following >> 4
    unique = list(dict.fromkeys(protocols))
    return unique or [0], at
