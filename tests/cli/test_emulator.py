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


SELECT, QUERY, WRONG = "00A4040006F059484B000100", "00200081", "002000810439393939"


def test_the_map_names_every_page_and_what_it_holds(run: Any, image: str) -> None:
    found = json.loads(run("emulator", "dump", image, "--json").stdout)
    pages = found["pages"]
    assert [page["page"] for page in pages] == list(range(found["memory_bytes"] // found["page_bytes"]))
    assert sum(page["writes"] for page in pages) == found["page_writes"]
    assert all(page["sound"] for page in pages)
    assert found["unfinished_pages"] == []
    library = [part["what"] for page in pages for part in page["parts"] if part["owner"] == "f059484b0001"]
    assert list(dict.fromkeys(library)) == ["directory", "descriptor", "table", "PIN 1", "key 1", "file 1", "file 2"]
    kinds = {part["what"] for page in pages for part in page["parts"]}
    assert {"card", "registry", "owners of pages", "journal", "free"} <= kinds
    table = run("emulator", "dump", image).stdout
    assert "PIN 1" in table
    assert "free" in table


def test_the_map_marks_a_damaged_page_and_a_damaged_registry_is_told(run: Any, image: str) -> None:
    pages = json.loads(run("emulator", "dump", image, "--json").stdout)["pages"]
    owned = next(page["page"] for page in pages if page["parts"][0]["owner"] == "f059484b0001")
    run("emulator", "fault", image, "--flip", f"{owned * 128 + 3}:0", "--out", "bad.img")
    bad = json.loads(run("emulator", "dump", "bad.img", "--json").stdout)
    assert [page["page"] for page in bad["pages"] if not page["sound"]] == [owned]
    assert "DAMAGED" in run("emulator", "dump", "bad.img").stdout
    run("emulator", "fault", image, "--flip", "200:0", "--out", "worse.img")
    result = run("emulator", "dump", "worse.img", "--json")
    assert result.exit_code == 0
    assert (json.loads(result.stdout)["registry"], json.loads(result.stdout)["free_bytes"]) == (None, None)
    assert "registry cannot be read" in result.stderr


@pytest.mark.parametrize(
    ("fail", "shown", "left"),
    [
        ("power", ["power cut"], "63c3"),
        ("command", ["the command was lost before the card saw it", "63c3"], "63c3"),
        ("response", ["the response was lost; the card has done its work", "63c2"], "63c2"),
        ("truncate", ["63", "63c2"], "63c2"),
    ],
)
def test_the_link_or_the_power_fails_at_one_command(
    run: Any, image: str, fail: str, shown: list[str], left: str
) -> None:
    result = run("emulator", "fault", image, "--fail", fail, "--at", "2", SELECT, WRONG, QUERY)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[1:] == shown
    assert run("emulator", "fault", image, SELECT, QUERY).stdout.splitlines()[1] == left


def test_what_was_done_is_told_as_json(run: Any, image: str) -> None:
    options = ("--flip", "4000:3", "--wear-out", "60", "--cut", "1", "--out", "bad.img", "--json")
    found = json.loads(run("emulator", "fault", image, *options, SELECT, WRONG).stdout)
    assert found["image"] == "bad.img"
    assert (found["flipped"], found["worn_out"]) == ([{"address": 4000, "bit": 3}], [60])
    assert found["answers"][0]["response"].endswith("9000")
    assert found["answers"][1] == {"command": 2, "response": None, "failure": "power cut"}


def test_the_card_url_brings_the_same_faults_to_every_command(run: Any, image: str) -> None:
    lost = run("applet", "list", "--card", f"emulator:{image}?fail=response&at=2")
    assert lost.exit_code == 1
    assert "the response was lost" in lost.stderr
    write = ("applet", "write", "library-card", "borrower", "-")
    example = run("schema", "example", "library-card", "borrower").stdout
    cut = run(*write, "--card", f"emulator:{image}?cut=2&outcome=mixed", stdin=example)
    assert cut.exit_code == 1
    assert "power was cut" in cut.stderr
    assert run(*write, "--card", f"emulator:{image}", stdin=example).exit_code == 0


def test_profiles_are_listed(run: Any) -> None:
    found = {one["name"]: one for one in json.loads(run("emulator", "profiles", "--json").stdout)}
    assert found["jicsap"]["blocked"] == "6984"
    assert found["t0"]["protocols"] == [0]
    table = run("emulator", "profiles").stdout
    assert all(name in table for name in found)
