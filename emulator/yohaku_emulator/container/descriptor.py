"""The descriptor of an instance: is it well formed, and where do its parts stand; ``specs/container.md`` chapter 2.

Written as a Java Card would have it: one pass over a byte array, offsets in shorts, no recursion.
"""

from __future__ import annotations

from typing import Final

from yohaku.iso7816 import Status
from yohaku_emulator.errors import StatusError

FORMAT: Final = 1
LONGEST: Final = 200
VERSION: Final = 1
"""Offset of the applet version, 2 bytes."""
CREDENTIALS: Final = 3
"""Offset of the counts of PINs (high nibble) and keys (low nibble)."""
FILES: Final = 4
"""Offset of the count of files."""
FIRST_PART: Final = 5
"""Offset of the first PIN, key or file."""

TRANSPARENT: Final = 1
LINEAR: Final = 2
CYCLIC: Final = 3
PURSE: Final = 4

PIN_RULE: Final = 4
"""Offset of the reset rule in a PIN's part: tries, shortest, longest and alphabet stand before it."""
KEY_PART: Final = 2
"""Bytes of a key's part: algorithm, tries."""
FILE_RULES: Final = 4
"""Offset of the rules in a file's part: kind, SFI and two bytes of size stand before them."""
PURSE_KEY: Final = 2
"""Offset of the number of the key that makes receipts in a purse's part, and behind it the entries of its log."""
PURSE_MOST: Final = 4
"""Offset of the highest balance in a purse's part, of one credit and of one debit, 4 bytes each."""
PURSE_RULES: Final = 16
"""Offset of the rules in a purse's part: read, log, credit, debit."""
PURSE_HEAD: Final = 16
"""Bytes of a purse before its log: number (8), sequence number (4), balance (4)."""
PURSE_ENTRY: Final = 17
"""Bytes of a log entry: kind (1), amount (4), balance afterwards (4), reference (8)."""

PIN_ALPHABET: Final = 3
"""Offset of the alphabet in a PIN's part."""
CAN_DISABLE: Final = 0x80
"""Bit of the alphabet byte: the PIN's verification requirement can be disabled."""

LONGEST_PIN: Final = 16
_MOST_PINS, _MOST_KEYS, _MOST_CREDENTIALS, _MOST_FILES, _MOST_MASKS = 7, 8, 15, 30, 7
_KEY_SIZES: Final = (0, 16, 24, 32)
_ZERO, _LARGEST = b"\0\0\0\0", b"\x7f\xff\xff\xff"


def allows(descriptor: bytes, rule: int, state: int) -> bool:
    """Say whether the rule at offset ``rule`` holds for the verified and authenticated credentials ``state``."""
    at = rule + 1
    end = at + 2 * descriptor[rule]
    while at < end:
        mask = descriptor[at] << 8 | descriptor[at + 1]
        if state & mask == mask:
            return True
        at += 2
    return False


def after_rule(descriptor: bytes, rule: int) -> int:
    """Return the offset of what follows the rule at offset ``rule``."""
    return rule + 1 + 2 * descriptor[rule]


def pins_and_keys(descriptor: bytes) -> tuple[int, int]:
    """Return how many PINs and how many keys the descriptor has."""
    return descriptor[CREDENTIALS] >> 4, descriptor[CREDENTIALS] & 0x0F


def key_size(algorithm: int) -> int:
    """Return how many bytes a key of that algorithm has."""
    return _KEY_SIZES[algorithm]


def body_size(descriptor: bytes, part: int) -> int:
    """Return how many bytes the contents of the file at offset ``part`` take."""
    first, second = descriptor[part + 2], descriptor[part + 3]
    if descriptor[part] == PURSE:
        return PURSE_HEAD + second * PURSE_ENTRY
    return first << 8 | second if descriptor[part] == TRANSPARENT else first * second


def parts(descriptor: bytes) -> bytes:
    """Check a descriptor and return the offset of each PIN, then of each key, then of each file.

    Raises:
        StatusError: 6A80, the descriptor is malformed.
    """
    try:
        return _walk(descriptor)
    except (IndexError, ValueError):
        raise StatusError(Status.WRONG_DATA) from None


def _walk(descriptor: bytes) -> bytes:
    _require(len(descriptor) <= LONGEST and descriptor[0] == FORMAT)
    pins, keys = pins_and_keys(descriptor)
    files = descriptor[FILES]
    _require(pins <= _MOST_PINS and keys <= _MOST_KEYS and pins + keys <= _MOST_CREDENTIALS)
    _require(1 <= files <= _MOST_FILES)
    foreign = 0xFFFF & -(1 << (pins + keys))
    found = bytearray(pins + keys + files)
    at = FIRST_PART
    for index in range(len(found)):
        found[index] = at
        if index < pins:
            at = _pin(descriptor, at, foreign)
        elif index < pins + keys:
            at = _key(descriptor, at)
        else:
            at = _file(descriptor, at, foreign, keys)
    _require(at == len(descriptor))
    _different_files(descriptor, found[pins + keys :])
    return bytes(found)


def _pin(descriptor: bytes, at: int, foreign: int) -> int:
    tries, shortest, longest, alphabet = descriptor[at : at + PIN_RULE]
    _require(1 <= tries <= 15 and 1 <= shortest <= longest <= LONGEST_PIN and alphabet & ~CAN_DISABLE <= 2)
    return _rule(descriptor, at + PIN_RULE, foreign)


def _key(descriptor: bytes, at: int) -> int:
    _require(1 <= descriptor[at] <= 3 and descriptor[at + 1] <= 15)
    return at + KEY_PART


def _file(descriptor: bytes, at: int, foreign: int, keys: int) -> int:
    kind, sfi, first, second = descriptor[at], descriptor[at + 1], descriptor[at + 2], descriptor[at + 3]
    _require(TRANSPARENT <= kind <= PURSE and 1 <= sfi <= 30)
    if kind == PURSE:
        _require(1 <= first <= keys and 1 <= second <= 254)
        return _purse(descriptor, at, foreign)
    if kind == TRANSPARENT:
        _require(1 <= (first << 8 | second) <= 32767)
    else:
        _require(first >= 1 and 1 <= second <= 254)
    at = _rule(descriptor, at + FILE_RULES, foreign)
    at = _rule(descriptor, at, foreign)
    return at if kind == TRANSPARENT else _rule(descriptor, at, foreign)


def _purse(descriptor: bytes, at: int, foreign: int) -> int:
    """Check limits and rules; numbers of 4 bytes compare like their bytes."""
    most, credit, debit = (descriptor[at + place : at + place + 4] for place in range(PURSE_MOST, PURSE_RULES, 4))
    _require(most <= _LARGEST and _ZERO < credit <= most and _ZERO < debit <= most)
    at += PURSE_RULES
    for _ in range(4):
        at = _rule(descriptor, at, foreign)
    return at


def _rule(descriptor: bytes, at: int, foreign: int) -> int:
    """Check a rule whose masks may name no credential of ``foreign``; return the offset after it."""
    _require(descriptor[at] <= _MOST_MASKS)
    end = after_rule(descriptor, at)
    for mask in range(at + 1, end, 2):
        _require(not (descriptor[mask] << 8 | descriptor[mask + 1]) & foreign)
    return end


def _different_files(descriptor: bytes, files: bytearray) -> None:
    seen = bytearray(31)
    for part in files:
        _require(not seen[descriptor[part + 1]])
        seen[descriptor[part + 1]] = 1


def _require(condition: bool) -> None:  # noqa: FBT001 - reads as the assertion it is
    if not condition:
        raise StatusError(Status.WRONG_DATA)


def acceptable(descriptor: bytes, part: int, value: bytes) -> bool:
    """Say whether ``value`` fits the length and the alphabet of the PIN at offset ``part``."""
    _, shortest, longest, alphabet = descriptor[part : part + PIN_RULE]
    if not shortest <= len(value) <= longest:
        return False
    low, high = ((0, 255), (0x30, 0x39), (0x20, 0x7E))[alphabet & ~CAN_DISABLE]
    return all(low <= byte <= high for byte in value)
