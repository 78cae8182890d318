"""The HTML page of an applet, read without a browser."""

import re
from html.parser import HTMLParser

import pytest

from yohaku import Applet
from yohaku.render.page import html
from yohaku.schema import applet_layout

VOID = {"meta", "br", "path", "rect"}


class Outline(HTMLParser):
    """Checks that elements close in order, and keeps each with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of_class(self, name: str) -> list[dict[str, str]]:
        return [attributes for _, attributes in self.found if name in attributes.get("class", "").split()]


def test_elements_are_balanced(applet: type[Applet]) -> None:
    assert Outline(html(applet)).open == []


def test_nothing_comes_from_outside(applet: type[Applet]) -> None:
    page = html(applet)
    assert not re.search(r"https?://|src=|<link|@import|<iframe", page)
    assert set(re.findall(r"url\((.)", page)) <= {"#"}


def test_light_and_dark_are_there_and_print_keeps_colours(sample: type[Applet]) -> None:
    page = html(sample)
    assert "prefers-color-scheme:dark" in page
    assert "color-scheme:light dark" in page
    assert "print-color-adjust:exact" in page


def test_each_byte_knows_its_fields_and_each_field_its_bytes(applet: type[Applet]) -> None:
    outline = Outline(html(applet))
    numbers = {item["data-id"] for item in outline.of_class("item")}
    assert {number for byte in outline.of_class("byte") for number in byte["data-ids"].split()} <= numbers
    assert {number for item in outline.of_class("item") for number in item["data-ids"].split()} <= numbers


def test_keyboard_reaches_every_field_and_its_first_byte(applet: type[Applet]) -> None:
    outline = Outline(html(applet))
    assert all(item["tabindex"] == "0" for item in outline.of_class("item"))
    assert all(byte.get("tabindex") == "0" for byte in outline.of_class("opening"))


def test_letters_say_what_colours_say(sample: type[Applet]) -> None:
    outline = Outline(html(sample))
    letters = "".join(byte.get("data-key", "") for byte in outline.of_class("byte"))
    keys = [item["data-key"] for item in outline.of_class("item") if "data-key" in item]
    exact, moving = applet_layout(sample).files
    assert letters.startswith("".join(keys[: len(exact.fields)]))
    assert len(keys) == len(exact.fields) + len(moving.fields)


def test_text_of_the_declaration_is_escaped(sample: type[Applet]) -> None:
    page = html(sample)
    assert "&lt;angle brackets&gt; &amp; ampersands" in page
    assert "<angle" not in page


@pytest.mark.parametrize("words", ["個人情報", "AES-128", "read: owner | clerk", "Two paragraphs."])
def test_it_tells_what_a_reviewer_asks(sample: type[Applet], words: str) -> None:
    assert words in html(sample)
