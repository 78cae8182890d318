"""The planted faults: each exchanges some text of one module, and the tests of its area have to notice.

``faults.toml`` holds those of codec, memory, secure channel and registry. Those of the container stand beside the
machines of ``tests/stateful`` that find them at each run of the tests, and are taken from there.
"""

import importlib.util
import inspect
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[3]
STATEFUL = {
    "test_planted_faults.py": ("MUTANTS", "tests/stateful/test_container.py"),
    "test_verification.py": ("FAULTS", "tests/stateful/test_verification.py"),
    "test_purse.py": ("MUTANTS", "tests/stateful/test_purse.py"),
}
"""Files that list faults as (name, owner, function, old, new), and the machine beside them, which is asked first."""
AREAS = {
    "codec": (
        "tests/unit/fields",
        "tests/unit/codec",
        "tests/property/test_compiled.py",
        "tests/property/test_fields.py",
        "tests/property/test_schemas.py",
        "tests/unit/applets/test_suites.py",
    ),
    "container": ("tests/stateful", "tests/unit/applets/test_suites.py"),
    "access control": ("tests/stateful", "tests/unit/applets/test_suites.py"),
    "memory": ("tests/stateful", "tests/persistence", "tests/unit/emulator", "tests/unit/applets/test_suites.py"),
    "secure channel": ("tests/property/test_scp.py",),
    "registry": ("tests/stateful/test_content_management.py", "tests/property/test_management.py"),
}
"""The tests that have to notice, by area, in the order in which they are asked."""
_OF_MEMORY = ("Store", "OwnerPin")
_OF_ACCESS = ("Credentials", "descriptor")
_OF_REGISTRY = ("Registry",)


@dataclass(frozen=True)
class Fault:
    """One way in which yohaku could be wrong.

    Attributes:
        area: a key of ``AREAS``.
        name: what is wrong, in words.
        file: the module's file, relative to the repository.
        near: text before the place, so that it is found: usually a ``def``.
        old: what stands there.
        new: what is planted instead.
        first: the test that is asked before the others of the area.
    """

    area: str
    name: str
    file: str
    near: str
    old: str
    new: str
    first: str = ""

    @property
    def tests(self) -> list[str]:
        """The tests that have to notice."""
        return [path for path in AREAS[self.area] if (ROOT / path).exists()]

    def planted(self, source: str) -> str:
        """Give the module's source with the fault in it.

        Raises:
            LookupError: the text is not there any more.
        """
        at = source.find(self.near)
        place = source.find(self.old, at) if at >= 0 else -1
        if place < 0:
            raise LookupError(f"{self.area}, {self.name}: {self.old!r} is not behind {self.near!r} in {self.file}")
        return source[:place] + self.new + source[place + len(self.old) :]


def faults() -> list[Fault]:
    """Give all planted faults, those of an area together."""
    own = tomllib.loads((Path(__file__).parent / "faults.toml").read_text("utf-8"))
    listed = [Fault(area, **each) for area, several in own.items() for each in several]
    found = [*listed, *_beside_the_machines()]
    return sorted(found, key=lambda fault: list(AREAS).index(fault.area))


def _beside_the_machines() -> Iterator[Fault]:
    for name, (variable, machine) in STATEFUL.items():
        path = ROOT / "tests/stateful" / name
        if path.exists():
            for title, owner, function, old, new in getattr(_module(path), variable):
                yield replace(_of_owner(title, owner, function, old, new), first=machine)


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"stateful_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _of_owner(title: str, owner: Any, function: str, old: str, new: str) -> Fault:
    """Find where a function of a class or module stands, which may be a class that the owner inherits from."""
    found = next((each for each in owner.__mro__ if function in vars(each)), owner) if _is_class(owner) else owner
    file = Path(inspect.getfile(found)).relative_to(ROOT)
    lines, _ = inspect.getsourcelines(inspect.getattr_static(found, function))
    head = next(line for line in lines if "def " in line)
    return Fault(_area(found), title, str(file), head.rstrip(), old, new)


def _is_class(owner: object) -> bool:
    return isinstance(owner, type)


def _area(owner: Any) -> str:
    name = owner.__name__.rpartition(".")[2]
    if name in _OF_MEMORY:
        return "memory"
    if name in _OF_REGISTRY:
        return "registry"
    return "access control" if name in _OF_ACCESS else "container"
