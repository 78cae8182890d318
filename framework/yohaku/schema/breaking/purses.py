"""Changes of purses between two versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.schema.breaking.credentials import changed_access
from yohaku.schema.breaking.model import Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema.snapshot import AppletSnapshot, PurseSnapshot

LIMITS = {"balance": "maximum", "credit": "most_credit", "debit": "most_debit"}


def changed_purses(old: AppletSnapshot, new: AppletSnapshot, renamed: dict[str, str]) -> Iterator[Change]:
    """Find what changed about purses; ``renamed`` gives the new names of PINs and keys."""
    for was, now in _pairs(old, new):
        if now is None:
            yield Change("PURSE_REMOVED", was.name, "is gone, and with it the money on cards")
            continue
        yield from _changed_purse(was, now, renamed)
        for operation in was.access.keys() & now.access.keys():
            where = f"{was.name}.{operation}"
            yield from changed_access(where, was.access[operation], now.access[operation], renamed)


def _pairs(old: AppletSnapshot, new: AppletSnapshot) -> list[tuple[PurseSnapshot, PurseSnapshot | None]]:
    """Pair purses by name, then those left over by short file identifier."""
    by_name = {purse.name: purse for purse in new.purses}
    known = {purse.name for purse in old.purses}
    by_sfi = {purse.sfi: purse for purse in new.purses if purse.name not in known}
    return [(purse, by_name.get(purse.name) or by_sfi.get(purse.sfi)) for purse in old.purses]


def _changed_purse(was: PurseSnapshot, now: PurseSnapshot, renamed: dict[str, str]) -> Iterator[Change]:
    if was.name != now.name:
        yield Change("PURSE_RENAMED", was.name, f"is called {now.name}")
    if was.sfi != now.sfi:
        yield Change("PURSE_SFI_CHANGED", was.name, f"had SFI {was.sfi}, has {now.sfi}: state sfi={was.sfi}")
    if renamed.get(was.receipts, was.receipts) != now.receipts:
        yield Change("PURSE_KEY_CHANGED", was.name, f"{was.receipts} vouched for its receipts, {now.receipts} does")
    lowered = [
        f"{what} was {getattr(was, limit)}, is {getattr(now, limit)}"
        for what, limit in LIMITS.items()
        if getattr(now, limit) < getattr(was, limit)
    ]
    if lowered:
        yield Change("PURSE_LIMIT_LOWERED", was.name, f"most of a {'; most of a '.join(lowered)}")
    if now.entries < was.entries:
        yield Change("PURSE_LOG_SHRANK", was.name, f"kept {was.entries} receipts, keeps {now.entries}")
