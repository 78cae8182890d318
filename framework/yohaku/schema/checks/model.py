"""What a rule of the checks is, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yohaku.codec import Json
    from yohaku.schema.applet import Applet
    from yohaku.schema.declarations import Declaration


class Severity(IntEnum):
    """How bad a finding is: an error must not be loaded, a warning needs a decision, advice is worth a thought."""

    ADVICE = 1
    WARNING = 2
    ERROR = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in an applet's declaration that a rule objects to.

    Attributes:
        rule: the rule's id, such as ``PIN_WITHOUT_RESET``.
        severity: how bad it is.
        where: the part of the applet, such as ``library-card.borrower.name``.
        message: what is wrong and what to do.
        reason: why the declaration says that it is right here; empty when it does not.
    """

    rule: str
    severity: Severity
    where: str
    message: str
    reason: str = ""

    @property
    def ignored(self) -> bool:
        """Whether the declaration gives a reason to leave it as it is."""
        return bool(self.reason)

    def __str__(self) -> str:
        text = f"{self.severity.name.lower()} {self.rule} {self.where}: {self.message}"
        return f"{text} (ignored: {self.reason})" if self.reason else text

    def to_json(self) -> Json:
        """Give the finding as JSON."""
        return {
            "rule": self.rule,
            "severity": self.severity.name.lower(),
            "where": self.where,
            "message": self.message,
            "ignored": self.reason or None,
        }


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule looks at.

    Attributes:
        applet: the declaration.
        free_bytes: what the card grants the applet; None when nobody said.
    """

    applet: type[Applet]
    free_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a rule says about one place.

    Attributes:
        message: what is wrong and what to do.
        part: the file, PIN or key; None for the applet as a whole.
        path: the field or group inside the file; empty for the file as a whole.
    """

    message: str
    part: Declaration | None = None
    path: str = ""


Look: TypeAlias = "Callable[[Subject], Iterator[Complaint]]"


@dataclass(frozen=True, slots=True)
class CheckRule:
    """One rule.

    Attributes:
        id: its name.
        severity: of all that it finds.
        summary: what it objects to, in a sentence.
        look: finds it.
        ignorable: whether a declaration may ignore it.
    """

    id: str
    severity: Severity
    summary: str
    look: Look
    ignorable: bool = True


RULES: dict[str, CheckRule] = {}
"""All rules by id, in the order in which they are applied."""


def rule(name: str, severity: Severity, *, ignorable: bool = True) -> Callable[[Look], Look]:
    """Register a function as a rule; its docstring is the rule's summary."""

    def register(look: Look) -> Look:
        summary = (look.__doc__ or "").strip().split("\n", 1)[0]
        RULES[name] = CheckRule(name, severity, summary, look, ignorable)
        return look

    return register
