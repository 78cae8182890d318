"""A card that an operation is tried on for ``--plan``: nothing reaches the card that is meant, or its file.

An image's card is copied into memory. For a card in a reader an emulated one stands in, which holds what the
declaration and the caller say.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yohaku.card import Card, Exchange, Secrets
    from yohaku.card.timing import CardTimes, PlannedCommand
    from yohaku.schema import Applet, File
    from yohaku_emulator.link import EmulatorLink


@dataclass
class Plan:
    """What an operation would do.

    Attributes:
        times: what the card's own work takes.
        steps: meaning and size of each command.
        changes: by file name the bytes that are written, by offset in the file or in one of its records.
    """

    times: CardTimes
    steps: list[tuple[str, PlannedCommand]] = field(default_factory=list)
    changes: dict[str, dict[int, int]] = field(default_factory=dict)

    def clear(self) -> None:
        """Forget what came before the operation."""
        self.steps.clear()
        self.changes.clear()


def is_copied(url: str) -> bool:
    """Whether the card that a URL names can be copied, with what it holds."""
    return url.partition(":")[0] == "emulator"


@contextmanager
def rehearsal(url: str, applet: type[Applet], *, on_copy: bool = True) -> Iterator[tuple[Card, Plan]]:
    """Give a card that an operation can be tried on, and the plan that fills meanwhile.

    Args:
        url: the card; an emulated one is copied into memory, for another one a fresh emulated card stands in.
        applet: whose files are named.
        on_copy: False for a fresh card in any case.

    Raises:
        YohakuError: there is no such kind of link, or the image cannot be read.
    """
    from yohaku.card import Card
    from yohaku.card.connection import check_url
    from yohaku_emulator.link import open_copy

    if on_copy:
        check_url(url)
    copy = open_copy(url.partition(":")[2] if on_copy and is_copied(url) else "")
    with Card(copy) as card:
        yield card, _watched(card, applet, copy)


def stand_in(
    card: Card, plan: Plan, applet: type[Applet], secrets: Secrets, contents: Mapping[str, Sequence[bytes]]
) -> None:
    """Put an applet onto a rehearsal's card as the card that is meant has it; the plan begins after that."""
    from yohaku.globalplatform import load_bytes

    load_bytes(card, applet, secrets=secrets, contents=contents)
    card.reset()
    plan.clear()


def differing(content: bytes) -> bytes:
    """Give bytes of which none is as in ``content``, so that all of it has to travel."""
    return bytes(byte ^ 0xFF for byte in content)


def _watched(card: Card, applet: type[Applet], link: EmulatorLink) -> Plan:
    from yohaku.card.timing import CardTimes, PlannedCommand
    from yohaku.card.traces import Explainer, TraceEntry

    profile = link.card.profile
    plan = Plan(CardTimes(profile.command_us, profile.page_us, profile.page, profile.block))
    explainer, written = Explainer([applet]), [link.card.writes]

    def note(exchange: Exchange) -> None:
        told = explainer.explain(TraceEntry(exchange.command, exchange.response))
        sizes = len(exchange.command), len(exchange.response)
        plan.steps.append((told.meaning, PlannedCommand(*sizes, link.card.writes - written[0])))
        written[0] = link.card.writes
        _note_change(plan, explainer.selected, exchange.command)

    card.observers.append(note)
    return plan


def _note_change(plan: Plan, applet: type[Applet] | None, command: bytes) -> None:
    """Note what an UPDATE BINARY by short file identifier, an UPDATE RECORD or an APPEND RECORD writes."""
    from yohaku.iso7816 import ApduError, Command, Instruction

    if applet is None or len(command) < 6 or command[0] & 0x80:
        return
    try:
        parts = Command.from_bytes(command)
    except ApduError:
        return
    if parts.ins == Instruction.UPDATE_BINARY and parts.p1 & 0x80:
        sfi, offset = parts.p1 & 0x1F, parts.p2
    elif parts.ins in {Instruction.UPDATE_RECORD, Instruction.APPEND_RECORD}:
        sfi, offset = parts.p2 >> 3, 0
    else:
        return
    file = _file(applet, sfi)
    if file is not None:
        plan.changes.setdefault(file.name, {}).update(enumerate(parts.data, offset))


def _file(applet: type[Applet], sfi: int) -> File[Any] | None:
    return next((file for file in applet.files().values() if file.sfi == sfi), None)
