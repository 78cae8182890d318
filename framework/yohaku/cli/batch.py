"""``yohaku applet load --batch``: one applet for many people, one card after another, taken up again after a stop."""

from __future__ import annotations

import hashlib
import io
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yohaku.cli import console
from yohaku.cli.access import all_secrets, confirm
from yohaku.cli.keyfiles import card_keys, planned
from yohaku.cli.plan import plan_load
from yohaku.cli.sources import open_binary
from yohaku.errors import YohakuError
from yohaku.globalplatform.batch import Batch, Journal, Report, read_people

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.globalplatform.batch import Person
    from yohaku.schema import Applet

PLACE = "{id}"
"""In a card URL: the person's identifier, for emulated cards in a file each."""


class UnfinishedError(YohakuError):
    """Some people have no card yet; the journal has the rest."""


def load_batch(
    applet: type[Applet],
    source: str,
    *,
    journal: str | None,
    url: str,
    secrets_file: str | None,
    key_file: str | None,
    allow_test_keys: bool,
    reads_back: bool,
    plan: bool,
    yes: bool,
) -> None:
    """Load everybody's card, and report.

    Raises:
        DecodeError: the table does not fit the applet; nothing was done.
        JournalError: the journal is another applet's, damaged, or in use.
        UnfinishedError: somebody has no card at the end.
    """
    with open_binary(source) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as lines:
        people = read_people(applet, lines)
    path = Path(journal or f"{source}.journal")
    if planned([f"load {applet.name} for {console.counted(len(people), 'person')}, journal {path}"], plan=plan):
        if people:
            click.echo(f"\nof which {people[0].id}:\n")
            plan_load(applet, "", reads_back=reads_back, contents=people[0].contents, on_copy=False)
        return
    with Journal.open(path, applet) as book:
        batch = Batch(applet, people, book)
        load = partial(batch.load, allow_test_keys=allow_test_keys, reads_back=reads_back)
        for person in batch.pending:
            _load_one(batch, person, url, secrets_file, key_file, load, yes=yes)
        _report(batch.report(), path)


def _load_one(
    batch: Batch,
    person: Person,
    url: str,
    secrets_file: str | None,
    key_file: str | None,
    load: Callable[..., bool],
    *,
    yes: bool,
) -> None:
    """Load one person's card; a card that fails is left for the next time, and the next one has its turn."""
    from yohaku.cli.cards import connected
    from yohaku.cli.progress import StatusLine

    begun = batch.begun_on(person)
    if begun:
        console.note(f"{person.id}: the load was cut short on card {begun}; it goes on there")
    if PLACE not in url and not url.startswith("emulator:"):
        click.pause(f"{person.id}: put the card in the reader, then press any key", err=True)
    try:
        with connected(_url(url, person)) as card, StatusLine() as line:
            keys = card_keys(card, key_file)
            confirm(card, [f"{person.id}: {batch.applet.name} on {card.name}"], yes=yes)
            secrets = all_secrets(card, batch.applet, secrets_file)
            is_new = load(card, person, secrets=secrets, keys=keys, progress=line.step)
    except YohakuError as error:
        console.note(f"{person.id}: {error}")
        return
    console.note(f"{person.id}: {'loaded' if is_new else 'was complete already'}")


def _url(url: str, person: Person) -> str:
    """Fill a person's identifier in; emulated cards get a chip of their own, as real ones have."""
    if PLACE not in url:
        return url
    seed = int.from_bytes(hashlib.sha256(person.id.encode()).digest()[:6], "big")
    made = url.replace(PLACE, person.id)
    if not made.startswith("emulator:") or "seed=" in made:
        return made
    return f"{made}{'&' if '?' in made else '?'}seed={seed}"


def _report(report: Report, path: Path) -> None:
    console.table(
        [
            ("people", f"{report.people:,}"),
            ("loaded", f"{len(report.loaded):,}"),
            ("failed", f"{len(report.failed):,}"),
            ("begun", f"{len(report.begun):,}"),
            ("waiting", f"{len(report.waiting):,}"),
        ]
    )
    for one, why in report.failed.items():
        console.note(f"{one}: {why}")
    for one, where in report.begun.items():
        console.note(f"{one}: cut short on card {where}")
    left = report.people - len(report.loaded)
    if left:
        raise UnfinishedError(f"{left:,} of {report.people:,} have no card yet; run the same command again: {path}")
