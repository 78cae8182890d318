"""``yohaku card trace``: what travelled between a program and a card, explained, and sent once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from yohaku.cli import console
from yohaku.cli.commands import Group
from yohaku.cli.parameters import card_option, json_option, secrets_option, yes_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yohaku.card import Secrets
    from yohaku.card.traces import Explanation, Replayed, TraceEntry
    from yohaku.codec import Json
    from yohaku.schema import Applet

TRACED = (
    "yohaku applet load library-card --card emulator:card.img",
    "cp card.img before.img",
    "yohaku schema example library-card borrower |",
    "  yohaku applet write library-card borrower - --card emulator:card.img --trace trace.jsonl",
)
applets_option = click.option(
    "--applet", "targets", multiple=True, metavar="TARGET", help="Know this applet, too; repeat for more."
)


@click.group(cls=Group, short_help="Explain what travelled to a card and back; send it once more.")
def trace() -> None:
    """Explain what travelled to a card and back; send it once more.

    FILE is what --trace wrote, or a hex log of another program: one command or response in each line; - for stdin.
    """


@trace.command(
    examples=(
        *TRACED,
        "yohaku card trace show trace.jsonl",
        "printf '> 00A4040006F059484B000100\\n< 6A82\\n' | yohaku card trace show -",
    )
)
@click.argument("file")
@applets_option
@json_option
def show(file: str, targets: Sequence[str], *, as_json: bool) -> None:
    """Explain each command of a trace, and show the records that files held."""
    from yohaku.card.traces import Explainer

    explainer = Explainer(_applets(targets))
    told = [(entry.masked(), explainer.explain(entry)) for entry in _read(file)]
    if as_json:
        console.print_json([_to_json(*one) for one in told])
        return
    for number, one in enumerate(told, 1):
        _print(number, *one)


def _read(file: str) -> list[TraceEntry]:
    from yohaku.card.traces import read_trace
    from yohaku.cli.sources import open_binary

    with open_binary(file) as source:
        return read_trace(source.read().decode("utf-8", "replace").splitlines())


def _applets(targets: Sequence[str]) -> list[type[Applet]]:
    from yohaku.cli.targets import installed_applets, load_target

    return [*installed_applets(), *map(load_target, targets)]


def _to_json(entry: TraceEntry, told: Explanation) -> Json:
    return {
        "time": None if entry.time is None else entry.time.isoformat(),
        "command": entry.command_text,
        "response": entry.response.hex(),
        "meaning": told.meaning,
        "status": told.status,
        "records": [{"title": title, "record": record.to_json()} for title, record in told.records],
        "notes": list(told.notes),
    }


def _print(number: int, entry: TraceEntry, told: Explanation) -> None:
    from yohaku.cli.records import print_records

    click.echo(click.style(f"{number:>3}  {told.meaning}", bold=True) + f"  -> {told.status}")
    click.secho(f"     {_cut(entry.command_text)}  <  {_cut(entry.response.hex())}", dim=True)
    for title, record in told.records:
        click.echo(f"     {title}")
        print_records(record, indent=7)
    for note in told.notes:
        click.echo(f"     {note}")


def _cut(text: str) -> str:
    return text if len(text) <= 64 else f"{text[:48]}... ({len(text) // 2} bytes)"


@trace.command(examples=(*TRACED, "yohaku card trace replay trace.jsonl --card emulator:before.img"))
@click.argument("file")
@applets_option
@card_option
@secrets_option
@yes_option
@json_option
@click.pass_context
def replay(
    ctx: click.Context,
    file: str,
    targets: Sequence[str],
    url: str,
    secrets_file: str | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Send a trace to a card in the same state, and check that it answers the same.

    Hidden PINs and proofs made with keys are made anew from --secrets, on emulated cards from the published values.
    Ends with exit code 1 when an answer differs.
    """
    from yohaku.card.traces import Outcome
    from yohaku.card.traces import replay as send
    from yohaku.cli.access import confirm, known_secrets
    from yohaku.cli.cards import open_card

    entries, applets = _read(file), _applets(targets)
    with open_card(url) as card:
        confirm(card, [f"{console.counted(len(entries), 'command')} of {file} to {card.name}"], yes=yes)

        known: dict[type[Applet], Secrets] = {}

        def secrets(applet: type[Applet]) -> Secrets:
            return known.setdefault(applet, known.get(applet) or known_secrets(card, applet, secrets_file))

        done = list(send(card, entries, applets=applets, secrets=secrets))
    if as_json:
        console.print_json([_outcome(one) for one in done])
    else:
        _sum_up(done)
    ctx.exit(int(any(one.outcome is Outcome.DIFFERENT for one in done)))


def _outcome(one: Replayed) -> Json:
    return {
        "number": one.number,
        "outcome": one.outcome.value,
        "was": one.entry.response.hex(),
        "is": one.response.hex(),
        "reason": one.reason,
    }


def _sum_up(done: Sequence[Replayed]) -> None:
    from yohaku.card.traces import Outcome

    for one in done:
        if one.outcome is Outcome.DIFFERENT:
            click.echo(f"{one.number:>3}  different  {_cut(one.entry.masked().command_text)}")
            click.echo(f"     was {_cut(one.entry.response.hex())}, is {_cut(one.response.hex())}")
        elif one.outcome is Outcome.SKIPPED:
            click.echo(f"{one.number:>3}  skipped    {one.reason}")
    counts = {outcome: sum(one.outcome is outcome for one in done) for outcome in Outcome}
    click.echo(", ".join(f"{count} {outcome.value}" for outcome, count in counts.items()))
