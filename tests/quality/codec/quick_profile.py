"""A pytest plugin: failing examples are not shrunk, since a mutant needs one failure and no explanation."""

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "mutants",
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    database=None,
    derandomize=True,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("mutants")
