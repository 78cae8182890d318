"""What the processes of a search say to each other, and the cell in which each leaves the input that it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yohaku.testing.fuzz.finding import Finding
    from yohaku.testing.fuzz.target import Target

CELL = 1 << 17
"""Bytes of the cell: two for the part, four for the length, the rest for the input."""
_HEAD = 6


@dataclass(frozen=True, slots=True)
class Job:
    """What a process is told when it starts.

    Attributes:
        load: makes the target; importable by name, as it travels to another process.
        seed: of the random choices.
        number: of the process.
        inputs: of a corpus, with their parts.
        known: keys of findings by part; they are not told again.
        deadly: inputs that killed a process before, with their parts.
    """

    load: Callable[[], Target]
    seed: int
    number: int
    inputs: tuple[tuple[str, bytes], ...] = ()
    known: frozenset[tuple[str, tuple[str, str]]] = frozenset()
    deadly: frozenset[tuple[str, bytes]] = frozenset()


@dataclass(frozen=True, slots=True)
class Report:
    """What a process tells a few times a second.

    Attributes:
        runs: inputs that were run since it started.
        blocks: blocks of code that were reached.
        probes: blocks of code that have a probe.
        kept: new inputs of interest, with their parts.
        findings: new findings.
        smallest: few inputs for each part that reach all that was reached; in the last report only.
    """

    runs: int
    blocks: int
    probes: int
    kept: tuple[tuple[str, bytes], ...] = ()
    findings: tuple[Finding, ...] = ()
    smallest: Mapping[str, list[bytes]] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a process is told in return.

    Attributes:
        inputs: of interest to other processes, with their parts.
        stop: whether to end.
    """

    inputs: tuple[tuple[str, bytes], ...] = field(default=())
    stop: bool = False


def write_cell(cell: Any, part: int, data: bytes) -> None:
    """Leave the input that is run next."""
    shown = data[: CELL - _HEAD]
    cell[: _HEAD + len(shown)] = part.to_bytes(2, "big") + len(shown).to_bytes(4, "big") + shown


def read_cell(cell: Any) -> tuple[int, bytes]:
    """Give part and input that were run last."""
    raw = bytes(cell)
    return int.from_bytes(raw[:2], "big"), raw[_HEAD : _HEAD + int.from_bytes(raw[2:_HEAD], "big")]
