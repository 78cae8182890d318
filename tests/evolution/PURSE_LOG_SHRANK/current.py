"""PURSE_LOG_SHRANK: the new declaration."""

from yohaku import ALWAYS, Applet, Key, Purse, PurseLimits, PurseLog, Record, TransparentFile, field
from yohaku.fields import UInt


class Item(Record):
    """一件"""

    number: int = field(UInt(16), "番号")


class Shop(Applet, aid="F0 01 02 03 04 05", version=2):
    """店"""

    clerk = Key("係員")
    office = Key("精算")
    spare = Key("予備")

    stock = TransparentFile(Item, "在庫", read=ALWAYS, update=clerk)
    points = Purse(
        "ポイント",
        limits=PurseLimits(5_000, credit=1_000, debit=2_000),
        receipts=office,
        read=ALWAYS,
        credit=clerk,
        debit=clerk,
        log=PurseLog(10, clerk),
    )
