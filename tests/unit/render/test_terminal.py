"""The byte map in the terminal."""

import re
from itertools import pairwise

import pytest

from yohaku import ALWAYS, Applet, Record, TransparentFile, field
from yohaku.fields import Repeat, Text, UInt
from yohaku.render.columns import clip, columns, pad
from yohaku.render.runs import key
from yohaku.render.terminal import advise, draw
from yohaku.schema import applet_density, applet_layout
from yohaku_applets.library_card import LibraryCard

BOX = set("│┌┐└┘├┤┬┴┼─╴╵╶╷")
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def maps(text: str) -> list[list[str]]:
    """Cut the rows and borders of each map out of a drawing, without the offsets."""
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if BOX & set(line[7:8]):
            found[-1].append(line[7:])
        elif found[-1]:
            found.append([])
    return [lines for lines in found if lines]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_borders_meet_whatever_the_width(applet: type[Applet], width: int) -> None:
    for lines in maps(draw(applet_layout(applet), width=width, colour=False)):
        for upper, lower in pairwise(lines):
            above, below = spread(upper), spread(lower)
            for column in range(max(len(above), len(below))):
                up, down = above[column : column + 1], below[column : column + 1]
                assert (up in tuple("│┌┐├┤┬┼╷")) == (down in tuple("│└┘├┤┴┼╵")), (column, upper, lower)


@pytest.mark.parametrize("width", [40, 80, 140])
def test_borders_have_no_loose_ends(applet: type[Applet], width: int) -> None:
    for lines in maps(draw(applet_layout(applet), width=width, colour=False)):
        for line in lines:
            for left, right in pairwise(f" {spread(line)} "):
                assert (left in "─┌└├┬┴┼╶") == (right in "─┐┘┤┬┴┼╴"), line


def spread(line: str) -> str:
    """Give a line with one character for each column."""
    return "".join(character + "\0" * (columns(character) - 1) for character in line)


@pytest.mark.parametrize("width", [60, 80, 132])
def test_maps_fit_the_width(applet: type[Applet], width: int) -> None:
    text = draw(applet_layout(applet), width=width, colour=False)
    assert all(columns(line) + 7 <= width for lines in maps(text) for line in lines)


def test_colour_adds_nothing_but_escapes(applet: type[Applet]) -> None:
    layout = applet_layout(applet)
    assert ESCAPE.sub("", draw(layout, colour=True)) == draw(layout, colour=False)
    assert "\x1b" not in draw(layout, colour=False)


def test_every_coloured_cell_states_both_its_colours(applet: type[Applet]) -> None:
    codes = set(ESCAPE.findall(draw(applet_layout(applet))))
    assert all("48;5;" in code and "38;5;16" in code for code in codes - {"\x1b[0m", "\x1b[1m", "\x1b[2m"})


def test_fields_that_share_a_byte_are_drawn_bit_by_bit(sample: type[Applet]) -> None:
    text = draw(applet_layout(sample), colour=False)
    assert "byte 2, bit by bit:" in text
    lines = text.split("byte 2, bit by bit:")[1].splitlines()
    assert lines[1].split() == ["7", "6", "5", "4", "3", "2", "1", "0"]
    assert [cell.split()[0] for cell in lines[3][8:].strip("│").split("│")] == ["B", "C", "D", "E"]


def test_reserved_frame_and_free_bytes_have_patterns(sample: type[Applet]) -> None:
    text = draw(applet_layout(sample), width=140, colour=False)
    assert "░" in text
    assert "tag 5A" in text
    assert "空き free ·" in text


def test_a_record_file_draws_one_record_and_says_how_many(applet: type[Applet]) -> None:
    for file in applet_layout(applet).files:
        if file.kind != "transparent":
            text = draw(applet_layout(applet), colour=False)
            assert f"{file.records} records of {file.record_size} bytes = {file.size} bytes" in text


def test_a_variable_record_shows_sizes_and_no_false_offsets(sample: type[Applet]) -> None:
    text = draw(applet_layout(sample), width=200, colour=False)
    line = next(line for line in text.splitlines() if "telephone?" in line)
    assert line.split()[1:3] == ["·", "0..4"]


def test_advice_names_the_field_and_the_tighter_type() -> None:
    text = advise(applet_density(LibraryCard), colour=False)
    assert "  number  利用者番号\n    ten ASCII digits: 80 bits, 33.2 needed; PackedDigits(10) saves 5 bytes\n" in text
    assert text.startswith("borrower  Borrower: 512 bits")
    assert text.splitlines()[-1].startswith("library-card: ")
    assert ESCAPE.sub("", advise(applet_density(LibraryCard))) == text


class Long(Record):
    """長い"""

    head: int = field(UInt(8), "先頭")
    body: str = field(Text(4000), "本文")
    tail: int = field(UInt(8), "末尾")


class Many(Record):
    """多い"""

    numbers: tuple[int, ...] = field(Repeat(UInt(8), 120), "数")


class Wide(Applet, aid="F0 59 48 4B 54 71"):
    """広い"""

    long = TransparentFile(Long, read=ALWAYS, update=ALWAYS)
    many = TransparentFile(Many, read=ALWAYS, update=ALWAYS)


def test_rows_that_one_field_fills_are_left_out() -> None:
    text = draw(applet_layout(Wide), colour=False)
    first, second = maps(text)
    assert len(first) < 12
    assert "… 3952 more" in text
    assert "120" not in "".join(second)


def test_more_fields_than_letters_get_two() -> None:
    text = draw(applet_layout(Wide), colour=False)
    keys = re.findall(r"^ ([A-Za-z]{1,2}) +\d", text, re.MULTILINE)
    assert len(set(keys[3:])) == 120
    assert keys[3 + 52] == "AA"


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "A"), (51, "z"), (52, "AA"), (53, "AB"), (51 + 52 * 52, "zz"), (52 + 52 * 52, "AAA")]
)
def test_keys(number: int, expected: str) -> None:
    assert key(number) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("abc", 3), ("氏名", 4), ("ﾊﾟ", 2), ("が", 2), ("か\u3099", 2), ("辻\U000e0100", 2), ("－", 2)],
)
def test_columns_of_text(text: str, expected: int) -> None:
    assert columns(text) == expected


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [("氏名", 4, "氏名"), ("市区町村", 6, "市区…"), ("市区町村", 5, "市区…"), ("abc", 1, "…"), ("abc", 0, "")],
)
def test_clipping_never_halves_a_character(text: str, most: int, expected: str) -> None:
    assert clip(text, most) == expected
    assert columns(clip(text, most)) <= most


def test_padding_counts_columns() -> None:
    assert pad("氏名", 6, ".") == "氏名.."
