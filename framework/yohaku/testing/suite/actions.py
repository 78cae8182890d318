"""Everything that is done with an applet and writes on its card: what tests that cut the power do."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yohaku.card import CardError
from yohaku.schema import CyclicFile, RecordFile
from yohaku.schema.access import ALWAYS, NEVER
from yohaku.testing.suite.examples import some
from yohaku.testing.suite.trial import another
from yohaku.testing.values import records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yohaku.card import Secrets
    from yohaku.schema import Applet, File, Pin, Purse, Record, Rule

    Act = Callable[[Any], object]

DRAWN = 12
"""Records among which the one is sought that differs most from what a file holds."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that is done with a part of an applet and writes on the card.

    Attributes:
        verb: what a test calls it.
        part: the file, purse or PIN.
        rule: whose rights it takes.
        act: does it with the part as the opened applet has it.
        fill: brings the part into the state that it starts from; None when that is the one it is loaded in.
        empty: whether the file starts without contents.
        tried: whether one try of the PIN was spent before, where it has more.
    """

    verb: str
    part: str
    rule: Rule
    act: Act
    fill: Act | None = None
    empty: bool = False
    tried: bool = False

    def __str__(self) -> str:
        return f"{self.verb} {self.part}"


def actions(applet: type[Applet], secrets: Secrets) -> list[Action]:
    """Give everything that somebody may do with an applet and that writes."""
    found = [action for file in applet.files().values() for action in _of_file(file)]
    found += [action for purse in applet.purses().values() for action in _of_purse(purse)]
    found += [action for pin in applet.pins().values() for action in _of_pin(pin, secrets[pin.name])]
    return [action for action in found if action.rule.alternatives]


def _of_file(file: File[Any]) -> Iterator[Action]:
    name = file.name
    if not isinstance(file, RecordFile):
        rule = file.update if file.size == file.room or file.read.alternatives else NEVER
        yield Action("update", name, rule, lambda bound: bound.write(far(file)))
        return
    yield Action("update", name, file.update, lambda bound: bound.write(1, far(file)))
    yield Action("append", name, file.append, lambda bound: bound.append(far(file)), empty=True)
    if isinstance(file, CyclicFile):

        def fill(bound: Any) -> None:
            for _ in range(file.records):
                bound.append(file.record.example())

        yield Action("append to full", name, file.append, lambda bound: bound.append(far(file)), fill)


def _of_purse(purse: Purse) -> Iterator[Action]:
    yield Action("credit", purse.name, purse.credit, lambda bound: bound.credit(1))
    if purse.credit.alternatives:
        yield Action("debit", purse.name, purse.debit, lambda bound: bound.debit(1), lambda bound: bound.credit(1))


def _of_pin(pin: Pin, value: bytes) -> Iterator[Action]:
    new = another(value, pin.alphabet)

    def mistype(bound: Any) -> None:
        with suppress(CardError):
            bound.verify(new, last_try=True)

    acts: dict[str, Act] = {
        "verify": lambda bound: bound.verify(value, last_try=True),
        "mistype": mistype,
        "change": lambda bound: bound.change(value, new, last_try=True),
    }
    if pin.can_disable:
        acts["disable"] = lambda bound: bound.disable(value, last_try=True)
    for verb, act in acts.items():
        yield Action(verb, pin.name, ALWAYS, act, tried=True)
    yield Action("reset", pin.name, pin.reset, lambda bound: bound.reset(new), tried=True)


def far(file: File[Any]) -> Record:
    """Give a record that differs in many bytes from the example, which a file holds to begin with."""
    start = file.record.example().encode()

    def distance(record: Record) -> int:
        return sum(one != other for one, other in zip(start, record.encode(), strict=False))

    best: Record = max(some(records(file.record), DRAWN), key=distance)
    return best
