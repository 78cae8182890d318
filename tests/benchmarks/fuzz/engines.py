"""One engine against one planted fault, in a process of its own: ``engines.py ENGINE FAULT SECONDS SEED``.

Prints how many inputs it took and how much CPU time, from the first input to the fault or to the end.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time


class Clock:
    """Counts inputs of a check, and ends the process with a line of figures when it is time."""

    def __init__(self, check: Callable[[bytes], object], limit: float) -> None:
        self.check, self.limit, self.runs, self.start = check, limit, 0, 0.0

    def __call__(self, data: bytes) -> tuple[()]:
        if not self.runs:
            self.start = process_time()
        self.runs += 1
        try:
            self.check(data)
        except Exception as error:
            if type(error).__name__ == "PlantedError":
                self.end(found=True)
            raise
        if process_time() - self.start > self.limit:
            self.end(found=False)
        return ()

    def end(self, *, found: bool) -> None:
        told = {"found": found, "runs": self.runs, "seconds": process_time() - self.start}
        os.write(1, json.dumps(told).encode() + b"\n")
        os._exit(0)


def _run(clock: Clock, data: bytes) -> None:
    clock(data)


def ours(name: str, limit: float, seed: int, *, guided: bool = True) -> None:
    """Run yohaku's engine with the mutation it has for such inputs."""
    from planted import FAULTS

    from yohaku.testing.fuzz import Call, Part, Target
    from yohaku.testing.fuzz.engine import Engine
    from yohaku.testing.fuzz.probes import Coverage

    fault = FAULTS[name]
    clock = Clock(fault.check, limit)
    part = Part("bytes", clock, lambda: fault.seeds, Call("from planted import FAULTS"), fault.mutate)
    coverage = Coverage()
    if not guided:
        coverage.instrument = lambda _packages: None  # type: ignore[method-assign]
    engine = Engine(Target("planted", (part,), ("yohaku", "planted")), coverage, random.Random(seed))
    engine.start()
    if not guided:
        engine.states["bytes"].order[:] = fault.seeds
    clock.runs = 0
    while True:
        engine.search(engine.states["bytes"])


def blind(name: str, limit: float, seed: int) -> None:
    """Run yohaku's engine without looking at coverage: it changes the seeds, and nothing that comes of them."""
    ours(name, limit, seed, guided=False)


def atheris(name: str, limit: float, seed: int) -> None:
    """Run atheris (libFuzzer) on the same check and seeds."""
    import atheris as engine

    with engine.instrument_imports(include=["yohaku", "planted"], enable_loader_override=False):
        from planted import FAULTS
    fault = FAULTS[name]
    clock = Clock(fault.check, limit)
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(fault.seeds):
            (Path(folder) / str(number)).write_bytes(data)
        engine.Setup(["fuzz", folder, f"-seed={seed + 1}", "-max_len=4096"], lambda data: _run(clock, data))
        engine.Fuzz()


def _strategy(seeds: list[bytes]) -> object:
    """Give seeds with some bytes changed, put in or taken out."""
    from hypothesis import strategies as st

    change = st.tuples(st.integers(0, 400), st.integers(0, 2), st.integers(0, 255))

    def apply(seed: bytes, changes: list[tuple[int, int, int]]) -> bytes:
        cells = bytearray(seed)
        for at, kind, cell in changes:
            place = at % (len(cells) + 1)
            cells[place : place + (kind != 1)] = b"" if kind == 2 else bytes((cell,))
        return bytes(cells)

    return st.builds(apply, st.sampled_from(seeds), st.lists(change, max_size=12)) | st.binary(max_size=300)


def hypothesis(name: str, limit: float, seed: int) -> None:
    """Run Hypothesis, which looks at no coverage, on seeds with changed bytes."""
    import hypothesis as engine
    from planted import FAULTS

    clock = Clock(FAULTS[name].check, limit)
    settings = engine.settings(
        max_examples=10**8,
        database=None,
        deadline=None,
        phases=[engine.Phase.generate],
        suppress_health_check=list(engine.HealthCheck),
    )
    run = engine.given(_strategy(FAULTS[name].seeds))(lambda data: _run(clock, data))
    while True:
        engine.seed(seed)(settings(run))()
        seed += 1000


TEST = """
import sys
sys.path[:0] = {path!r}
from hypothesis import given
from engines import Clock, _strategy
from planted import FAULTS
clock = Clock(FAULTS[{name!r}].check, {limit!r})


@given(_strategy(FAULTS[{name!r}].seeds))
def test(data):
    clock(data)
"""


def hypofuzz(name: str, limit: float, seed: int) -> None:
    """Run HypoFuzz, which guides Hypothesis by coverage; its process ends when the clock says so."""
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_planted.py").write_text(TEST.format(path=[str(here)], name=name, limit=limit))
        code = "import sys; from hypothesis.extra.cli import main; sys.exit(main())"
        command = [sys.executable, "-c", code, "fuzz", "--no-dashboard", "-n", "1", "--", "-p", "no:cacheprovider"]
        environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
        with subprocess.Popen(
            [*command, "test_planted.py"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            start_new_session=True,
        ) as process:
            told = next((line for line in process.stdout or () if line.startswith('{"found"')), "{}")
            os.killpg(process.pid, signal.SIGKILL)
        print(told)


ENGINES: dict[str, Callable[[str, float, int], None]] = {
    "yohaku": ours,
    "yohaku, blind": blind,
    "atheris": atheris,
    "HypoFuzz": hypofuzz,
    "Hypothesis": hypothesis,
}

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    ENGINES[sys.argv[1]](sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
