"""What goes wrong at a PC/SC reader, as typed errors: each code of the service becomes a sentence."""

from __future__ import annotations

from typing import Final

from yohaku.card.errors import LinkError, NoCardError


class ReaderError(LinkError):
    """The root of the errors of readers and of the PC/SC service."""


class ReaderSupportMissingError(ReaderError):
    """pyscard, which talks to PC/SC, is not installed."""


class ServiceError(ReaderError):
    """The PC/SC service does not run or does not answer."""


class ReaderChoiceError(ReaderError):
    """No reader, or more than one, has the asked name; the message lists those there are."""


class ReaderBusyError(ReaderError):
    """Another program holds the card."""


class ReaderGoneError(ReaderError):
    """The reader was unplugged."""


class CardResetError(ReaderError):
    """Another program reset the card: what was selected and verified is forgotten."""


class NoCardInReaderError(ReaderError, NoCardError):
    """The reader holds no card, or one that gives no answer."""


class WaitedTooLongError(NoCardInReaderError):
    """No card came within the time that was allowed."""


CODES: Final[dict[int, tuple[type[ReaderError], str]]] = {
    0x8010001D: (ServiceError, "the PC/SC service does not run; start it: systemctl start pcscd.socket"),
    0x8010001E: (ServiceError, "the PC/SC service has stopped; start it: systemctl start pcscd.socket"),
    0x8010006A: (
        ServiceError,
        "polkit keeps this user from the PC/SC service; log in locally, or ask for a rule",
    ),
    0x80100009: (ReaderGoneError, "there is no reader of this name; list them again"),
    0x80100017: (ReaderGoneError, "the reader was unplugged; plug it in and open it again"),
    0x8010002E: (ReaderGoneError, "no reader is connected; plug one in"),
    0x8010000B: (ReaderBusyError, "another program holds the card; end it, or wait until it is done"),
    0x8010000C: (NoCardInReaderError, "no card is in the reader; insert one"),
    0x80100066: (
        NoCardInReaderError,
        "the card gives no answer; turn it over, clean its contacts, insert it again",
    ),
    0x80100067: (NoCardInReaderError, "the card has no power; insert it again"),
    0x80100069: (NoCardInReaderError, "the card was taken away; insert it and open it again"),
    0x80100068: (CardResetError, "another program reset the card; open it again"),
    0x8010000F: (ReaderError, "the card and the reader share no protocol; try another reader"),
    0x8010000A: (ReaderError, "the card took too long; hold it still and open it again"),
    0x80100013: (ReaderError, "the link to the card broke; hold it still, or insert it and open it again"),
    0x8010002F: (ReaderError, "the link to the card broke; hold it still, or insert it and open it again"),
    0x80100016: (ReaderError, "the command did not reach the card; hold it still, or insert it and open it again"),
}
"""The service's return codes (PC/SC part 5; pcsclite.h), by number, so that the sentences need no pyscard."""


def error_for(code: int, doing: str) -> ReaderError:
    """Make the error for a return code; ``doing`` says what failed, as ``connecting to ACS ACR1252``."""
    number = code & 0xFFFFFFFF
    kind, sentence = CODES.get(number, (ReaderError, f"the PC/SC service answers {number:08X}"))
    return kind(f"{doing}: {sentence}")
