"""The words of ISO/IEC 7816-4 as values: APDUs, status words, TLV; it sends and stores nothing."""

from yohaku.iso7816.apdu import ApduError, Command, Instruction, Response
from yohaku.iso7816.status import Status, describe

__all__ = ["ApduError", "Command", "Instruction", "Response", "Status", "describe"]
