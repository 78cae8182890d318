"""How a part of a field type is emitted: by its own emitter, by a conversion in place, or by calling it as it is.

An emitter stands for the methods of the class that declares it. A subclass that overrides one of those methods is not
emitted by it, so a user's type means what its methods say, whatever it derives from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yohaku.codec.fieldtype import BitField, FieldType, FixedField
from yohaku.codec.runs import CODES
from yohaku.codec.tables import read_from_table, write_from_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.codec.emit import Reader, Writer

HARMLESS = frozenset({"type_name", "example", "example_given", "to_json", "from_json", "parts", "complaint"})
"""Methods that say nothing about bytes and values."""


def emitter(type_: FieldType[Any], name: str) -> Callable[..., Any] | None:
    """Give the emitter called ``name`` of a type, unless a class below the one that declares it overrides a method."""
    below: list[str] = []
    for kind in type(type_).__mro__:
        if name in kind.__dict__:
            made: Callable[..., Any] = getattr(type_, name)
            replaced = set(below) - getattr(type_, "emit_hooks", frozenset())
            return None if any(callable(getattr(kind, method, None)) for method in replaced) else made
        below += [key for key in kind.__dict__ if key not in HARMLESS and not key.startswith("__")]
    return None


def read_part(to: Reader, type_: FieldType[Any], hint: str) -> str:
    """Emit the reading of a part that starts and ends on a byte; give the expression of its value, to be used once."""
    emit = emitter(type_, "emit_read")
    if isinstance(type_, BitField) and (emit or _packs_itself(type_, "read", "unpack")):
        if not type_.aligned:
            to.refuse_if(to.bits(-type_.bits % 8, "padding"))
        return read_bits(to, type_, hint)
    if emit:
        made: str = emit(to, hint)
        return made
    if isinstance(type_, FixedField) and _packs_itself(type_, "read"):
        if type_.recurring and type_.minimum in CODES:
            return read_from_table(to, _unpacked(type_), 8 * type_.minimum, hint, type_.type_name)
        return f"{_method(to, type_, 'unpack', hint)}({to.raw(type_.minimum, hint)})"
    return call_read(to, _method(to, type_, "read", hint), hint)


def read_bits(to: Reader, type_: BitField[Any], hint: str) -> str:
    """Emit the reading of a field that may share bytes with its neighbours; give the expression of its value."""
    emit = emitter(type_, "emit_read")
    if emit:
        made: str = emit(to, hint)
        return made
    if type_.recurring:
        return read_from_table(to, type_.from_bits, type_.bits, hint, type_.type_name)
    return f"{_method(to, type_, 'from_bits', hint)}({to.bits(type_.bits, hint)})"


def _unpacked(type_: FixedField[Any]) -> Callable[[int], Any]:
    return lambda number: type_.unpack(number.to_bytes(type_.minimum, "big"))


def call_read(to: Reader, read: str, hint: str, *control: str) -> str:
    """Emit the call of a reading method in place; give the name of the value."""
    value, position = to.name(hint), to.name("position")
    arguments = ", ".join([*control, "data", to.position_within(), to.end])
    to.line(f"{value}, {position} = {read}({arguments})")
    to.move(position)
    return value


def write_part(to: Writer, type_: FieldType[Any], value: str, hint: str) -> None:
    """Emit the writing of a part that starts and ends on a byte; ``value`` is a local name."""
    emit = emitter(type_, "emit_write")
    if isinstance(type_, BitField) and (emit or _packs_itself(type_, "write")):
        if not type_.aligned:
            to.bits(-type_.bits % 8, "0", fits=True)
        write_bits(to, type_, value, hint)
    elif emit:
        emit(to, value)
    elif type_.recurring and type_.size in CODES:
        write_from_table(to, _packed(type_), 8 * type_.minimum, value, type_.type_name)
    else:
        content = to.let(f"{hint}_bytes", f"{_method(to, type_, 'write', hint)}({value})")
        if type_.size is None:
            to.chunk(content)
        else:
            to.refuse_if(f"len({content}) != {type_.size}")
            to.raw(type_.size, content)


def write_bits(to: Writer, type_: BitField[Any], value: str, hint: str) -> None:
    """Emit the writing of a field that may share bytes with its neighbours."""
    emit = emitter(type_, "emit_write")
    if emit:
        emit(to, value)
    elif type_.recurring:
        write_from_table(to, type_.to_bits, type_.bits, value, type_.type_name)
    else:
        to.bits(type_.bits, to.let(f"{hint}_bits", f"{_method(to, type_, 'to_bits', hint)}({value})"))


def _packed(type_: FieldType[Any]) -> Callable[[Any], int]:
    def number(value: Any) -> int:
        raw = type_.write(value)
        if len(raw) != type_.minimum:
            raise ValueError(raw)
        return int.from_bytes(raw, "big")

    return number


def _packs_itself(type_: FieldType[Any], *methods: str) -> bool:
    """Whether a type still has the base class's own way from bytes to what its subclasses convert."""
    base = BitField if isinstance(type_, BitField) else FixedField
    return all(getattr(type(type_), method) is getattr(base, method) for method in methods)


def _method(to: Reader | Writer, type_: FieldType[Any], method: str, hint: str) -> str:
    return to.bind(getattr(type_, method), f"{method}_{hint}", f"{type_.type_name}.{method}")
