"""What can be fuzzed: a target is one or more parts, a part is a check of bytes and what is known of such bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yohaku.testing.fuzz.mutation import Mutation, mutate_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from yohaku.testing.fuzz.source import Call


@dataclass(frozen=True, slots=True)
class Part:
    """One way into the code under test.

    Attributes:
        name: such as ``borrower.json``; the name of its folder in a corpus.
        check: takes an input, raises when an invariant does not hold; gives marks of what happened, which count as
            coverage.
        seeds: gives inputs to start from; called where they are run, as making them may run the code under test.
        call: how a test writes the check down.
        mutate: how a new input is made of an old one.
        words: bytes that mean something in an input.
        separator: what an input is cut at when it is made smaller; empty for single bytes only.
    """

    name: str
    check: Callable[[bytes], Iterable[Hashable]]
    seeds: Callable[[], Iterable[bytes]]
    call: Call
    mutate: Mutation = mutate_bytes
    words: Sequence[bytes] = ()
    separator: bytes = b""


@dataclass(frozen=True, slots=True)
class Target:
    """Something to fuzz.

    Attributes:
        name: as the command line has it.
        parts: ways into it.
        packages: whose code counts as covered.
    """

    name: str
    parts: tuple[Part, ...]
    packages: tuple[str, ...] = field(default=("yohaku", "yohaku_emulator", "yohaku_applets"))

    def part(self, name: str) -> Part | None:
        """Give the part of a name; None when there is none."""
        return next((part for part in self.parts if part.name == name), None)


def digest(data: bytes) -> str:
    """Name an input or a finding by what it is: the first 16 hex digits of SHA-256."""
    return hashlib.sha256(data).hexdigest()[:16]
