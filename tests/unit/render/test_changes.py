"""The byte map of what a write changes."""

import re

import pytest

from yohaku import ALWAYS, Applet, CyclicFile, Record, TransparentFile, field
from yohaku.fields import UInt
from yohaku.render.changes import draw_changes
from yohaku.render.columns import columns
from yohaku.schema import applet_layout

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class Point(Record):
    """点"""

    left: int = field(UInt(12), "左", english="left")
    right: int = field(UInt(12), "右", english="right")
    far: int = field(UInt(32), "遠", english="far")


class Points(Applet, aid="F0 59 48 4B 54 61"):
    """点"""

    one = TransparentFile(Point, "一点", read=ALWAYS, update=ALWAYS, size=40)
    many = CyclicFile(Point, "点々", records=3, read=ALWAYS, append=ALWAYS)


ONE, MANY = applet_layout(Points).files
DRAWN = """\
         0   1   2   3   4   5   6
       ┌───────────┬───┬───┬───────┐
    0  │ AB  ······│ C │ab │ C  ···│
       └───────────┴───┴───┴───────┘
 C  bytes 3 to 6: far  遠 / far
"""


def test_new_bytes_stand_in_their_places_between_the_fields() -> None:
    assert draw_changes(MANY, {4: 0xAB}, colour=False) == DRAWN


def test_fields_that_share_a_byte_are_both_named() -> None:
    drawn = draw_changes(MANY, {1: 0xAB}, colour=False)
    assert "│AB·│ab │AB·│ C  ···" in drawn
    assert drawn.splitlines()[-2:] == [" A  bytes 0 to 1: left  左 / left", " B  bytes 1 to 2: right  右 / right"]


def test_bytes_behind_the_record_belong_to_no_field() -> None:
    drawn = draw_changes(ONE, {39: 0}, colour=False)
    assert drawn.splitlines()[-2] == "   32  │···························│00 │"
    assert "bytes" not in drawn


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_it_fits_the_terminal_and_colour_adds_only_colour(width: int) -> None:
    changed = {at: at for at in range(1, 40, 3)}
    plain = draw_changes(ONE, changed, width=width, colour=False)
    assert max(map(columns, plain.splitlines())) <= width
    assert ESCAPE.sub("", draw_changes(ONE, changed, width=width, colour=True)) == plain
    for at in changed:
        assert re.search(rf"│ ?{at:02x} ?│", plain)
