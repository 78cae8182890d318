"""The PINs of an applet on a card, from the command line."""

import json
from typing import Any

import pytest

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
