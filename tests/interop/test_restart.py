"""``yohaku emulator run --vpcd`` and a pcscd that is not there yet, or is restarted; plans and waits at a reader."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from yohaku import connect
from yohaku.card import CardError, Secrets
from yohaku.globalplatform import KeySet, load_applet
from yohaku_applets.library_card import Borrower, LibraryCard

READER = "Virtual PCD 00 00"
URL = f"pcsc:{READER}"
YOHAKU = (sys.executable, "-c", "from yohaku.cli import main; main()")


@pytest.fixture
def stopped(pcscd: Any, emptied: Callable[[], None]) -> Iterator[Any]:
    """Stop the service; it runs again afterwards."""
    if not pcscd.is_ours:
        pytest.skip("this machine's own pcscd runs, which a test does not stop")
    emptied()
    pcscd.stop()
    yield pcscd
    if not answers():
        pcscd.start()
    emptied()


def answers() -> bool:
    from yohaku.reader import list_readers

    try:
        return READER in list_readers()
    except CardError:
        return False


def test_the_card_is_there_again_after_each_restart_of_the_service(stopped: Any, tmp_path: Path) -> None:
    said = tmp_path / "said"
    with said.open("w") as file:
        command = [*YOHAKU, "emulator", "run", "--vpcd", "--image", "card.img"]
        program = subprocess.Popen(command, cwd=tmp_path, stderr=file)
    try:
        until(lambda: "waiting for it" in said.read_text())
        secrets = Secrets.for_tests(LibraryCard, on_real_cards=True)
        stopped.start()
        with connect(f"{URL}?wait=15") as card:
            contents = {"borrower": Borrower.example()}
            load_applet(
                card, LibraryCard, secrets=secrets, contents=contents, keys=KeySet.for_tests(), allow_test_keys=True
            )
        stopped.stop()
        until(lambda: said.read_text().count("waiting for it") == 2)
        stopped.start()
        with connect(f"{URL}?wait=15") as card:
            assert card.open(LibraryCard).borrower.read() == Borrower.example()
        assert program.poll() is None
        program.terminate()
        assert program.wait(10) == 0
    finally:
        program.kill()
    lines = said.read_text().splitlines()
    inserted = sum(line.endswith(f" is in slot 0, as {URL}") for line in lines)
    assert 2 <= inserted <= 3, "a service that ends may take one more connection, and drop it"
    assert lines[-1].startswith("slot 0: ")


def test_a_signal_ends_a_wait_for_the_service(stopped: Any, tmp_path: Path) -> None:
    assert stopped
    command = [*YOHAKU, "emulator", "run", "--vpcd", "--image", "card.img"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as program:
        assert program.stderr
        assert program.stderr.readline() == "Ctrl-C ends it\n"
        assert "start pcscd; waiting for it" in program.stderr.readline()
        program.terminate()
        assert program.communicate(timeout=10)[1] == "slot 0: 0 commands answered\n"
        assert program.returncode == 0


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*YOHAKU, *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_a_plan_for_a_card_in_a_reader_sends_nothing_to_it(inserted: Any) -> None:
    before = inserted.commands
    example = run("schema", "example", "library-card", "borrower").stdout
    for command in (
        ("applet", "load", "library-card"),
        ("applet", "write", "library-card", "borrower", example),
        ("applet", "delete", "library-card"),
    ):
        planned = run(*command, "--plan", "--card", URL)
        assert planned.returncode == 0, planned.stderr
    assert inserted.commands == before


def test_a_command_says_that_it_waits_and_goes_on_when_the_card_comes(
    inserted: Any, emptied: Callable[[], None]
) -> None:
    inserted.pull()
    emptied()
    command = [*YOHAKU, "card", "apdu", "00A4040000", "--yes", "--card", f"{URL}?wait=20"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stderr
        assert program.stderr.readline() == f"insert a card into {READER}; waiting\n"
        again = inserted.insert_again()
        try:
            out, said = program.communicate(timeout=30)
        finally:
            again.pull()
    assert (program.returncode, "waiting" in said) == (0, False), said
    assert "9000" in out
