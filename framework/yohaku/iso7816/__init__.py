"""The words of ISO/IEC 7816-4 as values: APDUs, status words, TLV, ATRs; it sends and stores nothing."""

from yohaku.iso7816.apdu import ApduError, Command, Instruction, Response
from yohaku.iso7816.atr import Atr, AtrError
from yohaku.iso7816.status import Status, describe
from yohaku.iso7816.tlv import Tlv, TlvError

__all__ = [
    "ApduError",
    "Atr",
    "AtrError",
    "Command",
    "Instruction",
    "Response",
    "Status",
    "Tlv",
    "TlvError",
    "describe",
]
