"""What a card is to the layers above: a connection, commands that work, an applet's files as objects."""

from yohaku.card.card import Card, Selection, connect
from yohaku.card.connection import Connection, Link, open_link
from yohaku.card.errors import (
    AccessDeniedError,
    AppletMismatchError,
    AppletNotInstalledError,
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
    StatusError,
    TargetError,
)
from yohaku.card.fci import Fci
from yohaku.card.pipeline import Exchange, Traffic

__all__ = [
    "AccessDeniedError",
    "AppletMismatchError",
    "AppletNotInstalledError",
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
    "Selection",
    "StatusError",
    "TargetError",
    "Traffic",
    "connect",
    "open_link",
]
