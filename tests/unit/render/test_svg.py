"""The picture of an applet."""

import re
from xml.etree import ElementTree as ET

from yohaku import Applet
from yohaku.render.svg import svg
from yohaku.render.svgmap import PER_ROW, UNIT
from yohaku.schema import applet_layout

SVG = "{http://www.w3.org/2000/svg}"


def picture(applet: type[Applet]) -> ET.Element:
    return ET.fromstring(svg(applet_layout(applet)))  # noqa: S314 - our own picture


def test_it_can_be_read_aloud(applet: type[Applet]) -> None:
    root = picture(applet)
    assert root.get("role") == "img"
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    text = desc.text or ""
    assert all(place.path in text for file in applet_layout(applet).files for place in file.fields)


def test_nothing_comes_from_outside_and_nothing_runs(applet: type[Applet]) -> None:
    text = svg(applet_layout(applet)).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|<script|href|@import|<image|<foreignObject|\son\w+=", text)
    assert set(re.findall(r"url\((.)", text)) <= {"#"}


def test_every_pattern_that_is_used_is_defined(sample: type[Applet]) -> None:
    text = svg(applet_layout(sample))
    used = set(re.findall(r"url\(#(\w+)\)", text))
    assert used <= set(re.findall(r'<pattern id="(\w+)"', text))
    assert {"reserved", "frame", "free", "p1"} <= used


def area(path: str) -> float:
    """Add up the areas of the rectangles of a path."""
    boxes = re.findall(r"M([\d.]+) ([\d.]+)H([\d.]+)V([\d.]+)", path)
    return sum((float(x2) - float(x1)) * (float(y2) - float(y1)) for x1, y1, x2, y2 in boxes)


def test_runs_cover_as_much_as_their_bytes(sample: type[Applet]) -> None:
    file = next(file for file in applet_layout(sample).files if file.exact)
    group = next(one for one in picture(sample).iter(f"{SVG}g") if one.get("data-file") == file.name)
    covered = {}
    for run in group.iter(f"{SVG}g"):
        keys, fill = run.get("data-keys"), run.find(f"{SVG}path")
        if keys and fill is not None and " " not in keys and keys not in covered:
            covered[keys] = area(fill.attrib["d"]) / UNIT / 40
    sizes = {key: place.size for key, place in zip("ABCDEFGHIJKLM", file.fields, strict=False)}
    assert {key: covered[key] for key in "AFGHIJK"} == {key: sizes[key] for key in "AFGHIJK"}
    assert covered["B"] == 3
    assert PER_ROW == 16


def test_a_tree_draws_tags_lengths_and_counts(sample: type[Applet]) -> None:
    group = next(one for one in picture(sample).iter(f"{SVG}g") if one.get("data-file") == "moving")
    chips = ["".join(chip.itertext()).strip() for chip in group.iter(f"{SVG}g") if "chip" in chip.get("class", "")]
    assert chips[:3] == ["可変", "L", "本体"]
    assert {"n", "#"} <= set(chips)


def test_text_is_escaped(sample: type[Applet]) -> None:
    assert "<around>" not in svg(applet_layout(sample))


def test_it_is_the_same_each_time(applet: type[Applet]) -> None:
    assert svg(applet_layout(applet)) == svg(applet_layout(applet))
