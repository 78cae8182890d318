"""Terminal, SVG, HTML, Markdown and JSON say the same of every field: each is read back and compared."""

import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

from yohaku import Applet
from yohaku.render.markdown import markdown
from yohaku.render.page import html
from yohaku.render.svg import svg
from yohaku.render.terminal import draw
from yohaku.schema import AppletLayout, FileLayout, applet_layout
from yohaku.schema.layout import purse_picture

SVG = "{http://www.w3.org/2000/svg}"
FACTS = ("path", "offset", "bit", "bits", "size", "minimum", "maximum", "type", "label", "english")


@dataclass(frozen=True, slots=True)
class Listed:
    """What a drawn legend says of one field."""

    key: str
    offset: str
    size: str
    name: str
    rest: str


class Items(HTMLParser):
    """Collects the tree's items and the bytes of a page, by file."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.items: dict[str, list[dict[str, str]]] = {}
        self.bytes: dict[str, str] = {}
        self._file = ""
        self._in_byte = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        classes = found.get("class", "").split()
        if "data-file" in found:
            self._file = found["data-file"]
            self.items[self._file], self.bytes[self._file] = [], ""
        elif "item" in classes:
            self.items[self._file].append(found)
        self._in_byte = tag == "span" and "byte" in classes

    def handle_data(self, data: str) -> None:
        if self._in_byte:
            self.bytes[self._file] += data
            self._in_byte = False


def fields_of_json(
    applet: type[Applet], kinds: tuple[str, ...] = ("files", "purses")
) -> dict[str, list[dict[str, str]]]:
    """Give the fields of each file and purse with every fact as text, null as empty."""
    layout: dict[str, Any] = json.loads(json.dumps(applet_layout(applet).to_json()))
    files: list[dict[str, Any]] = [part for kind in kinds for part in layout[kind]]
    return {file["name"]: [{fact: _text(place[fact]) for fact in FACTS} for place in file["fields"]] for file in files}


def drawn_parts(layout: AppletLayout) -> list[FileLayout]:
    """Give the files, then the purses as they are drawn."""
    return [*layout.files, *map(purse_picture, layout.purses)]


def _text(value: object) -> str:
    return "" if value is None else str(value)


def facts(found: dict[str, str]) -> dict[str, str]:
    return {fact: found.get(f"data-{fact}", "") for fact in FACTS}


def test_the_svg_lists_the_fields_of_the_json(applet: type[Applet]) -> None:
    root = ET.fromstring(svg(applet_layout(applet)))  # noqa: S314 - our own picture
    groups = root.iter(f"{SVG}g")
    drawn = {
        group.get("data-file", group.get("data-purse", "")): [
            facts(dict(one.attrib)) for one in group.iter(f"{SVG}g") if one.get("class") == "field"
        ]
        for group in groups
        if group.get("class") in {"file", "purse"}
    }
    assert drawn == fields_of_json(applet)


def test_the_page_lists_the_fields_of_the_json(applet: type[Applet]) -> None:
    items = Items(html(applet)).items
    listed = {name: [facts(item) for item in found if "data-key" in item] for name, found in items.items()}
    assert listed == fields_of_json(applet, ("files",))


def test_the_page_shows_the_bytes_of_the_examples(applet: type[Applet]) -> None:
    shown = Items(html(applet)).bytes
    assert shown == {name: file.record.example().encode().hex() for name, file in applet.files().items()}


def legend(text: str) -> list[Listed]:
    """Read the lines of a drawn legend that start with a key."""
    pattern = re.compile(r"^ ([A-Za-z]{1,2}) +(\S+) +(\S+(?: bit)?)  +(\S+)  +(\S.*)$")
    plain = re.sub(r"[├└│─]", " ", text)
    return [Listed(*found.groups()) for found in map(pattern.match, plain.splitlines()) if found]


def expected(place: dict[str, str], *, exact: bool) -> tuple[str, str, str]:
    """Word offset, size and name of a field as a legend does."""
    partial = place["bits"] and (int(place["bits"]) % 8 or int(place["bit"]) % 8)
    offset = place["offset"] or "·"
    if place["offset"] and partial:
        offset = f"{offset}.{7 - int(place['bit'])}"
    size = f"{place['minimum']}..{place['maximum']}" if not place["bits"] else str(int(place["bits"]) // 8)
    size = f"{place['bits']} bit" if partial else size
    return offset, size, place["path"] if exact else place["path"].rsplit(".", 1)[-1]


def test_the_terminal_lists_the_fields_of_the_json(applet: type[Applet]) -> None:
    layout = applet_layout(applet)
    wanted = [
        (*expected(place, exact=file.exact), place["type"], place["label"])
        for file in drawn_parts(layout)
        for place in fields_of_json(applet)[file.name]
    ]
    listed = legend(draw(layout, width=400, colour=False))
    assert len(listed) == len(wanted)
    for line, (offset, size, name, type_, label) in zip(listed, wanted, strict=True):
        assert (line.offset, line.size, line.name.removesuffix("?")) == (offset, size, name)
        assert line.rest.startswith(type_)
        assert label in line.rest


def test_markdown_lists_the_fields_of_the_json(applet: type[Applet]) -> None:
    layout = applet_layout(applet)
    rows = re.findall(
        r"^\| ([A-Za-z]{1,2}) \| (\S+) \| (\S+(?: bit)?) \| `(.*?)` \| `(.*?)` \| (.*?) \|",
        markdown(applet),
        re.MULTILINE,
    )
    wanted = [
        (*expected(place, exact=True)[:2], place["path"], place["type"].replace("|", "\\|"), place["label"])
        for file in drawn_parts(layout)
        for place in fields_of_json(applet)[file.name]
    ]
    assert [row[1:] for row in rows] == wanted
