"""What an applet takes on a card, the container's own bytes included, and whether it fits beside others.

The figures are an estimate: they follow the container of ``specs/container.md``; a real card's own objects may take
more. Free bytes are for the caller to state: the size of a My Number card's free area is not published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yohaku.schema.descriptor import compile_descriptor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yohaku.codec import Json
    from yohaku.schema.applet import Applet

FINGERPRINT = 8
"""Bytes of the descriptor's fingerprint at the start of an instance's table."""
PART = 1
"""Bytes in the table for each PIN, key, file and purse: where it stands in the descriptor."""
FILL = 2
"""Bytes in the table for each file and purse: records in use, slot of the newest."""
PIN_STATE = 3
"""Bytes beside a PIN's value: limit of tries, tries left, length."""
KEY_STATE = 3
"""Bytes beside a key's value: limit of tries, tries left, whether it is set."""
DIRECTORY, ENTRY = 1, 2
"""Bytes of the directory of an instance's arrays, and of each entry: descriptor, table, PINs, keys and files."""


@dataclass(frozen=True, slots=True)
class Overhead:
    """What the container keeps for one applet besides the contents of its files and purses, in bytes.

    Attributes:
        descriptor: the descriptor.
        pins: values and counters of all PINs.
        keys: values and counters of all keys.
        bookkeeping: table and directory: where the parts stand, how full the record files are.
    """

    descriptor: int
    pins: int
    keys: int
    bookkeeping: int

    @property
    def total(self) -> int:
        """Sum of all."""
        return self.descriptor + self.pins + self.keys + self.bookkeeping

    def to_json(self) -> Json:
        """Give the figures as JSON."""
        return {
            "descriptor": self.descriptor,
            "pins": self.pins,
            "keys": self.keys,
            "bookkeeping": self.bookkeeping,
            "total": self.total,
        }


def overhead(applet: type[Applet]) -> Overhead:
    """Estimate what the container adds to an applet's files."""
    pins, keys, files = applet.pins().values(), applet.keys().values(), {**applet.files(), **applet.purses()}
    parts = len(pins) + len(keys) + len(files)
    return Overhead(
        len(compile_descriptor(applet)),
        sum(PIN_STATE + pin.longest for pin in pins),
        sum(KEY_STATE + key.size for key in keys),
        FINGERPRINT + PART * parts + FILL * len(files) + DIRECTORY + ENTRY * (2 + parts),
    )


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether applets fit into the free bytes of a card.

    Attributes:
        free: bytes that the card grants.
        needed: bytes of each applet by its name, the container's own included, in whole pages where pages were given.
    """

    free: int
    needed: dict[str, int]

    @property
    def total(self) -> int:
        """Bytes that all the applets need."""
        return sum(self.needed.values())

    @property
    def left(self) -> int:
        """Bytes that stay free; 0 when they do not fit."""
        return max(self.free - self.total, 0)

    @property
    def lacking(self) -> int:
        """Bytes that are missing; 0 when they fit."""
        return max(self.total - self.free, 0)

    @property
    def fits(self) -> bool:
        """Whether there is room for all of them."""
        return self.total <= self.free

    def __str__(self) -> str:
        names = " and ".join(self.needed)
        if self.fits:
            return f"{names}: {self.total} of {self.free} bytes, {self.left} left"
        return f"{names}: {self.total} bytes, {self.free} are free, {self.lacking} lacking"

    def to_json(self) -> Json:
        """Give the answer as JSON."""
        return {
            "free": self.free,
            "needed": dict(self.needed),
            "total": self.total,
            "fits": self.fits,
            "left": self.left,
            "lacking": self.lacking,
        }


def content_bytes(applet: type[Applet]) -> int:
    """Sum up the contents of an applet's files and purses."""
    return sum(file.size for file in applet.files().values()) + sum(purse.size for purse in applet.purses().values())


def card_bytes(applet: type[Applet], *, page: int = 1) -> int:
    """Estimate what an applet takes on a card, in whole pages of ``page`` bytes."""
    used = content_bytes(applet) + overhead(applet).total
    return -(-used // page) * page


def fits(free_bytes: int, applets: Iterable[type[Applet]], *, page: int = 1) -> Fit:
    """Tell whether applets fit beside each other into ``free_bytes``.

    Args:
        free_bytes: what the card profile grants.
        applets: all that are to be on the card.
        page: bytes that the card hands out at a time, such as the payload of a memory page.
    """
    return Fit(free_bytes, {applet.name: card_bytes(applet, page=page) for applet in applets})
