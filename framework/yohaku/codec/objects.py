"""How generated code makes a record: slot by slot where the class has a mutable twin, else through its maker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yohaku.codec.emit import Reader


def emit_object(
    to: Reader,
    kind: type[Any],
    make: Callable[..., Any],
    values: Mapping[str, str],
    hint: str,
    extras: str = "",
) -> str:
    """Emit the making of a record from the expressions of its values; give its local name.

    A class with a ``__storage__`` twin (the same slots, not frozen) is filled slot by slot and then given its class,
    which freezes it.
    """
    storage = kind.__dict__.get("__storage__")
    if storage is None:
        held = ", ".join(f"{name!r}: {value}" for name, value in values.items())
        maker = to.bind(make, f"make_{kind.__name__}", f"makes a {kind.__name__}")
        return to.let(hint, f"{maker}({{{held}}}{f', {extras}' if extras else ''})")
    twin = to.bind(storage, f"{kind.__name__}Slots", f"{kind.__name__} before it is frozen")
    made = to.let(hint, f"{twin}()")
    for name, value in values.items():
        to.line(f"{made}.{name} = {value}")
    if extras:
        to.line(f"{made}._extras = {extras}")
    to.line(f"{made}.__class__ = {to.bind(kind, kind.__name__, 'the record class')}")
    return made
