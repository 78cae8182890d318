"""What a card is to the layers above: a connection, commands that work, an applet's files as objects."""

from yohaku.card.card import Card, Selection, connect
from yohaku.card.connection import Connection, Link, open_link
from yohaku.card.errors import (
    AccessDeniedError,
    AmountError,
    AppletMismatchError,
    AppletNotInstalledError,
    AppletNotReadyError,
    BalanceError,
    CardError,
    EmptyFileError,
    FileError,
    FileFullError,
    KeyWrongError,
    LastTryError,
    LinkError,
    NoCardError,
    NoRecordError,
    NotSelectedError,
    PinBlockedError,
    PinFormatError,
    PinWrongError,
    ProtocolError,
    SecretError,
    StatusError,
    TargetError,
)
from yohaku.card.fci import Fci
from yohaku.card.pipeline import Exchange, Traffic
from yohaku.card.purses import PurseState
from yohaku.card.secrets import Secrets
from yohaku.card.session import AppletSession

__all__ = [
    "AccessDeniedError",
    "AmountError",
    "AppletMismatchError",
    "AppletNotInstalledError",
    "AppletNotReadyError",
    "AppletSession",
    "BalanceError",
    "Card",
    "CardError",
    "Connection",
    "EmptyFileError",
    "Exchange",
    "Fci",
    "FileError",
    "FileFullError",
    "KeyWrongError",
    "LastTryError",
    "Link",
    "LinkError",
    "NoCardError",
    "NoRecordError",
    "NotSelectedError",
    "PinBlockedError",
    "PinFormatError",
    "PinWrongError",
    "ProtocolError",
    "PurseState",
    "SecretError",
    "Secrets",
    "Selection",
    "StatusError",
    "TargetError",
    "Traffic",
    "connect",
    "open_link",
]
