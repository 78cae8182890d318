"""A stand-in for an application that was on the card before: it takes room, answers SELECT and refuses the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.iso7816 import Status
from yohaku_emulator.errors import StatusError
from yohaku_emulator.runtime import Applet

if TYPE_CHECKING:
    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.runtime import Context

LOAD_FILE: Final = bytes.fromhex("F059484B52534400")
"""AID of the load file ("YHKRSD")."""
MODULE: Final = bytes.fromhex("F059484B5253440001")
"""AID of its one module."""


class StandIn(Applet):
    """Holds one array of the size that the install parameters give in two bytes."""

    @classmethod
    def install(cls, context: Context, parameters: bytes) -> None:
        """Take as many bytes as ``parameters`` say; none for an application outside the free area."""
        size = int.from_bytes(parameters, "big")
        if size:
            context.allocate(size)

    def __init__(self, context: Context) -> None:
        self._context = context

    def process(self, apdu: Apdu) -> bytes:
        """Answer SELECT with the shortest FCI; refuse all else for want of security."""
        if not apdu.selecting:
            raise StatusError(Status.SECURITY_STATUS)
        if apdu.p2 & 0x0C:
            return b""
        aid = self._context.aid
        return bytes((0x6F, len(aid) + 4, 0x84, len(aid))) + aid + b"\xa5\x00"
