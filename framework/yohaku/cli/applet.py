"""``yohaku applet``: applets on a card: load, list, read, write, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from yohaku.cli import console
from yohaku.cli.commands import Group
from yohaku.cli.keyfiles import keys_option, plan_option, test_keys_option
from yohaku.cli.locking import lock, unlock
from yohaku.cli.parameters import (
    card_option,
    file_argument,
    json_option,
    last_try_option,
    secrets_option,
    target_argument,
    yes_option,
)
from yohaku.cli.pin import pin
from yohaku.cli.purse import purse
from yohaku.cli.status import status
from yohaku.cli.upgrade import upgrade

if TYPE_CHECKING:
    from yohaku.schema import Applet

ON_A_CARD = (
    "export YOHAKU_CARD=emulator:card.img",
    "yohaku applet load library-card",
)


@click.group(cls=Group, short_help="Load applets onto a card, read, write and delete them.")
def applet() -> None:
    """Load applets onto a card, read, write and delete them.

    TARGET is the name of an installed applet, or path/to/file.py:ClassName.
    """


@applet.command(
    examples=(
        "yohaku applet load library-card --card emulator:card.img",
        "yohaku applet list --card emulator:card.img",
        "printf 'id\\np1\\np2\\n' >people.csv",
        "yohaku applet load library-card --batch people.csv --card 'emulator:{id}.img' --plan",
    )
)
@target_argument
@card_option
@click.option("--batch", "people", metavar="CSV", help="One card for each person in a table: id, FILE.FIELD, ...")
@click.option("--journal", metavar="FILE", help="Where a batch notes what is done; CSV.journal by default.")
@click.option(
    "--read-back", "reads_back", is_flag=True, help="Read out again, too, what the card proved that it holds."
)
@secrets_option
@keys_option
@test_keys_option
@plan_option
@yes_option
def load(
    target: str,
    url: str,
    people: str | None,
    journal: str | None,
    secrets_file: str | None,
    key_file: str | None,
    *,
    reads_back: bool,
    allow_test_keys: bool,
    plan: bool,
    yes: bool,
) -> None:
    """Load an applet onto a card: its files, PINs and keys, as declared; a load that was cut short goes on.

    With --batch one card after another gets it, with each person's first contents; run again, the same command goes
    on where it stopped and loads nobody twice. {id} in the card URL stands for the person, for emulated cards.
    """
    from yohaku.cli.targets import load_target

    kind = load_target(target)
    if people is None:
        _load_one(
            kind,
            url,
            secrets_file,
            key_file,
            reads_back=reads_back,
            allow_test_keys=allow_test_keys,
            plan=plan,
            yes=yes,
        )
        return
    from yohaku.cli.batch import load_batch

    load_batch(
        kind,
        people,
        journal=journal,
        url=url,
        secrets_file=secrets_file,
        key_file=key_file,
        allow_test_keys=allow_test_keys,
        reads_back=reads_back,
        plan=plan,
        yes=yes,
    )


def _load_one(
    kind: type[Applet],
    url: str,
    secrets_file: str | None,
    key_file: str | None,
    *,
    reads_back: bool,
    allow_test_keys: bool,
    plan: bool,
    yes: bool,
) -> None:
    from yohaku.cli.access import all_secrets, confirm
    from yohaku.cli.cards import open_card, travelled
    from yohaku.cli.keyfiles import card_keys, planned
    from yohaku.cli.plan import plan_load
    from yohaku.cli.progress import StatusLine
    from yohaku.globalplatform import load_applet
    from yohaku.schema import applet_layout

    size = console.counted(applet_layout(kind).bytes, "byte")
    told = f"{kind.name}, AID {console.spaced(kind.aid)}, {size} of contents"
    proof = "let the card prove what it holds" + (", read it back" if reads_back else "")
    if planned([f"open a secure channel, install {told}", f"personalise it, {proof}"], plan=plan):
        plan_load(kind, url, reads_back=reads_back)
        return
    with open_card(url) as card:
        secrets, keys = all_secrets(card, kind, secrets_file), card_keys(card, key_file)
        confirm(card, [f"new on {card.name}: {told}"], yes=yes)
        with StatusLine() as line:
            report = load_applet(
                card,
                kind,
                secrets=secrets,
                progress=line.step,
                keys=keys,
                allow_test_keys=allow_test_keys,
                resume=True,
                reads_back=reads_back,
            )
    console.note(f"loaded {kind.name}: {travelled(report.traffic)}")


@applet.command(
    "list",
    examples=(
        *ON_A_CARD,
        "yohaku applet list",
        "yohaku applet list --json",
    ),
)
@card_option
@keys_option
@test_keys_option
@json_option
def list_(url: str, key_file: str | None, *, allow_test_keys: bool, as_json: bool) -> None:
    """List the applets on a card."""
    from yohaku.cli.cards import open_card
    from yohaku.cli.inventory import inventory, print_inventory
    from yohaku.cli.keyfiles import card_keys

    with open_card(url) as card:
        found = inventory(card, card_keys(card, key_file), allow_test_keys=allow_test_keys)
    if as_json:
        console.print_json([item.to_json() for item in found])
        return
    print_inventory(found)


@applet.command(
    examples=(
        *ON_A_CARD,
        "yohaku schema example library-card borrower | yohaku applet write library-card borrower -",
        "yohaku applet read library-card borrower",
        "yohaku applet read library-card loans --json",
    )
)
@target_argument
@file_argument
@card_option
@click.option("--record", type=click.IntRange(1), help="Only this record of a record file.")
@secrets_option
@last_try_option
@json_option
def read(
    target: str, file: str, url: str, record: int | None, secrets_file: str | None, *, last_try: bool, as_json: bool
) -> None:
    """Read a file of an applet: its record, or all its records."""
    from yohaku.cli.access import unlock
    from yohaku.cli.cards import open_card
    from yohaku.cli.records import print_records, read_records
    from yohaku.cli.targets import load_target

    kind = load_target(target)
    declaration = kind.file(file)
    with open_card(url) as card:
        instance = card.open(kind)
        unlock(card, instance, [declaration.read], secrets_file, last_try=last_try)
        found = read_records(instance, declaration, record)
    if as_json:
        console.print_json([one.to_json() for one in found] if isinstance(found, list) else found.to_json())
    else:
        print_records(found)


@applet.command(
    examples=(
        *ON_A_CARD,
        "yohaku schema example library-card borrower >borrower.json",
        "yohaku applet write library-card borrower borrower.json",
        "yohaku applet write library-card borrower --set status=suspended --set expires=2030-03-31",
        "yohaku applet write library-card borrower --set expires=2031-03-31 --plan",
        "yohaku applet write library-card borrower borrower.json --card pcsc:ACME --plan",
        "yohaku schema example library-card loans | yohaku applet write library-card loans -",
    )
)
@target_argument
@file_argument
@click.argument("source", required=False)
@card_option
@click.option("--record", type=click.IntRange(1), help="Write over this record of a record file; else one is added.")
@click.option("--set", "changes", metavar="FIELD=VALUE", multiple=True, help="Change one field; repeat for more.")
@click.option("--before", metavar="SOURCE", help="For --plan: the record that the card holds, read earlier.")
@secrets_option
@last_try_option
@plan_option
@yes_option
def write(
    target: str,
    file: str,
    source: str | None,
    url: str,
    record: int | None,
    changes: tuple[str, ...],
    before: str | None,
    secrets_file: str | None,
    *,
    last_try: bool,
    plan: bool,
    yes: bool,
) -> None:
    """Write a record into a file of an applet; only bytes that differ travel.

    --plan sends nothing: a card in a reader is not asked what it holds, so it says what travels at most.

    SOURCE is the record: - for stdin, a path, or JSON that starts with {. A record file gets it as a new record.
    """
    from yohaku.cli.access import confirm, unlock
    from yohaku.cli.cards import open_card, travelled
    from yohaku.cli.errors import UsageError
    from yohaku.cli.plan import plan_write
    from yohaku.cli.records import wanted_write
    from yohaku.cli.targets import load_target

    kind = load_target(target)
    wanted = wanted_write(kind.file(file), source, changes, record)
    if plan:
        plan_write(kind, wanted, url, secrets_file, before)
        return
    if before is not None:
        raise UsageError("--before is for --plan; a write reads what the card holds by itself")
    with open_card(url) as card:
        instance = card.open(kind)
        unlock(card, instance, wanted.rules, secrets_file, last_try=last_try)
        confirm(card, wanted.prepare(instance), yes=yes)
        start = card.traffic.snapshot()
        wanted.carry_out(instance)
        console.note(f"wrote {kind.name} {file}: {travelled(card.traffic - start)}")


applet.add_command(upgrade)


@applet.command(
    examples=(
        *ON_A_CARD,
        "yohaku applet delete library-card",
    )
)
@target_argument
@card_option
@keys_option
@test_keys_option
@plan_option
@yes_option
def delete(target: str, url: str, key_file: str | None, *, allow_test_keys: bool, plan: bool, yes: bool) -> None:
    """Delete an applet from a card, with all that it holds.

    TARGET may also be the AID in hex, for an applet whose declaration is not at hand.
    """
    from yohaku.cli.access import confirm
    from yohaku.cli.cards import open_card
    from yohaku.cli.keyfiles import card_keys, planned
    from yohaku.cli.targets import load_aid
    from yohaku.globalplatform import delete_applet

    name, aid = load_aid(target)
    line = f"{name}, AID {console.spaced(aid)}, with all that it holds"
    if planned([f"delete {line}"], plan=plan):
        return
    with open_card(url) as card:
        keys = card_keys(card, key_file)
        confirm(card, [f"gone from {card.name}: {line}"], yes=yes)
        delete_applet(card, aid, keys=keys, allow_test_keys=allow_test_keys)
    console.note(f"deleted {name}")


applet.add_command(status)
applet.add_command(lock)
applet.add_command(unlock)
applet.add_command(pin)
applet.add_command(purse)
