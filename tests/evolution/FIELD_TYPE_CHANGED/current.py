"""FIELD_TYPE_CHANGED: the new declaration."""

from yohaku import ALWAYS, Applet, Key, Record, TransparentFile, field
from yohaku.fields import Int, UInt


class Item(Record):
    """一件"""

    number: int = field(UInt(16), "番号")
    size: int = field(Int(8), "大きさ")


class Shop(Applet, aid="F0 01 02 03 04 05", version=2):
    """店"""

    clerk = Key("係員")

    stock = TransparentFile(Item, "在庫", read=ALWAYS, update=clerk, sfi=1)
