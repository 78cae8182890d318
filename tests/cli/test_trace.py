import json
import stat
from pathlib import Path
from typing import Any


def test_a_write_is_traced_shown_and_replayed(run: Any, image: str) -> None:
    assert run("applet", "load", "library-card").exit_code == 0
    Path("before.img").write_bytes(Path(image).read_bytes())
    example = run("schema", "example", "library-card", "borrower").stdout
    traced = run("applet", "write", "library-card", "borrower", example, "--trace", "trace.jsonl")
    assert "wrote trace.jsonl" in traced.stderr
    shown = run("card", "trace", "show", "trace.jsonl")
    assert "UPDATE BINARY borrower" in shown.stdout
    assert "高松　花子" in shown.stdout
    told = json.loads(run("card", "trace", "show", "trace.jsonl", "--json").stdout)
    assert told[-1]["records"] == [{"title": "borrower", "record": json.loads(example)}]
    again = run("card", "trace", "replay", "trace.jsonl", "--card", "emulator:before.img")
    assert again.exit_code == 0
    assert again.stdout == f"{len(told)} same, 0 different, 0 skipped\n"


def test_another_card_is_told_apart(run: Any, image: str) -> None:
    assert image
    run("card", "apdu", "00A4040000", "--trace", "trace.jsonl")
    Path("log").write_text("> 00A4040000\n< 9000\n")
    result = run("card", "trace", "replay", "log")
    assert result.exit_code == 1
    assert "  1  different  00a4040000\n     was 9000, is 6f" in result.stdout
    (one,) = json.loads(run("card", "trace", "replay", "log", "--json").stdout)
    assert (one["outcome"], one["was"]) == ("different", "9000")
    assert run("card", "trace", "replay", "trace.jsonl").exit_code == 0


def test_pins_stay_out_of_a_trace_unless_asked_for(run: Any, image: str) -> None:
    assert image
    run("applet", "load", "library-card")
    command = "00A4040006F059484B000100\n002000810431323334\n"
    run("card", "apdu", "-", "--trace", "without", stdin=command)
    Path("with").write_text("")
    run("card", "apdu", "-", "--trace", "with", "--trace-secrets", stdin=command)
    assert "31323334" not in Path("without").read_text()
    assert "0020008104xxxxxxxx" in Path("without").read_text()
    assert "31323334" in Path("with").read_text()
    assert stat.S_IMODE(Path("with").stat().st_mode) == 0o600
    shown = run("card", "trace", "show", "with").stdout
    assert "31323334" not in shown


def test_a_file_that_is_no_trace_is_told(run: Any) -> None:
    Path("log").write_text("> 00A4040000\n")
    result = run("card", "trace", "show", "log")
    assert (result.exit_code, result.stderr) == (5, "Error: line 1: no response to this command\n")


def test_a_designers_own_applet_is_known_when_named(run: Any, stamp: str, image: str) -> None:
    assert image
    run("applet", "load", stamp)
    run("applet", "read", stamp, "visits", "--trace", "trace")
    assert "READ RECORD file 2" in run("card", "trace", "show", "trace").stdout
    assert "READ RECORD visits" in run("card", "trace", "show", "trace", "--applet", stamp).stdout
