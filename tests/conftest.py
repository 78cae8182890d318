"""Hypothesis profiles: quick by default, long with --hypothesis-profile=long."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "quick", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("ci", parent=settings.get_profile("quick"), max_examples=150, derandomize=True)
settings.register_profile("long", parent=settings.get_profile("quick"), max_examples=10_000)
settings.load_profile("quick")
