"""The choice of a reader by its name or a part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.reader.errors import ReaderChoiceError

if TYPE_CHECKING:
    from collections.abc import Sequence


def fitting(wanted: str, names: Sequence[str]) -> list[str]:
    """Give the names that ``wanted`` is, or is a part of; case does not matter."""
    return [wanted] if wanted in names else [name for name in names if wanted.lower() in name.lower()]


def pick(wanted: str, names: Sequence[str]) -> str:
    """Choose the reader that ``wanted`` names: a whole name, or a part that only one has.

    Case does not matter. An empty string is a part of every name, so it chooses the only reader.

    Raises:
        ReaderChoiceError: none or several fit; the message lists those there are.
    """
    found = fitting(wanted, names)
    if len(found) == 1:
        return found[0]
    raise ReaderChoiceError(_choice(wanted, names, found))


def _choice(wanted: str, names: Sequence[str], found: Sequence[str]) -> str:
    if not names:
        return "no reader is connected; plug one in"
    if not found:
        return f"no reader has {wanted!r} in its name; there is {_listed(names)}"
    hint = "choose one with pcsc: and a part of its name that no other has"
    return f"{len(found)} readers fit{f' {wanted!r}' if wanted else ''}: {_listed(found)}; {hint}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
