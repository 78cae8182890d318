"""What a suite says when a property does not hold: what, where, and the script that shows it."""

from __future__ import annotations

import functools
import textwrap
from typing import TYPE_CHECKING, ParamSpec

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")


class BrokenError(Exception):
    """A property of an applet does not hold.

    Attributes:
        where: the applet's part that it concerns, such as ``library-card.loans``.
        what: what does not hold, as a sentence.
        script: the shortest way found to see it: Python, APDUs, or both.
    """

    def __init__(self, where: str, what: str, script: str = "") -> None:
        self.where, self.what, self.script = where, what, script
        super().__init__(where, what, script)

    def __str__(self) -> str:
        shown = f"\n\n{textwrap.indent(self.script.rstrip(), '    ')}" if self.script else ""
        return f"{self.where}: {self.what}{shown}"


def reported(test: Callable[P, None]) -> Callable[P, None]:
    """Make a broken property a failure that shows its sentence and its script, and no lines of this package."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            test(*args, **kwargs)
        except BrokenError as error:
            sentence = str(error)
        else:
            return
        pytest.fail(sentence, pytrace=False)

    return run
