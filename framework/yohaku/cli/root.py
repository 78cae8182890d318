"""The root of the command line: its groups by name, imported when one is used, and what happens to every error."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from yohaku import __version__
from yohaku.cli.commands import Lazy, LazyGroup

NOUNS = {
    "demo": Lazy("yohaku.cli.demo", "demo", "Show an applet's whole way, from declaration to card and back."),
    "schema": Lazy("yohaku.cli.schema", "schema", "Draw applets, and turn their records into bytes and back."),
    "applet": Lazy("yohaku.cli.applet", "applet", "Load applets onto a card, read, write and delete them."),
    "cap": Lazy("yohaku.cli.cap", "cap", "Look into CAP files, check them, load them."),
    "domain": Lazy("yohaku.cli.domain", "domain", "Make security domains, list them, see and exchange keys."),
    "card": Lazy("yohaku.cli.card", "card", "Ask a card what it is and holds; send it raw commands."),
    "emulator": Lazy("yohaku.cli.emulator", "emulator", "Run emulated cards, look into their images, damage them."),
    "fuzz": Lazy("yohaku.cli.fuzz", "fuzz", "Try an applet or a parser with inputs that nobody thought of."),
    "doctor": Lazy("yohaku.cli.doctor", "doctor", "Check what is installed here, and say how to mend it."),
}


class Root(LazyGroup):
    """The root group: one handler for every error that a command raises."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; turn its errors into a sentence on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort, click.ClickException, BrokenPipeError, EOFError):
            raise
        except Exception as error:
            if ctx.params["debug"]:
                raise
            from yohaku.cli.errors import report

            ctx.exit(report(error))


@click.group(
    cls=Root,
    lazy=NOUNS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    examples=(
        "yohaku demo",
        "yohaku schema show library-card",
        "yohaku doctor",
    ),
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def yohaku(ctx: click.Context, *, debug: bool) -> None:  # noqa: ARG001 - the error handler reads it from the context
    """Applets for the free space of an ID card's chip: declare once; load, read, write, draw and test.

    Data goes to stdout, all else to stderr. Exit codes: 0 done, 1 failed, 2 usage, 3 no reader or card, 4 the card
    refused, 5 data does not fit the layout.
    """
    ctx.color = _colour(ctx.color)
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="backslashreplace")


def _colour(default: bool | None) -> bool | None:  # noqa: FBT001 - click's own three-valued flag
    """Decide on colours: never with NO_COLOR, always with FORCE_COLOR, else when a terminal can show them."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return False if os.environ.get("TERM") == "dumb" else default
