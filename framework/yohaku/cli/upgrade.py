"""``yohaku applet upgrade``: the applet on a card becomes the version of the declaration, with all that it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from yohaku.cli import console
from yohaku.cli.commands import Command
from yohaku.cli.keyfiles import keys_option, plan_option, test_keys_option
from yohaku.cli.parameters import card_option, last_try_option, secrets_option, target_argument, yes_option

if TYPE_CHECKING:
    from yohaku.card import Card, Secrets
    from yohaku.cli.rehearsal import Plan
    from yohaku.globalplatform import UpgradeReport
    from yohaku.schema import Applet


@click.command(
    cls=Command,
    examples=(
        "export YOHAKU_CARD=emulator:card.img",
        "yohaku applet load library-card",
        "yohaku applet upgrade library-card",
        "yohaku applet upgrade library-card --plan",
    ),
)
@target_argument
@card_option
@secrets_option
@last_try_option
@keys_option
@test_keys_option
@plan_option
@click.option(
    "--held", type=int, metavar="VERSION", help="For --plan: suppose a card that holds this version, every file full."
)
@yes_option
def upgrade(
    target: str,
    url: str,
    secrets_file: str | None,
    key_file: str | None,
    *,
    last_try: bool,
    allow_test_keys: bool,
    plan: bool,
    held: int | None,
    yes: bool,
) -> None:
    """Make the applet on a card the version that is declared, with all that it holds.

    PINs, keys and unchanged files never leave the card. When it is interrupted, the same command goes on.
    --plan sends nothing: a card in a reader is supposed to hold the version before, or that of --held.
    """
    from yohaku.cli.access import confirm
    from yohaku.cli.cards import open_card, travelled
    from yohaku.cli.errors import UsageError
    from yohaku.cli.keyfiles import card_keys
    from yohaku.cli.progress import StatusLine
    from yohaku.cli.targets import load_target
    from yohaku.globalplatform import upgrade_applet

    kind = load_target(target)
    if plan:
        _plan(kind, url, secrets_file, held)
        return
    if held is not None:
        raise UsageError("--held is for --plan; an upgrade asks the card which version it holds")
    with open_card(url) as card:
        secrets, change = _prepare(card, kind, secrets_file)
        keys = card_keys(card, key_file)
        confirm(card, [change] if change else [], yes=yes)
        with StatusLine() as line:
            report = upgrade_applet(
                card,
                kind,
                secrets=secrets,
                last_try=last_try,
                progress=line.step,
                keys=keys,
                allow_test_keys=allow_test_keys,
            )
    console.note(f"{_told(report)}: {travelled(report.traffic)}")


def _plan(kind: type[Applet], url: str, secrets_file: str | None, held: int | None) -> None:
    """Try the upgrade on a copy of an emulated card, or on one that stands in for the card that is meant.

    Raises:
        UsageError: the applet has no earlier version.
        EvolutionError: it has none of that number.
    """
    from yohaku.cli.plan import print_plan
    from yohaku.cli.rehearsal import is_copied, rehearsal
    from yohaku.globalplatform import upgrade_applet

    on_copy = is_copied(url) and held is None
    with rehearsal(url, kind, on_copy=on_copy) as (card, plan):
        if on_copy:
            secrets, change = _prepare(card, kind, secrets_file)
            plan.clear()
        else:
            secrets, change = _suppose(card, plan, kind, held)
        console.note(change or f"{kind.name} is at version {kind.version} already")
        upgrade_applet(card, kind, secrets=secrets)
    print_plan(plan, kind)


def _suppose(card: Card, plan: Plan, kind: type[Applet], held: int | None) -> tuple[Secrets, str]:
    """Load an earlier version with an example in every place; give published secrets, and say what is supposed."""
    from yohaku.card import Secrets
    from yohaku.cli.errors import UsageError
    from yohaku.cli.rehearsal import stand_in
    from yohaku.schema.evolution import at_version

    if held is None and kind.previous is None:
        raise UsageError(f"{kind.name} has no version before {kind.version}, so there is nothing to upgrade")
    old = kind.previous if held is None and kind.previous is not None else at_version(kind, held or 0)
    stand_in(card, plan, old, Secrets.for_tests(old), _fullest(old))
    secrets = Secrets({**Secrets.for_tests(kind), **Secrets.for_tests(old)})
    return secrets, f"the card is not asked; supposed is {old.name} version {old.version} with every file full"


def _fullest(applet: type[Applet]) -> dict[str, list[bytes]]:
    """Give an example for each place in each file."""
    from yohaku.card.content import to_content
    from yohaku.card.copies import stored
    from yohaku.schema import RecordFile, TransparentFile

    full: dict[str, list[bytes]] = {}
    for name, file in applet.files().items():
        content = to_content(file.record.example(), file.room, name)
        if isinstance(file, RecordFile):
            full[name] = [content] * file.records
        elif isinstance(file, TransparentFile):
            full[name] = [stored(file, content)]
    return full


def _prepare(card: Card, kind: type[Applet], secrets_file: str | None) -> tuple[Secrets, str]:
    """Collect the values that the upgrade needs, and say what will change; nothing when it only has to go on."""
    from yohaku.card import AppletNotReadyError, AppletSession, Secrets
    from yohaku.cli.access import secrets_for_upgrade

    try:
        held = AppletSession.open(card, kind).applet
    except AppletNotReadyError:
        return Secrets(), f"on {card.name}: {kind.name}, an interrupted upgrade to version {kind.version} goes on"
    if held.version == kind.version:
        return Secrets(), ""
    change = f"on {card.name}: {kind.name}, version {held.version} becomes {kind.version}; what it holds is kept"
    return secrets_for_upgrade(card, held, kind, secrets_file), change


def _told(report: UpgradeReport) -> str:
    if report.before == report.after:
        return f"{report.name} was at version {report.after} already"
    return f"upgraded {report.name} to version {report.after}"
