"""``yohaku emulator``: emulated cards in a virtual reader, their images emptied, looked into and damaged on purpose."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from yohaku.cli import console
from yohaku.cli.commands import Group
from yohaku.cli.damage import fault
from yohaku.cli.dump import dump
from yohaku.cli.parameters import json_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from yohaku.codec import Json
    from yohaku_emulator import Profile
    from yohaku_emulator.link import EmulatorLink

profile_option = click.option(
    "--profile", default="generic", show_default=True, help="What card to make; emulator profiles lists them."
)
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

    Without pcscd and its virtual reader it waits for them, and it comes back when they were restarted.
    The card is then reached as pcsc:"Virtual PCD 00 00", the next slot as "Virtual PCD 00 01".
    """
    from yohaku_emulator.link import open_link
    from yohaku_emulator.vpcd import StayingCard

    del vpcd
    query = f"?profile={profile}&seed={seed}"
    with ExitStack() as stack:
        cards = [
            stack.enter_context(StayingCard(_opened(open_link, path, query), slot=slot + number, told=console.note))
            for number, path in enumerate(images or ("",))
        ]
        _until_signalled(cards)


def _opened(open_link: Any, path: str, query: str) -> EmulatorLink:
    from pathlib import Path

    link: EmulatorLink = open_link(path if path and Path(path).exists() else path + query)
    return link


def _until_signalled(cards: Sequence[Any]) -> None:
    """Serve every card in a thread of its own until a signal comes or the last one lost its power."""
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    threads = [threading.Thread(target=card.serve, daemon=True) for card in cards]
    console.note("Ctrl-C ends it")
    for thread in threads:
        thread.start()
    while not ended.wait(0.2) and any(thread.is_alive() for thread in threads):
        pass
    for card, thread in zip(cards, threads, strict=True):
        card.pull()
        thread.join()
        console.note(f"slot {card.slot}: {console.counted(card.commands, 'command')} answered")


@emulator.command(examples=("yohaku emulator reset card.img --profile small",))
@click.argument("image", type=click.Path(dir_okay=False))
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


@emulator.command(examples=("yohaku emulator profiles", "yohaku emulator profiles --json"))
@json_option
def profiles(*, as_json: bool) -> None:
    """List the kinds of card that --profile makes; no figure is the capacity of a real card."""
    from yohaku_emulator import PROFILES

    if as_json:
        console.print_json([_profile(one) for one in PROFILES.values()])
        return
    rows = [
        (
            one.name,
            f"{one.free_bytes:,}",
            str(one.channels),
            " ".join(f"T={protocol}" for protocol in one.protocols),
            f"{one.longest_command:,}" if one.longest_command else "short",
            str(one.chain_bytes),
            one.management,
        )
        for one in PROFILES.values()
    ]
    console.table(rows, head=("PROFILE", "FREE BYTES", "CHANNELS", "PROTOCOLS", "APDU", "CHAIN", "MANAGEMENT"))


def _profile(one: Profile) -> dict[str, Json]:
    return {
        "name": one.name,
        "free_bytes": one.free_bytes,
        "page": one.page,
        "endurance": one.endurance,
        "channels": one.channels,
        "protocols": list(one.protocols),
        "block": one.block,
        "longest_command": one.longest_command,
        "longest_response": one.longest_response,
        "chain_bytes": one.chain_bytes,
        "blocked": f"{one.blocked:04x}",
        "management": one.management,
        "command_us": one.command_us,
        "page_us": one.page_us,
        "atr": one.atr.hex(),
    }


emulator.add_command(dump)
emulator.add_command(fault)
