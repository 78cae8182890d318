"""Expressions of construct, and functions that designers gave it, as text of generated code.

``this.count`` becomes the local name that holds the count. A function of the context is called with nothing but the
members that its code names; one that looks at the context in another way is not known here.
"""

from __future__ import annotations

import dis
import operator
from types import FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from construct.expr import BinExpr, FuncPath, Path, UniExpr

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.codec.emit import Emitter


_BINARY: dict[Any, str] = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.floordiv: "//",
    operator.truediv: "/",
    operator.mod: "%",
    operator.pow: "**",
    operator.xor: "^",
    operator.lshift: "<<",
    operator.rshift: ">>",
    operator.and_: "&",
    operator.or_: "|",
    operator.gt: ">",
    operator.ge: ">=",
    operator.lt: "<",
    operator.le: "<=",
    operator.eq: "==",
    operator.ne: "!=",
}
_UNARY: dict[Any, str] = {operator.not_: "not ", operator.neg: "-", operator.pos: "+"}
_FUNCTIONS = (len, sum, min, max, abs)
_PLAIN = (bool, int, str, bytes, type(None))


class Unknown(Exception):  # noqa: N818 - a signal of the translation to whoever asked for it, never seen outside
    """The translation does not know this part of a construct."""


class Scope:
    """The members of a Struct, Sequence or FocusedSeq, which expressions inside it name.

    Attributes:
        outer: the scope around it.
        known: the members that stand before the part in question.
        scalars: those of them whose values construct and generated code have in the same form.
        nodes: what emits each of them.
        wanted: those that an expression names.
        names: the local names that hold their values.
        region: the stream that they are read from.
        tree: the whole.
        subcons: the parts by name, which stand in the context.
        called: a part inside is called, and needs a context.
        veiled: the context hides something that is not known.
        context: the local name of the context.
        stream: the local name of the stream that stands in it.
        parsing: members are read.
        shut: what stands in the context is not known, so that nothing can be called with it.
    """

    def __init__(self, outer: Scope | None, region: Any, subcons: Any = None, tree: Any = None) -> None:
        self.outer, self.region, self.subcons, self.tree = outer, region, subcons, tree
        self.known: set[str] = set()
        self.scalars: set[str] = set()
        self.nodes: dict[str, Any] = {}
        self.wanted: set[str] = set()
        self.names: dict[str, str] = {}
        self.context = self.stream = ""
        self.called = self.shut = self.veiled = self.parsing = False


def formula(expression: Any, scope: Scope | None) -> Callable[[Emitter], str]:
    """Give what emits an expression, a function of the context or a constant.

    Raises:
        Unknown: it is something else, or names what no member before it is called.
    """
    if type(expression) in _PLAIN:
        return lambda _: repr(expression)
    if isinstance(expression, Path):
        return _path(expression, scope)
    inner = vars(expression) if isinstance(expression, BinExpr | UniExpr | FuncPath) else {}
    if isinstance(expression, BinExpr) and inner["op"] in _BINARY:
        left, right, sign = formula(inner["lhs"], scope), formula(inner["rhs"], scope), _BINARY[inner["op"]]
        return lambda to: f"({left(to)} {sign} {right(to)})"
    if isinstance(expression, UniExpr) and inner["op"] in _UNARY:
        operand, word = formula(inner["operand"], scope), _UNARY[inner["op"]]
        return lambda to: f"({word}{operand(to)})"
    if isinstance(expression, FuncPath):
        function, argument = inner["_FuncPath__func"], inner["_FuncPath__operand"]
        if function in _FUNCTIONS and argument is not None:
            held = formula(argument, scope)
            return lambda to: f"{function.__name__}({held(to)})"
    if isinstance(expression, FunctionType):
        return _function(expression, scope)
    raise Unknown(expression)


def _path(path: Any, scope: Scope | None) -> Callable[[Emitter], str]:
    fields: list[Any] = []
    while (inner := vars(path))["_Path__parent"] is not None:
        fields.insert(0, inner["_Path__field"])
        path = inner["_Path__parent"]
    while fields and fields[0] == "_" and scope is not None:
        scope = scope.outer
        fields.pop(0)
    if repr(path) != "this" or not fields or scope is None or fields[0] not in scope.known:
        raise Unknown(path)
    scope.wanted.add(fields[0])
    held, name, rest = scope, fields[0], "".join(f"[{field!r}]" for field in fields[1:])
    return lambda _: held.names[name] + rest


def _function(function: FunctionType, scope: Scope | None) -> Callable[[Emitter], str]:
    names = named_by(function)
    if names is None or scope is None or not names <= scope.scalars:
        raise Unknown(function)
    held, wanted = scope, sorted(names)
    held.wanted |= names

    def emit(to: Emitter) -> str:
        called = to.bind(function, f"designed_{function.__name__.strip('<>')}", "a function of the designer's")
        view = to.bind(SimpleNamespace, "Members", "members as attributes")
        return f"{called}({view}({', '.join(f'{name}={held.names[name]}' for name in wanted)}))"

    return emit


def named_by(function: FunctionType) -> set[str] | None:
    """Give the attributes that a function of one argument reads of it; None when it does anything else with it."""
    code = function.__code__
    if code.co_argcount != 1 or code.co_kwonlyargcount or code.co_flags & 0x0C:
        return None
    argument = code.co_varnames[0]
    names: set[str] = set()
    steps = list(dis.get_instructions(code))
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        if not _touches(step, argument):
            continue
        if not step.opname.startswith("LOAD_FAST") or step.argval != argument:
            return None
        if after is None or after.opname != "LOAD_ATTR":
            return None
        names.add(after.argval)
    return names


def ignores(function: Any, place: int) -> bool:
    """Tell whether a Python function never looks at its argument at ``place``."""
    function = getattr(function, "__func__", function)
    if not isinstance(function, FunctionType) or function.__code__.co_argcount <= place:
        return False
    argument = function.__code__.co_varnames[place]
    hides = {"locals", "vars", "eval", "exec", "_getframe"}.isdisjoint(function.__code__.co_names)
    return hides and not any(_touches(step, argument) for step in dis.get_instructions(function.__code__))


def _touches(step: dis.Instruction, argument: str) -> bool:
    return step.argval == argument or (isinstance(step.argval, tuple) and argument in step.argval)
