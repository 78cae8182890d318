"""Check of secure messaging, host and card against each other: what is sent arrives, what was changed does not.

An input is a byte for the protocol and the level, then exchanges: one byte says what to do to it, two the lengths of
data and answer, then the bytes themselves and where they are changed on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from yohaku.globalplatform.keys import KeySet
from yohaku.globalplatform.scp import Level, MessageError, scp02, scp03
from yohaku.globalplatform.scp.levels import POSSIBLE, secured_class
from yohaku.iso7816 import Command, Response
from yohaku.testing.fuzz.finding import BrokenInvariantError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHALLENGE = bytes(range(16))
KEY = bytes(range(0x40, 0x50))
STATUSES = (0x9000, 0x6300, 0x6283, 0x6A80, 0x6982, 0x6200, 0x63C3, 0x6110)
_LEVELS = tuple(sorted(POSSIBLE))


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command and its answer, and what happens to them on the way.

    Attributes:
        command: in the clear.
        response: in the clear.
        command_change: what is added to bytes of the secured command, from a place on; nothing leaves it as it is.
        response_change: the same of the secured response.
        place: where the change begins.
        raw: whether the card is sent the command's bytes as a secured command that no host made.
    """

    command: Command
    response: Response
    command_change: bytes
    response_change: bytes
    place: int
    raw: bool


def check_messages(data: bytes) -> Iterable[str]:
    """Run a session of both sides over exchanges; it ends with the first one that was changed."""
    choice = data[0] if data else 0
    host, card, level = _sides(choice)
    marks = [f"level {level:02X}"]
    for exchange in _exchanges(data[1:]):
        marks.append(_run(host, card, level, exchange))
        if marks[-1] != "arrived":
            break
    return marks


def _sides(choice: int) -> tuple[Any, Any, Level]:
    """Give host and card after the handshake."""
    if choice & 0x80:
        levels = sorted(scp02.LEVELS)
        host, card = _scp02()
    else:
        levels = list(_LEVELS)
        host, card = _scp03(long=bool(choice & 0x40))
    level = levels[choice % len(levels)]
    if not card.authenticate(host.external_authenticate(level)):
        raise BrokenInvariantError("handshake", f"the card refuses the right proof at level {level:02X}")
    host.level = level
    return host, card, level


@cache
def _keys02() -> scp02.SessionKeys:
    return scp02.SessionKeys.derive(KeySet.single(KEY), b"\0\1")


@cache
def _keys03(*, long: bool) -> scp03.SessionKeys:
    return scp03.SessionKeys.derive(KeySet.single(KEY), CHALLENGE * (2 if long else 1))


def _scp02() -> tuple[Any, Any]:
    keys = _keys02()
    proof = keys.host_cryptogram(CHALLENGE[:8], CHALLENGE[8:14])
    return scp02.HostSession(keys, proof), scp02.CardSession(keys, proof)


def _scp03(*, long: bool) -> tuple[Any, Any]:
    keys = _keys03(long=long)
    return scp03.HostSession(keys), scp03.CardSession(keys)


def _exchanges(data: bytes) -> Iterator[Exchange]:
    at = 0
    while at + 8 <= len(data):
        kind, sent, answered, place, cla, ins, p1, p2 = data[at : at + 8]
        at += 8
        body, at = data[at : at + sent], at + sent
        answer, at = data[at : at + answered], at + answered
        changes = data[at : at + 2 * bool(kind & 3)]
        at += len(changes)
        yield Exchange(
            Command(0x80 | cla & 0x03, ins, p1, p2, body),
            Response(answer, STATUSES[kind >> 4 & 7]),
            changes[:1] if kind & 1 else b"",
            changes[-1:] if kind & 2 else b"",
            place,
            bool(kind & 4),
        )


def _run(host: Any, card: Any, level: Level, exchange: Exchange) -> str:
    if exchange.raw:
        return _forged(card, level, exchange)
    try:
        secured = host.wrap(exchange.command)
    except MessageError:
        if len(exchange.command.data) <= host.longest_data(255):
            raise BrokenInvariantError(
                "what-fits-is-wrapped", f"{len(exchange.command.data)} bytes", step="host"
            ) from None
        return "too long"
    travelled = replace(secured, data=_changed(secured.data, exchange.command_change, exchange.place))
    opened = _opened(card.unwrap, travelled)
    if opened is None or travelled != secured:
        return _judge("card", opened, changed=travelled != secured, protected=bool(level & Level.C_MAC))
    if opened != exchange.command:
        raise BrokenInvariantError("what-is-sent-arrives", f"{exchange.command} arrives as {opened}", step="card")
    return _answer(host, card, level, exchange)


def _answer(host: Any, card: Any, level: Level, exchange: Exchange) -> str:
    response = replace(exchange.response, data=exchange.response.data[: card.longest_answer(256)])
    sealed = card.wrap(response)
    travelled = replace(sealed, data=_changed(sealed.data, exchange.response_change, exchange.place))
    opened = _opened(host.unwrap, travelled)
    if opened is None or travelled != sealed:
        protected = bool(level & Level.R_MAC) and response.status >> 8 in {0x90, 0x62, 0x63}
        return _judge("host", opened, changed=travelled != sealed, protected=protected)
    if opened != response:
        raise BrokenInvariantError("what-is-sent-arrives", f"{response} arrives as {opened}", step="host")
    return "arrived"


def _judge(side: str, opened: object, *, changed: bool, protected: bool) -> str:
    """Judge what became of a message that was changed, or refused."""
    if opened is None and not changed:
        raise BrokenInvariantError("what-is-sent-arrives", "an unchanged message is refused", step=side)
    if opened is not None and protected:
        raise BrokenInvariantError("changes-are-noticed", f"a changed message is opened: {opened}", step=side)
    return f"{side} refused" if opened is None else f"{side} took what nothing protects"


def _forged(card: Any, level: Level, exchange: Exchange) -> str:
    """Send the card a command that no host secured."""
    command = exchange.command
    forged = replace(command, cla=secured_class(command.cla) if exchange.place & 1 else command.cla)
    opened = _opened(card.unwrap, forged)
    if opened is not None and level & Level.C_MAC:
        raise BrokenInvariantError("forgeries-are-noticed", f"{forged} is opened as {opened}", step="card")
    return "forgery refused" if opened is None else "forgery taken where nothing protects"


def _opened(open_: Any, message: Any) -> Any:
    try:
        return open_(message)
    except MessageError:
        return None


def _changed(data: bytes, change: bytes, place: int) -> bytes:
    """Add to a byte, or cut there when what is added is nothing."""
    if not change or not data:
        return data
    at = place % len(data)
    if not change[0]:
        return data[:at]
    return data[:at] + bytes(((data[at] + change[0]) & 0xFF,)) + data[at + 1 :]
