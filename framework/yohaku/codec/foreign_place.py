"""Where a part of a construct stands, and how its node is found: by a function that its class has registered.

A class of construct is known when its own methods settle which bytes and values belong together. What a subclass of it
does is not known, but for adapters and validators, whose functions are called as they are when they look at nothing
but the value. What is not known is called in place, with the context that it would have there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import construct as c

from yohaku.codec.fieldtype import FieldType, FixedField
from yohaku.codec.foreign import Foreign
from yohaku.codec.foreign_adapters import adapted
from yohaku.codec.foreign_called import Called, Region, Tree
from yohaku.codec.foreign_exprs import Scope, Unknown
from yohaku.codec.foreign_parts import Own
from yohaku.codec.links import Dependent

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.codec.foreign_nodes import Node

PLAIN = frozenset({int, str, bytes, bool, float, type(None)})
"""Types of values that a record and construct have in the same form."""


class Place(NamedTuple):
    """Where a part stands.

    Attributes:
        scope: what expressions name.
        tree: the whole that it belongs to.
        region: the stream that it is read from.
        last: nothing stands behind it in what holds it.
        in_bits: it is counted in bits.
        exact: all bytes before it in its stream are known when it is written.
        apart: it is built by itself, with a context of its own, so that nothing in it can be called in place.
    """

    scope: Scope
    tree: Tree
    region: Region
    last: bool = True
    in_bits: bool = False
    exact: bool = True
    apart: bool = False


def node_of(inner: Any, place: Place) -> Node:
    """Give the node of a part.

    Raises:
        Unknown: it is not known, and cannot be called in place.
    """
    while type(inner) is c.Renamed and inner.parsed is None:
        inner = inner.subcon
    try:
        return _known(inner, place)
    except Unknown:
        if place.in_bits or place.apart or isinstance(inner, FieldType):
            raise
        return Called(inner, place.scope, place.tree, place.region, exact=place.exact)


def _known(inner: Any, place: Place) -> Node:
    changed = {"_parse", "_build", "_parsereport"} & vars(inner).keys()
    if inner.parsed is not None or changed:
        raise Unknown(inner)
    make = KNOWN.get(type(inner))
    if make is not None:
        return make(inner, place)
    if isinstance(inner, c.Adapter):
        return adapted(inner, node_of(inner.subcon, place))
    if isinstance(inner, FieldType):
        return _own(inner, place)
    raise Unknown(inner)


def _own(inner: FieldType[Any], place: Place) -> Node:
    """Know a field type of yohaku's whose values are plain already."""
    lone = not inner.hidden and not inner.trailing and not isinstance(inner, Dependent | Foreign)
    if place.in_bits or not lone or (inner.greedy and not place.last) or any(True for _ in inner.parts()):
        raise Unknown(inner)
    kind = type(inner.example())
    if kind in {tuple, list, dict, bytearray, memoryview} or not (kind in PLAIN or isinstance(inner, FixedField)):
        raise Unknown(inner)
    return Own(inner, scalar=kind in PLAIN - {float})


def whole(number: Any) -> int:
    """Give a number that is none below zero; Unknown when it is anything else."""
    if type(number) is not int or number < 0:
        raise Unknown(number)
    return number


def in_bytes(make: Callable[[Any, Place], Node]) -> Callable[[Any, Place], Node]:
    """Let a function make nodes only where bytes are counted."""

    def guarded(inner: Any, place: Place) -> Node:
        if place.in_bits:
            raise Unknown(inner)
        return make(inner, place)

    return guarded


KNOWN: dict[Any, Callable[[Any, Place], Node]] = {}
"""What makes the node, by class of construct; the modules that know classes put them here."""
