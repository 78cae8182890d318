"""What applets on a card should do, in plain Python: files, rights, PINs, keys, retry counters, logical channels.

The model answers command APDUs as ``specs/container.md`` says, from dictionaries and tuples; it shares no code with the
emulator. Channels and selection are here; the state of an applet's parts is in `yohaku.testing.parts`, what each
instruction does to them in `yohaku.testing.commands` (files), `credentials` and `purses`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from yohaku.card import Secrets
from yohaku.iso7816 import Instruction, Status
from yohaku.testing import credentials as _credentials  # noqa: F401 - it registers what PINs and keys answer
from yohaku.testing import purses as _purses  # noqa: F401 - it registers what purses answer
from yohaku.testing.answers import Learned, Outside, Selection, refusal
from yohaku.testing.commands import process
from yohaku.testing.parts import Instance, Seat
from yohaku.testing.wire import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yohaku.schema import Applet
    from yohaku.testing.answers import Answer
    from yohaku.testing.parts import Apdu, Contents

GENERIC = Kind()
"""The emulator's generic card."""


class Model:
    """A card that holds the issuer's domain and the applets of the model, and nothing else whose AID begins as theirs.

    Attributes:
        instances: the applets by AID.
        seats: the logical channels; None for a closed one.
        outside: known answers of the card's domain by command, such as that of free memory.
        kind: what kind of card it is.
    """

    __slots__ = ("instances", "kind", "outside", "seats")

    def __init__(self, instances: Iterable[Instance], *, kind: Kind = GENERIC) -> None:
        self.instances = {one.aid: one for one in instances}
        self.kind = kind
        self.seats: list[Seat | None] = [Seat(), *(None for _ in range(kind.channels - 1))]
        self.outside: dict[bytes, bytes] = {}

    @classmethod
    def of(
        cls,
        applet: type[Applet],
        *,
        secrets: Secrets | None = None,
        contents: Contents | None = None,
        kind: Kind = GENERIC,
    ) -> Self:
        """Give the model of a card right after an applet was loaded and the card was reset.

        Args:
            applet: the declaration.
            secrets: values of its PINs and keys; the published test values by default.
            contents: first contents of its files, as they were loaded.
            kind: what kind of card it is.

        Raises:
            EncodeError: a record of the contents does not fit its file.
        """
        known = Secrets.for_tests(applet) if secrets is None else secrets
        return cls([Instance.of(applet, secrets=known, contents=contents or {}, kind=kind)], kind=kind)

    def copy(self) -> Model:
        """Give an independent model in the same state."""
        twin = Model.__new__(Model)
        twin.instances = {aid: one.copy() for aid, one in self.instances.items()}
        twin.seats = [seat and seat.copy() for seat in self.seats]
        twin.outside, twin.kind = self.outside, self.kind
        return twin

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and self.seats == other.seats and self.instances == other.instances

    __hash__ = None  # type: ignore[assignment]

    def reset(self) -> None:
        """Follow a reset of the card: one channel is open, and the issuer's domain is selected on it."""
        self.seats = [Seat(), *(None for _ in self.seats[1:])]

    def predict(self, command: bytes) -> Answer:
        """Say how the card must answer a command, and follow it.

        Answers that nobody can foretell, such as challenges, come as an object that checks and learns the real one.
        """
        parsed = self.kind.parse(command)
        if isinstance(parsed, int):
            return refusal(parsed)
        channel, apdu = parsed
        seat = self.seats[channel] if channel < len(self.seats) else None
        if seat is None:
            return refusal(Status.CHANNEL_UNSUPPORTED)
        return self.kind.fit(seat, apdu, self._dispatch(seat, channel, apdu, command))

    def _dispatch(self, seat: Seat, channel: int, apdu: Apdu, command: bytes) -> bytes | int | Learned:
        if not apdu.cla:
            if apdu.ins == Instruction.GET_RESPONSE and seat.aid:
                return self.kind.get_response(seat, apdu)
            if apdu.ins == Instruction.SELECT and apdu.p1 == 0x04:
                return self._select(seat, apdu)
            if apdu.ins == Instruction.MANAGE_CHANNEL:
                return self._manage_channel(seat, channel, apdu)
        seat.waiting = b""
        if not seat.aid:
            return Outside(self.outside.get(command))
        return process(self.instances[seat.aid], seat, apdu)

    def _select(self, seat: Seat, apdu: Apdu) -> bytes | int | Learned:
        """SELECT by AID (ISO/IEC 7816-4:2020 11.2.2)."""
        seat.waiting = b""
        if apdu.p2 & 0xF1 or apdu.p2 & 0x0C == 0x08:
            return Status.WRONG_P1P2
        if len(apdu.data) > 16 or apdu.chained:
            return Status.WRONG_LENGTH
        found = self._match(seat, apdu.data, following=bool(apdu.p2 & 0x02))
        if found is None:
            return Selection(seat)
        if not found:
            return Status.FILE_NOT_FOUND
        if seat.aid != found and any(other is not None and other.aid == found for other in self.seats):
            return Status.CONDITIONS
        Seat.__init__(seat, found)
        instance, form = self.instances[found], apdu.p2 & 0x0C
        return (instance.control_parameters if form else instance.control_information) if form != 0x0C else b""

    def _match(self, seat: Seat, prefix: bytes, *, following: bool) -> bytes | None:
        """Give the AID of the applet that is meant, empty for none; None when it is not one of the model's."""
        if prefix in self.instances and not following:
            return prefix
        mine = [aid for aid in self.instances if aid.startswith(prefix)]
        if following and seat.aid in mine:
            return next(iter(mine[mine.index(seat.aid) + 1 :]), b"")
        if not mine or (not prefix and not following):
            return None
        return mine[0]

    def _manage_channel(self, seat: Seat, channel: int, apdu: Apdu) -> bytes | int:
        """MANAGE CHANNEL (ISO/IEC 7816-4:2020 11.1.2)."""
        seat.waiting = b""
        if apdu.data:
            return Status.WRONG_LENGTH
        if apdu.p1 not in {0x00, 0x80}:
            return Status.WRONG_P1P2
        if len(self.seats) == 1:
            return Status.CHANNEL_UNSUPPORTED
        if apdu.p1:
            number = apdu.p2 or channel
            if not 0 < number < len(self.seats):
                return Status.WRONG_P1P2
            self.seats[number] = None
            return b""
        return self._open_channel(apdu)

    def _open_channel(self, apdu: Apdu) -> bytes | int:
        number = apdu.p2
        if not number:
            if not apdu.expected:
                return Status.WRONG_LENGTH
            if self.kind.is_t0 and apdu.expected != 1:
                return 0x6C01
            number = self.seats.index(None) if None in self.seats else len(self.seats)
        if number >= len(self.seats):
            return Status.FUNCTION_UNSUPPORTED
        if self.seats[number] is not None:
            return Status.WRONG_P1P2
        self.seats[number] = Seat()
        return b"" if apdu.p2 else bytes((number,))
