"""Upgrades: every file of the previous version has a way into this one, and the way holds for an example."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.errors import YohakuError
from yohaku.schema.breaking import RULES, breaking
from yohaku.schema.checks.model import Complaint, Severity, Subject, rule
from yohaku.schema.evolution import origin, purse_source, renewed_content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema.applet import Applet


@rule("UPGRADE_MISSING", Severity.ERROR)
def missing(subject: Subject) -> Iterator[Complaint]:
    """A file changed so that old contents are no longer read, and no function makes them new."""
    applet, previous = subject.applet, subject.applet.previous
    if previous is None:
        return
    changes = breaking(applet, previous)
    for name, file in applet.files().items():
        before = origin(applet, name)
        found = [
            change.rule
            for change in changes
            if before is not None
            and change.where.split(".", 1)[0] == before.name
            and RULES[change.rule].of_content
            and not change.migrated
        ]
        if found and before is not None:
            yield Complaint(
                f"{', '.join(dict.fromkeys(found))} since version {previous.version}: say how its contents become "
                f"new ones: .replaces({previous.__name__}.{before.name}, by=...)",
                file,
            )


@rule("UPGRADE_FAILS", Severity.ERROR)
def fails(subject: Subject) -> Iterator[Complaint]:
    """The example of the previous version cannot be made new."""
    applet, previous = subject.applet, subject.applet.previous
    if previous is None:
        return
    for name, file in applet.files().items():
        before = origin(applet, name)
        if before is not None and file.converter is not None:
            try:
                renewed_content(applet, previous.version, name, before.record.example().encode())
            except YohakuError as error:
                yield Complaint(f"the example of version {previous.version} cannot be made new: {error}", file)


@rule("UPGRADE_DROPS_FILE", Severity.WARNING)
def drops_file(subject: Subject) -> Iterator[Complaint]:
    """A file of the previous version is continued by none, so an upgrade loses what it holds."""
    applet, previous = subject.applet, subject.applet.previous
    if previous is None:
        return
    continued = {origin(applet, name) for name in applet.files()}
    lost = [name for name, file in previous.files().items() if file not in continued]
    if lost:
        yield Complaint(f"an upgrade loses what {_listed(lost)} holds: continue it, or say why that is right")


@rule("UPGRADE_DROPS_PURSE", Severity.ERROR)
def drops_purse(subject: Subject) -> Iterator[Complaint]:
    """A purse of the previous version is continued by none, so an upgrade loses the money in it."""
    applet, previous = subject.applet, subject.applet.previous
    if previous is None:
        return
    continued = {purse_source(applet, previous.version, name) for name in applet.purses()}
    lost = [name for name, purse in previous.purses().items() if purse not in continued]
    if lost:
        yield Complaint(f"an upgrade loses the money in {_listed(lost)}: continue it with the same name or .replaces()")


@rule("UPGRADE_DROPS_SECRET", Severity.WARNING)
def drops_secret(subject: Subject) -> Iterator[Complaint]:
    """A PIN or key of the previous version has no counterpart of its name, so an upgrade forgets its value."""
    applet, previous = subject.applet, subject.applet.previous
    if previous is None:
        return
    lost = [name for name in (*previous.pins(), *previous.keys()) if name not in _credentials(applet)]
    if lost:
        yield Complaint(f"an upgrade forgets the value of {_listed(lost)}: keep the name, or say why that is right")


def _credentials(applet: type[Applet]) -> set[str]:
    return {*applet.pins(), *applet.keys()}


def _listed(names: list[str]) -> str:
    return ", ".join(names)
