"""The byte map of each installed applet, as the terminal shows it without colour and with it."""

from collections.abc import Callable

import pytest

from yohaku import Applet
from yohaku.render.documents import installed
from yohaku.render.terminal import draw
from yohaku.schema import applet_layout

Golden = Callable[[str, str], None]
APPLETS = pytest.mark.parametrize("applet", installed(), ids=lambda applet: applet.name)


@APPLETS
@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_map_is_the_same(golden: Golden, applet: type[Applet], width: int) -> None:
    golden(f"maps/{applet.name}-{width}.txt", draw(applet_layout(applet), width=width, colour=False))


@APPLETS
def test_the_colours_are_the_same(golden: Golden, applet: type[Applet]) -> None:
    """Keep the escapes visible, so that a golden file can be read and compared as text."""
    drawn = draw(applet_layout(applet), width=80, colour=True)
    golden(f"maps/{applet.name}-colour.txt", drawn.replace("\x1b", "␛"))
