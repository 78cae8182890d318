"""The test that runs random sessions on a card beside a model of what the declaration says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from yohaku.card import Card
from yohaku.testing.invariants import InvariantBroken, Stage
from yohaku.testing.script import apdu_script, python_script
from yohaku.testing.sessions import Session, sessions
from yohaku.testing.suite.base import AppletTests
from yohaku.testing.suite.broken import BrokenError, reported
from yohaku.testing.suite.cards import examples
from yohaku.testing.suite.examples import for_all

if TYPE_CHECKING:
    from yohaku.card import Link
    from yohaku.schema import Applet
    from yohaku.testing.suite.cards import Cards
    from yohaku.testing.suite.effort import Effort

ON_REAL_CARDS = 20
"""Of how many sessions one is run on a real card, which takes seconds to load and wears out."""


class ModelTests(AppletTests):
    """Whatever programs do, the card does what the declaration says."""

    @reported
    def test_random_sessions_do_what_the_declaration_says(self, yohaku_cards: Cards, yohaku_effort: Effort) -> None:
        """Every answer of every session is the model's; nothing acknowledged is lost, no secret comes out."""
        applet, real = self.applet, yohaku_cards.is_real
        stage = Reloaded(applet, yohaku_cards) if real else _stage(applet, yohaku_cards)
        if stage.model.kind.is_t0 and _strange(stage):
            pytest.skip(
                f"the number of {_strange(stage)} is not known, and T=0 gives receipts apart from their commands"
            )

        def holds(session: Session) -> None:
            try:
                stage.run(session)
            except InvariantBroken as broken:
                scripts = f"{python_script(broken, applet)}\n{apdu_script(broken, applet)}"
                raise BrokenError(applet.name, str(broken), scripts) from broken

        count = max(2, yohaku_effort.sessions // (ON_REAL_CARDS if real else 1))
        drawn = sessions(applet, faults=not real, longest=stage.model.kind.command)
        for_all(holds, drawn, effort=yohaku_effort, name=self.label("sessions"), where=self.where(""), examples=count)


def _strange(stage: Stage) -> str:
    """Name a purse whose number could not be learned; nothing when there is none."""
    purses = [purse for one in stage.model.instances.values() for purse in one.purses.values()]
    return next((purse.name for purse in purses if not purse.number), "")


def _stage(applet: type[Applet], cards: Cards) -> Stage:
    return Stage(applet, cards.link(), secrets=cards.secrets(applet), contents=examples(applet))


class Reloaded(Stage):
    """A real card with an applet on it, loaded anew for each session through its secure channel."""

    def __init__(self, applet: type[Applet], cards: Cards) -> None:
        contents, secrets = examples(applet), cards.secrets(applet)

        def load(card: Card) -> None:
            cards.load(card, applet, contents)

        super().__init__(applet, cards.link(), secrets=secrets, contents=contents, load=load)
        self._again = load

    def fresh(self) -> Link:
        """Load the applet anew, which takes back all that a session did."""
        self._again(Card(self.link))
        self._select()
        return self.link
