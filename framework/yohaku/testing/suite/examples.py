"""Random examples for a property: Hypothesis run inside a test, with a place of its own for what failed last time."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import Phase, Verbosity, given, settings
from hypothesis import strategies as st
from hypothesis.database import ExampleDatabase

from yohaku.testing.suite.broken import BrokenError
from yohaku.testing.suite.effort import TOLERATED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from yohaku.testing.suite.effort import Effort


T = TypeVar("T")


class Corner(ExampleDatabase):
    """A part of a database that one property has to itself."""

    def __init__(self, whole: ExampleDatabase, name: str) -> None:
        super().__init__()
        self._whole, self._name = whole, name.encode() + b"/"

    def save(self, key: bytes, value: bytes) -> None:
        """Keep a value."""
        self._whole.save(self._name + key, value)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """Give the values kept."""
        return self._whole.fetch(self._name + key)

    def delete(self, key: bytes, value: bytes) -> None:
        """Forget a value."""
        self._whole.delete(self._name + key, value)


def for_all(
    holds: Callable[..., None],
    *strategies: st.SearchStrategy[Any],
    effort: Effort,
    name: str,
    where: str,
    examples: int | None = None,
) -> None:
    """Try a property with random arguments; what it raises for the smallest that fail comes through.

    Args:
        holds: the property; raises when it does not hold.
        strategies: of its arguments, by position.
        effort: how much to try.
        name: of the property, the same in each run.
        where: the part of the applet that it concerns.
        examples: how many to try instead of the effort's.

    Raises:
        BrokenError: the property does not hold, or no arguments could be drawn.
    """
    profile = effort.settings
    whole = profile.database

    @settings(
        profile,
        max_examples=examples or profile.max_examples,
        database=None if whole is None else Corner(whole, name),
        verbosity=Verbosity.quiet,
    )
    @given(st.tuples(*strategies))
    def run(drawn: tuple[Any, ...]) -> None:
        holds(*drawn)

    try:
        run()
    except BrokenError:
        raise
    except Exception as error:
        shown = "".join(traceback.format_exception(error, limit=-3))
        raise BrokenError(where, f"drawing values raises {type(error).__name__}: {error}", shown) from error


def some(strategy: st.SearchStrategy[T], count: int) -> list[T]:
    """Give a few values of a strategy, always the same ones."""
    found: list[T] = []
    quiet = settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        verbosity=Verbosity.quiet,
        suppress_health_check=TOLERATED,
    )

    @quiet
    @given(strategy)
    def collect(value: T) -> None:
        found.append(value)

    collect()
    return found
