"""From a TARGET on the command line to an applet's class: an installed applet's name, or a designer's file."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import sys
import traceback
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yohaku.cli.console import note
from yohaku.cli.errors import UsageError
from yohaku.errors import UnknownNameError, YohakuError
from yohaku.schema import Applet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, ModuleType

APPLETS = "yohaku.applets"
"""The entry-point group of installed applets."""

_AID = re.compile(r"(?:[0-9A-Fa-f]{2}){5,16}")
_FILE = re.compile(r"(?P<path>.+\.py)(?::(?P<name>[^:/]*))?")


class TargetImportError(YohakuError):
    """A designer's file, or an installed applet's module, cannot be imported."""


def load_target(target: str) -> type[Applet]:
    """Give the applet that a TARGET names.

    Raises:
        UnknownNameError: no applet of this name is installed, or none is in the file.
        UsageError: the file is not there, or holds several applets and none is named.
        TargetImportError: the file cannot be imported.
    """
    if match := _FILE.fullmatch(target):
        return _choose(match["path"], match["name"] or "")
    points = installed()
    if target not in points:
        raise UnknownNameError("applet", target, sorted(points), where=" is installed")
    return _load(points[target])


def installed() -> dict[str, EntryPoint]:
    """Find the installed applets by name, without importing them."""
    return {point.name: point for point in entry_points(group=APPLETS)}


def load_aid(target: str) -> tuple[str, bytes]:
    """Give name and AID of the applet that a TARGET names; an AID in hex names itself.

    Raises:
        YohakuError: as `load_target` says.
    """
    if _AID.fullmatch(target):
        return f"the applet {target.lower()}", bytes.fromhex(target)
    applet = load_target(target)
    return applet.name, applet.aid


def installed_applets() -> Iterator[type[Applet]]:
    """Import the installed applets, by name; one that cannot be imported is left out, with a note."""
    for _, point in sorted(installed().items()):
        try:
            yield _load(point)
        except TargetImportError as error:
            note(f"left out: {error}")


def _load(point: EntryPoint) -> type[Applet]:
    try:
        found = point.load()
    except Exception as error:
        raise TargetImportError(f"applet {point.name} ({point.value}) cannot be imported: {_reason(error)}") from error
    if not _is_applet(found):
        raise TargetImportError(f"applet {point.name}: {point.value} is no applet class")
    applet: type[Applet] = found
    return applet


def applets_in(path: str) -> dict[str, type[Applet]]:
    """Import a designer's file and give the applets that it declares, by class name.

    Raises:
        UsageError: there is no such file.
        TargetImportError: it cannot be imported.
    """
    module = _import(Path(path))
    return {
        name: kind for name, kind in vars(module).items() if _is_applet(kind) and kind.__module__ == module.__name__
    }


def _choose(path: str, name: str) -> type[Applet]:
    found = applets_in(path)
    if name:
        by_name = found | {kind.name: kind for kind in found.values()}
        if name not in by_name:
            raise UnknownNameError("applet", name, found, where=f" in {path}")
        return by_name[name]
    if not found:
        raise UsageError(f'{path} declares no applet: it needs a class such as class Stamp(Applet, aid="F0 ...")')
    if len(found) > 1:
        raise UsageError(
            f"{path} declares {len(found)} applets: {', '.join(found)}; choose one: {path}:{next(iter(found))}"
        )
    return next(iter(found.values()))


def _is_applet(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Applet) and hasattr(value, "aid")


def _import(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    if path.suffix != ".py":
        raise UsageError(f"{path} is no Python file")
    loader = _FreshSource(f"_target_{path.stem}", str(path.absolute()))
    module = importlib.util.module_from_spec(ModuleSpec(loader.name, loader, origin=loader.path))
    module.__file__ = loader.path
    with _as_script(path, module):
        try:
            loader.exec_module(module)
        except (Exception, SystemExit) as error:
            raise TargetImportError(f"{path} cannot be imported: {_reason(error, path)}") from error
    return module


class _FreshSource(SourceFileLoader):
    """Compiles a file each time: the bytecode cache misses an edit within a second that keeps the file's length."""

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source as it is now."""
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


@contextlib.contextmanager
def _as_script(path: Path, module: ModuleType) -> Iterator[None]:
    """Let a file import its neighbours and find itself, as a script can; what it prints is no data of ours."""
    sys.modules[module.__name__] = module
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        sys.path.remove(str(path.parent.resolve()))


def _reason(error: BaseException, path: Path | None = None) -> str:
    """Say in one sentence what went wrong, and on which line of the file."""
    kind = "" if isinstance(error, YohakuError) else f"{type(error).__name__}: "
    if isinstance(error, SyntaxError):
        return f"{_place(error, path)}line {error.lineno}: {kind}{error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if path is not None and Path(frame.filename) == path.absolute()]
    return f"{f'line {lines[-1]}: ' if lines else ''}{kind}{error}"


def _place(error: SyntaxError, path: Path | None) -> str:
    """Name the file of a syntax error when it is not the one being imported, but a neighbour of it."""
    found = Path(error.filename or "")
    return "" if path is not None and found == path.absolute() else f"{found.name}, "
