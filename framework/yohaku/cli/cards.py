"""The card that a command works on, and what its link carried."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from yohaku.cli.console import counted, note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.card import Card, Traffic


@contextmanager
def open_card(url: str) -> Iterator[Card]:
    """Connect to a card for the length of a ``with`` block.

    Raises:
        YohakuError: the card is not to be had, as `yohaku.card.connect` says.
    """
    from yohaku.card import connect

    with connect(url) as card:
        if url.partition("?")[0] == "emulator:":
            note("a fresh emulated card, gone when this command ends; --card emulator:PATH keeps one")
        yield card


def travelled(traffic: Traffic) -> str:
    """Say what the link carried: ``3 commands, 40 bytes there, 12 bytes back``."""
    there, back = counted(traffic.sent, "byte"), counted(traffic.received, "byte")
    return f"{counted(traffic.commands, 'command')}, {there} there, {back} back"
