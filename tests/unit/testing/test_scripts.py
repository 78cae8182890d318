"""What is printed of a finding reproduces it: the Python script in a process of its own, the APDUs by trace replay."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yohaku.testing import (
    InvariantBroken,
    PowerCut,
    Session,
    Stage,
    apdu_script,
    python_script,
    sessions,
)
from yohaku.testing.steps import (
    AppendRecord,
    Authenticate,
    CloseChannel,
    HostRead,
    Login,
    Move,
    ReadRecord,
    Reset,
    Send,
    UpdateBinary,
    Verify,
)
from yohaku_applets.library_card import Borrower, LibraryCard, Loan

RIGHTS = 'lambda c, a: b"\\x90\\x00" if c[1] == 0xD6 and a == b"\\x69\\x82" else a'
RECORDS = 'lambda c, a: b"\\x07" + a[1:] if c[1] == 0xB2 and a[-2:] == b"\\x90\\x00" else a'
PROOFS = 'lambda c, a: b"\\x90\\x00" if c[1] == 0x82 and a == b"\\x63\\x00" else a'
RESETS = 'lambda c, a: (state.append(c[1]), b"\\x90\\x00" if c[1] == 0xD6 and 0xD6 in state[:-1] else a)[1]'
LINK = """
from yohaku_emulator.link import EmulatorLink
from yohaku_emulator.link import open_link as open_real

state = []
lie = {lie}


class Link(EmulatorLink):
    def transmit(self, command):
        return lie(command, super().transmit(command))


def open_link(rest):
    real = open_real(rest)
    real.__class__ = Link
    return real
"""


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """Give a function that installs a link scheme ``lying:`` for this process and its children."""

    def plant(lie):
        (tmp_path / "lying_link.py").write_text(LINK.format(lie=lie))
        info = tmp_path / "lying_link-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lying-link\nVersion: 1\n")
        (info / "entry_points.txt").write_text("[yohaku.links]\nlying = lying_link:open_link\n")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return plant


def broken_by(stage, lying, lie, *steps):
    with pytest.raises(InvariantBroken) as caught:
        stage.run(Session(steps), wrap=lying(eval(lie, {"state": []})))  # noqa: S307 - the lies above
    return caught.value


def python(script, folder):
    path = folder / "script.py"
    path.write_text(script)
    return subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)


def yohaku(*arguments):
    command = shutil.which("yohaku", path=str(Path(sys.executable).parent)) or "yohaku"
    return subprocess.run([command, *map(str, arguments)], capture_output=True, text=True, check=False)


CASES = [
    (RIGHTS, (UpdateBinary("borrower"),)),
    (RECORDS, (Login(), AppendRecord("loans", bytes(16)), ReadRecord("loans"))),
    (PROOFS, (Authenticate("counter"), Authenticate("counter", right=False))),
    (RESETS, (Move(1), Login(), UpdateBinary("borrower"), Reset(), CloseChannel(1), UpdateBinary("borrower"))),
]


@pytest.mark.parametrize(("lie", "steps"), CASES, ids=["rights", "records", "proofs", "after a reset"])
def test_both_scripts_reproduce_what_was_found(library, lying, planted, tmp_path, lie, steps):
    broken = broken_by(library, lying, lie, *steps)
    planted(lie)
    found = python(python_script(broken, LibraryCard, url="lying:"), tmp_path)
    assert found.returncode == 1
    assert f"was answered {broken.log[-1].response.hex()}, not ('{broken.allowed[0].hex()}',)" in found.stderr
    assert python(python_script(broken, LibraryCard), tmp_path).returncode == 0

    apdus, image = tmp_path / "apdus.txt", tmp_path / "card.img"
    apdus.write_text(apdu_script(broken, LibraryCard))
    assert yohaku("applet", "load", "library-card", "--card", f"emulator:{image}").returncode == 0
    shutil.copy(image, tmp_path / "again.img")
    lied = yohaku("card", "trace", "replay", apdus, "--card", f"lying:{image}")
    assert (lied.returncode, lied.stdout.count("different  ")) == (1, 1), lied.stdout + lied.stderr
    honest = yohaku("card", "trace", "replay", apdus, "--card", f"emulator:{tmp_path / 'again.img'}")
    assert honest.returncode == 0, honest.stdout + honest.stderr
    assert " 0 different, 0 skipped" in honest.stdout


def test_a_power_cut_is_in_the_python_script(library, lying, planted, tmp_path):
    lie = 'lambda c, a: b"\\x6f\\x00" if c[1] == 0xB2 else a'
    steps = (Login(), PowerCut(write=2), AppendRecord("loans", b"x" * 16), Login(), ReadRecord("loans"))
    broken = broken_by(library, lying, lie, *steps)
    planted(lie)
    script = python_script(broken, LibraryCard, url="lying:")
    assert "link.arm(PowerCut(command=1, write=2, outcome='old', seed=0))" in script
    found = python(script, tmp_path)
    assert found.returncode == 1
    assert "power was cut" in found.stdout
    assert "was answered 6f00, not " in found.stderr
    assert apdu_script(broken, LibraryCard).rstrip().endswith("the Python script has the rest")


def test_a_card_with_contents_is_made_again(lying, planted, tmp_path):
    from yohaku.card import open_link

    contents = {"borrower": Borrower.example(), "loans": [Loan.example(), Loan.example().replace(branch=9)]}
    stage = Stage(LibraryCard, open_link("emulator:"), contents=contents)
    broken = broken_by(stage, lying, RECORDS, Login(), ReadRecord("loans", 1, 5))
    planted(RECORDS)
    script = python_script(broken, LibraryCard, url="lying:")
    assert "Dgi(0x0402" in script
    assert python(script, tmp_path).returncode == 1
    assert python(python_script(broken, LibraryCard), tmp_path).returncode == 0


def test_what_the_host_raises_is_raised_by_the_script(library, monkeypatch, tmp_path):
    monkeypatch.setattr(Borrower, "decode_from", lambda raw: [][len(raw)])
    with pytest.raises(InvariantBroken) as caught:
        library.run(Session((Verify("holder"), HostRead("borrower", login=True))))
    script = python_script(caught.value, LibraryCard)
    assert "applet.borrower.read()" in script
    patch = "from yohaku_applets.library_card import Borrower\nBorrower.decode_from = lambda raw: [][len(raw)]\n"
    broken = python(patch + script, tmp_path)
    assert broken.returncode == 1
    assert broken.stderr.rstrip().endswith("IndexError: list index out of range")


def test_commands_that_are_no_apdus_are_named(library, lying):
    lie = 'lambda c, a: b"\\x90\\x00" if len(c) < 4 else a'
    script = apdu_script(broken_by(library, lying, lie, Send(b"\0\xa4")), LibraryCard)
    assert "# 00a4 is no APDU, and is left out" in script


def test_a_failing_test_prints_both(library, lying):
    lie = lying(eval(RIGHTS))  # noqa: S307 - the lie above

    @settings(deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(session=st.just(Session((UpdateBinary("borrower"),))) | sessions(LibraryCard, steps=(1, 2)))
    def fails(session):
        library.run(session, wrap=lie)

    with pytest.raises(InvariantBroken) as caught:
        fails()
    notes = "\n".join(caught.value.__notes__)
    assert "with connect('emulator:') as card:" in notes
    assert "> 00d681000100\n< 6982" in notes
