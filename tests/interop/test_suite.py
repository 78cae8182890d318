"""The suite of an applet, the same as in process, on a card behind a real pcscd: only on the one that was named."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from yohaku import connect
from yohaku.globalplatform import KeySet, SecurityDomain
from yohaku.globalplatform.batch import identity

URL = "pcsc:Virtual PCD 00 00"
SUITE = """
from yohaku.testing import applet_suite
from yohaku_applets.library_card import LibraryCard
TestLibraryCard = applet_suite(LibraryCard)
"""
ON_CARD = "not record and not near_miss and not json_schema"
"""The tests that need a card; those of records have none."""
COULD_HARM = {
    "test_a_load_that_is_cut_can_be_completed",
    "test_a_power_cut_leaves_the_old_or_the_new",
    "test_a_wrong_value_takes_the_right_away",
    "test_a_pin_is_blocked_after_its_tries",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "test_library.py").write_text(SUITE, encoding="utf-8")
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-v", "-rs", "-p", "no:cacheprovider", "--yohaku-card", URL, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_the_suite_runs_on_the_card_that_was_named(inserted: Any, project: Path) -> None:
    with connect(URL) as card:
        serial = identity(card)
    before = inserted.card.writes
    done = run(project, "--yohaku-card-serial", serial, "-k", ON_CARD)
    assert done.returncode == 0, done.stdout
    passed = set(re.findall(r"TestLibraryCard::(\S+?)(?:\[.*\])? PASSED", done.stdout))
    skipped = set(re.findall(r"TestLibraryCard::(\S+?)(?:\[.*\])? SKIPPED", done.stdout))
    assert skipped == COULD_HARM
    assert passed >= {
        "test_access_is_exactly_what_is_declared",
        "test_rights_end_with_the_session",
        "test_random_sessions_do_what_the_declaration_says",
    }
    assert "this card is real: its power cannot be cut at a page write" in done.stdout
    assert inserted.card.writes > before
    with connect(URL) as card:
        assert SecurityDomain.open(card, KeySet.for_tests(), allow_test_keys=True).applications() == []


def test_another_card_is_left_alone(inserted: Any, project: Path) -> None:
    before = inserted.card.writes
    done = run(project, "--yohaku-card-serial", "00112233 44556677", "-k", "rights", "-x")
    assert done.returncode
    assert (
        "has serial 0000000000000000, the card named for tests has 0011223344556677; nothing was changed" in done.stdout
    )
    assert inserted.card.writes == before


def test_a_card_that_nobody_named_is_left_alone(inserted: Any, project: Path) -> None:
    answered = inserted.commands
    done = run(project)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "name the one card that they may do that to, --yohaku-card-serial HEX. Nothing was sent" in done.stderr
    assert inserted.commands == answered
