"""Health points: earned at check-ups and on walks, spent in the town's shops, counted by the card itself."""

from __future__ import annotations

from datetime import date

from yohaku import ALWAYS, Applet, Key, Pin, Purse, PurseLimits, PurseLog, Record, TransparentFile, field
from yohaku.fields import Date, Digits, MunicipalityCode


class Member(Record):
    """健康ポイント参加者"""

    municipality: str = field(MunicipalityCode(), "市区町村コード", english="municipality code", example="372013")
    number: str = field(Digits(8), "参加者番号", english="participant number", example="00004821", personal=True)
    joined: date = field(Date(), "参加日", english="joined on", example=date(2026, 4, 1))
    expires: date = field(Date(), "有効期限", example=date(2031, 3, 31))


class HealthPoints(Applet, aid="F0 59 48 4B 00 04", version=1):
    """健康ポイント

    For a town that rewards check-ups, walks and classes: stations at the health centre and in parks give points, shops
    take them in payment, and neither needs a network at that moment. The card counts; each booking has a receipt that
    only the town's office can check and that no station or shop can make up, so the town pays shops by receipts.
    """

    station = Key("付与端末鍵", english="station key")
    shop = Key("加盟店端末鍵", english="shop terminal key")
    office = Key("精算用鍵", english="settlement key of the town's office")
    holder = Pin("利用者暗証番号", tries=3, length=4, reset=station, english="holder's PIN")

    member = TransparentFile(Member, "参加者", read=holder | station | shop, update=station)
    points = Purse(
        "ポイント",
        limits=PurseLimits(20_000, credit=500, debit=5_000),
        receipts=office,
        read=ALWAYS,
        credit=station,
        debit=shop,
        log=PurseLog(16, holder | station | shop),
    )
