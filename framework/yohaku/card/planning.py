"""A link that lets a program look at a card and withholds everything that could change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.card.credentials import COMPARING
from yohaku.iso7816 import Instruction

if TYPE_CHECKING:
    from yohaku.card.connection import Link

_READING = frozenset(
    {
        Instruction.SELECT,
        Instruction.READ_BINARY,
        Instruction.READ_RECORD,
        Instruction.GET_RESPONSE,
        Instruction.GET_DATA,
        Instruction.GET_CHALLENGE,
    }
)
_DONE = b"\x90\x00"


class PlanLink:
    """A link whose card stays as it is: reading commands pass, others are answered 9000 without being sent.

    PINs and keys are withheld, too, as a wrong one would cost a try; so files that want one cannot be read.

    Attributes:
        withheld: command APDUs that were not sent.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self.withheld: list[bytes] = []

    @property
    def atr(self) -> bytes:
        """The answer-to-reset of the last reset."""
        return self._link.atr

    @property
    def name(self) -> str:
        """What a person calls the link."""
        return self._link.name

    @property
    def is_emulator(self) -> bool:
        """Whether no real card can be harmed here."""
        return self._link.is_emulator

    def transmit(self, command: bytes, /) -> bytes:
        """Send a command that changes nothing; note any other."""
        if _only_reads(command):
            return self._link.transmit(command)
        self.withheld.append(command)
        return _DONE

    def reset(self) -> bytes:
        """Reset the card and return its answer-to-reset."""
        return self._link.reset()

    def close(self) -> None:
        """Give the card back."""
        self._link.close()


def _only_reads(command: bytes) -> bool:
    if len(command) < 4 or command[0] & 0x90:
        return False
    asks_for_tries = command[1] in COMPARING and len(command) == 4
    return command[1] in _READING or asks_for_tries
