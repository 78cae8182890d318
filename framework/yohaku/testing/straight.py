"""A codec of generated code alone, for who writes field types and wants to see that they compile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from yohaku.codec import Compiled
from yohaku.errors import YohakuError

if TYPE_CHECKING:
    from yohaku.codec import FieldType

V = TypeVar("V")


class NotSettledError(YohakuError):
    """Generated code left a value, or bytes, to the interpreter."""


def straight(type_: FieldType[V]) -> Compiled[V]:
    """Give a codec without an interpreter behind its generated code.

    What that code does not settle by itself, which every refusal is, raises NotSettledError: so a test of a field type
    sees that right values take the straight way.

    Args:
        type_: what to encode and decode.
    """
    codec = Compiled(type_)

    def leave(_: Any) -> NoReturn:
        raise NotSettledError(f"the generated code of {type_.type_name} leaves this to the interpreter")

    codec.interpreter.encode = codec.interpreter.decode = codec.interpreter.decode_from = leave  # type: ignore[method-assign,assignment]
    return codec
