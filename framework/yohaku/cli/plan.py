"""``--plan``: what an operation would send, how long that takes, and which bytes of files change; nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from yohaku.cli import console
from yohaku.cli.rehearsal import differing, is_copied, rehearsal, stand_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yohaku.card import Card, Secrets
    from yohaku.card.timing import CardTimes, PlannedCommand
    from yohaku.cli.records import WritePlan
    from yohaku.cli.rehearsal import Plan
    from yohaku.schema import Applet, File, Purse, Record
    from yohaku.schema.layout import FileLayout

    Contents = Mapping[str, Record | Sequence[Record]]

_ROW = 16


def plan_load(
    kind: type[Applet], url: str, *, reads_back: bool, contents: Contents | None = None, on_copy: bool = True
) -> None:
    """Plan a load, with published PINs and keys of the same lengths.

    Args:
        kind: the applet.
        url: the card; one in a reader is not asked whether there is room.
        reads_back: whether contents are read out again.
        contents: first contents by file name.
        on_copy: False for a fresh card in any case.
    """
    from yohaku.card import Secrets
    from yohaku.globalplatform import load_applet
    from yohaku.render.terminal import draw
    from yohaku.schema import applet_layout

    secrets = Secrets.for_tests(kind)
    with rehearsal(url, kind, on_copy=on_copy) as (card, plan):
        load_applet(card, kind, secrets=secrets, contents=contents, resume=True, reads_back=reads_back)
    plan.changes = {name: _first_bytes(content) for name, content in (contents or {}).items()}
    print_plan(plan, kind)
    click.echo("\nNew on the card; all else in these files is zero, or without records, until it is written:\n")
    click.echo(draw(applet_layout(kind), width=console.terminal_width(), colour=console.has_colour()), nl=False)


def _first_bytes(content: Record | Sequence[Record]) -> dict[int, int]:
    """Give the bytes of a first content that are not zero, of several records those of the last."""
    from yohaku.schema import Record

    shown = content if isinstance(content, Record) else content[-1] if content else None
    return {} if shown is None else {at: byte for at, byte in enumerate(shown.encode()) if byte}


def plan_write(kind: type[Applet], wanted: WritePlan, url: str, secrets_file: str | None, before: str | None) -> None:
    """Plan a write.

    Args:
        kind: the applet.
        wanted: what shall be written.
        url: the card; one in a reader is not asked.
        secrets_file: PINs and keys.
        before: the record that the card holds, read earlier; without it, a plan for a card in a reader says what
            travels at most.

    Raises:
        YohakuError: the image's card refuses, or the earlier record does not fit.
    """
    from yohaku.cli.access import unlock

    on_copy = is_copied(url) and before is None
    with rehearsal(url, kind, on_copy=on_copy) as (card, plan):
        if on_copy:
            instance = card.open(kind)
            unlock(card, instance, wanted.rules, secrets_file, last_try=False)
            lines: Sequence[str] = wanted.prepare(instance)
        else:
            instance, lines = _stood_in(card, plan, kind, wanted, secrets_file, before)
        wanted.carry_out(instance)
    for line in lines:
        click.echo(line)
    click.echo()
    print_plan(plan, kind)


def _stood_in(
    card: Card, plan: Plan, kind: type[Applet], wanted: WritePlan, secrets_file: str | None, before: str | None
) -> tuple[Applet, Sequence[str]]:
    """Suppose a card that holds an earlier record, or one that differs in every byte; open it as a write does."""
    from yohaku.card import AppletSession
    from yohaku.cli.access import supposed_secrets
    from yohaku.cli.sources import read_json

    file: File[Any] = wanted.file
    lines: Sequence[str] = []
    contents: dict[str, list[bytes]] = {}
    if before is not None:
        contents[file.name] = _held(file, file.record.from_json(read_json(before)), wanted.number)
    elif not wanted.appends:
        record, lines = wanted.suppose()
        contents[file.name] = [differing(raw) for raw in _held(file, record, wanted.number)]
    every, presented = supposed_secrets(kind, wanted.rules, secrets_file)
    stand_in(card, plan, kind, every, contents)
    instance = card.open(kind)
    for rule in wanted.rules:
        if rule.alternatives and all(rule.alternatives):
            AppletSession.of(instance).satisfy(rule, presented)
    told = wanted.prepare(instance)
    return instance, lines or told


def plan_booking(
    kind: type[Applet],
    purse: Purse,
    verb: str,
    amount: int,
    reference: bytes | None,
    url: str,
    secrets_file: str | None,
) -> None:
    """Plan a credit or a debit; a card in a reader is not asked, and supposed to have what a debit takes.

    Raises:
        YohakuError: the image's card refuses.
    """
    from yohaku.card import AppletSession
    from yohaku.cli.access import supposed_secrets, unlock

    rule, on_copy = purse.rules[verb], is_copied(url)
    with rehearsal(url, kind, on_copy=on_copy) as (card, plan):
        if on_copy:
            instance = card.open(kind)
            unlock(card, instance, [rule], secrets_file, last_try=False)
        else:
            every, presented = supposed_secrets(kind, [rule], secrets_file)
            stand_in(card, plan, kind, every, {})
            _fill(card, kind, purse, every, amount if verb == "debit" else 0)
            plan.clear()
            instance = card.open(kind)
            if rule.alternatives and all(rule.alternatives):
                AppletSession.of(instance).satisfy(rule, presented)
        receipt = getattr(getattr(instance, purse.name), verb)(amount, reference=reference)
    if on_copy:
        click.echo(f"{purse.name}: booking {receipt.sequence}, balance {receipt.balance:,} afterwards\n")
    print_plan(plan, kind)


def _fill(card: Card, kind: type[Applet], purse: Purse, secrets: Secrets, amount: int) -> None:
    """Put an amount into the purse of a card that stands in for another one."""
    from yohaku.card import AppletSession

    instance = card.open(kind)
    if amount and purse.credit.alternatives and all(purse.credit.alternatives):
        AppletSession.of(instance).satisfy(purse.credit, secrets)
    while amount > 0:
        part = min(amount, purse.most_credit)
        getattr(instance, purse.name).credit(part)
        amount -= part
    card.reset()


def _held(file: File[Any], record: Record, number: int | None) -> list[bytes]:
    """Give what a file holds, as a load takes it: a record, or as many of it as there must be."""
    from yohaku.card.content import to_content
    from yohaku.card.copies import stored
    from yohaku.schema import RecordFile

    content = to_content(record, file.room, file.name)
    return [content] * (number or 1) if isinstance(file, RecordFile) else [stored(file, content)]


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
    """Print the byte map of a file, or of a record of it, with the new bytes in place and the fields they belong to."""
    from yohaku.render.changes import draw_changes
    from yohaku.schema import applet_layout

    layout = next(file for file in applet_layout(applet).files if file.name == name)
    whole = f"a record of {layout.record_size}" if layout.kind != "transparent" else str(layout.size)
    click.echo(f"\n{name}: {console.counted(len(changed), 'byte')} of {whole} travel")
    if layout.exact and not layout.atomic:
        width, colour = console.terminal_width(), console.has_colour()
        click.echo(draw_changes(layout, changed, width=width, colour=colour), nl=False)
    else:
        _print_rows(layout, changed)


def _print_rows(layout: FileLayout, changed: dict[int, int]) -> None:
    """Print the rows in which bytes change of a file whose fields have no fixed places."""
    for start in sorted({at - at % _ROW for at in changed}):
        cells = [_cell(at, changed) for at in range(start, min(start + _ROW, layout.size))]
        click.echo(f"  {start:04x}  {' '.join(cells)}")


def _cell(at: int, changed: dict[int, int]) -> str:
    return click.style(f"{changed[at]:02x}", fg="yellow", bold=True) if at in changed else "··"
