"""Constructs from elsewhere against construct itself: the worst of many random trees, and trees that nobody knows."""

from __future__ import annotations

from random import Random
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any

import construct as cs
from foreign_trees import Tree, draw_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TREES, VALUES, ROUNDS, SAMPLE = 150, 8, 5, 0.002
Ratios = dict[str, list[float]]


class Secret(cs.Construct):  # type: ignore[type-arg]  # generic in its stubs only
    """A construct of somebody's own, which looks at the context."""

    def _parse(self, stream: Any, context: Any, path: Any) -> int:
        return int(cs.Int16ub._parsereport(stream, context, path)) ^ 0x5555

    def _build(self, obj: int, stream: Any, context: Any, path: Any) -> int:
        cs.Int16ub._build(obj ^ 0x5555, stream, context, path)
        return obj

    def _sizeof(self, context: Any, path: Any) -> int:
        return 2


def unknown_trees() -> dict[str, Tree]:
    """Give trees with a part that is left to construct."""
    own = cs.Struct("a" / cs.Int16ub, "b" / Secret(), "c" / cs.PascalString(cs.Byte, "utf8"))
    ahead = cs.Struct("ahead" / cs.Peek(cs.Byte), "number" / cs.Int16ub)
    chosen = cs.Select(cs.Const(b"\1"), cs.Const(b"\2\3"))
    return {
        "a construct of one's own in a Struct": Tree(
            own, lambda rng: {"a": rng.randrange(999), "b": rng.randrange(999), "c": "abc"}
        ),
        "a Peek in a Struct": Tree(ahead, lambda rng: {"ahead": 1, "number": 256 + rng.randrange(256)}),
        "a Select": Tree(chosen, lambda rng: rng.choice((b"\1", b"\2\3"))),
    }


def spent(call: Callable[[Any], Any], inputs: Sequence[Any], loops: int) -> float:
    """Give CPU seconds for calling with each input so many times."""
    start = process_time()
    for _ in range(loops):
        for value in inputs:
            call(value)
    return process_time() - start


def ratio(ours: Callable[[Any], Any], theirs: Callable[[Any], Any], inputs: Sequence[Any]) -> float:
    """Give how many times as fast ours is: the median of interleaved rounds."""
    loops = 1
    while (once := spent(theirs, inputs, loops)) < SAMPLE:
        loops = max(loops + 1, round(loops * 1.2 * SAMPLE / max(once, 1e-5)))
    return median(spent(theirs, inputs, loops) / spent(ours, inputs, loops) for _ in range(ROUNDS))


class Forgetful(dict[bytes, Any]):
    """Holds nothing of what it is given."""

    def __setitem__(self, key: bytes, value: Any) -> None:
        """Forget it."""


def ratios(tree: Tree, rng: Random, *, new: bool = False) -> tuple[float, float]:
    """Give the ratios of decoding and encoding one tree; ``new`` makes all bytes ones that were never seen."""
    from yohaku.codec import Foreign, codec_for

    held = Foreign(tree.inner)
    if new:
        held.kept = Forgetful()
    codec = codec_for(held)
    values = [tree.draw(rng) for _ in range(VALUES)]
    encodings = [tree.inner.build(value) for value in values]
    for value, encoding in zip(values, encodings, strict=True):
        if codec.decode(encoding) != value or codec.encode(value) != encoding:
            raise AssertionError(tree)
    return ratio(codec.decode, tree.inner.parse, encodings), ratio(codec.encode, tree.inner.build, values)


def measure_foreign() -> list[str]:
    """Measure and give the lines of the table."""
    rng = Random("yohaku foreign")
    known = [ratios(draw_tree(rng), rng) for _ in range(TREES)]
    lines = ["| | decode | encode |", "|---|--:|--:|"]
    for name, pick in (("the slowest", min), ("the median", median), ("the fastest", max)):
        row = [pick(pair[side] for pair in known) for side in (0, 1)]
        lines.append(f"| {TREES} random trees of construct's parts and users' adapters: {name} | {_cells(row)} |")
    for name, tree in unknown_trees().items():
        lines.append(f"| not known: {name} | {_cells(ratios(tree, rng))} |")
        lines.append(f"| the same, bytes never seen before | {_cells(ratios(tree, rng, new=True))} |")
    return [
        *lines,
        "",
        "Times construct's own `parse` and `build`, which check less: yohaku refuses bytes that would not be written "
        "back as they were, and values that would not come back. Known parts are straight code that settles both. A "
        "part that is not known can only say itself what it would write, so it is asked. One of somebody's own that "
        "states its size is called in place, in the outermost Struct, and the rest stays straight code. Any other "
        "tree with such a part (construct's rare ones, functions that look at the context deeper inside) goes to "
        "construct whole: bytes never seen before cost one `parse` and one `build`, so its bound is `parse / (parse + "
        "build)`; for bytes seen before, one of the two is enough.",
    ]


def _cells(row: Sequence[float]) -> str:
    return " | ".join(f"{value:.2f}" for value in row)


if __name__ == "__main__":
    print("\n".join(measure_foreign()))
