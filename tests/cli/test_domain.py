import json
from pathlib import Path
from typing import Any

import pytest

AID = "F059484B000100"
KEY = "000102030405060708090A0B0C0D0E0F"


def key_file(name: str, text: str, *, mode: int = 0o600) -> str:
    Path(name).write_text(text)
    Path(name).chmod(mode)
    return name


def test_create_and_list(run: Any, image: str) -> None:
    assert "make security domain" in run("domain", "create", AID, "--plan").stdout
    assert not Path(image).exists()
    assert run("domain", "create", AID, "--quota", "4000").exit_code == 0
    told = json.loads(run("domain", "list", "--json").stdout)
    assert [(each["aid"], each["issuer"]) for each in told] == [("a000000151000000", True), (AID.lower(), False)]
    assert "card secured" in run("domain", "list").stdout
    assert "tells of no keys" in run("domain", "keys", AID).stderr


@pytest.mark.parametrize("aid", ["F0", "XYZ", "F0" * 17])
def test_what_is_no_aid_is_a_usage_error(run: Any, aid: str) -> None:
    assert run("domain", "create", aid).exit_code == 2


def test_keys_are_told_without_being_shown(run: Any) -> None:
    told = json.loads(run("card", "keys", "--json").stdout)
    assert told["channels"] == [{"protocol": 3, "options": 0x70}]
    assert [(key["version"], key["id"], key["kind"], key["bytes"]) for key in told["keys"]] == [
        (0x30, number, "AES", 16) for number in (1, 2, 3)
    ]
    old = run("domain", "keys", "--card", "emulator:?profile=scp02")
    assert "DES" in old.stdout
    assert "SCP02 (i = 55)" in old.stderr


def test_rotate_changes_the_keys_for_everybody(run: Any, image: str) -> None:
    del image
    new = key_file("new.toml", f'key = "{KEY}"\nversion = 49\n')
    assert "remove the old key set" in run("domain", "rotate", new, "--plan").stdout
    done = run("domain", "rotate", new)
    assert (done.exit_code, "C35280" in done.stderr) == (0, True)
    refused = run("domain", "list")
    assert (refused.exit_code, "no try was spent" in refused.stderr) == (4, True)
    assert run("domain", "list", "--keys", new).exit_code == 0
    assert run("applet", "load", "library-card", "--keys", new).exit_code == 0
    assert run("applet", "status", YOHAKU_KEY=KEY).exit_code == 0
    assert run("applet", "status", YOHAKU_KEYS=new).exit_code == 0
    assert KEY not in done.output.replace(" ", "").upper()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('key = "00"', "16, 24 or 32 bytes"),
        ('key = "xy"', "is no key file"),
        ("key = 5", "is no key file"),
        ('enc = "00"', "is no key file"),
        ("nonsense", "is no TOML"),
        (f'key = "{KEY}"\npin = "1"', "has pin"),
        (f'key = "{KEY}"\ndiversification = "magic"', "is no key file"),
        (f'key = "{KEY}"\nversion = 200', "00 to 7F"),
    ],
)
def test_a_key_file_that_cannot_be_used_is_told_without_its_content(run: Any, text: str, words: str) -> None:
    result = run("domain", "list", "--keys", key_file("keys.toml", text))
    assert result.exit_code == 2
    assert words in result.stderr
    assert KEY not in result.stderr


def test_a_key_file_is_for_nobody_else(run: Any) -> None:
    result = run("domain", "list", "--keys", key_file("keys.toml", f'key = "{KEY}"', mode=0o644))
    assert (result.exit_code, "chmod 600" in result.stderr) == (2, True)
    assert run("domain", "list", "--keys", "none.toml").exit_code == 2


def test_master_keys_with_diversification_open_a_card_but_are_no_new_keys(run: Any) -> None:
    master = key_file("master.toml", f'key = "{KEY}"\ndiversification = "visa2"\n')
    refused = run("domain", "rotate", master)
    assert (refused.exit_code, "master keys" in refused.stderr) == (2, True)
    assert run("domain", "list", "--keys", master).exit_code == 4
