"""Public library cards: who may borrow, and what was borrowed last."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import Enum

from yohaku import ALWAYS, Applet, CyclicFile, Key, Pin, Record, TransparentFile, field, reserved
from yohaku.fields import Choice, Date, Digits, MunicipalityCode, Text, Timestamp, UInt


class Status(Enum):
    """State of a borrower's registration."""

    ACTIVE = 1
    SUSPENDED = 2
    EXPIRED = 3
    WITHDRAWN = 4


class Borrower(Record):
    """図書館利用者"""

    municipality: str = field(MunicipalityCode(), "市区町村コード", english="municipality code", example="372013")
    number: str = field(Digits(10), "利用者番号", english="borrower number", example="0012345678", personal=True)
    name: str = field(Text(32, "utf-8"), "氏名", example="高松　花子", personal=True)
    issued: date = field(Date(), "発行日", example=date(2026, 4, 1))
    expires: date = field(Date(), "有効期限", example=date(2031, 3, 31))
    status: Status = field(Choice(Status, bits=8), "状態", example=Status.ACTIVE)
    _reserved = reserved(10)


class Event(Enum):
    """What happened to an item at the counter."""

    LENT = 1
    RENEWED = 2
    RETURNED = 3


class Loan(Record):
    """貸出履歴の一件"""

    at: datetime = field(Timestamp(4), "日時", english="time", example=datetime(2026, 4, 1, 1, 30, tzinfo=UTC))
    event: Event = field(Choice(Event, bits=8), "処理", example=Event.LENT)
    branch: int = field(UInt(8), "館番号", english="branch number", example=3)
    item: str = field(Digits(10), "資料番号", english="item number", example="4000123456", personal=True)


class LibraryCard(Applet, aid="F0 59 48 4B 00 01", version=1):
    """図書館利用カード

    For public libraries of one municipality or of several that share their stock: the counter and the lending machine
    read the borrower without asking for a PIN, as with a printed card. What somebody reads is a matter of conscience
    (図書館の自由に関する宣言), so the loan log opens only to the borrower's own PIN or to the library's terminal key.
    """

    counter = Key("窓口端末鍵", english="counter terminal key")
    holder = Pin("利用者暗証番号", tries=3, length=4, reset=counter, english="borrower's PIN")

    borrower = TransparentFile(Borrower, "利用者", read=ALWAYS, update=counter).ignoring(
        "PERSONAL_DATA_READABLE",
        "a printed card shows the same number and name; the lending machine reads them without a PIN",
    )
    loans = CyclicFile(Loan, "貸出履歴", records=20, read=holder | counter, append=counter, english="loan log")
