"""Which bytes of a command are secret: PINs, and keys on their way onto a card."""

from __future__ import annotations

from yohaku.iso7816 import ApduError, Command, Instruction

PIN_COMMANDS = frozenset(
    {
        Instruction.VERIFY,
        Instruction.CHANGE_REFERENCE_DATA,
        Instruction.RESET_RETRY_COUNTER,
        Instruction.DISABLE_VERIFICATION_REQUIREMENT,
        Instruction.ENABLE_VERIFICATION_REQUIREMENT,
        Instruction.VERIFY | 1,
        Instruction.CHANGE_REFERENCE_DATA | 1,
        Instruction.RESET_RETRY_COUNTER | 1,
        Instruction.DISABLE_VERIFICATION_REQUIREMENT | 1,
        Instruction.ENABLE_VERIFICATION_REQUIREMENT | 1,
    }
)
"""Commands whose data is a PIN; odd instructions carry it in data objects (ISO/IEC 7816-4:2020 11.6)."""
PROPRIETARY = 0x80
"""Class bit of GlobalPlatform commands."""
PUBLIC_GROUPS = frozenset({0x03, 0x04})
"""High bytes of the data groupings that hold contents of files (container version 1, Installation)."""


def secret_positions(command: bytes) -> range | frozenset[int]:
    """Give the positions of the bytes of a command APDU that must not be written down.

    What cannot be understood counts as secret wherever a key or a PIN could be.
    """
    if len(command) < 5 or not _may_hold_secrets(command):
        return range(0)
    try:
        parts = Command.from_bytes(command)
    except ApduError:
        return range(5, len(command))
    start = 7 if command[4] == 0 and len(command) > 5 else 5
    if command[1] == Instruction.STORE_DATA:
        return frozenset(start + at for at in _secret_groups(parts.data))
    return range(start, start + len(parts.data))


def _may_hold_secrets(command: bytes) -> bool:
    if command[0] & PROPRIETARY:
        return command[1] in {Instruction.STORE_DATA, Instruction.PUT_KEY}
    return command[1] in PIN_COMMANDS


def groups(data: bytes) -> list[tuple[int, int, int]]:
    """Give tag, start and end of each data grouping; what follows the last whole one is left out."""
    found, at = [], 0
    while at + 3 <= len(data):
        tag, size, start = int.from_bytes(data[at : at + 2], "big"), data[at + 2], at + 3
        if size == 0xFF:
            size, start = int.from_bytes(data[at + 3 : at + 5], "big"), at + 5
        if start + size > len(data):
            break
        found.append((tag, start, start + size))
        at = start + size
    return found


def _secret_groups(data: bytes) -> set[int]:
    """Give every position but those of contents of files and of the heads of groupings."""
    secret, at = set(range(len(data))), 0
    for tag, start, end in groups(data):
        secret -= set(range(at, start))
        if tag >> 8 in PUBLIC_GROUPS:
            secret -= set(range(start, end))
        at = end
    return secret
