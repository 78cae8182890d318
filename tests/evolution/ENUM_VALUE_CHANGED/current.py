"""ENUM_VALUE_CHANGED: the new declaration."""

from enum import Enum

from yohaku import ALWAYS, Applet, Key, Record, TransparentFile, field
from yohaku.fields import Choice, UInt


class Kind(Enum):
    """種別"""

    FOOD = 1
    TOOL = 3


class Item(Record):
    """一件"""

    number: int = field(UInt(16), "番号")
    kind: Kind = field(Choice(Kind), "種別")


class Shop(Applet, aid="F0 01 02 03 04 05", version=2):
    """店"""

    clerk = Key("係員")

    stock = TransparentFile(Item, "在庫", read=ALWAYS, update=clerk, sfi=1)
