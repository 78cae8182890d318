"""``yohaku applet lock`` and ``unlock``: an applet that nobody can select for a while; it keeps what it holds."""

from __future__ import annotations

import click

from yohaku.cli import console
from yohaku.cli.commands import Command
from yohaku.cli.keyfiles import keys_option, plan_option, test_keys_option
from yohaku.cli.parameters import card_option, target_argument, yes_option

_LOADED = ("export YOHAKU_CARD=emulator:card.img", "yohaku applet load library-card")


@click.command(cls=Command, examples=(*_LOADED, "yohaku applet lock library-card", "yohaku applet status"))
@target_argument
@card_option
@keys_option
@test_keys_option
@plan_option
@yes_option
def lock(target: str, url: str, key_file: str | None, *, allow_test_keys: bool, plan: bool, yes: bool) -> None:
    """Lock an applet on a card: nobody can use it until it is unlocked; it keeps what it holds.

    TARGET may also be the AID in hex.
    """
    _set(target, url, key_file, locked=True, allow_test_keys=allow_test_keys, plan=plan, yes=yes)


@click.command(
    cls=Command,
    examples=(*_LOADED, "yohaku applet lock library-card", "yohaku applet unlock library-card"),
)
@target_argument
@card_option
@keys_option
@test_keys_option
@plan_option
@yes_option
def unlock(target: str, url: str, key_file: str | None, *, allow_test_keys: bool, plan: bool, yes: bool) -> None:
    """Unlock an applet on a card.

    TARGET may also be the AID in hex.
    """
    _set(target, url, key_file, locked=False, allow_test_keys=allow_test_keys, plan=plan, yes=yes)


def _set(
    target: str, url: str, key_file: str | None, *, locked: bool, allow_test_keys: bool, plan: bool, yes: bool
) -> None:
    from yohaku.cli.access import confirm
    from yohaku.cli.cards import open_card
    from yohaku.cli.keyfiles import card_keys, planned
    from yohaku.cli.targets import load_aid
    from yohaku.globalplatform import SecurityDomain

    name, aid = load_aid(target)
    verb = "lock" if locked else "unlock"
    line = f"{verb} {name}, AID {console.spaced(aid)}"
    if planned([line], plan=plan):
        return
    with open_card(url) as card:
        keys = card_keys(card, key_file)
        confirm(card, [line], yes=yes)
        SecurityDomain.open(card, keys, allow_test_keys=allow_test_keys).set_locked(aid, locked=locked)
    console.note(f"{verb}ed {name}")
