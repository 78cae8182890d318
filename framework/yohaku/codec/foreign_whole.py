"""A construct as a whole, in whose straight code construct is asked for parts that are not known."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from yohaku.codec.emit import Reader, Writer
from yohaku.codec.foreign_nodes import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.codec.fieldtype import FieldType
    from yohaku.codec.foreign_called import Region, Tree


class Whole(Node):
    """The outermost part: it is read and written again, or written and read again, where no part says what is kept."""

    def __init__(self, inner: Node, tree: Tree, region: Region) -> None:
        super().__init__(inner.bits, inner.minimum)
        self.inner, self.tree, self.region = inner, tree, region
        self.scalar = inner.scalar

    def parts(self) -> Iterator[tuple[str | int, FieldType[object], int | None]]:
        """Yield the parts, for whoever counts them."""
        return self.inner.parts()

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading, and the check that the value is written as the same bytes."""
        value, start = self._read(to, hint)
        if not self.tree.asked:
            return value
        stop = to.let(f"{hint}_stop", to.position_within())
        again = Writer(to.source)
        self.inner.emit_write(again, value)
        to.refuse_if(f"{again.finish()} != data[{start}:{stop}]")
        to.move(stop)
        return value

    def _read(self, to: Reader, hint: str) -> tuple[str, str]:
        start = to.position_within()
        self.tree.base = start if start == "0" else to.let(f"{hint}_start", start)
        if self.region.used:
            end = "" if to.end.isdecimal() else to.end
            opened = to.bind(io.BytesIO, "BytesIO", "a stream for parts that construct parses")
            self.region.name = to.let(f"{hint}_stream", f"{opened}(data[{self.tree.base}:{end}])")
        value = self.inner.emit_read(to, hint)
        return value if value.isidentifier() else to.let(hint, value), self.tree.base

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing, and the check that the value comes back."""
        made = to.nested()
        self.inner.emit_write(made, value)
        content = to.let(f"{value}_content", made.finish())
        to.line(f"data = {content}")
        to.line("end = len(data)")
        reader = Reader(to.source)
        back, _ = self._read(reader, f"{value}_back")
        reader.refuse_if(f"{reader.position_within()} != end or not {back} == {value}")
        to.chunk(content)


def whole(inner: Node, tree: Any, region: Any) -> Node:
    """Give the node of a whole, which is its outermost part when that settles all by itself."""
    return Whole(inner, tree, region) if tree.asked or tree.looking else inner
