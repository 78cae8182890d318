"""``yohaku cap``: CAP files: what is in them, whether a card would take them, and onto a card with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from yohaku.cli import console
from yohaku.cli.commands import Group
from yohaku.cli.keyfiles import keys_option, plan_option, test_keys_option
from yohaku.cli.parameters import card_option, json_option, yes_option

if TYPE_CHECKING:
    from yohaku.globalplatform.cap import CapFile

WRITE_ONE = "yohaku cap example hello.cap"
file_argument = click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False))


@click.group(cls=Group, short_help="Look into CAP files, check them, load them.")
def cap() -> None:
    """Look into CAP files (converted Java Card packages), check them as a card does, and load them.

    Compact and extended files of formats 2.1 to 2.3 are read.
    """


@cap.command(examples=(WRITE_ONE, "yohaku cap show hello.cap", "yohaku cap show hello.cap --json"))
@file_argument
@json_option
def show(path: str, *, as_json: bool) -> None:
    """Tell what a CAP file holds: packages, applets, imports, sizes, methods, and what it needs of a card."""
    found = _read(path)
    if as_json:
        console.print_json(found.to_json())
        return
    console.table(list(_facts(found)))
    for name, lines in _lists(found).items():
        if lines:
            click.echo()
            console.heading(name)
            for line in lines:
                click.echo(f"  {line}")


def _read(path: str) -> CapFile:
    from yohaku.globalplatform.cap import read_cap

    return read_cap(Path(path).read_bytes())


def _facts(found: CapFile) -> list[tuple[str, str]]:
    largest = max((each.bytecodes for each in found.methods), default=0)
    methods = f"{len(found.methods)}, {sum(each.bytecodes for each in found.methods):,} bytes, largest {largest:,}"
    needs = [f"Java Card {found.java_card}" if found.java_card else "", "int" if found.needs_int else ""]
    needs.append("the extended format" if found.is_extended else "")
    return [
        ("load file", str(found.identity)),
        ("format", f"{found.format[0]}.{found.format[1]} {'extended' if found.is_extended else 'compact'}"),
        ("to load", console.counted(len(found.load_file_data()), "byte")),
        ("sha256", found.data_hash().hex()),
        ("static fields", f"{found.statics.image:,} bytes, {found.statics.array_bytes:,} in arrays"),
        ("classes", "not told" if found.classes is None else f"{found.classes:,}"),
        ("methods", methods if found.methods else "not told"),
        ("needs", ", ".join(each for each in needs if each) or "nothing"),
    ]


def _lists(found: CapFile) -> dict[str, list[str]]:
    from yohaku.globalplatform.cap.model import component_name

    return {
        "packages": [str(each) for each in found.packages],
        "applets": [console.spaced(each.aid) for each in found.applets],
        "imports": [str(each) for each in found.imports],
        "components": [f"{component_name(tag):<16}{len(info):>8,}" for tag, info in found.components.items()],
    }


@cap.command(examples=(WRITE_ONE, "yohaku cap check hello.cap"))
@file_argument
@json_option
def check(path: str, *, as_json: bool) -> None:
    """Check a CAP file as a card does when it is loaded; tell everything that is wrong.

    Ends with exit code 5 when something is.
    """
    from yohaku.globalplatform.cap import CapError

    try:
        found = _read(path)
    except CapError as error:
        if as_json:
            console.print_json([{"where": fault.where, "fault": fault.message} for fault in error.faults])
        raise
    if as_json:
        console.print_json([])
    console.note(f"{path}: {found.identity} is sound, {console.counted(len(found.components), 'component')}")


@cap.command(examples=(WRITE_ONE, "yohaku cap load hello.cap --plan", "yohaku cap load hello.cap --install"))
@file_argument
@card_option
@click.option("--install", is_flag=True, help="Make an instance of each applet, under the AID of its module.")
@keys_option
@test_keys_option
@plan_option
@yes_option
def load(
    path: str, url: str, key_file: str | None, *, install: bool, allow_test_keys: bool, plan: bool, yes: bool
) -> None:
    """Load a CAP file onto a card, through a secure channel; a load that is cut short leaves nothing."""
    from yohaku.cli.access import confirm
    from yohaku.cli.cards import open_card
    from yohaku.cli.keyfiles import card_keys, planned
    from yohaku.cli.progress import StatusLine
    from yohaku.globalplatform import SecurityDomain

    found = _read(path)
    size = console.counted(len(found.load_file_data()), "byte")
    lines = [f"load {found.identity}: {size}, sha256 {found.data_hash().hex()}"]
    lines += [f"install an instance of {console.spaced(each.aid)}" for each in found.applets if install]
    if planned(lines, plan=plan):
        return
    with open_card(url) as card:
        keys = card_keys(card, key_file)
        confirm(card, lines, yes=yes)
        domain = SecurityDomain.open(card, keys, allow_test_keys=allow_test_keys)
        with StatusLine() as line:
            count = domain.load(found, progress=lambda done, blocks: line.show(f"block {done} of {blocks} sent"))
        for each in found.applets if install else ():
            domain.install(each.aid, b"", load_file=found.identity.aid, module=each.aid)
    console.note(f"loaded {found.identity} in {console.counted(count, 'block')}")


@cap.command(examples=(WRITE_ONE,))
@click.argument("path", metavar="FILE")
@click.option("--extended", is_flag=True, help="Write the extended format.")
def example(path: str, *, extended: bool) -> None:
    """Write a small sound CAP file whose applet does nothing, to try a card with."""
    from yohaku.globalplatform.cap import Package
    from yohaku.globalplatform.cap.writer import SmallCap

    aid = bytes.fromhex("F059484BCAFE")
    made = SmallCap(Package(aid, (1, 0)), (aid + b"\x01",), minor=3 if extended else 2, extended=extended)
    Path(path).write_bytes(made.to_bytes())
    console.note(f"wrote {path}")
