"""``yohaku fuzz``: short searches that find nothing, and planted faults that become tests."""

import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from yohaku.cli.fuzz import _Figures
from yohaku.testing.fuzz import Figures, worker
from yohaku.testing.fuzz.target import digest
from yohaku_emulator import EmulatedCard

APPLET = '''
from yohaku import ALWAYS, Applet, Key, Pin, Record, TransparentFile, field
from yohaku.codec import FixedField


class Cell(FixedField[int]):
    def __init__(self):
        super().__init__(1)

    def write(self, value):
        if type(value) is not int or not 0 <= value < 256:
            self.refuse("is no byte")
        return bytes((value{write},))

    def unpack(self, raw):
        return raw[0]

    def from_json(self, value):
        {reads}
        return value

    def example(self):
        return 2


class Sheet(Record):
    """台紙"""

    stamps: int = field(Cell(), "数")


class Stamp(Applet, aid="F0 59 48 4B 77 03", version=1):
    """スタンプ"""

    shop = Key("鍵")
    holder = Pin("暗証番号", length=4)
    sheet = TransparentFile(Sheet, "台紙", read=holder, update=shop)
{more}
'''
LYING = """
from yohaku_emulator import EmulatedCard

_honest = EmulatedCard.transmit


def _lying(self, command):
    answer = _honest(self, command)
    denied = command[:2] == bytes.fromhex("00B0") and answer == bytes.fromhex("6982")
    return bytes.fromhex("029000") if denied else answer


EmulatedCard.transmit = _lying
"""


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def mended(monkeypatch):
    """Take back what a designer's file that is imported here changes in this process: other tests come after it."""
    monkeypatch.setattr(EmulatedCard, "transmit", EmulatedCard.transmit)
    monkeypatch.setattr(worker, "HANG_SECONDS", worker.HANG_SECONDS)


QUICK = ("--seconds", "0.5", "--jobs", "1")


def written(*, write="", reads="pass", more=""):
    Path("stamp.py").write_text(APPLET.format(write=write, reads=reads, more=more))
    return "stamp.py:Stamp"


def run_tests(*paths):
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_search_that_finds_nothing_ends_0_and_leaves_a_corpus(run):
    superfluous = Path("corpus/sheet.bytes") / digest(b"\x07 and more")
    superfluous.parent.mkdir(parents=True)
    superfluous.write_bytes(b"\x07 and more")
    done = run("fuzz", written(), *QUICK, "--corpus", "corpus", "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["findings"]) == (0, [])
    assert 0 < told["blocks"] < told["probes"]
    parts = {path.name: list(path.iterdir()) for path in Path("corpus").iterdir()}
    assert {"sheet.bytes", "sheet.json", "card"} <= parts.keys()
    assert told["inputs"] >= sum(map(len, parts.values()))
    assert min(len(path.read_bytes()) for path in parts["sheet.bytes"]) <= 1
    assert not Path("findings").exists()


def test_planted_faults_become_tests_that_fail_for_that_reason_until_they_are_mended(run):
    done = run("fuzz", written(write=" & 0xFE", more=LYING), *QUICK, "--tests", "deep/er")
    assert done.exit_code == 1
    texts = {path: Path(path).read_text() for path in done.stdout.splitlines()}
    codec = next(path for path, text in texts.items() if "sheet.bytes: decode-encode" in text)
    assert 'DATA = bytes.fromhex("01")' in texts[codec]
    card = next(path for path, text in texts.items() if "card: ACCESS in instruction B0" in text)
    assert "\n# < 6982\n" in texts[card]
    told = "01 decodes to Sheet(stamps=1), which encodes to 00"
    assert f"sheet.bytes: decode-encode: {told}" in done.stderr
    failed = run_tests(codec, card)
    assert "2 failed" in failed.stdout
    assert f"BrokenInvariantError: {told}" in failed.stdout
    assert "BrokenInvariantError: ACCESS broken in step 1" in failed.stdout
    written()
    assert run_tests(codec, card).returncode == 0


def test_an_input_that_hangs_and_one_that_kills_the_process_are_findings(run):
    more = """
from yohaku.testing.fuzz import worker

worker.HANG_SECONDS = 0.3
"""
    reads = """
        while value == "hang":
            pass
        if value == "die":
            __import__("os")._exit(3)
"""
    Path("corpus/sheet.json").mkdir(parents=True)
    for word in ("hang", "die"):
        data = b'{"stamps": "%s"}' % word.encode()
        (Path("corpus/sheet.json") / digest(data)).write_bytes(data)
    done = run("fuzz", written(reads=reads, more=more), *QUICK, "--corpus", "corpus", "--json")
    assert done.exit_code == 1
    found = {one["kind"]: bytes.fromhex(one["input"]) for one in json.loads(done.stdout)["findings"]}
    assert found == {"Hangs": b'{"stamps":"hang"}', "ProcessDied": b'{"stamps": "die"}'}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_signal_ends_a_search_with_what_it_found(number):
    command = [str(Path(sys.executable).with_name("yohaku")), "fuzz", "tlv", "--jobs", "1", "--corpus", "corpus"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        _wait_for(lambda: Path("corpus").exists())
        workers = _children(process.pid)
        process.send_signal(number)
        process.communicate(timeout=30)
    assert process.returncode in {0, 1}
    assert workers
    _wait_for(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def _wait_for(there):
    end = time.monotonic() + 30
    while not there():
        assert time.monotonic() < end
        time.sleep(0.05)


def _children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_the_list_names_applets_and_parsers(run):
    done = run("fuzz", "--list")
    assert done.exit_code == 0
    assert {"library-card", "tlv", "cap", "secure-messaging", "image", "trace"} <= set(done.stdout.splitlines())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("library-crad",), "did you mean 'library-card'?"),
        (("nowhere.py",), "there is no file nowhere.py"),
        (("tlv", "--seconds", "0"), "0"),
        ((), "TARGET"),
    ],
)
def test_wrong_usage_ends_2(run, arguments, sentence):
    done = run("fuzz", *arguments)
    assert done.exit_code == 2
    assert sentence in done.stderr


def test_figures_are_one_line_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    shown = _Figures()
    for runs in (10, 2000):
        shown(Figures(1.0, runs, 1234.5, 10, 99, 3, 1))
    shown.end()
    text = sys.stderr.getvalue()
    assert text.count("\n") == 1
    assert text.count("\r") == 2
    assert "2,000 inputs, 1,234 a second  10 of 99 blocks  3 kept  1 finding" in text
