"""A trace sent to a card once more, to see whether it still answers the same."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from yohaku.card.credentials import COMPARING, key_proof
from yohaku.card.traces.explain import Explainer
from yohaku.card.traces.purses import comparable
from yohaku.iso7816 import ApduError, Command, Instruction
from yohaku.schema import Key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from yohaku.card.card import Card
    from yohaku.card.traces.entry import TraceEntry
    from yohaku.schema import Applet

    SecretsOf = Callable[[type[Applet]], Mapping[str, bytes]]


class Outcome(Enum):
    """What became of one command."""

    SAME = "same"
    DIFFERENT = "different"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Replayed:
    """One command of a replay.

    Attributes:
        number: of the entry, from 1.
        entry: what the trace has.
        outcome: whether the card answered the same.
        response: what the card answered now; empty when the command was not sent.
        reason: why it was not sent, or how far answers were compared.
    """

    number: int
    entry: TraceEntry
    outcome: Outcome
    response: bytes = b""
    reason: str = ""


def replay(
    card: Card, entries: Iterable[TraceEntry], *, applets: Iterable[type[Applet]] = (), secrets: SecretsOf | None = None
) -> Iterator[Replayed]:
    """Send the commands of a trace to a card and compare the answers.

    Random answers (challenges, proofs) are compared by length and status word. A proof that the card took is made anew
    where the key is known, one that it refused is sent as it was, a hidden PIN is filled in where it is known; other
    hidden commands and those of a secure channel, which only its session keys can make, are skipped.

    Args:
        card: the card, in the state that the trace began with.
        entries: the trace.
        applets: declarations, to know which PIN or key a command names.
        secrets: gives the values of an applet's PINs and keys.

    Raises:
        LinkError: the link broke.
    """
    run = _Replay(card, Explainer(applets), secrets or _none)
    for number, entry in enumerate(entries, 1):
        yield run.step(number, entry)


class _Replay:
    def __init__(self, card: Card, explainer: Explainer, secrets: SecretsOf) -> None:
        self._card, self._explainer, self._secrets = card, explainer, secrets
        self._challenge = b""

    def step(self, number: int, entry: TraceEntry) -> Replayed:
        command, reason = self._prepare(entry)
        if command is None:
            self._explainer.explain(entry)
            return Replayed(number, entry, Outcome.SKIPPED, reason=reason)
        response, reason = self._card.transmit(command), ""
        self._explainer.explain(entry)
        if _is(command, Instruction.GET_CHALLENGE):
            self._challenge = response[:-2]
        if any(_is(command, ins) for ins in _RANDOM):
            same = len(response) == len(entry.response) and response[-2:] == entry.response[-2:]
            reason = "random: length and status compared"
        elif (alike := comparable(command, response)) is not None:
            same = alike == comparable(command, entry.response)
            reason = "a purse's number and proofs are not compared"
        else:
            same = response == entry.response
        return Replayed(number, entry, Outcome.SAME if same else Outcome.DIFFERENT, response, reason)

    def _prepare(self, entry: TraceEntry) -> tuple[bytes | None, str]:
        """Give the command to send, or none and the reason."""
        raw = entry.command
        if len(raw) > 1 and raw[0] & 0x80 and (raw[0] & 0x04 or raw[1] == Instruction.INITIALIZE_UPDATE):
            return None, "secure channel: its session keys are not in the trace"
        if _is(raw, Instruction.EXTERNAL_AUTHENTICATE) and entry.response[-2:] == _OK:
            return self._proof(raw), "no value of the key is known"
        if entry.hidden:
            return self._filled(raw), "hidden in the trace, and no value is known"
        return raw, ""

    def _proof(self, raw: bytes) -> bytes | None:
        found = self._explainer.credential(raw[3] & 0x7F, is_key=True)
        applet = self._explainer.selected
        if applet is None or not isinstance(found, Key) or not self._challenge:
            return None
        value = self._secrets(applet).get(found.name)
        if value is None:
            return None
        proof = key_proof(value, raw[1], found.reference, self._challenge, applet.aid)
        return Command(raw[0], raw[1], raw[2], raw[3], proof).to_bytes()

    def _filled(self, raw: bytes) -> bytes | None:
        """Fill a hidden PIN in where it is compared; other commands would give the card values that nobody knows."""
        applet, found = self._explainer.selected, self._explainer.credential(raw[3] & 0x7F)
        if applet is None or found is None or not any(_is(raw, ins) for ins in COMPARING):
            return None
        value = self._secrets(applet).get(found.name)
        return None if value is None else Command(raw[0], raw[1], raw[2], raw[3], value).to_bytes()


_OK = b"\x90\x00"
_RANDOM = (Instruction.GET_CHALLENGE, Instruction.INTERNAL_AUTHENTICATE)


def _is(raw: bytes, ins: int) -> bool:
    try:
        return raw[1] == ins and not Command.from_bytes(raw).cla & 0x80
    except (ApduError, IndexError):
        return False


def _none(_applet: type[Applet]) -> Mapping[str, bytes]:
    return {}
