"""Constructs from elsewhere, compiled, against construct's own interpreter: the same bytes, values and refusals."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yohaku.codec import Foreign, Interpreter
from yohaku.codec.compiler import Compiled
from yohaku.codec.foreign_plan import plan
from yohaku.codec.foreign_values import plain
from yohaku.errors import DataError

if TYPE_CHECKING:
    from random import Random

sys.path.append(str(Path(__file__).parents[1] / "benchmarks" / "codec"))

trees: Any = import_module("foreign_trees")
chance = given(rng=st.randoms(use_true_random=True))
often, seldom = settings(max_examples=150, deadline=None), settings(max_examples=5, deadline=None)


def exact(value: Any) -> Any:
    """Give a value with the types of all its parts, so that 1 is not True."""
    if isinstance(value, dict):
        return dict, {key: exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return list, [exact(item) for item in value]
    return type(value), value


def outcome(call: Any, argument: Any) -> Any:
    try:
        return exact(call(argument))
    except DataError as error:
        return [str(fault) for fault in error.faults]


def alone(inner: Any) -> Compiled[Any]:
    """Make a codec whose interpreter always fails, to see that straight code alone does the work."""
    codec = Compiled(Foreign(inner))

    def fail(_: Any) -> Any:
        raise AssertionError("left to construct")

    codec.interpreter.encode = codec.interpreter.decode = fail  # type: ignore[method-assign,assignment]
    return codec


def check_settled(tree: Any, rng: Random) -> None:
    codec = alone(tree.inner)
    for _ in range(3):
        value = tree.draw(rng)
        raw = tree.inner.build(value)
        assert codec.encode(value) == raw
        assert exact(codec.decode(raw)) == exact(value) == exact(plain(tree.inner.parse(raw)))


def mutated(rng: Random, raw: bytes) -> bytes:
    place = rng.randrange(len(raw) + 1)
    kind = rng.randrange(4)
    if kind == 0:
        return raw[:place]
    if kind == 1:
        return raw[:place] + rng.randbytes(rng.randint(1, 2)) + raw[place:]
    if kind == 2:
        return raw[:place] + raw[place + 1 :]
    return raw[:place] + bytes((rng.choice((0, 1, 2, 0x7F, 0x80, 0xFF, rng.randrange(256))),)) + raw[place + 1 :]


def corrupted(rng: Random, value: Any) -> Any:
    """Change one part of a value: a type, a size, a member."""
    odd: tuple[Any, ...] = (
        None,
        True,
        0,
        1,
        -1,
        256,
        1 << 70,
        1.0,
        0.1,
        "",
        "a\0",
        "\ud800",
        b"",
        b"a\0",
        [],
        {},
        (),
        object(),
    )
    if isinstance(value, dict) and value and rng.random() < 0.8:
        name = rng.choice(list(value))
        changed = {**value, name: corrupted(rng, value[name])}
        return rng.choice((changed, changed, {**value, "more": 1}, {k: v for k, v in value.items() if k != name}))
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return rng.choice(([*value[:at], corrupted(rng, value[at]), *value[at + 1 :]], value[:-1], tuple(value)))
    return rng.choice(odd)


@pytest.mark.parametrize("tree", trees.LEAVES, ids=lambda tree: type(tree.inner).__name__)
@seldom
@chance
def test_straight_code_alone_settles_every_known_part(tree: Any, rng: Random) -> None:
    assert plan(tree.inner) is not None
    check_settled(tree, rng)


@often
@chance
def test_straight_code_alone_settles_every_tree_of_known_parts(rng: Random) -> None:
    check_settled(trees.draw_tree(rng), rng)


@often
@chance
def test_bytes_mean_what_construct_says(rng: Random) -> None:
    tree = trees.draw_tree(rng)
    interpreter, compiled = Interpreter(Foreign(tree.inner)), Compiled(Foreign(tree.inner))
    raw = tree.inner.build(tree.draw(rng))
    for _ in range(6):
        changed = mutated(rng, raw)
        found = outcome(compiled.decode, changed)
        assert found == outcome(interpreter.decode, changed)
        if isinstance(found, tuple):
            assert found == exact(plain(tree.inner.parse(changed)))
            assert tree.inner.build(compiled.decode(changed)) == changed


@often
@chance
def test_values_are_built_as_construct_builds_them(rng: Random) -> None:
    tree = trees.draw_tree(rng)
    interpreter, compiled = Interpreter(Foreign(tree.inner)), Compiled(Foreign(tree.inner))
    value = tree.draw(rng)
    for _ in range(6):
        changed = corrupted(rng, value)
        found = outcome(compiled.encode, changed)
        assert found == outcome(interpreter.encode, changed)
        if isinstance(found, tuple):
            assert found == (bytes, tree.inner.build(changed))
