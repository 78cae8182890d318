"""A construct as a whole, in whose straight code construct is asked for parts that are not known."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from yohaku.codec.emit import Reader, Writer
from yohaku.codec.foreign_context import Looked
from yohaku.codec.foreign_nodes import Node
from yohaku.codec.foreign_values import context_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.codec.emit import Emitter
    from yohaku.codec.fieldtype import FieldType
    from yohaku.codec.foreign_called import Region, Tree
    from yohaku.codec.foreign_exprs import Scope


class Whole(Node):
    """The outermost part: it is read and written again, or written and read again, where no part says what is kept."""

    def __init__(self, inner: Node, root: Scope) -> None:
        super().__init__(inner.bits, inner.minimum)
        self.inner, self.root = inner, root
        self.tree: Tree = root.tree
        self.region: Region = root.region
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
        self._write(again, value)
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
        self._begin(to, parsing=True)
        return self.inner.emit_read(to, hint), self.tree.base

    def _write(self, to: Writer, value: str) -> None:
        if self.root.called:
            make = to.bind(Looked, "Elsewhere", "stands for the stream in a context")
            self.tree.elsewhere = to.let("elsewhere", f"{make}()")
        self._begin(to, parsing=False)
        self.inner.emit_write(to, value)

    def _begin(self, to: Emitter, *, parsing: bool) -> None:
        if self.root.called:
            make = to.bind(context_of, "context_of", "the context that construct begins with")
            self.root.context = to.let("context", f"{make}(parsing={parsing})")

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing, and the check that the value comes back."""
        made = to.nested()
        self._write(made, value)
        content = to.let(f"{value}_content", made.finish())
        to.line(f"data = {content}")
        to.line("end = len(data)")
        reader = Reader(to.source)
        back, _ = self._read(reader, f"{value}_back")
        reader.refuse_if(f"{reader.position_within()} != end or not {back} == {value}")
        to.chunk(content)


def whole(inner: Node, root: Scope) -> Node:
    """Give the node of a whole, which is its outermost part when that settles all by itself."""
    return Whole(inner, root) if root.tree.asked or root.tree.looking else inner
