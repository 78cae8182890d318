"""Numbers of the programs in a card's read-only memory, and those that stand for what was loaded afterwards."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from yohaku.iso7816 import Status
from yohaku_emulator.errors import StatusError
from yohaku_emulator.runtime import Applet

if TYPE_CHECKING:
    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.runtime import Context

CONTAINER, STAND_IN, DOMAIN, FOREIGN, LOAD_FILE = 1, 2, 3, 4, 5
"""What the registry calls programs; a load file is an entry of a program that never runs."""

_log = logging.getLogger(__name__)


class ForeignApplet(Applet):
    """An instance of a loaded class: it can be installed, listed and selected; its code cannot run on this card."""

    @classmethod
    def install(cls, context: Context, parameters: bytes) -> None:
        """Take no memory: nobody will write any."""
        del context, parameters

    def __init__(self, context: Context) -> None:
        self._context = context

    def process(self, apdu: Apdu) -> bytes:
        """Answer SELECT with nothing, and 6D00 to the rest, with the reason in the log."""
        if apdu.selecting:
            return b""
        _log.warning(
            "%s answers 6D00 to instruction %02X: this card cannot run the code of a loaded package",
            self._context.aid.hex(" ").upper(),
            apdu.ins,
        )
        raise StatusError(Status.INSTRUCTION_UNKNOWN)


class LoadFile(Applet):
    """A load file's entry in the registry; it is no application and is never woken."""

    @classmethod
    def install(cls, context: Context, parameters: bytes) -> None:
        """Refuse: load files come by LOAD."""
        del context, parameters
        raise StatusError(Status.CONDITIONS)

    def __init__(self, context: Context) -> None:
        del context

    def process(self, apdu: Apdu) -> bytes:
        """Refuse."""
        del apdu
        raise StatusError(Status.CONDITIONS)
