import json
from pathlib import Path
from typing import Any

import pytest

PEOPLE = """id,borrower.municipality,borrower.number,borrower.name,borrower.issued,borrower.expires,borrower.status
p1,131016,0000000001,山田 太郎,2026-04-01,2031-03-31,active
p2,131016,0000000002,山田 花子,2026-04-01,2031-03-31,active
"""
BATCH = ("applet", "load", "library-card", "--batch", "people.csv", "--card", "emulator:{id}.img")


@pytest.fixture
def people() -> None:
    Path("people.csv").write_text(PEOPLE)


def counts(result: Any) -> dict[str, str]:
    return dict(line.split() for line in result.stdout.splitlines())


def test_everybody_gets_a_card_and_nobody_two(run: Any, people: None) -> None:
    del people
    assert "2 persons" in run(*BATCH, "--plan").stdout
    assert not Path("people.csv.journal").exists()
    done = run(*BATCH)
    assert done.exit_code == 0
    assert counts(done) == {"people": "2", "loaded": "2", "failed": "0", "begun": "0", "waiting": "0"}
    names = [
        json.loads(run("applet", "read", "library-card", "borrower", "--json", "--card", f"emulator:{one}.img").stdout)[
            "name"
        ]
        for one in ("p1", "p2")
    ]
    assert names == ["山田 太郎", "山田 花子"]
    before = [Path(f"{one}.img").read_bytes() for one in ("p1", "p2")]
    assert counts(run(*BATCH))["loaded"] == "2"
    assert [Path(f"{one}.img").read_bytes() for one in ("p1", "p2")] == before


def test_a_card_that_fails_is_left_for_the_next_time(run: Any, people: None) -> None:
    del people
    run("applet", "load", "library-card", "--card", "emulator:p1.img")
    first = run(*BATCH)
    assert (first.exit_code, "is on this card already" in first.stderr) == (1, True)
    assert counts(first)["loaded"] == "1"
    Path("p1.img").unlink()
    assert run(*BATCH).exit_code == 0


def test_a_table_that_does_not_fit_loads_nobody(run: Any) -> None:
    Path("people.csv").write_text(PEOPLE.replace("active", "asleep"))
    refused = run(*BATCH)
    assert (refused.exit_code, refused.stderr.count("asleep")) == (5, 2)
    assert not list(Path().glob("*.img"))


def test_status_tells_what_is_there_and_how_to_mend_it(run: Any, image: str) -> None:
    del image
    run("applet", "load", "library-card")
    assert "ready" in run("applet", "status").stdout
    told = json.loads(run("applet", "status", "--json").stdout)
    assert (told["card"], told["key_versions"]) == ("secured", [48])
    assert told["applications"][0]["condition"] == "ready"


def test_a_load_can_be_planned(run: Any, image: str) -> None:
    assert "open a secure channel" in run("applet", "load", "library-card", "--plan").stdout
    assert not Path(image).exists()


def test_a_locked_applet_waits_to_be_unlocked(run: Any, image: str) -> None:
    del image
    run("applet", "load", "library-card")
    assert "lock library-card" in run("applet", "lock", "library-card", "--plan").stdout
    assert run("applet", "lock", "library-card").exit_code == 0
    status = run("applet", "status")
    assert "locked" in status.stdout
    assert "unlock it" in status.stderr
    assert run("applet", "read", "library-card", "borrower").exit_code == 4
    assert run("applet", "lock", "library-card").exit_code == 4
    assert run("applet", "unlock", "f059484b0001").exit_code == 0
    assert "ready" in run("applet", "status").stdout
