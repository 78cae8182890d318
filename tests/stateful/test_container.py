"""The container behaves like a dict with rights."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test


def test_random_commands_do_what_the_model_does(machine):
    quick = settings(deadline=None, stateful_step_count=60, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=quick)
