"""Profiles (quick by default; ci or long with --yohaku-profile=NAME) and the counts that a run prints.

The name chooses the effort of applet suites and Hypothesis' profile for all other tests here; so does
--hypothesis-profile=NAME.
"""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "quick", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("ci", parent=settings.get_profile("quick"), max_examples=150, derandomize=True)
settings.register_profile("long", parent=settings.get_profile("quick"), max_examples=10_000)


def pytest_configure(config):
    settings.load_profile(config.getoption("--hypothesis-profile") or config.getoption("--yohaku-profile"))


@pytest.fixture(scope="session")
def yohaku_effort(pytestconfig):
    from yohaku.testing.suite.effort import EFFORTS

    named = pytestconfig.getoption("--hypothesis-profile"), pytestconfig.getoption("--yohaku-profile")
    return next(EFFORTS[name] for name in named if name in EFFORTS)


COUNTS = {
    "cut_points": "power cuts: {:,} cut points examined, each left the old or the new state",
    "mutants": "planted faults: {:,} found by random commands against the model",
}
"""What tests record as a property, by name, and the sentence that tells its sum."""


def pytest_terminal_summary(terminalreporter):
    properties = [
        pair
        for report in terminalreporter.stats.get("passed", [])
        if report.when == "call"
        for pair in report.user_properties
    ]
    for name, sentence in COUNTS.items():
        total = sum(value for recorded, value in properties if recorded == name)
        if total:
            terminalreporter.write_line(sentence.format(total))
