"""Check of a card's own commands: installing, loading, deleting, keys and the registry, in the clear and in a channel.

An input is text, one step a line: a command in hex, sent through the secure channel when one is open; ``open LEVEL``
(with the published test keys, level 0 to 5 of those that there are), ``raw HEX`` (past the channel), ``reset``, ``cut W
old|new|mixed SEED`` (power goes at the W-th page write from here).
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from yohaku.card import Card, Secrets, open_link
from yohaku.errors import YohakuError
from yohaku.globalplatform import SecurityDomain, load_applet
from yohaku.globalplatform.keys import KeySet
from yohaku.globalplatform.scp import Level, open_channel
from yohaku.globalplatform.scp.levels import POSSIBLE
from yohaku.iso7816 import Command, Response
from yohaku.testing.answers import is_standard
from yohaku.testing.faults import OUTCOMES, fork
from yohaku.testing.fuzz.example import Example
from yohaku.testing.fuzz.finding import BrokenInvariantError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from yohaku.card import Link

MOST_STEPS = 40
MOST_BYTES = 261
"""Bytes of the longest short command."""
_LEVELS = tuple(sorted(POSSIBLE))


@cache
def base() -> Link:
    """Give a card with an applet on it, from which each session forks."""
    link = open_link("emulator:")
    load_applet(Card(link), Example, secrets=Secrets.for_tests(Example))
    link.reset()
    return link


class _Direct:
    """The link as a step on a command's way; every answer must have a status word that there is."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.marks: list[object] = []

    def send(self, command: Command) -> Response:
        return Response.from_bytes(self.transmit(command.to_bytes()))

    def transmit(self, raw: bytes) -> bytes:
        answer = self.link.transmit(raw)
        if not is_standard(answer):
            raise BrokenInvariantError(
                "status-words", f"{raw.hex()} is answered {answer.hex()}", step=f"instruction {raw[1:2].hex()}"
            )
        self.marks.append((raw[1:2], answer[-2:]))
        return answer


class _Session:
    def __init__(self) -> None:
        twin = fork(base())
        if twin is None:
            raise YohakuError("this target needs a card that forks")
        self.link: Any = twin
        self.direct = _Direct(twin)
        self.channel: Any = self.direct

    def step(self, words: list[str]) -> Callable[[], object]:
        """Read one line; give what it asks for.

        Raises:
            ValueError, IndexError, YohakuError: the line says nothing.
        """
        if words[0] == "reset":
            return self.reset
        if words[0] == "open":
            return partial(self._open, _LEVELS[int(words[1]) % len(_LEVELS)])
        if words[0] == "cut":
            outcome = OUTCOMES[list[str](OUTCOMES).index(words[2])]
            return partial(self.link.card.memory.cut_at, 1 + int(words[1]) % 64, outcome, int(words[3]) % 256)
        if words[0] == "raw":
            return partial(self.direct.transmit, bytes.fromhex(words[1])[:MOST_BYTES])
        return partial(self._send, Command.from_bytes(bytes.fromhex(words[0])[:MOST_BYTES]))

    def _send(self, command: Command) -> object:
        return self.channel.send(command)

    def _open(self, level: Level) -> None:
        self.channel = self.direct
        self.channel = open_channel(self.direct, KeySet.for_tests(), level=level, challenge=bytes)

    def reset(self) -> None:
        self.link.reset()
        self.channel = self.direct

    def recover(self) -> None:
        """Give power back where it went."""
        self.link.card.memory.cut_at(0)
        self.reset()


def check_domain(data: bytes) -> Iterable[object]:
    """Run commands to the card's issuer domain, then look at the card as programs do: its sums are right."""
    session = _Session()
    for line in data.decode("utf-8", "replace").split("\n")[:MOST_STEPS]:
        try:
            action = session.step(line.split())
        except (ValueError, IndexError, YohakuError):
            continue
        try:
            action()
        except YohakuError:
            if not session.link.card.powered:
                session.recover()
    session.recover()
    _look(session)
    return session.direct.marks


def _look(session: _Session) -> None:
    """Read the registry, delete what the session installed, and count the free memory."""
    try:
        domain = SecurityDomain.open(Card(session.link), level=Level.C_MAC)
        aids, free = _state(domain)
    except YohakuError as error:
        session.direct.marks.append(type(error).__name__)
        return
    if len(set(aids)) != len(aids):
        raise BrokenInvariantError("registry", f"a name is there twice: {sorted(aid.hex() for aid in aids)}")
    session.direct.marks.append(len(aids))
    _check_sums(domain, aids, free)


def _check_sums(domain: SecurityDomain, aids: list[bytes], free: int) -> None:
    """Delete what is new; then as much memory must be free as before it came."""
    known, free_before = _base_state()
    if not set(known) <= set(aids):
        return
    new = [aid for aid in aids if aid not in known]
    try:
        for aid in new:
            if aid in _state(domain)[0]:
                domain.delete(aid, related=True)
        free = _state(domain)[1] if new else free
    except YohakuError:
        return
    if free != free_before:
        told = ", ".join(aid.hex() for aid in new) or "nothing"
        raise BrokenInvariantError(
            "quota", f"{free} bytes are free after {told} was deleted, {free_before} were before it"
        )


def _state(domain: SecurityDomain) -> tuple[list[bytes], int]:
    """Give the names in the registry and the free bytes."""
    entries = [*domain.applications(), *domain.load_files()]
    return [entry.aid for entry in entries], domain.free_bytes() or 0


@cache
def _base_state() -> tuple[list[bytes], int]:
    twin = fork(base())
    if twin is None:
        raise YohakuError("this target needs a card that forks")
    return _state(SecurityDomain.open(Card(twin)))
