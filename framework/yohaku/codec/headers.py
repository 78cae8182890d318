"""Code for the headers of TLV data objects: the short form in place, longer ones through the form's own functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.codec.emit import ahead
from yohaku.codec.tables import Table

if TYPE_CHECKING:
    from yohaku.codec.ber import TlvForm
    from yohaku.codec.emit import Reader, Writer


SHORT = 0x7F
"""Most bytes of value whose length BER-TLV states in one byte."""


def header(form: TlvForm, tag: int, size: int) -> bytes:
    """Give the header of a data object with ``size`` bytes of value."""
    whole = form.write_tlv(tag, bytes(size))
    return whole[: len(whole) - size]


def read_header(to: Reader, form: TlvForm, tag: int, most: int | None, hint: str) -> str:
    """Emit the reading of the header of a data object; give the local name of the offset where its value ends.

    Args:
        to: where to.
        form: BER-TLV or SIMPLE-TLV.
        tag: the tag that must be there.
        most: most bytes of value; None when nothing bounds it.
        hint: what the value is called.
    """
    start = form.tag_bytes(tag)
    if to.running:
        to.constant(start, f"{hint}_tag")
        size = to.bits(8, f"{hint}_size")
        place = to.here_before(len(start) + 1)
        to.settle()
    else:
        place = to.position()
        found = f"data[{place}] != {tag:#x}" if len(start) == 1 else ""
        to.refuse_if(found or f"data[{place}:{ahead(place, len(start))}] != {start!r}")
        size = to.let(f"{hint}_size", f"data[{ahead(place, len(start))}]")
    begin = to.let(f"{hint}_start", ahead(place, len(start) + 1))
    short = SHORT if form.header_length(SHORT + 1) > 1 else 0xFE
    if most is None or most > short:
        read = to.bind(form.read_header, "read_header", f"tag, length and start of a {form.NAME} data object")
        with to.block(f"if {size} > {short:#x}:"):
            if short == SHORT:
                to.line(
                    f"if {size} == 0x81 and data[{begin}] > {SHORT:#x}: {size}, {begin} = data[{begin}], {begin} + 1"
                )
                to.line(f"else: _, {size}, {begin} = {read}(data, {place}, {to.end})")
            else:
                to.line(f"_, {size}, {begin} = {read}(data, {place}, {to.end})")
    if most is not None:
        to.refuse_if(f"{size} > {most}")
    stop = to.let(f"{hint}_end", f"{begin} + {size}")
    to.within(stop)
    to.move(begin)
    return stop


def write_framed(to: Writer, form: TlvForm, tag: int, inner: Writer, most: int | None, hint: str) -> None:
    """Emit the writing of a data object around what ``inner`` wrote."""
    content = inner.finish()
    content = content if content.isidentifier() else to.let(f"{hint}_content", content)
    heads = to.bind(
        heads_of(form, tag, most),
        f"header_{form.tag_bytes(tag).hex()}",
        f"headers of the {form.NAME} data object {tag:02X} by the size of its value",
    )
    to.chunk(f"{heads}[len({content})]")
    to.chunk(content)


def heads_of(form: TlvForm, tag: int, most: int | None) -> tuple[bytes, ...] | Table:
    """Give the headers of a data object by the size of its value: all of them when these are few."""
    if most is not None and most <= SHORT:
        return tuple(header(form, tag, size) for size in range(most + 1))
    return Table(lambda size: header(form, tag, size))
