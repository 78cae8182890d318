"""Coverage by probes: functions that exist are compiled once more with a store at the start of each of their blocks.

A probe costs some tens of nanoseconds, a line tracer some microseconds. Functions keep their identity, so whoever
holds one runs the probed code; generated codecs are reached the same way, through the source that tracebacks use.
"""

from __future__ import annotations

import ast
import gc
import linecache
import sys
from collections import defaultdict
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

N = TypeVar("N", bound=ast.AST)

HITS, HIT = "_yohaku_hits", "_yohaku_hit"
"""Global names that the probes use: a byte for each block, and the function that sets one inside an expression."""
LONGEST_WORD = 16
"""Bytes of the longest constant that is kept."""
GENERATED = "<yohaku "
"""How the file names of generated codecs begin."""


class Coverage:
    """Which blocks of code were run since the last look.

    Attributes:
        hits: a byte for each block, 1 when it was run.
        places: file, line and column of each block.
        words: constants that probed code compares with, as they look in data.
    """

    def __init__(self) -> None:
        self.hits = bytearray()
        self.places: list[str] = []
        self.words: set[bytes] = set()
        self._clean = b""
        self._probed: set[str] = set()

    def instrument(self, packages: tuple[str, ...]) -> None:
        """Put probes into the functions of packages, and into generated codecs; those of known files are left alone.

        Args:
            packages: names of packages or modules; what lies below them counts, too.
        """
        functions = _functions_by_file()
        wanted = {file for name in sorted(sys.modules) if _is_below(name, packages) for file in _file_of(name)}
        wanted |= {file for file in functions if file.startswith(GENERATED)}
        for file in sorted(wanted - self._probed):
            self._instrument(file, functions.get(file, []))
        self._probed |= wanted
        self._clean = bytes(len(self.hits))

    def _instrument(self, file: str, functions: list[FunctionType]) -> None:
        source = "".join(linecache.getlines(file))
        if not source or not functions:
            return
        tree = _Prober(self, file).visit(ast.parse(source))
        codes = _codes_of(compile(ast.fix_missing_locations(tree), file, "exec", dont_inherit=True))
        for function in functions:
            code = codes.get(_key(function.__code__))
            if code is not None and code.co_freevars == function.__code__.co_freevars:
                function.__globals__[HITS], function.__globals__[HIT] = self.hits, self.hits.__setitem__
                function.__code__ = code

    def place(self, name: str) -> int:
        """Give a new block its number."""
        self.places.append(name)
        self.hits.append(0)
        return len(self.places) - 1

    def reset(self) -> None:
        """Forget what was run."""
        self.hits[:] = self._clean

    def taken(self) -> bytes:
        """Give what was run since the last `reset`, a byte for each block."""
        return bytes(self.hits)


def _is_below(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _file_of(module: str) -> Iterator[str]:
    file = getattr(sys.modules[module], "__file__", None)
    if file is not None and file.endswith(".py"):
        yield file


def _functions_by_file() -> dict[str, list[FunctionType]]:
    found: dict[str, list[FunctionType]] = defaultdict(list)
    for thing in gc.get_objects():
        if type(thing) is FunctionType:
            found[thing.__code__.co_filename].append(thing)
    return found


def _key(code: CodeType) -> tuple[str, int, int]:
    return code.co_qualname, code.co_firstlineno, code.co_argcount


def _codes_of(module: CodeType) -> dict[tuple[str, int, int], CodeType | None]:
    """Give the code of each function by name and line; None where two share them, as lambdas on one line do."""
    found: dict[tuple[str, int, int], CodeType | None] = {}
    waiting = [module]
    for code in waiting:
        for inner in code.co_consts:
            if isinstance(inner, CodeType):
                found[_key(inner)] = None if _key(inner) in found else inner
                waiting.append(inner)
    return found


class _Prober(ast.NodeTransformer):
    """Writes a probe into each block: of a function, a branch, a loop, a handler, a conditional expression."""

    def __init__(self, coverage: Coverage, file: str) -> None:
        self._coverage, self._file = coverage, file

    def _number(self, node: ast.AST, kind: str) -> ast.Constant:
        place = f"{self._file}:{getattr(node, 'lineno', 0)}:{getattr(node, 'col_offset', 0)}:{kind}"
        return ast.Constant(self._coverage.place(place))

    def _block(self, node: ast.AST, body: list[ast.stmt], kind: str) -> list[ast.stmt]:
        cell = ast.Subscript(ast.Name(HITS, ast.Load()), self._number(node, kind), ast.Store())
        probe = ast.copy_location(ast.Assign([cell], ast.Constant(1)), node)
        return [probe, *body]

    def _expression(self, node: ast.expr, kind: str) -> ast.expr:
        call = ast.Call(ast.Name(HIT, ast.Load()), [self._number(node, kind), ast.Constant(1)], [])
        return ast.copy_location(ast.BoolOp(ast.Or(), [call, node]), node)

    def _inside(self, node: N) -> N:
        return cast("N", self.generic_visit(node))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self._inside(node)
        start = 1 if ast.get_docstring(node, clean=False) is not None else 0
        node.body[start:] = self._block(node, node.body[start:], "function")
        return node

    def visit_If(self, node: ast.If) -> ast.If:
        self._inside(node)
        node.body = self._block(node, node.body, "then")
        node.orelse = self._block(node, node.orelse, "else")
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        self._inside(node)
        node.body = self._block(node, node.body, "loop")
        return node

    def visit_While(self, node: ast.While) -> ast.While:
        self._inside(node)
        node.body = self._block(node, node.body, "loop")
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:
        self._inside(node)
        node.body = self._block(node, node.body, "except")
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.match_case:
        self._inside(node)
        node.body = self._block(node.pattern, node.body, "case")
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.IfExp:
        self._inside(node)
        node.body, node.orelse = self._expression(node.body, "then"), self._expression(node.orelse, "else")
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.BoolOp:
        self._inside(node)
        node.values[1:] = [self._expression(value, "next") for value in node.values[1:]]
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.Compare:
        self._inside(node)
        for part in ast.walk(node):
            if isinstance(part, ast.Constant):
                self._coverage.words.update(_words_of(part.value))
        return node


def _words_of(constant: object) -> Iterator[bytes]:
    """Give what a constant that code compares with looks like in data."""
    if isinstance(constant, bytes | str) and 0 < len(constant) <= LONGEST_WORD:
        yield constant if isinstance(constant, bytes) else constant.encode()
    elif type(constant) is int and 0 < constant < 1 << 32:
        size = (constant.bit_length() + 7) // 8
        yield constant.to_bytes(size, "big")
