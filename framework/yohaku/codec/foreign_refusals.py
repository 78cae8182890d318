"""What construct surely refuses to build, as conditions of generated code; a part that is not known refuses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yohaku.codec import foreign_nodes as nodes
from yohaku.codec import foreign_parts as parts
from yohaku.codec.foreign_variable import Variable

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.codec.emit import Emitter

_NONE: type = type(None)
_NO_NUMBER: frozenset[type] = frozenset({str, bytes, list, dict, _NONE})
_NO_INTEGER: frozenset[type] = _NO_NUMBER | {float}
_NO_SIZED: frozenset[type] = frozenset({str, list, dict, _NONE, float})
_NO_BYTES: frozenset[type] = _NO_SIZED | {int, bool}
_NO_TEXT: frozenset[type] = frozenset({bytes, int, bool, float, list, dict, _NONE})
_NO_NAME: frozenset[type] = frozenset({bytes, float, list, _NONE})
_NO_STRUCT: frozenset[type] = frozenset({str, bytes, int, bool, float, list, _NONE})
_NO_ITEMS: frozenset[type] = frozenset({int, bool, float, _NONE})
NEVER = "False"
"""The condition of a part that takes whatever it is given, as far as is known."""


def refusal(to: Emitter, node: Any, value: str) -> str:
    """Give the condition under which construct refuses to build a part from the value of an expression."""
    make = _OF.get(type(node))
    return NEVER if make is None or node.lenient else make(to, node, value)


def _is_one_of(to: Emitter, kinds: frozenset[type], value: str) -> str:
    return f"type({value}) in {to.bind(kinds, 'refused_types', 'types that construct refuses')}"


def _of_types(kinds: frozenset[type]) -> Callable[[Emitter, Any, str], str]:
    return lambda to, _, value: _is_one_of(to, kinds, value)


def _of_number(to: Emitter, node: nodes.Number, value: str) -> str:
    odd = f"type({value}) is int and not {node.low} <= {value} <= {node.high}"
    return f"{_is_one_of(to, _NO_INTEGER, value)} or {odd}"


def _of_raw(to: Emitter, node: nodes.Raw, value: str) -> str:
    return f"{_is_one_of(to, _NO_SIZED, value)} or type({value}) is bytes and len({value}) != {node.size}"


def _of_filled(to: Emitter, node: nodes.Filled, value: str) -> str:
    return f"{_is_one_of(to, _NO_BYTES, value)} or type({value}) is bytes and len({value}) > {node.size}"


def _of_mapped(to: Emitter, node: nodes.Mapped, value: str) -> str:
    if node.scalar:
        return NEVER
    codes = to.bind(node.codes, "codes", "encodings by value")
    return f"{_is_one_of(to, _NO_NAME, value)} or type({value}) is str and {value} not in {codes}"


def _of_constant(_: Emitter, node: parts.Constant, value: str) -> str:
    return f"{value} not in (None, {node.value!r})"


def _of_inner(to: Emitter, node: Any, value: str) -> str:
    return refusal(to, node.inner, value)


def _of_checked(to: Emitter, node: nodes.Checked, value: str) -> str:
    return f"{refusal(to, node.inner, value)} or {node.question(to, value)}"


def _of_own(_: Emitter, node: parts.Own, value: str) -> str:
    try:
        node.inner.write(None)
    except Exception:  # noqa: BLE001 - a field type that is asked for what it is not made for
        return f"{value} is None"
    return NEVER


def _of_members(to: Emitter, node: parts.Members, value: str) -> str:
    if node.form == "list":
        return _of_sequence(to, node, value)
    if node.focus is not None:
        return refusal(to, dict(node.members)[node.focus], value)
    return _of_struct(to, node, value) if node.asks else NEVER


def _of_sequence(to: Emitter, node: parts.Members, value: str) -> str:
    """Give the condition for a Sequence: it is none, and so is each of its members, of which one is refused."""
    odd = [f"({wrong})" for _, member in node.members if (wrong := refusal(to, member, value)) != NEVER]
    return f"{value} is None and ({' or '.join(odd)})" if odd else NEVER


def _of_struct(to: Emitter, node: parts.Members, value: str) -> str:
    """Give the condition for a Struct with a member that must be there: it is none, or a member is refused."""
    missing = [f"{name!r} not in {value}" for name in node.asks]
    named = [(name, refusal(to, member, f"{value}[{name!r}]")) for name, member in node.members if name is not None]
    odd = [f"{name!r} in {value} and ({wrong})" for name, wrong in named if wrong != NEVER]
    return f"{_is_one_of(to, _NO_STRUCT, value)} or type({value}) is dict and ({' or '.join([*missing, *odd])})"


_OF: dict[type, Callable[[Emitter, Any, str], str]] = {
    nodes.Number: _of_number,
    nodes.Float: _of_types(_NO_NUMBER),
    nodes.Raw: _of_raw,
    nodes.Filled: _of_filled,
    nodes.Ended: _of_types(_NO_BYTES),
    nodes.Rest: _of_types(_NO_BYTES),
    nodes.Encoded: _of_types(_NO_TEXT),
    nodes.Mapped: _of_mapped,
    nodes.FlagNames: _of_types(_NO_NAME),
    nodes.Checked: _of_checked,
    nodes.Padded: _of_inner,
    Variable: _of_types(_NO_INTEGER),
    parts.Own: _of_own,
    parts.Constant: _of_constant,
    parts.Sized: _of_inner,
    parts.Items: _of_types(_NO_ITEMS),
    parts.Until: _of_types(_NO_ITEMS),
    parts.Members: _of_members,
}
