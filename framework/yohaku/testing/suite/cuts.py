"""Power cuts at every page write of what a host does, each followed by a look at what is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yohaku_emulator import EmulatedCard, PowerCut
from yohaku_emulator.link import EmulatorLink
from yohaku_emulator.memory import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku_emulator.memory import Outcome


@dataclass(frozen=True, slots=True)
class Moment:
    """A card just before a command, session included.

    Attributes:
        chip: the card; fork it.
        command: the command.
        writes: page writes that the command takes.
        before: commands and answers since the card was connected.
        begun: how many of those only led to what is recorded.
    """

    chip: EmulatedCard
    command: bytes
    writes: int
    before: tuple[tuple[bytes, bytes], ...]
    begun: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A card whose power was cut in the middle of a command, and came back.

    Attributes:
        chip: the card.
        index: of the command among those that were recorded.
        write: the page write that was cut, from 1.
        outcome: what the page holds: old, new or mixed.
        seed: of the mixture.
    """

    chip: EmulatedCard
    index: int
    write: int
    outcome: Outcome
    seed: int

    @property
    def arguments(self) -> str:
        """How the memory is told."""
        return f"{self.write}, {self.outcome!r}, seed={self.seed}"

    def __str__(self) -> str:
        return f"power cut at page write {self.write} of the last command, that page left {self.outcome}"


class Recording(EmulatorLink):
    """A link that keeps a fork of its card from before each command that writes."""

    def __init__(self, card: EmulatedCard, name: str) -> None:
        super().__init__(card, name)
        self._moments: list[Moment] = []
        self._sent: list[tuple[bytes, bytes]] = []
        self._begun = 0

    def transmit(self, command: bytes) -> bytes:
        """Send a command, and remember the card as it was."""
        before = self.card.fork()
        response = super().transmit(command)
        if self.card.writes != before.writes:
            self._moments.append(self._moment(before, command, self.card.writes - before.writes))
        self._sent.append((command, response))
        return response

    def begin(self) -> None:
        """Forget the writes so far: they only led to what is to be recorded."""
        self._moments.clear()
        self._begun = len(self._sent)

    @property
    def moments(self) -> list[Moment]:
        """The writing commands since the beginning, and the card as it is now as the last."""
        return [*self._moments, self._moment(self.card.fork(), b"", 0)]

    def _moment(self, chip: EmulatedCard, command: bytes, writes: int) -> Moment:
        return Moment(chip, command, writes, tuple(self._sent), self._begun)


def cuts(moments: list[Moment], seeds: int, *, every: bool = True) -> Iterator[Cut]:
    """Cut the power at every page write of recorded commands.

    Args:
        moments: of the commands.
        seeds: mixtures of old and new that are tried for the page being written.
        every: whether that page is left old, new and mixed each time, or in turn.
    """
    for index, moment in enumerate(moments):
        for write in range(1, moment.writes + 1):
            for outcome in OUTCOMES if every else (OUTCOMES[(index + write) % len(OUTCOMES)],):
                for seed in range(seeds if outcome == "mixed" else 1):
                    yield _cut(moment, index, write, outcome, seed)


def _cut(moment: Moment, index: int, write: int, outcome: Outcome, seed: int) -> Cut:
    chip = moment.chip.fork()
    seed = seed * 1009 + index * 31 + write
    chip.memory.cut_at(write, outcome, seed)
    try:
        chip.transmit(moment.command)
    except PowerCut:
        chip.memory.cut_at(0)
        chip.power_on()
    return Cut(chip, index, write, outcome, seed)
