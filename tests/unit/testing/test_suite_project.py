"""A designer's project outside this repository: three lines give it the whole suite, and planted faults are found."""

import os
import re
import subprocess
import sys

import pytest

STAMP = '''
"""A stamp card."""

from yohaku import ALWAYS, Applet, CyclicFile, Key, Pin, Record, TransparentFile, field
from yohaku.fields import Digits, UInt


class Sheet(Record):
    """スタンプ台紙"""

    member: str = field(Digits(8), "会員番号", example="00004711")
    stamps: int = field(UInt(8, most=20), "スタンプ数", example=3)


class Stamp(Applet, aid="F0 59 48 4B 77 11", version=1):
    """商店街スタンプ"""

    shop = Key("店舗端末鍵")
    holder = Pin("暗証番号", length=4, reset=shop)

    sheet = TransparentFile(Sheet, "台紙", read=ALWAYS, update=shop)
    visits = CyclicFile(Sheet, "履歴", records=4, read=holder | shop, append=shop)
'''

TESTS = """
from stamp import Stamp
from yohaku.testing import applet_suite
TestStamp = applet_suite(Stamp)
"""

LOSSY_CODEC = """
import stamp

stamp.Sheet.decode(stamp.Sheet.example().encode())
right = stamp.Sheet.decode


def decode(data):
    record = right(data)
    return record.replace(stamps=min(record.stamps, 19))


stamp.Sheet.decode = decode
"""

LYING_LINK = """
from yohaku_emulator.link import EmulatorLink

right = EmulatorLink.transmit


def transmit(link, command):
    answer = right(link, command)
    return b"\\x90\\x00" if command[1] == 0xE2 and answer == b"\\x69\\x82" else answer


EmulatorLink.transmit = transmit
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "stamp.py").write_text(STAMP, encoding="utf-8")
    (tmp_path / "test_stamp.py").write_text(TESTS.lstrip(), encoding="utf-8")
    return tmp_path


def run(folder, *arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment | {"PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def run_suite(folder, *arguments):
    return run(folder, "-m", "pytest", "-v", "-p", "no:cacheprovider", *arguments)


def failed(output):
    return set(re.findall(r"^FAILED test_stamp.py::TestStamp::(.+?)(?: - .*)?$", output, re.MULTILINE))


def test_three_lines_give_a_project_the_whole_suite(project):
    assert len((project / "test_stamp.py").read_text().splitlines()) == 3
    done = run_suite(project)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= 30
    assert "skipped" not in done.stdout
    for name in (
        "test_a_record_comes_back_from_its_bytes[sheet]",
        "test_access_is_exactly_what_is_declared[append visits]",
        "test_a_power_cut_leaves_the_old_or_the_new[change holder]",
        "test_random_sessions_do_what_the_declaration_says",
    ):
        assert f"test_stamp.py::TestStamp::{name} PASSED" in done.stdout


def test_a_codec_that_loses_something_is_found_and_shown(project):
    (project / "conftest.py").write_text(LOSSY_CODEC, encoding="utf-8")
    done = run_suite(project, "-k", "record_comes_back or near_miss or json_schema")
    assert done.returncode == 1
    assert failed(done.stdout) == {
        f"test_{what}[{file}]"
        for file in ("sheet", "visits")
        for what in ("a_record_comes_back_from_its_bytes", "near_miss_bytes_are_refused_or_written_back")
    }
    shown = re.search(
        r"stamp\.sheet: Sheet\(member='0{8}', stamps=20\) comes back from its bytes 303030303030303014 as .*stamps=19\)"
        r"\n\n((?:(?:    .*)?\n)+)",
        done.stdout,
    )
    assert shown, done.stdout
    script = re.sub(r"^    ", "", shown[1], flags=re.MULTILINE)
    assert script.startswith("from stamp import Sheet\n")
    again = run(project, "-c", f"import conftest\n{script}")
    assert "AssertionError" in again.stderr
    assert run(project, "-c", script).returncode == 0


def test_a_card_that_allows_too_much_is_found_and_shown(project):
    (project / "conftest.py").write_text(LYING_LINK, encoding="utf-8")
    done = run_suite(project, "-k", "access or rights or wrong_value")
    assert done.returncode == 1
    assert failed(done.stdout) == {
        "test_access_is_exactly_what_is_declared[append visits]",
        "test_rights_end_with_the_session",
        "test_a_wrong_value_takes_the_right_away[shop]",
    }
    assert "stamp.visits: append with nothing presented: the declaration forbids it (append needs shop)" in done.stdout
    assert "the card answers 9000 (done) to APPEND RECORD\n" in done.stdout
    program = re.search(r"\n    (from stamp import Stamp\n(?:(?:    .*)?\n)+?)\n?    # SELECT stamp: 9000", done.stdout)
    again = run(project, "-c", "import conftest\n" + program[1].replace("\n    ", "\n"))
    assert again.stdout == "9000\n"
    assert run(project, "-c", program[1].replace("\n    ", "\n")).stdout == "6982\n"
    assert re.search(r"\n    # SELECT stamp: 9000 \(done\)\n    > 00 A4 04 00 06 F0 59 48 4B 77 11", done.stdout)
    assert re.search(r"\n    > 00 E2 00 10 09 .*\n    < 90 00\n", done.stdout)
