"""Cards in PC/SC readers; the only package that knows pyscard, imported when a reader is first asked for."""

from yohaku.reader.choice import pick
from yohaku.reader.errors import (
    CardResetError,
    NoCardInReaderError,
    ReaderBusyError,
    ReaderChoiceError,
    ReaderError,
    ReaderGoneError,
    ReaderSupportMissingError,
    ServiceError,
    WaitedTooLongError,
)
from yohaku.reader.link import ReaderLink, list_readers, open_link, reader_states
from yohaku.reader.service import ReaderState
from yohaku.reader.waiting import Waiting, wait_for_card

__all__ = [
    "CardResetError",
    "NoCardInReaderError",
    "ReaderBusyError",
    "ReaderChoiceError",
    "ReaderError",
    "ReaderGoneError",
    "ReaderLink",
    "ReaderState",
    "ReaderSupportMissingError",
    "ServiceError",
    "WaitedTooLongError",
    "Waiting",
    "list_readers",
    "open_link",
    "pick",
    "reader_states",
    "wait_for_card",
]
