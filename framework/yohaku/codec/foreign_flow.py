"""Contexts in straight code: a container's is made where its members begin, and each member is put there in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yohaku.codec.emit import Emitter
    from yohaku.codec.foreign_exprs import Scope
    from yohaku.codec.foreign_nodes import Node


def enter(to: Emitter, scope: Scope, given: str | None) -> None:
    """Emit a new context, for members that were given to be written; None reads them."""
    from yohaku.codec.foreign_context import entered

    if not scope.called or scope.outer is None:
        return
    make = to.bind(entered, "entered", "a context inside another")
    subcons = to.bind(scope.subcons, "subcons", "parts by name, as construct has them in its context")
    scope.stream = scope.region.name if given is None else scope.tree.elsewhere
    scope.parsing = given is None
    arguments = f"{scope.outer.context}, {subcons}, {scope.stream}, {given}, veiled={scope.veiled}"
    scope.context = to.let("context", f"{make}({arguments})")


def put(to: Emitter, scope: Scope, name: str | None, node: Node, value: str) -> None:
    """Emit that a member stands in the context of those behind it, and with a list, the index of its last item."""
    from yohaku.codec.foreign_context import HIDDEN, Setting, shaped_or_hidden

    if not scope.called or scope.outer is None or not (name is None or name in scope.wanted):
        return
    if name is not None:
        shape = shaped_or_hidden(node)
        if shape is not None:
            make = to.bind(shape, f"shaped_{name}", "makes what construct has in the context")
            setting = to.bind(Setting, "Setting", "where a value stands")
            value = f"{make}({value}, {setting}({scope.context}, {scope.stream}, {scope.parsing}))"
        to.line(f"{scope.context}[{name!r}] = {value}")
    if node.leaves == "unknown" or (node.leaves and name is None):
        hidden = to.bind(HIDDEN, "HIDDEN", "stands for what is not known")
        to.line(f'{scope.context}["_index"] = {hidden}')
    elif node.leaves and name is not None:
        held = scope.names[name]
        to.line(f'if {held}: {scope.context}["_index"] = len({held}) - 1')


def note(scope: Scope, name: str | None, node: Node) -> None:
    """Note, when a member is planned, whether the context of those behind it hides something."""
    from yohaku.codec.foreign_context import is_hidden

    hides = node.leaves == "unknown" or (node.leaves == "last" and name is None) or (name and is_hidden(node))
    scope.veiled = scope.veiled or bool(hides)
    scope.tree.veiled = scope.tree.veiled or scope.veiled


def at_work(to: Emitter, scope: Scope, index: Any) -> None:
    """Emit that an item of a list is at work."""
    to.line(f'{scope.context}["_index"] = {index}')
