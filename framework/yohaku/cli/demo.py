"""``yohaku demo``: one applet's whole way on a fresh emulated card, told step by step."""

from __future__ import annotations

import inspect
import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from yohaku.cli import console
from yohaku.cli.commands import Command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.card import Card, Exchange, Secrets, Traffic

_HEAD = ("step", "commands", "bytes there", "bytes back")


@click.command(cls=Command, examples=("yohaku demo",))
def demo() -> None:
    """Show an applet's whole way, from declaration to card and back.

    Nothing but yohaku is needed: the card is an emulated one, fresh, and gone afterwards.
    """
    from yohaku.card import Secrets, connect
    from yohaku_applets.library_card import LibraryCard

    click.secho("余白 yohaku: an applet from its declaration to a card and back", bold=True)
    _declare()
    with connect("emulator:") as card:
        story = Story(card)
        secrets = Secrets.for_tests(LibraryCard)
        _load(story, secrets)
        _use(story, secrets)
        story.sum_up()
    _go_on()


class Story:
    """The steps on the card, and what travelled in each."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.steps: list[tuple[str, Traffic]] = []
        self._exchanges: list[Exchange] = []
        card.observers.append(self._exchanges.append)

    @contextmanager
    def step(self, title: str, *, shows_bytes: bool = False) -> Iterator[None]:
        """Tell one step: its title, what the block prints, the bytes if they are no secrets, the sums."""
        from yohaku.cli.cards import travelled

        _chapter(title)
        before = self.card.traffic.snapshot()
        self._exchanges.clear()
        yield
        if shows_bytes:
            _print_exchanges(self._exchanges)
        traffic = self.card.traffic - before
        self.steps.append((title, traffic))
        click.secho(f"  {travelled(traffic)}", dim=True)

    def sum_up(self) -> None:
        """Print what travelled in each step and in all."""
        _chapter("What travelled")
        rows = [(title, *_counts(traffic)) for title, traffic in self.steps]
        total = ("in all", *_counts(self.card.traffic))
        console.table([*rows, total], head=_HEAD, indent=2)


def _counts(traffic: Traffic) -> tuple[str, ...]:
    counts = (traffic.commands, traffic.sent, traffic.received)
    return tuple(f"{count:{len(title)},}" for count, title in zip(counts, _HEAD[1:], strict=True))


def _chapter(title: str) -> None:
    click.echo()
    click.secho(f"── {title} ".ljust(console.terminal_width() - 1, "─"), fg="cyan", bold=True)


def _print_exchanges(exchanges: list[Exchange]) -> None:
    for exchange in exchanges:
        for mark, data in ((">", exchange.command), ("<", exchange.response)):
            text = console.spaced(data)
            click.echo(
                textwrap.fill(text, console.terminal_width(), initial_indent=f"  {mark} ", subsequent_indent="    ")
            )


def _declare() -> None:
    from yohaku.cli.schema import draw
    from yohaku.schema import applet_layout
    from yohaku_applets.library_card import Borrower, LibraryCard

    _chapter("Declare")
    click.echo("\n\n".join(inspect.getsource(declared).rstrip() for declared in (Borrower, LibraryCard)))
    _chapter("Draw")
    draw(applet_layout(LibraryCard))


def _load(story: Story, secrets: Secrets) -> None:
    from yohaku.globalplatform import load_applet
    from yohaku_applets.library_card import LibraryCard

    with story.step("Load onto an emulated card"):
        report = load_applet(story.card, LibraryCard, secrets=secrets)
        click.echo(f"  files, rules, PIN and key travel as a descriptor of {report.descriptor_size} bytes")


def _use(story: Story, secrets: Secrets) -> None:
    from datetime import date

    from yohaku.cli.records import print_records
    from yohaku_applets.library_card import Borrower, LibraryCard, Loan

    with story.step("Open it, authenticate with the counter's key"):
        library = story.card.open(LibraryCard)
        library.counter.authenticate(secrets["counter"])
    with story.step("Write a borrower"):
        library.borrower.write(Borrower.example())
    with story.step("Read the borrower"):
        print_records(library.borrower.read(), indent=2)
    with story.step("Renew the card: only changed bytes travel", shows_bytes=True):
        library.borrower.update(expires=date(2036, 3, 31))
    with story.step("Lend a book: one more record in the loan log", shows_bytes=True):
        library.loans.append(Loan.example())
    with story.step("Read the loan log"):
        print_records(library.loans.records(), indent=2)


def _go_on() -> None:
    _chapter("Go on")
    for line in (
        "yohaku schema show local-currency          draw another applet",
        "yohaku applet load library-card --card emulator:card.img",
        "                                           keep a card in an image file",
        "yohaku schema show path/to/my.py:Stamp     draw your own",
    ):
        click.echo(f"  {line}")
