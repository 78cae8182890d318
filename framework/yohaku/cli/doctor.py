"""``yohaku doctor``: what is installed here, whether it works, and how to mend what does not."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import click

from yohaku.cli import console
from yohaku.cli.commands import Command
from yohaku.cli.diagnosis import Check, reader_checks
from yohaku.cli.parameters import json_option

if TYPE_CHECKING:
    from collections.abc import Iterator

_COLOURS = {"ok": "green", "absent": "yellow", "failed": "red"}
_PYSCARD = "apt install pcscd libpcsclite-dev swig gcc, then pip install 'yohaku[reader]'; only real cards need it"


@click.command(cls=Command, examples=("yohaku doctor", "yohaku doctor --json"))
@json_option
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool) -> None:
    """Check what is installed here, and say how to mend it.

    Ends with exit code 0 when the emulator works; readers are needed for real cards only.
    """
    checks = list(_checks())
    works = all(check.state != "failed" for check in checks)
    if as_json:
        console.print_json({"works": works, "checks": [asdict(check) for check in checks]})
    else:
        _print(checks)
    ctx.exit(0 if works else 1)


def _print(checks: list[Check]) -> None:
    wide = max(len(check.name) for check in checks)
    for check in checks:
        state = click.style(f"{check.state:6}", fg=_COLOURS[check.state])
        click.echo(f"{state}  {check.name:{wide}}  {check.detail}")
        if check.fix:
            click.echo(f"{'':8}{'':{wide}}  -> {check.fix}")


def _checks() -> Iterator[Check]:
    yield Check("python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    for name in ("yohaku", "click", "construct", "cryptography"):
        yield _package(name, "failed", "pip install yohaku")
    yield _package("pyscard", "absent", _PYSCARD)
    yield from reader_checks()
    yield _applets()
    yield _emulator()


def _package(name: str, otherwise: str, fix: str) -> Check:
    try:
        return Check(name, "ok", version(name))
    except PackageNotFoundError:
        return Check(name, otherwise, "not installed", fix)


def _applets() -> Check:
    from yohaku.cli.targets import installed_applets

    return Check("applets", "ok", ", ".join(applet.name for applet in installed_applets()) or "none installed")


def _emulator() -> Check:
    try:
        return Check("emulator", "ok", _self_test())
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the emulator is the finding
        return Check(
            "emulator", "failed", f"{type(error).__name__}: {error}", "reinstall: pip install --force-reinstall yohaku"
        )


def _self_test() -> str:
    """Take an applet all the way to an emulated card and back; say what travelled."""
    from yohaku.card import Secrets, connect
    from yohaku.cli.cards import travelled
    from yohaku.globalplatform import delete_applet, load_applet
    from yohaku_applets.library_card import Borrower, LibraryCard

    secrets = Secrets.for_tests(LibraryCard)
    with connect("emulator:") as card:
        load_applet(card, LibraryCard, secrets=secrets)
        library = card.open(LibraryCard)
        library.counter.authenticate(secrets["counter"])
        library.borrower.write(Borrower.example())
        if library.borrower.read() != Borrower.example():
            raise RuntimeError("a record came back changed")
        delete_applet(card, LibraryCard.aid)
        return f"load, write, read and delete worked: {travelled(card.traffic)}"
