"""Every example in the README runs as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"^```(\w+)([^\n]*)\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path):
    for language, info, text in BLOCKS:
        if named := re.search(r"file=(\S+)", info):
            assert language == "python"
            (tmp_path / named[1]).write_text(text, encoding="utf-8")
    return tmp_path


def run(command, folder, **options):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(folder)}
    environment.pop("YOHAKU_CARD", None)
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False, **options
    )


def test_the_shell_examples_end_with_0(folder):
    script = "".join(text for language, _, text in BLOCKS if language == "sh" and "make " not in text)
    assert script.count("yohaku ") >= 8
    done = run(["bash", "-e"], folder, input=script)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"stamps": 4' in done.stdout


def test_the_python_examples_run(folder):
    scripts = [text for language, info, text in BLOCKS if language == "python" and "file=" not in info]
    assert scripts
    for script in scripts:
        done = run([sys.executable, "-c", script], folder)
        assert done.returncode == 0, done.stderr


def test_the_shown_errors_are_what_is_printed(folder):
    transcripts = [text for language, _, text in BLOCKS if language == "text" and text.startswith("$ ")]
    assert transcripts
    for transcript in transcripts:
        command, expected = transcript[2:].split("\n", 1)
        done = run(["bash", "-c", command], folder)
        assert done.stderr == expected
        assert done.returncode == 5
