"""Check of an applet's commands: a session on a fork of an emulated card, held against the model of the applet.

An input is text, one step a line: a command in hex, ``reset``, ``login`` (every PIN and key with its right value),
``authenticate KEY``, ``cut N W old|new|mixed SEED`` (power goes N commands on at the W-th page write), ``read FILE``
and ``write FILE HEX`` (through `yohaku.card`). Other lines are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from yohaku.card import open_link
from yohaku.errors import YohakuError
from yohaku.testing.apdus import INSTRUCTIONS
from yohaku.testing.faults import OUTCOMES, Fault, PowerCut
from yohaku.testing.fuzz.finding import BrokenInvariantError
from yohaku.testing.invariants import InvariantBroken, Stage
from yohaku.testing.script import apdu_script
from yohaku.testing.sessions import Session
from yohaku.testing.steps import Authenticate, HostRead, HostWrite, Login, Reset, Send, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from yohaku.schema import Applet
    from yohaku.testing.watching import Event

_OK = b"\x90\x00"
MOST_STEPS = 40
"""Steps of one session; further lines are left out."""


_STAGES: dict[type[Applet], Stage] = {}


def stage(applet: type[Applet]) -> Stage:
    """Give a card with the applet on it, from which each session forks; made once for each applet."""
    if applet not in _STAGES:
        _STAGES[applet] = Stage(applet, open_link("emulator:"))
    return _STAGES[applet]


def check_session(applet: type[Applet], data: bytes) -> Iterable[Any]:
    """Run a session; marks are the answers that followed on each other.

    Raises:
        BrokenInvariantError: what broke, with the session as APDUs.
    """
    try:
        done = stage(applet).run(session_of(applet, data), look=len(data) % 4 == 0)
    except InvariantBroken as broken:
        raise BrokenInvariantError(
            broken.invariant.name, f"{broken}\n{_script(broken, applet)}", step=_kind(broken)
        ) from broken
    return _marks(done.log)


def _script(broken: InvariantBroken, applet: type[Applet]) -> str:
    """Write the session as APDUs, without the sentence at its head."""
    lines = apdu_script(broken, applet).splitlines()
    return "\n".join(lines[len(str(broken).splitlines()) :])


def _kind(broken: InvariantBroken) -> str:
    """Name the kind of step that broke: the last command's instruction, or the step through the host."""
    if isinstance(broken.cause, HostRead | HostWrite):
        return type(broken.cause).__name__
    commands = [event.command for event in broken.log if event.command]
    return f"instruction {commands[-1][1]:02X}" if commands and len(commands[-1]) > 1 else "reset"


def _marks(log: Iterable[Event]) -> Iterator[tuple[object, ...]]:
    """Give each known instruction with its status word, and which one succeeded after which."""
    before = -1
    for event in log:
        ins = event.command[1] if len(event.command) > 1 and event.command[1] in INSTRUCTIONS else -1
        yield ins, event.response[-2:]
        if event.response[-2:] == _OK:
            yield before, ins
            before = ins


def session_of(applet: type[Applet], data: bytes) -> Session:
    """Read a session; lines that say nothing are left out."""
    lines = data.decode("utf-8", "replace").split("\n")
    steps = (step for line in lines if (step := _step(applet, line.split())) is not None)
    return Session(tuple(step for step, _ in zip(steps, range(MOST_STEPS), strict=False)))


def _step(applet: type[Applet], words: list[str]) -> Step | Fault | None:
    if not words:
        return None
    make: Callable[[type[Applet], list[str]], Step | Fault] = _WORDS.get(words[0], _command)
    try:
        return make(applet, words)
    except (ValueError, IndexError, KeyError, YohakuError):
        return None


def _command(_applet: type[Applet], words: list[str]) -> Step:
    return Send(bytes.fromhex(words[0])[:261])


def _authenticate(applet: type[Applet], words: list[str]) -> Step:
    return Authenticate(applet.keys()[words[1]].name)


def _cut(_applet: type[Applet], words: list[str]) -> Fault:
    outcome = OUTCOMES[OUTCOMES.index(cast("Any", words[3]))]
    return PowerCut(1 + int(words[1]) % 8, 1 + int(words[2]) % 32, outcome, int(words[4]) % 256)


def _read(applet: type[Applet], words: list[str]) -> Step:
    return HostRead(applet.files()[words[1]].name, login=True)


def _write(applet: type[Applet], words: list[str]) -> Step:
    file = applet.files()[words[1]]
    return HostWrite(file.name, file.record.decode(bytes.fromhex(words[2])), login=True)


_WORDS: dict[str, Callable[[type[Applet], list[str]], Step | Fault]] = {
    "reset": lambda _applet, _words: Reset(),
    "login": lambda _applet, _words: Login(),
    "authenticate": _authenticate,
    "cut": _cut,
    "read": _read,
    "write": _write,
}
