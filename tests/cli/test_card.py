import json
from typing import Any

import pytest


def test_info_tells_what_the_card_is_and_holds(run: Any, image: str) -> None:
    del image
    empty = json.loads(run("card", "info", "--json").stdout)
    assert empty["emulated"] is True
    assert bytes.fromhex(empty["atr"])[0] == 0x3B
    assert empty["protocols"] == ["T=1"]
    assert empty["applications"] == []
    run("applet", "load", "library-card")
    full = json.loads(run("card", "info", "--json").stdout)
    assert full["free_bytes"] < empty["free_bytes"] - 384
    assert [item["applet"] for item in full["applications"]] == ["library-card"]
    assert "free bytes" in run("card", "info").stdout


def test_a_my_number_card_has_applications_that_are_not_ours(run: Any) -> None:
    info = json.loads(run("card", "info", "--json", "--card", "emulator:?profile=my-number").stdout)
    assert {item["state"] for item in info["applications"]} == {"foreign"}


def test_apdu_prints_data_status_and_meaning(run: Any) -> None:
    result = run("card", "apdu", "00A4040000", "80 CA FF 21 00")
    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert first.startswith("6F ")
    assert first.endswith(" 9000 (done)")
    assert second.startswith("FF 21 ")


def test_apdu_ends_with_4_when_the_last_status_is_an_error(run: Any) -> None:
    refused = run("card", "apdu", "00A4040005AABBCCDDEE")
    assert refused.exit_code == 4
    assert refused.stdout == "6A82 (no such file or application)\n"
    assert "6A82" in refused.stderr
    assert run("card", "apdu", "00A4040005AABBCCDDEE", "00A4040000").exit_code == 0


def test_apdu_json_has_every_exchange(run: Any) -> None:
    result = run("card", "apdu", "00A4040005AABBCCDDEE", "--json")
    assert result.exit_code == 4
    assert json.loads(result.stdout) == [
        {"command": "00a4040005aabbccddee", "data": "", "status": "6a82", "meaning": "no such file or application"}
    ]


def test_apdu_reads_commands_from_stdin(run: Any) -> None:
    result = run("card", "apdu", "-", stdin="00A4040000\n\n80CAFF2100\n")
    assert len(result.stdout.splitlines()) == 2


@pytest.mark.parametrize("commands", [["00A"], ["SELECT"], []])
def test_apdu_wants_hex(run: Any, commands: list[str]) -> None:
    assert run("card", "apdu", *commands).exit_code == 2


def test_a_malformed_command_gets_a_status_word(run: Any) -> None:
    result = run("card", "apdu", "00A4")
    assert result.exit_code == 4
    assert result.stdout.startswith("6700")
