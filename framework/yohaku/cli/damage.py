"""``yohaku emulator fault``: an emulated card that is damaged, loses its power, or sits behind a bad link."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yohaku.cli import console
from yohaku.cli.commands import Command
from yohaku.cli.dump import image_argument
from yohaku.cli.errors import UsageError
from yohaku.cli.parameters import json_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yohaku.codec import Json
    from yohaku_emulator import EmulatedCard
    from yohaku_emulator.faults import FaultyLink
    from yohaku_emulator.link import EmulatorLink

    Answer = dict[str, Json]

_FAILURES = ("power", "command", "response", "truncate")


@click.command(
    cls=Command,
    examples=(
        "yohaku applet load library-card --card emulator:card.img",
        "yohaku emulator fault card.img --flip 4000:3 --out damaged.img",
        "yohaku emulator fault card.img --wear-out 7 --out worn.img",
        "yohaku emulator fault card.img --cut 3 --outcome mixed 00A4040006F0594859000100",
        "yohaku emulator fault card.img --fail truncate --at 2 00A4040006F059484B000100 00200081",
        "yohaku applet list --card 'emulator:card.img?fail=response&at=3' || echo the answer was lost",
    ),
)
@image_argument
@click.argument("commands", nargs=-1, metavar="[HEX]...")
@click.option("--flip", "flips", multiple=True, metavar="ADDRESS:BIT", help="Turn a bit of the memory over.")
@click.option("--wear-out", "pages", multiple=True, type=click.IntRange(0), metavar="PAGE", help="Use a page up.")
@click.option("--cut", type=click.IntRange(0), default=0, metavar="N", help="Cut the power at the Nth page write.")
@click.option("--outcome", type=click.Choice(("old", "new", "mixed")), default="old", help="What the torn page holds.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Chooses the bytes of a mixed page.")
@click.option(
    "--fail",
    type=click.Choice(_FAILURES),
    help="At one command: the power goes, the command or the response is lost, or the response lacks its last byte.",
)
@click.option("--at", type=click.IntRange(1), default=1, show_default=True, help="Which command fails.")
@click.option("--out", metavar="PATH", help="Write the damaged card there; by default into the image itself.")
@json_option
def fault(
    image: str,
    commands: Sequence[str],
    flips: Sequence[str],
    pages: Sequence[int],
    *,
    cut: int,
    outcome: Any,
    seed: int,
    fail: Any,
    at: int,
    out: str | None,
    as_json: bool,
) -> None:
    """Damage an emulated card: flip bits, wear pages out, lose the power or the link during the raw commands HEX.

    Prints each response, or what became of the command. Any command of yohaku meets the same faults by the card URL:
    emulator:PATH?cut=N&outcome=mixed&seed=N, or emulator:PATH?fail=power&at=N.
    """
    from yohaku_emulator.faults import FaultyLink
    from yohaku_emulator.link import EmulatorLink, read_image

    card, raw = read_image(Path(image)), [_raw(command) for command in commands]
    bits = [_bit(flip) for flip in flips]
    _damage(card, bits, pages)
    answers: list[Answer] = []
    if raw:
        link = EmulatorLink(card, image)
        card.memory.cut_at(cut, outcome, seed)
        answers = list(_answers(FaultyLink(link, at=at, failure=fail) if fail else link, raw))
    _keep(out or image, card)
    if as_json:
        flipped: list[Json] = [{"address": address, "bit": bit} for address, bit in bits]
        console.print_json({"image": out or image, "flipped": flipped, "worn_out": [*pages], "answers": [*answers]})
        return
    for answer in answers:
        click.echo(str(answer["failure"] or answer["response"]))


def _raw(command: str) -> bytes:
    try:
        return bytes.fromhex(command)
    except ValueError:
        raise UsageError(f"{command} is no command in hex") from None


def _bit(text: str) -> tuple[int, int]:
    address, _, bit = text.partition(":")
    if not address.isdecimal() or not (bit or "0").isdecimal():
        raise UsageError(f"--flip {text}: give the address in bytes and the bit 0 to 7, such as 4000:3")
    return int(address), int(bit or "0")


def _damage(card: EmulatedCard, bits: Sequence[tuple[int, int]], pages: Sequence[int]) -> None:
    for address, bit in bits:
        _within(card, address, bit)
        card.memory.flip(address, bit)
    for page in pages:
        _within(card, page * card.memory.page, 0)
        card.memory.wear_out(page)


def _within(card: EmulatedCard, address: int, bit: int) -> None:
    if address >= len(card.memory.cells) or bit > 7:
        raise UsageError(f"the memory has {len(card.memory.cells)} bytes, of bits 0 to 7; not {address}:{bit}")


def _answers(link: EmulatorLink | FaultyLink, commands: Sequence[bytes]) -> Iterator[Answer]:
    """Send commands one after the other; a card without power ends the run."""
    from yohaku_emulator.errors import PowerCut
    from yohaku_emulator.faults import LostError

    for number, command in enumerate(commands, 1):
        try:
            yield {"command": number, "response": link.transmit(command).hex(), "failure": None}
        except PowerCut:
            yield {"command": number, "response": None, "failure": "power cut"}
            return
        except LostError as error:
            yield {"command": number, "response": None, "failure": str(error)}


def _keep(path: str, card: EmulatedCard) -> None:
    from yohaku_emulator.link import ImageFile

    file = ImageFile(Path(path))
    try:
        file.write(card.to_image())
    finally:
        file.release()
    console.note(f"wrote {path}")
