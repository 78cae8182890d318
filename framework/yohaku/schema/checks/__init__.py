"""Checks of an applet's declaration: is it lawful to store, safe to hand out, complete to review?

Each rule has an id, a severity and one function; a declaration may ignore a rule at one place, with a reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.schema.checks import access, complete, identity, personal, purses, sizes, texts, upgrades
from yohaku.schema.checks.identity import check_together
from yohaku.schema.checks.model import RULES, CheckRule, Complaint, Finding, Severity, Subject
from yohaku.schema.checks.my_number import is_my_number, my_number_warnings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema.applet import Applet

_MODULES = (access, complete, identity, personal, purses, sizes, texts, upgrades)
"""Modules that register rules when they are imported."""


def check(applet: type[Applet], *, free_bytes: int | None = None) -> list[Finding]:
    """Check a declaration against every rule; worst findings first, those that it ignores with their reason.

    Args:
        applet: the declaration.
        free_bytes: what the card grants the applet; sizes are not checked without it.
    """
    used: set[tuple[str, str, str]] = set()
    found = [
        _finding(applet, rule, complaint, used)
        for rule in RULES.values()
        for complaint in rule.look(Subject(applet, free_bytes))
    ]
    found += _idle(applet, used)
    return sorted(found, key=lambda finding: (finding.ignored, -finding.severity))


def _finding(applet: type[Applet], rule: CheckRule, complaint: Complaint, used: set[tuple[str, str, str]]) -> Finding:
    where = ".".join(filter(None, (applet.name, complaint.part.name if complaint.part else "", complaint.path)))
    reason = ""
    for key, stated in _reasons(applet, complaint, rule.id):
        used.add(key)
        reason = reason or (stated if rule.ignorable else "")
    return Finding(rule.id, rule.severity, where, complaint.message, reason)


def _reasons(applet: type[Applet], complaint: Complaint, rule: str) -> Iterator[tuple[tuple[str, str, str], str]]:
    """Yield what the declaration says about a rule at a place and around it, the nearest first."""
    if complaint.part is not None:
        for (at, ignored), reason in complaint.part.ignored.items():
            if ignored == rule and (not at or f"{complaint.path}.".startswith((f"{at}.", f"{at}["))):
                yield (complaint.part.name, at, rule), reason
    if rule in applet.ignored:
        yield ("", "", rule), applet.ignored[rule]


def _idle(applet: type[Applet], used: set[tuple[str, str, str]]) -> Iterator[Finding]:
    """Find reasons that no finding needs, and rules that do not exist or must not be ignored."""
    stated = [(part.name, at, rule) for part in applet.parts().values() for at, rule in part.ignored]
    stated += [("", "", rule) for rule in applet.ignored]
    for part, at, rule in stated:
        where = ".".join(filter(None, (applet.name, part, at)))
        if rule not in RULES:
            yield Finding("IGNORE_UNKNOWN", Severity.ERROR, where, f"no rule is called {rule}: correct or remove it")
        elif not RULES[rule].ignorable:
            yield Finding("IGNORE_REFUSED", Severity.ERROR, where, f"{rule} must not be ignored: remove the reason")
        elif (part, at, rule) not in used:
            yield Finding("IGNORE_UNUSED", Severity.WARNING, where, f"{rule} finds nothing here: remove the reason")


__all__ = [
    "RULES",
    "CheckRule",
    "Finding",
    "Severity",
    "check",
    "check_together",
    "is_my_number",
    "my_number_warnings",
]
