"""The target ``image``: image files of emulated cards, and cards whose memory is not what they wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.testing.fuzz.images import check_file, check_image
from yohaku.testing.fuzz.images import image as base
from yohaku.testing.fuzz.mutation import mutate_bytes
from yohaku.testing.fuzz.source import Call
from yohaku.testing.fuzz.target import Part, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from random import Random

_HEAD = 64


def image() -> Target:
    """Give the target."""
    return Target(
        "image",
        (
            Part("memory", check_image, _seeds, _call(check_image), mutate_changes),
            Part("file", check_file, lambda: [b"YOHAKU\r\n", base()[:100]], _call(check_file)),
        ),
        ("yohaku_emulator",),
    )


def _call(check: Callable[[bytes], Iterable[str]]) -> Call:
    return Call(f"from {check.__module__} import {check.__name__}")


def _used_places() -> list[int]:
    """Give the places whose bytes are not zero: where a change matters most."""
    return [at for at, cell in enumerate(base()[_HEAD:-32], _HEAD) if cell]


def _seeds() -> Iterator[bytes]:
    yield b""
    places = _used_places()
    for at in places[:: max(1, len(places) // 40)]:
        yield _change(at, bytes((base()[at] ^ 0x01,)), sealed=False)
        yield _change(at, bytes((base()[at] ^ 0x01,)), sealed=True)


def _change(place: int, cells: bytes, *, sealed: bool) -> bytes:
    return place.to_bytes(3, "big") + bytes((len(cells) | (0x80 if sealed else 0),)) + cells


def mutate_changes(data: bytes, other: bytes, random: Random, words: Sequence[bytes]) -> bytes:
    """Add a change of a place in use, take another input's changes, or change bytes."""
    choice = random.random()
    if choice < 0.6:
        at = random.choice(_PLACES.setdefault("used", _used_places())) + random.choice((0, 0, 0, -1, 1, 2))
        cells = (
            random.randbytes(random.choice((1, 1, 2, 4))) if random.random() < 0.7 else bytes(random.choice((1, 2, 8)))
        )
        added = _change(max(at, 0), cells, sealed=random.random() < 0.8)
        return (data + added)[-120:] if random.random() < 0.7 else added
    return data + other if choice < 0.65 else mutate_bytes(data, other, random, words)[:200]


_PLACES: dict[str, list[int]] = {}
"""Where the image that is changed has bytes in use, once that was looked up."""
