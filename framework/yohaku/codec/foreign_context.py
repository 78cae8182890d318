"""What construct puts into the context of a part: containers around it, with the members that stand before it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, NamedTuple

from construct import Container, EnumIntegerString, ListContainer

from yohaku.codec import foreign_nodes as nodes
from yohaku.codec import foreign_parts as parts
from yohaku.codec.emit import Unsettled
from yohaku.codec.foreign_exprs import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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


def entered(outer: Any, subcons: Any, stream: Any, given: Mapping[str, Any] | None, *, veiled: bool = False) -> Any:
    """Give a new context inside another, with the members that were given to be written; None reads them."""
    index, parsing = dict.get(outer, "_index"), given is None
    context: Any = Veiled() if veiled or index is HIDDEN else Container()
    dict.update(
        context,
        _=outer,
        _params=dict.get(outer, "_params"),
        _root=dict.get(outer, "_root", context),
        _parsing=parsing,
        _building=not parsing,
        _sizing=False,
        _subcons=subcons,
        _io=stream,
        _index=index,
    )
    if given:
        dict.update(context, given)
    return context


class Hidden:
    """Stands for a value that is not known; it is of no use for anything."""

    def __getattr__(self, name: str) -> Any:
        raise Unsettled(name)


HIDDEN = Hidden()


class Veiled(Container):  # type: ignore[type-arg]  # generic in its stubs only
    """A context in which some values are not known; it notes that something asks for one."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "__veil__", [])

    @property
    def looked(self) -> bool:
        """Whether something asked."""
        return bool(object.__getattribute__(self, "__veil__"))

    def _known(self, value: Any) -> Any:
        if value is HIDDEN:
            object.__getattribute__(self, "__veil__").append(value)
            raise Unsettled
        return value

    def __getitem__(self, name: Any) -> Any:
        """Give a value that is known."""
        return self._known(super().__getitem__(name))

    def get(self, name: Any, default: Any = None) -> Any:
        """Give a value that is known."""
        return self._known(super().get(name, default))

    def items(self) -> Any:
        """Refuse to give all values."""
        self._known(HIDDEN)

    __iter__ = values = copy = __copy__ = items


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


def call_in(scope: Scope | None) -> None:
    """Let the contexts around a part that is about to be planned be there for it.

    Raises:
        Unknown: what construct would put there is not known.
    """
    while scope is not None:
        if scope.shut:
            raise Unknown(scope)
        scope.called = True
        scope.wanted |= scope.nodes.keys()
        for node in scope.nodes.values():
            shaped_or_hidden(node)
        scope = scope.outer


def shaped_or_hidden(node: Any) -> Shape | None:
    """Give what makes of a plain value what construct has in its place, or hides it; None when it is the same."""
    try:
        return shape_of(node)
    except Unknown:
        return lambda _, __: HIDDEN


def is_hidden(node: Any) -> bool:
    """Tell whether nobody knows what construct has in place of a plain value."""
    try:
        held = getattr(node, "in_context", None)
        shape_of(node)
    except Unknown:
        return True
    if held is not None:
        node.in_context = held
    return False


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
        items = [shape_of(member) for _, member in node.members]
        return lambda value, setting: ListContainer(
            item if shape is None else shape(item, setting) for item, shape in zip(value, items, strict=True)
        )
    shapes = {name: shape for name, shape in held.items() if shape is not None}

    def shape(value: Any, setting: Setting) -> Any:
        inner = setting
        made: Any = Container(_io=setting.stream)
        if not setting.parsing:
            made = entered(setting.context, node.scope.subcons, setting.stream, value)
            inner = setting._replace(context=made)
        dict.update(made, value)
        for name, of in shapes.items():
            dict.__setitem__(made, name, of(value[name], inner))
        return made

    return shape


def has_looked(context: Any) -> bool:
    """Tell whether something asked a context, or one around it, for what is not known."""
    while context is not None:
        if isinstance(context, Veiled) and context.looked:
            return True
        context = dict.get(context, "_")
    return False
