import json
from pathlib import Path
from typing import Any

import pytest

from yohaku.cli import review

OPEN = """
from yohaku import ALWAYS, Applet, Record, TransparentFile, field
from yohaku.fields import Text


class Person(Record):
    name: str = field(Text(16, "utf-8"), "氏名", personal=True)


class Open(Applet, aid="F0 00 00 00 77 01"):
    person = TransparentFile(Person, "人", read=ALWAYS, update=ALWAYS)
"""


@pytest.fixture
def planted(folder: Path) -> str:
    (folder / "open.py").write_text(OPEN)
    return "open.py"


def test_check_fails_on_an_error_and_names_rule_and_place(run: Any, planted: str) -> None:
    result = run("schema", "check", planted, "--no-prove")
    assert result.exit_code == 1
    assert "error PERSONAL_DATA_READABLE open.person" in result.stdout
    found = json.loads(run("schema", "check", planted, "--no-prove", "--json").stdout)
    assert ("PERSONAL_DATA_READABLE", "error") in {(item["rule"], item["severity"]) for item in found}


def test_the_catalogue_has_no_error(run: Any) -> None:
    result = run("schema", "check", "--all", "--no-prove", "--json")
    assert result.exit_code == 0
    assert all(item["ignored"] for item in json.loads(result.stdout) if item["severity"] == "error")


def test_check_proves_each_file_and_keeps_stdout_for_findings(run: Any) -> None:
    result = run("schema", "check", "library-card", "--json")
    json.loads(result.stdout)
    assert "borrower: 200 records came back unchanged" in result.stderr
    assert "loans: 200 records came back unchanged" in result.stderr


def test_without_hypothesis_check_says_so(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review, "find_spec", lambda _name: None)
    result = run("schema", "check", "library-card")
    assert result.exit_code == 0
    assert "pip install 'yohaku[test]'" in result.stderr


def test_sizes_are_checked_against_what_is_granted(run: Any) -> None:
    small = run("schema", "check", "library-card", "--no-prove", "--free", "100", "--json")
    large = run("schema", "check", "library-card", "--no-prove", "--free", "10000", "--json")
    assert len(json.loads(small.stdout)) > len(json.loads(large.stdout))


def test_two_applets_with_one_aid_clash(run: Any, planted: str) -> None:
    result = run("schema", "check", planted, planted, "--no-prove", "--json")
    assert "AID_CLASH" in {item["rule"] for item in json.loads(result.stdout)}


def test_documents_are_written_once(run: Any, folder: Path) -> None:
    first = run("schema", "document", "--all", "made")
    assert (first.exit_code, first.stdout) == (0, "")
    names = {path.name for path in (folder / "made").iterdir()}
    assert {"README.md", "library-card.md", "library-card.svg", "library-card.schema.json"} <= names
    assert f"{len(names)} documents in made, {len(names)} changed" in first.stderr
    (folder / "made" / "library-card.md").write_text("old")
    assert f"{len(names)} documents in made, 1 changed" in run("schema", "document", "--all", "made").stderr
    one = run("schema", "document", "library-card", "one")
    assert one.exit_code == 0
    assert not (folder / "one" / "README.md").exists()
    assert (folder / "one" / "library-card.md").read_bytes() == (folder / "made" / "library-card.md").read_bytes()


@pytest.mark.parametrize("arguments", [("check",), ("check", "--all", "library-card"), ("document", "folder")])
def test_either_names_or_all(run: Any, arguments: tuple[str, ...]) -> None:
    result = run("schema", *arguments)
    assert result.exit_code == 2
    assert "--all" in result.stderr
