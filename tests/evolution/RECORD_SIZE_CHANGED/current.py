"""RECORD_SIZE_CHANGED: the new declaration."""

from yohaku import ALWAYS, Applet, CyclicFile, Key, Record, field
from yohaku.fields import UInt


class Item(Record):
    """一件"""

    number: int = field(UInt(16), "番号")


class Shop(Applet, aid="F0 01 02 03 04 05", version=2):
    """店"""

    clerk = Key("係員")

    log = CyclicFile(Item, "履歴", records=20, read=ALWAYS, append=clerk, record_size=16)
