"""Tests that cut the power at every page write of everything that is done with an applet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yohaku.card import Card, Secrets
from yohaku.errors import YohakuError
from yohaku.globalplatform import load_applet
from yohaku.schema import CyclicFile, RecordFile
from yohaku.schema.access import ALWAYS, NEVER
from yohaku.testing.suite.base import AppletTests, credentials, emulated, over
from yohaku.testing.suite.broken import BrokenError, reported
from yohaku.testing.suite.cards import examples
from yohaku.testing.suite.cuts import Cut, Moment, cuts
from yohaku.testing.suite.examples import some
from yohaku.testing.suite.scripts import apdu_script
from yohaku.testing.suite.states import Observer, State
from yohaku.testing.suite.trial import Trial, another
from yohaku.testing.values import records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yohaku.schema import Applet, File, Pin, Purse, Record, Rule
    from yohaku.testing.suite.cards import Cards, EmulatedCards
    from yohaku.testing.suite.effort import Effort
    from yohaku_emulator import EmulatedCard

NO_CUTS = "its power cannot be cut at a page write"
DRAWN = 12
"""Records among which the one is sought that differs most from what a file holds."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that is done with an applet and writes on the card.

    Attributes:
        id: what a test calls it.
        rule: whose rights it takes.
        act: does it with the opened applet.
        fill: brings the card into the state that it starts from.
        without: the file that starts empty.
    """

    id: str
    rule: Rule
    act: Callable[[Any], object]
    fill: Callable[[Any], object] = lambda _: None
    without: str = ""


class TearingTests(AppletTests):
    """The power may go at any page write: each command has then happened, or has not."""

    @reported
    def test_a_load_that_is_cut_can_be_completed(
        self, yohaku_cards: Cards, yohaku_effort: Effort, record_property: Callable[[str, object], None]
    ) -> None:
        """After a cut anywhere in a load the card takes the rest of it, and holds what it should."""
        cards, applet = emulated(yohaku_cards, NO_CUTS), self.applet
        link = cards.record(cards.chip())
        with Trial(cards, applet, card=Card(link)) as trial:
            cards.load(trial.card, applet, examples(applet))
        sweep = Sweep(cards, applet, link.moments)
        record_property("cut_points", sweep.run(yohaku_effort, sweep.complete))

    @over("action", lambda suite: [one.id for one in actions(suite.applet, Secrets.for_tests(suite.applet))])
    @reported
    def test_a_power_cut_leaves_the_old_or_the_new(
        self,
        action: str,
        yohaku_cards: Cards,
        yohaku_effort: Effort,
        record_property: Callable[[str, object], None],
    ) -> None:
        """After a cut anywhere in a change all is as before or as after it; a comparison may have cost its try."""
        cards, applet = emulated(yohaku_cards, NO_CUTS), self.applet
        one = next(one for one in actions(applet, cards.secrets(applet)) if one.id == action)

        link, everything = cards.record(cards.chip(applet, without=one.without)), frozenset(credentials(type(self)))
        with Trial(cards, applet, card=Card(link)) as trial:
            one.fill(trial.enter(everything))
            instance = trial.enter(everything)
            link.begin()
            one.act(instance)
        record_property("cut_points", Sweep(cards, applet, link.moments).run(yohaku_effort))


class Sweep:
    """Cuts at every page write of recorded commands, each judged by what the card holds afterwards.

    Args:
        cards: connects to cards.
        applet: the declaration.
        moments: of the commands.
        secrets: values of PINs and keys; by default those of a loaded applet.
        between: whether the applet can be looked at after a cut; not in the middle of an upgrade.
    """

    def __init__(
        self,
        cards: EmulatedCards,
        applet: type[Applet],
        moments: list[Moment],
        *,
        secrets: Secrets | None = None,
        between: bool = True,
    ) -> None:
        self._cards, self._applet, self._moments, self._between = cards, applet, moments, between
        known = secrets or cards.secrets(applet)
        values = {name: [known[name], another(known[name], pin.alphabet)] for name, pin in applet.pins().items()}
        self.observe = Observer(cards, applet, values, known)
        self._states = (
            [self.observe(moment.chip) for moment in moments] if between else [self.observe(moments[-1].chip)]
        )

    def run(self, effort: Effort, then: Callable[[EmulatedCard], State] | None = None) -> int:
        """Cut everywhere; give the number of cuts.

        Args:
            effort: how many mixtures of a torn page to try.
            then: what to do with a card after each cut, so that it ends in the last state.

        Raises:
            BrokenError: a cut left something else than the old or the new state.
        """
        count = 0
        for cut in cuts(self._moments, effort.seeds):
            count += 1
            try:
                fault = self._fault(cut)
                if then is not None and not fault:
                    fault = _unlike(
                        then(cut.chip).without_numbers, [self._states[-1].without_numbers], "once completed"
                    )
            except YohakuError as error:
                fault = f"the card is unusable afterwards: {type(error).__name__}: {error}"
            if fault:
                raise BrokenError(self._applet.name, f"{cut}: {fault}", self._script(cut))
        return count

    def _fault(self, cut: Cut) -> str:
        if not self._between:
            return ""
        before, after = self._states[cut.index], self._states[cut.index + 1]
        state = self.observe(cut.chip)
        if state.may_follow(before, after, self._moments[cut.index].command[1]):
            return ""
        return _unlike(state, [before, after], "afterwards")

    def complete(self, chip: EmulatedCard) -> State:
        """Go on with a load that was cut, as a host does; give what the card then holds."""
        if self.observe(chip) != self._states[-1]:
            secrets, contents = self._cards.secrets(self._applet), examples(self._applet)
            load_applet(self._cards.connect(chip), self._applet, secrets=secrets, contents=contents, resume=True)
        return self.observe(chip)

    def _script(self, cut: Cut) -> str:
        moment = self._moments[cut.index]
        shown = apdu_script(moment.before, self._applet)
        return f"{shown}\n> {moment.command.hex(' ').upper()}\n# {cut}".lstrip()


def _unlike(state: State, allowed: list[State], when: str) -> str:
    """Say in what a state is none of those allowed; nothing when it is one of them."""
    if state in allowed:
        return ""
    nearest = min((state.differs(one) for one in allowed), key=len)
    return f"{when} {' and '.join(nearest)} {'is' if len(nearest) == 1 else 'are'} neither as before nor as after"


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
        yield Action(f"update {name}", rule, lambda applet: getattr(applet, name).write(far(file)))
        return
    yield Action(f"update {name}", file.update, lambda applet: getattr(applet, name).write(1, far(file)))
    yield Action(f"append {name}", file.append, lambda applet: getattr(applet, name).append(far(file)), without=name)
    if isinstance(file, CyclicFile):
        yield Action(
            f"append {name} when full",
            file.append,
            lambda applet: getattr(applet, name).append(far(file)),
            lambda applet: [getattr(applet, name).append(file.record.example()) for _ in range(file.records)],
        )


def _of_purse(purse: Purse) -> Iterator[Action]:
    name = purse.name
    yield Action(f"credit {name}", purse.credit, lambda applet: getattr(applet, name).credit(1))
    if purse.credit.alternatives:
        yield Action(
            f"debit {name}",
            purse.debit,
            lambda applet: getattr(applet, name).debit(1),
            lambda applet: getattr(applet, name).credit(1),
        )


def _of_pin(pin: Pin, value: bytes) -> Iterator[Action]:
    name, new = pin.name, another(value, pin.alphabet)
    yield Action(f"verify {name}", ALWAYS, lambda applet: getattr(applet, name).verify(value, last_try=True))
    yield Action(f"change {name}", ALWAYS, lambda applet: getattr(applet, name).change(value, new, last_try=True))
    yield Action(f"reset {name}", pin.reset, lambda applet: getattr(applet, name).reset(new))
    if pin.can_disable:
        yield Action(f"disable {name}", ALWAYS, lambda applet: getattr(applet, name).disable(value, last_try=True))


def far(file: File[Any]) -> Record:
    """Give a record that differs in many bytes from the example, which a file holds to begin with."""
    start = file.record.example().encode()

    def distance(record: Record) -> int:
        return sum(one != other for one, other in zip(start, record.encode(), strict=False))

    best: Record = max(some(records(file.record), DRAWN), key=distance)
    return best
