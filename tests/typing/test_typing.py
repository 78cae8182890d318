"""Both type checkers report exactly the planted errors of case.py, and nothing else."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CASE = Path(__file__).with_name("case.py")
PLANTED = [number for number, line in enumerate(CASE.read_text().splitlines(), 1) if "# E: " in line]


def tool(name):
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: pip install 'yohaku[dev]'")
    return found


def test_errors_are_planted():
    assert len(PLANTED) >= 5


def test_mypy_reports_the_planted_errors_and_nothing_else(tmp_path):
    copy = tmp_path / "case.py"
    copy.write_text(CASE.read_text())
    command = [tool("mypy"), "--strict", "--python-executable", sys.executable, "--cache-dir", ".cache", "case.py"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    lines = [int(number) for number in re.findall(r"^case\.py:(\d+): error:", result.stdout, re.MULTILINE)]
    assert lines == PLANTED, result.stdout


def test_pyright_reports_the_planted_errors_and_nothing_else(tmp_path):
    copy = tmp_path / "case.py"
    copy.write_text(CASE.read_text())
    command = [tool("pyright"), "--outputjson", "--pythonpath", sys.executable, "case.py"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    errors = json.loads(result.stdout)["generalDiagnostics"]
    lines = sorted({error["range"]["start"]["line"] + 1 for error in errors if error["severity"] == "error"})
    assert lines == PLANTED, errors
