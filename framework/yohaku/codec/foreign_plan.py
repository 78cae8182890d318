"""From a construct to the nodes that emit its straight code; what is not known here is left to construct.

Each class of construct that is known has one function in ``_KNOWN``. A class is known when its own methods settle which
bytes and values belong together: what a subclass of it does is not known, but for adapters and validators, whose two
functions are called as they are as long as they look at nothing but the value.
"""
# ruff: noqa: SLF001 - the methods that a class of construct's is made of begin with an underscore

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any, NamedTuple

import construct as c
from construct.lib import bits2bytes, bytes2bits

from yohaku.codec import foreign_nodes as nodes
from yohaku.codec import foreign_parts as parts
from yohaku.codec.fieldtype import FieldType, FixedField
from yohaku.codec.foreign import Foreign
from yohaku.codec.foreign_adapters import adapted
from yohaku.codec.foreign_called import Called
from yohaku.codec.foreign_exprs import Scope, Unknown, formula, ignores
from yohaku.codec.foreign_variable import Variable
from yohaku.codec.links import Dependent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yohaku.codec.foreign_nodes import Node

_LOSSLESS = frozenset({"utf-8", "ascii", "iso8859-1"})
_PLAIN = frozenset({int, str, bytes, bool, float, type(None)})
_MOST_IN_BITS = 128


class Place(NamedTuple):
    """Where a part stands.

    Attributes:
        scope: what expressions name.
        last: nothing stands behind it in what holds it.
        in_bits: it is counted in bits.
        top: it is the outermost part.
        within: the outermost part, when it is a Struct and this a member of it.
    """

    scope: Scope | None = None
    last: bool = True
    in_bits: bool = False
    top: bool = False
    within: Any = None


def plan(inner: Any) -> Node | None:
    """Give the node of a construct; None when a part of it is not known."""
    try:
        node = node_of(inner, Place(top=True))
    except Unknown:
        return None
    return node if node.bits is None or node.bits % 8 == 0 else None


def node_of(inner: Any, place: Place) -> Node:
    """Give the node of a part.

    Raises:
        Unknown: it is not known.
    """
    while type(inner) is c.Renamed and inner.parsed is None:
        inner = inner.subcon
    within, place = place.within, place._replace(within=None)
    try:
        return _known(inner, place)
    except Unknown:
        if within is None or place.scope is None:
            raise
        return _called_in(within, inner, place.scope)


def _called_in(struct: Any, inner: Any, scope: Scope) -> Node:
    """Let construct call a member of the outermost Struct that is somebody's own and states its size.

    Raises:
        Unknown: it is one of construct's own, or a member before it has another form in construct, so that its context
            is not known.
    """
    own = type(inner).__module__.partition(".")[0] != "construct" and not isinstance(inner, FieldType)
    others = [scope.nodes[name] for name in scope.known - scope.scalars]
    if not own or not all(isinstance(node, Called | nodes.Adapted) for node in others):
        raise Unknown(inner)
    try:
        size = inner.sizeof()
    except Exception:  # noqa: BLE001 - sizeof of a foreign construct may fail in any way
        raise Unknown(inner) from None
    for node in others:
        node.in_context = True
    return Called(inner, _whole(size), scope, struct._subcons)


def _known(inner: Any, place: Place) -> Node:
    changed = {"_parse", "_build", "_parsereport"} & vars(inner).keys()
    if inner.parsed is not None or changed:
        raise Unknown(inner)
    make = _KNOWN.get(type(inner))
    if type(inner) is not c.Struct:
        place = place._replace(top=False)
    if make is not None:
        return make(inner, place)
    if isinstance(inner, c.Adapter):
        return _adapter(inner, place)
    if isinstance(inner, FieldType):
        return _own(inner, place)
    raise Unknown(inner)


def _own(inner: FieldType[Any], place: Place) -> Node:
    """Know a field type of yohaku's whose values are plain already."""
    lone = not inner.hidden and not inner.trailing and not isinstance(inner, Dependent | Foreign)
    if place.in_bits or not lone or (inner.greedy and not place.last) or any(True for _ in inner.parts()):
        raise Unknown(inner)
    kind = type(inner.example())
    if kind in {tuple, list, dict, bytearray, memoryview} or not (kind in _PLAIN or isinstance(inner, FixedField)):
        raise Unknown(inner)
    return parts.Own(inner, scalar=kind in _PLAIN - {float})


def _whole(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise Unknown(number)
    return number


def _in_bytes(make: Callable[[Any, Place], Node]) -> Callable[[Any, Place], Node]:
    def guarded(inner: Any, place: Place) -> Node:
        if place.in_bits:
            raise Unknown(inner)
        return make(inner, place)

    return guarded


def _format(inner: Any, _: Place) -> Node:
    order, code = inner.fmtstr[0], inner.fmtstr[1]
    if code in "fde":
        return nodes.Float(inner.fmtstr)
    if code == "?" or order == "=":
        raise Unknown(inner)
    return nodes.Number(8 * inner.length, signed=code.islower(), little=order == "<")


def _bytes_integer(inner: Any, _: Place) -> Node:
    if type(inner.signed) is not bool or type(inner.swapped) is not bool or not _whole(inner.length):
        raise Unknown(inner)
    return nodes.Number(8 * inner.length, signed=inner.signed, little=inner.swapped)


def _bits_integer(inner: Any, place: Place) -> Node:
    if not place.in_bits or type(inner.signed) is not bool or inner.swapped is not False or not _whole(inner.length):
        raise Unknown(inner)
    return nodes.Number(inner.length, signed=inner.signed)


def _flag(_: Any, place: Place) -> Node:
    return nodes.Truth(1 if place.in_bits else 8)


def _bytes(inner: Any, _: Place) -> Node:
    return nodes.Raw(8 * _whole(inner.length))


def _greedy_bytes(inner: Any, place: Place) -> Node:
    if not place.last:
        raise Unknown(inner)
    return nodes.Rest()


def _end(inner: Any, place: Place) -> Node:
    if not place.last:
        raise Unknown(inner)
    return nodes.End()


def _fixed(inner: Any, place: Place) -> Node:
    bits, held = 8 * _whole(inner.length), inner.subcon
    if type(held) is c.NullStripped and held.pad == b"\0" and held.subcon is c.GreedyBytes:
        return nodes.Filled(bits)
    if held is c.GreedyBytes:
        return nodes.Raw(bits)
    return _filled(node_of(held, place._replace(last=False)), bits, 0, place)


def _filled(node: Node, bits: int, pattern: int, place: Place) -> Node:
    if node.bits is None or node.bits > bits or (place.in_bits and pattern):
        raise Unknown(node)
    return nodes.Padded(node, bits, pattern, in_bits=place.in_bits)


def _padded(inner: Any, place: Place) -> Node:
    bits = _whole(inner.length) * (1 if place.in_bits else 8)
    return _filled(node_of(inner.subcon, place._replace(last=False)), bits, inner.pattern[0], place)


def _aligned(inner: Any, place: Place) -> Node:
    node = node_of(inner.subcon, place._replace(last=False))
    if node.bits is None or _whole(inner.modulus) < 2:
        raise Unknown(inner)
    unit = inner.modulus * (1 if place.in_bits else 8)
    return _filled(node, node.bits + -node.bits % unit, inner.pattern[0], place)


def _ended(inner: Any, _: Place) -> Node:
    if inner.subcon is not c.GreedyBytes or len(inner.term) != 1 or inner.include:
        raise Unknown(inner)
    if inner.consume is not True or inner.require is not True:
        raise Unknown(inner)
    return nodes.Ended(inner.term[0])


def _encoded(inner: Any, place: Place) -> Node:
    held = node_of(inner.subcon, place)
    if not isinstance(held, nodes.Raw | nodes.Filled | nodes.Ended | nodes.Rest | parts.Sized) or not held.scalar:
        raise Unknown(inner)
    try:
        name = codecs.lookup(inner.encoding).name
    except (LookupError, TypeError):
        raise Unknown(inner) from None
    return nodes.Encoded(held, name if name in _LOSSLESS else inner.encoding, lossless=name in _LOSSLESS)


def _enum(inner: Any, place: Place) -> Node:
    held = _number(inner, place)
    values = {code: str(name) for code, name in inner.decmapping.items()}
    codes = {name: code for code, name in values.items()}
    return nodes.Mapped(held, values, codes, scalar=False)


def _flags(inner: Any, place: Place) -> Node:
    held = _number(inner, place)
    flags = {str(name): value for name, value in inner.flags.items()}
    if any(type(value) is not int or name.startswith("_") for name, value in flags.items()):
        raise Unknown(inner)
    return nodes.FlagNames(held, flags)


def _number(inner: Any, place: Place) -> Node:
    held = node_of(inner.subcon, place)
    if not isinstance(held, nodes.Number):
        raise Unknown(inner)
    return held


def _mapping(inner: Any, place: Place) -> Node:
    held = node_of(inner.subcon, place)
    values: Mapping[Any, Any] = {
        code: value for code, value in inner.decmapping.items() if inner.encmapping[value] == code
    }
    if not held.scalar or any(type(value) not in _PLAIN for pair in values.items() for value in pair):
        raise Unknown(inner)
    return nodes.Mapped(held, values, {value: code for code, value in values.items()}, scalar=True)


def _struct(inner: Any, place: Place) -> Node:
    scope = Scope(place.scope)
    members = _members(inner, place, scope)
    names = [name for name, _ in members if name is not None]
    if len(set(names)) != len(names) or any(name.startswith("_") for name in names):
        raise Unknown(inner)
    if any(name is None and not node.bare for name, node in members):
        raise Unknown(inner)
    _settle(members, scope, set(names))
    return parts.Members(members, scope, "dict")


def _sequence(inner: Any, place: Place) -> Node:
    members = _members(inner, place, scope := Scope(place.scope))
    if any(isinstance(node, parts.Rebuilt) for _, node in members):
        raise Unknown(inner)
    return parts.Members(members, scope, "list")


def _focused(inner: Any, place: Place) -> Node:
    members = _members(inner, place, scope := Scope(place.scope))
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
        last = place.last and all(behind[index + 1 :])
        within = inner if place.top and type(inner) is c.Struct else None
        node = node_of(part, Place(scope, last, place.in_bits, within=within))
        if part.name is not None and type(part.name) is not str:
            raise Unknown(inner)
        members.append((part.name, node))
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
    node = node_of(inner.subcon, place._replace(last=False))
    if type(inner.count) is int:
        if place.in_bits and inner.count > _MOST_IN_BITS:
            raise Unknown(inner)
        return parts.Items(node, _whole(inner.count), in_bits=place.in_bits)
    if place.in_bits:
        raise Unknown(inner)
    return parts.Items(node, formula(inner.count, place.scope))


def _greedy_range(inner: Any, place: Place) -> Node:
    node = node_of(inner.subcon, place._replace(last=False))
    if inner.discard or not place.last or not node.minimum:
        raise Unknown(inner)
    return parts.Items(node, None)


def _select(inner: Any, place: Place) -> Node:
    """Know ``Optional``, where nothing but the end of the bytes can be why its part is not there."""
    node = node_of(inner.subcons[0], place) if len(inner.subcons) == 2 else None
    if node is None or inner.subcons[1] is not c.Pass or not place.last or not node.minimum:
        raise Unknown(inner)
    return parts.Trailing(node)


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


def _inside(inner: Any, place: Place) -> Node:
    """Give the node of what a part holds, which it changes in nothing that a whole value shows."""
    return node_of(inner.subcon, place)


def _shown(inner: Any, place: Place) -> Node:
    node = node_of(inner.subcon, place)
    if not node.scalar:
        raise Unknown(inner)
    return node


def _prefixed(inner: Any, place: Place) -> Node:
    length = node_of(inner.lengthfield, place._replace(last=False))
    own = length.size if inner.includelength else 0
    if not isinstance(length, nodes.Number | Variable) or own is None:
        raise Unknown(inner)
    return parts.Sized(length, node_of(inner.subcon, Place(place.scope)), own)


def _if(inner: Any, place: Place) -> Node:
    text = formula(inner.condfunc, place.scope)
    cases = [("", node_of(inner.thensubcon, place)), ("", node_of(inner.elsesubcon, place))]
    return parts.Chosen(cases, text)


def _switch(inner: Any, place: Place) -> Node:
    text = formula(inner.keyfunc, place.scope)
    if any(type(key) not in {int, str, bytes} for key in inner.cases):
        raise Unknown(inner)
    cases = [(f" == {key!r}", node_of(part, place)) for key, part in inner.cases.items()]
    return parts.Chosen([*cases, ("", node_of(inner.default, place))], text)


def _transformed(inner: Any, place: Place) -> Node:
    if inner.decodefunc is not bytes2bits or inner.encodefunc is not bits2bytes:
        raise Unknown(inner)
    node = node_of(inner.subcon, Place(place.scope, last=False, in_bits=True))
    if node.bits != 8 * inner.decodeamount or inner.encodeamount != inner.decodeamount:
        raise Unknown(inner)
    return node


def _adapter(inner: Any, place: Place) -> Node:
    return adapted(inner, node_of(inner.subcon, place))


_BYTES_ONLY: dict[Any, Callable[[Any, Place], Node]] = {
    c.FormatField: _format,
    c.BytesInteger: _bytes_integer,
    c.Bytes: _bytes,
    type(c.GreedyBytes): _greedy_bytes,
    type(c.Terminated): _end,
    c.FixedSized: _fixed,
    c.NullTerminated: _ended,
    c.StringEncoded: _encoded,
    c.GreedyRange: _greedy_range,
    type(c.VarInt): lambda _, __: Variable(zigzag=False),
    type(c.ZigZag): lambda _, __: Variable(zigzag=True),
    c.Prefixed: _prefixed,
    c.IfThenElse: _if,
    c.Switch: _switch,
    c.Select: _select,
    c.RepeatUntil: _until,
    c.Transformed: _transformed,
}
_KNOWN: dict[Any, Callable[[Any, Place], Node]] = {kind: _in_bytes(make) for kind, make in _BYTES_ONLY.items()} | {
    c.BitsInteger: _bits_integer,
    type(c.Flag): _flag,
    type(c.Pass): lambda _, __: nodes.Nothing(),
    c.Padded: _padded,
    c.Aligned: _aligned,
    c.Enum: _enum,
    c.FlagsEnum: _flags,
    c.Mapping: _mapping,
    c.Struct: _struct,
    c.Sequence: _sequence,
    c.FocusedSeq: _focused,
    c.Array: _array,
    c.Const: _const,
    c.Computed: _computed,
    c.Rebuild: _rebuild,
    c.Default: _inside,
    c.Hex: _shown,
    c.HexDump: _shown,
}
