"""The mutants of the code emitters: one small change each, found in the source and made in the running module.

An operator, a number or a condition of an emitter is changed, also inside the text that it emits. A mutant is named by
its function, its statement and the change, so its name outlives changes elsewhere in the module.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).resolve().parents[3] / "framework" / "yohaku"
WHOLE = (
    "codec.compiler",
    "codec.emit",
    "codec.headers",
    "codec.loops",
    "codec.objects",
    "codec.parts",
    "codec.runs",
    "codec.sequence_code",
    "codec.source",
    "codec.tables",
    "fields.template_code",
)
"""Modules that consist of emitters; of the others in codec and fields, functions that are given one are mutated."""
GIVEN = frozenset({"Emitter", "Reader", "Writer", "Source"})
"""A function with a parameter of such a type emits code."""

COMPARE = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
TEXT = (
    (" < ", " <= "),
    (" <= ", " < "),
    (" > ", " >= "),
    (" >= ", " > "),
    (" != ", " == "),
    (" == ", " != "),
    (" is not ", " is "),
    (" + ", " - "),
    (" << ", " >> "),
    (" >> ", " << "),
    (" | ", " & "),
    (" & ", " | "),
    ("not ", ""),
    (" or ", " and "),
    (" and ", " or "),
)
TOLD = {"bind": slice(1), "name": slice(0), "emit_object": slice(None), "let": slice(1, None)}
"""The arguments of these calls that matter; the others are words for whoever reads the generated source."""


@dataclass(frozen=True)
class Edit:
    """A change in a tree: an attribute of a node, or an item of it, gets another value."""

    node: Any
    attribute: str
    index: int | None
    new: Any

    def swap(self, value: Any) -> Any:
        """Put a value into the place; give the old one."""
        if self.index is None:
            old = getattr(self.node, self.attribute)
            setattr(self.node, self.attribute, value)
            return old
        items = getattr(self.node, self.attribute)
        old, items[self.index] = items[self.index], value
        return old


@dataclass(frozen=True)
class Mutant:
    """One change of one function.

    Attributes:
        function: module and qualified name, such as ``codec.emit:Reader.rest``.
        statement: the statement that is changed, its first line when it holds others.
        change: the expression before and after.
        lines: the lines of the statement.
        code: of the changed function.
    """

    function: str
    statement: str
    change: str
    lines: range
    code: CodeType

    @property
    def key(self) -> tuple[str, str, str]:
        """What names it in the list of equivalent mutants."""
        return self.function, self.statement, self.change

    @property
    def path(self) -> str:
        """The file that it changes."""
        return str(path_of(self.function.partition(":")[0]))

    def apply(self) -> None:
        """Make the change in the running program."""
        module, _, name = self.function.partition(":")
        function_named(f"yohaku.{module}", name).__code__ = self.code


def path_of(module: str) -> Path:
    """Give the file of a module, named without the package."""
    return PACKAGE.joinpath(*module.split(".")).with_suffix(".py")


def function_named(module: str, name: str) -> FunctionType:
    """Find a function or a method of a loaded module, below its decorators."""
    held: Any = sys.modules[module]
    for part in name.split("."):
        held = vars(held)[part]
    held = getattr(held, "fget", None) or getattr(held, "__func__", held)
    while hasattr(held, "__wrapped__"):
        held = held.__wrapped__
    if not isinstance(held, FunctionType):
        raise TypeError(f"{module}:{name} is no function")
    return held


def modules() -> list[str]:
    """Name the modules with emitters."""
    paths = [path for folder in ("codec", "fields") for path in sorted((PACKAGE / folder).rglob("*.py"))]
    return [".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in paths if path.stem != "__init__"]


def mutants() -> list[Mutant]:
    """Give every mutant of every emitter."""
    return [mutant for module in modules() for mutant in mutants_of(module)]


def mutants_of(module: str) -> Iterator[Mutant]:
    """Yield the mutants of a module, which is loaded for it."""
    tree = ast.parse(path_of(module).read_text(encoding="utf-8"))
    for name, function in functions_of(tree):
        if module not in WHOLE and not emits(function):
            continue
        loaded = importlib.import_module(f"yohaku.{module}")
        if not path_of(module).samefile(loaded.__file__ or ""):
            raise RuntimeError(f"yohaku is loaded from {loaded.__file__}, not from {PACKAGE}")
        seen: set[CodeType] = {code_named(tree, name)}
        known: Counter[tuple[str, str]] = Counter()
        for statement, edit in edits_of(function):
            text = text_of(statement)
            before, old = text_of(edit.node), edit.swap(edit.new)
            after, code = text_of(edit.node), code_named(tree, name)
            edit.swap(old)
            if code in seen:
                continue
            seen.add(code)
            change = f"{before} -> {after}"
            known[text, change] += 1
            count = known[text, change]
            lines = range(statement.lineno, body_start(statement))
            yield Mutant(f"{module}:{name}", text, f"{change} #{count}" if count > 1 else change, lines, code)


def functions_of(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield the functions of a module and the methods of its classes, with their qualified names."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{held.name}", held) for held in node.body if isinstance(held, ast.FunctionDef))


def emits(function: ast.FunctionDef) -> bool:
    """Tell whether a function emits code."""
    arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    notes = (node for held in arguments if held.annotation for node in ast.walk(held.annotation))
    return any(isinstance(node, ast.Name) and node.id in GIVEN for node in notes)


def code_named(tree: ast.Module, name: str) -> CodeType:
    """Compile a function of a module."""
    pending: list[Any] = [compile(ast.fix_missing_locations(tree), "mutant", "exec", dont_inherit=True)]
    found: list[CodeType] = []
    while pending:
        code = pending.pop()
        found += [code] if code.co_qualname == name else []
        pending += [held for held in code.co_consts if isinstance(held, CodeType)]
    return found[-1]


def text_of(node: ast.AST) -> str:
    """Give the text of an expression or a statement, without the statements that it holds."""
    lines = ast.unparse(node).splitlines()
    return lines[0] if isinstance(node, ast.stmt) and hasattr(node, "body") else " ".join(lines)


def body_start(statement: ast.stmt) -> int:
    """Give the line behind a statement, or the first of those that it holds."""
    body = getattr(statement, "body", None)
    return max(body[0].lineno, statement.lineno + 1) if body else (statement.end_lineno or statement.lineno) + 1


def edits_of(function: ast.FunctionDef) -> Iterator[tuple[ast.stmt, Edit]]:
    """Yield the changes of a function, each with its innermost statement; documentation stays."""
    for statement in function.body[1:] if ast.get_docstring(function) else function.body:
        yield from _edits(statement, statement)


def _edits(node: ast.AST, statement: ast.stmt) -> Iterator[tuple[ast.stmt, Edit]]:
    if isinstance(node, ast.Raise):
        return
    yield from ((statement, edit) for edit in changes_of(node))
    for child in children(node):
        yield from _edits(child, child if isinstance(child, ast.stmt) else statement)


def children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may change inside a node: no annotations, no words for the reader, no format of a text's parts."""
    if isinstance(node, ast.Call):
        told = TOLD.get(called(node), slice(None))
        yield node.func
        yield from node.args[told]
        yield from node.keywords
    elif isinstance(node, ast.FunctionDef):
        yield from node.body[1:] if ast.get_docstring(node) else node.body
    elif isinstance(node, ast.FormattedValue):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield from (part for part in node.values if isinstance(part, ast.FormattedValue))
    else:
        names = [name for name in node._fields if name != "annotation"]
        held = [getattr(node, name) for name in names]
        yield from (part for value in held for part in (value if isinstance(value, list) else [value])
                    if isinstance(part, ast.AST))  # fmt: skip


def called(node: ast.Call) -> str:
    """Name the function or method that is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def changes_of(node: ast.AST) -> Iterator[Edit]:
    """Yield the changes of one node."""
    match node:
        case ast.Compare():
            others = ((index, COMPARE.get(type(operator))) for index, operator in enumerate(node.ops))
            yield from (Edit(node, "ops", index, other()) for index, other in others if other)
        case ast.BinOp() if type(node.op) in ARITHMETIC:
            yield Edit(node, "op", None, ARITHMETIC[type(node.op)]())
        case ast.BoolOp():
            yield Edit(node, "op", None, ast.Or() if isinstance(node.op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not()):
            yield Edit(node, "operand", None, ast.UnaryOp(ast.Not(), node.operand))
        case ast.IfExp():
            yield Edit(node, "test", None, ast.UnaryOp(ast.Not(), node.test))
        case ast.If() | ast.While() if not isinstance(node.test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            yield Edit(node, "test", None, ast.UnaryOp(ast.Not(), node.test))
        case ast.Constant():
            yield from constants_of(node)
        case ast.JoinedStr():
            yield from texts_of(node)
        case ast.Call() if called(node) == "refuse_if":
            yield Edit(node, "func", None, ast.Name("bool", ast.Load()))


def constants_of(node: ast.Constant) -> Iterator[Edit]:
    """Yield the changes of a constant: truth turned round, a number one more, an operator of emitted text."""
    if isinstance(node.value, bool):
        yield Edit(node, "value", None, not node.value)
    elif isinstance(node.value, int):
        yield Edit(node, "value", None, node.value + 1)
    elif isinstance(node.value, str):
        for text in changed_texts(node.value):
            yield Edit(node, "value", None, text)


def texts_of(node: ast.JoinedStr) -> Iterator[Edit]:
    """Yield the changes of an emitted text with parts filled in."""
    for index, part in enumerate(node.values):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            for text in changed_texts(part.value):
                yield Edit(node, "values", index, ast.Constant(text))


def changed_texts(text: str) -> Iterator[str]:
    """Yield a text with one operator changed, each in turn."""
    for old, new in TEXT:
        start = text.find(old)
        while start >= 0:
            yield text[:start] + new + text[start + len(old) :]
            start = text.find(old, start + 1)
