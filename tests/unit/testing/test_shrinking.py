"""With a fault planted in the link, the session that is left at the end has only the steps that show it."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from yohaku.testing import Invariant, InvariantBroken, sessions


def smallest(stage, wrap):
    """Give the session that Hypothesis ends with, and what it broke."""
    last = []

    @settings(
        max_examples=10_000,  # the search ends with the first finding; the rarest comes once in some 1,500 sessions
        deadline=None,
        database=None,
        derandomize=True,
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
        (right, 1, "UpdateBinary('borrower')", Invariant.ACCESS),
        (counter, 2, "Verify('holder', value=<hidden>)", Invariant.RETRY_COUNTERS),
        (channel, 2, "Move(), ReadBinary('borrower')", Invariant.CONTENT),
        (append, 2, "AppendRecord('loans', ", Invariant.STATUS_WORDS),
    ],
    ids=["right", "counter", "channel", "append"],
)
def test_what_is_left_is_what_shows_the_fault(library, lying, lie, steps, shown, invariant):
    session, broken = smallest(library, lying(lie))
    assert (len(session), broken.invariant) == (steps, invariant)
    assert broken.step in {steps, steps + 1}, "at the last step, or in the look at everything behind it"
    assert shown in repr(session)
    assert len(repr(session)) < 250
