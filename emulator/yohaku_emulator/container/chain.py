"""UPDATE BINARY in several commands: the segments are gathered in transient memory and written in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.iso7816 import Instruction, Status
from yohaku_emulator.errors import StatusError

if TYPE_CHECKING:
    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.container.binary import Binary
    from yohaku_emulator.runtime import Context

_HEAD: Final = 4
"""Bytes before the data: length gathered so far (2; 0 when no chain is open), P1, P2."""


class Chain:
    """The one chain that an instance can have open (ISO/IEC 7816-4:2020 5.3.3)."""

    __slots__ = ("_binary", "_buffer")

    def __init__(self, context: Context, binary: Binary) -> None:
        self._binary = binary
        limit = context.chain_bytes
        self._buffer = context.transient(_HEAD + limit if limit else 0)

    @property
    def _gathered(self) -> int:
        return self._buffer[0] << 8 | self._buffer[1] if self._buffer else 0

    def guard(self, apdu: Apdu) -> None:
        """Refuse what does not go on with an open chain (6883, and the chain is forgotten) or cannot start one."""
        gathered = self._gathered
        if gathered and (apdu.ins != Instruction.UPDATE_BINARY or self._buffer[2:_HEAD] != bytes((apdu.p1, apdu.p2))):
            self._forget()
            raise StatusError(Status.LAST_OF_CHAIN_EXPECTED)
        if apdu.chained and (apdu.ins != Instruction.UPDATE_BINARY or not self._buffer):
            raise StatusError(Status.CHAINING_UNSUPPORTED)

    def update(self, apdu: Apdu) -> bytes:
        """Gather a segment, or write when it is the last or only one."""
        if not apdu.chained and not self._gathered:
            return self._binary.update(apdu)
        try:
            self._gather(apdu)
        except StatusError:
            self._forget()
            raise
        if apdu.chained:
            return b""
        apdu.data = bytes(self._buffer[_HEAD : _HEAD + self._gathered])
        self._forget()
        return self._binary.update(apdu)

    def _gather(self, apdu: Apdu) -> None:
        gathered = self._gathered
        if not gathered:
            self._binary.check_update(apdu)
            self._buffer[2], self._buffer[3] = apdu.p1, apdu.p2
        end = gathered + len(apdu.data)
        if not apdu.data or _HEAD + end > len(self._buffer):
            raise StatusError(Status.WRONG_LENGTH)
        at = _HEAD + gathered
        while block := apdu.receive():
            self._buffer[at : at + len(block)] = block
            at += len(block)
        self._buffer[0], self._buffer[1] = end >> 8, end & 0xFF

    def _forget(self) -> None:
        self._buffer[:] = bytes(len(self._buffer))
