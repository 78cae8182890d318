"""Kaitai's compiler from npm, in read-write mode, and the schemas of R1 to R3 it compiles."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

COMPILE = """
const compiler = require("./compiler.js");
const formats = require("./formats.json");
const fs = require("fs");
(async () => {
  for (const format of formats) {
    const files = await compiler.compile("python", format, null, false);
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(name, text);
  }
})().catch(error => { console.error(error); process.exit(1); });
"""

PADDED = {"type": "str", "pad-right": 0}


def formats() -> list[dict[str, Any]]:
    """Give the three formats as kaitai declarations."""
    length = {
        "seq": [{"id": "first", "type": "u1"}, {"id": "second", "type": "u1", "if": "first == 0x81"}],
        "instances": {"value": {"value": "first == 0x81 ? second : first"}},
    }

    def member(name: str, tag: int, held: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"id": f"tag_{name}", "contents": [tag]},
            {"id": f"len_{name}", "type": "length"},
            {"id": name, "size": f"len_{name}.value", **held},
        ]

    text = {"seq": member("text", 0x0C, {"type": "str", "encoding": "UTF-8"})}
    texts = {"seq": [{"id": "items", "type": "text", "repeat": "eos"}]}
    members = {
        "seq": [
            *member("blood", 0x80, {}),
            *member("updated", 0x81, {}),
            *member("medications", 0xA2, {"type": "texts"}),
            *member("allergies", 0x83, {}),
            *member("contact", 0x84, {}),
            *member("organs", 0x85, {}),
        ]
    }
    return [
        {
            "meta": {"id": "kaitai_borrower", "endian": "be"},
            "seq": [
                {"id": "municipality", "size": 3},
                {"id": "number", "size": 10, "type": "str", "encoding": "ASCII"},
                {"id": "name", "size": 32, "encoding": "UTF-8", **PADDED},
                {"id": "issued", "size": 4},
                {"id": "expires", "size": 4},
                {"id": "status", "type": "u1"},
                {"id": "limit", "type": "u1"},
                {"id": "rest", "contents": [0] * 9},
            ],
        },
        {
            "meta": {"id": "kaitai_wallet", "endian": "be"},
            "seq": [
                {"id": "issuer", "size": 3},
                {"id": "member", "type": "u4"},
                {"id": "balance", "type": "u4"},
                {"id": "counter", "type": "u2"},
                {"id": "expires", "size": 4},
                {"id": "log", "type": "entry", "repeat": "expr", "repeat-expr": 20},
            ],
            "types": {
                "entry": {
                    "seq": [
                        {"id": "at", "type": "u4"},
                        {"id": "kind", "type": "u1"},
                        {"id": "amount", "type": "b24"},
                        {"id": "balance", "type": "u4"},
                        {"id": "shop", "type": "u4"},
                    ]
                }
            },
        },
        {
            "meta": {"id": "kaitai_emergency", "endian": "be"},
            "seq": member("members", 0xE1, {"type": "members_type"}),
            "types": {"length": length, "text": text, "texts": texts, "members_type": members},
        },
    ]


def install(home: Path) -> None:
    """Install the compiler from npm under ``home``, patch a copy, compile the formats."""
    folder = home / "kaitai"
    folder.mkdir(exist_ok=True)
    if shutil.which("npm") is None:
        print("not installed: kaitai-struct-compiler (no npm)")
        return
    done = subprocess.run(
        ["npm", "install", "--silent", "--prefix", str(folder), "kaitai-struct-compiler"], check=False
    )
    source = folder / "node_modules" / "kaitai-struct-compiler" / "kaitai-struct-compiler.js"
    if done.returncode or not source.exists():
        print("not installed: kaitai-struct-compiler")
        return
    text = source.read_text(encoding="utf-8")
    (folder / "compiler.js").write_text(read_write(text), encoding="utf-8")
    (folder / "formats.json").write_text(json.dumps(formats()), encoding="utf-8")
    (folder / "compile.js").write_text(COMPILE, encoding="utf-8")
    subprocess.run(["node", "compile.js"], cwd=folder, check=True)


def read_write(text: str) -> str:
    """Switch read-write on and reading in constructors off where the compiler makes its default settings."""
    for setting, value in (("readWrite", "true"), ("autoRead", "false")):
        place = f"Lio_kaitai_struct_RuntimeConfig__f_{setting} = {setting}"
        if place not in text:
            raise RuntimeError(f"the compiler's source has changed: no place to set {setting}")
        text = text.replace(place, place.replace(f"= {setting}", f"= {value}"))
    return text
