"""The card of an applet: sessions of commands drawn by the strategies, and how they are changed."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from yohaku.testing.apdus import INSTRUCTIONS, apdus
from yohaku.testing.faults import OUTCOMES
from yohaku.testing.fuzz.cards import check_session
from yohaku.testing.fuzz.mutation import EDGES, MOST_BYTES, mutate_bytes
from yohaku.testing.fuzz.source import Call
from yohaku.testing.fuzz.target import Part
from yohaku.testing.fuzz.targets.records import SLOW, seed_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

    from yohaku.schema import Applet

SEEDS = 30
STEPS = 8
"""Commands of a drawn session."""


def card_part(applet: type[Applet], imported: Call) -> Part:
    """Give the part ``card`` of an applet."""
    words = cache(lambda: list(_words(applet)))

    def seeds() -> list[bytes]:
        return ["\n".join(lines).encode() for lines in (*_drawn(applet), *([word] for word in words()))]

    call = Call(
        "from yohaku.testing.fuzz.cards import check_session",
        applet.__name__,
        imported.imports,
        imported.setup,
        text=True,
    )
    check = partial(check_session, applet)
    return Part("card", check, seeds, call, partial(mutate_session, words), separator=b"\n")


def _words(applet: type[Applet]) -> Iterator[str]:
    """Give the lines that are no commands."""
    yield from ("reset", "login")
    yield from (f"authenticate {name}" for name in list(applet.keys()))
    for name, file in applet.files().items():
        yield f"read {name}"
        yield from (f"write {name} {one.encode().hex()}" for one in seed_records(file.record)[:4])


def _drawn(applet: type[Applet]) -> list[list[str]]:
    found: list[list[str]] = []

    @settings(
        max_examples=SEEDS,
        database=None,
        deadline=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=SLOW,
    )
    @given(st.lists(apdus(applet, valid=6, wrong=1, wild=0), min_size=STEPS, max_size=STEPS))
    def draw(commands: list[bytes]) -> None:
        login = ["login"] if len(found) % 2 else []
        found.append([*login, *(command.hex() for command in commands)])

    draw()
    return found


def mutate_session(
    lines: Callable[[], Sequence[str]], data: bytes, other: bytes, random: Random, words: Sequence[bytes]
) -> bytes:
    """Change one to four steps: a command's bytes, its place, what comes before and after it."""
    steps, others = data.decode("utf-8", "replace").split("\n"), other.decode("utf-8", "replace").split("\n")
    for _ in range(random.choice((1, 1, 2, 4))):
        _change(steps, others, lines(), random, words)
    return "\n".join(steps).encode()[:MOST_BYTES]


def _change(steps: list[str], others: list[str], lines: Sequence[str], random: Random, words: Sequence[bytes]) -> None:
    choice, at = random.random(), random.randrange(len(steps)) if steps else 0
    if choice < 0.1 and steps:
        del steps[at]
    elif choice < 0.2:
        steps.insert(at, random.choice(others))
    elif choice < 0.25:
        steps[at:] = others[random.randrange(len(others)) :]
    elif choice < 0.35:
        steps.insert(at, _line(lines, random))
    elif choice < 0.45 and steps:
        steps.insert(random.randrange(len(steps) + 1), steps[at])
    elif steps:
        steps[at] = _command(steps[at], random, words)


def _line(lines: Sequence[str], random: Random) -> str:
    if random.random() < 0.6:
        return random.choice(lines)
    return f"cut {random.randrange(3)} {random.randrange(12)} {random.choice(OUTCOMES)} {random.randrange(256)}"


def _command(line: str, random: Random, words: Sequence[bytes]) -> str:
    """Change a command: a byte of its header, its data with a right length, its Le, or any bytes."""
    try:
        raw = bytes.fromhex(line)
    except ValueError:
        return line
    choice = random.random()
    if len(raw) < 4 or choice < 0.1:
        return mutate_bytes(raw, raw, random, words)[:261].hex()
    head = bytearray(raw[:4])
    if choice < 0.45:
        at = random.choice((0, 1, 2, 2, 3, 3))
        head[at] = random.choice(INSTRUCTIONS) if at == 1 else _parameter(head[at], random)
        return (bytes(head) + raw[4:]).hex()
    if len(raw) > 5 and choice < 0.85:
        data, tail = raw[5 : 5 + raw[4]], raw[5 + raw[4] :]
        changed = mutate_bytes(data, data, random, words)[:255]
        return (bytes(head) + (bytes((len(changed),)) + changed if changed else b"") + tail).hex()
    return (raw + bytes((random.choice((0, 1, 255)),))).hex() if random.random() < 0.5 else raw[:-1].hex()


def _parameter(cell: int, random: Random) -> int:
    choice = random.random()
    if choice < 0.4:
        return cell ^ 1 << random.randrange(8)
    return (cell + random.choice((-8, -1, 1, 8))) & 0xFF if choice < 0.7 else random.choice(EDGES)
