"""The pytest plugin ``yohaku``: a card for each test, and how much the suites of ``applet_suite`` try.

It is loaded by its entry point wherever yohaku is installed, so it imports nothing of yohaku before it is used, and all
its names start with ``yohaku``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.card import Card, Secrets
    from yohaku.globalplatform import KeySource
    from yohaku.schema import Applet
    from yohaku.testing.suite.cards import Cards
    from yohaku.testing.suite.effort import Effort

_EMULATOR = "emulator:"
_MARKER = "yohaku(applet=..., contents=None): load this applet on the test's yohaku_card, contents by file name"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("yohaku", "yohaku: cards and applet suites")
    group.addoption(
        "--yohaku-card",
        metavar="URL",
        default=_EMULATOR,
        help="The card to test on: emulator: (default), emulator:IMAGE, of which copies are used, or pcsc:READER.",
    )
    group.addoption(
        "--yohaku-card-serial",
        metavar="HEX",
        default="",
        help="Serial number of the real card that tests may load applets on and delete them from.",
    )
    group.addoption(
        "--yohaku-profile",
        choices=("quick", "ci", "long"),
        default="quick",
        help="How much applet suites try: quick (default, seconds), ci (repeatable), long (for a night).",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and refuse a real card that nobody named, before anything is sent."""
    config.addinivalue_line("markers", _MARKER)
    url, serial = _option(config, "--yohaku-card"), _option(config, "--yohaku-card-serial")
    if url.startswith(_EMULATOR):
        if serial:
            raise pytest.UsageError("--yohaku-card-serial names a real card; --yohaku-card names the emulator")
        return
    if ":" not in url:
        raise pytest.UsageError(f"--yohaku-card {url}: write emulator:, emulator:IMAGE or pcsc:READER")
    if not serial:
        raise pytest.UsageError(
            f"--yohaku-card {url} is a real card, and tests load applets on it and delete them: name the one card that "
            "they may do that to, --yohaku-card-serial HEX. Nothing was sent"
        )
    if config.getoption("numprocesses", None):
        raise pytest.UsageError(f"--yohaku-card {url} is one card: leave out -n, so that one process uses it")


def pytest_pycollect_makeitem(name: str, obj: object) -> None:
    """Tell who wrote ``pytest.mark.yohaku(LibraryCard)`` that pytest takes this for a decorated class, not for a mark.

    Raises:
        UsageError: a class carries the mark without its argument.
    """
    if not issubclass(type(obj), type):  # isinstance would ask objects that pretend to be others
        return
    marks: Any = vars(obj).get("pytestmark")
    if isinstance(marks, list) and any(mark.name == "yohaku" and not mark.kwargs for mark in marks):
        given = getattr(obj, "__name__", name)
        raise pytest.UsageError(f"{name}: name the argument of the mark: @pytest.mark.yohaku(applet={given})")


@pytest.fixture(scope="session")
def yohaku_domain_keys() -> KeySource:
    """Keys of a real card's security domain: the published test keys. Override it for a card that has others."""
    from yohaku.globalplatform import KeySet

    return KeySet.for_tests()


@pytest.fixture(scope="session")
def yohaku_cards(pytestconfig: pytest.Config, yohaku_domain_keys: KeySource) -> Iterator[Cards]:
    """Where the cards of this run come from."""
    from yohaku.testing.suite.cards import cards_at

    url, serial = _option(pytestconfig, "--yohaku-card"), _option(pytestconfig, "--yohaku-card-serial")
    cards = cards_at(url, serial, yohaku_domain_keys)
    yield cards
    cards.close()


@pytest.fixture(scope="session")
def yohaku_effort(pytestconfig: pytest.Config) -> Effort:
    """How much to try."""
    from yohaku.testing.suite.effort import effort

    return effort(_option(pytestconfig, "--yohaku-profile"))


@pytest.fixture
def yohaku_card(request: pytest.FixtureRequest, yohaku_cards: Cards) -> Iterator[Card]:
    """A connected card of the test's own, with the applet that the mark ``yohaku`` names; or a blank one."""
    applet, contents = _named(request)
    card = yohaku_cards.blank() if applet is None else yohaku_cards.loaded(applet, contents)
    yield card
    card.close()


@pytest.fixture
def yohaku_applet(request: pytest.FixtureRequest, yohaku_card: Card) -> Applet:
    """The applet that the mark ``yohaku`` names, opened on `yohaku_card`."""
    return yohaku_card.open(_required(request))


@pytest.fixture
def yohaku_secrets(request: pytest.FixtureRequest, yohaku_cards: Cards) -> Secrets:
    """The values of the PINs and keys of that applet, by name."""
    return yohaku_cards.secrets(_required(request))


def _option(config: pytest.Config, name: str) -> str:
    return str(config.getoption(name))


def _named(request: pytest.FixtureRequest) -> tuple[type[Applet] | None, Any]:
    """Give the applet and the contents that the nearest mark names, or the applet of a suite."""
    mark = request.node.get_closest_marker("yohaku")
    if mark is None:
        return getattr(request.cls, "applet", None), None
    return mark.kwargs["applet"], mark.kwargs.get("contents")


def _required(request: pytest.FixtureRequest) -> type[Applet]:
    applet, _ = _named(request)
    if applet is None:
        raise pytest.UsageError(
            f"{request.node.nodeid}: which applet? Mark the test with @pytest.mark.yohaku(applet=LibraryCard)"
        )
    return applet
