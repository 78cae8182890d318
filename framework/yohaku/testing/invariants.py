"""Sessions run against a card and its model: what must hold in every step, and the first thing that does not."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import currently_in_test_context, note

from yohaku.card import AppletSession, Card, Secrets
from yohaku.card.content import from_content
from yohaku.card.copies import newest
from yohaku.card.files import CardTransparentFile
from yohaku.errors import YohakuError
from yohaku.globalplatform import load_applet
from yohaku.iso7816 import Atr
from yohaku.iso7816 import Instruction as Ins
from yohaku.schema import TransparentFile
from yohaku.testing.faults import DroppedError, card_of, fork
from yohaku.testing.model import Model
from yohaku.testing.steps import (
    AskTries,
    Book,
    HostRead,
    HostWrite,
    Login,
    ReadPurse,
    ReadReceipts,
    Reset,
    Select,
    Step,
    whole_file,
)
from yohaku.testing.watching import OUTSIDE, Event, Invariant, InvariantBroken, WatchedLink, watch
from yohaku.testing.wire import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yohaku.card import Link
    from yohaku.schema import Applet
    from yohaku.testing.parts import Contents, Instance
    from yohaku.testing.sessions import Session

__all__ = ["Event", "Invariant", "InvariantBroken", "Run", "Stage", "run"]


@dataclass(frozen=True, slots=True)
class Run:
    """A session that broke nothing.

    Attributes:
        log: what travelled.
        model: the card's state at the end; the likeliest one when a fault left several.
    """

    log: tuple[Event, ...]
    model: Model


def run(
    session: Session,
    link: Link,
    applet: type[Applet],
    *,
    model: Model | None = None,
    look: bool = True,
    keep: bool = True,
) -> Run:
    """Run a session against a card and its model, and hold every answer and every error against the invariants.

    Args:
        session: the steps.
        link: the card, with the applet loaded.
        applet: the declaration.
        model: the state that the card is in, the applet selected on channel 0 or not; by default as after a load with
            the published test values and without contents.
        look: whether to lose power and read everything at the end, with all rights, when anything was written.
        keep: whether to do that on a fork of the card, where there are forks, so that the card stays as it is.

    Raises:
        InvariantBroken: what was broken, in which step. In a Hypothesis test its scripts are noted.
        FaultError: the session holds a fault that the link cannot have.
    """
    start = Model.of(applet) if model is None else model
    card = card_of(link)
    writes = -1 if card is None else card.writes
    watched = watch(link, start)
    try:
        _run(watched, session, applet)
        if look and (len(watched.models) > 1 or card is None or card.writes != writes):
            _look(watched, fork(link) if keep else None, len(session.steps) + 1)
    except InvariantBroken as broken:
        broken.start = start
        if currently_in_test_context():
            note(_Scripts(broken, applet))
        raise
    return Run(tuple(watched.log), watched.model)


def _run(watched: WatchedLink, session: Session, applet: type[Applet]) -> None:
    seat = watched.model.seats[0]
    if seat is None or not seat.aid:
        watched.reset()
        _take(watched, Select())
    for number, step in enumerate(session.steps, 1):
        watched.step, watched.doing = number, step
        if isinstance(step, HostRead | HostWrite):
            _through_host(watched, step, applet)
        elif isinstance(step, Step):
            if isinstance(step, Reset):
                watched.reset()
            _take(watched, step)
        else:
            watched.arm(step)


def _take(watched: WatchedLink, step: Step) -> None:
    """Send the commands of a step; what a fault interrupts ends there."""
    for command in step.commands(watched):
        try:
            response = watched.transmit(command)
            if watched.model.kind.is_t0:
                _fetch(watched, command, response)
        except InvariantBroken:
            raise
        except YohakuError:
            _resume(watched)
            return


def _fetch(watched: WatchedLink, command: bytes, response: bytes) -> None:
    """Ask again with the right Le, and for what waits, as a reader does with T=0 (ISO/IEC 7816-4:2020 5.3.4)."""
    if response[-2:-1] == b"\x6c" and len(command) == 5:
        response = watched.transmit(command[:4] + response[-1:])
    if response[-2:-1] == b"\x61":
        channel = command[0] & (0x4F if command[0] & 0x40 else 0x03)
        watched.transmit(bytes((channel, Ins.GET_RESPONSE, 0, 0)) + response[-1:])


def _resume(watched: WatchedLink) -> None:
    """Select the applet again when the card lost power, as a program would."""
    if any(seat is not None and seat.aid for seat in watched.model.seats):
        return
    with suppress(DroppedError):
        for command in Select(channel=0).commands(watched):
            watched.transmit(command)


def _through_host(watched: WatchedLink, step: HostRead | HostWrite, applet: type[Applet]) -> None:
    secrets = _secrets(watched.model)
    try:
        found = _host(watched, step, applet, secrets)
    except InvariantBroken:
        raise
    except YohakuError as error:
        if watched.broken is not None:
            raise watched.broken from error
        _resume(watched)
        _check_secrecy(watched, f"{error} {error!r}", secrets)
    except Exception as error:  # noqa: BLE001 - whatever the host raises is the finding
        watched.fail(Invariant.HOST_ERRORS, f"the host raised {type(error).__name__}: {error}")
    else:
        _check_read(watched, step, applet, found)


def _host(watched: WatchedLink, step: HostRead | HostWrite, applet: type[Applet], secrets: Secrets) -> Any:
    card, declared = Card(watched), applet.files()[step.file]
    opened = card.open(applet)
    if step.login:
        rule = declared.read if isinstance(step, HostRead) else list(declared.rules.values())[-1]
        AppletSession.of(opened).satisfy(rule, secrets)
    file = getattr(opened, step.file)
    if isinstance(step, HostRead):
        return file.read() if isinstance(file, CardTransparentFile) else file.records()
    return file.write(step.record) if isinstance(file, CardTransparentFile) else file.append(step.record)


def _check_read(watched: WatchedLink, step: HostRead | HostWrite, applet: type[Applet], found: Any) -> None:
    """Hold what the host read against the model, unless a fault may have garbled it."""
    if not isinstance(step, HostRead) or len(watched.models) > 1 or any(event.fault for event in watched.log):
        return
    declared = applet.files()[step.file]
    file = watched.model.instances[bytes(applet.aid)].files[declared.sfi]
    if isinstance(declared, TransparentFile):
        body = file.body
        if declared.atomic:
            copy = newest(body, step.file)
            body = bytes(declared.room) if copy is None else copy.content
        expected: Any = from_content(declared.record, body, step.file)
    else:
        expected = [from_content(declared.record, row, step.file) for row in file.rows]
    if found != expected:
        watched.fail(
            Invariant.CONTENT, f"the host read {found!r}, the card holds {expected!r}", expected=repr(expected)
        )


def _secrets(model: Model) -> Secrets:
    """Give the values as they are now."""
    instance = next(iter(model.instances.values()))
    pins = {pin.name: pin.value for pin in instance.pins}
    return Secrets({**pins, **{key.name: key.value for key in instance.keys}})


def _check_secrecy(watched: WatchedLink, text: str, secrets: Secrets) -> None:
    """Look for values of PINs and keys; those of three characters or less are also numbers that messages tell."""
    for name, value in secrets.items():
        if len(value) <= 3:
            continue
        shown = "|".join(re.escape(form) for form in {value.decode("latin-1"), value.hex(), repr(value)[2:-1]} if form)
        if re.search(rf"(?<![0-9A-Za-z])(?:{shown})(?![0-9A-Za-z])", text, re.IGNORECASE):
            watched.fail(Invariant.SECRECY, f"an error message shows the value of {name}")


def _look(watched: WatchedLink, twin: Link | None, step: int) -> None:
    """Lose power, then read everything that can be read with all rights, on another card in the same state if given."""
    seen = watched
    if twin is not None:
        seen = watch(twin, watched.model)
        seen.models = [model.copy() for model in watched.models]
        seen.log = watched.log
        seen.suspect(watched)
    seen.settle()
    seen.step, seen.doing = step, "the look at the end"
    seen.reset()
    for command in seen.model.outside:
        seen.transmit(command)
    _take(seen, Select())
    for one in _everything(next(iter(seen.model.instances.values()))):
        _take(seen, one)


def _everything(instance: Instance) -> Iterator[Step]:
    for pin in instance.pins:
        yield AskTries(pin.name)
    yield Login()
    for file in instance.files.values():
        yield from whole_file(file)
    for purse in instance.purses.values():
        yield ReadPurse(purse.name)
        for number in range(1, len(purse.log) + 1, 5):
            yield ReadReceipts(purse.name, number)


class _Scripts:
    """Both scripts of a finding, written only when somebody prints them."""

    def __init__(self, broken: InvariantBroken, applet: type[Applet]) -> None:
        self._broken, self._applet = broken, applet

    def __repr__(self) -> str:
        from yohaku.testing.script import apdu_script, python_script

        scripts = python_script(self._broken, self._applet), apdu_script(self._broken, self._applet)
        return "\n".join((f"{self._broken}\n", *scripts))


class Stage:
    """A card with an applet on it, from which every session starts anew.

    On a link with forks each session has a fork of its own; on any other the applet is deleted and loaded again.

    Args:
        applet: the declaration.
        link: the card, without the applet.
        secrets: values of its PINs and keys; the published test values by default.
        contents: first contents of its files.
        load: loads the applet; `yohaku.globalplatform.load_applet` with the published keys by default.

    Attributes:
        model: the state that every session starts from.
    """

    def __init__(
        self,
        applet: type[Applet],
        link: Link,
        *,
        secrets: Secrets | None = None,
        contents: Contents | None = None,
        load: Callable[[Card], object] | None = None,
    ) -> None:
        self.applet, self.link = applet, link
        self.secrets = Secrets.for_tests(applet) if secrets is None else secrets
        self.contents = contents or {}
        self._load = load or self._load_it
        self._load(Card(link))
        self.model = self._measured()
        self._select()

    def _load_it(self, card: Card) -> object:
        return load_applet(card, self.applet, secrets=self.secrets, contents=self.contents)

    def _measured(self) -> Model:
        """Ask the card what the model cannot know: what kind it is, and how much memory is free."""
        self.link.reset()
        is_t0 = 1 not in Atr.from_bytes(self.link.atr).protocols
        asked = {command: self.link.transmit(command) for command in OUTSIDE}
        if is_t0:
            exact = [command[:4] + answer[-1:] for command, answer in asked.items() if answer[-2:-1] == b"\x6c"]
            asked = {command: self.link.transmit(command) for command in exact}
        made = Model.of(self.applet, secrets=self.secrets, contents=self.contents, kind=self._kind(is_t0=is_t0))
        made.outside = {command: answer for command, answer in asked.items() if answer[-2:] == b"\x90\x00"}
        return made

    def _kind(self, *, is_t0: bool) -> Kind:
        channels = 1
        while channels < 20 and self.link.transmit(bytes((0, Ins.MANAGE_CHANNEL, 0, channels))) == b"\x90\x00":
            channels += 1
        self.link.reset()
        said = Card(self.link).select(bytes(self.applet.aid)).fci
        card = card_of(self.link)
        blocked = card.profile.blocked if card else 0
        return Kind(channels, said.chain_limit, blocked, is_t0, said.longest_command, said.longest_response)

    def _select(self) -> None:
        """Leave card and model with the applet selected on channel 0."""
        self.link.reset()
        watched = watch(self.link, self.model)
        _take(watched, Select())
        self.model = watched.model
        self._learn_numbers()

    def _learn_numbers(self) -> None:
        """Ask for the numbers of purses, which the card drew, on a fork."""
        twin = fork(self.link)
        mine = self.model.instances[bytes(self.applet.aid)].purses
        if twin is None or not mine:
            return
        watched = watch(twin, self.model)
        _take(watched, Login())
        for sfi, purse in tuple(mine.items()):
            _take(watched, ReadPurse(purse.name))
            if not self.model.kind.is_t0:
                _take(watched, Book(purse.name))
            found = watched.model.instances[bytes(self.applet.aid)].purses[sfi].number
            mine[sfi] = purse._replace(number=found)

    def run(self, session: Session, *, wrap: Callable[[Link], Link] | None = None, look: bool = True) -> Run:
        """Run a session from the start state.

        Args:
            session: the steps.
            wrap: puts something between the session and the card.
            look: whether to read everything at the end.

        Raises:
            InvariantBroken: what was broken, in which step.
            FaultError: the session holds a fault that the link cannot have.
        """
        link = self.fresh() if wrap is None else wrap(self.fresh())
        return run(session, link, self.applet, model=self.model, look=look, keep=False)

    def fresh(self) -> Link:
        """Give a link to a card in the start state."""
        twin = fork(self.link)
        if twin is not None:
            return twin
        from yohaku.globalplatform import delete_applet

        delete_applet(Card(self.link), bytes(self.applet.aid))
        self._load(Card(self.link))
        self._select()
        return self.link
