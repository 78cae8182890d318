"""How generated code makes records: slot by slot in the mutable twin of their class, which then becomes the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yohaku.codec.cache import compiled_code
from yohaku.codec.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yohaku.codec.emit import Reader


def emit_object(
    to: Reader,
    kind: type[Any],
    values: Mapping[str, str],
    hint: str,
    extras: str = "",
) -> str:
    """Emit the making of a record from the expressions of its values; give its local name.

    The ``__storage__`` twin of its class (the same slots, not frozen) is filled slot by slot and then given the class,
    which freezes it.
    """
    twin = to.bind(kind.__dict__["__storage__"], f"{kind.__name__}Slots", f"{kind.__name__} before it is frozen")
    made = to.let(hint, f"{twin}()")
    for name, value in values.items():
        to.line(f"{made}.{name} = {value}")
    if extras:
        to.line(f"{made}._extras = {extras}")
    to.line(f"{made}.__class__ = {to.bind(kind, kind.__name__, 'the record class')}")
    return made


def constructor(
    kind: type[Any], defaults: Mapping[str, object], missing: object, refuse: Callable[..., Any], extras: object = None
) -> Callable[..., Any]:
    """Generate the ``__new__`` of a record class: keyword arguments into slots.

    Args:
        kind: the class, which has a ``__storage__`` twin.
        defaults: the default of each field by name, in order.
        missing: what stands for no default.
        refuse: called with the class and the values by name when one is missing or unknown.
        extras: the value of the slot ``_extras``; None when there is no such slot.
    """
    source = Source(f"<yohaku {kind.__module__}.{kind.__qualname__}.__new__>", defaults)
    names = list(defaults)
    cls, unknown = source.name("cls"), source.name("unknown")
    given = {name: source.bind(default, f"default_{name}", f"{default!r}") for name, default in defaults.items()}
    arguments = ", ".join(f"{name}={given[name]}" for name in names)
    absent = [f"{name} is {given[name]}" for name in names if defaults[name] is missing]
    with source.block(f"def __new__({cls}, /, {f'*, {arguments}, ' if names else ''}**{unknown}):"):
        with source.block(f"if {' or '.join([unknown, *absent])}:"):
            call = source.bind(refuse, "refuse", "names every missing and unknown value")
            source.line(f"return {call}({cls}, {{{', '.join(f'{name!r}: {name}' for name in names)}}} | {unknown})")
        made = source.name("made")
        twin = source.bind(
            kind.__dict__["__storage__"], f"{kind.__name__}Slots", f"{kind.__name__} before it is frozen"
        )
        source.line(f"{made} = {twin}()")
        for name in names:
            source.line(f"{made}.{name} = {name}")
        if extras is not None:
            source.line(f"{made}._extras = {source.bind(extras, 'NO_EXTRAS', 'nothing but declared members')}")
        source.line(f"{made}.__class__ = {cls}")
        source.line(f"return {made}")
    return source.function("__new__", compiled_code)
