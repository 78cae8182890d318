"""What the commands of content management mean, in words (GlobalPlatform Card Specification 2.3.1, chapter 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yohaku.card.traces.mask import groups
from yohaku.iso7816 import Instruction

if TYPE_CHECKING:
    from yohaku.iso7816 import Command

_STEPS: Final = {
    0x20: "for personalization",
    0x02: "for load",
    0x04: "for install",
    0x08: "for make selectable",
    0x0C: "for install and make selectable",
    0x10: "for extradition",
    0x40: "for registry update",
}
"""P1 of INSTALL (table 11-42)."""
_KINDS: Final = {0x80: "the issuer's domain", 0x40: "applications", 0x20: "load files", 0x10: "load files and modules"}
"""P1 of GET STATUS (table 11-31)."""
_GROUPS: Final = {0x01: "value of PIN", 0x02: "value of key", 0x03: "content of file", 0x04: "record of file"}
"""High byte of the container's data groupings."""
_DIGEST: Final = 0x0600
"""The data grouping that ends a load."""
SECURED: Final = 0x04
"""Class bit of a command with a MAC of the secure channel."""


def meaning(command: Command) -> str:
    """Say what a command of class 80 or 84 does."""
    text = _unsecured(command)
    return f"{text}, in the secure channel" if command.cla & SECURED and command.ins != _OPEN else text


_OPEN: Final = Instruction.EXTERNAL_AUTHENTICATE


def _unsecured(command: Command) -> str:
    if command.ins == Instruction.INSTALL:
        return f"INSTALL {_STEPS.get(command.p1, f'P1 {command.p1:02X}')}"
    if command.ins == Instruction.STORE_DATA:
        return f"STORE DATA block {command.p2}{', the last' if command.p1 & 0x80 else ''}: {_stored(command)}"
    if command.ins == Instruction.GET_STATUS:
        return f"GET STATUS of {_KINDS.get(command.p1, f'P1 {command.p1:02X}')}"
    if command.ins == Instruction.GET_DATA:
        return f"GET DATA {command.p1:02X}{command.p2:02X}"
    if command.ins == Instruction.LOAD:
        return f"LOAD block {command.p2}, {len(command.data)} bytes"
    return _NAMES.get(command.ins, f"instruction {command.ins:02X} of class {command.cla:02X}")


_NAMES: Final[dict[int, str]] = {
    Instruction.INITIALIZE_UPDATE: "INITIALIZE UPDATE: open a secure channel",
    Instruction.EXTERNAL_AUTHENTICATE: "EXTERNAL AUTHENTICATE: the secure channel is open",
    Instruction.PUT_KEY: "PUT KEY",
    Instruction.DELETE: "DELETE",
    Instruction.SET_STATUS: "SET STATUS",
    Instruction.GET_RESPONSE: "GET RESPONSE",
}


def _stored(command: Command) -> str:
    """Name the data groupings; in a secure channel they may be encrypted."""
    told = [_grouping(tag) for tag, _, _ in ([] if command.cla & SECURED else groups(command.data))]
    return ", ".join(told) or f"{len(command.data)} bytes"


def _grouping(tag: int) -> str:
    if tag == _DIGEST:
        return "digest of what the applet holds"
    return f"{_GROUPS[tag >> 8]} {tag & 0xFF}" if tag >> 8 in _GROUPS else f"data grouping {tag:04X}"
