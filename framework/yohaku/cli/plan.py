"""``--plan``: the commands of an operation, their bytes and time, and which bytes of files change; nothing is sent.

An emulated card's copy in memory goes through the operation. A card in a reader is only read.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from yohaku.cli import console

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.card import Card, Exchange
    from yohaku.card.timing import CardTimes, PlannedCommand
    from yohaku.schema import Applet
    from yohaku_emulator.link import EmulatorLink

_ROW = 16


@dataclass
class Plan:
    """What an operation would do.

    Attributes:
        steps: meaning and size of each command.
        times: what the card's own work takes.
        changes: by file name the new bytes of transparent files, by offset.
    """

    times: CardTimes
    steps: list[tuple[str, PlannedCommand]] = field(default_factory=list)
    changes: dict[str, dict[int, int]] = field(default_factory=dict)


@contextmanager
def rehearsal(url: str, applet: type[Applet], *, on_fresh_card: bool = False) -> Iterator[tuple[Card, Plan]]:
    """Give a card that an operation can be tried on, and the plan that fills meanwhile.

    Args:
        url: the card; an emulated one is copied into memory.
        applet: whose files are named.
        on_fresh_card: for a card in a reader take a fresh emulated one, instead of reading the card.

    Raises:
        YohakuError: the card is not to be had.
    """
    from yohaku.card import Card, open_link
    from yohaku.card.planning import PlanLink
    from yohaku_emulator.link import open_copy

    scheme, _, rest = url.partition(":")
    if scheme == "emulator" or on_fresh_card:
        copy = open_copy(rest if scheme == "emulator" else "")
        with Card(copy) as card:
            yield card, _watched(card, applet, copy)
    else:
        with Card(PlanLink(open_link(url))) as card:
            yield card, _watched(card, applet, None)


def _watched(card: Card, applet: type[Applet], link: EmulatorLink | None) -> Plan:
    from yohaku.card.timing import CardTimes, PlannedCommand
    from yohaku.card.traces import Explainer, TraceEntry

    profile = None if link is None else link.card.profile
    times = CardTimes() if profile is None else CardTimes(profile.command_us, profile.page_us, profile.page)
    plan, explainer = Plan(times), Explainer([applet])
    written = [0 if link is None else link.card.writes]

    def note(exchange: Exchange) -> None:
        told = explainer.explain(TraceEntry(exchange.command, exchange.response))
        writes = written[0] if link is None else link.card.writes
        sizes = len(exchange.command), len(exchange.response)
        plan.steps.append((told.meaning, PlannedCommand(*sizes, writes - written[0])))
        written[0] = writes
        _note_change(plan, explainer.selected, exchange.command)

    card.observers.append(note)
    return plan


def _note_change(plan: Plan, applet: type[Applet] | None, command: bytes) -> None:
    """Note the bytes that an UPDATE BINARY by short file identifier writes."""
    from yohaku.iso7816 import Instruction

    if applet is None or len(command) < 6 or command[0] & 0x80 or command[1] != Instruction.UPDATE_BINARY:
        return
    file = next((file for file in applet.files().values() if 0x80 | file.sfi == command[2]), None)
    if file is not None:
        changed = enumerate(command[5 : 5 + command[4]], command[3])
        plan.changes.setdefault(file.name, {}).update(changed)


def print_plan(plan: Plan, applet: type[Applet]) -> None:
    """Print commands, sums, times and byte maps."""
    rows = [
        (str(number), str(step.command), str(step.response), str(step.pages), meaning)
        for number, (meaning, step) in enumerate(plan.steps, 1)
    ]
    console.table(rows, head=("", "THERE", "BACK", "PAGES", "COMMAND"))
    steps = [step for _, step in plan.steps]
    there, back = sum(step.command for step in steps), sum(step.response for step in steps)
    click.echo(
        f"\n{console.counted(len(steps), 'command')}, {console.counted(there, 'byte')} there, "
        f"{console.counted(back, 'byte')} back, {console.counted(sum(step.pages for step in steps), 'page')} written"
    )
    _print_times(steps, plan.times)
    for name, changed in plan.changes.items():
        _print_map(applet, name, changed)


def _print_times(steps: list[PlannedCommand], times: CardTimes) -> None:
    from yohaku.card.timing import LINK_MODELS, estimate

    found = [estimate(steps, model, times) for model in LINK_MODELS.values()]
    click.echo()
    console.table(
        [(one.link.title, f"{one.total_ms:8,.0f}", f"{one.link_ms:8,.0f}", f"{one.floor_ms:8,.0f}") for one in found],
        head=("LINK", "ABOUT MS", " ON LINK", "   FLOOR"),
    )
    click.echo(
        f"assumed: {times.command_us / 1000:g} ms for a command, {times.page_us / 1000:g} ms for a page written; "
        "the floor is the bytes alone"
    )


def _print_map(applet: type[Applet], name: str, changed: dict[int, int]) -> None:
    """Print the rows of a file in which bytes change, the new bytes in place, and the fields they belong to."""
    from yohaku.schema import applet_layout

    layout = next(file for file in applet_layout(applet).files if file.name == name)
    click.echo(f"\n{name}: {console.counted(len(changed), 'byte')} of {layout.size} travel")
    for start in sorted({at - at % _ROW for at in changed}):
        cells = [_cell(at, changed) for at in range(start, min(start + _ROW, layout.size))]
        click.echo(f"  {start:04x}  {' '.join(cells)}")
    if layout.atomic:
        return
    for segment in layout.segments:
        if segment.place is not None and any(segment.start // 8 <= at < (segment.stop + 7) // 8 for at in changed):
            click.echo(f"  {_span(segment)}: {segment.place.path} {segment.place.label}".rstrip())


def _cell(at: int, changed: dict[int, int]) -> str:
    return click.style(f"{changed[at]:02x}", fg="yellow", bold=True) if at in changed else "··"


def _span(segment: Any) -> str:
    first, last = segment.start // 8, (segment.stop + 7) // 8 - 1
    return f"byte {first}" if first == last else f"bytes {first} to {last}"
