"""Straight code for construct's parts that are made of others: structs, lists, prefixes, choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yohaku.codec.foreign_flow import at_work, enter, put
from yohaku.codec.foreign_nodes import Adapted, Node, Number
from yohaku.codec.loops import read_items, write_items
from yohaku.codec.parts import read_part, write_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from yohaku.codec.emit import Emitter, Reader, Writer
    from yohaku.codec.fieldtype import FieldType
    from yohaku.codec.foreign_exprs import Scope

    Text = Callable[[Emitter], str]


class Own(Node):
    """A field type of yohaku's inside a construct."""

    def __init__(self, inner: FieldType[Any], *, scalar: bool) -> None:
        super().__init__(None if inner.size is None else 8 * inner.size, inner.minimum)
        self.inner, self.scalar = inner, scalar

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading."""
        return read_part(to, self.inner, hint)

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing."""
        write_part(to, self.inner, value, value)


class Constant(Node):
    """A part that always has the same value."""

    bare = True

    def __init__(self, inner: Node, value: Any) -> None:
        super().__init__(inner.bits, inner.minimum)
        self.inner, self.value = inner, value

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the check of the value."""
        if isinstance(self.value, bytes):
            to.constant(self.value, hint)
        else:
            found = to.let(f"{hint}_found", self.inner.emit_read(to, hint))
            to.refuse_if(f"{found} != {self.value!r}")
        return repr(self.value)

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing of the constant; a value that is given must be it."""
        if value != "None":
            to.refuse_if(f"{value} != {self.value!r}")
        if isinstance(self.value, bytes):
            to.constant(self.value)
        else:
            self.inner.emit_write(to, to.let("constant", repr(self.value)))


class Derived(Node):
    """A value that takes no bytes and follows from others."""

    scalar = False

    def __init__(self, text: Text) -> None:
        super().__init__(0)
        self.text = text

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the computation."""
        return to.let(hint, self.text(to))

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the check that the value is what it follows to be."""
        to.refuse_if(f"not {self.text(to)} == {value}")


class Rebuilt(Node):
    """A part whose value follows from members around it, which is checked when all of them are there."""

    def __init__(self, inner: Node, expression: Any) -> None:
        super().__init__(inner.bits, inner.minimum)
        self.inner, self.expression = inner, expression
        self.text: Text | None = None

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading."""
        return self.inner.emit_read(to, hint)

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing."""
        self.inner.emit_write(to, value)

    def emit_check(self, to: Emitter, value: str) -> None:
        """Emit the check that the value is what it follows to be."""
        if self.text is not None:
            to.refuse_if(f"not {self.text(to)} == {value}")


class Members(Node):
    """Parts one after the other, some of them with names.

    Args:
        members: name and part, in order.
        scope: what expressions inside call the members.
        form: whether the value is a ``dict`` of those that have names, a ``list`` of all, or the ``focus``.
        focus: the member that is the value.

    Attributes:
        asks: the names of those that construct does not build when they are not given.
    """

    scalar = False
    asks: tuple[str, ...] = ()

    def __init__(
        self, members: Sequence[tuple[str | None, Node]], scope: Scope, form: str, focus: str | None = None
    ) -> None:
        widths = [node.bits for _, node in members]
        bits = None if None in widths else sum(width for width in widths if width is not None)
        super().__init__(bits, sum(node.minimum for _, node in members))
        self.members, self.scope, self.form, self.focus = members, scope, form, focus

    def parts(self) -> Iterator[tuple[str | int, FieldType[object], int | None]]:
        """Yield the members."""
        for index, (name, node) in enumerate(self.members):
            held: Any = node
            yield name or index, held, None

    @property
    def leaves(self) -> str:
        """Say that it leaves no index: its context is its own."""
        return ""

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading of all members."""
        return to.let(hint, self._made([value for _, value in self.emit_values(to, hint)]))

    def emit_values(self, to: Reader, hint: str) -> list[tuple[str | None, str]]:
        """Emit the reading of all members; give their names and the expressions of their values."""
        values: list[tuple[str | None, str]] = []
        enter(to, self.scope, None)
        for index, (name, node) in enumerate(self.members):
            value = node.emit_read(to, name or f"{hint}_{index}")
            if name in self.scope.wanted:
                value = value if value.isidentifier() else to.let(name or "", value)
                self.scope.names[name or ""] = value
            put(to, self.scope, name, node, value)
            values.append((name, value))
        self._emit_checks(to)
        return values

    def _emit_checks(self, to: Emitter) -> None:
        for name, node in self.members:
            if isinstance(node, Rebuilt) and name is not None:
                node.emit_check(to, self.scope.names[name])

    def _made(self, values: list[str]) -> str:
        if self.form == "list":
            return f"[{', '.join(values)}]"
        named = {name: value for (name, _), value in zip(self.members, values, strict=True) if name is not None}
        if self.focus is not None:
            return named[self.focus]
        return "{" + ", ".join(f"{name!r}: {value}" for name, value in named.items()) + "}"

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing of all members."""
        enter(to, self.scope, {"dict": value, "focus": f"{{{self.focus!r}: {value}}}"}.get(self.form, "{}"))
        values = {"dict": self._of_dict, "list": self._of_list, "focus": self._of_focus}[self.form](to, value)
        for (name, _), held in zip(self.members, values, strict=True):
            if name is not None:
                self.scope.names[name] = held
        if self.form == "focus":
            for index, (name, node) in enumerate(self.members):
                if isinstance(node, Rebuilt) and node.text is not None:
                    values[index] = self.scope.names[name or ""] = to.let(name or "", node.text(to))
        else:
            self._emit_checks(to)
        for (name, node), held in zip(self.members, values, strict=True):
            node.emit_write(to, held)
            put(to, self.scope, name, node, held)

    def _of_dict(self, to: Writer, value: str) -> list[str]:
        named = [name for name, _ in self.members if name is not None]
        to.refuse_if(f"type({value}) is not dict or len({value}) != {len(named)}")
        return ["None" if name is None else to.let(name, f"{value}[{name!r}]") for name, _ in self.members]

    def _of_list(self, to: Writer, value: str) -> list[str]:
        to.refuse_if(f"type({value}) is not list")
        names = [to.name(name or f"{value}_{index}") for index, (name, _) in enumerate(self.members)]
        to.line(f"[{', '.join(names)}] = {value}")
        return names

    def _of_focus(self, to: Writer, value: str) -> list[str]:  # noqa: ARG002 - the two others need it
        return [value if name == self.focus else "None" for name, _ in self.members]


class AdaptedMembers(Adapted):
    """A Struct of numbers, bytes and texts that two functions of a designer's turn into another value and back.

    Args:
        members: the Struct.
        container: construct's class of what it parses.
    """

    def __init__(self, members: Members, container: type, *functions: Any) -> None:
        super().__init__(members, *functions)
        self.members, self.container = members, container

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading of the members, the conversion, and the check that it goes back."""
        values = self.members.emit_values(to, hint)
        names = {name: to.let(name, value) for name, value in values if name is not None}
        back = to.name(f"{hint}_back")
        lost = " or ".join(
            f"{back}[{name!r}] != {value} or type({back}[{name!r}]) is not type({value})"
            for name, value in names.items()
        )
        return self.emit_value(to, hint, self._key(names), self._code(to, names), back, lost or "False")

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the conversion, the writing of the members, and the check that the value comes back."""
        code = self.emit_code(to, value)
        names: dict[str, str] = {}
        for name, node in self.members.members:
            if name is not None:
                names[name] = self.members.scope.names[name] = to.let(name, f"{code}[{name!r}]")
            node.emit_write(to, names.get(name or "", "None"))
        self.emit_back(to, value, self._key(names), self._code(to, names))

    def _key(self, names: Mapping[str, str]) -> str:
        return f"({', '.join(names.values())},)"

    def _code(self, to: Emitter, names: Mapping[str, str]) -> str:
        held = ", ".join(f"{name!r}: {value}" for name, value in names.items())
        return f"{to.bind(self.container, 'Container', 'what construct parses a Struct to')}({{{held}}})"


class Items(Node):
    """Values of one part: a number of them that an expression gives, or as many as there are bytes for."""

    scalar = False

    def __init__(
        self, inner: Node, count: int | Text | None, *, in_bits: bool = False, scope: Scope | None = None
    ) -> None:
        number = count if isinstance(count, int) else None
        bits = None if number is None or inner.bits is None else inner.bits * number
        super().__init__(bits, inner.minimum * (number or 0))
        self.inner, self.count, self.in_bits, self.scope = inner, count, in_bits, scope

    def parts(self) -> Iterator[tuple[str | int, FieldType[object], int | None]]:
        """Yield the items, when their number is known."""
        held: Any = self.inner
        for index in range(self.count if isinstance(self.count, int) else 0):
            yield index, held, None

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading of the list."""
        if self.in_bits and isinstance(self.count, int):
            return f"[{', '.join(self.inner.emit_read(to, hint) for _ in range(self.count))}]"
        count = self.count if isinstance(self.count, int | None) else to.let(f"{hint}_count", self.count(to))
        if isinstance(count, str):
            to.refuse_if(f"{count} < 0")
        if self.scope is not None:
            return self._read_each(to, hint, count, self.scope)
        item: Any = self.inner
        return read_items(to, item, hint, count, None, made="list")

    @property
    def leaves(self) -> str:
        """Say that it leaves the index of the last item, unless nobody can say."""
        if self.count is None or self.inner.leaves:
            return "unknown"
        return "last" if self.scope is None else ""

    def _read_each(self, to: Reader, hint: str, count: int | str | None, scope: Scope) -> str:
        """Emit a loop in which parts are called that may ask for the index."""
        items, position = to.let(hint, "[]"), to.anchor()
        index = to.name("index")
        if count is None:
            to.line(f"{index} = -1")
        head = f"while {position} < {to.end}:" if count is None else f"for {index} in range({count}):"
        with to.block(head):
            if count is None:
                to.line(f"{index} += 1")
            at_work(to, scope, index)
            to.line(f"{items}.append({self.inner.emit_read(to, f'{hint}_item')})")
            to.anchor(position)
        to.move(position)
        return items

    def _write_each(self, to: Writer, value: str, scope: Scope) -> None:
        gathered, item = to.let(f"{value}_parts", "[]"), to.name(f"{value}_item")
        index = to.name("index")
        each = to.bind(enumerate, "each", "enumerate")
        with to.block(f"for {index}, {item} in {each}({value}):"):
            at_work(to, scope, index)
            inner = to.nested()
            self.inner.emit_write(inner, item)
            to.line(f"{gathered}.append({inner.finish()})")
        to.chunk(f'b"".join({gathered})')

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing of the list."""
        count = self.count
        if self.in_bits and isinstance(count, int):
            to.refuse_if(f"type({value}) is not list")
            names = [to.name(f"{value}_{index}") for index in range(count)]
            to.line(f"[{', '.join(names)}] = {value}")
            for name in names:
                self.inner.emit_write(to, name)
            return
        if callable(count):
            to.refuse_if(f"len({value}) != {count(to)}")
            count = None
        if self.scope is not None:
            to.refuse_if(f"type({value}) is not list" + ("" if count is None else f" or len({value}) != {count}"))
            self._write_each(to, value, self.scope)
            return
        item: Any = self.inner
        write_items(to, item, value, count, None, made="list")


class Sized(Node):
    """A length, then a part of that many bytes.

    Args:
        length: the length.
        inner: the part.
        own: bytes that the length counts besides the part's.
        opens: emits a stream of the part's bytes, when that is needed.
    """

    def __init__(self, length: Node, inner: Node, own: int, opens: Callable[[Emitter, str, str], None]) -> None:
        super().__init__(minimum=length.minimum)
        self.opens = opens
        self.length, self.inner, self.own = length, inner, own
        self.signed = not isinstance(length, Number) or length.signed
        self.scalar = inner.scalar

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading of the length and of what it measures."""
        size = to.let(f"{hint}_size", self.length.emit_read(to, f"{hint}_size"))
        if self.own:
            to.line(f"{size} -= {self.own}")
        if self.own or self.signed:
            to.refuse_if(f"{size} < 0")
        start = to.position()
        stop = to.let(f"{hint}_end", f"{start} + {size}")
        to.refuse_if(f"{stop} > {to.end}")
        self.opens(to, start, stop)
        with to.region(stop):
            return self.inner.emit_read(to, hint)

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing of the part behind its length."""
        inner = to.nested()
        self.inner.emit_write(inner, value)
        content = to.let(f"{value}_content", inner.finish())
        size = to.let(f"{value}_size", f"len({content})" + (f" + {self.own}" if self.own else ""))
        self.length.emit_write(to, size)
        to.chunk(content)


class Chosen(Node):
    """One of several parts, which a value before it chooses.

    Args:
        cases: condition on the choosing value, and the part, in order; the last condition is empty.
        text: the choosing value.
    """

    scalar = False

    def __init__(self, cases: Sequence[tuple[str, Node]], text: Text) -> None:
        super().__init__(minimum=min(node.minimum for _, node in cases))
        self.cases, self.text = cases, text

    @property
    def leaves(self) -> str:
        """Say what it leaves as the index in its context."""
        return "unknown" if any(node.leaves for _, node in self.cases) else ""

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the reading of the chosen part."""
        key = to.let(f"{hint}_key", self.text(to))
        position, value = to.anchor(), to.name(hint)
        for head, node in self._heads(key):
            with to.block(head):
                to.line(f"{value} = {node.emit_read(to, hint)}")
                to.anchor(position)
            to.move(position)
        return value

    def _heads(self, key: str) -> Iterator[tuple[str, Node]]:
        for index, (condition, node) in enumerate(self.cases):
            word = "elif" if index else "if"
            yield (f"{word} {key}{condition}:" if index < len(self.cases) - 1 else "else:"), node

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the writing of the chosen part."""
        key = to.let(f"{value}_key", self.text(to))
        content = to.name(f"{value}_content")
        for head, node in self._heads(key):
            with to.block(head):
                inner = to.nested()
                node.emit_write(inner, value)
                to.line(f"{content} = {inner.finish()}")
        to.chunk(content)


class Until(Node):
    """Numbers, bytes or texts up to the first one that a designer's function takes for the last."""

    scalar = False

    def __init__(self, inner: Node, is_last: Callable[..., Any]) -> None:
        super().__init__(minimum=inner.minimum)
        self.inner, self.is_last = inner, is_last

    @property
    def leaves(self) -> str:
        """Say that nobody knows which index it leaves."""
        return "unknown"

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the loop."""
        items, position = to.let(hint, "[]"), to.anchor()
        with to.block("while True:"):
            item = to.let(f"{hint}_item", self.inner.emit_read(to, f"{hint}_item"))
            to.line(f"{items}.append({item})")
            to.anchor(position)
            to.line(f"if {self._question(to, item)}: break")
        to.move(position)
        return items

    def _question(self, to: Emitter, item: str) -> str:
        return f"{to.bind(self.is_last, 'is_last', 'a function of the designer')}({item}, None, None)"

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the loop; only the last item may be the last one."""
        to.refuse_if(f"type({value}) is not list or not {value}")
        gathered, item = to.let(f"{value}_parts", "[]"), to.name(f"{value}_item")
        last = to.name(f"{value}_is_last")
        to.line(f"{last} = False")
        with to.block(f"for {item} in {value}:"):
            to.refuse_if(last)
            inner = to.nested()
            self.inner.emit_write(inner, item)
            to.line(f"{gathered}.append({inner.finish()})")
            to.line(f"{last} = {self._question(to, item)}")
        to.refuse_if(f"not {last}")
        to.chunk(f'b"".join({gathered})')
