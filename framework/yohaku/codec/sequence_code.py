"""Straight code for records: fields one after the other, what they derive from each other, and the object itself."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from yohaku.codec.links import Dependent, FromBytes, FromSizes, FromValues
from yohaku.codec.objects import emit_object
from yohaku.codec.parts import call_read, emitter, read_bits, read_part, write_bits, write_part
from yohaku.codec.steps import Bits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.codec.emit import Emitter, Reader, Writer
    from yohaku.codec.fieldtype import FieldType
    from yohaku.codec.links import Derivation
    from yohaku.codec.sequence import Sequence


def read_sequence(to: Reader, type_: Sequence[Any], hint: str) -> str:
    """Emit the reading of a record; give its local name."""
    values: dict[str, str] = {}
    start = to.let("start", to.position()) if _sums_bytes(type_) else ""
    named = _named(type_)
    for name, held, shares in _fields(type_):
        place = to.let(f"{name}_place", to.position()) if isinstance(held.derivation, FromBytes) else ""
        value = _read_field(to, held, name, values, shares=shares)
        if held.hidden and held.derivation is None:
            if value != "None":
                to.line(value)
            continue
        values[name] = to.let(name, value) if name in named and not value.isidentifier() else value
        if held.derivation is not None and place:
            _check_derived(to, values[name], f"{_function(to, held.derivation, name)}(data[{start}:{place}])")
    for item in type_.derived:
        if item.type.derivation is not None and not isinstance(item.type.derivation, FromBytes):
            _check_derived(to, values[item.name], _derived(to, type_, item.name, item.type.derivation, values))
    return emit_object(to, type_.kind, {item.name: values[item.name] for item in type_.visible}, hint)


def _check_derived(to: Reader, found: str, wanted: str) -> None:
    """Emit the check that a derived value is what it must be: equal and of the same type, so written alike."""
    name = to.let(f"{found}_wanted", wanted)
    to.refuse_if(f"{name} != {found} or type({name}) is not type({found})")


def _fields(type_: Sequence[Any]) -> Iterator[tuple[str, FieldType[Any], bool]]:
    """Yield each field with whether it shares bytes with its neighbours."""
    for step in type_.steps:
        for name in step.names:
            yield name, type_.types[name], isinstance(step, Bits)


def _sums_bytes(type_: Sequence[Any]) -> bool:
    return any(isinstance(item.type.derivation, FromBytes) for item in type_.derived)


def _named(type_: Sequence[Any]) -> set[str]:
    """Give the fields whose values are needed more than once."""
    names = {held.by for held in type_.types.values() if isinstance(held, Dependent)}
    for item in type_.derived:
        names |= {item.name, *(item.type.derivation.needs if item.type.derivation else ())}
    return names


def _read_field(to: Reader, held: FieldType[Any], name: str, values: dict[str, str], *, shares: bool) -> str:
    if isinstance(held, Dependent):
        control = values[held.by]
        emit = emitter(held, "emit_read_given")
        if emit:
            made: str = emit(to, control, name)
            return made
        return call_read(to, to.bind(held.read_given, f"read_{name}", f"{held.type_name}.read_given"), name, control)
    return read_bits(to, held, name) if shares else read_part(to, held, name)  # type: ignore[arg-type]  # bits share


def _function(to: Emitter, derivation: Derivation, name: str) -> str:
    if not isinstance(derivation, FromValues | FromBytes):
        raise TypeError(derivation)
    return to.bind(derivation.function, f"derive_{name}", derivation.text)


def _derived(to: Emitter, type_: Sequence[Any], name: str, derivation: Derivation, values: dict[str, str]) -> str:
    """Give the expression of a value that follows from other values, which have local names."""
    if isinstance(derivation, FromSizes):
        return " + ".join(_size(to, type_.types[need], values[need], need) for need in derivation.needs) or "0"
    return f"{_function(to, derivation, name)}({', '.join(values[need] for need in derivation.needs)})"


def _size(to: Emitter, held: FieldType[Any], value: str, name: str) -> str:
    if held.size is not None:
        return str(held.size)
    from yohaku.codec.compiler import Compiled

    return f"len({to.bind(Compiled(held).encode, f'encode_{name}', f'encodes {held.type_name}')}({value}))"


def write_sequence(to: Writer, type_: Sequence[Any], value: str) -> None:
    """Emit the writing of a record."""
    to.refuse_if(f"type({value}) is not {to.bind(type_.kind, type_.kind.__name__, 'the record class')}")
    values = {item.name: to.let(item.name, f"{value}.{item.name}") for item in type_.visible}
    if _sums_bytes(type_):
        inner = to.nested()
        _write_fields(inner, type_, values)
        to.chunk(inner.finish())
    else:
        _write_fields(to, type_, values)
    trailing = [values[item.name] for item in type_.visible if item.type.trailing]
    for before, behind in pairwise(trailing):
        to.refuse_if(f"{before} is None and {behind} is not None")


def _write_fields(to: Writer, type_: Sequence[Any], values: dict[str, str]) -> None:
    for name, held, shares in _fields(type_):
        derivation = held.derivation
        if isinstance(derivation, FromBytes):
            values[name] = to.let(name, f"{_function(to, derivation, name)}({to.settle('before')})")
        elif derivation is not None:
            values[name] = to.let(name, _derived(to, type_, name, derivation, values))
        value = values.get(name, "None")
        if isinstance(held, Dependent):
            _write_given(to, held, values[held.by], value)
        elif shares:
            write_bits(to, held, value, name)  # type: ignore[arg-type]  # only bits share
        else:
            write_part(to, held, value, name)


def _write_given(to: Writer, held: Dependent[Any], control: str, value: str) -> None:
    emit = emitter(held, "emit_write_given")
    if emit:
        emit(to, control, value)
        return
    check = to.bind(held.check_given, f"check_{value}", f"{held.type_name}.check_given")
    to.line(f"{check}({control}, {value})")
    write_part(to, held, value, value)
