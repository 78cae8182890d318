"""Code objects of generated sources on disk, so that a second start need not compile them; off until a program asks.

An entry is named by a digest of the source, of Python's version and of this package's, and it carries a digest of
itself: one that does not match is compiled anew. Whoever can write to the directory can run code as its user, as with
Python's own ``__pycache__``; so a directory that others may write to, or that belongs to another user, is not used.
"""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from types import CodeType

FORMAT = 1
"""Version of the generator: part of every key, since the same source must mean the same code."""

_directory: list[Path] = []


def use_cache(directory: Path | None) -> bool:
    """Keep code objects in ``directory``, made when needed; None switches the cache off.

    Returns:
        Whether the directory is used: it belongs to this user and nobody else may write to it.
    """
    _directory.clear()
    if directory is None:
        return False
    with suppress(OSError):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_private(directory):
            _directory.append(directory)
    return bool(_directory)


def _is_private(directory: Path) -> bool:
    status = directory.stat()
    mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return mine and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def compiled_code(text: str, title: str) -> CodeType:
    """Compile a generated source, or take its code from the cache."""
    if not _directory:
        return compile(text, title, "exec", dont_inherit=True)
    path = _directory[0] / f"{_key(text, title)}.code"
    code = _load(path)
    if code is None:
        code = compile(text, title, "exec", dont_inherit=True)
        with suppress(OSError):
            _store(path, code)
    return code


def _key(text: str, title: str) -> str:
    python = f"{sys.implementation.cache_tag} {importlib.util.MAGIC_NUMBER.hex()}"
    return hashlib.sha256(f"{FORMAT} {python}\n{title}\n{text}".encode()).hexdigest()


def _load(path: Path) -> CodeType | None:
    try:
        raw = path.read_bytes()
    except OSError:
        return None
    digest, body = raw[:32], raw[32:]
    if hashlib.sha256(path.name.encode() + body).digest() != digest:
        return None
    code = marshal.loads(body)  # noqa: S302 - written by this module into a directory of this user's alone
    return code if isinstance(code, CodeType) else None


def _store(path: Path, code: CodeType) -> None:
    """Write beside and rename, so that a reader finds an old entry, a new one or none."""
    import tempfile

    body = marshal.dumps(code)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(path.name.encode() + body).digest() + body)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
