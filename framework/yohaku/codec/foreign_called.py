"""A part that is not known: construct calls it in place, with the context that it would have there."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from construct.core import BytesIOWithOffsets, Subconstruct

from yohaku.codec import foreign_parts as parts
from yohaku.codec.emit import Unsettled
from yohaku.codec.foreign_context import Looked, context_in, has_looked, levels_of
from yohaku.codec.foreign_nodes import IMMUTABLE, Node
from yohaku.codec.foreign_values import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yohaku.codec.emit import Emitter, Reader, Writer
    from yohaku.codec.foreign_exprs import Scope

    Held = Sequence[tuple[Mapping[str, Any], ...]]

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
        base: the expression of the offset where it begins.
    """

    def __init__(self) -> None:
        self.called = self.looking = 0
        self.asked = False
        self.base = "0"


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
        leaves_index: it is one of construct's own that may leave an index in the context.
    """

    scalar = in_context = False

    def __init__(self, inner: Any, scope: Scope, tree: Tree, region: Region, *, exact: bool) -> None:
        self.levels = levels_of(scope)
        self.veiled = any(level.hidden for level in self.levels)
        try:
            self.stated: int | None = int(inner.sizeof())
        except Exception:  # noqa: BLE001 - sizeof of a foreign construct may fail in any way
            self.stated = None
        super().__init__(None if self.stated is None else 8 * self.stated)
        self.bare = bool(inner.flagbuildnone)
        self.leaves_index = isinstance(inner, Subconstruct) and type(inner).__module__ == "construct.core"
        self.inner, self.tree, self.region, self.exact = inner, tree, region, exact
        tree.called += 1
        tree.asked = True
        for used in (region, *(level.scope.region for level in self.levels)):
            used.used = True

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the call."""
        place, base = to.position_within(), self.tree.base
        read = to.bind(self.read, f"read_{hint}", "parsed by construct")
        value, position = to.name(hint), to.name("position")
        held = _tuple(f"({_dict(level.scope.names, level.before)},)" for level in self.levels)
        streams = _tuple(level.scope.region.name for level in self.levels)
        arguments = f"{self.region.name}, {place}, {base}, {held}, {self._indexes}, {streams}"
        to.line(f"{value}, {position} = {read}({arguments})")
        to.refuse_if(f"{position} > {to.end}")
        to.move(position)
        return value

    @property
    def _indexes(self) -> str:
        """Give the expression of the indexes of items at work, which an inner container has from the one around it."""
        index, made = "None", []
        for level in self.levels:
            for name in level.before:
                if isinstance(level.scope.nodes[name], parts.Items):
                    held = level.scope.names[name]
                    index = f"(len({held}) - 1 if {held} else {index})"
            index = level.scope.index or index
            made.append(index)
        return _tuple(made)

    def read(
        self, stream: Any, place: int, base: int, held: Held, indexes: Sequence[Any], streams: Sequence[Any]
    ) -> tuple[Any, int]:
        """Parse the part at ``place``; give its value and the place behind it."""
        stream.seek(place - base)
        context = context_in(self.levels, held, indexes, streams)
        value = self._watched(context, self.inner._parsereport, stream, context, "(parsing)")  # noqa: SLF001
        behind = base + stream.tell()
        if self.stated is not None and behind != place + self.stated:
            raise Unsettled
        if type(value) in _PLAIN:
            return value, behind
        made = plain(value)
        if self.in_context and made is not value:
            raise Unsettled
        return made, behind

    def _watched(self, context: Any, call: Any, *arguments: Any) -> Any:
        """Call, and see that no part that is called later would find something new in the context."""
        size, index = len(context), dict.get(context, "_index")
        made = call(*arguments)
        same = self.leaves_index or dict.get(context, "_index") is index
        if self.tree.called > 1 and not (same and len(context) == size):
            raise Unsettled
        if self.veiled and has_looked(context):
            raise Unsettled
        return made

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the call."""
        before = to.settle("before") if self.exact else "None"
        write = to.bind(self.write, f"write_{value}", "built by construct")
        held = _tuple(
            f"({_dict(level.scope.names, level.before)}, {level.scope.given or '{}'})" for level in self.levels
        )
        to.chunk(to.let(f"{value}_bytes", f"{write}({value}, {before}, {held}, {self._indexes})"))

    def write(self, value: Any, before: bytes | None, held: Held, indexes: Sequence[Any]) -> bytes:
        """Build the part behind the bytes before it; give its bytes."""
        stream, elsewhere = io.BytesIO() if before is not None else Looked(), Looked()
        stream.write(before or b"")
        streams = [stream if level.scope.region is self.region else elsewhere for level in self.levels]
        context = context_in(self.levels, held, indexes, streams)
        self._watched(context, self.inner._build, value, stream, context, "(building)")  # noqa: SLF001
        if elsewhere.looked or (isinstance(stream, Looked) and stream.looked):
            raise Unsettled
        raw = self._built(stream, before or b"")
        if self.stated is not None and len(raw) != self.stated:
            raise Unsettled
        return raw

    def _built(self, stream: io.BytesIO, before: bytes) -> bytes:
        if isinstance(stream, Looked):
            return stream.written()
        raw = stream.getvalue()
        if stream.tell() != len(raw) or raw[: len(before)] != before:
            raise Unsettled
        return raw[len(before) :]


def _tuple(items: Any) -> str:
    return "(" + "".join(f"{item}, " for item in items) + ")"


def _dict(names: Mapping[str, str], wanted: Sequence[str]) -> str:
    return "{" + ", ".join(f"{name!r}: {names[name]}" for name in wanted) + "}"


def stream_of(tree: Tree, region: Region) -> Any:
    """Give what emits a stream of the bytes of a region from one offset to another, when a part there is called."""

    def emit(to: Emitter, start: str, stop: str) -> None:
        if region.used:
            opened = to.bind(BytesIOWithOffsets, "Part", "a stream for parts that construct parses")
            region.name = to.let("stream", f"{opened}(data[{start}:{stop}], None, {start} - {tree.base})")

    return emit
