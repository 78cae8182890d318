"""``yohaku emulator run --vpcd`` as a program of its own, and other programs that use its card."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from yohaku.card import CardError
from yohaku.reader import open_link

READER = "Virtual PCD 00 00"
YOHAKU = (sys.executable, "-c", "from yohaku.cli import main; main()")


@pytest.fixture
def yohaku(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*YOHAKU, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def program(emptied: Callable[[], None], yohaku: Any, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run the program with an image that holds a library card, until the test ends it."""
    assert yohaku("applet", "load", "library-card", "--card", "emulator:card.img").returncode == 0
    assert yohaku("schema", "example", "library-card", "borrower").returncode == 0
    emptied()
    command = [*YOHAKU, "emulator", "run", "--vpcd", "--image", "card.img"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as running:
        try:
            wait(there)
            yield running
        finally:
            running.kill()
            running.wait(10)
            emptied()


def there() -> bool:
    with contextlib.suppress(CardError):
        open_link(READER).close()
        return True
    return False


def wait(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_another_process_reads_what_the_image_holds(program: Any, yohaku: Any, tmp_path: Path) -> None:
    example = yohaku("schema", "example", "library-card", "borrower").stdout
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(f'[library-card]\ncounter = "{counter_key()}"\n')
    secrets.chmod(0o600)
    options = ("--card", f"pcsc:{READER}")
    written = yohaku(
        "applet", "write", "library-card", "borrower", example, "--secrets", "secrets.toml", "--yes", *options
    )
    assert written.returncode == 0, written.stderr
    read = yohaku("applet", "read", "library-card", "borrower", "--json", *options)
    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout) == json.loads(example)
    assert program.poll() is None


def counter_key() -> str:
    from yohaku.card import Secrets
    from yohaku_applets.library_card import LibraryCard

    return Secrets.for_tests(LibraryCard)["counter"].hex()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(program: Any, yohaku: Any, number: signal.Signals) -> None:
    program.send_signal(number)
    said = program.communicate(timeout=10)[1]
    assert program.returncode == 0, said
    assert "command" in said.splitlines()[-1]
    listed = yohaku("applet", "list", "--card", "emulator:card.img")
    assert "library-card" in listed.stdout, "the image is free again and whole"


def test_a_taken_image_is_refused_while_it_runs(program: Any, yohaku: Any) -> None:
    refused = yohaku("applet", "list", "--card", "emulator:card.img")
    assert refused.returncode != 0
    assert "in use by another process" in refused.stderr
    assert program.poll() is None
