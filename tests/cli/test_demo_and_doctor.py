import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

import yohaku_emulator.card
from yohaku.card.files import CardTransparentFile
from yohaku.cli import doctor
from yohaku.schema import compile_descriptor
from yohaku_applets.library_card import Borrower, LibraryCard

pytestmark = pytest.mark.xdist_group("pcscd")
"""The doctor looks into readers, which the tests of the virtual reader want for themselves."""


def test_demo_shows_the_whole_way(run: Any) -> None:
    result = run("demo")
    assert result.exit_code == 0
    assert result.stderr == ""
    for part in (
        "class LibraryCard(Applet",
        "発行日 / issued",
        f"descriptor of {len(compile_descriptor(LibraryCard))} bytes",
        "高松　花子",
        "  > 00 D6 81 ",
    ):
        assert part in result.stdout
    assert "\x1b[" not in result.stdout
    assert result.stdout.count("\n  > ") == 2


def test_demo_adds_up_what_travelled(run: Any) -> None:
    rows = re.findall(r"^  \S.*?  +([\d,]+)  +([\d,]+)  +([\d,]+)$", run("demo").stdout, re.MULTILINE)
    *steps, total = [[int(number.replace(",", "")) for number in row] for row in rows]
    assert len(steps) == 7
    assert [sum(column) for column in zip(*steps, strict=True)] == total


def test_demo_and_doctor_need_no_pyscard(shell: Any) -> None:
    hidden = "import sys; sys.modules['smartcard'] = None; from yohaku.cli import main; sys.argv[1:] = [{!r}]; main()"
    for command in ("demo", "doctor"):
        script = hidden.format(command).replace('"', '\\"')
        done = shell(f'python -c "{script}"')
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
    assert "pyscard, which is not installed" in done.stdout


def test_doctor_json_names_every_check(run: Any) -> None:
    result = run("doctor", "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert report["works"] is True
    names = [check["name"] for check in report["checks"]]
    assert names[:8] == [
        *("python", "yohaku", "click", "construct", "cryptography"),
        *("pyscard", "pcscd", "virtual reader"),
    ]
    assert all(name == "readers" or name.startswith("reader ") for name in names[8:-2])
    assert names[-2:] == ["applets", "emulator"]
    assert all(check["state"] in {"ok", "absent"} for check in report["checks"])


def test_doctor_fails_when_the_emulator_does_not_work(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yohaku_emulator.card.EmulatedCard, "transmit", lambda _self, _command: b"\x6f\x00")
    result = run("doctor")
    assert result.exit_code == 1
    assert "failed  emulator" in result.stdout
    assert "6F00" in result.stdout


def test_doctor_notices_a_card_that_changes_a_record(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = Borrower.example().replace(number="0000000000")
    monkeypatch.setattr(CardTransparentFile, "read", lambda _file: changed)
    result = run("doctor")
    assert result.exit_code == 1
    assert "a record came back changed" in result.stdout


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_a_terminal_gets_colours_unless_told_otherwise(variables: dict[str, str], coloured: bool) -> None:  # noqa: FBT001
    reader, writer = os.openpty()
    environment = {**os.environ, "TERM": "xterm", **variables}
    script = "import sys; from yohaku.cli import main; sys.argv[1:] = ['doctor']; main()"
    with subprocess.Popen([sys.executable, "-c", script], stdout=writer, stderr=writer, env=environment) as process:
        os.close(writer)
        printed = b"".join(iter(lambda: _read(reader), b""))
    os.close(reader)
    assert process.returncode == 0
    assert b"emulator" in printed
    assert (b"\x1b[" in printed) is coloured


def _read(reader: int) -> bytes:
    try:
        return os.read(reader, 4096)
    except OSError:  # the other end is closed
        return b""


def test_doctor_says_how_to_get_what_is_absent(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise doctor.PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "version", absent)
    result = run("doctor")
    assert result.exit_code == 1
    assert "pip install 'yohaku[reader]'" in result.stdout
