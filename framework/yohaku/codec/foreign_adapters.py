"""Adapters and validators of designers: their functions are called in place when they look at the value alone."""
# ruff: noqa: SLF001 - the methods that an adapter is made of begin with an underscore

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import construct as c
from construct.lib import Container

from yohaku.codec import foreign_nodes as nodes
from yohaku.codec import foreign_parts as parts
from yohaku.codec.foreign_exprs import Unknown, ignores
from yohaku.codec.foreign_values import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.codec.foreign_nodes import Node


def adapted(inner: Any, node: Node) -> Node:
    """Give the node of an adapter or validator around a part.

    Raises:
        Unknown: it looks at more than the value, or the part's value is not the one that construct would hand it.
    """
    kind = type(inner)
    fields = node if isinstance(node, parts.Members) and _is_flat(node) else None
    own_way = kind._parse is not c.Adapter._parse or kind._build is not c.Adapter._build
    if own_way or (not node.scalar and fields is None):
        raise Unknown(inner)
    if isinstance(inner, c.Validator) and kind._decode is c.Validator._decode:
        return _validator(inner, node)
    decode, arguments = _called(inner, inner._decode, "decoder")
    encode = decode
    if getattr(inner._encode, "__func__", None) is not c.SymmetricAdapter._encode:
        encode, arguments = _called(inner, inner._encode, "encoder")
    if fields is not None:
        return parts.AdaptedMembers(fields, Container, decode, encode, arguments, plain)
    return nodes.Adapted(node, decode, encode, arguments, plain)


def _validator(inner: Any, node: Node) -> Node:
    if not node.scalar:
        raise Unknown(inner)
    return nodes.Checked(node, *_called(inner, inner._validate, "validator"))


def _is_flat(node: parts.Members) -> bool:
    """Tell whether a Struct has members only whose values construct has in the same form, and always as they come."""
    follows = (parts.Constant, parts.Rebuilt)
    named = [member for name, member in node.members if name is not None]
    flat = all(member.scalar and not isinstance(member, follows) for member in named)
    return node.form == "dict" and bool(named) and flat


def _called(inner: Any, method: Any, given: str) -> tuple[Callable[..., Any], str]:
    """Give the function that stands behind a method, and what it is called with besides the value.

    Raises:
        Unknown: it looks at the context, so at more than the value.
    """
    if type(inner) in {c.ExprAdapter, c.ExprValidator}:
        names = method.__code__.co_freevars
        function = dict(zip(names, method.__closure__ or (), strict=True))[given].cell_contents
        if ignores(function, 1):
            return function, ", None"
    elif ignores(method, 2):
        return method, ', None, "(parsing)"'
    raise Unknown(inner)
