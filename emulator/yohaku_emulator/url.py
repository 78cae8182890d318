"""What a card URL says behind ``emulator:``: which card, and in which way it is to fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, cast
from urllib.parse import parse_qsl

from yohaku_emulator.errors import LinkError
from yohaku_emulator.faults import FAILURES, Failure
from yohaku_emulator.memory import OUTCOMES, Outcome

_KNOWN = ("profile", "seed", "fail", "at", "cut", "outcome")


@dataclass(frozen=True, slots=True)
class CardUrl:
    """The parts of a card URL, such as ``card.img?profile=small`` or ``card.img?fail=response&at=3``.

    Attributes:
        place: path of an image file; empty for a card in memory.
        profile: what card to make where none exists; empty for a generic one.
        seed: of its random source; also chooses the bytes of a mixed page.
        fail: how the link fails at command ``at``, as `FaultyLink` says; None for not at all.
        at: which command, counted from 1.
        cut: the power goes at that page write, counted from 1 after power-on; 0 for never.
        outcome: what the page being written then holds.
    """

    place: str
    profile: str = ""
    seed: int = 0
    fail: Failure | None = None
    at: int = 1
    cut: int = 0
    outcome: Outcome = "old"

    @classmethod
    def parse(cls, rest: str) -> Self:
        """Read what follows ``emulator:``.

        Raises:
            LinkError: an unknown option, or a value that it cannot have.
        """
        place, _, query = rest.partition("?")
        options = dict(parse_qsl(query, keep_blank_values=True))
        for name in options:
            if name not in _KNOWN:
                raise LinkError(f"unknown option {name!r} in the card URL; there is {', '.join(_KNOWN)}")
        return cls(
            place,
            options.get("profile", ""),
            _number(options, "seed", 0),
            cast("Failure | None", _choice(options, "fail", FAILURES) or None),
            _number(options, "at", 1, least=1),
            _number(options, "cut", 0),
            cast("Outcome", _choice(options, "outcome", OUTCOMES) or "old"),
        )


def _number(options: dict[str, str], name: str, default: int, *, least: int = 0) -> int:
    value = options.get(name, str(default))
    if not value.isdecimal() or int(value) < least:
        raise LinkError(f"{name} is {value!r} in the card URL; it must be a whole number from {least}")
    return int(value)


def _choice(options: dict[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = options.get(name, "")
    if value and value not in allowed:
        raise LinkError(f"{name} is {value!r} in the card URL; it must be {', '.join(allowed[:-1])} or {allowed[-1]}")
    return value
