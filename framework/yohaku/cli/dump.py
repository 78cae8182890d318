"""``yohaku emulator dump``: what an image file holds, page by page; the file is not changed."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yohaku.cli import console
from yohaku.cli.commands import Command
from yohaku.cli.parameters import json_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yohaku.codec import Json
    from yohaku.globalplatform import SecurityDomain
    from yohaku_emulator import EmulatedCard
    from yohaku_emulator.memory_map import Page

    Entries = list[tuple[str, str, str]]

_ENTRY = ("aid", "life", "load_file")
image_argument = click.argument("image", type=click.Path(exists=True, dir_okay=False))


@click.command(
    cls=Command,
    examples=(
        "yohaku applet load library-card --card emulator:card.img",
        "yohaku emulator dump card.img",
        "yohaku emulator dump card.img --json",
    ),
)
@image_argument
@json_option
def dump(image: str, *, as_json: bool) -> None:
    """Tell what an image file holds: profile, registry, and each page of the memory with its wear.

    What applications keep is named, never shown. The file is not changed.
    """
    from yohaku_emulator.link import read_image

    card = read_image(Path(image))
    entries, free = _registry(card)
    figures, pages = {**_figures(card), "free_bytes": free}, card.memory_map()
    if as_json:
        registry: Json = None if entries is None else [dict(zip(_ENTRY, entry, strict=True)) for entry in entries]
        console.print_json({**figures, "registry": registry, "pages": [_page(page) for page in pages]})
        return
    for name, value in figures.items():
        click.echo(f"{name.replace('_', ' '):<16}  {_told(value)}")
    click.echo()
    if entries is not None:
        console.table(entries, head=("AID", "LIFE", "LOAD FILE"))
        click.echo()
    console.table(list(_rows(pages)), head=("PAGES", "WRITES", "OWNER", "HOLDS"))


def _told(value: Json) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "not readable" if value is None else str(value)


def _figures(card: EmulatedCard) -> dict[str, Json]:
    wear = list(card.memory.wear)
    return {
        "profile": card.profile.name,
        "memory_bytes": len(card.memory.cells),
        "page_bytes": card.memory.page,
        "page_writes": sum(wear),
        "most_worn_page": wear.index(max(wear)),
        "its_writes": max(wear),
        "endurance": card.memory.endurance,
        "unfinished_pages": list(card.unfinished),
    }


def _registry(card: EmulatedCard) -> tuple[Entries | None, int | None]:
    """Give AID, life cycle and load file of each application, and the free bytes; nothing when it is damaged."""
    from yohaku.errors import YohakuError

    try:
        domain = _domain(card)
        found = [
            (entry.aid.hex(), f"{entry.life:02x}", (entry.load_file or b"").hex()) for entry in domain.applications()
        ]
        return found, domain.free_bytes()
    except YohakuError as error:
        console.note(f"the registry cannot be read: {error}")
        return None, None


def _domain(card: EmulatedCard) -> SecurityDomain:
    """Open the issuer domain of a copy of the card, so that looking changes nothing."""
    from yohaku.card import Card
    from yohaku.globalplatform import SecurityDomain
    from yohaku_emulator.link import EmulatorLink

    return SecurityDomain.open(Card(EmulatorLink(card.fork(), "image")))


def _page(page: Page) -> Json:
    return {
        "page": page.number,
        "writes": page.writes,
        "sound": page.is_sound,
        "worn_out": page.is_worn,
        "parts": [
            {"what": part.what, "owner": part.owner.hex() or None, "offset": part.offset, "size": part.size}
            for part in page.parts
        ],
    }


def _rows(pages: Sequence[Page]) -> Iterator[tuple[str, str, str, str]]:
    """Give a row for each run of pages that hold the same."""
    for (owner, holds), run in groupby(pages, _key):
        held = list(run)
        first, last = held[0].number, held[-1].number
        writes = max(page.writes for page in held)
        yield f"{first}" if first == last else f"{first}-{last}", str(writes), owner, holds


def _key(page: Page) -> tuple[str, str]:
    holds = ", ".join(dict.fromkeys(part.what for part in page.parts))
    marks = [word for word, is_so in (("DAMAGED", not page.is_sound), ("WORN OUT", page.is_worn)) if is_so]
    holds = click.style(f"{holds}: {', '.join(marks)}", fg="red") if marks else holds
    return ", ".join(dict.fromkeys(part.owner.hex() for part in page.parts if part.owner)), holds
