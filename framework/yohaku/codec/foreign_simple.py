"""Construct's own parts that hold no other with a name, as nodes: numbers, bytes, text, enums, paddings."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any

import construct as c

from yohaku.codec import foreign_nodes as nodes
from yohaku.codec import foreign_parts as parts
from yohaku.codec.foreign_exprs import Unknown, formula
from yohaku.codec.foreign_place import KNOWN, PLAIN, Place, in_bytes, node_of, whole
from yohaku.codec.foreign_variable import Counted, Variable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yohaku.codec.foreign_nodes import Node

_LOSSLESS = frozenset({"utf-8", "ascii", "iso8859-1"})


def _format(inner: Any, _: Place) -> Node:
    order, code = inner.fmtstr[0], inner.fmtstr[1]
    if code in "fde":
        return nodes.Float(inner.fmtstr)
    if code == "?" or order == "=":
        raise Unknown(inner)
    return nodes.Number(8 * inner.length, signed=code.islower(), little=order == "<")


def _bytes_integer(inner: Any, _: Place) -> Node:
    if type(inner.signed) is not bool or type(inner.swapped) is not bool or not whole(inner.length):
        raise Unknown(inner)
    return nodes.Number(8 * inner.length, signed=inner.signed, little=inner.swapped)


def _bits_integer(inner: Any, place: Place) -> Node:
    if not place.in_bits or type(inner.signed) is not bool or inner.swapped is not False or not whole(inner.length):
        raise Unknown(inner)
    return nodes.Number(inner.length, signed=inner.signed)


def _flag(_: Any, place: Place) -> Node:
    return nodes.Truth(1 if place.in_bits else 8)


def _bytes(inner: Any, place: Place) -> Node:
    if callable(inner.length):
        return Counted(formula(inner.length, place.scope))
    return nodes.Raw(8 * whole(inner.length))


def _greedy_bytes(inner: Any, place: Place) -> Node:
    if not place.last:
        raise Unknown(inner)
    return nodes.Rest()


def _end(inner: Any, place: Place) -> Node:
    if not place.last:
        raise Unknown(inner)
    return nodes.End()


def _fixed(inner: Any, place: Place) -> Node:
    bits, held = 8 * whole(inner.length), inner.subcon
    if type(held) is c.NullStripped and held.pad == b"\0" and held.subcon is c.GreedyBytes:
        return nodes.Filled(bits)
    if held is c.GreedyBytes:
        return nodes.Raw(bits)
    looking = place.tree.called, place.tree.looking
    node = node_of(held, place._replace(last=False))
    if looking != (place.tree.called, place.tree.looking):
        raise Unknown(inner)
    return _filled(node, bits, 0, place)


def _filled(node: Node, bits: int, pattern: int, place: Place) -> Node:
    if node.bits is None or node.bits > bits or (place.in_bits and pattern):
        raise Unknown(node)
    return nodes.Padded(node, bits, pattern, in_bits=place.in_bits)


def _padded(inner: Any, place: Place) -> Node:
    bits = whole(inner.length) * (1 if place.in_bits else 8)
    return _filled(node_of(inner.subcon, place._replace(last=False)), bits, inner.pattern[0], place)


def _aligned(inner: Any, place: Place) -> Node:
    node = node_of(inner.subcon, place._replace(last=False))
    if node.bits is None or whole(inner.modulus) < 2:
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
    if not held.scalar or any(type(value) not in PLAIN for pair in values.items() for value in pair):
        raise Unknown(inner)
    return nodes.Mapped(held, values, {value: code for code, value in values.items()}, scalar=True)


def _default(inner: Any, place: Place) -> Node:
    """Give the node of what a part holds, which it changes in nothing that a whole value shows."""
    node = node_of(inner.subcon, place)
    node.lenient = True
    return node


def _shown(inner: Any, place: Place) -> Node:
    node = node_of(inner.subcon, place)
    if not node.scalar:
        raise Unknown(inner)
    return node


_BYTES_ONLY: dict[Any, Callable[[Any, Place], Node]] = {
    c.FormatField: _format,
    c.BytesInteger: _bytes_integer,
    c.Bytes: _bytes,
    type(c.GreedyBytes): _greedy_bytes,
    type(c.Terminated): _end,
    c.FixedSized: _fixed,
    c.NullTerminated: _ended,
    c.StringEncoded: _encoded,
    type(c.VarInt): lambda _, __: Variable(zigzag=False),
    type(c.ZigZag): lambda _, __: Variable(zigzag=True),
}
KNOWN.update({kind: in_bytes(make) for kind, make in _BYTES_ONLY.items()})
KNOWN.update(
    {
        c.BitsInteger: _bits_integer,
        type(c.Flag): _flag,
        type(c.Pass): lambda _, __: nodes.Nothing(),
        c.Padded: _padded,
        c.Aligned: _aligned,
        c.Enum: _enum,
        c.FlagsEnum: _flags,
        c.Mapping: _mapping,
        c.Default: _default,
        c.Hex: _shown,
        c.HexDump: _shown,
    }
)
