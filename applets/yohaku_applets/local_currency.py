"""Local currencies and municipal points that can be spent with no network."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import Enum

from yohaku import ALWAYS, Applet, CyclicFile, Key, Pin, Record, TransparentFile, field
from yohaku.fields import Choice, Date, Digits, MunicipalityCode, Timestamp, UInt


class Wallet(Record):
    """財布"""

    issuer: str = field(MunicipalityCode(), "発行自治体コード", english="issuing municipality", example="372013")
    member: str = field(Digits(10), "会員番号", english="member number", example="0000123456", personal=True)
    balance: int = field(UInt(32), "残高", english="balance in yen", example=4800)
    counter: int = field(UInt(16), "取引通番", english="transaction counter", example=2)
    expires: date = field(Date(), "有効期限", example=date(2027, 3, 31))


class Kind(Enum):
    """Kind of a transaction."""

    CHARGE = 1
    PAY = 2
    REFUND = 3
    EXPIRE = 4


class Entry(Record):
    """取引履歴の一件"""

    at: datetime = field(Timestamp(4), "日時", english="time", example=datetime(2026, 4, 1, 3, 15, tzinfo=UTC))
    kind: Kind = field(Choice(Kind, bits=8), "取引種別", english="kind", example=Kind.PAY)
    amount: int = field(UInt(24), "金額", english="amount in yen", example=1200)
    balance: int = field(UInt(32), "取引後残高", english="balance afterwards in yen", example=4800)
    shop: int = field(UInt(16), "加盟店番号", english="shop number", example=1024)
    number: int = field(UInt(16), "取引通番", english="transaction counter", example=2)


class LocalCurrency(Applet, aid="F0 59 48 4B 00 02", version=1):
    """地域通貨

    For a town's own currency or points: shops charge, take payment and refund at a terminal that holds the shop key;
    the town lets balances expire. The newest twenty transactions stay on the card, so a resident can check them at a
    kiosk with the PIN, and a dispute can be settled when the network was down.
    """

    shop = Key("加盟店端末鍵", english="shop terminal key")
    holder = Pin("利用者暗証番号", tries=3, length=4, reset=shop, can_disable=True, english="holder's PIN")

    wallet = TransparentFile(Wallet, "財布", read=ALWAYS, update=shop).ignoring(
        "PERSONAL_DATA_READABLE",
        "who finds the card must learn no more than from a prepaid card: a number that only the town can resolve",
    )
    log = CyclicFile(Entry, "取引履歴", records=20, read=holder | shop, append=shop, english="transaction log")
