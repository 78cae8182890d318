"""``yohaku schema``: applets drawn, their records as bytes and as JSON; no card is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from yohaku.cli import console
from yohaku.cli.commands import Group
from yohaku.cli.cost import density, fits, rules, source
from yohaku.cli.parameters import json_option, target_argument
from yohaku.cli.review import check, document
from yohaku.cli.transcode import decode, encode, example
from yohaku.cli.versions import breaking, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.codec import Json
    from yohaku.schema import Applet, AppletLayout


@click.group(cls=Group, short_help="Draw applets, and turn their records into bytes and back.")
def schema() -> None:
    """Draw applets, and turn their records into bytes and back.

    TARGET is the name of an installed applet, or path/to/file.py:ClassName. SOURCE is - for stdin, a path, or the
    value itself.
    """


@schema.command(
    "list",
    examples=(
        "yohaku schema list",
        "yohaku schema list --json",
    ),
)
@click.argument("path", required=False)
@json_option
def list_(path: str | None, *, as_json: bool) -> None:
    """List the installed applets, or those that a file PATH declares."""
    layouts = list(_layouts(path))
    if as_json:
        console.print_json([_summary(layout) for layout in layouts])
        return
    rows = [
        (layout.applet, layout.title, str(layout.version), console.counted(layout.bytes, "byte"), _names(layout))
        for layout in layouts
    ]
    console.table(rows, head=("APPLET", "TITLE", "VERSION", "SIZE", "HOLDS"))


def _layouts(path: str | None) -> Iterator[AppletLayout]:
    from yohaku.cli.targets import applets_in, installed_applets
    from yohaku.schema import applet_layout

    return map(applet_layout, installed_applets() if path is None else applets_in(path).values())


def _summary(layout: AppletLayout) -> Json:
    return {
        "applet": layout.applet,
        "title": layout.title,
        "aid": layout.aid.hex(),
        "version": layout.version,
        "files": [file.name for file in layout.files],
        "purses": [purse.name for purse in layout.purses],
        "bytes": layout.bytes,
    }


def _names(layout: AppletLayout) -> str:
    return ", ".join([*(file.name for file in layout.files), *(purse.name for purse in layout.purses)])


@schema.command(
    examples=(
        "yohaku schema show library-card",
        "yohaku schema show local-currency --json",
        "yohaku schema show emergency-medical --svg map.svg --html page.html",
    )
)
@target_argument
@json_option
@click.option("--svg", metavar="FILE", help="Write the byte map as a picture; - for stdout.")
@click.option("--html", metavar="FILE", help="Write a page that links bytes and fields; - for stdout.")
def show(target: str, svg: str | None, html: str | None, *, as_json: bool) -> None:
    """Draw the byte map of an applet: every field of every file at its place."""
    from yohaku.cli.targets import load_target
    from yohaku.schema import applet_layout

    applet = load_target(target)
    if as_json:
        console.print_json(applet_layout(applet).to_json())
    for path, form in ((svg, "svg"), (html, "html")):
        if path is not None:
            console.write_text(path, _document(applet, form))
    if not (as_json or svg or html):
        draw(applet_layout(applet))


def _document(applet: type[Applet], form: str) -> str:
    from yohaku.render.page import html
    from yohaku.render.svg import svg
    from yohaku.schema import applet_layout

    return svg(applet_layout(applet)) if form == "svg" else html(applet)


def draw(layout: AppletLayout) -> None:
    """Print the byte map of an applet."""
    from yohaku.render.terminal import draw as picture

    click.echo(picture(layout, width=console.terminal_width(), colour=console.has_colour()), nl=False)


for verb in (example, encode, decode, check, density, fits, breaking, snapshot, document, source, rules):
    schema.add_command(verb)
