"""What construct's own objects are: their values as plain Python ones, which take all bytes, where they hold bytes.

It imports construct, so it is imported by whoever has a construct at hand.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, NoReturn

import construct

from yohaku.codec.fieldtype import Refused
from yohaku.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable


_PARSING = {"_parsing": True, "_building": False, "_sizing": False}
_BUILDING = {"_parsing": False, "_building": True, "_sizing": False}
_PLAIN = frozenset({bool, bytes, float, int, str, type(None)})


def parse_stream(inner: Any, stream: Any) -> Any:
    """Parse as construct does, at less cost."""
    if type(inner).parse_stream is not construct.Construct.parse_stream:
        return inner.parse_stream(stream)
    context = context_of(parsing=True)
    try:
        return inner._parsereport(stream, context, "(parsing)")  # noqa: SLF001 - what construct's own parse calls
    except construct.CancelParsing:
        return None


def build_bytes(inner: Any, value: Any) -> bytes:
    """Build as construct does, at less cost."""
    if type(inner).build is not construct.Construct.build:
        made: bytes = inner.build(value)
        return made
    stream = io.BytesIO()
    inner._build(value, stream, context_of(parsing=False), "(building)")  # noqa: SLF001 - what construct's own build calls
    return stream.getvalue()


def context_of(*, parsing: bool) -> Any:
    """Give the context that construct begins to parse or build with."""
    context: Any = construct.Container(_PARSING if parsing else _BUILDING)
    context["_params"] = context
    return context


def plain(value: Any) -> Any:
    """Turn what a construct parsed into plain Python values: no Container, no stream, no construct string.

    Raises:
        Refused: an enum value without a name, which construct lets pass as a number.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, dict):
        names = ((key if type(key) is str else str(key), item) for key, item in value.items())
        return {name: item if type(item) in _PLAIN else plain(item) for name, item in names if name[:1] != "_"}
    if isinstance(value, list | tuple):
        return [item if type(item) in _PLAIN else plain(item) for item in value]
    return _plain_leaf(value)


def equals_itself(value: Any) -> bool:
    """Whether a plain value is equal to a copy of itself: no float in it is not a number."""
    kind = type(value)
    if kind is float:
        return bool(value == value)  # noqa: PLR0124 - which is how they are told
    if kind is dict:
        return all(map(equals_itself, value.values()))
    return kind is not list or all(map(equals_itself, value))


def _plain_leaf(value: Any) -> Any:
    if isinstance(value, construct.EnumInteger):
        _refuse_unnamed(int(value))
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if type(value).__module__.startswith("construct."):
        base: Any = next((base for base in (str, int, bytes) if isinstance(value, base)), None)
        return value if base is None else base(value)
    return value


def _refuse_unnamed(number: int) -> NoReturn:
    raise Refused(Fault(f"is {number}, which has no name in this enum", (), 0))


def shaped(value: Any, inner: Any) -> Any:
    """Read hex as bytes where ``inner`` has Bytes or GreedyBytes; below an adapter nobody knows, so nothing changes."""
    if isinstance(value, str) and (inner is construct.GreedyBytes or isinstance(inner, construct.Bytes)):
        return unhex(value)
    if isinstance(inner, construct.Adapter):
        return value
    if isinstance(value, dict) and isinstance(inner, construct.Struct):
        parts = {part.name: part for part in inner.subcons}
        return {key: shaped(item, parts.get(key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(inner, construct.Sequence):
        return [shaped(item, part) for item, part in zip(value, inner.subcons, strict=False)]
    if isinstance(value, list) and isinstance(inner, construct.Array | construct.GreedyRange):
        return [shaped(item, inner.subcon) for item in value]
    subcon = getattr(inner, "subcon", None)
    return value if subcon is None else shaped(value, subcon)


def unhex(value: Any) -> Any:
    """Read all text that is lower-case hex as bytes."""
    if isinstance(value, dict):
        return {key: unhex(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unhex(item) for item in value]
    if isinstance(value, str):
        try:
            return bytes.fromhex(value) if value == value.lower() and " " not in value else value
        except ValueError:
            return value
    return value


def is_greedy(inner: Any) -> bool:
    """Tell whether a construct takes all bytes up to the end of its stream."""
    if inner is construct.GreedyBytes or isinstance(inner, _GREEDY):
        return True
    return not isinstance(inner, _BOUNDED) and any(map(is_greedy, _last_parts(inner)))


_GREEDY = (construct.GreedyRange, construct.NullStripped, construct.Terminated.__class__)
_BOUNDED = (construct.Prefixed, construct.FixedSized, construct.NullTerminated, construct.Pointer, construct.Peek)


def _last_parts(inner: Any) -> Iterable[Any]:
    """Give the parts with which the encoding may end."""
    if isinstance(inner, construct.Struct | construct.Sequence | construct.FocusedSeq):
        return inner.subcons[-1:]
    if isinstance(inner, construct.Switch):
        return [*inner.cases.values(), inner.default]
    if isinstance(inner, construct.IfThenElse):
        return (inner.thensubcon, inner.elsesubcon)
    if isinstance(inner, construct.Select):
        return inner.subcons
    subcon = getattr(inner, "subcon", None)
    return () if subcon is None else (subcon,)
