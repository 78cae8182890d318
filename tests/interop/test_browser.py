"""The HTML page in a browser that we did not write: the map is seen, and bytes and fields show each other.

Each test opens a page in headless Chromium with a script behind it that acts as a reader would and writes what it saw
into the document, which Chromium prints.
"""

import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from yohaku import Applet
from yohaku.render.documents import installed
from yohaku.render.page import html
from yohaku.render.svg import svg
from yohaku.schema import applet_layout

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="no chromium on the PATH: apt-get install chromium"
)

APPLETS = pytest.mark.parametrize("applet", installed(), ids=lambda applet: applet.name)

REPORT = """
<script>
addEventListener("load", () => {
  const lit = (pair, what) => [...pair.querySelectorAll(`${what}.lit`)];
  const paths = (pair) => lit(pair, ".item").map((item) => item.dataset.path);
  const places = (pair) => lit(pair, ".byte").map((byte) => Number(byte.dataset.at));
  const keys = (pair) => lit(pair, ".run").map((run) => run.dataset.keys);
  const fire = (element, kind) => element.dispatchEvent(new MouseEvent(kind, {bubbles: kind !== "mouseleave"}));
  const seen = {};
  for (const file of document.querySelectorAll("[data-file]")) {
    const pair = file.querySelector(".pair");
    if (!pair) continue;
    const told = {items: {}, focused: {}, bytes: {}, runs: {}, left: null};
    for (const item of pair.querySelectorAll(".item")) {
      fire(item, "mouseover");
      told.items[item.dataset.path] = {bytes: places(pair), runs: keys(pair), paths: paths(pair)};
      fire(pair, "mouseleave");
      item.focus();
      told.focused[item.dataset.path] = places(pair);
      item.blur();
    }
    for (const byte of pair.querySelectorAll(".byte")) {
      fire(byte, "mouseover");
      told.bytes[byte.dataset.at] = paths(pair);
      fire(pair, "mouseleave");
    }
    for (const run of pair.querySelectorAll(".run[data-keys]")) {
      fire(run.querySelector("path"), "mouseover");
      (told.runs[run.dataset.keys] ??= []).push({bytes: places(pair), paths: paths(pair)});
      fire(pair, "mouseleave");
    }
    told.left = pair.querySelectorAll(".lit").length;
    const boxes = (what) => [...pair.querySelectorAll(what)].map((one) => one.getBoundingClientRect());
    told.visible = [...boxes(".byte"), ...boxes(".item"), ...boxes(".run")].every((box) => box.width && box.height);
    const hex = pair.querySelector(".hex").getBoundingClientRect();
    const tree = pair.querySelector(".tree").getBoundingClientRect();
    told.left_of = hex.right <= tree.left;
    const grounds = [...pair.querySelectorAll(".byte")].map((one) => getComputedStyle(one).backgroundColor);
    told.colours = new Set(grounds).size;
    seen[file.dataset.file] = told;
  }
  document.body.innerHTML = "";
  document.body.dataset.seen = JSON.stringify(seen);
});
</script>
"""


def browse(page: Path, *options: str) -> str:
    """Open a file in headless Chromium and give what the document became."""
    assert CHROMIUM is not None, "CI needs chromium"
    profile = page.parent / "profile"
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        f"--user-data-dir={profile}", "--window-size=1400,1000", "--virtual-time-budget=5000", *options, "--dump-dom",
        page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Browse each applet's page once; give what its script saw, by applet and file."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for applet in installed():
        page = folder / f"{applet.name}.html"
        page.write_text(html(applet).replace("</body>", f"{REPORT}</body>"), encoding="utf-8")
        match = re.search(r'data-seen="([^"]*)"', browse(page))
        assert match, "the page's script did not run to its end"
        found[applet.name] = json.loads(unescape(match[1]))
    return found


Seen = dict[str, dict[str, Any]]


@APPLETS
def test_the_map_bytes_and_fields_are_seen(seen: Seen, applet: type[Applet]) -> None:
    assert set(seen[applet.name]) == set(applet.files())
    for file in applet_layout(applet).files:
        told = seen[applet.name][file.name]
        assert told["visible"]
        assert told["left_of"]
        assert told["colours"] > 1
        assert bool(told["runs"]) is file.exact


@APPLETS
def test_hovering_a_field_lights_its_bytes_and_its_part_of_the_map(seen: Seen, applet: type[Applet]) -> None:
    for file in applet_layout(applet).files:
        told = seen[applet.name][file.name]
        for place in file.fields:
            shown = told["items"][place.path]
            assert shown["bytes"], place.path
            assert place.path in shown["paths"]
            if file.exact:
                assert place.offset is not None
                assert place.size is not None
                assert shown["bytes"] == list(range(place.offset, place.offset + place.size))
                assert len(shown["runs"]) == 1


@APPLETS
def test_hovering_a_byte_lights_its_field(seen: Seen, applet: type[Applet]) -> None:
    for file in applet_layout(applet).files:
        told = seen[applet.name][file.name]
        size = len(applet.file(file.name).record.example().encode())
        assert len(told["bytes"]) == size
        for at, paths in told["bytes"].items():
            assert len(paths) == 1, (at, paths)
            assert int(at) in told["items"][paths[0]]["bytes"]


@APPLETS
def test_hovering_the_map_lights_bytes_and_field(seen: Seen, applet: type[Applet]) -> None:
    for file in applet_layout(applet).files:
        for keys, shown in seen[applet.name][file.name]["runs"].items():
            for one in shown:
                assert one["bytes"], keys
                assert len(one["paths"]) == len(keys.split())


@APPLETS
def test_the_keyboard_does_what_the_pointer_does(seen: Seen, applet: type[Applet]) -> None:
    for told in seen[applet.name].values():
        assert told["focused"] == {path: shown["bytes"] for path, shown in told["items"].items()}


@APPLETS
def test_leaving_puts_all_lights_out(seen: Seen, applet: type[Applet]) -> None:
    assert all(told["left"] == 0 for told in seen[applet.name].values())


def test_a_group_lights_all_that_is_in_it(seen: Seen) -> None:
    told = seen["emergency-medical"]["record"]
    inside = [at for path, shown in told["items"].items() if path == "allergies[]" for at in shown["bytes"]]
    assert set(inside) < set(told["items"]["allergies"]["bytes"])
    assert told["items"][""]["bytes"] == [int(at) for at in told["bytes"]]


@APPLETS
def test_the_picture_opens_as_a_file(applet: type[Applet], tmp_path: Path) -> None:
    """Measure text in the browser: captions stay within their cells, and nothing lies outside the picture."""
    script = """<script>addEventListener("load", () => {
      const outer = document.querySelector("svg").getBoundingClientRect();
      const out = [...document.querySelectorAll("text")].filter((one) => {
        const box = one.getBoundingClientRect();
        return box.left < 0 || box.right > outer.right + 1 || box.bottom > outer.bottom + 1;
      }).map((one) => one.textContent);
      const width = (one, part) => one.querySelector(part).getBoundingClientRect().width;
      const chips = [...document.querySelectorAll(".chip")];
      const wide = chips.filter((one) => width(one, "text") > width(one, ".edge")).map((one) => one.textContent);
      document.body.dataset.out = JSON.stringify([...out, ...wide]);
    });</script>"""
    page = tmp_path / "picture.html"
    page.write_text(f"<!DOCTYPE html><meta charset=utf-8><body>{svg(applet_layout(applet))}{script}", encoding="utf-8")
    match = re.search(r'data-out="([^"]*)"', browse(page))
    assert match
    assert json.loads(unescape(match[1])) == []
