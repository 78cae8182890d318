"""``yohaku schema check`` and ``document``: what a reviewer asks of a declaration."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yohaku.cli import console
from yohaku.cli.commands import Command
from yohaku.cli.parameters import json_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yohaku.schema import Applet
    from yohaku.schema.checks import Finding

_COLOURS = {"error": "red", "warning": "yellow", "advice": "cyan"}
all_option = click.option("--all", "takes_all", is_flag=True, help="Take every installed applet.")


@click.command(
    cls=Command,
    examples=(
        "yohaku schema check library-card",
        "yohaku schema check --all --no-prove --json",
    ),
)
@click.argument("targets", metavar="[TARGET]...", nargs=-1)
@all_option
@click.option("--free", "free_bytes", type=click.IntRange(0), metavar="BYTES", help="What the card grants the applet.")
@click.option("--prove/--no-prove", "proves", default=True, help="Try random records of every file, in seconds.")
@json_option
@click.pass_context
def check(
    ctx: click.Context,
    targets: Sequence[str],
    free_bytes: int | None,
    *,
    takes_all: bool,
    proves: bool,
    as_json: bool,
) -> None:
    """Check declarations: lawful to store, safe to hand out, complete to review.

    Ends with exit code 1 when there is an error; warnings and advice are for the designer to decide, and a
    declaration may ignore a rule where it is right, with a reason.
    """
    from yohaku.schema import checks

    applets = _applets(targets, takes_all=takes_all)
    found = [finding for applet in applets for finding in checks.check(applet, free_bytes=free_bytes)]
    found += checks.check_together(applets)
    found += _prove(applets) if proves else []
    if as_json:
        console.print_json([finding.to_json() for finding in found])
    else:
        _print(found)
    ctx.exit(int(any(finding.severity is checks.Severity.ERROR and not finding.ignored for finding in found)))


def _prove(applets: Sequence[type[Applet]]) -> list[Finding]:
    """Try random records, say on stderr how many came back unchanged, and give what did not."""
    if find_spec("hypothesis") is None:
        console.note("no random records were tried: that needs Hypothesis: pip install 'yohaku[test]'")
        return []
    from yohaku.testing import prove

    proofs = [proof for applet in applets for proof in prove(applet)]
    for proof in proofs:
        if proof.finding is None:
            console.note(str(proof))
    return [proof.finding for proof in proofs if proof.finding is not None]


def _print(findings: Sequence[Finding]) -> None:
    for finding in findings:
        severity = finding.severity.name.lower()
        colour = "bright_black" if finding.ignored else _COLOURS[severity]
        click.echo(f"{click.style(severity, fg=colour)} {click.style(finding.rule, bold=True)} {finding.where}")
        click.echo(f"  {finding.message}")
        if finding.ignored:
            click.echo(f"  ignored: {finding.reason}")
    count = sum(not finding.ignored for finding in findings)
    console.note(f"{console.counted(count, 'finding')}, {sum(finding.ignored for finding in findings)} ignored")


@click.command(
    cls=Command,
    examples=(
        "yohaku schema document library-card documents",
        "yohaku schema document --all documents",
    ),
)
@click.argument("targets", metavar="[TARGET]...", nargs=-1)
@click.argument("folder")
@all_option
def document(targets: Sequence[str], folder: str, *, takes_all: bool) -> None:
    """Write the documents of applets into FOLDER: a page, its picture, a JSON Schema; with --all an index too.

    Files that are right already stay untouched.
    """
    from yohaku.render.documents import applet_documents, documents

    applets = _applets(targets, takes_all=takes_all)
    Path(folder).mkdir(parents=True, exist_ok=True)
    made = documents(applets) if takes_all else {}
    for applet in () if takes_all else applets:
        made |= applet_documents(applet)
    changed = [name for name, content in made.items() if _write(Path(folder, name), content)]
    console.note(f"{console.counted(len(made), 'document')} in {folder}, {len(changed)} changed")


def _write(path: Path, content: str) -> bool:
    if path.is_file() and path.read_bytes() == content.encode():
        return False
    path.write_bytes(content.encode())
    return True


def _applets(targets: Sequence[str], *, takes_all: bool) -> list[type[Applet]]:
    from yohaku.cli.errors import UsageError
    from yohaku.cli.targets import installed_applets, load_target

    if takes_all == bool(targets):
        raise UsageError("name the applets, or take every installed one with --all")
    return list(installed_applets()) if takes_all else [load_target(target) for target in targets]
