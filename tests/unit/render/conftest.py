"""Applets that have every shape of layout, beside those of the catalogue."""

from datetime import date
from enum import Enum

import pytest

from yohaku import (
    ALWAYS,
    NEVER,
    Applet,
    Key,
    LinearFile,
    Pin,
    Record,
    TransparentFile,
    constant,
    field,
    hidden,
    reserved,
    reserved_bits,
)
from yohaku.fields import (
    Case,
    Choice,
    Count,
    Counted,
    Date,
    Digits,
    Flag,
    Int,
    OneOf,
    Prefixed,
    Presence,
    PresentIf,
    Repeat,
    RepeatBy,
    Tagged,
    Text,
    Trailing,
    UInt,
    crc16_checksum,
)
from yohaku.render.documents import installed


class Point(Record):
    """点"""

    x: int = field(UInt(8), "横")
    y: int = field(UInt(8), "縦")


class Colour(Enum):
    RED = 1
    BLUE = 2


class Exact(Record):
    """固定"""

    magic = constant(b"YH")
    level: int = field(UInt(3), "段階", example=5)
    active: bool = field(Flag(), "有効", example=True)
    colour: Colour = field(Choice(Colour, bits=2), "色", example=Colour.BLUE)
    _spare = reserved_bits(2)
    count: int = field(UInt(16), "回数", english="how often", example=513, note="wraps <around> & around")
    home: Point = field(Tagged(0x5A, Point), "家", example=Point(x=1, y=2))
    path: tuple[Point, ...] = field(Repeat(Point, 2), "道", example=(Point(x=3, y=4), Point(x=5, y=6)))
    text: str = field(Text(120), "長い文章", example="あ", personal=True)
    _rest = reserved(3)


class Cash(Record):
    """現金"""

    yen: int = field(UInt(16), "円", example=500)


class Ticket(Record):
    """券"""

    serial: str = field(Digits(4), "番号", example="0042")
    due: date = field(Date(), "期限", example=date(2027, 1, 31))


class Inner(Record):
    """中身"""

    number = hidden(Count("points"), "点の数")
    present = hidden(Presence("telephone", bits=8), "電話の有無")
    points: tuple[Point, ...] = field(RepeatBy("number", Point, most=3), "点", example=(Point(x=7, y=8),) * 2)
    telephone: str | None = field(PresentIf("present", Digits(4)), "電話", example="1234")
    paid: Cash | Ticket = field(
        OneOf(Case(1, Cash), Case(2, Ticket)), "支払", example=Ticket(serial="0042", due=date(2027, 1, 31))
    )
    small: int = field(Int(16, order="little"), "小さい端", example=258)
    numbers: tuple[int, ...] = field(Counted(UInt(8), UInt(16), most=4), "数", example=(1, 2, 3))
    check = hidden(crc16_checksum(), "検査")
    later: int | None = field(Trailing(UInt(8)), "後", default=None, example=9)


class Moving(Record):
    """可変"""

    body: Inner = field(Prefixed(UInt(8), Inner.__field_type__), "本体", example=Inner.example())
    last: int = field(UInt(8), "末尾", example=1)


class Sample(Applet, aid="F0 59 48 4B 54 70", version=3):
    """見本

    For tests only, with <angle brackets> & ampersands.

    Two paragraphs.
    """

    owner = Pin("所有者", length=(4, 8), english="owner")
    clerk = Key("窓口", english="clerk")
    exact = TransparentFile(Exact, "固定", read=owner | clerk, update=NEVER, size=200)
    moving = LinearFile(Moving, "可変", records=4, read=ALWAYS, append=owner & clerk)


@pytest.fixture(params=[Sample, *installed()], ids=lambda applet: applet.name)
def applet(request: pytest.FixtureRequest) -> type[Applet]:
    """Give each applet in turn."""
    chosen: type[Applet] = request.param
    return chosen


@pytest.fixture
def sample() -> type[Applet]:
    """Give the applet with every shape of layout."""
    return Sample
