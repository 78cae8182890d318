"""TLV objects as the simplest terminal writes them, in one small function."""

from __future__ import annotations


def tlv(tag: int, value: bytes) -> bytes:
    """Write a BER-TLV object with a tag of one or two bytes and at most 255 bytes of value."""
    head = tag.to_bytes(2 if tag > 0xFF else 1, "big")
    length = bytes((len(value),)) if len(value) < 0x80 else bytes((0x81, len(value)))
    return head + length + value
