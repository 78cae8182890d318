"""Status words: their numbers and what they mean in general (ISO/IEC 7816-4:2020 table 6 and 7)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Status(IntEnum):
    """The status words that yohaku sends or reacts to, by their names in the standards."""

    OK = 0x9000
    END_OF_FILE = 0x6282
    FILE_DEACTIVATED = 0x6283
    MORE_DATA = 0x6310
    NOT_VERIFIED = 0x6300
    IMPORT_MISSING = 0x6438
    MEMORY_FAILURE = 0x6581
    WRONG_LENGTH = 0x6700
    CHANNEL_UNSUPPORTED = 0x6881
    SECURE_MESSAGING_UNSUPPORTED = 0x6882
    LAST_OF_CHAIN_EXPECTED = 0x6883
    CHAINING_UNSUPPORTED = 0x6884
    INCOMPATIBLE_FILE = 0x6981
    SECURITY_STATUS = 0x6982
    BLOCKED = 0x6983
    REFERENCE_UNUSABLE = 0x6984
    CONDITIONS = 0x6985
    NO_CURRENT_FILE = 0x6986
    SELECT_FAILED = 0x6999
    WRONG_DATA = 0x6A80
    FUNCTION_UNSUPPORTED = 0x6A81
    FILE_NOT_FOUND = 0x6A82
    RECORD_NOT_FOUND = 0x6A83
    NO_SPACE = 0x6A84
    WRONG_P1P2 = 0x6A86
    LENGTH_AGAINST_P1P2 = 0x6A87
    REFERENCE_NOT_FOUND = 0x6A88
    EXISTS = 0x6A89
    WRONG_OFFSET = 0x6B00
    INSTRUCTION_UNKNOWN = 0x6D00
    CLASS_UNKNOWN = 0x6E00
    UNKNOWN = 0x6F00


_MEANINGS: Final = {
    0x9000: "done",
    0x6282: "the file or record ended before the asked length",
    0x6283: "the selected file or application is locked",
    0x6300: "verification failed",
    0x6310: "more data is available",
    0x6400: "the card could not execute the command; its memory is unchanged",
    0x6438: "a package that the load file imports is not on the card",
    0x6581: "the card's memory failed",
    0x6700: "wrong length",
    0x6881: "the card does not support that logical channel",
    0x6882: "the card does not support that kind of secure messaging",
    0x6883: "the last command of the chain was expected",
    0x6884: "the card does not support command chaining",
    0x6981: "the command does not suit this kind of file",
    0x6982: "a PIN or key must be presented first",
    0x6983: "the PIN or key is blocked",
    0x6984: "the PIN or key has no usable value",
    0x6985: "the conditions of use are not satisfied",
    0x6986: "no file is selected",
    0x6999: "the application refused its selection",
    0x6A80: "the command data is not acceptable",
    0x6A81: "the card does not support this function",
    0x6A82: "no such file or application",
    0x6A83: "no such record",
    0x6A84: "not enough memory on the card",
    0x6A85: "the length does not match the TLV structure",
    0x6A86: "P1 or P2 is not acceptable",
    0x6A87: "the length does not match P1 and P2",
    0x6A88: "no such data object, PIN or key",
    0x6A89: "a file or application of that name exists already",
    0x6B00: "the offset is outside the file",
    0x6D00: "the card does not know this instruction",
    0x6E00: "the card does not know this class byte",
    0x6F00: "the card reports a fault of its own",
}


def describe(status: int) -> str:
    """Say what a status word means in general, whatever it is: ``6A83 (no such record)``."""
    return f"{status:04X} ({_meaning(status)})"


def _meaning(status: int) -> str:
    if status & 0xFFF0 == 0x63C0:
        return f"wrong PIN or key, {status & 0xF} tries left"
    if status & 0xFF00 == 0x6100:
        return f"{(status & 0xFF) or 256} more bytes wait for GET RESPONSE"
    if status & 0xFF00 == 0x6C00:
        return f"wrong expected length, {(status & 0xFF) or 256} bytes are available"
    return _MEANINGS.get(status, "unknown status word")
