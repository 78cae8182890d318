"""Declarations from source text: another version of an applet, loaded beside the one at hand."""

from __future__ import annotations

import sys
from itertools import count
from types import ModuleType

from yohaku.errors import SchemaError, UnknownNameError, YohakuError
from yohaku.schema.applet import Applet

_numbers = count(1)


def load_source(text: str, class_name: str = "", *, file_name: str = "<source>") -> type[Applet]:
    """Run a module's source under a name of its own, apart from other modules, and give the applet that it declares.

    The text is a program: load only what you would run. Its absolute imports find what is installed, so another
    version's module sees this version's neighbours.

    Args:
        text: Python source.
        class_name: the applet's class; may be empty when there is one only, counting no predecessor of another.
        file_name: what tracebacks call the source.

    Raises:
        SchemaError: the source does not run, or declares no applet.
        UnknownNameError: it declares no applet of that name.
    """
    module = ModuleType(f"yohaku_source_{next(_numbers)}")
    sys.modules[module.__name__] = module
    try:
        exec(compile(text, file_name, "exec"), module.__dict__)  # noqa: S102 - to load a declaration is to run it
    except YohakuError:
        raise
    except Exception as error:
        raise SchemaError(f"{file_name} does not run: {type(error).__name__}: {error}") from error
    return _pick(_declared(module), class_name, file_name)


def _declared(module: ModuleType) -> dict[str, type[Applet]]:
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Applet) and value.__module__ == module.__name__
    }


def _pick(found: dict[str, type[Applet]], name: str, file_name: str) -> type[Applet]:
    if name and name not in found:
        raise UnknownNameError("applet", name, found, where=f" in {file_name}")
    if name:
        return found[name]
    latest = [one for one in found.values() if not any(other.previous is one for other in found.values())]
    if len(latest) != 1:
        listed = ", ".join(found) or "none"
        raise SchemaError(f"{file_name} declares {len(latest)} applets ({listed}): name one")
    return latest[0]
