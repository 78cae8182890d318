"""The plugin gives tests their card, refuses real cards that nobody named, and leaves other projects alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from yohaku.card import connection
from yohaku_emulator import EmulatedCard

pytest_plugins = ["pytester"]

QUIET = ("-p", "no:cacheprovider")

USE = """
import pytest
from yohaku_applets.library_card import Borrower, LibraryCard


def test_blank(yohaku_card):
    assert yohaku_card.is_emulator
    assert not yohaku_card.transmit(bytes.fromhex("00A4040006F059484B0001")).endswith(b"\\x90\\x00")


@pytest.mark.yohaku(applet=LibraryCard)
def test_loaded(yohaku_applet):
    assert yohaku_applet.borrower.read() == Borrower.example()


@pytest.mark.yohaku(applet=LibraryCard)
@pytest.mark.parametrize("again", range(2))
def test_fresh(yohaku_applet, yohaku_secrets, again):
    assert yohaku_applet.borrower.read() == Borrower.example()
    yohaku_applet.counter.authenticate(yohaku_secrets["counter"])
    yohaku_applet.borrower.update(name="丸亀")


@pytest.mark.yohaku(applet=LibraryCard, contents={"borrower": Borrower.example().replace(number="0000000009")})
def test_contents(yohaku_applet, yohaku_card):
    assert yohaku_applet.borrower.read().number == "0000000009"
    assert yohaku_applet.session.selection.card is yohaku_card
"""


class Recorder:
    """A link that refuses to be opened, and remembers that somebody tried."""

    def __init__(self):
        self.opened = []

    def __call__(self, url):
        self.opened.append(url)
        raise AssertionError("a card was used")


@pytest.fixture
def links(monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(connection, "open_link", recorder)
    monkeypatch.setattr("yohaku.testing.suite.cards.open_link", recorder)
    return recorder


def test_each_test_has_a_fresh_card(pytester):
    pytester.makepyfile(USE)
    pytester.runpytest_inprocess(*QUIET, "--strict-markers").assert_outcomes(passed=5)


def test_an_applet_that_nobody_named_is_asked_for(pytester):
    pytester.makepyfile("def test_it(yohaku_applet): pass")
    result = pytester.runpytest_inprocess(*QUIET)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*which applet? Mark the test with @pytest.mark.yohaku(applet=LibraryCard)"])


def test_a_mark_that_pytest_misunderstands_is_explained(pytester):
    pytester.makepyfile(USE.replace("yohaku(applet=LibraryCard)", "yohaku(LibraryCard)"))
    result = pytester.runpytest_subprocess(*QUIET)
    assert result.ret
    result.stdout.fnmatch_lines(["*name the argument of the mark: @pytest.mark.yohaku(applet=LibraryCard)"])


def test_a_card_image_is_copied_and_never_changed(pytester):
    image = pytester.path / "card.img"
    image.write_bytes(EmulatedCard(seed=7).to_image())
    before = image.read_bytes()
    pytester.makepyfile(USE)
    pytester.runpytest_inprocess(*QUIET, f"--yohaku-card=emulator:{image}").assert_outcomes(passed=5)
    assert image.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--yohaku-card=pcsc:ACS"],
            "*name the one card that they may do that to, --yohaku-card-serial HEX. Nothing *",
        ),
        (["--yohaku-card=card.img"], "*--yohaku-card card.img: write emulator:, emulator:IMAGE or pcsc:READER"),
        (["--yohaku-card-serial=00"], "*--yohaku-card-serial names a real card; --yohaku-card names the emulator"),
        (["--yohaku-card=pcsc:ACS", "--yohaku-card-serial=00", "-n2"], "*is one card: leave out -n*"),
        (["--yohaku-profile=slow"], "*--yohaku-profile: invalid choice: 'slow'*"),
    ],
    ids=["no serial", "no scheme", "serial of an emulator", "two processes", "no such profile"],
)
def test_wrong_usage_is_told_before_anything_is_sent(pytester, links, arguments, message):
    pytester.makepyfile(USE)
    result = pytester.runpytest_inprocess(*QUIET, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
    assert not links.opened


def test_the_help_names_the_options(pytester):
    result = pytester.runpytest_inprocess("--help")
    for option in ("--yohaku-card=URL", "--yohaku-card-serial=HEX", "--yohaku-profile={quick,ci,long}"):
        result.stdout.fnmatch_lines([f"*{option}*"])
    result.stdout.fnmatch_lines(["*yohaku: cards and applet suites*"])
    result = pytester.runpytest_inprocess("--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.yohaku(applet=..., contents=None)*"])


def test_a_project_that_does_not_use_it_imports_nothing_of_it(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_it():
            loaded = {name for name in sys.modules if name.startswith("yohaku")}
            assert loaded == {"yohaku", "yohaku.pytest_plugin"}
            assert "construct" not in sys.modules
        """
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *QUIET], cwd=pytester.path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_no_hypothesis_profile_of_the_project_is_changed(pytester):
    pytester.makepyfile(
        """
        from hypothesis import settings
        from yohaku.testing.suite.effort import EFFORTS

        def test_it(yohaku_effort):
            assert yohaku_effort.settings.max_examples == 250
            name = settings.get_current_profile_name()
            assert name in {"default", "ci"}, "what Hypothesis chooses by itself, in CI or elsewhere"
            assert settings.default is settings.get_profile(name)
            assert settings.default.max_examples == 100
            assert yohaku_effort.settings.derandomize
        """
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *QUIET, "--yohaku-profile=ci"],
        cwd=pytester.path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_plugin_is_an_entry_point():
    text = (Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    assert '[project.entry-points.pytest11]\nyohaku = "yohaku.pytest_plugin"\n' in text
