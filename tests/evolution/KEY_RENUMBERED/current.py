"""KEY_RENUMBERED: the new declaration."""

from yohaku import Applet, Key, Record, TransparentFile, field
from yohaku.fields import UInt


class Item(Record):
    """一件"""

    number: int = field(UInt(16), "番号")


class Shop(Applet, aid="F0 01 02 03 04 05", version=2):
    """店"""

    chief = Key("長")
    clerk = Key("係員")

    stock = TransparentFile(Item, "在庫", read=chief, update=clerk)
