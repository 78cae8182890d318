"""Breaking changes between two versions of an applet, each with a rule id and a strength: WIRE, VALUE or SOURCE.

The question is whether cards that hold the old version, and programs written for it, go on working.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from yohaku.schema.breaking.credentials import changed_access, changed_keys, changed_pins, pairs
from yohaku.schema.breaking.files import changed_files, file_pairs
from yohaku.schema.breaking.model import RULES, BreakingRule, Change, Strength
from yohaku.schema.breaking.purses import changed_purses
from yohaku.schema.evolution import is_migrated
from yohaku.schema.snapshot import AppletSnapshot, schema_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema.applet import Applet


def breaking(new: type[Applet] | AppletSnapshot, old: type[Applet] | AppletSnapshot) -> list[Change]:
    """Find every change from ``old`` to ``new`` that breaks something, the strongest first.

    Args:
        new: the declaration.
        old: what it is compared with: a declaration, or a snapshot saved from one.
    """
    before, after = _snapshot(old), _snapshot(new)
    changes = list(_changes(before, after))
    if isinstance(new, type):
        changes = [_judged(change, new, before) if RULES[change.rule].of_content else change for change in changes]
    return sorted(changes, key=lambda change: -change.strength)


def _snapshot(side: type[Applet] | AppletSnapshot) -> AppletSnapshot:
    return schema_snapshot(side) if isinstance(side, type) else side


def _changes(old: AppletSnapshot, new: AppletSnapshot) -> Iterator[Change]:
    if old.aid != new.aid:
        yield Change("AID_CHANGED", "", f"was {_spaced(old.aid)}, is {_spaced(new.aid)}")
    if old.name != new.name:
        yield Change("APPLET_RENAMED", "", f"was called {old.name}, is called {new.name}")
    if new.version <= old.version and _on_card(old) != _on_card(new):
        yield Change("VERSION_NOT_RAISED", "", f"was {old.version}, is {new.version}: state version={old.version + 1}")
    yield from changed_pins(old, new)
    yield from changed_keys(old, new)
    renamed = _renamed(old, new)
    for was, now in pairs(old.pins, new.pins):
        if now is not None:
            yield from changed_access(f"{was.name}.reset", was.reset, now.reset, renamed)
    yield from changed_files(old, new, renamed)
    yield from changed_purses(old, new, renamed)


def _renamed(old: AppletSnapshot, new: AppletSnapshot) -> dict[str, str]:
    pins = {was.name: now.name for was, now in pairs(old.pins, new.pins) if now is not None}
    return pins | {was.name: now.name for was, now in pairs(old.keys, new.keys) if now is not None}


def _on_card(applet: AppletSnapshot) -> str:
    """Give what a card and its contents depend on: everything but names."""
    numbers = {pin.name: f"pin {pin.number}" for pin in applet.pins}
    numbers |= {key.name: f"key {key.number}" for key in applet.keys}
    shown: Any = applet.to_json()
    for part in (*shown["pins"], *shown["keys"], *shown["files"], *shown["purses"]):
        del part["name"]
    for purse in shown["purses"]:
        purse["receipts"] = numbers[purse["receipts"]]
    contents = (*shown["files"], *shown["purses"])
    for access in (*(pin for pin in shown["pins"]), *(part["access"] for part in contents)):
        access.update({what: _numbered(rule, numbers) for what, rule in access.items() if isinstance(rule, list)})
    for file in shown["files"]:
        del file["record"]
        for field in file["fields"]:
            del field["path"]
    return json.dumps([shown[part] for part in ("aid", "pins", "keys", "files", "purses")])


def _numbered(rule: list[list[str]], numbers: dict[str, str]) -> list[list[str]]:
    return [[numbers[name] for name in row] for row in rule]


def _judged(change: Change, new: type[Applet], old: AppletSnapshot) -> Change:
    """Tell whether the declaration says how the contents of the changed file are made new."""
    name = change.where.split(".", 1)[0]
    pair = next((now for was, now in file_pairs(old, schema_snapshot(new)) if was.name == name), None)
    migrated = pair is not None and is_migrated(new, old.version, pair.name)
    return Change(change.rule, change.where, change.message, migrated)


def _spaced(aid: str) -> str:
    return bytes.fromhex(aid).hex(" ").upper()


__all__ = ["RULES", "BreakingRule", "Change", "Strength", "breaking"]
