import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def hello(run: Any) -> str:
    assert run("cap", "example", "hello.cap").exit_code == 0
    return "hello.cap"


def test_show_tells_packages_applets_imports_sizes_and_needs(run: Any, hello: str) -> None:
    shown = run("cap", "show", hello).stdout
    for words in ("2.2 compact", "javacard.framework 1.0", "F0 59 48 4B CA FE 01", "Java Card 2.1", "ConstantPool"):
        assert words in shown
    told = json.loads(run("cap", "show", hello, "--json").stdout)
    assert told["applets"] == [{"aid": "f059484bcafe01", "install_offset": 1}]
    assert told["load_bytes"] == 145


def test_an_extended_file_is_shown_too(run: Any) -> None:
    run("cap", "example", "big.cap", "--extended")
    assert "2.3 extended" in run("cap", "show", "big.cap").stdout


def test_check_tells_every_fault_with_exit_code_5(run: Any, hello: str) -> None:
    assert "is sound" in run("cap", "check", hello).stderr
    raw = bytearray(Path(hello).read_bytes())
    at = raw.index(b"\xde\xca\xff\xed")
    Path("bad.cap").write_bytes(bytes(raw[:at] + b"\0" + raw[at + 1 :]))
    refused = run("cap", "check", "bad.cap")
    assert refused.exit_code == 5
    assert "$.archive" in refused.stderr
    Path("bad.cap").write_bytes(b"no CAP")
    assert json.loads(run("cap", "check", "bad.cap", "--json").stdout)[0]["where"] == "$.archive"


def test_load_puts_a_file_and_its_applet_on_the_card(run: Any, hello: str, image: str) -> None:
    planned = run("cap", "load", hello, "--install", "--plan")
    assert "install an instance of F0 59 48 4B CA FE 01" in planned.stdout
    assert not Path(image).exists()
    assert "1 block" in run("cap", "load", hello, "--install").stderr
    listed = json.loads(run("applet", "list", "--json").stdout)
    assert [(item["aid"], item["state"]) for item in listed] == [("f059484bcafe01", "foreign")]
    again = run("cap", "load", hello)
    assert (again.exit_code, "6985" in again.stderr) == (4, True)


def test_a_file_that_is_not_there_is_a_usage_error(run: Any) -> None:
    assert run("cap", "show", "nothing.cap").exit_code == 2
