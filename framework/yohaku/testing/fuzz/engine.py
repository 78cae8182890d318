"""The search in one process: an input is run, and kept when it reaches code or states that no other reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from yohaku.testing.fuzz.finding import Finding, Reason, reason_of
from yohaku.testing.fuzz.minimise import Minimiser
from yohaku.testing.fuzz.source import write_test

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from random import Random

    from yohaku.testing.fuzz.probes import Coverage
    from yohaku.testing.fuzz.target import Part, Target

SLICE = 256
"""Inputs of one part before the next one has its turn."""
SLICE_SECONDS = 0.5
TRIM_TRIES = 60
"""Tries to make an input of interest smaller."""
_LATEST = 12
"""Inputs that count as the latest."""
_NO_MARKS: frozenset[Hashable] = frozenset()


@dataclass(frozen=True, slots=True)
class Trail:
    """What an input reached: blocks as the bits of a number, and marks that its check gave."""

    blocks: int
    marks: frozenset[Hashable]

    def beyond(self, other: Trail) -> Trail:
        """Give what is here and not there."""
        return Trail(self.blocks & ~other.blocks, self.marks - other.marks)

    def __or__(self, other: Trail) -> Trail:
        return Trail(self.blocks | other.blocks, self.marks | other.marks)

    def __bool__(self) -> bool:
        return bool(self.blocks or self.marks)


NOWHERE = Trail(0, _NO_MARKS)


@dataclass(slots=True)
class State:
    """What is known of one part.

    Attributes:
        part: what it is.
        kept: inputs of interest and what each reached.
        reached: what all of them reached.
        paths: hashes of the sets of blocks that were seen.
        reasons: keys of the findings.
        order: the inputs of interest in the order they came.
    """

    part: Part
    kept: dict[bytes, Trail] = field(default_factory=dict)
    order: list[bytes] = field(default_factory=list)
    reached: Trail = NOWHERE
    paths: set[int] = field(default_factory=set)
    reasons: set[tuple[str, str]] = field(default_factory=set)

    def smallest_set(self) -> list[bytes]:
        """Give few, small inputs that reach together all that was reached."""
        needed, reached = [], NOWHERE
        for data in sorted(self.kept, key=lambda each: (len(each), each)):
            if self.kept[data].beyond(reached):
                needed.append(data)
                reached |= self.kept[data]
        return needed


class Engine:
    """Searches one target.

    Args:
        target: what to search.
        coverage: the probes.
        random: chooses.
        before: told of each input before it is run.
        deadly: inputs that are known to kill the process, with their parts; they are not run.

    Attributes:
        states: of each part, by name.
        runs: inputs that were run.
        running: whether one is being run now.
        kept: inputs of interest that nobody was told of yet, with their parts.
        findings: findings that nobody was told of yet.
    """

    def __init__(
        self,
        target: Target,
        coverage: Coverage,
        random: Random,
        *,
        before: Callable[[Part, bytes], None] = lambda _part, _data: None,
        deadly: frozenset[tuple[str, bytes]] = frozenset(),
    ) -> None:
        self.target, self.coverage, self._random, self._before = target, coverage, random, before
        self.states = {part.name: State(part) for part in target.parts}
        self.runs, self.running = 0, False
        self.kept: list[tuple[str, bytes]] = []
        self.findings: list[Finding] = []
        self._words: list[bytes] = []
        self._deadly = deadly

    @property
    def blocks(self) -> int:
        """Blocks of code that were run."""
        reached = 0
        for state in self.states.values():
            reached |= state.reached.blocks
        return reached.bit_count()

    def start(self, more: Iterable[tuple[str, bytes]] = ()) -> None:
        """Run the seeds, which loads all code, put the probes in, and run them once more with inputs of a corpus."""
        seeds = [(state, data) for state in self.states.values() for data in state.part.seeds()]
        for state, data in seeds:
            self._run(state, data)
        self.coverage.instrument(self.target.packages)
        self._words = sorted(self.coverage.words)
        for state, data in seeds:
            self._try(state, data, trim=False)
        for name, data in more:
            self.add(name, data)

    def add(self, part: str, data: bytes) -> None:
        """Run an input from elsewhere."""
        if part in self.states:
            self._try(self.states[part], data, trim=False)

    def search(self, state: State) -> None:
        """Run new inputs of one part for one slice."""
        end = monotonic() + SLICE_SECONDS
        for _ in range(SLICE):
            self._try(state, self._next(state), trim=True)
            if monotonic() > end:
                return

    def _next(self, state: State) -> bytes:
        """Change an input of interest, the latest ones more often."""
        random, order = self._random, state.order
        if not order:
            return random.randbytes(random.randrange(64))
        latest = len(order) - _LATEST if random.random() < 0.5 else 0
        chosen = order[random.randrange(max(latest, 0), len(order))]
        words = self._words if not state.part.words or random.random() < 0.5 else state.part.words
        return state.part.mutate(chosen, random.choice(order), random, words)

    def _try(self, state: State, data: bytes, *, trim: bool) -> None:
        """Run an input and keep it when it reaches something new."""
        marks = self._run(state, data)
        if marks is None:
            return
        taken = self.coverage.taken()
        path = hash(taken)
        if path in state.paths and marks <= state.reached.marks:
            return
        state.paths.add(path)
        trail = Trail(int.from_bytes(taken, "little"), marks)
        fresh = trail.beyond(state.reached)
        if fresh:
            self._keep(state, *(self._trimmed(state, data, fresh) if trim else None) or (data, trail))

    def _keep(self, state: State, data: bytes, trail: Trail) -> None:
        if data not in state.kept:
            state.order.append(data)
            self.kept.append((state.part.name, data))
        state.kept[data] = trail
        state.reached |= trail

    def _trimmed(self, state: State, data: bytes, fresh: Trail) -> tuple[bytes, Trail] | None:
        """Make an input smaller as long as it reaches what is new."""
        found: dict[bytes, Trail] = {}

        def holds(smaller: bytes) -> bool:
            marks = self._run(state, smaller)
            if marks is None:
                return False
            trail = Trail(int.from_bytes(self.coverage.taken(), "little"), marks)
            found[smaller] = trail
            return not fresh.beyond(trail)

        small = Minimiser(holds, separator=state.part.separator, tries=TRIM_TRIES).shorter(data)
        return (small, found[small]) if small != data else None

    def _run(self, state: State, data: bytes) -> frozenset[Hashable] | None:
        """Run an input; note a finding and give None when its check raises."""
        outcome = self._outcome(state.part, data)
        if not isinstance(outcome, Reason):
            return outcome
        if outcome.key not in state.reasons:
            state.reasons.add(outcome.key)
            self.findings.append(self._finding(state.part, outcome, data))
        return None

    def _outcome(self, part: Part, data: bytes) -> frozenset[Hashable] | Reason:
        self.coverage.reset()
        if (part.name, data) in self._deadly:
            return _NO_MARKS
        self._before(part, data)
        self.runs += 1
        self.running = True
        try:
            return frozenset(part.check(data))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever comes out of the code under test is a finding
            return reason_of(error)
        finally:
            self.running = False

    def _finding(self, part: Part, reason: Reason, data: bytes) -> Finding:
        def holds(smaller: bytes) -> bool:
            outcome = self._outcome(part, smaller)
            return isinstance(outcome, Reason) and outcome.key == reason.key

        small = Minimiser(holds, separator=part.separator).run(data)
        told = self._outcome(part, small)
        return finding(self.target, part, told if isinstance(told, Reason) else reason, small)


def finding(target: Target, part: Part, reason: Reason, data: bytes) -> Finding:
    """Make a finding with its test."""
    bare = Finding(part.name, reason, data, "")
    return Finding(part.name, reason, data, write_test(target.name, part.name, part.call, reason, data, bare.digest))
