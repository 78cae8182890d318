"""A part of a Struct that is not known: construct calls it in place, with the context that it would have there."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from construct import Container

from yohaku.codec.emit import Unsettled
from yohaku.codec.foreign_nodes import IMMUTABLE, Node
from yohaku.codec.foreign_values import context_of, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yohaku.codec.emit import Emitter, Reader, Writer
    from yohaku.codec.foreign_exprs import Scope


class Called(Node):
    """A member of the outermost Struct, of a size that it states itself; it looks at no byte behind that.

    Whether its value is written back as it was only the part itself knows, so it is asked: once for each value.

    Args:
        inner: the part.
        size: its bytes.
        scope: the Struct's; all members before have the same form in construct.
        subcons: the Struct's parts by name, which stand in the context.

    Attributes:
        in_context: the value stands in the context of another part, so it must be plain as construct gives it.
    """

    scalar = in_context = False

    def __init__(self, inner: Any, size: int, scope: Scope, subcons: Any) -> None:
        super().__init__(8 * size)
        self.inner, self.bytes, self.scope, self.subcons = inner, size, scope, subcons
        self.before = sorted(scope.known)
        self.place = self.value = ""
        scope.wanted |= scope.known

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the call; whether the value is written back as it was waits for the members behind."""
        self.place = to.let(f"{hint}_place", to.position())
        read = to.bind(self.read, f"read_{hint}", "parsed by construct")
        value = to.let(hint, f"{read}(data[{self.scope.start}:{to.end}], {self._from_start}, {self._members()})")
        to.move(to.let(f"{hint}_end", f"{self.place} + {self.bytes}"))
        self.value = value
        return value

    @property
    def _from_start(self) -> str:
        return self.place if self.scope.start == "0" else f"{self.place} - {self.scope.start}"

    def _members(self) -> str:
        return "{" + ", ".join(f"{name!r}: {self.scope.names[name]}" for name in self.before) + "}"

    def emit_check(self, to: Emitter, record: str) -> None:
        """Emit the check that the value is written back as it was, in the finished record."""
        built = to.bind(self.built, f"build_{self.value}", "built by construct")
        before = f"data[{self.scope.start}:{self.place}]"
        found = f"data[{self.place}:{self.place} + {self.bytes}]"
        to.refuse_if(f"{built}({self.value}, {before}, {record}) != {found}")

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the call, which also sees that the value comes back."""
        write = to.bind(self.write, f"write_{value}", "built by construct")
        before = to.settle("before")
        to.raw(
            self.bytes, to.let(f"{value}_bytes", f"{write}({value}, {before}, {self.scope.value}, {self._members()})")
        )

    def read(self, data: bytes, offset: int, members: Mapping[str, Any]) -> Any:
        """Parse the part at ``offset`` of its Struct's bytes, which begin ``data``."""
        stream = io.BytesIO(data)
        stream.seek(offset)
        parse = self.inner._parsereport  # noqa: SLF001 - what a Struct calls
        value = parse(stream, self._context(stream, members, parsing=True), "(parsing)")
        if stream.tell() != offset + self.bytes:
            raise Unsettled
        if type(value) in IMMUTABLE:
            return value
        if self.in_context:
            raise Unsettled
        return plain(value)

    def built(self, value: Any, before: bytes, members: Mapping[str, Any]) -> bytes:
        """Build the part behind the bytes of the members before it; give its bytes."""
        stream = io.BytesIO()
        stream.write(before)
        build = self.inner._build  # noqa: SLF001 - what a Struct calls
        build(value, stream, self._context(stream, members, parsing=False), "(building)")
        return stream.getvalue()[len(before) :]

    def write(self, value: Any, before: bytes, members: Mapping[str, Any], known: Mapping[str, Any]) -> bytes:
        """Build the part, and see that its bytes are read as the same value."""
        if self.in_context and type(value) not in IMMUTABLE:
            raise Unsettled
        raw = self.built(value, before, members)
        if len(raw) != self.bytes or self.read(before + raw, len(before), known) != value:
            raise Unsettled
        return raw

    def _context(self, stream: Any, members: Mapping[str, Any], *, parsing: bool) -> Any:
        outer = context_of(parsing=parsing)
        context: Any = Container()
        dict.update(
            context,
            _=outer,
            _params=outer,
            _root=context,
            _parsing=parsing,
            _building=not parsing,
            _sizing=False,
            _subcons=self.subcons,
            _io=stream,
            _index=None,
        )
        dict.update(context, members)
        return context
