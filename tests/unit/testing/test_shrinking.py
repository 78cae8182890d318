"""With a fault planted in the link, the session that is left at the end has only the steps that show it."""

import re

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from yohaku.testing import Invariant, InvariantBroken, sessions

SEARCHES = 4
"""What Hypothesis draws depends on what else is loaded, and a search may end in a valley: so many are allowed."""


def smallest(stage, wrap, steps):
    """Give the first session of so many steps that a search ends with, and what it broke; else the last one found."""
    for number in range(SEARCHES):
        session, broken = found(stage, wrap, number)
        if len(session) == steps:
            break
    return session, broken


def found(stage, wrap, number):
    """Give the session that Hypothesis ends with, and what it broke."""
    last = []

    @seed(number)
    @settings(
        max_examples=10_000,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(session=sessions(stage.applet, steps=(1, 8), host=False))
    def test(session):
        try:
            stage.run(session, wrap=wrap)
        except InvariantBroken as broken:
            last[:] = [(session, broken)]
            raise

    with pytest.raises(InvariantBroken):
        test()
    return last[0]


def right(command, answer):
    return b"\x90\x00" if command[1:2] == b"\xd6" and answer == b"\x69\x82" else answer


def counter(command, answer):
    return b"\x63\xc2" if command[1:2] == b"\x20" and answer == b"\x63\xc1" else answer


def channel(command, answer):
    return b"\x6e\x00" if command[:2] == b"\x01\xb0" and answer[-2:] == b"\x90\x00" else answer


def append(command, answer):
    return b"\x6f\x00" if command[1:2] == b"\xe2" and answer == b"\x90\x00" else answer


@pytest.mark.parametrize(
    ("lie", "steps", "shown", "invariant"),
    [
        (right, 1, r"UpdateBinary\('borrower'|Send\(00d6", Invariant.ACCESS),
        (counter, 2, r"\('holder', |Send\(002000", Invariant.RETRY_COUNTERS),
        (channel, 2, r"Move\(\), (ReadBinary\('borrower'|Send\(01b0)", Invariant.CONTENT),
        (append, 2, r", (AppendRecord\('loans', |Send\(00e2)", Invariant.STATUS_WORDS),
    ],
    ids=["right", "counter", "channel", "append"],
)
def test_what_is_left_is_what_shows_the_fault(library, lying, lie, steps, shown, invariant):
    session, broken = smallest(library, lying(lie), steps)
    assert (len(session), broken.invariant) == (steps, invariant)
    assert broken.step in {steps, steps + 1}, "at the last step, or in the look at everything behind it"
    assert re.search(shown, repr(session)), "by a step of its kind, or the command that it sends"
    assert len(repr(session)) < 250
