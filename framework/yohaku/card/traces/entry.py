"""One exchange of a trace, as an object and as JSON; secret bytes are ``xx`` there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from yohaku.card.traces.mask import secret_positions
from yohaku.errors import YohakuError

if TYPE_CHECKING:
    from yohaku.codec import Json

HIDDEN = "xx"


class TraceError(YohakuError):
    """A file is no trace; the message names the line."""


@dataclass(frozen=True, slots=True, repr=False)
class TraceEntry:
    """One command and its response.

    Attributes:
        command: the command APDU; zero where a byte is hidden.
        response: the response APDU.
        time: when the response came; None when the trace does not say.
        hidden: positions of the command's bytes that the trace does not tell.
        meaning: what it was, in words; empty when the trace does not say.
    """

    command: bytes
    response: bytes
    time: datetime | None = None
    hidden: frozenset[int] = frozenset()
    meaning: str = ""

    def masked(self) -> Self:
        """Give the same exchange without its secrets."""
        hidden = self.hidden | frozenset(secret_positions(self.command))
        command = bytes(0 if at in hidden else byte for at, byte in enumerate(self.command))
        return type(self)(command, self.response, self.time, hidden, self.meaning)

    @property
    def command_text(self) -> str:
        """The command in hex, hidden bytes as ``xx``."""
        return "".join(HIDDEN if at in self.hidden else f"{byte:02x}" for at, byte in enumerate(self.command))

    def to_json(self) -> Json:
        """Give the entry as JSON."""
        return {
            "time": None if self.time is None else self.time.isoformat(),
            "command": self.command_text,
            "response": self.response.hex(),
            "meaning": self.meaning,
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Take what `to_json` gave.

        Raises:
            TraceError: it is something else.
        """
        try:
            command, hidden = _bytes_and_gaps(value["command"])
            time = value.get("time")
            stamp = None if time is None else datetime.fromisoformat(time)
            return cls(command, bytes.fromhex(value["response"]), stamp, hidden, str(value.get("meaning", "")))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise TraceError('an entry has "command" and "response" in hex, and may have "time"') from None

    def __repr__(self) -> str:
        return f"<TraceEntry {self.masked().command_text} -> {self.response.hex()}>"


def _bytes_and_gaps(text: str) -> tuple[bytes, frozenset[int]]:
    pairs = [text[at : at + 2] for at in range(0, len(text), 2)]
    hidden = frozenset(at for at, pair in enumerate(pairs) if pair == HIDDEN)
    return bytes.fromhex(text.replace(HIDDEN, "00")), hidden
