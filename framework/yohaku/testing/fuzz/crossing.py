"""Mutation of records: bytes that decode become the bytes of a record with some values of others in their place."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from yohaku.testing.fuzz.forms import mutate_json
from yohaku.testing.fuzz.mutation import MOST_BYTES, mutate_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from yohaku.schema import Record

CROSSED = 0.4
"""Share of inputs that are crossed; the others have bytes or JSON values changed."""


class RecordMutation:
    """Crosses records: what a field or two hold is taken from a record that was drawn.

    What comes out encodes, so that it reaches code behind all checks of single fields, which changed bytes seldom do.

    Args:
        record: the record class.
        drawn: gives records to take values from; called when the first is needed.
    """

    def __init__(self, record: type[Record], drawn: Callable[[], Sequence[Record]]) -> None:
        self.record, self.drawn = record, drawn
        self._forms = cache(lambda: _forms_of(drawn()))

    def of_bytes(self, data: bytes, other: bytes, random: Random, words: Sequence[bytes]) -> bytes:
        """Cross the record that bytes are; change the bytes when they are none, and most of the time."""
        if random.random() < CROSSED:
            try:
                value, drawn = self.record.decode(data), self.drawn()
                names = _some(self.record.__values__, random)
                made = value.replace(**{name: getattr(random.choice(drawn), name) for name in names})
                return made.encode()[:MOST_BYTES]
            except Exception:  # noqa: BLE001 - a fault of the code under test is for the check of the JSON part to find
                return mutate_bytes(data, other, random, words)
        return mutate_bytes(data, other, random, words)

    def of_json(self, data: bytes, other: bytes, random: Random, words: Sequence[bytes]) -> bytes:
        """Cross the record that a JSON text is; change the text when it is none, and most of the time."""
        if random.random() < CROSSED:
            with suppress(ValueError, RecursionError):
                value = json.loads(data)
                if isinstance(value, dict) and self._forms():
                    names = _some(list(self._forms()[0]), random)
                    crossed = value | {name: random.choice(self._forms()).get(name) for name in names}
                    return json.dumps(crossed, ensure_ascii=False).encode("utf-8", "surrogatepass")[:MOST_BYTES]
        return mutate_json(data, other, random, words)


def _forms_of(drawn: Sequence[Record]) -> list[dict[str, Any]]:
    """Give the JSON of records; one without is for the checks to find."""
    found = []
    for one in drawn:
        with suppress(Exception):
            found.append(one.to_json())
    return [form for form in found if isinstance(form, dict)]


def _some(names: Sequence[str], random: Random) -> list[str]:
    return random.sample(names, min(len(names), random.choice((1, 1, 2, 3))))
