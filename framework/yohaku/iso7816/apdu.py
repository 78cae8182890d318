"""Command and response APDUs as bytes and as objects; it knows their form, not what any instruction means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from yohaku.errors import YohakuError

SHORT_DATA = 255
"""Most data bytes in a short command APDU (ISO/IEC 7816-3:2006 12.1.3)."""
SHORT_EXPECTED = 256
"""Most response data bytes that a short command APDU can ask for."""


class ApduError(YohakuError):
    """Bytes are not an APDU, or an APDU cannot be written in the asked form."""


class Instruction(IntEnum):
    """Instruction bytes that the container and the security domains understand."""

    ERASE_BINARY = 0x0E
    ERASE_BINARY_ODD = 0x0F
    VERIFY = 0x20
    CHANGE_REFERENCE_DATA = 0x24
    DISABLE_VERIFICATION_REQUIREMENT = 0x26
    ENABLE_VERIFICATION_REQUIREMENT = 0x28
    RESET_RETRY_COUNTER = 0x2C
    MANAGE_CHANNEL = 0x70
    EXTERNAL_AUTHENTICATE = 0x82
    GET_CHALLENGE = 0x84
    INTERNAL_AUTHENTICATE = 0x88
    SEARCH_RECORD = 0xA2
    SELECT = 0xA4
    READ_BINARY = 0xB0
    READ_BINARY_ODD = 0xB1
    READ_RECORD = 0xB2
    GET_RESPONSE = 0xC0
    GET_DATA = 0xCA
    UPDATE_BINARY = 0xD6
    UPDATE_BINARY_ODD = 0xD7
    UPDATE_RECORD = 0xDC
    APPEND_RECORD = 0xE2
    # Container version 1.1, chapter 8 (class byte 80)
    CREDIT = 0x52
    DEBIT = 0x54
    READ_RECEIPTS = 0x58
    READ_PURSE = 0x5C
    # GlobalPlatform Card Specification 2.3.1, chapter 11 (class byte 80)
    INITIALIZE_UPDATE = 0x50
    PUT_KEY = 0xD8
    STORE_DATA = 0xE2
    DELETE = 0xE4
    INSTALL = 0xE6
    LOAD = 0xE8
    SET_STATUS = 0xF0
    GET_STATUS = 0xF2


@dataclass(frozen=True, slots=True)
class Command:
    """A command APDU (ISO/IEC 7816-4:2020 5.2).

    Attributes:
        cla: class byte.
        ins: instruction byte.
        p1: first parameter byte.
        p2: second parameter byte.
        data: command data, at most 255 bytes in short form, 65,535 in extended form.
        expected: most response data bytes wanted (Ne), 0 for none; 256 is written as Le 00.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    expected: int = 0

    def to_bytes(self, *, extended: bool = False) -> bytes:
        """Write the command in short form, or in extended form when asked for.

        Raises:
            ApduError: the data or the expected length does not fit the form.
        """
        most_data, most_expected = (0xFFFF, 0x10000) if extended else (SHORT_DATA, SHORT_EXPECTED)
        if len(self.data) > most_data or self.expected > most_expected:
            raise ApduError(
                f"a {'extended' if extended else 'short'} APDU takes {most_data} bytes of data and asks for "
                f"{most_expected}; this one has {len(self.data)} and asks for {self.expected}"
            )
        header = bytes((self.cla, self.ins, self.p1, self.p2))
        if extended:
            return header + self._extended_body()
        body = bytes((len(self.data),)) + self.data if self.data else b""
        return header + body + (bytes((self.expected & 0xFF,)) if self.expected else b"")

    def _extended_body(self) -> bytes:
        body = b"\x00" + len(self.data).to_bytes(2, "big") + self.data if self.data else b""
        if not self.expected:
            return body
        return body + (b"" if body else b"\x00") + (self.expected & 0xFFFF).to_bytes(2, "big")

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Read a command in any of the seven forms (ISO/IEC 7816-3:2006 12.1.3).

        Raises:
            ApduError: ``raw`` is shorter than a header, or its length bytes contradict its length.
        """
        if len(raw) < 4:
            raise ApduError(f"a command APDU has at least 4 bytes, this has {len(raw)}")
        data, expected = _read_body(raw[4:])
        return cls(raw[0], raw[1], raw[2], raw[3], data, expected)


def _read_body(body: bytes) -> tuple[bytes, int]:
    if not body:
        return b"", 0
    if len(body) == 1:
        return b"", body[0] or SHORT_EXPECTED
    return _read_short(body) if body[0] else _read_extended(body)


def _read_short(body: bytes) -> tuple[bytes, int]:
    size, rest = body[0], body[1:]
    if len(rest) == size:
        return rest, 0
    if len(rest) == size + 1:
        return rest[:size], rest[size] or SHORT_EXPECTED
    raise ApduError(f"Lc says {size} bytes of data, {len(rest)} bytes follow it")


def _read_extended(body: bytes) -> tuple[bytes, int]:
    if len(body) == 2:
        raise ApduError("Lc is zero: a short APDU without data has no Lc")
    size = int.from_bytes(body[1:3], "big")
    if len(body) == 3:
        return b"", size or 0x10000
    data, rest = body[3 : 3 + size], body[3 + size :]
    if size and len(data) == size and not rest:
        return data, 0
    if size and len(data) == size and len(rest) == 2:
        return data, int.from_bytes(rest, "big") or 0x10000
    raise ApduError(f"extended Lc says {size} bytes of data, {len(body) - 3} bytes follow it")


@dataclass(frozen=True, slots=True)
class Response:
    """A response APDU: data and the status word, SW1 in the high byte (ISO/IEC 7816-4:2020 5.2)."""

    data: bytes
    status: int

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Split ``raw`` into data and status word.

        Raises:
            ApduError: ``raw`` has fewer than two bytes.
        """
        if len(raw) < 2:
            raise ApduError(f"a response APDU has at least 2 bytes, this has {len(raw)}")
        return cls(raw[:-2], int.from_bytes(raw[-2:], "big"))

    def to_bytes(self) -> bytes:
        """Write data, then SW1 and SW2."""
        return self.data + self.status.to_bytes(2, "big")
