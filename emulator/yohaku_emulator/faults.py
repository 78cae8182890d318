"""A link that fails on request, to see what the host makes of it; what the card has done by then is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Self, get_args

from yohaku.errors import YohakuError
from yohaku_emulator.errors import PowerCut

if TYPE_CHECKING:
    from types import TracebackType

    from yohaku_emulator.card import EmulatedCard
    from yohaku_emulator.link import EmulatorLink

Failure = Literal["power", "command", "response", "truncate"]
FAILURES: tuple[Failure, ...] = get_args(Failure)


class LostError(YohakuError):
    """A command or its response was lost on the way."""


class FaultyLink:
    """A link over another that fails at one command.

    Args:
        link: the link that works.
        at: which command fails, counted from 1.
        failure: "power" switches the card off as the command arrives, "command" loses the command before the card sees
            it, "response" loses the answer after the card has done its work, "truncate" gives the answer without its
            last byte.
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

    @property
    def carries_extended(self) -> bool:
        """Whether extended APDUs can travel."""
        return self._link.carries_extended

    def transmit(self, command: bytes) -> bytes:
        """Pass a command and its response on, or fail when its turn has come.

        Raises:
            PowerCut: the card was switched off, or its power goes in the command.
            LostError: the command or the response was lost.
        """
        self._left -= 1
        if self._left:
            return self._link.transmit(command)
        if self._failure == "power":
            self.card.power_off()
            raise PowerCut("the power was cut as the command arrived; nothing of it was done")
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
