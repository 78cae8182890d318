"""Constructs from elsewhere against construct itself: the worst of many random trees, and rare parts."""

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


class Opaque(cs.Adapter):  # type: ignore[type-arg]  # generic in its stubs only
    """An adapter of somebody's own around a whole record, with methods of its own, so that nobody sees into it."""

    def _parse(self, stream: Any, context: Any, path: Any) -> Any:
        return self.subcon._parsereport(stream, context, path)

    def _build(self, obj: Any, stream: Any, context: Any, path: Any) -> Any:
        return self.subcon._build(obj, stream, context, path)


def rare_trees() -> dict[str, Tree]:
    """Give trees of parts that try, look around, or are somebody's own."""
    own = cs.Struct("a" / cs.Int16ub, "b" / Secret(), "c" / cs.PascalString(cs.Byte, "utf8"))
    deep = cs.Struct("a" / cs.Byte, "list" / cs.Array(3, cs.Struct("n" / cs.Int16ub, "b" / Secret())))
    ahead = cs.Struct("ahead" / cs.Peek(cs.Byte), "number" / cs.Int16ub)
    chosen = cs.Select(cs.Const(b"\1"), cs.Const(b"\2\3"))
    optional = cs.Struct("mark" / cs.Optional(cs.Const(b"\xff")), "kind" / cs.Const(b"\1"), "number" / cs.Int32ub)
    place = cs.Struct("a" / cs.Int16ub, "again" / cs.Pointer(0, cs.Int16ub), "c" / cs.PascalString(cs.Byte, "utf8"))
    counted = cs.Struct("n" / cs.Byte, "raw" / cs.Bytes(cs.this.n), "at" / cs.Tell)
    whole = Opaque(cs.Struct("a" / cs.Int16ub, "b" / cs.Int32ub, "c" / cs.PascalString(cs.Byte, "utf8")))
    return {
        "a construct of one's own in a Struct": Tree(
            own, lambda rng: {"a": rng.randrange(999), "b": rng.randrange(999), "c": "abc"}
        ),
        "the same in a list of Structs": Tree(
            deep, lambda rng: {"a": 1, "list": [{"n": rng.randrange(999), "b": 5} for _ in range(3)]}
        ),
        "a Peek in a Struct": Tree(ahead, lambda rng: {"ahead": 1, "number": 256 + rng.randrange(256)}),
        "a Select": Tree(chosen, lambda rng: rng.choice((b"\1", b"\2\3"))),
        "an Optional that others follow": Tree(
            optional, lambda rng: {"mark": b"\xff", "kind": b"\1", "number": rng.randrange(999)}
        ),
        "a Pointer to bytes before": Tree(place, lambda _: {"a": 7, "again": 7, "c": "abc"}),
        "Bytes of a size that the context says, and Tell": Tree(counted, lambda rng: {"n": 3, "raw": b"abc", "at": 4}),
        "nothing but a part that nobody sees into": Tree(
            whole, lambda rng: {"a": rng.randrange(999), "b": rng.randrange(999), "c": "abc"}
        ),
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


def checked(inner: Any) -> tuple[Callable[[bytes], Any], Callable[[Any], bytes]]:
    """Give construct's own parse and build with the check that yohaku makes: the other way must give the same."""

    def parse(raw: bytes) -> Any:
        value = inner.parse(raw)
        if inner.build(value) != raw:
            raise ValueError(raw)
        return value

    def build(value: Any) -> bytes:
        raw: bytes = inner.build(value)
        if inner.parse(raw) != value:
            raise ValueError(value)
        return raw

    return parse, build


def ratios(tree: Tree, rng: Random, *, new: bool = False) -> tuple[float, ...]:
    """Give the ratios of decoding and encoding one tree to construct, and to construct with the same check.

    ``new`` makes all bytes ones that were never seen.
    """
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
    parse, build = checked(tree.inner)
    return (
        ratio(codec.decode, tree.inner.parse, encodings),
        ratio(codec.encode, tree.inner.build, values),
        ratio(codec.decode, parse, encodings),
        ratio(codec.encode, build, values),
    )


def measure_foreign() -> list[str]:
    """Measure and give the lines of the table."""
    rng = Random("yohaku foreign")
    drawn = [ratios(draw_tree(rng), rng) for _ in range(TREES)]
    lines = ["| | decode | encode | decode, same check | encode, same check |", "|---|--:|--:|--:|--:|"]
    for name, pick in (("the slowest", min), ("the median", median), ("the fastest", max)):
        row = [pick(pair[side] for pair in drawn) for side in range(4)]
        lines.append(f"| {TREES} random trees: {name} | {_cells(row)} |")
    for name, tree in rare_trees().items():
        lines.append(f"| {name} | {_cells(ratios(tree, rng))} |")
        lines.append(f"| the same, bytes never seen before | {_cells(ratios(tree, rng, new=True))} |")
    return [
        *lines,
        "",
        "Times construct's own `parse` and `build`, which check less: yohaku refuses bytes that would not be written "
        "back as they were, and values that would not come back. The two columns of the same check are times construct "
        "when it does that, too. The random trees are made of construct's parts, users' adapters and parts of "
        "somebody's own that look at the context, at any depth. Known parts are straight code that settles both ways. "
        "A part that is not known is called in place, with the context that construct would give it; only it can say "
        "what it would write, so it is asked both ways, once for each encoding. The more of a tree such parts are, the "
        "closer it comes to the bound of a tree that is nothing else: `parse / (parse + build)`, which is 1 against "
        "construct with the same check; for bytes seen before, one of the two is enough there. What is below 1 in that "
        "row is what yohaku does around the two calls: plain values, and the memory of what was seen.",
    ]


def _cells(row: Sequence[float]) -> str:
    return " | ".join(f"{value:.2f}" for value in row)


if __name__ == "__main__":
    print("\n".join(measure_foreign()))
