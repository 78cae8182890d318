"""A digest over what an instance holds, which the last block of a load may name: ``specs/container.md`` chapter 3.

On a Java Card it is one MessageDigest that is fed from the arrays; values of PINs and keys stay out of it.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from yohaku.iso7816 import Status
from yohaku_emulator.container.descriptor import CYCLIC, FILES, LINEAR, TRANSPARENT, pins_and_keys
from yohaku_emulator.errors import StatusError

if TYPE_CHECKING:
    from yohaku_emulator.container.table import Table

SIZE: Final = 8
"""Bytes of the digest that travel."""
_SET: Final = 2
"""Offset in the array of a PIN or key of what is not zero once it has a value."""


def check_digest(table: Table, descriptor: bytes, number: int, expected: bytes) -> None:
    """Compare what the instance holds with a digest, inside the open transaction.

    Raises:
        StatusError: 6A88 another number than 00, 6A80 not 8 bytes, 6581 the instance holds something else.
    """
    if number:
        raise StatusError(Status.REFERENCE_NOT_FOUND)
    if len(expected) != SIZE:
        raise StatusError(Status.WRONG_DATA)
    if _digest(table, descriptor) != expected:
        raise StatusError(Status.MEMORY_FAILURE)


def _digest(table: Table, descriptor: bytes) -> bytes:
    credentials = sum(pins_and_keys(descriptor))
    digest = sha256(descriptor)
    for index in range(credentials):
        digest.update(b"\x01" if table.array(index)[_SET] else b"\x00")
    for index in range(credentials, credentials + descriptor[FILES]):
        for part in _contents(table, descriptor, index):
            digest.update(part)
    return digest.digest()[:SIZE]


def _contents(table: Table, descriptor: bytes, index: int) -> list[bytes]:
    """Give the bytes of a transparent file, or the count of records in use and these, the oldest first.

    A file of another kind gives none: the card draws the number of a purse, and a load puts no money in.
    """
    part, body = table.part(index), table.array(index)
    if descriptor[part] == TRANSPARENT:
        return [body.read()]
    if descriptor[part] not in {LINEAR, CYCLIC}:
        return []
    size, records = descriptor[part + 2], descriptor[part + 3]
    used, newest = table.fill(descriptor, index)
    oldest = (newest + 1 + records - used) % records if descriptor[part] == CYCLIC else 0
    slots = ((oldest + age) % records for age in range(used))
    return [bytes((used,)), *(body.read(slot * size, size) for slot in slots)]
