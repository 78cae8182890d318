"""What every step of a session has: the channel it goes over, how it shows itself, and how it finds its part."""

from __future__ import annotations

from dataclasses import MISSING, Field, dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol

from yohaku.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.testing.model import Model
    from yohaku.testing.parts import FileModel, Instance, PinModel, Seat

LONGEST_SHOWN = 4
"""Bytes that are shown one by one although they are all the same."""
SECRET = frozenset({"value", "new", "old"})
"""Attributes of steps that hold a value of a PIN."""


class View(Protocol):
    """What a step may look at: the model as it is after the commands so far."""

    @property
    def model(self) -> Model:
        """The model; the likeliest one when a fault left several."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Step:
    """Something that a program does on a channel.

    Attributes:
        channel: the logical channel, 0 to 19; None for the one that has the applet, the basic one when none has.
    """

    channel: int | None = None

    def commands(self, view: View) -> Iterator[bytes]:
        """Give the commands of the step, each when the one before has been answered."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Show what differs from the defaults; values of PINs and keys as their length."""
        told = [text for one in fields(self) if (text := _told(one, getattr(self, one.name)))]
        return f"{type(self).__name__}({', '.join(told)})"

    def apdu(
        self, view: View, ins: int, p1: int, p2: int, data: bytes = b"", expected: int = 0, *, cla: int = 0
    ) -> bytes:
        """Write a short command for the step's channel (ISO/IEC 7816-4:2020 5.4.1)."""
        number = self._number(view)
        head = bytes((cla | (number if number < 4 else 0x40 | number - 4), ins, p1, p2))
        body = bytes((len(data),)) + data if data else b""
        return head + body + (bytes((expected & 0xFF,)) if expected else b"")

    def _number(self, view: View) -> int:
        if self.channel is not None:
            return self.channel
        seats = view.model.seats
        first = seats[0]
        if first is not None and first.aid:
            return 0
        return next((number for number, seat in enumerate(seats) if seat is not None and seat.aid), 0)

    def _seat(self, view: View) -> Seat | None:
        seats, number = view.model.seats, self._number(view)
        return seats[number] if number < len(seats) else None

    def _instance(self, view: View) -> Instance:
        """Give the applet that the channel has, else the only one there is."""
        instances, seat = view.model.instances, self._seat(view)
        return instances[seat.aid] if seat is not None and seat.aid else next(iter(instances.values()))


def _told(field: Field[Any], value: object) -> str:
    if field.default is not MISSING and field.default == value:
        return ""
    shown = _shown(value) if field.name not in SECRET or value is None else "<hidden>"
    return shown if field.default is MISSING else f"{field.name}={shown}"


def _shown(value: object) -> str:
    if isinstance(value, bytes) and len(value) > LONGEST_SHOWN and len(set(value)) == 1:
        return f"{value[:1]!r} * {len(value)}"
    return repr(value)


def find_pin(instance: Instance, name: str) -> tuple[int, PinModel]:
    """Give the number of a PIN, from 1, and its state."""
    for number, pin in enumerate(instance.pins, 1):
        if pin.name == name:
            return number, pin
    raise UnknownNameError("PIN", name, [pin.name for pin in instance.pins])


def find_file(instance: Instance, name: str) -> FileModel:
    """Give the state of a file."""
    for file in instance.files.values():
        if file.name == name:
            return file
    raise UnknownNameError("file", name, [file.name for file in instance.files.values()])


def find_purse(instance: Instance, name: str) -> int:
    """Give the SFI of a purse."""
    for purse in instance.purses.values():
        if purse.name == name:
            return purse.sfi
    raise UnknownNameError("purse", name, [purse.name for purse in instance.purses.values()])
