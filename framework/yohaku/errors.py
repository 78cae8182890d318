"""Every error that yohaku raises on purpose, under one root.

Nothing here derives from a built-in error other than Exception, so ``except ValueError`` never hides a card fault.
No message, argument or repr of these classes carries a secret.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable


class YohakuError(Exception):
    """The root of all errors that yohaku raises on purpose."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a value or with bytes.

    Attributes:
        message: what is wrong, and the limit, as the end of a sentence whose subject is the path.
        path: names and indices from the root of the value to the faulty part.
        offset: where the part starts, in bytes from the start of the encoding; None when it has no known place.
        size: how many bytes the part takes; None when that depends on the value.
    """

    message: str
    path: tuple[str | int, ...] = ()
    offset: int | None = None
    size: int | None = None

    def under(self, step: str | int, offset: int | None = None) -> Self:
        """Give the same fault as the parent sees it: one path step longer, ``offset`` bytes further on."""
        place = None if offset is None or self.offset is None else self.offset + offset
        return replace(self, path=(step, *self.path), offset=place)

    @property
    def where(self) -> str:
        """The path in JSONPath form, such as ``$.members[3].points``."""
        return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)

    def __str__(self) -> str:
        name = next((step for step in reversed(self.path) if isinstance(step, str)), "value")
        text = f"{name} {self.message} @ {self.where}"
        if self.offset is None:
            return text
        if self.size is None:
            return f"{text} (byte {self.offset})"
        return f"{text} (byte {self.offset}, {self.size} byte{'' if self.size == 1 else 's'})"


class DataError(YohakuError):
    """A value or bytes do not fit a schema; ``faults`` holds every fault found, in the order of the layout."""

    def __init__(self, subject: str, faults: Iterable[Fault]) -> None:
        self.subject = subject
        self.faults = tuple(faults)
        super().__init__(subject, self.faults)

    def __str__(self) -> str:
        count = len(self.faults)
        head = f"{self.subject}: {count} fault{'' if count == 1 else 's'}"
        return "\n".join([head, *(f"  {fault}" for fault in self.faults)])


class EncodeError(DataError):
    """A value does not fit its schema; nothing was encoded."""


class DecodeError(DataError):
    """Bytes do not follow their schema; nothing was decoded."""


class JsonError(DataError):
    """A JSON value does not fit its schema; nothing was made of it."""


class SchemaError(YohakuError):
    """A declaration contradicts itself; raised when the class is defined, with every contradiction."""


class UnknownNameError(YohakuError):
    """A name is not one of those that exist; the message lists them and the nearest one."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, where: str = "") -> None:
        self.kind, self.name, self.known = kind, name, tuple(known)
        super().__init__(kind, name, self.known)
        self._where = where

    def __str__(self) -> str:
        close = nearest(self.name, self.known)
        hint = f"; did you mean {close!r}?" if close else ""
        listed = ", ".join(self.known) or "none"
        return f"no {self.kind} {self.name!r}{self._where}: there is {listed}{hint}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the name in ``known`` that ``name`` most likely meant, or None."""
    matches = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return matches[0] if matches else None
