"""What construct puts into the context of a part: containers around it, with the members that stand before it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, NamedTuple

from construct import Container, EnumIntegerString, ListContainer

from yohaku.codec import foreign_nodes as nodes
from yohaku.codec import foreign_parts as parts
from yohaku.codec.emit import Unsettled
from yohaku.codec.foreign_exprs import Unknown
from yohaku.codec.foreign_values import context_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from yohaku.codec.foreign_exprs import Scope

    Shape = Callable[[Any, "Setting"], Any]


class Setting(NamedTuple):
    """Where a value stands.

    Attributes:
        context: the innermost context around it.
        stream: what it is read from or written to.
        parsing: it is read.
    """

    context: Any
    stream: Any
    parsing: bool


class Level(NamedTuple):
    """One of the containers around a part.

    Attributes:
        scope: whose members it holds.
        before: the names of those that stand before the part.
        shapes: how the values among them are made that construct has in another form.
        hidden: what else stands in the context, and is not known.
    """

    scope: Scope
    before: tuple[str, ...]
    shapes: Mapping[str, Shape]
    hidden: frozenset[str] = frozenset()

    def entered(self, outer: Any, stream: Any, index: Any, *, parsing: bool) -> Any:
        """Give a new context in this container, with no member yet."""
        context: Any = Veiled(self.hidden) if self.hidden else Container()
        dict.update(
            context,
            _=outer,
            _params=outer["_params"],
            _root=None,
            _parsing=parsing,
            _building=not parsing,
            _sizing=False,
            _subcons=self.scope.subcons,
            _io=stream,
            _index=index,
        )
        dict.__setitem__(context, "_root", outer.get("_root", context))
        return context

    def fill(self, context: Any, members: Mapping[str, Any], setting: Setting) -> None:
        """Put the members that stand before into a context, as construct has them."""
        dict.update(context, members)
        dict.update(context, dict.fromkeys(self.hidden, _HIDDEN))
        for name, shape in self.shapes.items():
            dict.__setitem__(context, name, shape(members[name], setting))


class Hidden:
    """Stands for a value that is not known; it is of no use for anything."""

    def __getattr__(self, name: str) -> Any:
        raise Unsettled(name)


class Veiled(Container):  # type: ignore[type-arg]  # generic in its stubs only
    """A context in which some values are not known; it notes that something asks for one."""

    def __init__(self, hidden: frozenset[str]) -> None:
        super().__init__()
        object.__setattr__(self, "__veil__", [hidden, False])
        dict.update(self, dict.fromkeys(hidden, _HIDDEN))

    @property
    def looked(self) -> bool:
        """Whether something asked."""
        return bool(object.__getattribute__(self, "__veil__")[1])

    def _ask(self, name: Any) -> None:
        veil = object.__getattribute__(self, "__veil__")
        if name is None or name in veil[0]:
            veil[1] = True
            raise Unsettled

    def __getitem__(self, name: Any) -> Any:
        """Give a value that is known."""
        self._ask(name)
        return super().__getitem__(name)

    def get(self, name: Any, default: Any = None) -> Any:
        """Give a value that is known."""
        self._ask(name)
        return super().get(name, default)

    def items(self) -> Any:
        """Refuse to give all values."""
        self._ask(None)

    values = copy = __copy__ = items


class Looked(io.BytesIO):
    """What is written to, from an offset that nobody knows: it notes that something asks for it, or for other bytes.

    Attributes:
        looked: something asked.
    """

    looked = False

    def _refuse(self, *_: Any, **__: Any) -> Any:
        self.looked = True
        raise OSError("the bytes before these are not known")

    tell = seek = read = read1 = readline = readinto = getvalue = getbuffer = truncate = _refuse

    def written(self) -> bytes:
        """Give what was written."""
        return super().getvalue()


_HIDDEN = Hidden()


def levels_of(scope: Scope | None) -> tuple[Level, ...]:
    """Give the containers around a part that is about to be planned, the outermost first.

    Raises:
        Unknown: what construct would put there is not known.
    """
    made: list[Level] = []
    while scope is not None:
        if scope.shut:
            raise Unknown(scope)
        made.insert(0, _level(scope))
        scope = scope.outer
    return tuple(made)


def _level(scope: Scope) -> Level:
    before = {name: node for name, node in scope.nodes.items() if name in scope.known}
    shapes: dict[str, Shape] = {}
    for name, node in before.items():
        try:
            shape = shape_of(node)
        except Unknown:
            scope.hidden.add(name)
        else:
            shapes.update({} if shape is None else {name: shape})
    scope.wanted |= before.keys()
    hidden = scope.hidden & before.keys() | ({"_index"} if _is_loose(scope) else set())
    return Level(scope, tuple(before), {name: shapes[name] for name in shapes.keys() - hidden}, frozenset(hidden))


def _is_loose(scope: Scope | None) -> bool:
    return scope is not None and not scope.looping and (scope.loose or _is_loose(scope.outer))


def shape_of(node: Any) -> Shape | None:
    """Give what makes of a plain value what construct has in its place; None when it is the same.

    Raises:
        Unknown: nobody here knows it.
    """
    if node.scalar:
        return None
    if hasattr(node, "in_context"):
        node.in_context = True
        return None
    if isinstance(node, nodes.Padded | parts.Sized):
        return shape_of(node.inner)
    if isinstance(node, nodes.Mapped):
        return _named(node.codes)
    if isinstance(node, parts.Members):
        return _members(node)
    if isinstance(node, parts.Items):
        return _items(shape_of(node.inner))
    raise Unknown(node)


def _named(codes: Mapping[str, int]) -> Shape:
    def shape(value: Any, setting: Setting) -> Any:
        return EnumIntegerString.new(codes[value], value) if setting.parsing else value

    return shape


def _items(item: Shape | None) -> Shape:
    def shape(value: Any, setting: Setting) -> Any:
        return ListContainer(value if item is None else [item(held, setting) for held in value])

    return shape


def _members(node: parts.Members) -> Shape | None:
    held = {name: shape_of(member) for name, member in node.members if name is not None}
    if node.form == "focus":
        return held[node.focus or ""]
    if node.form == "list":
        shapes = [shape_of(member) for _, member in node.members]
        return lambda value, setting: ListContainer(
            item if shape is None else shape(item, setting) for item, shape in zip(value, shapes, strict=True)
        )
    level = Level(node.scope, tuple(held), {name: shape for name, shape in held.items() if shape is not None})

    def shape(value: Any, setting: Setting) -> Any:
        inner = setting
        made: Any = Container(_io=setting.stream)
        if not setting.parsing:
            index = dict.get(setting.context, "_index")
            made = level.entered(setting.context, setting.stream, index, parsing=False)
            inner = setting._replace(context=made)
        level.fill(made, value, inner)
        return made

    return shape


def has_looked(context: Any) -> bool:
    """Tell whether something asked a context, or one around it, for what is not known."""
    while context is not None:
        if isinstance(context, Veiled) and context.looked:
            return True
        context = dict.get(context, "_")
    return False


def context_in(
    levels: Sequence[Level],
    held: Sequence[tuple[Mapping[str, Any], ...]],
    indexes: Sequence[Any],
    streams: Sequence[Any],
) -> Any:
    """Give the context of a part.

    Args:
        levels: the containers around it, the outermost first; that one is the whole, which has no members.
        held: for each, the members before, and when it is built, all that were given first.
        indexes: for each, the index of the item that is at work; None when there is none.
        streams: for each, where it is read from or written to.
    """
    parsing = len(held[0]) == 1
    context: Any = context_of(parsing=parsing)
    if indexes[0] is not None:
        dict.__setitem__(context, "_index", indexes[0])
    for level, members, index, stream in zip(levels[1:], held[1:], indexes[1:], streams[1:], strict=True):
        context = level.entered(context, stream, index, parsing=parsing)
        if not parsing:
            dict.update(context, members[1])
        level.fill(context, members[0], Setting(context, stream, parsing))
    return context
