"""A module of tests for one applet, from its declaration: ``TestLibraryCard = applet_suite(LibraryCard)``.

The pytest plugin ``yohaku`` gives the tests their card and tells them how much to try. What a test finds it says in a
sentence, with the Python or the APDUs that show it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from yohaku.errors import YohakuError
from yohaku.schema.snapshot import AppletSnapshot
from yohaku.testing.suite.base import AppletTests, without_parts
from yohaku.testing.suite.evolution import EvolutionTests
from yohaku.testing.suite.model import ModelTests
from yohaku.testing.suite.records import RecordTests
from yohaku.testing.suite.rights import AccessTests
from yohaku.testing.suite.tearing import TearingTests

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yohaku.schema import Applet

_GROUPS = (ModelTests, EvolutionTests, TearingTests, AccessTests, RecordTests)
"""pytest runs the tests of the last base first."""


def applet_suite(applet: type[Applet], *, snapshots: Iterable[str | Path] | None = None) -> type[AppletTests]:
    """Give the tests of an applet as a class for pytest to collect: bind it to a name that starts with ``Test``.

    Args:
        applet: the declaration.
        snapshots: files that ``yohaku schema snapshot`` saved of its earlier versions; by default those that lie beside
            the applet's module.

    Raises:
        SnapshotError: a file that was named is no snapshot.
    """
    paths = _beside(applet) if snapshots is None else [Path(path) for path in snapshots]
    saved = {path.name: _snapshot(path) for path in paths}
    suite = type(
        f"Test{applet.__name__}",
        _GROUPS,
        {
            "__doc__": f"The tests that {applet.name} has by its declaration.",
            "applet": applet,
            "snapshots": saved,
            "deviations": {},
        },
    )
    for name in without_parts(suite):
        setattr(suite, name, None)
    return suite


def _snapshot(path: Path) -> AppletSnapshot:
    return AppletSnapshot.from_json(json.loads(path.read_text(encoding="utf-8")))


def _beside(applet: type[Applet]) -> list[Path]:
    """Find the snapshots of an applet in the folder of its module."""
    origin = getattr(sys.modules.get(applet.__module__), "__file__", None)
    if origin is None:
        return []
    return sorted(path for path in Path(origin).parent.glob("*.json") if _is_of(applet, path))


def _is_of(applet: type[Applet], path: Path) -> bool:
    try:
        return _snapshot(path).aid == applet.aid.hex()
    except (YohakuError, ValueError, OSError):
        return False


__all__ = ["AppletTests", "applet_suite"]
