"""Tests of an applet's access rules, PINs and keys, on a card."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from yohaku.iso7816 import Command, Instruction, Status, describe
from yohaku.testing.suite.access import SPECIFIC, combinations_of, operations, ways
from yohaku.testing.suite.base import AppletTests, credentials, emulated, over, pins
from yohaku.testing.suite.broken import BrokenError, reported
from yohaku.testing.suite.trial import Trial

if TYPE_CHECKING:
    from yohaku.schema import Applet
    from yohaku.testing.suite.access import Way
    from yohaku.testing.suite.cards import Cards
    from yohaku.testing.suite.effort import Effort

    Found = dict[str, BrokenError]

_COULD_BLOCK = "a wrong value could leave it blocked for good"


class AccessTests(AppletTests):
    """Who may do what is exactly what the declaration says."""

    deviations: ClassVar[dict[Cards, Found]]

    @over("operation", lambda suite: operations(suite.applet))
    @reported
    def test_access_is_exactly_what_is_declared(
        self, operation: str, yohaku_cards: Cards, yohaku_effort: Effort
    ) -> None:
        """Every way of an operation answers as its rule says, whatever PINs and keys were presented."""
        if yohaku_cards not in self.deviations:
            self.deviations[yohaku_cards] = _deviations(yohaku_cards, self.applet, yohaku_effort)
        if operation in self.deviations[yohaku_cards]:
            raise self.deviations[yohaku_cards][operation]

    @reported
    def test_rights_end_with_the_session(self, yohaku_cards: Cards) -> None:
        """Neither another selection nor a reset leaves anything of what was presented."""
        everything = frozenset(credentials(type(self)))
        with Trial(yohaku_cards, self.applet) as trial:
            trial.enter(everything)
            trial.again()
            _expect_all(trial, frozenset(), "; everything was, before a new selection")
            trial.enter(everything)
            trial.card.reset()
            trial.again()
            _expect_all(trial, frozenset(), "; everything was, before a reset")

    @over("credential", credentials)
    @reported
    def test_a_wrong_value_takes_the_right_away(self, credential: str, yohaku_cards: Cards) -> None:
        """After a wrong value of one PIN or key only the others count."""
        everything = frozenset(credentials(type(self)))
        with Trial(emulated(yohaku_cards, _COULD_BLOCK), self.applet) as trial:
            trial.present_wrong(trial.enter(everything), credential)
            _expect_all(trial, everything - {credential}, f"; so was a wrong value of {credential}")

    @over("pin", pins)
    @reported
    def test_a_pin_is_blocked_after_its_tries(self, pin: str, yohaku_cards: Cards) -> None:
        """Each wrong value costs one try; at none left the right one is refused, and only the declared reset helps."""
        declared = self.applet.pins()[pin]
        with Trial(emulated(yohaku_cards, _COULD_BLOCK), self.applet) as trial:
            instance = trial.enter()
            for left in range(declared.tries, 0, -1):
                _expect_tries(trial, instance, pin, left)
                trial.present_wrong(instance, pin)
            _expect_blocked(trial, instance, pin)
            for row in declared.reset.ordered:
                if declared not in row:
                    _expect_reset(trial, pin, frozenset(item.name for item in row))
                    return

    @over("pin", pins)
    @reported
    def test_a_pin_counts_as_presented_only_when_disabled_by_its_holder(self, pin: str, yohaku_cards: Cards) -> None:
        """Only a PIN that is declared so can be disabled; then it counts as presented, until it is enabled."""
        declared = self.applet.pins()[pin]
        with Trial(yohaku_cards, self.applet) as trial:
            trial.enter()
            disable, number = Instruction.DISABLE_VERIFICATION_REQUIREMENT, SPECIFIC | declared.reference
            status = trial.send(Command(0x00, disable, 0x00, number, trial.secrets[pin]))
            if (status == Status.OK) != declared.can_disable:
                what = "allows" if declared.can_disable else "forbids"
                raise trial.broken(
                    pin, f"the declaration {what} its being disabled, the card answers {describe(status)}"
                )
            if not declared.can_disable:
                return
            trial.enter()
            _expect_all(trial, frozenset((pin,)), " by being disabled", disabled=pin)
            getattr(trial.enter(), pin).enable(trial.secrets[pin], last_try=True)
            trial.enter()
            _expect_all(trial, frozenset(), f"; {pin} was disabled and is enabled again")


def _deviations(cards: Cards, applet: type[Applet], effort: Effort) -> Found:
    """Try every way of every operation with every combination; give what deviates first, by operation."""
    found: Found = {}
    with Trial(cards, applet) as trial:
        every = ways(applet, trial.secrets)
        for held in combinations_of(applet, effort.credentials):
            trial.enter(held)
            for way in every:
                if way.id not in found and way.judge(held, trial.answer(way)):
                    found[way.id] = _explained(cards, applet, way, held)
    return found


def _explained(cards: Cards, applet: type[Applet], way: Way, held: frozenset[str]) -> BrokenError:
    """Carry out a way that deviated once more, alone on a fresh card, to show the commands that matter."""
    with Trial(cards, applet) as trial:
        trial.enter(held)
        return trial.broken(way.part, way.judge(held, trial.answer(way)) or f"{way.name} is answered now so, now so")


def _expect_all(trial: Trial, held: frozenset[str], note: str, *, disabled: str = "") -> None:
    """Carry out every way of every operation; a PIN that counts without being presented cannot be changed so."""
    for way in ways(trial.applet, trial.secrets):
        trial.expect(way, held - {disabled} if way.operation == "change" else held, note)


def _expect_tries(trial: Trial, instance: Applet, pin: str, left: int) -> None:
    told = getattr(instance, pin).tries_left
    if told != left:
        raise trial.broken(pin, f"the card tells {told} tries left, {left} are")


def _expect_blocked(trial: Trial, instance: Applet, pin: str) -> None:
    _expect_tries(trial, instance, pin, 0)
    number = SPECIFIC | trial.applet.pins()[pin].reference
    status = trial.send(Command(0x00, Instruction.VERIFY, 0x00, number, trial.secrets[pin]))
    if status not in {Status.BLOCKED, Status.REFERENCE_UNUSABLE}:
        raise trial.broken(pin, f"all tries are spent, and the card answers {describe(status)} to the right value")


def _expect_reset(trial: Trial, pin: str, held: frozenset[str]) -> None:
    instance = trial.enter(held)
    getattr(instance, pin).reset()
    _expect_tries(trial, instance, pin, trial.applet.pins()[pin].tries)
    trial.present(instance, pin)
