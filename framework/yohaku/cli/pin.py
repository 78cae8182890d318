"""``yohaku applet pin``: the PINs of an applet on a card: their tries, and whether the card asks for them."""

from __future__ import annotations

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
    from yohaku.card import Card
    from yohaku.schema import Applet

_LOADED = ("export YOHAKU_CARD=emulator:card.img", "yohaku applet load local-currency")
pin_argument = click.argument("name", metavar="PIN")


@click.group(cls=Group, short_help="See an applet's PINs, disable and enable them.")
def pin() -> None:
    """See the PINs of an applet on a card, disable and enable those that are declared with can_disable=True."""


@pin.command(
    "list",
    examples=(*_LOADED, "yohaku applet pin list local-currency", "yohaku applet pin list local-currency --json"),
)
@target_argument
@card_option
@json_option
def list_(target: str, url: str, *, as_json: bool) -> None:
    """List the PINs of an applet: tries left, and whether the card asks for them; this spends no try."""
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
    from yohaku.cli.access import confirm
    from yohaku.cli.cards import open_card
    from yohaku.cli.targets import load_target

    kind = load_target(target)
    verb = "enable" if needed else "disable"
    with open_card(url) as card:
        confirm(card, [f"{verb} {name} of {kind.name}"], yes=yes)
        _change(card, kind, name, secrets_file, needed=needed, last_try=last_try)
    console.note(f"{verb}d {name} of {kind.name}")


def _change(
    card: Card, kind: type[Applet], name: str, secrets_file: str | None, *, needed: bool, last_try: bool
) -> None:
    from yohaku.cli.access import pin_value
    from yohaku.errors import UnknownNameError

    if name not in kind.pins():
        raise UnknownNameError("PIN", name, kind.pins(), where=f" in {kind.name}")
    held = card.open(kind).session.pin(kind.pins()[name])
    change = held.enable if needed else held.disable
    change(pin_value(card, kind, name, secrets_file), last_try=last_try)
