"""``yohaku schema density``, ``fits``, ``source`` and ``rules``: what a layout costs, runs as and must keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from yohaku.cli import console
from yohaku.cli.commands import Command
from yohaku.cli.parameters import json_option, target_argument

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command(
    cls=Command,
    examples=(
        "yohaku schema density library-card",
        "yohaku schema density local-currency --json",
    ),
)
@target_argument
@json_option
def density(target: str, *, as_json: bool) -> None:
    """Say how many bits each field spends, how many its values need, and which tighter type would save bytes."""
    from yohaku.cli.targets import load_target
    from yohaku.render.terminal import advise
    from yohaku.schema import applet_density

    found = applet_density(load_target(target))
    if as_json:
        console.print_json(found.to_json())
    else:
        click.echo(advise(found, colour=console.has_colour()), nl=False)


@click.command(
    cls=Command,
    examples=(
        "yohaku schema fits library-card local-currency --profile small",
        "yohaku schema fits emergency-medical --free 4096 --json",
    ),
)
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@click.option("--free", type=click.IntRange(0), metavar="BYTES", help="What the card grants.")
@click.option("--profile", default="generic", show_default=True, help="Take what an emulated card of this name grants.")
@json_option
def fits(targets: Sequence[str], free: int | None, profile: str, *, as_json: bool) -> None:
    """Tell whether applets fit on a card beside each other; ends with 1 when they do not.

    No figure here is the capacity of a real My Number card, which is not published.
    """
    from yohaku.cli.targets import load_target
    from yohaku.schema.profiles import fits as fit

    answer = fit(_granted(profile) if free is None else free, map(load_target, targets))
    if as_json:
        console.print_json(answer.to_json())
    else:
        click.echo(str(answer))
    if not answer.fits:
        raise SystemExit(1)


def _granted(profile: str) -> int:
    from yohaku.errors import UnknownNameError
    from yohaku_emulator import PROFILES

    if profile not in PROFILES:
        raise UnknownNameError("profile", profile, PROFILES)
    return PROFILES[profile].free_bytes


@click.command(
    cls=Command,
    examples=(
        "yohaku schema source library-card borrower",
        "yohaku schema source emergency-medical",
    ),
)
@target_argument
@click.argument("file", required=False)
def source(target: str, file: str | None) -> None:
    """Print the Python code that encodes and decodes the records of an applet, or of one FILE."""
    from yohaku.cli.targets import load_target
    from yohaku.codec.compiler import source_of

    applet = load_target(target)
    files = applet.files().values() if file is None else [applet.file(file)]
    click.echo("\n\n".join(f"# {each.name}: {each.record.__name__}\n{source_of(each.record)}" for each in files))


@click.command(
    cls=Command,
    examples=(
        "yohaku schema rules",
        "yohaku schema rules --json",
    ),
)
@json_option
@click.option("--markdown", metavar="FILE", help="Write them as a page; - for stdout.")
def rules(markdown: str | None, *, as_json: bool) -> None:
    """List the rules of schema check and schema breaking."""
    from yohaku.render.rules import rules_json, rules_markdown

    if as_json:
        console.print_json(rules_json())
    if markdown is not None:
        console.write_text(markdown, rules_markdown())
    if not as_json and markdown is None:
        _print_rules()


def _print_rules() -> None:
    from yohaku.schema import breaking, checks

    rows = [(rule.id, rule.severity.name.lower(), rule.summary) for rule in checks.RULES.values()]
    rows += [(rule.id, rule.strength.name, rule.summary) for rule in breaking.RULES.values()]
    console.table(rows, head=("RULE", "SEVERITY", "WHAT IT FINDS"))
