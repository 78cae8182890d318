"""``yohaku applet status``: what is on a card, in which condition, and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from yohaku.cli import console
from yohaku.cli.commands import Command
from yohaku.cli.keyfiles import keys_option, test_keys_option
from yohaku.cli.parameters import card_option, json_option

if TYPE_CHECKING:
    from yohaku.codec import Json
    from yohaku.globalplatform.diagnosis import Diagnosis, Found


@click.command(
    cls=Command,
    examples=(
        "export YOHAKU_CARD=emulator:card.img",
        "yohaku applet load library-card",
        "yohaku applet status",
        "yohaku applet status --json",
    ),
)
@card_option
@keys_option
@test_keys_option
@json_option
def status(url: str, key_file: str | None, *, allow_test_keys: bool, as_json: bool) -> None:
    """Examine a card: its applets and their versions, free space, keys, what is wrong and how to mend it."""
    from yohaku.cli.cards import open_card
    from yohaku.cli.keyfiles import card_keys
    from yohaku.cli.targets import installed_applets
    from yohaku.globalplatform.diagnosis import diagnose

    with open_card(url) as card:
        keys = card_keys(card, key_file)
        told = diagnose(card, installed_applets(), keys=keys, allow_test_keys=allow_test_keys)
    if as_json:
        console.print_json(_json(told))
        return
    free = "not told" if told.free is None else console.counted(told.free, "byte")
    versions = ", ".join(f"{number:02X}" for number in told.key_versions) or "none told"
    console.table([("card", told.life), ("free", free), ("key versions", versions)])
    click.echo()
    head = ("APPLET", "VERSION", "CONDITION", "STATE", "AID")
    console.table([_row(each) for each in told.found], head=head)
    for each in told.found:
        if each.advice:
            console.note(f"{each.applet.name if each.applet else each.aid.hex()}: {each.advice}")
    for advice in told.advice:
        console.note(advice)


def _row(found: Found) -> tuple[str, ...]:
    version = "-" if found.version is None else str(found.version)
    return found.applet.name if found.applet else "-", version, found.condition.value, found.life, found.aid.hex()


def _json(told: Diagnosis) -> Json:
    return {
        "card": told.life,
        "free_bytes": told.free,
        "key_versions": list(told.key_versions),
        "applications": [
            {
                "aid": each.aid.hex(),
                "applet": each.applet.name if each.applet else None,
                "version": each.version,
                "condition": each.condition.value,
                "state": each.life,
                "advice": each.advice,
            }
            for each in told.found
        ],
        "load_files": [{"aid": aid.hex(), "instances": count} for aid, count in told.load_files],
        "advice": list(told.advice),
    }
