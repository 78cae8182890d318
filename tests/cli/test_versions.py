"""``schema breaking`` and ``snapshot`` against files, saved schemas and git; ``applet upgrade`` on an emulated card."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

ONE = '''
from datetime import date

from yohaku import ALWAYS, Applet, CyclicFile, Key, Pin, Record, TransparentFile, field
from yohaku.fields import Date, Text, UInt


class Item(Record):
    """一件"""

    number: int = field(UInt(8), "数", example=7)


class Shop(Applet, aid="F0 00 00 00 99 01", version=1):
    """店"""

    clerk = Key("係員")
    holder = Pin("所持者", reset=clerk)
    stock = TransparentFile(Item, "在庫", read=holder, update=clerk)
'''
TWO = (
    ONE.replace("class Shop", "class ShopV1").replace("version=1", 'version=1, name="shop"')
    + '''

class Many(Record):
    """一件"""

    number: int = field(UInt(16), "数", example=7)


class Shop(Applet, version=2, previous=ShopV1):
    """店"""

    clerk = Key("係員")
    holder = Pin("所持者", reset=clerk)
    boss = Pin("店長", length=6, reset=clerk)
    stock = TransparentFile(Many, "在庫", read=holder | boss, update=clerk).replaces(
        ShopV1.stock, by=lambda old: Many(number=old.number * 100)
    )
'''
)


@pytest.fixture
def shop(folder: Path) -> str:
    (folder / "my.py").write_text(ONE)
    return "my.py:Shop"


def later(folder: Path, text: str = ONE.replace("UInt(8)", "UInt(16)")) -> None:
    (folder / "my.py").write_text(text)


def git(*words: str) -> None:
    subprocess.run(["git", "-c", "user.email=a@b", "-c", "user.name=n", *words], check=True, capture_output=True)


def rules(result) -> list[str]:
    return [change["rule"] for change in json.loads(result.stdout)]


BROKEN = ["VERSION_NOT_RAISED", "FIELD_WIDTH_CHANGED"]


class TestBreaking:
    def test_against_a_saved_schema(self, run, shop, folder):
        assert run("schema", "snapshot", shop, "old.json").exit_code == 0
        assert run("schema", "breaking", shop, "--against", "old.json").exit_code == 0
        later(folder)
        result = run("schema", "breaking", shop, "--against", "old.json")
        assert result.exit_code == 1
        assert "WIRE FIELD_WIDTH_CHANGED stock.number\n  had 8 bits, has 16 bits\n" in result.stdout
        assert result.stderr == "2 breaking changes\n"

    def test_a_snapshot_goes_to_stdout_too(self, run, shop):
        assert json.loads(run("schema", "snapshot", shop, "-").stdout)["name"] == "shop"

    def test_against_another_file(self, run, shop, folder):
        (folder / "old.py").write_text(ONE)
        later(folder)
        assert rules(run("schema", "breaking", shop, "--against", "old.py:Shop", "--json")) == BROKEN

    @pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
    def test_against_a_git_revision(self, run, shop, folder):
        git("init", "-q")
        git("add", "my.py")
        git("commit", "-qm", "one")
        later(folder)
        for old in ("HEAD", "HEAD:my.py"):
            assert rules(run("schema", "breaking", shop, "--against", old, "--json")) == BROKEN
        result = run("schema", "breaking", shop, "--against", "nowhere")
        assert result.exit_code == 2
        assert "is no file, and git finds no such revision" in result.stderr

    @pytest.mark.parametrize("old", ["--output=x", "-x", ":my.py"])
    def test_no_option_reaches_git(self, run, shop, old):
        result = run("schema", "breaking", shop, f"--against={old}")
        assert (result.exit_code, "no git revision" in result.stderr) == (2, True)

    def test_against_the_declared_previous_version(self, run, shop, folder):
        assert "names no previous version" in run("schema", "breaking", shop).stderr
        later(folder, TWO)
        result = run("schema", "breaking", shop)
        assert result.exit_code == 1
        assert "an upgrade is declared" in result.stdout
        assert rules(run("schema", "breaking", shop, "--least", "wire", "--json")) == ["FIELD_WIDTH_CHANGED"]
        assert run("schema", "breaking", shop, "--least", "wire").exit_code == 0

    def test_what_is_no_saved_schema_is_a_misfit(self, run, shop, folder):
        (folder / "old.json").write_text("{}")
        result = run("schema", "breaking", shop, "--against", "old.json")
        assert (result.exit_code, "no saved schema" in result.stderr) == (5, True)


class TestUpgrade:
    @pytest.fixture
    def old_card(self, run, shop, folder, image):
        del image
        assert run("applet", "load", shop).exit_code == 0
        assert run("applet", "write", shop, "stock", '{"number": 7}').exit_code == 0
        later(folder, TWO)

    @pytest.mark.usefixtures("old_card")
    def test_an_earlier_version_is_read_as_this_one_then_upgraded(self, run, shop):
        assert json.loads(run("applet", "read", shop, "stock", "--json").stdout) == {"number": 700}
        result = run("applet", "write", shop, "stock", '{"number": 1}')
        assert "upgrade the card first" in result.stderr
        result = run("applet", "upgrade", shop)
        assert result.exit_code == 0
        assert "version 1 becomes 2; what it holds is kept" in result.stderr
        assert "\nupgraded shop to version 2: " in result.stderr
        assert json.loads(run("applet", "read", shop, "stock", "--json").stdout) == {"number": 700}
        assert run("applet", "write", shop, "stock", '{"number": 1}').exit_code == 0
        assert "shop was at version 2 already" in run("applet", "upgrade", shop).stderr

    @pytest.mark.usefixtures("old_card")
    def test_values_come_from_the_secrets_file(self, run, shop, folder):
        secrets = folder / "secrets.toml"
        secrets.write_text('[shop]\nholder = "1234"\nboss = "654321"\n')
        secrets.chmod(0o600)
        assert run("applet", "upgrade", shop, "--secrets", "secrets.toml").exit_code == 0
        assert run("applet", "read", shop, "stock", "--secrets", "secrets.toml").exit_code == 0

    @pytest.mark.usefixtures("old_card")
    def test_a_missing_value_changes_nothing(self, run, shop, folder):
        secrets = folder / "secrets.toml"
        secrets.write_text('[shop]\nholder = "1234"\n')
        secrets.chmod(0o600)
        before = (folder / "card.img").read_bytes()
        result = run("applet", "upgrade", shop, "--secrets", "secrets.toml")
        assert (result.exit_code, "boss is needed" in result.stderr) == (2, True)
        assert (folder / "card.img").read_bytes() == before

    def test_what_is_not_there_is_not_upgraded(self, run, shop, image):
        del image
        assert run("applet", "upgrade", shop).exit_code == 4

    def test_a_card_in_a_reader_is_not_asked_for_a_plan(self, run, shop, folder):
        (folder / "my.py").write_text(TWO)
        planned = run("applet", "upgrade", shop, "--plan", "--card", "pcsc:no such reader")
        assert planned.exit_code == 0, planned.stderr
        assert "the card is not asked; supposed is shop version 1 with every file full" in planned.stderr
        assert "READ BINARY" in planned.stdout
        unknown = run("applet", "upgrade", shop, "--plan", "--held", "7", "--card", "pcsc:no such reader")
        assert (unknown.exit_code, "version 7 is unknown" in unknown.stderr) == (5, True)

    @pytest.mark.usefixtures("old_card")
    def test_the_plan_without_the_card_is_what_the_upgrade_then_does(self, run, shop):
        copied = run("applet", "upgrade", shop, "--plan")
        supposed = run("applet", "upgrade", shop, "--plan", "--held", "1")
        assert sums(supposed.stdout) == sums(copied.stdout)
        done = run("applet", "upgrade", shop)
        assert sums(copied.stdout).rsplit(", ", 1)[0] in done.stderr


def sums(plan: str) -> str:
    """Give the line of a plan that adds up."""
    return next(line for line in plan.splitlines() if line.endswith(" written"))
