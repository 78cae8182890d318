"""A pytest plugin that plants one fault before yohaku is imported, and tells which test found it, and how soon.

Give it with ``-p``; ``$YOHAKU_PLANTED`` holds the module's file and its changed source, ``$YOHAKU_FOUND`` is where the
finding is written, as JSON. The tests of ``$YOHAKU_FIRST``, a path, are asked before the others.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any
from weakref import WeakSet

import pytest
from hypothesis.internal.conjecture import engine
from hypothesis.internal.conjecture.data import ConjectureData, Status


class _Planted(importlib.machinery.SourceFileLoader):
    """Loads a module from its file with other source, and without the cache of compiled files."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self.source = source

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - the loader's interface
        return compile(self.source, self.path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the one module whose file is planted."""

    def __init__(self, file: str, source: str) -> None:
        self.file, self.source = Path(file).resolve(), source
        self.planted = False

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        if name.rpartition(".")[2] != self.file.stem or not name.startswith("yohaku"):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.origin is None or Path(spec.origin).resolve() != self.file:
            return None
        self.planted = True
        return importlib.util.spec_from_file_location(
            name, spec.origin, loader=_Planted(name, spec.origin, self.source)
        )


def _nothing(_: object) -> None:
    pass


class _Witness:
    """Counts the examples of the test that runs, and remembers the first that fails."""

    def __init__(self, finder: _Finder) -> None:
        self.finder, self.examples, self.failing = finder, 0, 0
        self.found: dict[str, Any] = {}

    def watch(self) -> None:
        """Count what Hypothesis runs, and end its search with the first finding, as large as it is."""
        runner = engine.ConjectureRunner
        run, goes_on = runner.test_function, runner.should_generate_more
        done: WeakSet[engine.ConjectureRunner] = WeakSet()

        def counted(self_: engine.ConjectureRunner, data: ConjectureData) -> None:
            self.examples += 1
            run(self_, data)
            if data.status is Status.INTERESTING:
                done.add(self_)
                self.failing = self.failing or self.examples

        def seeks(self_: engine.ConjectureRunner) -> bool:
            return self_ not in done and goes_on(self_)

        exchanged = {name: _nothing for name in vars(runner) if name.startswith("shrink_interesting")}
        for name, function in {**exchanged, "test_function": counted, "should_generate_more": seeks}.items():
            setattr(runner, name, function)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        first = os.environ["YOHAKU_FIRST"] or "::"
        items.sort(key=lambda item: not item.nodeid.startswith(first))

    def pytest_runtest_setup(self) -> None:
        self.examples = self.failing = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.found:
            self.found = {"test": report.nodeid, "examples": self.failing or self.examples or 1}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.found:
            self.found = {"test": f"{report.nodeid} (does not even load)", "examples": 0}

    def pytest_sessionfinish(self) -> None:
        told = {"planted": self.finder.planted, **self.found}
        Path(os.environ["YOHAKU_FOUND"]).write_text(json.dumps(told), "utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Watch the examples of Hypothesis."""
    witness = _Witness(_FINDER)
    witness.watch()
    config.pluginmanager.register(witness)


_FINDER = _Finder(**json.loads(Path(os.environ["YOHAKU_PLANTED"]).read_text("utf-8")))
sys.meta_path.insert(0, _FINDER)
