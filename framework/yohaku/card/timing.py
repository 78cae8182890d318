"""How long commands take on a link: an estimate from block formats, turnarounds and the card's own work.

It is arithmetic over published formats and stated assumptions; nothing was measured on a real card.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CARRIER: Final = 13_560_000
"""Frequency of a contactless reader's field in Hz (ISO/IEC 14443-2:2020 6)."""


@dataclass(frozen=True, slots=True)
class LinkModel:
    """A kind of link.

    Attributes:
        name: how commands call it, such as ``contact-9600``.
        title: what people call it.
        character_us: microseconds that one byte takes.
        block_data: most bytes of an APDU in one block.
        block_bytes: bytes of a block besides those.
        block_us: microseconds of a block besides its bytes.
        turn_us: microseconds from the end of a block to the start of the answer.
    """

    name: str
    title: str
    character_us: float
    block_data: int
    block_bytes: int
    block_us: float
    turn_us: float

    def microseconds(self, command: int, response: int) -> float:
        """Give the time of one exchange of so many bytes; every block but the last of a chain is acknowledged."""
        there, back = self._blocks(command), self._blocks(response)
        acknowledgements = there - 1 + back - 1
        blocks = there + back + acknowledgements
        characters = command + response + blocks * self.block_bytes
        return characters * self.character_us + blocks * (self.block_us + self.turn_us)

    def floor(self, command: int, response: int) -> float:
        """Give the time that the bytes of the APDUs alone take, in microseconds: no link of this speed is faster."""
        return (command + response) * self.character_us

    def _blocks(self, size: int) -> int:
        return max(-(-size // self.block_data), 1)


def _contact(baud: int) -> LinkModel:
    """T=1: 12 etu a character (no extra guard time), NAD PCB LEN LRC, IFS 254, BGT 22 etu (ISO/IEC 7816-3:2006 11)."""
    etu = 1_000_000 / baud
    return LinkModel(f"contact-{baud}", f"contact T=1, {baud:,} baud", 12 * etu, 254, 4, 0.0, 22 * etu)


def _contactless(divisor: int, rate: int) -> LinkModel:
    """Type B: 10 etu a character, SOF 12 and EOF 10 etu, PCB and CRC, FSC 256; a card waits TR0 + TR1 of 64 + 80 / fs.

    ISO/IEC 14443-3:2018 7.1 and 14443-4:2018 7.1; fs is a sixteenth of the carrier.
    """
    etu = divisor * 1_000_000 / CARRIER
    turn = (64 + 80) * 16 * 1_000_000 / CARRIER
    return LinkModel(f"type-b-{rate}", f"ISO 14443-B, {rate} kbit/s", 10 * etu, 253, 3, 22 * etu, turn)


LINK_MODELS: Final[Mapping[str, LinkModel]] = {
    model.name: model
    for model in (
        *map(_contact, (9_600, 38_400, 115_200)),
        _contactless(128, 106),
        _contactless(64, 212),
        _contactless(32, 424),
        _contactless(16, 848),
    )
}
"""The links that estimates are made for, by name."""


@dataclass(frozen=True, slots=True)
class CardTimes:
    """What a card's own work takes; the defaults are assumptions, no figures of a product.

    Attributes:
        command_us: microseconds for any command.
        page_us: microseconds for each page of non-volatile memory that is written.
        page: bytes in a page.
        block: most bytes of an APDU in one block that the card takes, whatever the link allows.
    """

    command_us: float = 2_000.0
    page_us: float = 3_000.0
    page: int = 128
    block: int = 254


@dataclass(frozen=True, slots=True)
class PlannedCommand:
    """One command of an operation.

    Attributes:
        command: bytes of the command APDU.
        response: bytes of the response APDU.
        pages: pages of non-volatile memory that the card writes for it.
    """

    command: int
    response: int
    pages: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long an operation takes on one link, in milliseconds.

    Attributes:
        link: the link.
        link_ms: time on the link.
        card_ms: time of the card's own work.
        floor_ms: what the bytes alone take on this link.
    """

    link: LinkModel
    link_ms: float
    card_ms: float
    floor_ms: float

    @property
    def total_ms(self) -> float:
        """Link and card together."""
        return self.link_ms + self.card_ms


def estimate(commands: Iterable[PlannedCommand], link: LinkModel, times: CardTimes | None = None) -> Estimate:
    """Estimate how long commands take."""
    known, steps = times or CardTimes(), list(commands)
    narrowed = replace(link, block_data=min(link.block_data, known.block))
    on_link = sum(narrowed.microseconds(step.command, step.response) for step in steps)
    floor = sum(link.floor(step.command, step.response) for step in steps)
    work = sum(known.command_us + step.pages * known.page_us for step in steps)
    return Estimate(link, on_link / 1000, work / 1000, floor / 1000)
