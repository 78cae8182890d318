"""Straight code for parts that try: Select takes the first of several that fits, Optional one or none, Peek looks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from yohaku.codec import foreign_nodes as nodes
from yohaku.codec import foreign_parts as parts
from yohaku.codec.foreign_nodes import Node
from yohaku.codec.foreign_refusals import NEVER, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from yohaku.codec.emit import Reader, Writer

_MISSING = object()


def is_strict(node: Any) -> bool:
    """Tell whether straight code refuses only bytes that construct refuses, too, with an error of its own."""
    return type(node) in _STRICT and _STRICT[type(node)](node)


_STRICT: dict[type, Callable[[Any], bool]] = {
    **dict.fromkeys(
        (nodes.Number, nodes.Raw, nodes.Filled, nodes.Ended, nodes.Rest, nodes.Nothing, nodes.End), lambda _: True
    ),
    nodes.Checked: lambda node: node.agrees.__module__ == "construct.core" and is_strict(node.inner),
    nodes.Padded: lambda node: not node.fill and is_strict(node.inner),
    nodes.Encoded: lambda node: node.lossless and is_strict(node.inner),
    parts.Constant: lambda node: isinstance(node.value, bytes) or is_strict(node.inner),
    parts.Sized: lambda node: isinstance(node.length, nodes.Number) and _is_rest(node.inner),
    parts.Items: lambda node: isinstance(node.count, int) and is_strict(node.inner),
    parts.Members: lambda node: all(is_strict(member) for _, member in node.members),
}


def _is_rest(node: Any) -> bool:
    return isinstance(node, nodes.Rest) or (isinstance(node, nodes.Encoded) and node.lossless and _is_rest(node.inner))


def beginning(node: Any) -> bytes:
    """Give the bytes with which each encoding of a part begins, as far as they are known."""
    if isinstance(node, parts.Members) and node.members:
        return beginning(node.members[0][1])
    if isinstance(node, parts.Constant) and isinstance(node.value, bytes):
        return node.value
    if isinstance(node, parts.Constant) and isinstance(node.inner, nodes.Number) and node.inner.size:
        order = "little" if node.inner.little else "big"
        return node.value.to_bytes(node.inner.size, order, signed=node.inner.signed)  # type: ignore[no-any-return]
    return b""


@contextmanager
def _attempt(to: Reader) -> Iterator[None]:
    """Let the code added inside, from a position that is not behind the end, notice at once when bytes are missing."""
    outer = to.whole, to.late
    to.whole, to.late = None, False
    yield
    to.whole, to.late = outer


class Choice(Node):
    """The first of several parts that takes the bytes; the first that takes the value writes it."""

    def __init__(self, nodes_: Sequence[Node]) -> None:
        super().__init__(minimum=min(node.minimum for node in nodes_))
        self.nodes = nodes_
        self.scalar = all(node.scalar for node in nodes_)

    @property
    def leaves(self) -> str:
        """Say what it leaves as the index in its context."""
        return "unknown" if any(node.leaves for node in self.nodes) else ""

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the attempts; what an earlier part would write, a later one must not have read."""
        to.position_within()
        position = to.anchor()
        start, value = to.let(f"{hint}_start", position), to.name(hint)
        missing = to.bind(_MISSING, "MISSING", "stands for no value")
        to.line(f"{value} = {missing}")
        with _attempt(to):
            for index, node in enumerate(self.nodes):
                heads = [f"if {value} is {missing}:"] if index else []
                if begins := beginning(node):
                    heads.append(f"if data.startswith({begins!r}, {start}, {to.end}):")
                self._emit_under(to, heads, (position, start, value), node, index)
        to.refuse_if(f"{value} is {missing}")
        to.move(position)
        return value

    def _emit_under(self, to: Reader, heads: list[str], names: tuple[str, str, str], node: Node, index: int) -> None:
        if heads:
            with to.block(heads[0]):
                self._emit_under(to, heads[1:], names, node, index)
            return
        position, start, value = names
        if isinstance(node, parts.Constant) and isinstance(node.value, bytes):
            to.line(f"{value} = {node.value!r}")
            to.line(f"{position} = {start} + {len(node.value)}")
        elif is_strict(node):
            with to.block("try:"):
                self._emit_alternative(to, names, node)
            to.line(f"except Exception: {value} = {to.bind(_MISSING, 'MISSING', 'stands for no value')}")
        else:
            self._emit_alternative(to, names, node)
        self._emit_order(to, value, index)
        to.move(position)

    def _emit_alternative(self, to: Reader, names: tuple[str, str, str], node: Node) -> None:
        position, start, value = names
        to.move(start)
        to.line(f"{value} = {node.emit_read(to, value)}")
        to.anchor(position)

    def _emit_order(self, to: Reader, value: str, index: int) -> None:
        """Emit the check that no earlier part would write the value."""
        refused = [refusal(to, node, value) for node in self.nodes[:index]]
        if refused:
            missing = to.bind(_MISSING, "MISSING", "stands for no value")
            to.refuse_if(f"{value} is not {missing} and not ({' and '.join(f'({each})' for each in refused)})")

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing by the first part that construct does not refuse."""
        content, word = to.name(f"{value}_content"), "if"
        for node in self.nodes:
            refused = NEVER if node is self.nodes[-1] else refusal(to, node, value)
            head = f"{word} not ({refused}):" if refused != NEVER else "else:" if word == "elif" else "if True:"
            with to.block(head):
                inner = to.nested()
                node.emit_write(inner, value)
                to.line(f"{content} = {inner.finish()}")
            word = "elif"
            if refused == NEVER:
                break
        to.chunk(content)


class Trailing(Node):
    """A part that is there when bytes are left; None is no part, where construct refuses to build one from it."""

    scalar = False

    def __init__(self, inner: Node) -> None:
        super().__init__()
        self.inner = inner

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading of the part, if bytes are left."""
        position, value = to.anchor(), to.name(hint)
        with to.block(f"if {position} != {to.end}:"):
            to.line(f"{value} = {self.inner.emit_read(to, hint)}")
            to.anchor(position)
        with to.block("else:"):
            to.line(f"{value} = None")
            to.refuse_if(f"not ({refusal(to, self.inner, value)})")
        to.move(position)
        return value

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing of the part, if there is a value."""
        content = to.name(f"{value}_content")
        with to.block(f"if {value} is not None:"):
            inner = to.nested()
            self.inner.emit_write(inner, value)
            to.line(f"{content} = {inner.finish()}")
        with to.block("else:"):
            to.refuse_if(f"not ({refusal(to, self.inner, value)})")
            to.line(f'{content} = b""')
        to.chunk(content)


class Ahead(Node):
    """A part that is read without going on behind it, and is not written; None when it is not there."""

    bare = True

    def __init__(self, inner: Node) -> None:
        super().__init__(0)
        self.inner, self.scalar = inner, inner.scalar

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading, and the way back."""
        start, value = to.let(f"{hint}_start", to.position_within()), to.let(hint, "None")
        end = to.end
        to.end = "len(data)" if end.isdecimal() else end
        with _attempt(to):
            if is_strict(self.inner):
                with to.block("try:"):
                    self._emit_value(to, start, value)
                to.line(f"except Exception: {value} = None")
            else:
                self._emit_value(to, start, value)
        to.end = end
        to.move(start)
        return value

    def _emit_value(self, to: Reader, start: str, value: str) -> None:
        to.move(start)
        to.line(f"{value} = {self.inner.emit_read(to, value)}")
        to.settle()

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit nothing: whether the value is what stands there shows when the whole is read back."""
