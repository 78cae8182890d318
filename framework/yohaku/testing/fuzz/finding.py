"""Why an input is a finding, and which findings are the same: by the exception and where it arose, or the invariant."""

from __future__ import annotations

import sysconfig
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yohaku.testing.fuzz.target import digest

if TYPE_CHECKING:
    from types import TracebackType

_OURS = ("yohaku", "yohaku_emulator", "yohaku_applets")
_TESTING = ("yohaku", "testing")
_GENERATED = "<yohaku "
_STANDARD = sysconfig.get_path("stdlib")
DIED, HANGS = "ProcessDied", "Hangs"
"""Kinds of the findings that leave no exception."""


class BrokenInvariantError(AssertionError):
    """Something does not hold that must hold for every input; the message says what, the attributes what kind.

    It is an assertion, not a YohakuError: it tells of a fault in the code under test, not in its input.

    Attributes:
        invariant: its name, such as ``decode-encode``.
        step: where in the input, as a kind: the instruction of a command, the form of a value; may be empty.
    """

    def __init__(self, invariant: str, message: str, *, step: str = "") -> None:
        self.invariant, self.step = invariant, step
        super().__init__(message)


class HangError(BaseException):
    """One input takes longer than any should; no handler of Exception takes it for its own."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an input is a finding.

    Attributes:
        kind: the exception's name or the invariant's.
        place: file and function of the innermost frame of yohaku, or the kind of step; may be empty.
        message: what the exception says; two findings with different messages may be the same.
        script: further lines of it: how a person repeats it without the fuzzer.
    """

    kind: str
    place: str = ""
    message: str = ""
    script: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What two findings share that are the same."""
        return self.kind, self.place

    def __str__(self) -> str:
        return f"{self.kind} in {self.place}" if self.place else self.kind


@dataclass(frozen=True, slots=True)
class Finding:
    """An input for which something does not hold.

    Attributes:
        part: of the target.
        reason: why.
        data: the input, made as small as could be.
        test: a pytest module that fails for this reason.
    """

    part: str
    reason: Reason
    data: bytes
    test: str

    @property
    def digest(self) -> str:
        """The name of this finding, the same in every run: from the part and the reason."""
        return digest("\n".join((self.part, *self.reason.key)).encode())[:8]

    @property
    def file_name(self) -> str:
        """The name of its test's file."""
        return f"test_finding_{self.digest}.py"


def reason_of(error: BaseException) -> Reason:
    """Say why an input that raised ``error`` is a finding."""
    message, _, script = str(error).partition("\n")
    message = message[:300]
    if isinstance(error, BrokenInvariantError):
        return Reason(error.invariant, error.step, message, script)
    if isinstance(error, HangError):
        return Reason(HANGS, _innermost(error.__traceback__), message)
    place = "" if isinstance(error, RecursionError) else _innermost(error.__traceback__)
    return Reason(type(error).__name__, place, message)


def _innermost(trace: TracebackType | None) -> str:
    """Give file and function of the innermost frame that is the code under test."""
    for frame in reversed(traceback.extract_tb(trace)):
        place = _place(frame.filename)
        if place:
            return f"{place}, {frame.name}"
    return ""


def _place(file: str) -> str:
    """Give a file's path from its package on, a designer's file by its name; nothing for libraries and the fuzzer."""
    if file.startswith("<"):
        return file if file.startswith(_GENERATED) else ""
    parts = Path(file).parts
    starts = [at for at, part in enumerate(parts) if part in _OURS]
    if starts:
        inside = parts[starts[-1] :]
        return "" if inside[:2] == _TESTING else "/".join(inside)
    is_library = "site-packages" in parts or file.startswith(_STANDARD)
    return "" if is_library else Path(file).name
