"""What a card holds of an applet as anybody with all PINs and keys can see it, and what a power cut may leave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yohaku.card import AppletNotInstalledError, AppletNotReadyError, CardError
from yohaku.iso7816 import Command, Instruction, Status
from yohaku.schema import RecordFile
from yohaku.testing.suite.access import SPECIFIC

if TYPE_CHECKING:
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


@dataclass(frozen=True, slots=True)
class State:
    """What a card holds of an applet.

    Attributes:
        life: absent, begun or ready.
        tries: tries left of each PIN.
        parts: content of each file, and which of the known values each PIN has; None for what cannot be seen.
    """

    life: str
    tries: dict[str, int] = field(default_factory=dict)
    parts: dict[str, object] = field(default_factory=dict)

    def differs(self, other: State) -> list[str]:
        """Name what differs."""
        if self.life != other.life:
            return ["life"]
        mine, others = {**self.parts, "tries": self.tries}, {**other.parts, "tries": other.tries}
        return [name for name in mine if mine[name] != others.get(name)]

    def may_follow(self, before: State, after: State, instruction: int) -> bool:
        """Tell whether a command that was cut may leave this: old, new, or old with one try spent on a comparison."""
        if self in (before, after):
            return True
        if instruction not in COMPARING or (self.life, self.parts) != (before.life, before.parts):
            return False
        spent = [before.tries[name] - left for name, left in self.tries.items()]
        return sorted(spent) == [*[0] * (len(spent) - 1), 1]


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
        for name, key in self._applet.keys().items():
            parts[name] = _tried(lambda key=key: getattr(instance, key.name).authenticate(self._secrets[key.name]))
        return State("ready", tries, parts | {name: content_of(instance, name) for name in self._applet.files()})

    def _value(self, card: Card, pin: str) -> int | None:
        """Present the values that a PIN may have; tell which one is right."""
        number = SPECIFIC | self._applet.pins()[pin].reference
        for index, value in enumerate(self._values[pin]):
            if card.send(Command(0x00, Instruction.VERIFY, 0x00, number, value)).status == Status.OK:
                return index
        return None


def _tried(present: Any) -> bool:
    try:
        present()
    except CardError:
        return False
    return True


def content_of(instance: Applet, name: str) -> object:
    """Read a file: its bytes, or those of each record; what it raised where it cannot be read."""
    bound: Any = getattr(instance, name)
    try:
        if isinstance(type(instance).files()[name], RecordFile):
            return tuple(bound.records_bytes())
        return bytes(bound.read_bytes())
    except CardError as error:
        return type(error).__name__
