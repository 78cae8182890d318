"""``yohaku fuzz``: inputs changed again and again until something breaks; what breaks becomes a test."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from yohaku.cli import console
from yohaku.cli.commands import Command
from yohaku.cli.parameters import json_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.codec import Json
    from yohaku.testing.fuzz import Call, Figures, Finding, Search, Target

LINE_SECONDS = 5.0
"""Seconds between lines of figures where there is no terminal."""


def _show_list(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's callback
    if not value or ctx.resilient_parsing:
        return
    from yohaku.cli.targets import installed
    from yohaku.testing.fuzz.targets import offered

    for name in (*sorted(installed()), *offered()):
        click.echo(name)
    click.echo("path/to/file.py:ClassName")
    ctx.exit()


@click.command(
    cls=Command,
    short_help="Try an applet or a parser with inputs that nobody thought of.",
    examples=(
        "yohaku fuzz --list",
        "yohaku fuzz library-card --seconds 1 --jobs 1",
        "yohaku fuzz tlv --seconds 1 --jobs 1 --corpus corpus --json",
    ),
)
@click.argument("target")
@click.option(
    "--list", "is_list", is_flag=True, is_eager=True, expose_value=False, callback=_show_list, help="List the targets."
)
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="How long to search; until Ctrl-C without it.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes; one for each core by default.")
@click.option("--corpus", metavar="DIR", help="Load inputs of interest from here, and leave the smallest set here.")
@click.option("--tests", metavar="DIR", default="findings", show_default=True, help="Where findings become tests.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the random choices.")
@json_option
@click.pass_context
def fuzz(
    ctx: click.Context,
    target: str,
    seconds: float | None,
    jobs: int | None,
    corpus: str | None,
    tests: str,
    seed: int,
    *,
    as_json: bool,
) -> None:
    """Try an applet or a parser with inputs that nobody thought of, guided by the code that they reach.

    TARGET is an applet (its name, or path/to/file.py:ClassName): the bytes, JSON and CSV of its records, and its
    commands on an emulated card. It may also be one of the other names of --list. Each different finding is made
    small and written as a test that fails until the fault is mended; its path goes to stdout. Ends with 0 when nothing
    was found, 1 when something was.
    """
    from yohaku.testing.fuzz import Corpus, Search

    shown = _Figures()
    search = Search(
        partial(load, target, tests),
        jobs=jobs or 0,
        seed=seed,
        corpus=None if corpus is None else Corpus(Path(corpus)),
        on_figures=shown,
        on_finding=partial(_write, Path(tests), shown, as_json=as_json),
    )
    with _stopped_by_signals(search):
        findings = search.run(seconds)
    shown.end()
    if as_json:
        console.print_json(_to_json(target, search.figures(), findings, tests))
    ctx.exit(1 if findings else 0)


@contextmanager
def _stopped_by_signals(search: Search) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end a search with what it found; the second one ends it at once."""

    def stop(number: int, _frame: object) -> None:
        search.stop()
        signal.signal(number, signal.default_int_handler)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def load(target: str, tests: str) -> Target:
    """Make the target of a name; each process of a search does.

    Raises:
        YohakuError: as `load_target` says.
    """
    from yohaku.cli.targets import installed, load_target
    from yohaku.errors import UnknownNameError
    from yohaku.testing.fuzz.targets import applet_target, offered

    points, applets = offered(), installed()
    if target in points:
        made: Target = points[target].load()()
        return made
    if ".py" not in target and target not in applets:
        raise UnknownNameError("target", target, [*sorted(applets), *points])
    applet = load_target(target)
    return applet_target(applet, _imported(target, applet.__name__, tests), name=target)


def _imported(target: str, name: str, tests: str) -> Call:
    """Say how a test gets hold of an applet's class: by import when it is installed, else from its file."""
    import os

    from yohaku.cli.targets import installed
    from yohaku.testing.fuzz import Call

    points = installed()
    if target in points:
        return Call("", imports=(f"from {points[target].module} import {name}",))
    path, _, _ = target.rpartition(".py")
    place = Path(os.path.relpath(f"{path}.py", tests)).as_posix()
    setup = f'{name} = load_target(f"{{Path(__file__).parent}}/{place}:{name}")'
    return Call("", imports=("from pathlib import Path", "from yohaku.cli.targets import load_target"), setup=(setup,))


def _write(folder: Path, shown: _Figures, finding: Finding, *, as_json: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / finding.file_name
    path.write_text(finding.test, encoding="utf-8")
    shown.end()
    console.note(f"{finding.part}: {finding.reason}: {finding.reason.message}")
    if not as_json:
        click.echo(str(path))


class _Figures:
    """Figures on stderr: one line that is written over on a terminal, else a line now and then."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._next, self._open = monotonic() + LINE_SECONDS, False

    def __call__(self, figures: Figures) -> None:
        if not figures.runs or not (self._is_terminal or monotonic() >= self._next):
            return
        self._next = monotonic() + LINE_SECONDS
        text = _sentence(figures)
        click.echo(f"\r\x1b[K{text}" if self._is_terminal else text, err=True, nl=not self._is_terminal)
        self._open = self._is_terminal

    def end(self) -> None:
        """End the line that is being written over."""
        if self._open:
            click.echo(err=True)
        self._open = False


def _sentence(figures: Figures) -> str:
    return (
        f"{figures.seconds:6.0f} s  {figures.runs:,} inputs, {figures.rate:,.0f} a second  "
        f"{figures.blocks:,} of {figures.probes:,} blocks  {figures.kept:,} kept  "
        f"{console.counted(figures.findings, 'finding')}"
    )


def _to_json(target: str, figures: Figures, findings: list[Finding], tests: str) -> Json:
    return {
        "target": target,
        "seconds": round(figures.seconds, 3),
        "inputs": figures.runs,
        "blocks": figures.blocks,
        "probes": figures.probes,
        "kept": figures.kept,
        "findings": [
            {
                "part": finding.part,
                "kind": finding.reason.kind,
                "place": finding.reason.place,
                "message": finding.reason.message,
                "input": finding.data.hex(),
                "test": (Path(tests) / finding.file_name).as_posix(),
            }
            for finding in findings
        ],
    }
