"""``yohaku schema breaking`` and ``snapshot``: a declaration against an older one, wherever that one is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yohaku.cli import console
from yohaku.cli.commands import Command
from yohaku.cli.parameters import json_option, target_argument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yohaku.schema import Applet
    from yohaku.schema.breaking import Change
    from yohaku.schema.snapshot import AppletSnapshot

_COLOURS = {"WIRE": "red", "VALUE": "yellow", "SOURCE": "cyan"}


@click.command(
    cls=Command,
    examples=(
        "yohaku schema snapshot library-card version-1.json",
        "yohaku schema breaking library-card --against version-1.json",
        "yohaku schema breaking library-card --against version-1.json --least wire --json",
    ),
)
@target_argument
@click.option(
    "--against",
    "old",
    metavar="OLD",
    help="The older one: a file that schema snapshot wrote, path/to/old.py:ClassName, a git revision of TARGET's file, "
    "or REVISION:PATH. Without it, the version that the declaration names as its previous one.",
)
@click.option(
    "--least",
    type=click.Choice(["source", "value", "wire"]),
    default="source",
    show_default=True,
    help="Leave out weaker changes.",
)
@json_option
@click.pass_context
def breaking(ctx: click.Context, target: str, old: str | None, least: str, *, as_json: bool) -> None:
    """Find what breaks cards, values or programs of an older version of an applet.

    Ends with exit code 1 when there is a change that no declared upgrade makes good.
    """
    from yohaku.cli.targets import load_target
    from yohaku.schema import breaking as rules

    new = load_target(target)
    weakest = rules.Strength[least.upper()]
    found = [change for change in rules.breaking(new, _older(new, old)) if change.strength >= weakest]
    if as_json:
        console.print_json([change.to_json() for change in found])
    else:
        _print(found)
    ctx.exit(int(any(not change.migrated for change in found)))


def _print(changes: Sequence[Change]) -> None:
    for change in changes:
        name = change.strength.name
        click.echo(
            f"{click.style(name, fg=_COLOURS[name])} {click.style(change.rule, bold=True)} {change.where}".rstrip()
        )
        click.echo(f"  {change.message}")
        if change.migrated:
            click.echo("  an upgrade is declared")
    console.note(console.counted(len(changes), "breaking change"))


@click.command(
    cls=Command,
    examples=(
        "yohaku schema snapshot library-card version-1.json",
        "yohaku schema snapshot library-card -",
    ),
)
@target_argument
@click.argument("path")
def snapshot(target: str, path: str) -> None:
    """Save what later versions of an applet are compared with; PATH - prints it."""
    from yohaku.cli.targets import load_target
    from yohaku.schema.snapshot import schema_snapshot

    saved = schema_snapshot(load_target(target)).to_json()
    console.write_text(path, json.dumps(saved, ensure_ascii=False, indent=1) + "\n")


def _older(new: type[Applet], old: str | None) -> type[Applet] | AppletSnapshot:
    from yohaku.cli.errors import UsageError
    from yohaku.cli.sources import read_json
    from yohaku.cli.targets import load_target
    from yohaku.schema.snapshot import AppletSnapshot

    if old is None:
        if new.previous is None:
            raise UsageError(f"{new.name} names no previous version: say with --against what to compare it with")
        return new.previous
    if old.endswith(".json"):
        return AppletSnapshot.from_json(read_json(old))
    path, dot_py, _ = old.partition(".py")
    if dot_py and Path(path + dot_py).is_file():
        return load_target(old)
    return _at_revision(new, old)


def _at_revision(new: type[Applet], old: str) -> type[Applet]:
    """Load the applet as a git revision has it; the class keeps its name, or is the only applet of the file.

    Raises:
        UsageError: git does not find it, or there is no git.
        SchemaError, UnknownNameError: the old source does not run, or declares no such applet.
    """
    import inspect

    from yohaku.cli.errors import UsageError
    from yohaku.errors import UnknownNameError
    from yohaku.schema.sources import load_source

    source = Path(inspect.getsourcefile(new) or "").resolve()
    revision, _, path = old.partition(":")
    if revision.startswith("-") or not revision:
        raise UsageError(f"{old!r} is no file and no git revision")
    text = _git_show(source.parent if not path else Path.cwd(), f"{revision}:./{path or source.name}", old)
    try:
        return load_source(text, new.__name__, file_name=old)
    except UnknownNameError:
        return load_source(text, file_name=old)


def _git_show(folder: Path, name: str, old: str) -> str:
    import subprocess

    from yohaku.cli.errors import UsageError

    command = ["git", "-C", str(folder), "show", name]
    try:
        shown = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - the name starts with no dash
    except FileNotFoundError:
        raise UsageError(f"{old!r} is no file, and there is no git to look for such a revision") from None
    if shown.returncode:
        reason = shown.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        raise UsageError(f"{old!r} is no file, and git finds no such revision: {reason}")
    return shown.stdout.decode("utf-8")
