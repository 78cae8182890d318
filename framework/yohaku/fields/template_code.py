"""Straight code for templates: members in declared order, undeclared ones behind; the interpreter takes the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yohaku.codec.objects import emit_object
from yohaku.codec.parts import read_part, write_part

if TYPE_CHECKING:
    from yohaku.codec import Item
    from yohaku.codec.emit import Reader, Writer
    from yohaku.fields.tlv import Template


def read_members(to: Reader, type_: Template[Any], hint: str) -> str:
    """Emit the reading of all members up to the end; give the local name of the record."""
    from yohaku.fields.tlv import NO_EXTRAS

    values = {item.name: _read_member(to, type_, tag, item) for tag, item in type_.by_tag.items()}
    position, stop = to.anchor(), to.end
    extras = to.let("extras", to.bind(NO_EXTRAS, "NO_EXTRAS", "nothing but declared members"))
    behind = to.bind(type_.unknown_behind, "unknown_behind", "undeclared data objects behind the declared ones")
    to.line(f"if {position} != {stop}: {extras} = {behind}(data, {position}, {stop})")
    to.move(stop)
    return emit_object(to, type_.kind, values, hint, extras)


def _read_member(to: Reader, type_: Template[Any], tag: int, item: Item) -> str:
    if item.default is not None:
        return read_part(to, item.type, item.name)
    position, start = to.anchor(), type_.form.tag_bytes(tag)
    found = f"data[{position}:{position} + {len(start)}] == {start!r}"
    if len(start) == 1:
        found = f"data[{position}] == {tag:#x}"
    value = to.name(item.name)
    with to.block(f"if {position} < {to.end} and {found}:"):
        to.line(f"{value} = {read_part(to, item.type, item.name)}")
        to.anchor(position)
    with to.block("else:"):
        to.line(f"{value} = None")
    return value


def write_members(to: Writer, type_: Template[Any], value: str) -> None:
    """Emit the writing of all members, undeclared ones last; another order is for the interpreter."""
    from yohaku.fields.tlv import NO_EXTRAS

    to.refuse_if(f"type({value}) is not {to.bind(type_.kind, type_.kind.__name__, 'the record class')}")
    extras, tail = to.let("extras", f"{value}._extras"), to.let("tail", 'b""')
    nothing = to.bind(NO_EXTRAS, "NO_EXTRAS", "nothing but declared members")
    with to.block(f"if {extras} is not {nothing}:"):
        to.refuse_if(f"{extras}.order")
        to.line(f'{tail} = b"".join({extras}.unknown)')
    for item in type_.items:
        member = to.let(item.name, f"{value}.{item.name}")
        if item.default is None:
            _write_optional(to, item, member)
        else:
            write_part(to, item.type, member, item.name)
    to.chunk(tail)


def _write_optional(to: Writer, item: Item, member: str) -> None:
    content = to.let(f"{item.name}_content", 'b""')
    with to.block(f"if {member} is not None:"):
        inner = to.nested()
        write_part(inner, item.type, member, item.name)
        to.line(f"{content} = {inner.finish()}")
    to.chunk(content)
