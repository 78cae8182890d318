"""The PINs of an applet on a card, from the command line."""

import json
from typing import Any

import pytest

from yohaku.cli import access

IMAGE = ("--card", "emulator:card.img")


@pytest.fixture
def loaded(run: Any) -> Any:
    assert run("applet", "load", "local-currency", *IMAGE).exit_code == 0
    return run


def listed(run: Any) -> Any:
    return json.loads(run("applet", "pin", "list", "local-currency", "--json", *IMAGE).stdout)


def test_a_pin_is_disabled_and_enabled_again(loaded: Any) -> None:
    wanted = [{"name": "holder", "tries_left": 3, "tries": 3, "required": True}]
    assert listed(loaded) == wanted
    assert loaded("applet", "pin", "disable", "local-currency", "holder", *IMAGE).exit_code == 0
    table = loaded("applet", "pin", "list", "local-currency", *IMAGE).stdout
    assert "3 of 3" in table
    assert table.rstrip().endswith("no")
    assert loaded("applet", "pin", "enable", "local-currency", "holder", *IMAGE).exit_code == 0
    assert listed(loaded) == wanted


def test_a_disabled_pin_is_not_asked_for_when_a_file_is_read(loaded: Any, tmp_path: Any) -> None:
    loaded("applet", "pin", "disable", "local-currency", "holder", *IMAGE)
    empty = tmp_path / "secrets.toml"
    empty.write_text("[local-currency]\n")
    empty.chmod(0o600)
    read = ("applet", "read", "local-currency", "log", "--secrets", str(empty), "--json", *IMAGE)
    assert loaded(*read).exit_code == 0
    loaded("applet", "pin", "enable", "local-currency", "holder", *IMAGE)
    assert loaded(*read).exit_code == 2, "the PIN is needed, and nobody can be asked"


def test_an_unknown_pin_and_one_that_is_always_required_are_refused(run: Any) -> None:
    assert run("applet", "load", "library-card", *IMAGE).exit_code == 0
    refused = run("applet", "pin", "disable", "library-card", "holder", *IMAGE)
    assert refused.exit_code == 1
    assert "can_disable" in refused.stderr
    unknown = run("applet", "pin", "enable", "library-card", "owner", *IMAGE)
    assert "holder" in unknown.stderr


def written(folder: Any, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def test_a_pin_is_changed_to_the_value_of_a_file(loaded: Any, tmp_path: Any) -> None:
    new = written(tmp_path, "new.toml", '[local-currency]\nholder = "2468"\n')
    change = ("applet", "pin", "change", "local-currency", "holder", *IMAGE)
    assert loaded(*change, "--new", new).exit_code == 0
    assert loaded(*change, "--new", new).exit_code == 4, "the published old value is wrong now"
    assert listed(loaded)[0]["tries_left"] == 2
    assert loaded(*change, "--new", new, "--secrets", new).exit_code == 0


def test_a_new_value_is_asked_for_twice(loaded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_can_ask", lambda: True)
    change = ("applet", "pin", "change", "local-currency", "holder", *IMAGE)
    assert loaded(*change, stdin="2468\n2468\n").exit_code == 0
    reset = ("applet", "pin", "reset", "local-currency", "holder", "--new", "-", *IMAGE)
    assert loaded(*reset, stdin="1234\n1234\n").exit_code == 0
    assert loaded(*change, stdin="1357\n1357\n").exit_code == 0, "1234 is the old value again"


def test_a_blocked_pin_is_reset_with_the_key_that_its_rule_names(loaded: Any, tmp_path: Any) -> None:
    wrong = written(tmp_path, "wrong.toml", '[local-currency]\nholder = "0000"\n')
    enable = ("applet", "pin", "enable", "local-currency", "holder", "--secrets", wrong, *IMAGE)
    assert [loaded(*enable).exit_code for _ in range(2)] == [4, 4]
    assert "--last-try" in loaded(*enable).stderr
    loaded(*enable, "--last-try")
    assert listed(loaded)[0]["tries_left"] == 0
    assert loaded("applet", "pin", "reset", "local-currency", "holder", "--secrets", wrong, *IMAGE).exit_code == 4
    assert loaded("applet", "pin", "reset", "local-currency", "holder", *IMAGE).exit_code == 0
    assert listed(loaded)[0]["tries_left"] == 3


def test_a_file_without_the_new_value_is_refused_before_anything_is_sent(loaded: Any, tmp_path: Any) -> None:
    empty = written(tmp_path, "empty.toml", "[local-currency]\n")
    result = loaded("applet", "pin", "change", "local-currency", "holder", "--new", empty, *IMAGE)
    assert result.exit_code == 2
    assert "no value for holder" in result.stderr
