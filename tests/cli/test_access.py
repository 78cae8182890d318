"""Secrets files, prompts, and the care that a real card gets."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

import yohaku.card
from yohaku.card import Card
from yohaku.cli import access
from yohaku_emulator.link import open_link

KEY = "00112233445566778899aabbccddeeff"
SECRETS = f'[stamp]\nholder = "4711"\nclerk = "{KEY}"\n'
RECORD = '{"shop": 7, "name": "a", "day": "2026-04-01"}'


class RealLink:
    """An emulated card that takes commands in clear and claims to be a real one in a reader."""

    is_emulator = False
    name = "Some Reader 00"

    def __init__(self) -> None:
        self._link = open_link("real.img?profile=open")
        self.transmit, self.reset, self.close = self._link.transmit, self._link.reset, self._link.close
        self.atr = self._link.atr


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch, stamp: str) -> str:
    """The designer's applet, and a card that is no emulator."""
    monkeypatch.setattr(yohaku.card, "connect", lambda _url: Card(RealLink()))
    return stamp


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who can be asked."""
    monkeypatch.setattr(access, "_can_ask", lambda: True)


@pytest.fixture
def secrets(folder: Path) -> str:
    path = folder / "secrets.toml"
    path.write_text(SECRETS)
    path.chmod(0o600)
    return "secrets.toml"


def test_a_real_card_is_not_written_to_unasked(run: Any, real: str, secrets: str) -> None:
    result = run("applet", "load", real, "--secrets", secrets)
    assert result.exit_code == 2
    assert "new on Some Reader 00: stamp" in result.stderr
    assert "add --yes" in result.stderr
    assert json.loads(run("applet", "list", "--json").stdout) == []


@pytest.mark.usefixtures("terminal")
def test_a_real_card_is_written_to_after_a_yes(run: Any, real: str, secrets: str) -> None:
    refused = run("applet", "load", real, "--secrets", secrets, stdin="n\n")
    assert refused.exit_code == 1
    assert json.loads(run("applet", "list", "--json").stdout) == []
    assert run("applet", "load", real, "--secrets", secrets, stdin="y\n").exit_code == 0
    assert len(json.loads(run("applet", "list", "--json").stdout)) == 1


def test_yes_needs_nobody_and_the_variable_names_the_file(run: Any, real: str, secrets: str) -> None:
    assert run("applet", "load", real, "--yes", YOHAKU_SECRETS=secrets).exit_code == 0
    write = run("applet", "write", real, "last", RECORD, "--yes", "--secrets", secrets)
    assert write.exit_code == 0
    assert "shop: 7" in write.stderr
    assert run("applet", "read", real, "visits", "--json", "--secrets", secrets).stdout == "[]\n"
    assert run("card", "apdu", "00A4040000").exit_code == 2
    assert run("card", "apdu", "00A4040000", "--yes").exit_code == 0
    assert run("applet", "delete", real).exit_code == 2
    assert run("applet", "delete", real, "--yes").exit_code == 0


def test_no_published_value_goes_to_a_real_card(run: Any, real: str) -> None:
    result = run("applet", "load", real, "--yes")
    assert result.exit_code == 2
    assert "stamp needs a value for holder, clerk" in result.stderr


@pytest.mark.usefixtures("terminal")
def test_pins_are_asked_for_without_echo(run: Any, real: str, folder: Path) -> None:
    (folder / "keys.toml").write_text(f'[stamp]\nclerk = "{KEY}"\n')
    (folder / "keys.toml").chmod(0o600)
    load = run("applet", "load", real, "--secrets", "keys.toml", "--yes", stdin="4711\n4711\n")
    assert load.exit_code == 0
    wrong = run("applet", "read", real, "visits", stdin="4712\n")
    assert wrong.exit_code == 4
    assert "2 tries are left" in wrong.stderr
    right = run("applet", "read", real, "visits", "--json", stdin="4711\n")
    assert (right.exit_code, right.stdout) == (0, "[]\n")
    for result in (load, wrong, right):
        assert "471" not in result.output


@pytest.mark.usefixtures("terminal")
def test_a_new_pin_is_asked_for_until_it_is_the_same_twice(run: Any, real: str, folder: Path) -> None:
    (folder / "keys.toml").write_text(f'[stamp]\nclerk = "{KEY}"\n')
    (folder / "keys.toml").chmod(0o600)
    result = run("applet", "load", real, "--secrets", "keys.toml", "--yes", stdin="4711\n4712\n")
    assert result.exit_code == 1
    assert json.loads(run("applet", "list", "--json").stdout) == []


def test_without_a_terminal_the_missing_pin_is_named(run: Any, real: str, secrets: str) -> None:
    run("applet", "load", real, "--yes", "--secrets", secrets)
    result = run("applet", "read", real, "visits")
    assert result.exit_code == 2
    assert "holder is needed" in result.stderr


def test_the_last_try_is_kept_unless_allowed(run: Any, stamp: str, image: str, secrets: str, folder: Path) -> None:
    del image
    run("applet", "load", stamp, "--secrets", secrets)
    (folder / "wrong.toml").write_text('[stamp]\nholder = "0000"\n')
    (folder / "wrong.toml").chmod(0o600)
    codes = [run("applet", "read", stamp, "visits", "--secrets", "wrong.toml").exit_code for _ in range(3)]
    assert codes == [4, 4, 1]
    assert run("applet", "read", stamp, "visits", "--secrets", secrets, "--last-try").exit_code == 0


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_secrets_file_that_others_may_read_is_refused(run: Any, stamp: str, secrets: str, mode: int) -> None:
    Path(secrets).chmod(mode)
    result = run("applet", "load", stamp, "--secrets", secrets)
    assert result.exit_code == 2
    assert "chmod 600 secrets.toml" in result.stderr
    assert stat.S_IMODE(Path(secrets).stat().st_mode) == mode


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ('[stamp]\nholder = "4711"\nclerk = "', 2, "is no TOML at end of document"),
        ('[stamp]\nholder = "4711" "aabb"\n', 2, "is no TOML at line 2"),
        ('[stamp]\nholder = 4711\nclerk = "00"', 2, "holder in secrets.toml must be a string"),
        ('[stamp]\nholder = "4711"\nclerk = "SeCrEt"', 2, "clerk in secrets.toml must be hex"),
        ('[stamp]\nholder = "4711"\nclerk = "aabb"', 5, "clerk is an AES-128 key of 16 bytes"),
        ('[stamp]\nholder = "SeCrEt"\nclerk = "' + KEY + '"', 5, "holder has 4 digits"),
        ('[stamp]\nholder = "4711"\nclark = "aabb"', 2, "did you mean 'clerk'?"),
        ('[stamp]\nholder = "4711"\n', 2, "stamp needs a value for clerk"),
        ('stamp = "4711"\n', 2, "stamp in secrets.toml is no table"),
    ],
)
def test_a_faulty_secrets_file_says_what_is_wrong_and_shows_no_secret(
    run: Any, stamp: str, secrets: str, text: str, code: int, says: str
) -> None:
    Path(secrets).write_text(text)
    result = run("applet", "load", stamp, "--secrets", secrets)
    assert (result.exit_code, result.stdout) == (code, "")
    assert says in result.stderr
    for secret in ("4711", "SeCrEt", "aabb", KEY):
        assert secret not in result.stderr


def test_a_missing_secrets_file_is_an_error(run: Any, stamp: str) -> None:
    result = run("applet", "load", stamp, "--secrets", "nowhere.toml")
    assert result.exit_code == 1
    assert "nowhere.toml" in result.stderr


def test_a_real_card_needs_a_table_for_its_applet(run: Any, real: str, secrets: str) -> None:
    Path(secrets).write_text(SECRETS.replace("[stamp]", "[stomp]"))
    result = run("applet", "load", real, "--yes", "--secrets", secrets)
    assert result.exit_code == 2
    assert "no table [stamp]; there is stomp" in result.stderr


def test_an_emulated_card_with_its_own_secrets_takes_no_others(run: Any, stamp: str, image: str, secrets: str) -> None:
    del image
    run("applet", "load", stamp, "--secrets", secrets)
    assert run("applet", "write", stamp, "last", RECORD).exit_code == 4
    assert run("applet", "write", stamp, "last", RECORD, "--secrets", secrets).exit_code == 0
