"""Answers that a model foretells: bytes where it knows them, else objects that check the real answer and learn it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TypeAlias

from yohaku.iso7816 import Status
from yohaku.iso7816.status import describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.testing.parts import Seat

_OK = b"\x90\x00"
_UNKNOWN = "unknown status word"
_UNSEEN = bytes(16)
"""Stands for a challenge that the card drew and did not tell."""


class Learned(ABC):
    """An answer whose bytes the model cannot know before it sees them."""

    @abstractmethod
    def take(self, response: bytes) -> bool:
        """Say whether the card may answer this, and follow it when it may."""

    @abstractmethod
    def describe(self) -> str:
        """Say what was expected, in words."""

    def asked_for(self, expected: int) -> Answer:  # noqa: ARG002 - those of a certain size need it
        """Give what a card with T=0 answers to this Le, which is not zero."""
        return self


Answer: TypeAlias = "bytes | Learned"
"""What a card must answer."""


class Challenge(Learned):
    """A random challenge of so many bytes; only one of 16 bytes is kept for an answer."""

    def __init__(self, seat: Seat, size: int) -> None:
        self._seat, self._size, self._asked = seat, size, size

    def asked_for(self, expected: int) -> Answer:
        """Note the Le: the card draws the challenge, and refuses to give it when that is not its size."""
        self._asked = expected
        return self

    def take(self, response: bytes) -> bool:
        """Accept any bytes of the right number, unless they all are the same."""
        if self._asked != self._size:
            self._seat.challenge = _UNSEEN if self._size == len(_UNSEEN) else b""
            return response == refusal(0x6C00 | self._size)
        data = response[:-2]
        self._seat.challenge = data if self._size == 16 else b""
        return response[-2:] == _OK and len(data) == self._size and (len(data) < 8 or len(set(data)) > 1)

    def describe(self) -> str:
        """Say what was expected."""
        return f"{self._size} random bytes" if self._asked == self._size else f"6C{self._size:02X}"


class OneOf(Learned):
    """One of several refusals that mean the same, where nobody asked the card which it has."""

    def __init__(self, statuses: tuple[int, ...]) -> None:
        self._statuses = statuses

    def take(self, response: bytes) -> bool:
        """Accept any of them."""
        return response in map(refusal, self._statuses)

    def describe(self) -> str:
        """Say what was expected."""
        return " or ".join(f"{status:04X}" for status in self._statuses)


class Either(Learned):
    """Success, which changes something, or one refusal, which does not: where a card's own limits decide."""

    def __init__(self, change: Callable[[], None], refused: int) -> None:
        self._change, self._refused = change, refused

    def take(self, response: bytes) -> bool:
        """Accept success without data or the refusal."""
        if response == _OK:
            self._change()
            return True
        return response == refusal(self._refused)

    def describe(self) -> str:
        """Say what was expected."""
        return f"9000 or {self._refused:04X}"


class Outside(Learned):
    """The answer of an application that the model does not know, such as the issuer's domain."""

    def __init__(self, known: bytes | None) -> None:
        self._known = known

    def take(self, response: bytes) -> bool:
        """Accept the answer that was given before, where there is one, else any of a standard status word."""
        return is_standard(response) if self._known is None else response == self._known

    def describe(self) -> str:
        """Say what was expected."""
        return "a standard status word" if self._known is None else self._known.hex()


class Selection(Learned):
    """The selection of an application that is not in the model: a refusal, or the channel leaves what it had."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat

    def take(self, response: bytes) -> bool:
        """Accept any standard answer; a successful one leaves the applet."""
        if response[-2:-1] in {b"\x90", b"\x61"} or response[-2:] == b"\x62\x83":
            self._seat.__init__()  # type: ignore[misc]
        return is_standard(response)

    def describe(self) -> str:
        """Say what was expected."""
        return "another application, or a refusal"


def ok(data: bytes = b"") -> bytes:
    """Give the answer of success."""
    return data + _OK


def refusal(status: int) -> bytes:
    """Give the answer that is a status word only."""
    return status.to_bytes(2, "big")


def is_standard(response: bytes) -> bool:
    """Whether an answer ends with a status word that the standards or the container's contract know.

    6F00 is not among them: it is what a card says when its program failed.
    """
    status = int.from_bytes(response[-2:], "big")
    return len(response) >= 2 and status != Status.UNKNOWN and _UNKNOWN not in describe(status)
