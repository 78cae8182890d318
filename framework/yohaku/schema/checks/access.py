"""Who may do what: files that anybody may change, PINs that stay blocked, credentials that nothing needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.schema.access import ALWAYS, NEVER, Credential
from yohaku.schema.checks.model import Complaint, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema.applet import Applet


@rule("FILE_OPEN_TO_UPDATE", Severity.ERROR)
def open_to_update(subject: Subject) -> Iterator[Complaint]:
    """Anybody may change a file."""
    for file in subject.applet.files().values():
        for operation, allowed in file.rules.items():
            if operation != "read" and allowed == ALWAYS:
                yield Complaint(f"anybody may {operation} it: let {operation}= name a PIN or key", file)


@rule("FILE_NEVER_READ", Severity.ADVICE)
def never_read(subject: Subject) -> Iterator[Complaint]:
    """Nobody may read a file."""
    for file in subject.applet.files().values():
        if file.read == NEVER:
            yield Complaint("nobody can read what it holds: let read= name a PIN or key, or remove the file", file)


@rule("PIN_WITHOUT_RESET", Severity.WARNING)
def without_reset(subject: Subject) -> Iterator[Complaint]:
    """A blocked PIN stays blocked for ever."""
    for pin in subject.applet.pins().values():
        if all(pin in alternative for alternative in pin.reset.alternatives):
            reason = "its reset rule needs the PIN itself" if pin.reset.alternatives else "it has no reset rule"
            yield Complaint(
                f"{reason}, so once blocked it stays blocked, and what needs it is lost: let reset= name a key", pin
            )


@rule("PIN_RESET_BY_ANYBODY", Severity.ERROR)
def reset_by_anybody(subject: Subject) -> Iterator[Complaint]:
    """Anybody may give a PIN a new value."""
    for pin in subject.applet.pins().values():
        if pin.reset == ALWAYS:
            yield Complaint("anybody may give it a new value, so it protects nothing: let reset= name a key", pin)


@rule("PIN_RESET_WHEN_DISABLED", Severity.WARNING)
def reset_when_disabled(subject: Subject) -> Iterator[Complaint]:
    """A PIN that can be disabled is enough to give another PIN a new value."""
    can_be = {pin for pin in subject.applet.pins().values() if pin.can_disable}
    for pin in subject.applet.pins().values():
        if any(row and set(row) <= can_be for row in pin.reset.alternatives):
            yield Complaint(
                "its reset rule needs no more than PINs that can be disabled, and once they are, anybody may give it a "
                "new value: let reset= name a key",
                pin,
            )


@rule("UNUSED_PIN", Severity.WARNING)
def unused_pin(subject: Subject) -> Iterator[Complaint]:
    """No access rule needs a PIN."""
    used = _used(subject.applet)
    for pin in subject.applet.pins().values():
        if pin not in used:
            yield Complaint("no access rule needs it: remove it, or name it in a rule", pin)


@rule("UNUSED_KEY", Severity.WARNING)
def unused_key(subject: Subject) -> Iterator[Complaint]:
    """No access rule needs a key."""
    used = _used(subject.applet)
    for key in subject.applet.keys().values():
        if key not in used:
            yield Complaint("no access rule needs it: remove it, or name it in a rule", key)


def _used(applet: type[Applet]) -> set[Credential]:
    opening = {item for allowed in applet.access_rules().values() for item in allowed.credentials}
    return opening | {purse.receipts for purse in applet.purses().values()}
