from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def loaded(run: Any, image: str) -> str:
    assert run("applet", "load", "library-card").exit_code == 0
    example = run("schema", "example", "library-card", "borrower").stdout
    assert run("applet", "write", "library-card", "borrower", example).exit_code == 0
    return image


def test_a_write_is_planned_byte_by_byte_and_nothing_happens(run: Any, loaded: str) -> None:
    before = Path(loaded).read_bytes()
    planned = run("applet", "write", "library-card", "borrower", "--set", "expires=2032-05-06", "--plan")
    assert planned.exit_code == 0, planned.stderr
    assert Path(loaded).read_bytes() == before
    assert "  expires: 2031-03-31 -> 2032-05-06\n" in planned.stdout
    assert "UPDATE BINARY borrower, 3 bytes at 50" in planned.stdout
    assert "borrower: 3 bytes of 64 travel\n  0030  ·· ·· 32 05 06 ·· " in planned.stdout
    assert "  bytes 49 to 52: expires 有効期限\n" in planned.stdout
    assert "ISO 14443-B, 848 kbit/s" in planned.stdout
    done = run("applet", "write", "library-card", "borrower", "--set", "expires=2032-05-06")
    assert "1 command, 8 bytes there, 2 bytes back" in done.stderr


def test_the_plan_of_a_load_is_what_the_load_then_does(run: Any) -> None:
    planned = run("applet", "load", "library-card", "--plan", "--card", "emulator:other.img")
    assert not Path("other.img").exists()
    done = run("applet", "load", "library-card", "--card", "emulator:other.img")
    sums = next(line for line in planned.stdout.splitlines() if " written" in line)
    assert sums.rsplit(", ", 1)[0] in done.stderr


def test_an_upgrade_is_planned_on_a_copy(run: Any, loaded: str) -> None:
    before = Path(loaded).read_bytes()
    planned = run("applet", "upgrade", "library-card", "--plan")
    assert planned.exit_code == 0, planned.stderr
    assert "library-card is at version 1 already" in planned.stderr
    assert "0 pages written" in planned.stdout
    assert Path(loaded).read_bytes() == before
    refused = run("applet", "upgrade", "library-card", "--plan", "--card", "pcsc:ACME")
    assert refused.exit_code == 2
    assert "image of an emulated card" in refused.stderr
