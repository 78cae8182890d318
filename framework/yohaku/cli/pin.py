"""``yohaku applet pin``: the PINs of an applet on a card: tries, new values, and whether the card asks for them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from yohaku.cli import console
from yohaku.cli.commands import Group
from yohaku.cli.parameters import (
    card_option,
    json_option,
    last_try_option,
    secrets_option,
    target_argument,
    yes_option,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.card import Card
    from yohaku.schema import Applet
    from yohaku.schema.bound import BoundPin

_LOADED = ("export YOHAKU_CARD=emulator:card.img", "yohaku applet load local-currency")
_NEW = (
    "printf '[local-currency]\\nholder = \"2468\"\\n' >new.toml",
    "chmod 600 new.toml",
)
pin_argument = click.argument("name", metavar="PIN")


@click.group(cls=Group, short_help="See an applet's PINs, change, reset, disable and enable them.")
def pin() -> None:
    """See the PINs of an applet on a card, change, reset, disable and enable them.

    Values come from secrets files or are asked for. A last try is spent only with --last-try.
    """


@pin.command(
    "list",
    examples=(*_LOADED, "yohaku applet pin list local-currency", "yohaku applet pin list local-currency --json"),
)
@target_argument
@card_option
@json_option
def list_(target: str, url: str, *, as_json: bool) -> None:
    """List an applet's PINs: tries left, and whether the card asks for them; no try is spent."""
    from yohaku.cli.cards import open_card
    from yohaku.cli.targets import load_target

    kind = load_target(target)
    with open_card(url) as card:
        applet = card.open(kind)
        found = [(name, applet.session.pin(one), one.tries) for name, one in kind.pins().items()]
        rows = [(name, held.tries_left, tries, held.required) for name, held, tries in found]
    if as_json:
        console.print_json(
            [
                {"name": name, "tries_left": left, "tries": tries, "required": required}
                for name, left, tries, required in rows
            ]
        )
        return
    console.table(
        [(name, f"{left} of {tries}", "yes" if required else "no") for name, left, tries, required in rows],
        head=("PIN", "TRIES LEFT", "REQUIRED"),
    )


@pin.command(examples=(*_LOADED, *_NEW, "yohaku applet pin change local-currency holder --new new.toml"))
@target_argument
@pin_argument
@card_option
@secrets_option
@click.option("--new", "new_file", metavar="FILE", help="A secrets file with the new value; asked for without it.")
@last_try_option
@yes_option
def change(
    target: str, name: str, url: str, secrets_file: str | None, new_file: str | None, *, last_try: bool, yes: bool
) -> None:
    """Give a PIN a new value; needs the old one."""
    from yohaku.cli.access import new_pin_value, pin_value

    with _held(target, name, url, "change", yes=yes) as (card, applet, held):
        old = pin_value(card, type(applet), name, secrets_file)
        held.change(old, new_pin_value(type(applet), name, new_file), last_try=last_try)
    console.note(f"changed {name} of {applet.name}")


@pin.command(
    examples=(
        *_LOADED,
        "yohaku applet pin reset local-currency holder",
        *_NEW,
        "yohaku applet pin reset local-currency holder --new new.toml",
    )
)
@target_argument
@pin_argument
@card_option
@secrets_option
@click.option("--new", "new_file", metavar="FILE", help="A secrets file with a new value; - asks for it.")
@last_try_option
@yes_option
def reset(
    target: str, name: str, url: str, secrets_file: str | None, new_file: str | None, *, last_try: bool, yes: bool
) -> None:
    """Give a PIN all its tries back, and with --new another value.

    This needs what the PIN's reset rule names.
    """
    from yohaku.cli.access import new_pin_value, unlock

    with _held(target, name, url, "reset", yes=yes) as (card, applet, held):
        new = None if new_file is None else new_pin_value(type(applet), name, None if new_file == "-" else new_file)
        unlock(card, applet, [applet.pins()[name].reset], secrets_file, last_try=last_try)
        held.reset(new)
    console.note(f"reset {name} of {applet.name}")


@pin.command(
    examples=(*_LOADED, "yohaku applet pin disable local-currency holder", "yohaku applet read local-currency log")
)
@target_argument
@pin_argument
@card_option
@secrets_option
@last_try_option
@yes_option
def disable(target: str, name: str, url: str, secrets_file: str | None, *, last_try: bool, yes: bool) -> None:
    """Have the card not ask for a PIN any more, until it is enabled; needs the PIN."""
    _require(target, name, url, secrets_file, needed=False, last_try=last_try, yes=yes)


@pin.command(
    examples=(
        *_LOADED,
        "yohaku applet pin disable local-currency holder",
        "yohaku applet pin enable local-currency holder",
    )
)
@target_argument
@pin_argument
@card_option
@secrets_option
@last_try_option
@yes_option
def enable(target: str, name: str, url: str, secrets_file: str | None, *, last_try: bool, yes: bool) -> None:
    """Have the card ask for a PIN again that was disabled; needs the PIN."""
    _require(target, name, url, secrets_file, needed=True, last_try=last_try, yes=yes)


def _require(
    target: str, name: str, url: str, secrets_file: str | None, *, needed: bool, last_try: bool, yes: bool
) -> None:
    from yohaku.cli.access import pin_value

    verb = "enable" if needed else "disable"
    with _held(target, name, url, verb, yes=yes) as (card, applet, held):
        change = held.enable if needed else held.disable
        change(pin_value(card, type(applet), name, secrets_file), last_try=last_try)
    console.note(f"{verb}d {name} of {applet.name}")


@contextmanager
def _held(target: str, name: str, url: str, verb: str, *, yes: bool) -> Iterator[tuple[Card, Applet, BoundPin]]:
    """Give the card, the applet and its PIN, once it is allowed to change it."""
    from yohaku.cli.access import confirm
    from yohaku.cli.cards import open_card
    from yohaku.cli.targets import load_target
    from yohaku.errors import UnknownNameError

    kind = load_target(target)
    if name not in kind.pins():
        raise UnknownNameError("PIN", name, kind.pins(), where=f" in {kind.name}")
    with open_card(url) as card:
        confirm(card, [f"{verb} {name} of {kind.name}"], yes=yes)
        applet = card.open(kind)
        yield card, applet, applet.session.pin(kind.pins()[name])
