"""A part that is not known: construct calls it in place, with the context that it would have there."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from construct.core import BytesIOWithOffsets

from yohaku.codec.emit import Unsettled
from yohaku.codec.foreign_context import Looked, call_in, has_looked
from yohaku.codec.foreign_nodes import IMMUTABLE, Node
from yohaku.codec.foreign_values import plain

if TYPE_CHECKING:
    from yohaku.codec.emit import Emitter, Reader, Writer
    from yohaku.codec.foreign_exprs import Scope

_PLAIN = IMMUTABLE | {type(None)}


class Region:
    """A stretch of bytes that construct reads as a stream of its own.

    Attributes:
        used: a part in it is called, and needs the stream.
        name: the local name of the stream.
    """

    def __init__(self) -> None:
        self.used = False
        self.name = ""


class Tree:
    """A construct as a whole.

    Attributes:
        called: how many of its parts are called.
        asked: only what is written tells whether a value is the same bytes, and what is read whether it comes back.
        looking: how many of its parts are read as what depends on bytes behind; what is written is read back then.
        veiled: a context in it hides something that is not known.
        base: the expression of the offset where it begins.
        elsewhere: the local name of the stream that stands in contexts while something is written.
    """

    def __init__(self) -> None:
        self.called = self.looking = 0
        self.asked = self.veiled = False
        self.base, self.elsewhere = "0", ""


class Called(Node):
    """A part that construct calls. Whether a value is kept shows when the whole is read and written again.

    Args:
        inner: the part.
        scope: what stands around it.
        tree: the whole.
        region: the stream that it is read from.
        exact: all bytes before it in its stream are known when it is written.

    Attributes:
        in_context: the value stands in the context of another part, so it must be plain as construct gives it.
    """

    scalar = in_context = False

    def __init__(self, inner: Any, scope: Scope, tree: Tree, region: Region, *, exact: bool) -> None:
        call_in(scope)
        try:
            self.stated: int | None = int(inner.sizeof())
        except Exception:  # noqa: BLE001 - sizeof of a foreign construct may fail in any way
            self.stated = None
        super().__init__(None if self.stated is None else 8 * self.stated)
        self.bare = bool(inner.flagbuildnone)
        self.inner, self.scope, self.tree, self.region, self.exact = inner, scope, tree, region, exact
        tree.called += 1
        tree.asked = True
        region.used = True
        around: Scope | None = scope
        while around is not None:
            around.region.used = True
            around = around.outer

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the call."""
        place, base = to.position_within(), self.tree.base
        read = to.bind(self.read, f"read_{hint}", "parsed by construct")
        value, position = to.name(hint), to.name("position")
        to.line(f"{value}, {position} = {read}({self.region.name}, {place}, {base}, {self.scope.context})")
        to.move(position)
        return value

    def read(self, stream: Any, place: int, base: int, context: Any) -> tuple[Any, int]:
        """Parse the part at ``place``; give its value and the place behind it."""
        stream.seek(place - base)
        value = self.inner._parsereport(stream, context, "(parsing)")  # noqa: SLF001 - what construct calls
        behind = base + stream.tell()
        if (self.stated is not None and behind != place + self.stated) or (self.tree.veiled and has_looked(context)):
            raise Unsettled
        if type(value) in _PLAIN:
            return value, behind
        made = plain(value)
        if self.in_context and made is not value:
            raise Unsettled
        return made, behind

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the call."""
        before = to.settle("before") if self.exact else "None"
        write = to.bind(self.write, f"write_{value}", "built by construct")
        to.chunk(to.let(f"{value}_bytes", f"{write}({value}, {before}, {self.scope.context}, {self.tree.elsewhere})"))

    def write(self, value: Any, before: bytes | None, context: Any, elsewhere: Looked) -> bytes:
        """Build the part behind the bytes before it; give its bytes."""
        stream = io.BytesIO() if before is not None else Looked()
        stream.write(before or b"")
        self.inner._build(value, stream, context, "(building)")  # noqa: SLF001 - what construct calls
        if elsewhere.looked or (isinstance(stream, Looked) and stream.looked):
            raise Unsettled
        raw = self._built(stream, before or b"")
        if (self.stated is not None and len(raw) != self.stated) or (self.tree.veiled and has_looked(context)):
            raise Unsettled
        return raw

    def _built(self, stream: io.BytesIO, before: bytes) -> bytes:
        if isinstance(stream, Looked):
            return stream.written()
        raw = stream.getvalue()
        if stream.tell() != len(raw) or raw[: len(before)] != before:
            raise Unsettled
        return raw[len(before) :]


def stream_of(tree: Tree, region: Region) -> Any:
    """Give what emits a stream of the bytes of a region from one offset to another, when a part there is called."""

    def emit(to: Emitter, start: str, stop: str) -> None:
        if region.used:
            opened = to.bind(BytesIOWithOffsets, "Part", "a stream for parts that construct parses")
            region.name = to.let("stream", f"{opened}(data[{start}:{stop}], None, {start} - {tree.base})")

    return emit
