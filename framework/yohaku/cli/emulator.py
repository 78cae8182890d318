"""``yohaku emulator``: emulated cards in a virtual reader, their images emptied, looked into and damaged on purpose."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from yohaku.cli import console
from yohaku.cli.commands import Group
from yohaku.cli.parameters import json_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from yohaku.codec import Json
    from yohaku.globalplatform import SecurityDomain
    from yohaku_emulator.link import EmulatorLink

_ENTRY = ("aid", "life", "load_file")
image_argument = click.argument("image", type=click.Path(dir_okay=False))
profile_option = click.option("--profile", default="generic", show_default=True, help="What card to make.")
seed_option = click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Its random source.")


@click.group(cls=Group, short_help="Run emulated cards, look into their images, damage them.")
def emulator() -> None:
    """Run emulated cards in a virtual reader, look into their image files, damage them on purpose."""


@emulator.command(examples=("yohaku emulator run --vpcd --image card.img --slot 1 & sleep 1; kill $! || true",))
@click.option(
    "--vpcd", is_flag=True, required=True, help="Put the card into pcscd's virtual reader (Debian: vsmartcard-vpcd)."
)
@click.option("--image", "images", multiple=True, metavar="PATH", help="Keep a card in a file; once for each slot.")
@click.option("--slot", type=click.IntRange(0, 15), default=0, show_default=True, help="Slot of the first card.")
@profile_option
@seed_option
def run(images: Sequence[str], slot: int, profile: str, seed: int, *, vpcd: bool) -> None:
    """Be a card in a reader that every PC/SC program sees, until a signal comes.

    The card is then reached as pcsc:"Virtual PCD 00 00", the next slot as "Virtual PCD 00 01".
    """
    from yohaku_emulator.link import open_link
    from yohaku_emulator.vpcd import InsertedCard

    del vpcd
    query = f"?profile={profile}&seed={seed}"
    with ExitStack() as stack:
        cards = [
            stack.enter_context(InsertedCard(_opened(open_link, path, query), slot=slot + number))
            for number, path in enumerate(images or ("",))
        ]
        _until_signalled(cards)


def _opened(open_link: Any, path: str, query: str) -> EmulatorLink:
    from pathlib import Path

    link: EmulatorLink = open_link(path if path and Path(path).exists() else path + query)
    return link


def _until_signalled(cards: Sequence[Any]) -> None:
    """Serve every card in a thread of its own until a signal comes or the last one was thrown out."""
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    threads = [threading.Thread(target=card.serve, daemon=True) for card in cards]
    for card, thread in zip(cards, threads, strict=True):
        console.note(f"{card.link.name} is in slot {card.slot}, as pcsc:Virtual PCD 00 {card.slot:02}; Ctrl-C pulls it")
        thread.start()
    while not ended.wait(0.2) and any(thread.is_alive() for thread in threads):
        pass
    for card in cards:
        card.pull()
        console.note(f"slot {card.slot}: {console.counted(card.commands, 'command')} answered")


@emulator.command(examples=("yohaku emulator reset card.img --profile small",))
@image_argument
@profile_option
@seed_option
@click.option("--yes", is_flag=True, help="Do not ask before what is on the card is lost.")
def reset(image: str, profile: str, seed: int, *, yes: bool) -> None:
    """Make the image file a fresh card; what is on it is lost."""
    from pathlib import Path

    from yohaku_emulator import EmulatedCard
    from yohaku_emulator.link import ImageFile

    if Path(image).exists() and not yes:
        click.confirm(f"all that is on {image} will be lost; go on?", abort=True, err=True)
    file = ImageFile(Path(image))
    try:
        file.write(EmulatedCard(profile, seed=seed).to_image())
    finally:
        file.release()
    console.note(f"{image} is a fresh {profile} card")


@emulator.command(
    examples=(
        "yohaku applet load library-card --card emulator:card.img",
        "yohaku emulator dump card.img",
        "yohaku emulator dump card.img --json",
    )
)
@image_argument
@json_option
def dump(image: str, *, as_json: bool) -> None:
    """Tell what an image file holds: its profile, memory, wear and registry; the file is not changed."""
    card = _read(image)
    figures, entries = _figures(card), _entries(card)
    if as_json:
        console.print_json({**figures, "registry": [dict(zip(_ENTRY, entry, strict=True)) for entry in entries]})
        return
    for name, value in figures.items():
        click.echo(f"{name.replace('_', ' '):<14}  {value}")
    click.echo()
    console.table(entries, head=("AID", "LIFE", "LOAD FILE"))


def _read(image: str) -> Any:
    """Open an image's card without the lock: nothing is written."""
    from pathlib import Path

    from yohaku_emulator import EmulatedCard

    try:
        return EmulatedCard.from_image(Path(image).read_bytes())
    except OSError as error:
        raise click.UsageError(f"cannot read {image}: {error.strerror}") from None


def _figures(card: Any) -> dict[str, Json]:
    wear = list(card.memory.wear)
    return {
        "profile": card.profile.name,
        "memory_bytes": len(card.memory.cells),
        "page_bytes": card.memory.page,
        "page_writes": sum(wear),
        "most_worn_page": wear.index(max(wear)),
        "its_writes": max(wear),
        "endurance": card.memory.endurance,
        "free_bytes": _domain(card).free_bytes(),
    }


def _entries(card: Any) -> list[tuple[str, str, str]]:
    return [
        (entry.aid.hex(), f"{entry.life:02x}", (entry.load_file or b"").hex()) for entry in _domain(card).applications()
    ]


def _domain(card: Any) -> SecurityDomain:
    """Open the issuer domain of a copy of the card, so that looking changes nothing."""
    from yohaku.card import Card
    from yohaku.globalplatform import SecurityDomain
    from yohaku_emulator.link import EmulatorLink

    return SecurityDomain.open(Card(EmulatorLink(card.fork(), "image")))


@emulator.command(
    examples=(
        "yohaku applet load library-card --card emulator:card.img",
        "yohaku emulator fault card.img --flip 4000:3 --out damaged.img",
        "yohaku emulator fault card.img --wear-out 7 --out worn.img",
        "yohaku emulator fault card.img --cut 3 --outcome mixed 00A4040006F0594859000100",
    )
)
@image_argument
@click.argument("commands", nargs=-1, metavar="[HEX]...")
@click.option("--flip", "flips", multiple=True, metavar="ADDRESS:BIT", help="Turn a bit of the memory over.")
@click.option("--wear-out", "pages", multiple=True, type=click.IntRange(0), metavar="PAGE", help="Use a page up.")
@click.option("--cut", type=click.IntRange(1), metavar="N", help="Cut the power at the Nth page write from now.")
@click.option("--outcome", type=click.Choice(("old", "new", "mixed")), default="old", help="What the torn page holds.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Chooses the bytes of a mixed page.")
@click.option("--out", metavar="PATH", help="Write the damaged card there; by default into the image itself.")
def fault(
    image: str,
    commands: Sequence[str],
    flips: Sequence[str],
    pages: Sequence[int],
    cut: int | None,
    outcome: Any,
    seed: int,
    out: str | None,
) -> None:
    """Damage an emulated card: flip bits, wear pages out, cut the power during the raw commands HEX.

    Prints each response, and "power cut" for the command during which the power went.
    """
    card = _read(image)
    for address, bit in map(_bit, flips):
        _within(card, address, bit)
        card.memory.flip(address, bit)
    for page in pages:
        _within(card, page * card.memory.page, 0)
        card.memory.wear_out(page)
    if commands:
        _send(card, commands, cut, outcome, seed)
    _keep(out or image, card)


def _bit(text: str) -> tuple[int, int]:
    address, _, bit = text.partition(":")
    if not address.isdecimal() or not (bit or "0").isdecimal():
        raise click.UsageError(f"--flip {text}: give the address in bytes and the bit 0 to 7, such as 4000:3")
    return int(address), int(bit or "0")


def _within(card: Any, address: int, bit: int) -> None:
    if address >= len(card.memory.cells) or bit > 7:
        raise click.UsageError(f"the memory has {len(card.memory.cells)} bytes, of bits 0 to 7; not {address}:{bit}")


def _send(card: Any, commands: Sequence[str], cut: int | None, outcome: Any, seed: int) -> None:
    from yohaku_emulator.errors import PowerCut

    card.power_on()
    card.memory.cut_at(cut or 0, outcome, seed)
    for command in commands:
        try:
            raw = bytes.fromhex(command)
        except ValueError:
            raise click.UsageError(f"{command} is no command in hex") from None
        try:
            click.echo(card.transmit(raw).hex())
        except PowerCut:
            click.echo("power cut")
            return


def _keep(path: str, card: Any) -> None:
    from pathlib import Path

    from yohaku_emulator.link import ImageFile

    file = ImageFile(Path(path))
    try:
        file.write(card.to_image())
    finally:
        file.release()
    console.note(f"wrote {path}")
