"""Tests of what becomes of cards, values and programs of an applet's earlier versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from yohaku.card import Card, Secrets
from yohaku.card.content import to_content
from yohaku.errors import YohakuError
from yohaku.globalplatform import upgrade_applet
from yohaku.schema import CyclicFile, LinearFile, RecordFile
from yohaku.schema.breaking import breaking
from yohaku.schema.declarations import MOST_RECORDS
from yohaku.schema.evolution import file_steps, history, purse_source, renewed_content
from yohaku.testing.suite.base import AppletTests, emulated, over
from yohaku.testing.suite.broken import BrokenError, reported
from yohaku.testing.suite.examples import for_all
from yohaku.testing.suite.scripts import from_value
from yohaku.testing.suite.states import content_of, is_whole, purse_of
from yohaku.testing.suite.tearing import NO_CUTS, Sweep
from yohaku.testing.suite.trial import Trial
from yohaku.testing.values import records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from yohaku.schema import Applet, File, Record
    from yohaku.schema.evolution import FileStep
    from yohaku.testing.suite.cards import Cards, Contents, EmulatedCards
    from yohaku.testing.suite.effort import Effort
    from yohaku_emulator import EmulatedCard

CARDS = 10
"""Of how many examples one is a whole card that is upgraded."""


def versions(suite: type[AppletTests]) -> Iterable[str]:
    """Name the earlier versions in the applet's history."""
    return [f"version {one.version}" for one in history(suite.applet)[1:]]


def _named(applet: type[Applet], version: str) -> type[Applet]:
    return next(one for one in history(applet) if f"version {one.version}" == version)


class EvolutionTests(AppletTests):
    """What an earlier version wrote is not lost, and what was written for it goes on working."""

    @over("saved", lambda suite: suite.snapshots)
    @reported
    def test_nothing_breaks_since_the_saved(self, saved: str) -> None:
        """Cards, values and programs of a saved version go on working, or an upgrade of the contents is declared."""
        found = [change for change in breaking(self.applet, self.snapshots[saved]) if not change.migrated]
        if found:
            raise BrokenError(
                self.applet.name,
                f"{len(found)} breaking change{'s' if len(found) > 1 else ''} since {saved}",
                "\n".join(f"{one.strength.name} {one.rule} {one.where}: {one.message}" for one in found),
            )

    @over("earlier", versions)
    @reported
    def test_every_record_is_made_new_from(self, earlier: str, yohaku_effort: Effort) -> None:
        """Whatever record the earlier version could hold becomes one of this version."""
        old = _named(self.applet, earlier)
        for step in file_steps(self.applet, old.version):
            if step.source is not None:
                self._check_renewal(old, step, yohaku_effort)

    @over("earlier", versions)
    @reported
    def test_a_card_is_upgraded_from(self, earlier: str, yohaku_cards: Cards, yohaku_effort: Effort) -> None:
        """A card of the earlier version, whatever it holds, is one of this version with all of that afterwards."""
        cards, old = emulated(yohaku_cards, "many cards are upgraded"), _named(self.applet, earlier)
        drawn = st.fixed_dictionaries(_contents(old, self.applet))
        for_all(
            lambda held: _check_upgrade(cards, old, self.applet, held),
            drawn,
            effort=yohaku_effort,
            name=self.label("upgrade", old.version),
            where=self.where(""),
            examples=max(2, yohaku_effort.examples // CARDS),
        )

    @over("earlier", versions)
    @reported
    def test_an_upgrade_that_is_cut_can_be_completed_from(
        self,
        earlier: str,
        yohaku_cards: Cards,
        yohaku_effort: Effort,
        record_property: Callable[[str, object], None],
    ) -> None:
        """After a cut anywhere in an upgrade a second one ends as the first would have."""
        cards, old, new = emulated(yohaku_cards, NO_CUTS), _named(self.applet, earlier), self.applet
        secrets = _secrets(cards, old, new)
        link = cards.record(cards.chip(old))
        with Trial(cards, new, card=Card(link), secrets=secrets) as trial:
            upgrade_applet(trial.card, new, secrets=secrets)

        def again(chip: EmulatedCard) -> Any:
            upgrade_applet(cards.connect(chip), new, secrets=secrets)
            return sweep.observe(chip)

        sweep = Sweep(cards, new, link.moments, secrets=secrets, between=False)
        record_property("cut_points", sweep.run(yohaku_effort, again))

    def _check_renewal(self, old: type[Applet], step: FileStep, effort: Effort) -> None:
        source, name = step.source, self.where(step.file.name)
        if source is None:
            return

        def holds(record: Record) -> None:
            raw = to_content(record, source.room, source.name)
            try:
                step.file.record.decode_from(renewed_content(self.applet, old.version, step.file.name, raw))
            except YohakuError as error:
                what = f"{record!r} of version {old.version} does not become a record of version {self.applet.version}"
                raise BrokenError(name, f"{what}: {error}", from_value(record)) from error

        place = self.label("renew", old.version, step.file.name)
        for_all(holds, records(source.record), effort=effort, name=place, where=name)


def _contents(old: type[Applet], new: type[Applet]) -> dict[str, st.SearchStrategy[Any]]:
    """Give contents of an earlier version's files, no more records than the new version has room for."""
    drawn: dict[str, st.SearchStrategy[Any]] = {name: _content(file) for name, file in old.files().items()}
    for step in file_steps(new, old.version):
        if isinstance(step.source, RecordFile) and isinstance(step.file, LinearFile):
            drawn[step.source.name] = _content(step.source, min(step.file.records, step.source.records))
    return drawn


def _content(file: File[Any], most: int = MOST_RECORDS) -> st.SearchStrategy[Any]:
    if isinstance(file, RecordFile):
        return st.lists(records(file.record), max_size=min(most, file.records + isinstance(file, CyclicFile)))
    return records(file.record)


def _secrets(cards: Cards, old: type[Applet], new: type[Applet]) -> Secrets:
    """Give the values that an upgraded applet has: PINs and keys keep those of the earlier version."""
    before, after = cards.secrets(old), cards.secrets(new)
    return Secrets({name: before.get(name, value) for name, value in after.items()})


def _check_upgrade(cards: EmulatedCards, old: type[Applet], new: type[Applet], held: Contents) -> None:
    """Upgrade a card and compare what it holds with what it held."""
    card, secrets = cards.blank(), _secrets(cards, old, new)
    cards.load(card, old, held)
    purses = _booked(cards, old, card)
    with Trial(cards, new, card=card, secrets=secrets) as trial:
        upgrade_applet(card, new, secrets=secrets)
        instance = trial.enter(frozenset((*new.pins(), *new.keys())))
        for step in file_steps(new, old.version):
            found, wanted = content_of(instance, step.file.name), _wanted(new, old.version, step, held)
            if step.file.read.alternatives and found != wanted:
                what = f"holds {_hex(found)} after the upgrade of {held!r}, not {_hex(wanted)}"
                raise trial.broken(step.file.name, what)
        for name in new.purses():
            source = purse_source(new, old.version, name)
            if source is not None and _lost(purses[source.name], purse_of(instance, name)):
                raise trial.broken(name, f"is {purse_of(instance, name)} after the upgrade, not {purses[source.name]}")


def _booked(cards: EmulatedCards, old: type[Applet], card: Card) -> dict[str, tuple[object, object]]:
    """Credit every purse that can be, so that there is something to lose; give what purses are."""
    with Trial(cards, old, card=card) as trial:
        instance = trial.enter(frozenset((*old.pins(), *old.keys())))
        for name, purse in old.purses().items():
            if purse.credit.alternatives:
                getattr(instance, name).credit(1)
        return {name: purse_of(instance, name) for name in old.purses()}


def _lost(before: tuple[object, object], after: tuple[object, object]) -> bool:
    """Tell whether purses differ, as far as both versions let somebody see them."""
    return is_whole(before) and is_whole(after) and before != after


def _wanted(new: type[Applet], version: int, step: FileStep, held: Contents) -> object:
    """Give what a file should hold after an upgrade, in the order in which a card tells it."""
    file, source = step.file, step.source
    content: Any = [] if source is None else held[source.name]
    if not isinstance(file, RecordFile):
        return bytes(file.room) if source is None else _renewed(new, version, step, content).ljust(file.room, b"\0")
    made = [_renewed(new, version, step, record) for record in content]
    kept = made[len(made) - min(len(made), file.records, getattr(source, "records", 0)) :]
    return tuple(reversed(kept) if isinstance(file, CyclicFile) else kept)


def _renewed(new: type[Applet], version: int, step: FileStep, record: Record) -> bytes:
    source = step.source or step.file
    raw = to_content(record, source.room, source.name)
    return raw if step.copied else renewed_content(new, version, step.file.name, raw)


def _hex(content: object) -> str:
    parts = content if isinstance(content, tuple) else (content,)
    return ", ".join(part.hex() if isinstance(part, bytes) else str(part) for part in parts) or "nothing"
