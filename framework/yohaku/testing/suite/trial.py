"""One card with the applet under test on it: what tests do there, and what they say when it goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from yohaku.card import CardError
from yohaku.schema import Pin
from yohaku.schema.declarations import Alphabet
from yohaku.testing.suite.broken import BrokenError
from yohaku.testing.suite.scripts import Program, Transcript

if TYPE_CHECKING:
    from types import TracebackType

    from yohaku.card import Card, Secrets
    from yohaku.iso7816 import Command
    from yohaku.schema import Applet
    from yohaku.testing.suite.access import Way
    from yohaku.testing.suite.cards import Cards


class Trial:
    """A connected card with an applet on it, and what was sent to it since the applet was opened.

    As a context manager it makes whatever is raised inside a broken property that shows what was sent.

    Attributes:
        card: the card.
        applet: the declaration.
        secrets: the values of its PINs and keys.
        transcript: what was sent.
        program: what was done, as Python.
    """

    def __init__(
        self, cards: Cards, applet: type[Applet], *, card: Card | None = None, secrets: Secrets | None = None
    ) -> None:
        self.card = cards.loaded(applet) if card is None else card
        self.applet, self.secrets = applet, secrets or cards.secrets(applet)
        self.transcript, self.program = Transcript(self.card, applet), Program(applet)
        self._credentials = {**applet.pins(), **applet.keys()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, BrokenError):
            raise self.broken("", f"{type(error).__name__}: {error}") from error

    def broken(self, part: str, what: str) -> BrokenError:
        """Say what does not hold, with what was sent."""
        where = f"{self.applet.name}.{part}" if part else self.applet.name
        return BrokenError(where, what, f"{self.program}{self.transcript}")

    def enter(self, held: frozenset[str] = frozenset()) -> Applet:
        """Open the applet anew and present some of its PINs and keys, in the order of their numbers."""
        self.transcript.clear()
        self.program.enter()
        instance = self.card.open(self.applet)
        for name in self._credentials:
            if name in held:
                self.present(instance, name)
        return instance

    def again(self) -> None:
        """Open the applet once more, as another program would."""
        self.program.lines.append(f"applet = card.open({self.applet.__qualname__})")
        self.card.open(self.applet)

    def present(self, instance: Applet, name: str) -> None:
        """Present the right value of a PIN or key, with the last try if need be."""
        bound: Any = getattr(instance, name)
        if isinstance(self._credentials[name], Pin):
            self.program.lines.append(f'applet.{name}.verify(secrets["{name}"], last_try=True)')
            bound.verify(self.secrets[name], last_try=True)
        else:
            self.program.lines.append(f'applet.{name}.authenticate(secrets["{name}"])')
            bound.authenticate(self.secrets[name])

    def present_wrong(self, instance: Applet, name: str) -> None:
        """Present a wrong value of a PIN or key, which the card must refuse."""
        bound: Any = getattr(instance, name)
        declared = self._credentials[name]
        value = another(self.secrets[name], declared.alphabet if isinstance(declared, Pin) else Alphabet.BYTES)
        verb = "verify" if isinstance(declared, Pin) else "authenticate"
        self.program.lines += [
            "try:",
            f"    applet.{name}.{verb}({value!r})",
            "except Exception as error:",
            "    print(error)",
        ]
        try:
            if isinstance(declared, Pin):
                bound.verify(value, last_try=True)
            else:
                bound.authenticate(value)
        except CardError:
            return
        raise self.broken(name, "the card takes a wrong value for the right one")

    def send(self, command: Command) -> int:
        """Send a command; give its status word."""
        self.program.send(command.to_bytes())
        return self.card.send(command).status

    def answer(self, way: Way) -> int:
        """Carry out one way of an operation; give the status word of its last command."""
        status = 0
        for command in way.commands:
            status = self.send(command)
        return status

    def expect(self, way: Way, held: frozenset[str], note: str = "") -> None:
        """Carry out one way of an operation, and compare the answer with the declaration."""
        wrong = way.judge(held, self.answer(way))
        if wrong:
            raise self.broken(way.part, wrong + note)


def another(value: bytes, alphabet: Alphabet) -> bytes:
    """Give a value of the same length that differs in its last character."""
    last = value[-1] ^ 1
    if alphabet is Alphabet.DIGITS:
        last = 0x30 + (value[-1] - 0x30 + 1) % 10
    return value[:-1] + bytes((last,))
