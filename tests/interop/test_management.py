"""Content management from the command line, through a real pcscd: CAP files, domains, keys, status, a batch."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from yohaku.cli.root import yohaku

READER = "pcsc:Virtual PCD 00 00"
PEOPLE = """id,borrower.municipality,borrower.number,borrower.name,borrower.issued,borrower.expires,borrower.status
p1,131016,0000000001,山田 太郎,2026-04-01,2031-03-31,active
"""
SECRETS = '[library-card]\nholder = "4711"\ncounter = "00112233445566778899aabbccddeeff"\n'


@pytest.fixture
def run(inserted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    assert inserted
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("YOHAKU_CARD", READER)
    for name, text in {
        "keys.toml": 'key = "404142434445464748494A4B4C4D4E4F"\n',
        "new.toml": 'key = "000102030405060708090A0B0C0D0E0F"\nversion = 49\n',
        "secrets.toml": SECRETS,
        "people.csv": PEOPLE,
    }.items():
        Path(name).write_text(text)
        Path(name).chmod(0o600)

    def invoke(*arguments: str, keys: str = "keys.toml") -> Result:
        more = ("--keys", keys, *(("--allow-test-keys",) if keys == "keys.toml" else ()))
        return CliRunner().invoke(yohaku, [*arguments, *more], prog_name="yohaku", catch_exceptions=False)

    return invoke


def test_a_card_in_a_reader_is_managed_with_its_keys(run: Any) -> None:
    CliRunner().invoke(yohaku, ["cap", "example", "hello.cap"])
    assert run("cap", "load", "hello.cap", "--install", "--yes").exit_code == 0
    assert run("domain", "create", "F059484B000100", "--yes").exit_code == 0
    assert len(json.loads(run("domain", "list", "--json").stdout)) == 2
    assert "30       1    AES" in CliRunner().invoke(yohaku, ["card", "keys"]).stdout
    assert run("domain", "rotate", "new.toml", "--yes").exit_code == 0
    told = json.loads(run("applet", "status", "--json", keys="new.toml").stdout)
    assert told["key_versions"] == [49]
    assert [each["condition"] for each in told["applications"]] == ["foreign", "security domain"]


def test_test_keys_need_leave_on_a_card_in_a_reader(run: Any) -> None:
    refused = CliRunner().invoke(yohaku, ["domain", "list", "--keys", "keys.toml"])
    assert (refused.exit_code, "published test keys" in refused.stderr) == (2, True)
    assert run("domain", "list").exit_code == 0


def test_a_batch_waits_for_each_card(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("click.pause", lambda text, **_: asked.append(text))
    batch = ("applet", "load", "library-card", "--batch", "people.csv", "--secrets", "secrets.toml", "--yes")
    assert run(*batch).exit_code == 0
    assert asked == ["p1: put the card in the reader, then press any key"]
    shown = CliRunner().invoke(yohaku, ["applet", "read", "library-card", "borrower", "--json"])
    assert json.loads(shown.stdout)["name"] == "山田 太郎"
