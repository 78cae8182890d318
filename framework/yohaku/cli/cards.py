"""The card that a command works on, and what its link carried."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from yohaku.cli.console import counted, note
from yohaku.cli.parameters import TRACE_PATH, TRACE_SECRETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.card import Card, Traffic


@contextmanager
def open_card(url: str) -> Iterator[Card]:
    """Connect to a card for the length of a ``with`` block.

    Raises:
        YohakuError: the card is not to be had, as `yohaku.card.connect` says.
    """
    with connected(url) as card, _traced(card):
        if url.partition("?")[0] == "emulator:":
            note("a fresh emulated card, gone when this command ends; --card emulator:PATH keeps one")
        yield card


def connected(url: str) -> Card:
    """Connect to a card; waiting for one, where the URL says so, is shown.

    Raises:
        YohakuError: the card is not to be had, as `yohaku.card.connect` says.
    """
    from yohaku.card import Card, connect

    scheme, _, rest = url.partition(":")
    if scheme != "pcsc":
        return connect(url)
    from yohaku.cli.progress import StatusLine
    from yohaku.reader import open_link

    with StatusLine(says_once=True) as line:
        return Card(open_link(rest, progress=line.waiting))


@contextmanager
def _traced(card: Card) -> Iterator[None]:
    """Write what travels into the file that --trace names."""
    options = click.get_current_context().meta
    path = options.get(TRACE_PATH)
    if path is None:
        yield
        return
    from yohaku.card.traces import Explainer, Tracer
    from yohaku.cli.targets import installed_applets

    with_secrets = bool(options.get(TRACE_SECRETS))
    with open(path, "w", encoding="utf-8", opener=_private if with_secrets else None) as file:
        tracer = Tracer(file.write, explainer=Explainer(installed_applets()), with_secrets=with_secrets)
        card.observers.append(tracer)
        try:
            yield
        finally:
            card.observers.remove(tracer)
    note(f"wrote {path}")


def _private(path: str, flags: int) -> int:
    """Open a file that only its owner can read, also when it is there already."""
    handle = os.open(path, flags, 0o600)
    os.fchmod(handle, 0o600)
    return handle


def travelled(traffic: Traffic) -> str:
    """Say what the link carried: ``3 commands, 40 bytes there, 12 bytes back``."""
    there, back = counted(traffic.sent, "byte"), counted(traffic.received, "byte")
    return f"{counted(traffic.commands, 'command')}, {there} there, {back} back"
