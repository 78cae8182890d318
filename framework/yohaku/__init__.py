"""yohaku (余白): applets for the free space of an ID card's chip.

Declare an applet once; its byte layout, encoder, decoder, picture, documents, card commands and test data follow from
that declaration. The names below are loaded when they are first used, so that a program starts fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yohaku.card import Card, connect
    from yohaku.errors import DataError, DecodeError, EncodeError, Fault, JsonError, SchemaError, YohakuError
    from yohaku.schema import (
        ALWAYS,
        NEVER,
        Applet,
        CyclicFile,
        Key,
        LinearFile,
        Pin,
        Purse,
        PurseLimits,
        PurseLog,
        Record,
        TlvRecord,
        TransparentFile,
        constant,
        field,
        hidden,
        reserved,
        reserved_bits,
    )

__version__ = "0.1.0"

_HOMES = {
    "yohaku.card": ("Card", "connect"),
    "yohaku.errors": (
        "DataError",
        "DecodeError",
        "EncodeError",
        "Fault",
        "JsonError",
        "SchemaError",
        "YohakuError",
    ),
    "yohaku.schema": (
        "ALWAYS",
        "NEVER",
        "Applet",
        "CyclicFile",
        "Key",
        "LinearFile",
        "Pin",
        "Purse",
        "PurseLimits",
        "PurseLog",
        "Record",
        "TlvRecord",
        "TransparentFile",
        "constant",
        "field",
        "hidden",
        "reserved",
        "reserved_bits",
    ),
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load a public name from its home on first use."""
        from importlib import import_module

        for home, names in _HOMES.items():
            if name in names:
                return globals().setdefault(name, getattr(import_module(home), name))
        raise AttributeError(f"module 'yohaku' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "ALWAYS",
    "NEVER",
    "Applet",
    "Card",
    "CyclicFile",
    "DataError",
    "DecodeError",
    "EncodeError",
    "Fault",
    "JsonError",
    "Key",
    "LinearFile",
    "Pin",
    "Purse",
    "PurseLimits",
    "PurseLog",
    "Record",
    "SchemaError",
    "TlvRecord",
    "TransparentFile",
    "YohakuError",
    "connect",
    "constant",
    "field",
    "hidden",
    "reserved",
    "reserved_bits",
]
