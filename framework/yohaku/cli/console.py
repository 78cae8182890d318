"""What the commands print: JSON, tables and notes, with care for pipes, narrow terminals and wide characters."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from yohaku.codec import Json


def print_json(value: Json) -> None:
    """Print JSON as UTF-8 whatever the locale is: two spaces of indentation, nothing escaped that need not be."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace"))


def write_text(path: str, text: str) -> None:
    """Write a document to a file, or to stdout for ``-``, as UTF-8; say on stderr where it is."""
    if path == "-":
        click.echo(text.encode(), nl=False)
        return
    Path(path).write_text(text, encoding="utf-8")
    note(f"wrote {path}")


def note(text: str) -> None:
    """Say something that is no data: on stderr."""
    click.echo(text, err=True)


def heading(text: str) -> None:
    """Print a heading."""
    click.secho(text, bold=True)


def has_colour() -> bool:
    """Tell whether what is printed may have colours."""
    wanted = click.get_current_context().color
    return sys.stdout.isatty() if wanted is None else wanted


def terminal_width() -> int:
    """Give the columns of the terminal, 100 at most and where there is none."""
    return min(shutil.get_terminal_size((100, 24)).columns, 100)


def table(rows: Iterable[Sequence[str]], *, head: Sequence[str] = (), indent: int = 0) -> None:
    """Print rows in columns; the last one is not padded."""
    from yohaku.render.columns import columns, pad

    lines = [*([head] if head else []), *rows]
    if not lines:
        return
    widths = [max(map(columns, column)) for column in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        cells = [pad(cell, width) for cell, width in zip(line, widths, strict=True)]
        click.secho(" " * indent + "  ".join(cells).rstrip(), bold=bool(head) and number == 0)


def spaced(data: bytes) -> str:
    """Write bytes as people read them: upper-case hex with spaces."""
    return data.hex(" ").upper()


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: ``1 byte``, ``2 bytes``, ``1,024 bytes``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
