"""Code for lists: unrolled into the run around them when small and of fixed size, else a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yohaku.codec.emit import Reader, Writer, read_layout, write_layout
from yohaku.codec.parts import read_part, write_part
from yohaku.codec.runs import Part, size_of, struct_of
from yohaku.codec.tables import Table

if TYPE_CHECKING:
    from yohaku.codec.fieldtype import FieldType

SHORT = 8
"""Most codes of a list of one byte each that a table turns into values all at once."""
UNROLLED = 128
"""Most values of a list, those of its records counted one by one, that are written out instead of looped over."""


def read_items(
    to: Reader, item: FieldType[Any], hint: str, count: int | str | None, most: int | None, *, made: str = "tuple"
) -> str:
    """Emit the reading of a list; give the expression of the tuple.

    Args:
        to: where to.
        item: the type of the items.
        hint: what the list is called.
        count: how many, or the local name of that number; None reads up to the end.
        most: most items that are allowed; None when nothing bounds them.
        made: ``list`` makes a list of them.
    """
    if isinstance(count, int) and _unrolls(item, count):
        items = [read_part(to, item, f"{hint}_{index}") for index in range(count)]
        return f"[{', '.join(items)}]" if made == "list" else f"({', '.join(items)},)"
    if isinstance(count, str) and most is not None:
        to.refuse_if(f"{count} > {most}")
    if count is None:
        to.position_within()
    items_name, limit = to.name(hint), to.most
    position = to.anchor()
    with to.source.capture() as lines:
        inner = Reader(to.source, at=position, end=to.end, safe=False, late=to.late)
        value = read_part(inner, item, f"{hint}_item")
        gathered = inner.gathered() if not lines else None
        if gathered is None:
            inner.line(f"{items_name}.append({value})")
            inner.anchor(position)
    to.owed = to.owed or inner.owed
    codes = _codes(gathered, value) if made == "tuple" and most is not None and most <= SHORT else ""
    if codes:
        _read_codes(to, items_name, codes, position, count)
    else:
        _read_loop(to, items_name, (gathered, lines), value, position, count)
    if count is None and most is not None and not (limit is not None and limit <= most * item.minimum):
        to.refuse_if(f"len({items_name}) > {most}")
    return items_name if codes or made == "list" else f"tuple({items_name})"


def _read_loop(
    to: Reader,
    items_name: str,
    body: tuple[tuple[list[Part], list[str]] | None, list[str]],
    value: str,
    position: str,
    count: int | str | None,
) -> None:
    """Emit the loop over the items: over one struct each when ``body`` is one, else over lines of code."""
    gathered, lines = body
    to.line(f"{items_name} = []")
    if gathered is None:
        _loop(to, _head(position, to.end, count), lines)
    else:
        _unpacking_loop(to, gathered, f"{items_name}.append({value})", position, count)


def _codes(gathered: tuple[list[Part], list[str]] | None, value: str) -> str:
    """Give the name of the table when a table's value for one byte is all that an item is; else nothing."""
    if gathered is None or gathered[1] or len(gathered[0]) != 1 or gathered[0][0].bits != 8:
        return ""
    table, bracket, rest = value.partition("[")
    return table if bracket and rest == f"{gathered[0][0].text}]" and table.isidentifier() else ""


def _read_codes(to: Reader, items_name: str, codes: str, position: str, count: int | str | None) -> None:
    """Emit the look-up of a short list of codes in one byte each: the same few lists come again and again."""
    values: Any = to.source.objects[codes]
    get = values.__getitem__
    held = to.bind(Table(lambda span: tuple(map(get, span))), f"{codes}_lists", f"lists of {codes} by their bytes")
    stop = to.end if count is None else to.let(f"{position}_behind", f"{position} + {count}")
    if count is not None:
        to.refuse_if(f"{stop} > {to.end}")
    to.line(f"{items_name} = {held}[data[{position}:{stop}]]")
    to.move(stop)


def _head(position: str, end: str, count: int | str | None) -> str:
    return f"while {position} < {end}:" if count is None else f"for _ in range({count}):"


def _loop(to: Reader, head: str, lines: list[str]) -> None:
    with to.block(head):
        for line in lines:
            to.source.line(line)


def _unpacking_loop(
    to: Reader, gathered: tuple[list[Part], list[str]], last: str, position: str, count: int | str | None
) -> None:
    """Emit a loop over the items of one struct each."""
    parts, behind = gathered
    size = size_of(parts)
    stop = to.end
    if count is not None:
        stop = to.let(
            f"{position}_behind", f"{position} + {count * size if isinstance(count, int) else _times(count, size)}"
        )
        to.refuse_if(f"{stop} > {to.end}")
    span = f"data[{position}:{stop}]"
    splits: list[str] = []
    if len(parts) == 1 and parts[0].bits == 8:
        head = f"for {parts[0].text} in {span}:"
    else:
        layout, targets, splits = read_layout(to, parts)
        names = ", ".join(targets) + ("," if len(targets) == 1 else "")
        each = to.bind(struct_of(layout).iter_unpack, f"each_{layout}", f'Struct(">{layout}").iter_unpack')
        head = f"for {names} in {each}({span}):"
    _loop(to, head, [*splits, *behind, last])
    to.move(stop)


def _times(count: str, size: int) -> str:
    return count if size == 1 else f"{size} * {count}"


def write_items(
    to: Writer, item: FieldType[Any], value: str, count: int | None, most: int | None, *, made: str = "tuple"
) -> None:
    """Emit the writing of a list.

    Args:
        to: where to.
        item: the type of the items.
        value: the local name of the list.
        count: how many there must be; None when that is open.
        most: most items that are allowed; None when nothing bounds them.
        made: ``list`` takes a list of them.
    """
    to.refuse_if(f"type({value}) is not {made}")
    if count is not None and _unrolls(item, count):
        names = [to.name(f"{value}_{index}") for index in range(count)]
        to.line(f"{', '.join(names)}{',' if count == 1 else ''} = {value}")
        for name in names:
            write_part(to, item, name, name)
        return
    if count is not None:
        to.refuse_if(f"len({value}) != {count}")
    elif most is not None:
        to.refuse_if(f"len({value}) > {most}")
    gathered = to.let(f"{value}_parts", "[]")
    inner, name = to.nested(), to.name(f"{value}_item")
    layout = ""
    arguments: list[str] = []
    with to.block(f"for {name} in {value}:"):
        write_part(inner, item, name, name)
        run = inner.run()
        if run:
            layout, arguments = write_layout(inner, run)
            to.line(f"{gathered} += {', '.join(arguments) or '()'}{',' if arguments else ''}")
        else:
            to.line(f"{gathered}.append({inner.finish()})")
    to.chunk(f"{_packer(to, layout, value, count)}(*{gathered})" if layout else f'b"".join({gathered})')


def _packer(to: Writer, layout: str, value: str, count: int | None) -> str:
    """Give the expression of what packs a list of items of one struct each."""
    if count is not None:
        note = f'Struct(">" + {count} * "{layout}").pack'
        return to.bind(struct_of(layout * count).pack, f"pack_{count}_{layout}", note)
    table = Table(lambda number: struct_of(layout * number).pack)
    packs = to.bind(table, f"packs_{layout}", f'Struct(">" + n * "{layout}").pack by n')
    return f"{packs}[len({value})]"


def _unrolls(item: FieldType[Any], count: int) -> bool:
    return item.size is not None and count * leaves(item) <= UNROLLED


def leaves(type_: FieldType[Any]) -> int:
    """Count the parts of a type that are not made of other parts."""
    return sum(leaves(part) for _, part, _ in type_.parts()) or 1
