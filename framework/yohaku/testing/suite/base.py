"""What every group of a suite's tests stands on: the applet, and the parts that a test is run over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import pytest

from yohaku.testing.suite.cards import Cards, EmulatedCards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from yohaku.schema import Applet
    from yohaku.schema.snapshot import AppletSnapshot

F = TypeVar("F", bound="Callable[..., Any]")
_OVER = "yohaku_over"


class AppletTests:
    """The base of the groups; `applet_suite` joins them to one class for an applet.

    Attributes:
        applet: the declaration under test.
        snapshots: saved earlier versions of it, by the name of their file.
    """

    applet: ClassVar[type[Applet]]
    snapshots: ClassVar[dict[str, AppletSnapshot]]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a test once for each part that it says it is run over."""
        found = getattr(metafunc.function, _OVER, None)
        if found is not None:
            parts = [str(part) for part in found[1](type(self))]
            metafunc.parametrize(found[0], parts, ids=parts)

    def where(self, part: str) -> str:
        """Say which part of the applet is meant."""
        return f"{self.applet.name}.{part}" if part else self.applet.name

    def label(self, *parts: object) -> str:
        """Name a property of the applet for good, so that what failed last time is found again."""
        return ".".join(map(str, (self.applet.__module__, self.applet.__qualname__, *parts)))


def over(name: str, parts: Callable[[type[AppletTests]], Iterable[object]]) -> Callable[[F], F]:
    """Run a test once for each of some parts of the applet, whose name it takes as an argument.

    Args:
        name: of the argument.
        parts: gives the parts; a suite leaves the test out when there are none.
    """

    def mark(test: F) -> F:
        setattr(test, _OVER, (name, parts))
        return test

    return mark


def without_parts(suite: type[AppletTests]) -> list[str]:
    """Name the tests that would be run over nothing."""
    tests = {name: getattr(suite, name) for name in dir(suite) if name.startswith("test_")}
    return [name for name, test in tests.items() if hasattr(test, _OVER) and not list(getattr(test, _OVER)[1](suite))]


def files(suite: type[AppletTests]) -> Iterable[str]:
    """Name the files."""
    return suite.applet.files()


def pins(suite: type[AppletTests]) -> Iterable[str]:
    """Name the PINs."""
    return suite.applet.pins()


def credentials(suite: type[AppletTests]) -> Iterable[str]:
    """Name the PINs and keys."""
    return [*suite.applet.pins(), *suite.applet.keys()]


def emulated(cards: Cards, why: str) -> EmulatedCards:
    """Give the emulated cards, or skip the test on a real card."""
    if not isinstance(cards, EmulatedCards):
        pytest.skip(f"this card is real: {why}")
    return cards
