"""Tests that cut the power at every page write of everything that is done with an applet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.card import Card, Secrets
from yohaku.errors import YohakuError
from yohaku.globalplatform import load_applet
from yohaku.testing.suite.actions import actions
from yohaku.testing.suite.base import AppletTests, credentials, emulated, over
from yohaku.testing.suite.broken import BrokenError, reported
from yohaku.testing.suite.cards import examples
from yohaku.testing.suite.cuts import Cut, Moment, cuts
from yohaku.testing.suite.scripts import Program, apdu_script
from yohaku.testing.suite.states import Observer, State
from yohaku.testing.suite.trial import Trial, another

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.schema import Applet
    from yohaku.testing.suite.cards import Cards, EmulatedCards
    from yohaku.testing.suite.effort import Effort
    from yohaku_emulator import EmulatedCard

NO_CUTS = "its power cannot be cut at a page write"


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

    @over("action", lambda suite: actions(suite.applet, Secrets.for_tests(suite.applet)))
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
        one = next(one for one in actions(applet, cards.secrets(applet)) if str(one) == action)
        link = cards.record(cards.chip(applet, without=one.part if one.empty else ""))
        everything = frozenset(credentials(type(self)))
        with Trial(cards, applet, card=Card(link)) as trial:
            if one.fill is not None:
                one.fill(getattr(trial.enter(everything), one.part))
            instance = trial.enter(everything)
            if one.tried and applet.pins()[one.part].tries > 1:
                trial.present_wrong(instance, one.part)
            link.begin()
            one.act(getattr(instance, one.part))
        program = trial.program if one.fill is None and not one.empty else None
        record_property("cut_points", Sweep(cards, applet, link.moments, program=program).run(yohaku_effort))


class Sweep:
    """Cuts at every page write of recorded commands, each judged by what the card holds afterwards.

    Args:
        cards: connects to cards.
        applet: the declaration.
        moments: of the commands.
        secrets: values of PINs and keys; by default those of a loaded applet.
        between: whether the applet can be looked at after a cut; not in the middle of an upgrade.
        program: leads a card with the example contents to the first command, where that is short.
    """

    def __init__(
        self,
        cards: EmulatedCards,
        applet: type[Applet],
        moments: list[Moment],
        *,
        secrets: Secrets | None = None,
        between: bool = True,
        program: Program | None = None,
    ) -> None:
        self._program = program
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
        for cut in cuts(self._moments, effort.seeds, every=self._between or effort.thorough):
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
        program = ""
        if self._program is not None:
            for command, _ in moment.before[moment.begun :]:
                self._program.send(command)
            program = self._program.cut(moment.command, cut.arguments)
        shown = apdu_script(moment.before, self._applet)
        return f"{program}{shown}\n> {moment.command.hex(' ').upper()}\n# {cut}".lstrip()


def _unlike(state: State, allowed: list[State], when: str) -> str:
    """Say in what a state is none of those allowed; nothing when it is one of them."""
    if state in allowed:
        return ""
    nearest = min((state.differs(one) for one in allowed), key=len)
    return f"{when} neither as before nor as after: {', '.join(nearest)}"
