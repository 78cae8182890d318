"""Mutations that know the form of an input: JSON, tables, lines of hex, TLV; what they give is mostly well-formed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from yohaku.testing.fuzz.mutation import MOST_BYTES, mutate_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

LETTERS = "\0\t\n\r \"',;\\/.:-+0123456789aZé０９ｱ髙\x7f\x85\xa0\u2028\u202e\u3000\ufeff\ufffd𠮷葛\U000e0100"
"""Characters that text code trips over: controls, line ends, signs, digits of two widths, kana, bidirectional marks."""
NUMBERS = (-1, 0, 1, 9, 10, 99, 127, 128, 255, 256, 32767, 65535, 65536, 1 << 31, 1 << 32, 1 << 63, 1 << 64, 10**30)
_VALUES: tuple[Any, ...] = (None, True, False, "", "0", [], {}, 0.5, -0.0, 1e308, *NUMBERS)


def mutate_text(text: str, random: Random) -> str:
    """Change a text a little: letters, a digit, a part twice or not at all."""
    start = random.randrange(len(text) + 1)
    stop = min(len(text), start + 1 + int(random.expovariate(0.5)))
    choice = random.randrange(5)
    if choice == 0:
        return text[:start] + text[stop:]
    if choice == 1:
        return text[:stop] + text[start:]
    if choice == 2:
        return text[:start] + random.choice(LETTERS) + text[start:]
    if choice == 3:
        return text[:start] + str(random.choice(NUMBERS)) + text[stop:]
    return text[:start] + random.choice(LETTERS) + text[start + 1 :]


def mutate_json(data: bytes, other: bytes, random: Random, words: Sequence[bytes]) -> bytes:
    """Change one value of a JSON text, seldom its bytes."""
    try:
        value, second = json.loads(data), json.loads(other)
    except (ValueError, RecursionError):
        return mutate_bytes(data, other, random, words)
    if random.random() < 0.1:
        return mutate_bytes(data, other, random, words)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        value = _changed(value, second, random)
    return json.dumps(value, ensure_ascii=random.random() < 0.2).encode("utf-8", "surrogatepass")[:MOST_BYTES]


def _changed(value: Any, other: Any, random: Random) -> Any:
    """Walk down by chance and change what is there."""
    if isinstance(value, dict) and value and random.random() < 0.85:
        return _changed_members(value, other, random)
    if isinstance(value, list) and value and random.random() < 0.85:
        return _changed_items(value, other, random)
    return _changed_leaf(value, other, random)


def _changed_members(value: dict[str, Any], other: Any, random: Random) -> dict[str, Any]:
    name = random.choice(list(value))
    choice = random.random()
    if choice < 0.08:
        return {key: inner for key, inner in value.items() if key != name}
    if choice < 0.12:
        return value | {mutate_text(name, random): value[name]}
    second = other.get(name, other) if isinstance(other, dict) else other
    return value | {name: _changed(value[name], second, random)}


def _changed_items(value: list[Any], other: Any, random: Random) -> list[Any]:
    at = random.randrange(len(value))
    choice = random.random()
    if choice < 0.15:
        return value[:at] + value[at + 1 :]
    if choice < 0.3:
        return value[:at] + value[at:] * random.choice((1, 2, 30))
    return [*value[:at], _changed(value[at], other, random), *value[at + 1 :]]


def _changed_leaf(value: Any, other: Any, random: Random) -> Any:
    choice = random.random()
    if choice < 0.2:
        return other
    if choice < 0.35:
        return random.choice(_VALUES)
    if isinstance(value, str):
        return mutate_text(value, random)
    if isinstance(value, int):
        return random.choice((value + 1, value - 1, -value, value << 8, str(value), float(value % (1 << 64))))
    return random.choice(_VALUES)


def mutate_table(data: bytes, other: bytes, random: Random, words: Sequence[bytes]) -> bytes:
    """Change one cell, column or row of a table, seldom its bytes."""
    if random.random() < 0.15:
        return mutate_bytes(data, other, random, words)
    rows = [line.split(",") for line in data.decode("utf-8", "replace").split("\n")]
    row = random.choice(rows)
    at = random.randrange(len(row))
    choice = random.random()
    if choice < 0.1:
        del row[at]
    elif choice < 0.2:
        row.insert(at, random.choice(row) if row else "")
    elif choice < 0.3:
        rows.insert(random.randrange(len(rows)), row)
    elif choice < 0.5:
        row[at] = random.choice(random.choice(other.decode("utf-8", "replace").split("\n")).split(","))
    else:
        row[at] = mutate_text(row[at], random)
    return "\n".join(",".join(cells) for cells in rows).encode("utf-8", "surrogatepass")[:MOST_BYTES]


def mutate_lines(data: bytes, other: bytes, random: Random, words: Sequence[bytes]) -> bytes:
    """Change one line of a text, or take lines out, in or from another, seldom its bytes."""
    if random.random() < 0.1:
        return mutate_bytes(data, other, random, words)
    lines, others = data.decode("utf-8", "replace").split("\n"), other.decode("utf-8", "replace").split("\n")
    at = random.randrange(len(lines))
    choice = random.random()
    if choice < 0.15:
        del lines[at]
    elif choice < 0.3:
        lines.insert(at, random.choice(others))
    elif choice < 0.4:
        lines[at:] = others[random.randrange(len(others)) :]
    elif choice < 0.5:
        lines.insert(random.randrange(len(lines) + 1), lines[at])
    else:
        lines[at] = mutate_text(lines[at], random)
    return "\n".join(lines).encode()[:MOST_BYTES]


def mutate_objects(data: bytes, other: bytes, random: Random, words: Sequence[bytes]) -> bytes:
    """Change one data object of a BER-TLV sequence and make the lengths around it right, half of the time."""
    if random.random() < 0.5:
        return mutate_bytes(data, other, random, words)
    return _in_object(data, other, random, words, 0)[:MOST_BYTES]


def _in_object(data: bytes, other: bytes, random: Random, words: Sequence[bytes], depth: int) -> bytes:
    from yohaku.iso7816.tlv import TlvError, parse

    try:
        objects = parse(data)
    except TlvError:
        objects = []
    if not objects or depth > 4:
        return mutate_bytes(data, other, random, words)
    at = random.randrange(len(objects))
    chosen = objects[at]
    choice = random.random()
    if choice < 0.1:
        del objects[at]
    elif choice < 0.2:
        objects.insert(random.randrange(len(objects) + 1), chosen)
    else:
        objects[at] = type(chosen)(chosen.tag, _in_object(chosen.value, other, random, words, depth + 1))
    return b"".join(each.to_bytes() for each in objects)
