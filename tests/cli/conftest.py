"""Ways to run the command: in this process, quickly, or as a shell would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from click.testing import CliRunner, Result

from yohaku.cli.root import yohaku

if TYPE_CHECKING:
    from collections.abc import Callable

STAMP = '''
from datetime import date

from yohaku import ALWAYS, Applet, CyclicFile, Key, Pin, Record, TransparentFile, field
from yohaku.fields import Date, Text, UInt


class Visit(Record):
    """来店"""

    shop: int = field(UInt(16), "店番号")
    name: str = field(Text(16, "utf-8"), "店名")
    day: date = field(Date(), "日付")


class Stamp(Applet, aid="F0 00 00 00 99", version=3):
    """スタンプラリー"""

    holder = Pin("暗証番号")
    clerk = Key("店員鍵")
    last = TransparentFile(Visit, "最後", read=ALWAYS, update=clerk)
    visits = CyclicFile(Visit, "履歴", records=3, read=holder, append=holder, update=clerk)
'''


class Run(Protocol):
    """Runs the command in this process."""

    def __call__(self, *arguments: str, stdin: str | bytes | None = None, **variables: str) -> Result: ...


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("YOHAKU_CARD", "YOHAKU_SECRETS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.fixture
def run() -> Run:
    def invoke(*arguments: str, stdin: str | bytes | None = None, **variables: str) -> Result:
        return CliRunner().invoke(yohaku, arguments, input=stdin, env=variables, prog_name="yohaku")

    return invoke


@pytest.fixture
def stamp(folder: Path) -> str:
    (folder / "my.py").write_text(STAMP)
    return "my.py:Stamp"


@pytest.fixture
def image(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("YOHAKU_CARD", "emulator:card.img")
    return "card.img"


@pytest.fixture
def shell() -> Callable[[str], subprocess.CompletedProcess[str]]:
    def execute(script: str) -> subprocess.CompletedProcess[str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env={**os.environ, "PATH": path, "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return execute
