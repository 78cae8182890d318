"""Where input comes from: stdin, a file, or the command line itself; and its first reading as JSON or hex."""

from __future__ import annotations

import errno
import json
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from yohaku.cli.errors import MalformedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.codec import Json

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}\s*)+")
_NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG})


def read_json(source: str) -> Json:
    """Read JSON from ``-``, from a path, or literally from text that starts with ``{``.

    Raises:
        UsageError: there is no such file.
        MalformedError: it is no JSON, or an object has a name twice.
    """
    literal = source.lstrip().startswith("{")
    raw = source.encode("utf-8", "surrogateescape") if literal else _read(source)
    name = "the JSON given" if literal else _shown(source)
    try:
        value: Json = json.loads(raw, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise MalformedError(f"{name} is no JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"{name} is no JSON that can be used: {error}") from None
    return value


def read_hex(source: str, *, binary: bool) -> bytes:
    """Read bytes as hex, or raw with ``binary``, from ``-``, from a path, or literal hex.

    Raises:
        UsageError: there is no such file.
        MalformedError: it is no hex.
    """
    if not binary and _HEX.fullmatch(source):
        return bytes.fromhex(source)
    raw = _read(source)
    if binary:
        return raw
    try:
        return bytes.fromhex(raw.decode("ascii"))
    except ValueError:
        raise MalformedError(f"{_shown(source)} is no hex: pairs of 0-9 and a-f, blanks between them allowed") from None


def read_lines(source: str) -> list[str]:
    """Read lines from ``-``; give anything else as the one line that it is."""
    return _read(source).decode("utf-8", "replace").splitlines() if source == "-" else [source]


def _read(source: str) -> bytes:
    with open_binary(source) as file:
        return file.read()


@contextmanager
def open_binary(source: str) -> Iterator[BinaryIO]:
    """Open stdin for ``-``, else the file of that path.

    Raises:
        UsageError: there is no such file.
    """
    if source == "-":
        yield sys.stdin.buffer
        return
    with _open(source) as file:
        yield file


def _open(source: str) -> BinaryIO:
    try:
        return Path(source).open("rb")
    except OSError as error:
        if error.errno not in _NO_FILE:
            raise
        raise UsageError(f"{_cut(source)!r} is neither a file nor a literal value; - reads from stdin") from None


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _shown(source: str) -> str:
    return "stdin" if source == "-" else source


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has {twice!r} twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
