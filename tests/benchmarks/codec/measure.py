"""Timing: CPU time of interleaved samples, medians over shuffled rounds."""

from __future__ import annotations

import gc
import random
from dataclasses import dataclass
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SAMPLE_SECONDS = 0.02


@dataclass
class Job:
    """One operation of one peer on one record: what is called on each of the inputs."""

    peer: str
    record: str
    operation: str
    call: Callable[[Any], Any]
    inputs: Sequence[Any]
    loops: int = 1

    @property
    def key(self) -> tuple[str, str, str]:
        """What the result is filed under."""
        return self.peer, self.record, self.operation


def sample(job: Job) -> float:
    """Run the job's loops; give CPU seconds."""
    call, inputs = job.call, job.inputs
    start = process_time()
    for _ in range(job.loops):
        for value in inputs:
            call(value)
    return process_time() - start


def calibrate(job: Job) -> None:
    """Find the loops that fill a sample, after a warm-up."""
    sample(job)
    while (spent := sample(job)) < SAMPLE_SECONDS:
        job.loops = max(job.loops + 1, round(job.loops * min(10, 1.2 * SAMPLE_SECONDS / max(spent, 1e-4))))


def measure(jobs: list[Job], rounds: int) -> dict[tuple[str, str, str], float]:
    """Give the median rate of each job in records a second."""
    rng = random.Random(1)
    gc.collect()
    gc.disable()
    try:
        for job in jobs:
            calibrate(job)
        times: dict[tuple[str, str, str], list[float]] = {job.key: [] for job in jobs}
        for _ in range(rounds):
            rng.shuffle(jobs)
            for job in jobs:
                times[job.key].append(sample(job) / (job.loops * len(job.inputs)))
    finally:
        gc.enable()
    return {key: 1 / median(values) for key, values in times.items()}
