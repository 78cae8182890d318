"""What can go wrong between a program and a card, as typed errors that say what, where and what to do.

No error here holds or shows a PIN or a key.
"""

from __future__ import annotations

from yohaku.errors import YohakuError
from yohaku.iso7816 import describe


class CardError(YohakuError):
    """The root of the errors of a card and of the link to it."""


class LinkError(CardError):
    """The link to the card is unusable: the reader, its driver or an image file."""


class NoCardError(LinkError):
    """No card answers on the link: none is in the reader, or it was taken away."""


class TargetError(CardError):
    """A card URL has no scheme, such as ``emulator:`` or ``pcsc:NAME``."""


class ProtocolError(CardError):
    """The card answered bytes that the standards do not allow."""


class StatusError(CardError):
    """The card refused a command.

    Attributes:
        status: the status word.
        action: what was being done, such as ``reading loans``.
    """

    def __init__(self, action: str, status: int, advice: str = "") -> None:
        self.action, self.status, self.advice = action, status, advice
        super().__init__(action, status, advice)

    def __str__(self) -> str:
        return f"{self.action}: {describe(self.status)}{'; ' if self.advice else ''}{self.advice}"


class AppletNotInstalledError(CardError):
    """No applet of the asked AID is on the card, or it cannot be selected."""


class AppletMismatchError(CardError):
    """The applet on the card was loaded from another declaration than the one at hand."""


class AppletNotReadyError(CardError):
    """An applet is on the card, but the load that should have made it ready was cut short."""


class NotSelectedError(CardError):
    """A bound applet was used after the card left it: another was selected, or the card was reset."""


class AccessDeniedError(CardError):
    """The card wants a PIN or a key first; the message names those that would do."""


class SecretError(CardError):
    """Values of PINs or keys are missing, or may not be used on this card."""


class PinFormatError(CardError):
    """A PIN or key is too short, too long, or has characters outside its alphabet; nothing was sent."""


class PinWrongError(CardError):
    """The card compared a PIN and refused it.

    Attributes:
        tries_left: tries before it is blocked.
    """

    def __init__(self, name: str, tries_left: int) -> None:
        self.name, self.tries_left = name, tries_left
        super().__init__(name, tries_left)

    def __str__(self) -> str:
        tries = "1 try is" if self.tries_left == 1 else f"{self.tries_left} tries are"
        return f"{self.name}: wrong PIN; {tries} left before it is blocked"


class KeyWrongError(CardError):
    """The card refused a proof made with a key, or the card's own proof does not fit the key."""


class PinBlockedError(CardError):
    """A PIN or key has no tries left."""


class LastTryError(CardError):
    """One try is left and nobody allowed to spend it; nothing was sent."""


class AmountError(CardError):
    """An amount is none that a purse books, or its reference has another length; nothing was sent."""


class BalanceError(CardError):
    """A purse's balance does not allow a booking; nothing was booked."""


class FileError(CardError):
    """A file on the card cannot be used as it was asked.

    Attributes:
        status: the status word with which the card refused; None when it was not asked.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        self.status = status
        super().__init__(message if status is None else f"{message} ({status:04X})")


class EmptyFileError(FileError):
    """A file holds only zero bytes, which are no record: it was never written."""


class NoRecordError(FileError):
    """A record number is not in use."""


class FileFullError(FileError):
    """A linear file has no free record left."""
