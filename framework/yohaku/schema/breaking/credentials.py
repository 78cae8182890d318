"""Changes of PINs, keys and access rules between two versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from yohaku.schema.breaking.model import Change

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yohaku.schema.snapshot import Access, AppletSnapshot, KeySnapshot, PinSnapshot

C = TypeVar("C", "PinSnapshot", "KeySnapshot")
Pairs = list[tuple[C, C | None]]

WIDER = {"digits": {"digits", "printable", "bytes"}, "printable": {"printable", "bytes"}, "bytes": {"bytes"}}
"""The alphabets that take every value of an alphabet."""


def changed_pins(old: AppletSnapshot, new: AppletSnapshot) -> Iterator[Change]:
    """Find what changed about PINs."""
    for was, now in pairs(old.pins, new.pins):
        if now is None:
            yield Change("PIN_REMOVED", was.name, f"PIN {was.number} is gone")
            continue
        yield from _numbered("PIN", was, now)
        if was.tries != now.tries:
            yield Change("PIN_TRIES_CHANGED", was.name, f"had {was.tries} tries, has {now.tries}")
        shorter = now.shortest > was.shortest or now.longest < was.longest
        if shorter or now.alphabet not in WIDER[was.alphabet]:
            yield Change("PIN_FORM_NARROWED", was.name, f"took {_form(was)}, takes {_form(now)}")
        if was.can_disable != now.can_disable:
            rule = "PIN_DISABLING_ALLOWED" if now.can_disable else "PIN_DISABLING_REFUSED"
            yield Change(rule, was.name, f"{_disabling(was)}, {_disabling(now)} now")


def changed_keys(old: AppletSnapshot, new: AppletSnapshot) -> Iterator[Change]:
    """Find what changed about keys."""
    for was, now in pairs(old.keys, new.keys):
        if now is None:
            yield Change("KEY_REMOVED", was.name, f"key {was.number} is gone")
            continue
        yield from _numbered("KEY", was, now)
        if was.bits != now.bits:
            yield Change("KEY_SIZE_CHANGED", was.name, f"had {was.bits} bits, has {now.bits}")
        if was.tries != now.tries:
            yield Change("KEY_TRIES_CHANGED", was.name, f"had {was.tries} tries, has {now.tries} (0: never blocked)")


def pairs(old: Sequence[C], new: Sequence[C]) -> Pairs[C]:
    """Pair credentials by name, then those left over by number."""
    by_name = {one.name: one for one in new}
    known = {one.name for one in old}
    by_number = {one.number: one for one in new if one.name not in known}
    return [(one, by_name.get(one.name) or by_number.get(one.number)) for one in old]


def _numbered(kind: str, was: C, now: C) -> Iterator[Change]:
    if was.name != now.name:
        yield Change(f"{kind}_RENAMED", was.name, f"is called {now.name}")
    elif was.number != now.number:
        yield Change(f"{kind}_RENUMBERED", was.name, f"was number {was.number}, is number {now.number}")


def _form(pin: PinSnapshot) -> str:
    span = str(pin.shortest) if pin.shortest == pin.longest else f"{pin.shortest} to {pin.longest}"
    return f"{span} {pin.alphabet}"


def _disabling(pin: PinSnapshot) -> str:
    return "can be disabled" if pin.can_disable else "is always required"


def changed_access(where: str, was: Access, now: Access, renamed: dict[str, str]) -> Iterator[Change]:
    """Find who gained and who lost a right; ``renamed`` gives the new names of PINs and keys."""
    before = [frozenset(renamed.get(name, name) for name in row) for row in was]
    after = [frozenset(row) for row in now]
    told = f"was {_told(was)}, is {_told(now)}"
    if any(not any(held <= row for held in before) for row in after):
        yield Change("ACCESS_LOOSENED", where, told)
    if any(not any(held <= row for held in after) for row in before):
        yield Change("ACCESS_TIGHTENED", where, told)


def _told(access: Access) -> str:
    if not access:
        return "never"
    return " | ".join(" & ".join(row) or "always" for row in access)
