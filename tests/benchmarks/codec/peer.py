"""What the benchmark needs of a peer: how it encodes and decodes each record, and what it calls a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from data import Plain


def same(value: Any) -> Any:
    """Give the value back: the peer's own form is the plain one."""
    return value


@dataclass(frozen=True)
class Coder:
    """One record as one peer sees it.

    Attributes:
        encode: the peer's value to bytes; timed.
        decode: bytes to the peer's value; timed.
        native: plain values to the peer's value; not timed.
        plain: the peer's value back to plain values; not timed.
    """

    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    native: Callable[[Plain], Any] = same
    plain: Callable[[Any], Plain] = same


@dataclass(frozen=True)
class Peer:
    """One library.

    Attributes:
        name: what the table calls it.
        distribution: its name on PyPI; empty for Python's own.
        coders: the records it can do.
        same_bytes: whether it must give the card's bytes; else a round trip is enough.
        note: what a reader of the table must know.
    """

    name: str
    distribution: str
    coders: dict[str, Coder]
    same_bytes: bool = True
    note: str = ""
