"""TAG_REUSED: what cards hold."""

from yohaku import ALWAYS, Applet, Key, TlvRecord, TransparentFile, field
from yohaku.fields import Tagged, UInt


class Item(TlvRecord, tag=0xE1):
    """一件"""

    number: int = field(Tagged(0x80, UInt(16)), "番号")
    size: int | None = field(Tagged(0x81, UInt(8)), "大きさ", default=None)


class Shop(Applet, aid="F0 01 02 03 04 05", version=1):
    """店"""

    clerk = Key("係員")

    stock = TransparentFile(Item, "在庫", read=ALWAYS, update=clerk, sfi=1, size=12)
