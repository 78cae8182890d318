"""How much a test run tries, by the name that ``--yohaku-profile`` takes, and how Hypothesis is told."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, settings

from yohaku.errors import UnknownNameError

TOLERATED = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
"""What Hypothesis may find in a designer's declaration and is no fault of it: that drawing takes long."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much a suite tries.

    Attributes:
        name: what the command line calls it.
        examples: records that each property is tried with.
        sessions: random sessions on a card.
        seeds: garbled pages tried for each page that a power cut tears.
        credentials: most PINs and keys of which every combination is presented; of more, those of at most two and
            those that lack at most two.
        thorough: whether each page write of an upgrade is cut with every outcome for the page, or with one in turn.
        repeatable: whether every run tries the same.
    """

    name: str
    examples: int
    sessions: int
    seeds: int
    credentials: int
    thorough: bool
    repeatable: bool

    @property
    def settings(self) -> settings:
        """What Hypothesis is told; no profile of the project's own is used or changed."""
        return settings(
            max_examples=self.examples,
            deadline=None,
            derandomize=self.repeatable,
            report_multiple_bugs=False,
            phases=[phase for phase in Phase if phase is not Phase.explain],
            suppress_health_check=TOLERATED,
        )


EFFORTS = {
    "quick": Effort("quick", 60, 25, 1, 8, thorough=False, repeatable=False),
    "ci": Effort("ci", 250, 150, 3, 10, thorough=True, repeatable=True),
    "long": Effort("long", 5_000, 3_000, 20, 15, thorough=True, repeatable=False),
}
"""By name."""


def effort(name: str) -> Effort:
    """Give the effort of a name.

    Raises:
        UnknownNameError: there is none of this name.
    """
    if name not in EFFORTS:
        raise UnknownNameError("profile", name, EFFORTS)
    return EFFORTS[name]
