"""How commands and answers travel, as the model knows it: short and extended forms, T=0, and what is fetched later."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from yohaku.iso7816 import Instruction, Status
from yohaku.testing.answers import Learned, OneOf, ok, refusal
from yohaku.testing.parts import CHAIN, Apdu

if TYPE_CHECKING:
    from yohaku.testing.answers import Answer
    from yohaku.testing.parts import Seat

MOST, LONGEST = 256, 0x10000
"""What a short and an extended Le of zeros ask for."""
BLOCKED = (Status.BLOCKED, Status.REFERENCE_UNUSABLE)
"""Status words of a blocked PIN or key: that of ISO/IEC 7816-4:2020 table 7, and that of JICSAP's specification."""


class Kind(NamedTuple):
    """What differs between the kinds of cards that a container runs on.

    Attributes:
        channels: logical channels, the basic one included.
        chain: most bytes in a chain of commands; 0 for no chains.
        blocked: status word of a blocked PIN or key; 0 where either of the usual two will do.
        is_t0: the card speaks T=0.
        command: bytes of the longest extended command; 0 for short ones alone.
        response: bytes of the longest answer to one.
    """

    channels: int = 4
    chain: int = CHAIN
    blocked: int = Status.BLOCKED
    is_t0: bool = False
    command: int = 0
    response: int = 0

    def parse(self, command: bytes) -> tuple[int, Apdu] | int:
        """Give channel and command, or the status word of a refusal (ISO/IEC 7816-4:2020 5.4.1)."""
        if len(command) < 4:
            return Status.WRONG_LENGTH
        cla = command[0]
        base, channel, chained, secure = cla & 0x80, cla & 0x03, bool(cla & 0x10), 0
        if cla & 0x7F:
            if cla == 0xFF or cla & 0x60 == 0x20:
                return Status.CLASS_UNKNOWN
            secure = cla & 0x0C
            if cla & 0x40:
                channel, secure = 4 + (cla & 0x0F), cla & 0x20
            if secure and (not base or secure & ~0x24):
                return Status.SECURE_MESSAGING_UNSUPPORTED
        body = self._body(command)
        if body is None:
            return Status.WRONG_LENGTH
        data, expected = body
        if self.is_t0 and data:
            expected = MOST
        return channel, Apdu(
            base | (0x04 if secure else 0), command[1], command[2], command[3], data, expected, chained
        )

    def _body(self, command: bytes) -> tuple[bytes, int] | None:
        """Give data and Le; None when the lengths are wrong (ISO/IEC 7816-3:2006 12.1.3)."""
        size = len(command)
        if size <= 5:
            return b"", 0 if size == 4 else command[4] or MOST
        end = 5 + command[4]
        if end == 5:
            return self._extended(command)
        if size - end not in {0, 1}:
            return None
        return command[5:end], 0 if size == end else command[end] or MOST

    def _extended(self, command: bytes) -> tuple[bytes, int] | None:
        size = len(command)
        if not 7 <= size <= self.command:
            return None
        number, most = int.from_bytes(command[5:7], "big"), self.response - 2
        if size == 7:
            return b"", min(number or LONGEST, most)
        data, rest = command[7 : 7 + number], command[7 + number :]
        if not number or len(data) != number or len(rest) not in {0, 2}:
            return None
        return data, min(int.from_bytes(rest, "big") or LONGEST, most) if rest else 0

    def fit(self, seat: Seat, apdu: Apdu, answer: bytes | int | Learned) -> Answer:
        """Give the answer as it travels: what was asked for, and 61xx for the rest (ISO/IEC 7816-4:2020 5.3.4)."""
        if isinstance(answer, int):
            return self._refused(answer)
        if self.is_t0:
            return self._fit_t0(seat, apdu, answer)
        return _cut(seat, apdu.expected, answer) if isinstance(answer, bytes) else answer

    def _refused(self, status: int) -> Answer:
        if status != Status.BLOCKED or self.blocked == status:
            return refusal(status)
        return refusal(self.blocked) if self.blocked else OneOf(BLOCKED)

    def _fit_t0(self, seat: Seat, apdu: Apdu, answer: bytes | Learned) -> Answer:
        """Give nothing behind data, and refuse another Le than there are bytes (ISO/IEC 7816-3:2006 12.2)."""
        if isinstance(answer, Learned):
            return answer.asked_for(apdu.expected)
        expected = 0 if apdu.data else apdu.expected
        if expected and answer and apdu.ins != Instruction.GET_RESPONSE and expected != min(len(answer), MOST):
            return refusal(0x6C00 | len(answer) & 0xFF)
        return _cut(seat, expected, answer)

    def get_response(self, seat: Seat, apdu: Apdu) -> bytes | int:
        """GET RESPONSE (ISO/IEC 7816-4:2020 11.8.1)."""
        if apdu.p1 or apdu.p2:
            return Status.WRONG_P1P2
        if apdu.data or not apdu.expected:
            return Status.WRONG_LENGTH
        if not seat.waiting:
            return Status.CONDITIONS
        if self.is_t0 and apdu.expected > len(seat.waiting):
            return 0x6C00 | len(seat.waiting)
        data, seat.waiting = seat.waiting, b""
        return data


def _cut(seat: Seat, expected: int, data: bytes) -> bytes:
    if len(data) <= expected or not data:
        return ok(data)
    seat.waiting = data[expected:]
    return data[:expected] + bytes((0x61, min(len(seat.waiting), MOST) & 0xFF))
