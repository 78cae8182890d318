"""Cards in PC/SC readers; the only package that knows pyscard, imported when a reader is first asked for."""

from yohaku.reader.errors import (
    CardResetError,
    NoCardInReaderError,
    ReaderBusyError,
    ReaderChoiceError,
    ReaderError,
    ReaderGoneError,
    ReaderSupportMissingError,
    ServiceError,
)
from yohaku.reader.link import ReaderLink, list_readers, open_link, pick

__all__ = [
    "CardResetError",
    "NoCardInReaderError",
    "ReaderBusyError",
    "ReaderChoiceError",
    "ReaderError",
    "ReaderGoneError",
    "ReaderLink",
    "ReaderSupportMissingError",
    "ServiceError",
    "list_readers",
    "open_link",
    "pick",
]
