"""Images of emulated cards: made fresh, looked into, damaged on purpose."""

import json
from pathlib import Path
from typing import Any

import pytest

from yohaku_emulator import EmulatedCard


@pytest.fixture
def image(run: Any) -> str:
    assert run("applet", "load", "library-card", "--card", "emulator:card.img").exit_code == 0
    return "card.img"


def test_dump_tells_what_is_there_and_leaves_the_file_alone(run: Any, image: str) -> None:
    before = Path(image).read_bytes()
    found = json.loads(run("emulator", "dump", image, "--json").stdout)
    assert found["profile"] == "generic"
    assert found["registry"] == [{"aid": "f059484b0001", "life": "0f", "load_file": "f059484b434e54"}]
    assert 0 < found["free_bytes"] < found["memory_bytes"]
    assert "f059484b0001" in run("emulator", "dump", image).stdout
    assert Path(image).read_bytes() == before


def test_reset_asks_and_makes_a_fresh_card(run: Any, image: str) -> None:
    assert run("emulator", "reset", image, input="n\n").exit_code == 1
    assert json.loads(run("emulator", "dump", image, "--json").stdout)["registry"]
    assert run("emulator", "reset", image, "--profile", "small", "--yes").exit_code == 0
    found = json.loads(run("emulator", "dump", image, "--json").stdout)
    assert (found["profile"], found["registry"]) == ("small", [])


def test_a_flipped_bit_and_a_worn_page_are_in_the_written_image(run: Any, image: str) -> None:
    result = run("emulator", "fault", image, "--flip", "4000:3", "--wear-out", "7", "--out", "bad.img")
    assert result.exit_code == 0
    good, bad = (EmulatedCard.from_image(Path(name).read_bytes()) for name in (image, "bad.img"))
    assert good.memory.cells[4000] ^ bad.memory.cells[4000] == 1 << 3
    assert bad.memory.wear[7] == bad.memory.endurance


@pytest.mark.parametrize(("outcome", "left"), [("old", "63c3"), ("new", "63c2")])
def test_a_cut_ends_the_run_of_commands_and_the_image_keeps_what_was_written(
    run: Any, image: str, outcome: str, left: str
) -> None:
    select, wrong, query = "00A4040006F059484B000100", "002000810439393939", "00200081"
    writes = 1 if outcome == "old" else 99
    result = run("emulator", "fault", image, "--cut", str(writes), "--outcome", outcome, select, wrong, query)
    assert result.exit_code == 0, result.stderr
    shown = result.stdout.splitlines()[1:]
    assert shown == (["power cut"] if outcome == "old" else ["63c2", "63c2"])
    assert run("emulator", "fault", image, select, query).stdout.splitlines()[1] == left


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--flip", "99999999"), "the memory has"),
        (("--flip", "1:9"), "bits 0 to 7"),
        (("--flip", "x"), "such as 4000:3"),
        (("--wear-out", "99999"), "the memory has"),
        (("00zz",), "no command in hex"),
    ],
)
def test_what_cannot_be_damaged_is_refused_and_the_image_untouched(
    run: Any, image: str, options: tuple[str, ...], says: str
) -> None:
    before = Path(image).read_bytes()
    result = run("emulator", "fault", image, *options)
    assert result.exit_code == 2
    assert says in result.stderr
    assert Path(image).read_bytes() == before


def test_a_missing_image_is_named(run: Any) -> None:
    result = run("emulator", "dump", "none.img")
    assert result.exit_code == 2
    assert "none.img" in result.stderr
