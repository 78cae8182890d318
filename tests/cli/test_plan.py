import json
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
    assert "borrower: 3 bytes of 64 travel\n" in planned.stdout
    assert "   48  │ D  │ E  │ 32 │ 05 │ 06 │ F  │ G  ···" in planned.stdout
    assert " E  bytes 49 to 52: expires  有効期限 / expires\n" in planned.stdout
    assert "ISO 14443-B, 848 kbit/s" in planned.stdout
    done = run("applet", "write", "library-card", "borrower", "--set", "expires=2032-05-06")
    assert "1 command, 8 bytes there, 2 bytes back" in done.stderr


def test_the_plan_of_a_load_is_what_the_load_then_does(run: Any) -> None:
    planned = run("applet", "load", "library-card", "--plan", "--card", "emulator:other.img")
    assert not Path("other.img").exists()
    done = run("applet", "load", "library-card", "--card", "emulator:other.img")
    sums = next(line for line in planned.stdout.splitlines() if " written" in line)
    assert sums.rsplit(", ", 1)[0] in done.stderr


def test_the_plan_of_a_load_shows_what_is_new(run: Any) -> None:
    planned = run("applet", "load", "library-card", "--plan", "--card", "pcsc:ACME")
    assert planned.exit_code == 0, planned.stderr
    assert "7 commands, " in planned.stdout
    assert "STORE DATA block 0, the last" in planned.stdout
    assert "   48  │ D  │ E 有効期限        │ F  │ G 予備" in planned.stdout
    longer = run("applet", "load", "library-card", "--plan", "--read-back", "--card", "pcsc:ACME")
    assert "8 commands, " in longer.stdout


def test_the_plan_of_a_batch_shows_the_first_persons_bytes(run: Any) -> None:
    example = json.loads(run("schema", "example", "library-card", "borrower").stdout)
    names = [f"borrower.{name}" for name in example]
    rows = [",".join(["id", *names]), ",".join(["p1", *map(str, example.values())])]
    Path("people.csv").write_text("\n".join(rows) + "\n")
    planned = run("applet", "load", "library-card", "--batch", "people.csv", "--plan", "--card", "pcsc:ACME")
    assert planned.exit_code == 0, planned.stderr
    assert planned.stdout.startswith("load library-card for 1 person, journal people.csv.journal\n\nof which p1:\n")
    assert "   48  │ 01 │ 20 │ 31 │ 03 │ 31 │ 01 │" in planned.stdout
    assert not Path("people.csv.journal").exists()


IN_A_READER = ("--card", "pcsc:no such reader", "--plan")
"""A card that cannot be opened: a plan that tried to would fail."""


def test_a_write_to_a_card_in_a_reader_is_planned_without_it(run: Any) -> None:
    example = run("schema", "example", "library-card", "borrower").stdout
    for what in ([example], ["--set", "expires=2032-05-06"]):
        most = run("applet", "write", "library-card", "borrower", *what, *IN_A_READER)
        assert most.exit_code == 0, most.stderr
        assert "the card is not asked what it holds, so this is the most that travels" in most.stdout
        assert "5 commands, 112 bytes there, 126 bytes back" in most.stdout
        assert "borrower: 64 bytes of 64 travel\n" in most.stdout
    Path("before.json").write_text(example)
    change = ("--set", "expires=2032-05-06", "--before", "before.json")
    exact = run("applet", "write", "library-card", "borrower", *change, *IN_A_READER)
    assert "  expires: 2031-03-31 -> 2032-05-06\n" in exact.stdout
    assert "5 commands, 51 bytes there, 126 bytes back" in exact.stdout


def test_the_plan_without_the_card_is_what_the_write_then_does(run: Any, loaded: str) -> None:
    Path("before.json").write_text(run("applet", "read", "library-card", "borrower", "--json").stdout)
    change = ("applet", "write", "library-card", "borrower", "--set", "expires=2032-05-06")
    supposed = run(*change, "--before", "before.json", *IN_A_READER)
    copied = run(*change, "--plan")
    assert supposed.stdout == copied.stdout
    assert loaded


def test_records_are_planned_without_the_card(run: Any) -> None:
    loan = run("schema", "example", "library-card", "loans").stdout
    added = run("applet", "write", "library-card", "loans", loan, *IN_A_READER)
    assert "APPEND RECORD" in added.stdout
    assert "loans: 16 bytes of a record of 16 travel\n" in added.stdout
    refused = run("applet", "write", "library-card", "loans", "--record", "3", "--set", "branch=9", *IN_A_READER)
    assert refused.exit_code == 4, "nobody may change a loan, and the stand-in says so, too"
    currency = ("applet", "write", "local-currency", "wallet", "--set", "balance=5", "--before")
    wallet = run("schema", "example", "local-currency", "wallet").stdout
    assert run(*currency, wallet, *IN_A_READER).exit_code == 0


def test_secrets_at_hand_choose_the_way_that_is_planned(run: Any, folder: Path) -> None:
    secrets = folder / "secrets.toml"
    secrets.write_text(f'[library-card]\ncounter = "{"07" * 16}"\n')
    secrets.chmod(0o600)
    example = run("schema", "example", "library-card", "borrower").stdout
    options = (*IN_A_READER, "--secrets", "secrets.toml")
    planned = run("applet", "write", "library-card", "borrower", example, *options)
    assert "EXTERNAL AUTHENTICATE: the host proves that it has counter" in planned.stdout
    secrets.write_text('[library-card]\ncounter = "07"\n')
    assert run("applet", "write", "library-card", "borrower", example, *options).exit_code == 5


def test_what_is_for_plans_only_is_refused_without_one(run: Any, loaded: str) -> None:
    refused = run("applet", "write", "library-card", "borrower", "--set", "expires=2032-05-06", "--before", "{}")
    assert (refused.exit_code, "--before is for --plan" in refused.stderr) == (2, True)
    refused = run("applet", "upgrade", "library-card", "--held", "1")
    assert (refused.exit_code, "--held is for --plan" in refused.stderr) == (2, True)
    assert loaded


def test_a_plan_wants_a_card_url_too(run: Any) -> None:
    refused = run("applet", "load", "library-card", "--plan", "--card", "card.img")
    assert (refused.exit_code, "emulator:card.img" in refused.stderr) == (2, True)
    refused = run("applet", "load", "library-card", "--plan", "--card", "psc:ACME")
    assert (refused.exit_code, "pcsc" in refused.stderr) == (2, True)


def test_an_upgrade_is_planned_on_a_copy(run: Any, loaded: str) -> None:
    before = Path(loaded).read_bytes()
    planned = run("applet", "upgrade", "library-card", "--plan")
    assert planned.exit_code == 0, planned.stderr
    assert "library-card is at version 1 already" in planned.stderr
    assert "0 pages written" in planned.stdout
    assert Path(loaded).read_bytes() == before
    refused = run("applet", "upgrade", "library-card", *IN_A_READER)
    assert (refused.exit_code, "no version before 1, so there is nothing" in refused.stderr) == (2, True)
