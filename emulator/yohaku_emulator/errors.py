"""What can go wrong in and around an emulated card; status words travel inside the card as StatusError."""

from __future__ import annotations

from yohaku.errors import YohakuError


class PowerCut(YohakuError):  # noqa: N818 - an event on the card, not an error of the program
    """The card has no power: it was cut in the middle of a write, or the card is off; ``power_on`` starts it again."""


class MemoryFault(YohakuError):  # noqa: N818 - an event on the card, answered with status word 6581
    """A page of the memory does not match its checksum, or can no longer be written."""


class CommitOverflow(MemoryFault):
    """A transaction touches more pages than the commit buffer holds; nothing of it was written."""


class ImageError(YohakuError):
    """An image file is not a usable card; the file was left untouched."""


class LinkError(YohakuError):
    """A card URL cannot be opened as asked."""


class StatusError(YohakuError):
    """A command ends with this status word; it never leaves the card.

    Attributes:
        status: SW1 in the high byte, SW2 in the low byte.
    """

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)

    def __str__(self) -> str:
        return f"status word {self.status:04X}"
