import json
import os
from pathlib import Path
from typing import Any

import pytest

from yohaku.cli.targets import applets_in

HEAD = "from yohaku import ALWAYS, Applet, Record, TransparentFile, field\nfrom yohaku.fields import UInt\n"
ONE = """
class {0}Record(Record):
    number: int = field(UInt(8))

class {0}(Applet, aid="F0 00 00 00 {1}"):
    contents = TransparentFile({0}Record, read=ALWAYS, update=ALWAYS)
"""


def write(path: str, text: str) -> None:
    Path(path).write_text(text)


def test_a_designers_file_works_with_every_command(run: Any, stamp: str, image: str) -> None:
    del image
    assert json.loads(run("schema", "list", "my.py", "--json").stdout)[0]["applet"] == "stamp"
    assert "店番号 / shop" in run("schema", "show", stamp).stdout
    example = run("schema", "example", stamp, "last").stdout
    encoded = run("schema", "encode", stamp, "last", example).stdout
    assert run("schema", "decode", stamp, "last", encoded.strip()).stdout == example
    assert run("applet", "load", stamp).exit_code == 0
    assert run("applet", "write", stamp, "last", example).exit_code == 0
    assert run("applet", "read", stamp, "last", "--json").stdout == example
    assert run("applet", "delete", stamp).exit_code == 0
    assert json.loads(run("applet", "list", "--json").stdout) == []


@pytest.mark.usefixtures("stamp")
@pytest.mark.parametrize("target", ["my.py", "my.py:Stamp", "my.py:stamp", "./my.py", "my.py:"])
def test_a_file_with_one_applet_needs_no_class_name(run: Any, target: str) -> None:
    assert json.loads(run("schema", "show", target, "--json").stdout)["applet"] == "stamp"


def test_of_several_applets_one_must_be_named(run: Any) -> None:
    write("two.py", HEAD + ONE.format("Ramen", "01") + ONE.format("Udon", "02"))
    result = run("schema", "show", "two.py")
    assert result.exit_code == 2
    assert "two.py declares 2 applets: Ramen, Udon; choose one: two.py:Ramen" in result.stderr
    assert json.loads(run("schema", "show", "two.py:Udon", "--json").stdout)["aid"] == "f000000002"
    wrong = run("schema", "show", "two.py:Udonn")
    assert wrong.exit_code == 2
    assert "did you mean 'Udon'?" in wrong.stderr


@pytest.mark.usefixtures("stamp")
def test_imported_applets_are_not_the_files_own(run: Any) -> None:
    write("more.py", HEAD + "from my import Stamp\n" + ONE.format("Udon", "02"))
    listed = json.loads(run("schema", "list", "more.py", "--json").stdout)
    assert [item["applet"] for item in listed] == ["udon"]


def test_what_a_file_prints_is_no_data(run: Any) -> None:
    write("loud.py", HEAD + "print('loud')\n" + ONE.format("Udon", "02"))
    result = run("schema", "show", "loud.py", "--json")
    assert json.loads(result.stdout)["applet"] == "udon"
    assert "loud" in result.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import nothing_there\n", "line 1: ModuleNotFoundError: No module named 'nothing_there'"),
        ("x = 1\ndef f(:\n", "line 2: SyntaxError: invalid syntax"),
        ("\n\nraise SystemExit(0)\n", "line 3: SystemExit: 0"),
        (HEAD + 'class Bad(Applet, aid="F0"):\n    pass\n', "line 3: the AID 'F0'"),
    ],
)
def test_a_file_that_cannot_be_imported_says_why_in_one_sentence(run: Any, text: str, says: str) -> None:
    write("broken.py", text)
    result = run("schema", "show", "broken.py:Bad")
    assert result.exit_code == 1
    assert f"Error: broken.py cannot be imported: {says}" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_syntax_error_in_a_neighbour_names_the_neighbour(run: Any) -> None:
    write("neighbour.py", "def f(:\n")
    write("mine.py", "\nimport neighbour\n")
    assert "imported: neighbour.py, line 1: SyntaxError" in run("schema", "show", "mine.py").stderr


def test_debug_shows_the_traceback(run: Any) -> None:
    write("broken.py", "import nothing_there\n")
    result = run("--debug", "schema", "show", "broken.py:Bad")
    assert result.exit_code == 1
    assert type(result.exception).__name__ == "TargetImportError"


def test_a_file_without_applets_says_what_is_missing(run: Any) -> None:
    write("none.py", HEAD)
    result = run("schema", "show", "none.py")
    assert result.exit_code == 2
    assert "declares no applet" in result.stderr


def test_a_missing_file_is_wrong_usage(run: Any) -> None:
    result = run("schema", "show", "nowhere.py:Stamp")
    assert result.exit_code == 2
    assert "there is no file nowhere.py" in result.stderr


def test_an_edit_within_the_same_second_counts(tmp_path: Path) -> None:
    path = tmp_path / "my.py"
    path.write_text(HEAD + ONE.format("Shop", "01"))
    assert applets_in(str(path))["Shop"].aid.hex() == "f000000001"
    stamp = path.stat()
    path.write_text(HEAD + ONE.format("Shop", "02"))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert applets_in(str(path))["Shop"].aid.hex() == "f000000002"
    assert not (tmp_path / "__pycache__").exists()
