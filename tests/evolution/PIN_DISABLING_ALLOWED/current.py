"""PIN_DISABLING_ALLOWED: the new declaration."""

from yohaku import Applet, Key, Pin, Record, TransparentFile, field
from yohaku.fields import UInt


class Item(Record):
    """一件"""

    number: int = field(UInt(16), "番号")


class Shop(Applet, aid="F0 01 02 03 04 05", version=2):
    """店"""

    clerk = Key("係員")
    holder = Pin("所持者", length=4, reset=clerk, can_disable=True)

    stock = TransparentFile(Item, "在庫", read=holder | clerk, update=clerk)
