"""The codec of a record as straight-line Python, generated when it is first used.

Generated code only ever gives what the interpreter would give: whatever it does not settle, and every fault, it leaves
to the interpreter, which walks the field types and collects all faults with their paths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from yohaku.codec.cache import compiled_code
from yohaku.codec.emit import Reader, Writer
from yohaku.codec.interpreter import Interpreter
from yohaku.codec.parts import read_part, write_part
from yohaku.codec.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.codec.fieldtype import FieldType
    from yohaku.codec.interpreter import Codec

V = TypeVar("V")


class Compiled(Generic[V]):
    """A codec whose functions are generated when they are first asked for.

    Args:
        type_: what to encode and decode.
        generated: told the name of each function, and the function, when it is there.
    """

    if TYPE_CHECKING:

        def encode(self, value: V) -> bytes:
            """Encode ``value`` or raise EncodeError."""
            ...

        def decode(self, data: bytes) -> V:
            """Decode all of ``data`` or raise DecodeError."""
            ...

        def decode_from(self, data: bytes) -> tuple[V, bytes]:
            """Decode the start of ``data`` and return the rest with the value, or raise DecodeError."""
            ...

    def __init__(self, type_: FieldType[V], generated: Callable[[str, Callable[..., Any]], None] | None = None) -> None:
        self.generated = generated
        self.interpreter = Interpreter(type_)
        self.to_json, self.from_json = self.interpreter.to_json, self.interpreter.from_json

    def __getattr__(self, name: str) -> Any:
        """Generate ``encode``, ``decode`` or ``decode_from`` and keep it."""
        if name not in _BODIES:
            raise AttributeError(f"a codec has no {name}")
        source = source_for(self.interpreter, name)
        made = source.function(name, compiled_code)
        setattr(self, name, made)
        if self.generated is not None:
            self.generated(name, made)
        return made


def codec_for(type_: FieldType[V], generated: Callable[[str, Callable[..., Any]], None] | None = None) -> Codec[V]:
    """Give the codec of a type; ``generated`` is told of each function of it that is generated."""
    return Compiled(type_, generated)


def source_of(record: Any) -> str:
    """Give the generated source of a record class or field type: how it decodes, then how it encodes."""
    interpreter = Interpreter(getattr(record, "__field_type__", record))
    return "\n\n".join(source_for(interpreter, name).text for name in ("decode", "encode"))


def source_for(interpreter: Interpreter[Any], name: str) -> Source:
    """Generate the source of one function: ``encode``, ``decode`` or ``decode_from``."""
    source = Source(f"<yohaku {_name_of(interpreter.type)}.{name}>")
    note = "walks the field types: settles what this code does not, and finds every fault"
    interpret = source.bind(getattr(interpreter, name), "interpret", note)
    argument = "value" if name == "encode" else "data"
    with source.block(f"def {name}({argument}):"):
        with source.block("try:"):
            _BODIES[name](source, interpreter.type)
        with source.block("except Exception:"):
            source.line(f"return {interpret}({argument})")
    return source


def _name_of(type_: FieldType[Any]) -> str:
    kind = getattr(type_, "kind", None)
    return f"{kind.__module__}.{kind.__qualname__}" if isinstance(kind, type) else type_.type_name


def _encode(source: Source, type_: FieldType[Any]) -> None:
    to = Writer(source)
    write_part(to, type_, "value", "value")
    source.line(f"return {to.finish()}")


def _decode(source: Source, type_: FieldType[Any]) -> None:
    to = _reader(source, type_)
    value = read_part(to, type_, "record")
    place = to.position()
    if place != to.end:
        to.refuse_if(f"{place} != {to.end}")
    if type_.size is not None and not to.checked:
        to.refuse_if(f"type(data) is not bytes or len(data) != {type_.size}")
    source.line(f"return {value}")


def _decode_from(source: Source, type_: FieldType[Any]) -> None:
    to = _reader(source, type_, whole=False)
    value = read_part(to, type_, "record")
    rest = f"data[{to.position()}:]"
    if type_.size is not None:
        to.refuse_if(f"type(data) is not bytes or len(data) < {type_.size}")
    source.line(f"return {value}, {rest}")


def _reader(source: Source, type_: FieldType[Any], *, whole: bool = True) -> Reader:
    """Begin to read; whether data of a fixed size has that size is for one struct to say, or for the end."""
    if type_.size is not None:
        return Reader(source, end=str(type_.size), whole=type_.size if whole else None, late=whole)
    to = Reader(source, late=whole)
    source.line("end = len(data)")
    to.refuse_if("type(data) is not bytes")
    return to


_BODIES: dict[str, Callable[[Source, FieldType[Any]], None]] = {
    "encode": _encode,
    "decode": _decode,
    "decode_from": _decode_from,
}
