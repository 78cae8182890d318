"""The targets there are: the records and the card of an applet, the parsers of the framework, and what others offer.

Other packages offer targets by the entry-point group ``yohaku.fuzz``: a name, and a callable that gives a `Target`.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yohaku.schema import Applet
    from yohaku.testing.fuzz.source import Call
    from yohaku.testing.fuzz.target import Target

GROUP = "yohaku.fuzz"
"""The entry-point group of targets."""
_OURS = {
    "tlv": "yohaku.testing.fuzz.targets.parsers:tlv",
    "cap": "yohaku.testing.fuzz.targets.parsers:cap",
    "secure-messaging": "yohaku.testing.fuzz.targets.parsers:secure_messaging",
    "trace": "yohaku.testing.fuzz.targets.parsers:trace",
    "domain": "yohaku.testing.fuzz.targets.domains:domain",
    "image": "yohaku.testing.fuzz.targets.images:image",
}
APPLET_PACKAGES = ("yohaku.codec", "yohaku.fields", "yohaku.schema", "yohaku.card", "yohaku.iso7816", "yohaku_emulator")


def offered() -> dict[str, EntryPoint]:
    """Find the targets that are no applets by name, ours and those of other packages, without importing them."""
    ours = [EntryPoint(name, value, GROUP) for name, value in _OURS.items()]
    points = [*ours, *entry_points(group=GROUP)]
    return {point.name: point for point in sorted(points, key=lambda point: point.name)}


def applet_target(applet: type[Applet], imported: Call, *, name: str = "") -> Target:
    """Make the target of an applet: bytes, JSON and tables of its records, and its commands on an emulated card.

    Args:
        applet: the declaration.
        imported: how a test gets hold of the class, under its own name.
        name: what to call the target; the applet's name by default.
    """
    from yohaku.testing.fuzz.target import Target
    from yohaku.testing.fuzz.targets.cards import card_part
    from yohaku.testing.fuzz.targets.records import record_parts

    parts = (*record_parts(applet, imported), card_part(applet, imported))
    return Target(name or applet.name, parts, APPLET_PACKAGES)
