"""Traces read: our own JSON Lines, and hex logs of other programs with one command or response in each line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from yohaku.card.traces.entry import TraceEntry, TraceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_COMMAND = re.compile(r">+|→|\b(?:c-?apdu|command|sending|send|sent|tx|request)\b|\bapdu(?=\s*:)", re.IGNORECASE)
_RESPONSE = re.compile(r"<[-=<]*|←|\b(?:r-?apdu|response|received|recv|rx|answer)\b", re.IGNORECASE)
_NOISE = re.compile(r"\([^)]*\)|\[[^\]]*\]|\bT=\d\b")
_PAIR = r"(?:0x)?[0-9A-Fa-f]{2}"
_HEX = re.compile(rf"(?<![0-9A-Za-z])(?:{_PAIR}[\s,]*)*{_PAIR}(?![0-9A-Za-z])")
_STATUS = re.compile(r"SW1\W*(?:0x)?([0-9A-Fa-f]{2})\W+SW2\W*(?:0x)?([0-9A-Fa-f]{2})")


def read_trace(lines: Iterable[str]) -> list[TraceEntry]:
    """Read a trace, whichever of the two forms it has.

    In a hex log a line is a command after ``>``, ``APDU:``, ``C-APDU``, ``Sending`` and the like, a response after
    ``<``, ``R-APDU``, ``Received`` and the like; lines without a mark take turns. Lines without hex, and those that
    start with ``#`` or ``//``, are left out.

    Raises:
        TraceError: a line is no entry, or a command has no response; the message names the line.
    """
    numbered = [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
    if numbered and numbered[0][1].startswith("{"):
        return [_own(number, line) for number, line in numbered]
    return list(_paired(numbered))


def _own(number: int, line: str) -> TraceEntry:
    try:
        return TraceEntry.from_json(json.loads(line))
    except (json.JSONDecodeError, TraceError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise TraceError(f"line {number} is no trace entry: {reason}") from None


def _paired(numbered: Iterable[tuple[int, str]]) -> Iterator[TraceEntry]:
    waiting: bytes | None = None
    asked = 0
    for number, line in numbered:
        kind, raw = _parts(line)
        if raw is None:
            continue
        if (kind or ("response" if waiting is not None else "command")) == "command":
            if waiting is not None:
                raise TraceError(f"line {asked}: no response to this command before line {number}")
            waiting, asked = raw, number
        elif waiting is None:
            raise TraceError(f"line {number}: a response without a command before it")
        else:
            yield TraceEntry(waiting, raw)
            waiting = None
    if waiting is not None:
        raise TraceError(f"line {asked}: no response to this command")


def _parts(line: str) -> tuple[str, bytes | None]:
    """Give what a line is and its bytes; no bytes when it is none of ours, no kind when nothing says which."""
    if line.startswith(("#", "//")):
        return "", None
    marks = [(found.start(), found.end(), kind) for kind, found in _marks(line) if found is not None]
    _, end, kind = min(marks, default=(0, 0, ""))
    status = _STATUS.search(line)
    raw = _longest_hex(line[end:] if status is None else line[end : status.start()])
    if status is not None:
        return "response", raw + bytes.fromhex(status[1] + status[2])
    return kind, raw if len(raw) >= (2 if kind == "response" else 4) or (not kind and len(raw) >= 2) else None


def _marks(line: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    yield "command", _COMMAND.search(line)
    yield "response", _RESPONSE.search(line)


def _longest_hex(text: str) -> bytes:
    runs = [re.sub(r"0x|[\s,]", "", run) for run in _HEX.findall(_NOISE.sub(" ", text))]
    return bytes.fromhex(max(runs, key=len, default=""))
