"""A link that fails on request, to see what the host makes of it; the card behind it does not notice."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from yohaku.errors import YohakuError

if TYPE_CHECKING:
    from yohaku_emulator.card import EmulatedCard
    from yohaku_emulator.link import EmulatorLink

Failure = Literal["command", "response", "truncate"]


class LostError(YohakuError):
    """A command or its response was lost on the way."""


class FaultyLink:
    """A link over another that fails at one command.

    Args:
        link: the link that works.
        at: which command fails, counted from 1.
        failure: "command" loses the command before the card sees it, "response" loses the answer after the card has
            done its work, "truncate" gives the answer without its last byte.
    """

    is_emulator: ClassVar[bool] = True

    def __init__(self, link: EmulatorLink, *, at: int, failure: Failure) -> None:
        self._link, self._left, self._failure = link, at, failure
        self.name = link.name

    @property
    def card(self) -> EmulatedCard:
        """The card behind the links."""
        return self._link.card

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._link.atr

    def transmit(self, command: bytes) -> bytes:
        """Pass a command and its response on, or fail when its turn has come.

        Raises:
            LostError: the command or the response was lost.
        """
        self._left -= 1
        if self._left:
            return self._link.transmit(command)
        if self._failure == "command":
            raise LostError("the command was lost before the card saw it")
        answer = self._link.transmit(command)
        if self._failure == "response":
            raise LostError("the response was lost; the card has done its work")
        return answer[:-1]

    def reset(self) -> bytes:
        """Switch the card off and on; return its answer to reset."""
        return self._link.reset()

    def close(self) -> None:
        """Close the link beneath."""
        self._link.close()
