import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import click
import pytest
from click.testing import CliRunner

from yohaku.cli.root import NOUNS, yohaku


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Give the words of the root and of every command below it."""
    yield path
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


def help_of(path: tuple[str, ...]) -> str:
    result = CliRunner().invoke(yohaku, [*path, "--help"], prog_name="yohaku")
    assert result.exit_code == 0
    return result.stdout


def examples(path: tuple[str, ...]) -> list[str]:
    _, _, section = help_of(path).partition("\nExamples:\n")
    return [line.removeprefix("  ") for line in section.splitlines()]


EVERY = list(commands(yohaku))


def name(path: tuple[str, ...]) -> str:
    return " ".join(("yohaku", *path))


NOUNS_ALONE = {
    ("schema",),
    ("applet",),
    ("applet", "pin"),
    ("applet", "purse"),
    ("cap",),
    ("domain",),
    ("card",),
    ("card", "trace"),
    ("emulator",),
}
"""Groups without examples of their own."""


def with_examples() -> Iterator[Any]:
    """Give each command; one that uses the virtual reader runs where the tests of the reader do."""
    for path in EVERY:
        if path not in NOUNS_ALONE:
            marks = [pytest.mark.xdist_group("pcscd")] if path in {("emulator", "run"), ("doctor",)} else []
            yield pytest.param(path, marks=marks, id=name(path))


@pytest.mark.parametrize("path", list(with_examples()))
def test_every_example_in_the_help_runs(path: tuple[str, ...], shell: Any) -> None:
    lines = examples(path)
    assert any(line.startswith(name(path)) for line in lines)
    done = shell("\n".join(lines))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", [path for path in EVERY if len(path) == 1], ids=name)
def test_the_roots_line_about_a_command_is_that_commands_own(path: tuple[str, ...]) -> None:
    lazy = NOUNS[path[0]]
    assert lazy.load().get_short_help_str(200) == lazy.help


def test_a_noun_without_a_verb_shows_its_help(run: Any) -> None:
    assert "Commands:" in run("schema").output


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["schema", "--help"], ["applet", "write", "--help"]])
def test_help_imports_next_to_nothing(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom yohaku.cli import main\nsys.argv[1:] = {!r}\n"
        "try:\n    main()\nexcept SystemExit:\n    print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code.format(arguments)], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stderr.split())
    assert "click" in loaded
    heavy = {"construct", "cryptography", "yohaku.schema", "yohaku.errors", "yohaku_emulator", "importlib.metadata"}
    assert not loaded & heavy


def test_a_closed_pipe_is_no_fault(shell: Any) -> None:
    done = shell("set +o pipefail; yohaku schema show library-card | true")
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr


def test_a_fault_of_our_own_is_one_sentence_unless_debugging(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from yohaku.cli import targets

    def fail(_target: str) -> None:
        raise KeyError("oops")

    monkeypatch.setattr(targets, "load_target", fail)
    result = run("schema", "show", "library-card")
    assert result.exit_code == 1
    assert result.stderr == "Error: KeyError: 'oops' - this is a fault of yohaku itself; yohaku --debug shows where\n"
    assert isinstance(run("--debug", "schema", "show", "library-card").exception, KeyError)
