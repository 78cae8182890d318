"""What a card holds of an applet as anybody with all PINs and keys can see it, and what a power cut may leave."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from yohaku.card import AppletNotInstalledError, AppletNotReadyError, CardError
from yohaku.globalplatform import SecurityDomain
from yohaku.iso7816 import Command, Instruction, Status
from yohaku.schema import RecordFile
from yohaku.testing.suite.access import SPECIFIC

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.card import Card, Secrets
    from yohaku.schema import Applet
    from yohaku.testing.suite.cards import EmulatedCards
    from yohaku_emulator import EmulatedCard

    Values = dict[str, list[bytes]]

COMPARING = frozenset(
    {
        Instruction.VERIFY,
        Instruction.CHANGE_REFERENCE_DATA,
        Instruction.DISABLE_VERIFICATION_REQUIREMENT,
        Instruction.ENABLE_VERIFICATION_REQUIREMENT,
    }
)
"""Commands that lower a counter, in a step of its own, before they compare a PIN."""
_NUMBER = "number of "


class Refusal(str):
    """What a card refused with: the name of the error that it raised, or the status word."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Refusal({self})"


def is_whole(part: object) -> bool:
    """Tell whether a part, or each of several, could be seen."""
    return all(map(is_whole, part)) if isinstance(part, tuple) else not isinstance(part, Refusal)


@dataclass(frozen=True, slots=True)
class State:
    """What a card holds of an applet.

    Attributes:
        life: absent, begun or ready.
        tries: tries left of each PIN.
        parts: content of each file, which of the known values each PIN has, how much memory is free; a refusal for what
            cannot be seen.
    """

    life: str
    tries: dict[str, int] = field(default_factory=dict)
    parts: dict[str, object] = field(default_factory=dict)

    @property
    def without_numbers(self) -> State:
        """The same but for the numbers that cards draw for their purses, which no two loads share."""
        kept = {name: part for name, part in self.parts.items() if not name.startswith(_NUMBER)}
        return replace(self, parts=kept)

    def _shows(self, parts: dict[str, object]) -> bool:
        """Tell whether everything that can be seen is the same; a PIN that is blocked hides some of it."""
        blocked = 0 in self.tries.values()
        return all(parts[name] == part or (blocked and not is_whole(part)) for name, part in self.parts.items())

    def differs(self, other: State) -> list[str]:
        """Name what differs."""
        if self.life != other.life:
            return ["life"]
        mine, others = {**self.parts, "tries": self.tries}, {**other.parts, "tries": other.tries}
        return [name for name in mine if mine[name] != others.get(name)]

    def may_follow(self, before: State, after: State, instruction: int) -> bool:
        """Tell whether a command that was cut may leave this.

        That is the old or the new state, or the old one in which only the comparison of a PIN has happened so far: a
        try was taken, or after a right value all are back.
        """
        if self in (before, after):
            return True
        if instruction not in COMPARING or self.life != before.life or not self._shows(before.parts):
            return False
        return all(
            left in {before.tries[name], after.tries[name], before.tries[name] - 1} for name, left in self.tries.items()
        )


class Observer:
    """Looks at what cards hold of an applet.

    Args:
        cards: connects to them.
        applet: the declaration.
        values: values that each PIN may have.
        secrets: values of its keys.
    """

    def __init__(self, cards: EmulatedCards, applet: type[Applet], values: Values, secrets: Secrets) -> None:
        self._cards, self._applet, self._values, self._secrets = cards, applet, values, secrets

    def __call__(self, chip: EmulatedCard) -> State:
        """Switch a fork of a card on and look."""
        card = self._cards.connect(chip.fork())
        try:
            instance = card.open(self._applet)
        except AppletNotInstalledError:
            return State("absent")
        except AppletNotReadyError:
            return State("begun")
        tries = {name: getattr(instance, name).tries_left for name in self._applet.pins()}
        parts: dict[str, object] = {name: self._value(card, name) for name in self._applet.pins()}
        parts |= {name: self._opens(instance, name) for name in self._applet.keys()}  # noqa: SIM118 - the keys' names
        parts |= {f"requirement of {name}": getattr(instance, name).required for name in self._applet.pins()}
        parts |= {name: content_of(instance, name) for name in self._applet.files()}
        for name in self._applet.purses():
            parts[name], parts[_NUMBER + name] = purse_of(instance, name)
        return State("ready", tries, parts | {"free memory": SecurityDomain.select(card).free_bytes()})

    def _opens(self, instance: Applet, key: str) -> bool:
        """Present the value of a key; tell whether it is right."""
        bound: Any = getattr(instance, key)
        return not isinstance(_told(lambda: bound.authenticate(self._secrets[key])), Refusal)

    def _value(self, card: Card, pin: str) -> int | Refusal:
        """Present the values that a PIN may have; tell which one is right, and the last answer when none is."""
        number = SPECIFIC | self._applet.pins()[pin].reference
        status = 0
        for index, value in enumerate(self._values[pin]):
            status = card.send(Command(0x00, Instruction.VERIFY, 0x00, number, value)).status
            if status == Status.OK:
                return index
        return Refusal(f"{status:04X}")


def content_of(instance: Applet, name: str) -> object:
    """Read a file: its bytes, or those of each record; what it raised where it cannot be read."""
    bound: Any = getattr(instance, name)
    if isinstance(type(instance).files()[name], RecordFile):
        return _told(lambda: tuple(bound.records_bytes()))
    return _told(bound.read_bytes)


def purse_of(instance: Applet, name: str) -> tuple[object, object]:
    """Read a purse and its log; give what they say, and the purse's number."""
    bound: Any = getattr(instance, name)
    log = _told(lambda: tuple((one.sequence, one.booking, one.amount, one.reference) for one in bound.log()))
    state = _told(bound.read)
    if isinstance(state, Refusal):
        return (state, log), None
    return (state.sequence, state.balance, log), state.number


def _told(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except CardError as error:
        return Refusal(type(error).__name__)
