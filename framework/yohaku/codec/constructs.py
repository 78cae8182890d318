"""construct when a program uses it, and not before: field types become constructs the moment that construct is there.

A field type stands inside any construct of a designer's, so it is one; but to decode a record takes nothing of
construct, whose import costs more than generating the codec. So the base class of field types is ``Part`` until
somebody imports construct, and ``construct.Construct`` from then on.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_NAME = "construct"
_OFFERED = frozenset(
    {
        "_actualsize",
        "_compilebuild",
        "_compileparse",
        "_parsereport",
        "benchmark",
        "build",
        "build_file",
        "build_stream",
        "compile",
        "export_ksy",
        "parse",
        "parse_file",
        "parse_stream",
        "sizeof",
    }
)
"""What construct's base class offers and field types leave to it."""


class Part:
    """Stands for construct's base class while construct is not there; any use of it imports construct."""

    def __getattr__(self, name: str) -> Any:
        """Give what construct's base class offers."""
        if name not in _OFFERED:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        return getattr(_grown(self), name)

    def __rtruediv__(self, name: str) -> Any:
        """Name the part: ``"number" / UInt(8)``."""
        return name / _grown(self)

    def __getitem__(self, count: Any) -> Any:
        """Repeat the part: ``UInt(8)[3]``."""
        return _grown(self)[count]

    def __mul__(self, note: Any) -> Any:
        """Document the part: ``UInt(8) * "tries left"``."""
        return _grown(self) * note

    def __rmul__(self, note: Any) -> Any:
        """Document the part: ``"tries left" * UInt(8)``."""
        return note * _grown(self)

    def __add__(self, other: Any) -> Any:
        """Put the part before others in a Struct."""
        return _grown(self) + other

    def __rshift__(self, other: Any) -> Any:
        """Put the part before others in a Sequence."""
        return _grown(self) >> other

    def __repr__(self) -> str:
        """Show the class, as construct does."""
        return f"<{type(self).__name__}>"


def _grown(part: Part) -> Any:
    """Import construct, which makes the part one."""
    import construct  # noqa: F401 - its import is what is wanted

    return part


def is_construct(thing: object) -> bool:
    """Tell whether something is a construct; without construct there is none but field types."""
    module = sys.modules.get(_NAME)
    return module is not None and isinstance(thing, module.Construct)


def when_imported(tell: Callable[[type], None]) -> None:
    """Call ``tell`` with construct's base class: now if construct is there, else as soon as it is."""
    module = sys.modules.get(_NAME)
    if module is not None:
        tell(module.Construct)
    else:
        sys.meta_path.insert(0, _Notice(tell))


class _Notice:
    """Hears that construct is about to be imported, and steps aside."""

    def __init__(self, tell: Callable[[type], None]) -> None:
        self.tell = tell

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - importlib's signature
        target: ModuleType | None = None,  # noqa: ARG002 - importlib's signature
    ) -> Any:
        """Find construct as ever, and have it loaded by a loader that tells."""
        if fullname != _NAME:
            return None
        sys.meta_path.remove(self)
        spec: Any = find_spec(fullname)
        if spec is not None:
            spec.loader = _Telling(spec.loader, self.tell)
        return spec


class _Telling:
    """Loads a module with its own loader, and tells of it when it is there."""

    def __init__(self, loader: Loader, tell: Callable[[type], None]) -> None:
        self.loader, self.tell = loader, tell

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave the module to its own loader."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Load, hand the module back to its own loader, and tell."""
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        module.__loader__ = self.loader
        self.loader.exec_module(module)
        self.tell(module.Construct)
