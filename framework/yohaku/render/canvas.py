"""Lines of SVG written from the top down, and the measures that text takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from yohaku.render.columns import columns

COLUMN = 7.6
"""Pixels that a column of text takes at most; a full-width character has two columns."""
LINE = 24
"""Pixels from one line of text to the next."""


def pixels(text: str) -> float:
    """Estimate how wide a text is at most, in pixels."""
    return columns(text) * COLUMN


def number(value: float) -> str:
    """Write a coordinate with one decimal at most."""
    return f"{value:.1f}".removesuffix(".0")


def attributes(**values: object) -> str:
    """Write attributes; ``class_`` stands for class, another underscore for a hyphen, None leaves one out."""
    return "".join(
        f' {name.strip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in values.items()
        if value is not None
    )


def text(x: float, y: float, content: str, kind: str = "") -> str:
    """Write a text element with its baseline at ``y``."""
    return f"<text{attributes(x=number(x), y=number(y), class_=kind or None)}>{escape(content)}</text>"


def rectangle(x: float, y: float, size: tuple[float, float], **more: object) -> str:
    """Write a rectangle of ``size`` (width and height)."""
    width, height = map(number, size)
    return f"<rect{attributes(x=number(x), y=number(y), width=width, height=height, **more)}/>"


@dataclass(slots=True)
class Canvas:
    """A growing picture.

    Attributes:
        lines: elements so far.
        y: pixels from the top that are used.
        width: pixels from the left that are used.
    """

    lines: list[str] = field(default_factory=list)
    y: float = 0
    width: float = 0

    def add(self, element: str) -> None:
        """Add an element as it is."""
        self.lines.append(element)

    def text(self, x: float, content: str, kind: str = "") -> None:
        """Write text on the next line without going below it."""
        self.add(text(x, self.y + 17, content, kind))
        if "end" not in kind and "middle" not in kind:
            self.width = max(self.width, x + pixels(content))

    def line(self, x: float, content: str, kind: str = "") -> None:
        """Write one line of text and go below it."""
        self.text(x, content, kind)
        self.y += LINE
