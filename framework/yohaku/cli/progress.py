"""How something goes that takes long: one line on stderr, written over, and only where somebody watches."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Self

import click

from yohaku.cli.console import note, terminal_width

if TYPE_CHECKING:
    from types import TracebackType

    from yohaku.globalplatform import Step
    from yohaku.reader import Waiting

_START_OF_LINE, _CLEAR = "\r", "\x1b[K"


class StatusLine:
    """A line on the terminal that stderr is; gone at the end of the ``with`` block.

    Where stderr is no terminal nothing is written, but for the first text when that is wanted.

    Args:
        says_once: whether the first text is written where stderr is no terminal.
    """

    def __init__(self, *, says_once: bool = False) -> None:
        self._is_live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._says_once = says_once and not self._is_live
        self._is_shown = False

    def show(self, text: str) -> None:
        """Let the line say something else."""
        if self._is_live:
            from yohaku.render.columns import clip

            click.echo(f"{_START_OF_LINE}{clip(text, terminal_width() - 1)}{_CLEAR}", err=True, nl=False, color=True)
            self._is_shown = True
        elif self._says_once:
            note(text)
            self._says_once = False

    def step(self, step: Step) -> None:
        """Show how far an operation on a card is."""
        self.show(f"[{step.done}/{step.total}] {step.text}")

    def waiting(self, waiting: Waiting) -> None:
        """Show what is waited for, and how long already."""
        passed = f" ({waiting.seconds:.0f} s)" if self._is_live else "; waiting"
        self.show(f"{waiting.text}{passed}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_shown:
            click.echo(f"{_START_OF_LINE}{_CLEAR}", err=True, nl=False, color=True)
