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
    from yohaku.globalplatform import Step, UpgradeReport
    from yohaku.schema import Applet


@click.command(
    cls=Command,
    examples=(
        "export YOHAKU_CARD=emulator:card.img",
        "yohaku applet load library-card",
        "yohaku applet upgrade library-card",
    ),
)
@target_argument
@card_option
@secrets_option
@last_try_option
@keys_option
@test_keys_option
@plan_option
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
    yes: bool,
) -> None:
    """Make the applet on a card the version that is declared, with all that it holds.

    PINs, keys and unchanged files never leave the card. When it is interrupted, the same command goes on.
    """
    from yohaku.cli.access import confirm
    from yohaku.cli.cards import open_card, travelled
    from yohaku.cli.keyfiles import card_keys
    from yohaku.cli.targets import load_target
    from yohaku.globalplatform import upgrade_applet

    kind = load_target(target)
    if plan:
        _plan(kind, url, secrets_file)
        return
    with open_card(url) as card:
        secrets, change = _prepare(card, kind, secrets_file)
        keys = card_keys(card, key_file)
        confirm(card, [change] if change else [], yes=yes)
        report = upgrade_applet(
            card,
            kind,
            secrets=secrets,
            last_try=last_try,
            progress=_progress,
            keys=keys,
            allow_test_keys=allow_test_keys,
        )
    console.note(f"{_told(report)}: {travelled(report.traffic)}")


def _plan(kind: type[Applet], url: str, secrets_file: str | None) -> None:
    """Try the upgrade on a copy of an emulated card.

    Raises:
        UsageError: a card in a reader cannot be copied.
    """
    from yohaku.cli.errors import UsageError
    from yohaku.cli.plan import print_plan, rehearsal
    from yohaku.globalplatform import upgrade_applet

    if not url.startswith("emulator:"):
        raise UsageError("an upgrade can be planned on the image of an emulated card only: --card emulator:PATH")
    with rehearsal(url, kind) as (card, plan):
        secrets, change = _prepare(card, kind, secrets_file)
        console.note(change or f"{kind.name} is at version {kind.version} already")
        plan.steps.clear()
        upgrade_applet(card, kind, secrets=secrets)
    print_plan(plan, kind)


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


def _progress(step: Step) -> None:
    console.note(f"[{step.done}/{step.total}] {step.text}")


def _told(report: UpgradeReport) -> str:
    if report.before == report.after:
        return f"{report.name} was at version {report.after} already"
    return f"upgraded {report.name} to version {report.after}"
