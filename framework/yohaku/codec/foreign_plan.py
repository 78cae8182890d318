"""From a construct to the nodes that emit its straight code: the parts that are made of others, and the whole."""
# ruff: noqa: SLF001 - the methods that a class of construct's is made of begin with an underscore

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import construct as c
from construct.lib import bits2bytes, bytes2bits

from yohaku.codec import foreign_nodes as nodes
from yohaku.codec import foreign_parts as parts
from yohaku.codec import foreign_simple  # noqa: F401 - registers the classes that it knows
from yohaku.codec.foreign_called import Called, Region, Tree, stream_of
from yohaku.codec.foreign_choice import Ahead, Choice, Trailing
from yohaku.codec.foreign_exprs import Scope, Unknown, formula, ignores
from yohaku.codec.foreign_flow import note
from yohaku.codec.foreign_place import KNOWN, Place, in_bytes, node_of, whole
from yohaku.codec.foreign_variable import Variable
from yohaku.codec.foreign_whole import whole as whole_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.codec.foreign_nodes import Node

_MOST_IN_BITS = 128


def plan(inner: Any) -> Node | None:
    """Give the node of a construct; None when it is not known at all."""
    tree, region = Tree(), Region()
    root = Scope(None, region, tree=tree)
    try:
        node = node_of(inner, Place(root, tree, region))
    except Unknown:
        return None
    if isinstance(node, Called) or (node.bits is not None and node.bits % 8):
        return None
    return whole_of(node, root)


def _struct(inner: Any, place: Place) -> Node:
    scope = Scope(place.scope, place.region, inner._subcons, place.tree)
    members = _members(inner, place, scope)
    names = [name for name, _ in members if name is not None]
    if len(set(names)) != len(names) or any(name.startswith("_") for name in names):
        raise Unknown(inner)
    if any(name is None and not node.bare for name, node in members):
        raise Unknown(inner)
    _settle(members, scope, set(names))
    made = parts.Members(members, scope, "dict")
    made.asks = tuple(part.name for part in inner.subcons if part.name and not part.flagbuildnone)
    return made


def _sequence(inner: Any, place: Place) -> Node:
    scope = Scope(place.scope, place.region, inner._subcons, place.tree)
    scope.shut = any(part.name is not None for part in inner.subcons)
    members = _members(inner, place, scope)
    if any(isinstance(node, parts.Rebuilt) for _, node in members):
        raise Unknown(inner)
    return parts.Members(members, scope, "list")


def _focused(inner: Any, place: Place) -> Node:
    scope = Scope(place.scope, place.region, inner._subcons, place.tree)
    members = _members(inner, place, scope)
    focus = [name for name, _ in members if name is not None and name == inner.parsebuildfrom]
    others = [node for name, node in members if name != inner.parsebuildfrom]
    if len(focus) != 1 or any(not node.bare and not isinstance(node, parts.Rebuilt) for node in others):
        raise Unknown(inner)
    _settle(members, scope, set(focus))
    made = parts.Members(members, scope, "focus", focus[0])
    made.scalar = next(node.scalar for name, node in members if name == focus[0])
    return made


def _members(inner: Any, place: Place, scope: Scope) -> list[tuple[str | None, Node]]:
    members: list[tuple[str | None, Node]] = []
    behind = [_takes_nothing(part) for part in inner.subcons]
    for index, part in enumerate(inner.subcons):
        node = node_of(part, place._replace(scope=scope, last=place.last and all(behind[index + 1 :])))
        if part.name is not None and type(part.name) is not str:
            raise Unknown(inner)
        members.append((part.name, node))
        note(scope, part.name, node)
        scope.shut = scope.shut or (type(inner) is c.FocusedSeq and part.name is not None and node.bare)
        if part.name is not None:
            scope.known.add(part.name)
            scope.nodes[part.name] = node
            scope.scalars |= {part.name} if node.scalar else set()
    return members


def _takes_nothing(part: Any) -> bool:
    while type(part) is c.Renamed:
        part = part.subcon
    return part is c.Terminated or part is c.Pass or type(part) is c.Computed


def _settle(members: list[tuple[str | None, Node]], scope: Scope, names: set[str]) -> None:
    """Let the parts that follow from others know how, now that all members are known."""
    for name, node in members:
        if isinstance(node, parts.Rebuilt):
            scope.known = names
            node.text = formula(node.expression, scope)
            scope.wanted.add(name or "")
            if name is None:
                raise Unknown(node)


def _array(inner: Any, place: Place) -> Node:
    if inner.discard:
        raise Unknown(inner)
    node, scope = _item(inner, place)
    if type(inner.count) is int:
        if place.in_bits and inner.count > _MOST_IN_BITS:
            raise Unknown(inner)
        return parts.Items(node, whole(inner.count), in_bits=place.in_bits, scope=scope)
    if place.in_bits:
        raise Unknown(inner)
    return parts.Items(node, formula(inner.count, place.scope), scope=scope)


def _item(inner: Any, place: Place) -> tuple[Node, Scope | None]:
    """Give the node of a list's items, and the scope when a part of them is called."""
    called = place.tree.called
    node = node_of(inner.subcon, place._replace(last=False, exact=False))
    return node, place.scope if place.tree.called > called else None


def _greedy_range(inner: Any, place: Place) -> Node:
    node, scope = _item(inner, place)
    if inner.discard or not place.last or not node.minimum:
        raise Unknown(inner)
    return parts.Items(node, None, scope=scope)


def _select(inner: Any, place: Place) -> Node:
    """Know a Select, and where nothing but the end of the bytes can be why its part is not there, ``Optional``."""
    if {"obj", "self"} & set(place.scope.subcons or ()):
        raise Unknown(inner)
    place = place._replace(apart=True)
    if len(inner.subcons) == 2 and inner.subcons[1] is c.Pass and place.last:
        node = node_of(inner.subcons[0], place)
        if node.minimum:
            return Trailing(node)
    place.tree.looking += 1
    return Choice([node_of(part, place) for part in inner.subcons])


def _peek(inner: Any, place: Place) -> Node:
    place.tree.looking += 1
    return Ahead(node_of(inner.subcon, place._replace(last=False)))


def _until(inner: Any, place: Place) -> Node:
    node = node_of(inner.subcon, place._replace(last=False))
    if inner.discard or not node.scalar or not node.minimum:
        raise Unknown(inner)
    if not (ignores(inner.predicate, 1) and ignores(inner.predicate, 2)):
        raise Unknown(inner)
    return parts.Until(node, inner.predicate)


def _const(inner: Any, place: Place) -> Node:
    node = node_of(inner.subcon, place)
    kinds = {nodes.Raw: bytes, nodes.Number: int, nodes.Encoded: str, nodes.Truth: bool}
    if type(inner.value) is not kinds.get(type(node)):
        raise Unknown(inner)
    if isinstance(inner.value, bytes) and len(inner.value) != node.size:
        raise Unknown(inner)
    return parts.Constant(node, inner.value)


def _computed(inner: Any, place: Place) -> Node:
    return parts.Derived(formula(inner.func, place.scope))


def _rebuild(inner: Any, place: Place) -> Node:
    node = node_of(inner.subcon, place)
    if not node.scalar:
        raise Unknown(inner)
    return parts.Rebuilt(node, inner.func)


def _prefixed(inner: Any, place: Place) -> Node:
    length = node_of(inner.lengthfield, place._replace(last=False))
    own = length.size if inner.includelength else 0
    if not isinstance(length, nodes.Number | Variable) or own is None:
        raise Unknown(inner)
    region = Region()
    node = node_of(inner.subcon, place._replace(region=region, last=True, exact=True))
    return parts.Sized(length, node, own, stream_of(place.tree, region))


def _if(inner: Any, place: Place) -> Node:
    text, place = formula(inner.condfunc, place.scope), place._replace(exact=False)
    cases = [("", node_of(inner.thensubcon, place)), ("", node_of(inner.elsesubcon, place))]
    return parts.Chosen(cases, text)


def _switch(inner: Any, place: Place) -> Node:
    text, place = formula(inner.keyfunc, place.scope), place._replace(exact=False)
    if any(type(key) not in {int, str, bytes} for key in inner.cases):
        raise Unknown(inner)
    cases = [(f" == {key!r}", node_of(part, place)) for key, part in inner.cases.items()]
    return parts.Chosen([*cases, ("", node_of(inner.default, place))], text)


def _transformed(inner: Any, place: Place) -> Node:
    if inner.decodefunc is not bytes2bits or inner.encodefunc is not bits2bytes:
        raise Unknown(inner)
    node = node_of(inner.subcon, place._replace(last=False, in_bits=True))
    if node.bits != 8 * inner.decodeamount or inner.encodeamount != inner.decodeamount:
        raise Unknown(inner)
    return node


_BYTES_ONLY: dict[Any, Callable[[Any, Place], Node]] = {
    c.GreedyRange: _greedy_range,
    c.Prefixed: _prefixed,
    c.IfThenElse: _if,
    c.Switch: _switch,
    c.Select: _select,
    c.Peek: _peek,
    c.RepeatUntil: _until,
    c.Transformed: _transformed,
}
KNOWN.update({kind: in_bytes(make) for kind, make in _BYTES_ONLY.items()})
KNOWN.update(
    {
        c.Struct: _struct,
        c.Sequence: _sequence,
        c.FocusedSeq: _focused,
        c.Array: _array,
        c.Const: _const,
        c.Computed: _computed,
        c.Rebuild: _rebuild,
    }
)
