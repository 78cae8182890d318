"""The layout model: places, segments, totals, and what an applet takes on a card."""

from datetime import date
from enum import IntFlag
from types import new_class
from typing import Any

import construct as c
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yohaku import (
    ALWAYS,
    NEVER,
    Applet,
    CyclicFile,
    Key,
    LinearFile,
    Pin,
    Record,
    TlvRecord,
    TransparentFile,
    constant,
    field,
    hidden,
    reserved,
    reserved_bits,
)
from yohaku.card import Card
from yohaku.fields import (
    Case,
    Counted,
    Date,
    Digits,
    Flag,
    Flags,
    OneOf,
    Prefixed,
    Repeat,
    Tagged,
    Text,
    Trailing,
    UInt,
    crc16_checksum,
)
from yohaku.globalplatform import SecurityDomain
from yohaku.schema import compile_descriptor
from yohaku.schema.layout import applet_layout, file_layout, record_layout
from yohaku.schema.places import Place, record_tree
from yohaku.schema.profiles import card_bytes, fits
from yohaku.testing import records
from yohaku_emulator.card import EmulatedCard
from yohaku_emulator.link import EmulatorLink
from yohaku_emulator.profiles import PROFILES


class Point(Record):
    """点"""

    x: int = field(UInt(8), "横")
    y: int = field(UInt(8), "縦", personal=True)


class Box(Record):
    """箱"""

    magic = constant(b"YH")
    level: int = field(UInt(3), "段階")
    active: bool = field(Flag(), "有効")
    _spare = reserved_bits(4)
    corner: Point = field(Point, "角")
    path: tuple[Point, ...] = field(Repeat(Point, 2), "道")
    home: Point = field(Tagged(0x5A, Point), "家", english="home address")
    small: tuple[int, ...] = field(Repeat(UInt(4), 2), "小")
    foreign: Any = field(c.Int16ul, "他")
    _rest = reserved(2)


def placed(record: type[Record]) -> dict[str, tuple[int | None, int, int | None]]:
    """Give byte, bit and width of each field."""
    return {place.path: (place.offset, place.bit, place.bits) for place in record_layout(record)}


def test_fixed_places() -> None:
    assert placed(Box) == {
        "magic": (0, 0, 16),
        "level": (2, 0, 3),
        "active": (2, 3, 1),
        "_spare": (2, 4, 4),
        "corner.x": (3, 0, 8),
        "corner.y": (4, 0, 8),
        "path[0].x": (5, 0, 8),
        "path[0].y": (6, 0, 8),
        "path[1].x": (7, 0, 8),
        "path[1].y": (8, 0, 8),
        "home.x": (11, 0, 8),
        "home.y": (12, 0, 8),
        "small[0]": (13, 4, 4),
        "small[1]": (14, 4, 4),
        "foreign": (15, 0, 16),
        "_rest": (17, 0, 16),
    }


def test_labels_come_from_the_declaration_and_items_go_by_their_list() -> None:
    places = {place.path: place for place in record_layout(Box)}
    assert (places["path[1].y"].label, places["path[1].y"].english) == ("縦", "y")
    assert (places["small[0]"].label, places["small[0]"].english) == ("小", "small")
    assert places["path[1].y"].personal
    assert places["_rest"].hidden


def test_the_tree_keeps_groups_and_their_frames() -> None:
    groups = {place.path: place for place in every(record_tree(Box)) if place.children}
    assert groups["home"].frame == "tag 5A"
    assert (groups["home"].offset, groups["home"].bits, groups["home"].english) == (9, 32, "home address")
    assert groups["path"].items == (2, 2)
    assert groups[""].label == "箱"


def every(place: Place) -> list[Place]:
    return [place, *(inner for child in place.children for inner in every(child))]


class Holder(Applet, aid="F0 59 48 4B 54 50"):
    """入れ物"""

    pin = Pin(length=(4, 8))
    key = Key(bits=256)
    box = TransparentFile(Box, read=ALWAYS, update=key, size=25)
    points = CyclicFile(Point, records=3, record_size=4, read=pin, append=key)


def test_segments_cover_the_file_without_a_gap() -> None:
    segments = file_layout(Holder.box).segments
    assert [segment.start for segment in segments] == [0, *(segment.stop for segment in segments)][:-1]
    assert segments[-1].stop == 25 * 8


def test_segments_between_fields_are_frames_and_behind_them_free() -> None:
    found = [(one.start // 8, one.stop // 8, one.kind) for one in file_layout(Holder.box).segments]
    assert (9, 11, "frame") in found
    assert found[-1] == (19, 25, "free")
    kinds = {one.place.path: one.kind for one in file_layout(Holder.box).segments if one.place}
    assert kinds["magic"] == kinds["_spare"] == "reserved"


@given(before=records(Box), after=records(Box))
def test_bytes_that_differ_lie_in_fields_that_differ(before: Box, after: Box) -> None:
    """Tell from the layout which bytes may change when some fields do, and find no other byte changed."""
    changed = {"level", "corner"}
    mixed = before.replace(level=after.level, corner=after.corner)
    allowed = {
        byte
        for place in record_layout(Box)
        if place.path.split(".")[0] in changed and place.offset is not None and place.size is not None
        for byte in range(place.offset, place.offset + place.size)
    }
    differing = {at for at, (old, new) in enumerate(zip(before.encode(), mixed.encode(), strict=True)) if old != new}
    assert differing <= allowed


class Cash(Record):
    """現金"""

    yen: int = field(UInt(16), "円")


class Ticket(Record):
    """券"""

    serial: str = field(Digits(4), "番号")


class Moving(Record):
    """動く"""

    number: int = field(UInt(16), "番号")
    name: str = field(Prefixed(UInt(8), Text(30, padded=False)), "名")
    paid: Cash | Ticket = field(OneOf(Case(1, Cash), Case(7, Ticket)), "支払")
    points: tuple[Point, ...] = field(Counted(UInt(8), Point, most=3), "点")
    check = hidden(crc16_checksum(), "検査")
    later: int | None = field(Trailing(UInt(8)), "後", default=None)


def test_what_stands_behind_a_field_of_variable_size_has_no_place() -> None:
    assert placed(Moving) == {
        "number": (0, 0, 16),
        "name": (2, 0, None),
        "paid.cash.yen": (None, 0, 16),
        "paid.ticket.serial": (None, 0, 32),
        "points[].x": (None, 0, 8),
        "points[].y": (None, 0, 8),
        "check": (None, 0, 16),
        "later": (None, 0, None),
    }


def test_bounds_frames_and_options_of_a_variable_record() -> None:
    places = {place.path: place for place in every(record_tree(Moving))}
    assert (places["name"].minimum, places["name"].maximum) == (1, 31)
    assert (places["paid"].minimum, places["paid"].maximum) == (3, 5)
    assert places["paid"].alternatives
    assert places["paid.ticket"].note == "case 7"
    assert places["paid.ticket"].label == "券"
    assert places["points"].items == (0, 3)
    assert [places[path].frame for path in ("name", "paid", "points")] == [
        "length UInt(8)",
        "case UInt(8)",
        "count UInt(8)",
    ]
    assert places["later"].optional
    assert places["check"].hidden
    assert places["check"].note == "CRC-16/CCITT of the bytes before"


class Letters(IntFlag):
    A = 1


class Template(TlvRecord, tag=0xE1):
    """ひな形"""

    day: date = field(Tagged(0x81, Date()), "日")
    flags: Letters | None = field(Tagged(0x82, Flags(Letters)), "旗", default=None)


def test_members_of_a_template_may_stand_anywhere() -> None:
    day, flags = record_layout(Template)
    assert (day.offset, day.size, day.optional) == (None, 6, False)
    assert (flags.offset, flags.size, flags.optional) == (None, 3, True)
    assert record_tree(Template).frame == "tag E1"
    assert not record_tree(Template).exact


@given(data=st.data())
@pytest.mark.parametrize("record", [Box, Moving, Template])
def test_sizes_stay_within_the_layout(record: type[Record], data: st.DataObject) -> None:
    tree = record_tree(record)
    size = len(data.draw(records(record)).encode())
    assert tree.minimum <= size
    assert tree.maximum is None or size <= tree.maximum


def test_the_applet_in_json() -> None:
    shown: Any = applet_layout(Holder).to_json()
    assert {"applet", "aid", "version", "files", "bytes"} <= set(shown)
    assert shown["aid"] == "f059484b5450"
    assert shown["bytes"] == 25 + 12 == sum(file["size"] for file in shown["files"])
    assert {"name", "kind", "size", "fields"} <= set(shown["files"][0])
    assert {"path", "offset", "size", "type", "label"} <= set(shown["files"][0]["fields"][0])
    assert [file["access"] for file in shown["files"]] == [
        {"read": "always", "update": "key"},
        {"read": "pin", "update": "never", "append": "key"},
    ]
    assert [one["form"] for one in shown["credentials"]] == ["4 to 8 digits", "AES-256"]
    assert shown["card_bytes"] == shown["bytes"] + shown["overhead"]["total"]


class Tiny(Applet, aid="F0 59 48 4B 54 51"):
    """小"""

    point = TransparentFile(Point, read=ALWAYS, update=ALWAYS)


class Large(Applet, aid="F0 59 48 4B 54 52"):
    """大"""

    holder = Pin(length=16, alphabet="bytes")
    master = Key(bits=192)
    clerk = Key()
    points = LinearFile(Point, records=200, read=holder, append=clerk)
    other = TransparentFile(Point, size=700, read=ALWAYS, update=NEVER)


def with_filler(applet: type[Applet], size: int) -> type[Applet]:
    """Make the same applet with one more file of ``size`` bytes."""
    filler = TransparentFile(Point, size=size, read=ALWAYS, update=ALWAYS)
    return new_class("Filled", (applet,), {"aid": bytes(applet.aid)}, lambda body: body.update(filler=filler))


@pytest.mark.parametrize("applet", [Tiny, Holder, Large], ids=lambda applet: applet.name)
@pytest.mark.parametrize("profile", ["generic", "small"])
def test_the_estimate_is_what_the_emulated_card_takes(applet: type[Applet], profile: str) -> None:
    """Fill whole pages to the last byte by the estimate, then take one byte more: the card must agree both times."""
    page = PROFILES[profile].layout.payload
    size = 2 + -card_bytes(with_filler(applet, 2)) % page
    exact, larger = with_filler(applet, size), with_filler(applet, size + 1)
    assert card_bytes(exact) % page == 0
    assert taken(exact, profile) == card_bytes(exact, page=page) == card_bytes(exact)
    assert taken(larger, profile) == card_bytes(larger, page=page) == card_bytes(exact) + page


def taken(applet: type[Applet], profile: str) -> int:
    """Install an applet on a fresh emulated card and give the bytes that are no longer free."""
    with Card(EmulatorLink(EmulatedCard(profile), "emulator:")) as card:
        domain = SecurityDomain.open(card)
        before = domain.free_bytes()
        domain.install(applet.aid, compile_descriptor(applet))
        after = domain.free_bytes()
    assert before is not None
    assert after is not None
    return before - after


def test_fitting_beside_others() -> None:
    answer = fits(2000, [Tiny, Large])
    assert answer.fits
    assert answer.total == sum(answer.needed.values()) == 2000 - answer.left
    assert set(answer.needed) == {"tiny", "large"}
    assert str(answer) == f"tiny and large: {answer.total} of 2000 bytes, {answer.left} left"


def test_what_lacks_is_said() -> None:
    answer = fits(100, [Large])
    assert not answer.fits
    assert (answer.left, answer.lacking) == (0, answer.total - 100)
    assert str(answer) == f"large: {answer.total} bytes, 100 are free, {answer.lacking} lacking"
    assert answer.to_json() == {
        "free": 100,
        "needed": {"large": answer.total},
        "total": answer.total,
        "fits": False,
        "left": 0,
        "lacking": answer.lacking,
    }


def test_whole_pages_are_counted() -> None:
    assert card_bytes(Tiny, page=124) == 124
    assert card_bytes(Tiny) == applet_layout(Tiny).card_bytes < 124
