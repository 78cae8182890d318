"""A card in Python: memory that can lose power, a runtime like Java Card's, the container, links to the outside."""

from yohaku_emulator.card import EmulatedCard, Snapshot
from yohaku_emulator.errors import ImageError, LinkError, PowerCut
from yohaku_emulator.profiles import PROFILES, Profile

__all__ = ["PROFILES", "EmulatedCard", "ImageError", "LinkError", "PowerCut", "Profile", "Snapshot"]
