"""FILE_REMOVED: what cards hold."""

from yohaku import ALWAYS, Applet, Key, Record, TransparentFile, field
from yohaku.fields import UInt


class Item(Record):
    """一件"""

    number: int = field(UInt(16), "番号")


class Shop(Applet, aid="F0 01 02 03 04 05", version=1):
    """店"""

    clerk = Key("係員")

    stock = TransparentFile(Item, "在庫", read=ALWAYS, update=clerk)
    more = TransparentFile(Item, "追加", read=ALWAYS, update=clerk, sfi=2)
