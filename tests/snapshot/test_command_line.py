"""The command line's help and its main error texts, word for word."""

import shlex
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from yohaku.cli.root import yohaku

Golden = Callable[[str, str], None]

STAMP = """
from datetime import date

from yohaku import ALWAYS, Applet, Key, Pin, Record, TransparentFile, field
from yohaku.fields import Date, Text, UInt


class Visit(Record):
    shop: int = field(UInt(16))
    name: str = field(Text(16, "utf-8"))


class Stamp(Applet, aid="F0 00 00 00 99"):
    holder = Pin()
    clerk = Key()
    last = TransparentFile(Visit, read=holder, update=clerk)


class Stomp(Applet, aid="F0 00 00 00 98"):
    last = TransparentFile(Visit, read=ALWAYS, update=ALWAYS)


class Day(Record):
    day: date = field(Date())


class Diary(Applet, aid="F0 00 00 00 97"):
    last = TransparentFile(Day, read=ALWAYS, update=ALWAYS)
"""

ERRORS = {
    "unknown-command": ["yohaku schmea list"],
    "unknown-applet": ["yohaku schema show libary-card"],
    "unknown-file": ["yohaku schema example library-card borower"],
    "unknown-field": ["yohaku applet write my.py:Stomp last --set shp=1"],
    "several-applets": ["yohaku schema show my.py"],
    "missing-file": ["yohaku schema show nowhere.py:Stamp"],
    "import": ["yohaku schema show broken.py:Stamp"],
    "json-faults": ['yohaku schema encode my.py:Stomp last \'{"shop": 70000, "nmae": "a"}\''],
    "json-syntax": ["yohaku schema encode my.py:Stomp last '{\"shop\": 7'"],
    "bytes-faults": ["yohaku schema decode my.py:Stomp last 0007ff00000000000000000000000000000000"],
    "no-hex": ["yohaku schema decode my.py:Stomp last nowhere.hex"],
    "not-installed": ["yohaku applet read my.py:Stamp last --card emulator:card.img"],
    "installed-already": [
        "yohaku applet load my.py:Stomp --card emulator:card.img",
        "yohaku applet load my.py:Stomp --card emulator:card.img",
    ],
    "never-written": [
        "yohaku applet load my.py:Diary --card emulator:card.img",
        "yohaku applet read my.py:Diary last --card emulator:card.img",
    ],
    "wrong-pin": [
        "yohaku applet load my.py:Stamp --card emulator:card.img",
        "yohaku applet read my.py:Stamp last --card emulator:card.img --secrets wrong.toml",
    ],
    "last-try": [
        "yohaku applet load my.py:Stamp --card emulator:card.img",
        "yohaku applet read my.py:Stamp last --card emulator:card.img --secrets wrong.toml",
        "yohaku applet read my.py:Stamp last --card emulator:card.img --secrets wrong.toml",
        "yohaku applet read my.py:Stamp last --card emulator:card.img --secrets wrong.toml",
    ],
    "secrets-for-all": ["yohaku applet load my.py:Stamp --card emulator:card.img --secrets open.toml"],
    "refused-command": ["yohaku card apdu 00A4040005AABBCCDDEE --card emulator:card.img"],
    "purse-balance": [
        "yohaku applet load health-points --card emulator:card.img",
        "yohaku applet purse debit health-points points 1 --card emulator:card.img",
    ],
    "purse-amount": ["yohaku applet purse credit health-points points 501 --reference 0102"],
    "unknown-purse": ["yohaku applet purse balance health-points money"],
    "receipt-faults": [
        """yohaku applet purse verify health-points points '{"sequence": 0, "amount": "5"}' --allow-test-keys"""
    ],
    "no-scheme": ["yohaku card info --card card.img"],
    "unknown-scheme": ["yohaku card info --card emulater:"],
    "damaged-image": ["yohaku card info --card emulator:damaged.img"],
}


def run(words: list[str]) -> str:
    """Give what a user sees, and the exit code."""
    result = CliRunner().invoke(yohaku, words[1:], prog_name="yohaku", terminal_width=100)
    return f"$ {shlex.join(words)}\n{result.output}exit code {result.exit_code}\n"


def commands(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield path
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield from commands(command, (*path, name)) if isinstance(command, click.Group) else [(*path, name)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("YOHAKU_CARD", "YOHAKU_SECRETS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    Path("my.py").write_text(STAMP)
    Path("broken.py").write_text("\nimport nothing_there\n")
    Path("damaged.img").write_text("no card image")
    for name, mode in (("wrong.toml", 0o600), ("open.toml", 0o644)):
        Path(name).write_text('[stamp]\nholder = "0000"\n')
        Path(name).chmod(mode)
    return tmp_path


@pytest.mark.skipif(not version("click").startswith("8.5."), reason="each minor version of click words its help anew")
@pytest.mark.parametrize("words", list(commands(yohaku, ("yohaku",))), ids=" ".join)
def test_help(words: tuple[str, ...], golden: Golden) -> None:
    golden(f"help/{'-'.join(words)}.txt", run([*words, "--help"]))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ERRORS)
def test_error(name: str, golden: Golden) -> None:
    *before, last = ERRORS[name]
    for line in before:
        run(shlex.split(line))
    golden(f"errors/{name}.txt", run(shlex.split(last)))
