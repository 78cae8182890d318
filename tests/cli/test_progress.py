"""The line that says how something goes: written over on a terminal, silent or said once elsewhere."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from yohaku.cli.progress import StatusLine
from yohaku.globalplatform import Step
from yohaku.reader import Waiting

YOHAKU = (sys.executable, "-c", "from yohaku.cli import main; main()")


def on_terminal(*arguments: str, **variables: str) -> tuple[int, str, str]:
    """Run the command with a terminal as stderr; give its exit code, stdout and what the terminal got."""
    reader, writer = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", **variables}
    with subprocess.Popen([*YOHAKU, *arguments], stdout=subprocess.PIPE, stderr=writer, env=environment) as process:
        os.close(writer)
        assert process.stdout
        out = process.stdout.read().decode()
    seen = b""
    while part := read(reader):
        seen += part
    os.close(reader)
    return process.returncode, out, seen.decode()


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_a_load_says_on_a_terminal_how_far_it_is_and_leaves_one_line() -> None:
    code, out, seen = on_terminal("applet", "load", "library-card", "--card", "emulator:card.img")
    assert (code, out) == (0, "")
    steps = re.findall(r"\r(\[\d/3\] [^\x1b]*)\x1b\[K", seen)
    assert steps[0] == "[0/3] looking for library-card"
    assert "[2/3] personalising library-card, block 1 of 1" in steps
    assert steps[-1] == "[3/3] library-card is ready"
    *_, last = seen.replace("\r\n", "\n").rpartition("\r")
    assert last.startswith("\x1b[Kloaded library-card: ")


def test_an_error_begins_on_a_clean_line() -> None:
    assert on_terminal("applet", "load", "library-card", "--card", "emulator:card.img")[0] == 0
    code, _, seen = on_terminal("applet", "load", "library-card", "--card", "emulator:card.img", NO_COLOR="1")
    assert code == 1
    assert "\r\x1b[KError: library-card version 1 is on this card already" in seen


def test_a_dumb_terminal_gets_no_escapes() -> None:
    seen = on_terminal("applet", "load", "library-card", "--card", "emulator:card.img", TERM="dumb", NO_COLOR="1")[2]
    assert "\x1b" not in seen
    assert "[0/3]" not in seen


def test_elsewhere_steps_are_silent_and_waiting_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    with StatusLine() as line:
        line.step(Step("looking", 0, 3))
    with StatusLine(says_once=True) as line:
        for seconds in (0.0, 0.5, 1.0):
            line.waiting(Waiting("insert a card into ACME 00", seconds))
    assert capsys.readouterr() == ("", "insert a card into ACME 00; waiting\n")


def test_a_terminal_is_told_how_long_it_waits(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "30")
    with StatusLine(says_once=True) as line:
        line.waiting(Waiting("insert a card into ACME 00", 12.3))
        line.waiting(Waiting("insert a card", 12.8))
    assert capsys.readouterr().err == "\rinsert a card into ACME 00 (…\x1b[K\rinsert a card (13 s)\x1b[K\r\x1b[K"


def test_a_person_in_a_batch_has_the_line_too(run: Any, folder: Path) -> None:
    (folder / "people.csv").write_text("id\np1\n")
    batch = ("applet", "load", "library-card", "--batch", "people.csv", "--card", "emulator:{id}.img")
    assert "[1/3] installing library-card" in on_terminal(*batch)[2]
    assert "[1/3]" not in run(*batch).stderr
