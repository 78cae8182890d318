import json
from pathlib import Path
from typing import Any

import pytest

from yohaku.card import connect
from yohaku.globalplatform import SecurityDomain
from yohaku.schema import compile_descriptor
from yohaku_applets.library_card import LibraryCard


@pytest.fixture
def loaded(run: Any, stamp: str, image: str) -> str:
    del image
    assert run("applet", "load", stamp).exit_code == 0
    return stamp


def test_load_write_read_delete_across_processes(shell: Any) -> None:
    done = shell("""
        export YOHAKU_CARD=emulator:card.img
        yohaku applet load library-card
        yohaku schema example library-card borrower >borrower.json
        yohaku applet write library-card borrower "$(cat borrower.json)"
        yohaku applet read library-card borrower --json >read.json
        cmp borrower.json read.json
        yohaku applet delete library-card
        test "$(yohaku applet list --json)" = "[]"
    """)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "published test PINs and keys" in done.stderr
    assert not Path("card.img.lock").exists()


def test_data_goes_to_stdout_and_all_else_to_stderr(run: Any, stamp: str, image: str) -> None:
    del image
    load = run("applet", "load", stamp)
    assert load.stdout == ""
    assert load.stderr.splitlines()[-1] == "loaded stamp: 7 commands, 237 bytes there, 90 bytes back"
    write = run("applet", "write", stamp, "last", '{"shop": 7, "name": "余白", "day": "2026-04-01"}')
    assert write.stdout == ""
    assert "shop: 7" in write.stderr
    read = run("applet", "read", stamp, "last", "--json")
    assert json.loads(read.stdout) == {"shop": 7, "name": "余白", "day": "2026-04-01"}
    assert read.stderr == ""


def test_a_fresh_emulated_card_says_that_it_is_gone_afterwards(run: Any, stamp: str) -> None:
    result = run("applet", "load", stamp)
    assert result.exit_code == 0
    assert "gone when this command ends" in result.stderr
    assert run("applet", "read", stamp, "last").exit_code == 4


def test_a_second_load_changes_nothing(run: Any, loaded: str) -> None:
    run("applet", "write", loaded, "last", '{"shop": 7, "name": "a", "day": "2026-04-01"}')
    again = run("applet", "load", loaded)
    assert again.exit_code == 1
    assert "on this card already" in again.stderr
    assert json.loads(run("applet", "read", loaded, "last", "--json").stdout)["shop"] == 7


@pytest.mark.usefixtures("loaded")
def test_list_names_installed_applets_and_shows_others_by_aid(run: Any) -> None:
    run("applet", "load", "library-card")
    listed = json.loads(run("applet", "list", "--json").stdout)
    assert listed == [
        {"aid": "f000000099", "applet": None, "title": None, "version": 3, "state": "ready"},
        {
            "aid": "f059484b0001",
            "applet": "library-card",
            "title": "図書館利用カード",
            "version": 1,
            "state": "ready",
        },
    ]
    assert "library-card" in run("applet", "list").stdout


def test_a_load_that_was_cut_short_is_shown_as_incomplete(run: Any, image: str) -> None:
    with connect(f"emulator:{image}") as card:
        SecurityDomain.open(card).install(LibraryCard.aid, compile_descriptor(LibraryCard))
    assert json.loads(run("applet", "list", "--json").stdout)[0]["state"] == "incomplete"
    result = run("applet", "read", "library-card", "borrower")
    assert result.exit_code == 1
    assert "never completed" in result.stderr
    assert run("applet", "delete", "library-card").exit_code == 0


def test_reading_what_was_never_written_is_no_record(run: Any, loaded: str) -> None:
    result = run("applet", "read", loaded, "last")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "last is empty" in result.stderr


def test_an_empty_record_file_is_an_empty_list(run: Any, loaded: str) -> None:
    assert json.loads(run("applet", "read", loaded, "visits", "--json").stdout) == []
    assert "no records yet" in run("applet", "read", loaded, "visits").stderr
    first = run("applet", "read", loaded, "visits", "--record", "1")
    assert (first.exit_code, "(6A83)" in first.stderr) == (4, True)


def test_records_are_appended_read_and_written_in_place(run: Any, loaded: str) -> None:
    for shop in range(4):
        visit = json.dumps({"shop": shop, "name": "a", "day": "2026-04-01"})
        assert run("applet", "write", loaded, "visits", visit).exit_code == 0
    visits = json.loads(run("applet", "read", loaded, "visits", "--json").stdout)
    assert [visit["shop"] for visit in visits] == [3, 2, 1]
    assert run("applet", "write", loaded, "visits", "--record", "2", "--set", "shop=9").exit_code == 0
    assert json.loads(run("applet", "read", loaded, "visits", "--record", "2", "--json").stdout)["shop"] == 9
    shown = run("applet", "read", loaded, "visits").stdout
    assert "record 3" in shown
    missing = run("applet", "read", loaded, "visits", "--record", "4")
    assert missing.exit_code == 4


def test_set_changes_one_field_and_says_from_what_to_what(run: Any, loaded: str) -> None:
    run("applet", "write", loaded, "last", '{"shop": 7, "name": "123", "day": "2026-04-01"}')
    result = run("applet", "write", loaded, "last", "--set", "name=456", "--set", "shop=8")
    assert result.exit_code == 0
    assert "shop: 7 -> 8" in result.stderr
    assert "name: 123 -> 456" in result.stderr
    assert "day" not in result.stderr
    changed = json.loads(run("applet", "read", loaded, "last", "--json").stdout)
    assert changed == {"shop": 8, "name": "456", "day": "2026-04-01"}


def test_writing_the_same_again_sends_no_write(run: Any, loaded: str) -> None:
    record = '{"shop": 7, "name": "123", "day": "2026-04-01"}'
    run("applet", "write", loaded, "last", record)
    image = Path("card.img").read_bytes()
    result = run("applet", "write", loaded, "last", record)
    assert "last: no change" in result.stderr
    assert "0 commands," in result.stderr
    assert len(Path("card.img").read_bytes()) == len(image)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("write", "my.py", "last"), 2, "--set"),
        (("write", "my.py", "last", "{}", "--set", "shop=1"), 2, "--set"),
        (("write", "my.py", "last", "{}", "--record", "1"), 2, "leave --record out"),
        (("write", "my.py", "visits", "--set", "shop=1"), 2, "--record N"),
        (("write", "my.py", "last", "--set", "shop"), 2, "FIELD=VALUE"),
        (("write", "my.py", "last", "--set", "shp=1"), 2, "did you mean 'shop'?"),
        (("write", "my.py", "lst", "{}"), 2, "there is last, visits; did you mean 'last'?"),
        (("write", "my.py", "last", '{"shop": 65536}'), 5, "shop is 65536"),
        (("write", "my.py", "last", "nowhere.json"), 2, "neither a file nor a literal"),
        (("read", "my.py", "last", "--record", "1"), 2, "leave --record out"),
        (("read", "library-card", "borrower"), 4, "6A82"),
        (("delete", "library-card"), 4, "nothing was deleted"),
        (("delete", "f000000098"), 4, "nothing was deleted"),
    ],
)
def test_what_cannot_be_done_says_so_and_leaves_the_card_alone(
    run: Any, loaded: str, arguments: tuple[str, ...], code: int, says: str
) -> None:
    del loaded
    before = run("applet", "status", "--json").stdout
    result = run("applet", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert says in result.stderr
    assert run("applet", "status", "--json").stdout == before


@pytest.mark.usefixtures("loaded")
def test_an_applet_of_unknown_declaration_is_deleted_by_its_aid(run: Any) -> None:
    assert run("applet", "delete", "F000000099").exit_code == 0
    assert json.loads(run("applet", "list", "--json").stdout) == []


def test_a_changed_declaration_is_not_taken_for_the_old_one(run: Any, loaded: str) -> None:
    source = Path("my.py")
    source.write_text(source.read_text().replace("records=3", "records=4"))
    result = run("applet", "read", loaded, "last")
    assert result.exit_code == 1
    assert "fingerprint" in result.stderr


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (b"garbage", "card.img is not a card image"),
        (b"", "card.img is not a card image"),
        (None, "card.img is damaged: its checksum does not match"),
    ],
    ids=["garbage", "empty", "one bit"],
)
def test_a_damaged_image_is_refused_and_left_alone(run: Any, loaded: str, damage: bytes | None, said: str) -> None:
    path = Path("card.img")
    image = path.read_bytes()
    damaged = image[:-40] + bytes((image[-40] ^ 1,)) + image[-39:] if damage is None else damage
    path.write_bytes(damaged)
    result = run("applet", "read", loaded, "last")
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert path.read_bytes() == damaged


@pytest.mark.parametrize(
    ("url", "code", "says"),
    [
        ("card.img", 2, "does not say how to reach a card"),
        ("emulater:", 2, "did you mean 'emulator'?"),
        ("emulator:no/such/folder/card.img", 1, "does its folder exist?"),
        ("emulator:?profile=smal", 2, "did you mean 'small'?"),
    ],
)
def test_a_card_that_is_not_to_be_had(run: Any, url: str, code: int, says: str) -> None:
    result = run("applet", "list", "--card", url)
    assert result.exit_code == code
    assert says in result.stderr


@pytest.mark.usefixtures("loaded")
def test_the_option_goes_before_the_variable(run: Any) -> None:
    assert json.loads(run("applet", "list", "--json", "--card", "emulator:other.img").stdout) == []
