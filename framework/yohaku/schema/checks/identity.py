"""Application identifiers: registered or proprietary, not somebody else's, long enough to number services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.schema.checks.model import Complaint, Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from yohaku.schema.applet import Applet

PROVIDERS: Final = {
    bytes.fromhex("D392F00026"): "JPKI (公的個人認証)",
    bytes.fromhex("D392100031"): "the applications of the My Number card itself",
    bytes.fromhex("A000000151"): "GlobalPlatform",
    bytes.fromhex("A000000231"): "the driving licence (免許AP)",
}
"""Registered application provider identifiers (5 bytes) that a My Number card holds already."""
_REGISTERED: Final = frozenset({0xA, 0xD, 0xE})
_PROPRIETARY: Final = 0xF
_PROVIDER: Final = 5


@rule("AID_CATEGORY", Severity.ERROR)
def category(subject: Subject) -> Iterator[Complaint]:
    """No application can have an AID of this category (ISO/IEC 7816-4:2020 12.2.3.1)."""
    first = subject.applet.aid[0] >> 4
    if first not in _REGISTERED and first != _PROPRIETARY:
        yield Complaint(
            f"AIDs that begin with {first:X} are given to nobody any more or not yet: take one that begins with F "
            "(proprietary), or register one"
        )


@rule("AID_OF_ANOTHER", Severity.ERROR)
def of_another(subject: Subject) -> Iterator[Complaint]:
    """The AID belongs to somebody else."""
    owner = PROVIDERS.get(subject.applet.aid[:_PROVIDER])
    if owner:
        yield Complaint(f"AIDs that begin with {subject.applet.aid[:_PROVIDER].hex(' ').upper()} belong to {owner}")


@rule("AID_PROPRIETARY", Severity.ADVICE)
def proprietary(subject: Subject) -> Iterator[Complaint]:
    """Nobody registered the AID, so another service may have the same one."""
    if subject.applet.aid.is_proprietary:
        yield Complaint("another service may have chosen the same AID: register one before cards are handed out")


@rule("AID_SHORT", Severity.ADVICE)
def short(subject: Subject) -> Iterator[Complaint]:
    """The AID is nothing but its owner's identifier."""
    if len(subject.applet.aid) <= _PROVIDER:
        yield Complaint(
            "5 bytes name the provider and no service of his, and every longer AID of his begins with them: add a byte"
        )


def check_together(applets: Iterable[type[Applet]]) -> list[Finding]:
    """Find AIDs that cannot be told apart on one card: equal ones, and ones that begin with another (AID_CLASH)."""
    listed = list(applets)
    return [
        Finding("AID_CLASH", Severity.ERROR, one.name, f"its AID {one.aid} {_clash(one, other)}: change one of them")
        for one in listed
        for other in listed
        if one is not other and one.aid.startswith(other.aid)
    ]


def _clash(one: type[Applet], other: type[Applet]) -> str:
    return f"is that of {other.name} too" if one.aid == other.aid else f"begins with that of {other.name}"
