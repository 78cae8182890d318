"""What each error means to a shell: its exit code, and one sentence on stderr."""

from __future__ import annotations

from enum import IntEnum

import click

from yohaku.errors import DataError, UnknownNameError, YohakuError


class ExitCode(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_CARD = 3
    REFUSED = 4
    MISFIT = 5


class UsageError(YohakuError):
    """The command line asks for something that cannot be meant."""


class MalformedError(YohakuError):
    """Input is no JSON or no hex, so it fits no layout."""


def report(error: Exception) -> ExitCode:
    """Write an error to stderr and give the exit code."""
    click.secho(f"Error: {_sentence(error)}", err=True, fg="red")
    return exit_code(error)


def _sentence(error: Exception) -> str:
    if isinstance(error, YohakuError):
        return f"{error}{_hint(error)}"
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    return f"{type(error).__name__}: {error} - this is a fault of yohaku itself; yohaku --debug shows where"


def _hint(error: YohakuError) -> str:
    """Name the option that does what the library's sentence asks for."""
    from yohaku.card import LastTryError

    return "; --last-try presents it" if isinstance(error, LastTryError) else ""


def exit_code(error: Exception) -> ExitCode:
    """Give the exit code of an error."""
    for code, kinds in _kinds().items():
        if isinstance(error, kinds):
            return code
    return ExitCode.FAILED


def _kinds() -> dict[ExitCode, tuple[type[YohakuError], ...]]:
    from yohaku import card, globalplatform, reader
    from yohaku.card.traces import TraceError
    from yohaku.schema.evolution import EvolutionError
    from yohaku.schema.snapshot import SnapshotError
    from yohaku.schema.tables import TableError

    return {
        ExitCode.USAGE: (UsageError, UnknownNameError, card.TargetError, card.SecretError),
        ExitCode.NO_CARD: (card.NoCardError, reader.ReaderError),
        ExitCode.REFUSED: (
            card.StatusError,
            card.AccessDeniedError,
            card.AppletNotInstalledError,
            card.BalanceError,
            card.FileFullError,
            card.KeyWrongError,
            card.NoRecordError,
            card.PinBlockedError,
            card.PinWrongError,
            globalplatform.ContainerTooOldError,
            globalplatform.NoSpaceError,
            globalplatform.SecureChannelError,
        ),
        ExitCode.MISFIT: (
            DataError,
            MalformedError,
            TableError,
            TraceError,
            SnapshotError,
            EvolutionError,
            card.AmountError,
            card.PinFormatError,
        ),
    }


__all__ = ["ExitCode", "MalformedError", "UsageError", "exit_code", "report"]
