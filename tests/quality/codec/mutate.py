"""Mutation testing of the code emitters: ``python tests/quality/codec/mutate.py [--sample N] [--seed N] [--jobs N]``.

A mutant is one small change in a copy of the package: an operator, a number or a condition of an emitter, also inside
the text that it emits. It is killed when the compiler's unit and property tests fail. Survivors are listed; each is
either the same program in other words, or a gap in the tests.
"""

# ruff: noqa: T201, S311 - it is a program, and prints; its draws are no secrets
from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
PACKAGE = ROOT / "framework" / "yohaku"
TESTS = (
    "tests/unit/codec/test_emitters.py",
    "tests/unit/codec/test_compiler.py",
    "tests/property/test_compiled.py",
)
WHOLE = ("emit", "parts", "loops", "headers", "sequence_code", "tables", "compiler", "runs")
"""Modules of the codec that consist of emitters; in other modules only the methods named emit_* are mutated."""
FIELDS = ("numbers", "codes", "digits", "text", "raw", "times", "compound", "linked", "union", "tlv", "template_code")
COSTS = ("_cost",)
"""Functions that only weigh which of two right programs is faster: a change there is no fault."""

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
ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.LShift: ast.RShift, ast.FloorDiv: ast.Mult}
TEXT = (
    (" < ", " <= "),
    (" > ", " >= "),
    (" != ", " == "),
    (" == ", " != "),
    ("is not ", "is "),
    (" + ", " - "),
    (" << ", " >> "),
    (" >> ", " << "),
    (" | ", " & "),
    (" & ", " | "),
    ("not ", ""),
    (" or ", " and "),
    (" and ", " or "),
    ("<= ", "< "),
)


@dataclass(frozen=True)
class Mutant:
    """One change: where, what it was and the whole mutated module."""

    path: Path
    line: int
    what: str
    text: str


class Mutator(ast.NodeTransformer):
    """Makes the change number ``wanted``, and counts how many there are."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.count = wanted, 0
        self.what, self.line = "", 0

    def hit(self, node: ast.AST, what: str) -> bool:
        """Tell whether this is the change to make."""
        self.count += 1
        if self.count - 1 != self.wanted:
            return False
        self.what, self.line = what, getattr(node, "lineno", 0)
        return True

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Leave out what only weighs costs, and documentation."""
        if node.name in COSTS:
            return node
        body = node.body[1:] if ast.get_docstring(node) else node.body
        for statement in body:
            self.visit(statement)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Turn comparisons round."""
        self.generic_visit(node)
        for index, operator in enumerate(node.ops):
            other = COMPARE.get(type(operator))
            if other and self.hit(node, f"{type(operator).__name__} -> {other.__name__}"):
                node.ops[index] = other()
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Swap arithmetic."""
        self.generic_visit(node)
        other = ARITHMETIC.get(type(node.op))
        if other and self.hit(node, f"{type(node.op).__name__} -> {other.__name__}"):
            node.op = other()
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """Swap and with or."""
        self.generic_visit(node)
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        if self.hit(node, f"{type(node.op).__name__} -> {other.__name__}"):
            node.op = other()
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """Take a not away."""
        self.generic_visit(node)
        return node.operand if isinstance(node.op, ast.Not) and self.hit(node, "no not") else node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Add one to a number, turn a truth value round."""
        if isinstance(node.value, bool) and self.hit(node, f"{node.value} -> {not node.value}"):
            return ast.copy_location(ast.Constant(not node.value), node)
        if type(node.value) is int and self.hit(node, f"{node.value} -> {node.value + 1}"):
            return ast.copy_location(ast.Constant(node.value + 1), node)
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        """Change an operator of emitted text."""
        for index, part in enumerate(node.values):
            if not isinstance(part, ast.Constant):
                self.visit(part)
                continue
            for old, new in TEXT:
                if old in part.value and self.hit(node, f"text {old!r} -> {new!r}"):
                    node.values[index] = ast.Constant(part.value.replace(old, new, 1))
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Leave out the words for whoever reads the source, and drop a refusal."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in {"bind", "name"}:
            node.args[:1] = [self.visit(argument) for argument in node.args[:1]] if name == "bind" else node.args[:1]
            return node
        self.generic_visit(node)
        if name == "refuse_if" and self.hit(node, "refusal dropped"):
            return ast.copy_location(ast.Constant(None), node)
        return node


def emitters(tree: ast.Module, *, whole: bool) -> Iterator[ast.AST]:
    """Yield what is mutated of a module."""
    if whole:
        yield from (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef))
        return
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    yield from (node for node in functions if node.name.startswith(("emit_", "_emit")))


def mutants() -> Iterator[Mutant]:
    """Yield every mutant of every emitter."""
    modules = [(PACKAGE / "codec" / f"{name}.py", True) for name in WHOLE]
    modules += [(PACKAGE / "fields" / f"{name}.py", name == "template_code") for name in FIELDS]
    for path, whole in modules:
        text = path.read_text(encoding="utf-8")
        wanted = 0
        while True:
            tree = ast.parse(text)
            mutator = Mutator(wanted)
            for node in emitters(tree, whole=whole):
                mutator.visit(node)
            if not mutator.what:
                break
            yield Mutant(path, mutator.line, mutator.what, ast.unparse(ast.fix_missing_locations(tree)))
            wanted += 1


def killed(mutant: Mutant) -> bool:
    """Run the tests against a copy of the package with the mutant in it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "yohaku"
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        (copy / mutant.path.relative_to(PACKAGE)).write_text(mutant.text, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "quick_profile", "-p", "no:cacheprovider", *TESTS]
        paths = os.pathsep.join([folder, str(HERE)])
        environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=300, check=False)
        except subprocess.TimeoutExpired:
            return True
        return done.returncode != 0


def main() -> None:
    """Try the mutants, or a sample of them, and list the survivors."""
    parser = argparse.ArgumentParser(description="Mutation testing of the code emitters.")
    parser.add_argument("--sample", type=int, help="try so many, drawn at random")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--jobs", type=int, default=1, help="mutants at a time")
    options = parser.parse_args()
    every = list(mutants())
    if killed(
        Mutant(PACKAGE / "codec" / "emit.py", 0, "", (PACKAGE / "codec" / "emit.py").read_text(encoding="utf-8"))
    ):
        raise SystemExit("the tests fail without any mutant")
    tried = random.Random(options.seed).sample(every, min(options.sample or len(every), len(every)))
    with ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(killed, tried))
    survivors = [mutant for mutant, dead in zip(tried, results, strict=True) if not dead]
    print(f"{len(every)} mutants, {len(tried)} tried, {len(tried) - len(survivors)} killed")
    print(f"{100 * (1 - len(survivors) / len(tried)):.1f} % killed")
    for mutant in sorted(survivors, key=lambda mutant: (mutant.path, mutant.line)):
        print(f"  {mutant.path.relative_to(ROOT)}:{mutant.line}: {mutant.what}")


if __name__ == "__main__":
    main()
