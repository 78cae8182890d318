"""PINs, keys and what was proved in this session: the credentials of a container instance."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from yohaku.iso7816 import Status
from yohaku_emulator.container.descriptor import (
    CAN_DISABLE,
    PIN_ALPHABET,
    PIN_RULE,
    acceptable,
    allows,
    key_size,
    pins_and_keys,
)
from yohaku_emulator.container.table import KEY_VALUE
from yohaku_emulator.crypto import aes_cmac
from yohaku_emulator.errors import StatusError
from yohaku_emulator.runtime import OwnerPin

if TYPE_CHECKING:
    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.container.table import Table
    from yohaku_emulator.runtime import Context, PersistentArray

CHALLENGE: Final = 16
"""Bytes of a challenge that EXTERNAL AUTHENTICATE can answer."""
_LEFT, _SET = 1, 2
_EXTERNAL, _INTERNAL, _HOST_PROVES, _CARD_PROVES = b"\x82", b"\x88", b"\x83", b"\x89"
"""First byte of what a cryptogram is made of: none can be taken for one of another command or direction."""
_TRIES_LEFT: Final = 0x63C0
"""Status word with the tries left in its last digit (ISO/IEC 7816-4:2020 table 6)."""


class Credentials:
    """The PINs and keys of an instance, and the session's security state.

    The state is one short: bit i says that credential i (PINs first, then keys) was proved since selection.
    """

    __slots__ = ("_challenge", "_context", "_state", "_table")

    def __init__(self, context: Context, table: Table) -> None:
        self._context, self._table = context, table
        self._state = context.transient(2)
        self._challenge = context.transient(1 + CHALLENGE)

    @property
    def state(self) -> int:
        """The credentials proved in this session, as a mask."""
        return self._state[0] << 8 | self._state[1]

    def permits(self, descriptor: bytes, rule: int) -> bool:
        """Say whether the rule at offset ``rule`` holds: by what was proved, with PINs that need not be verified."""
        return allows(descriptor, rule, self.state) or allows(descriptor, rule, self.state | self._disabled(descriptor))

    def _disabled(self, descriptor: bytes) -> int:
        """Give the PINs with a value that need not be verified, as a mask."""
        pins = range(pins_and_keys(descriptor)[0])
        return sum(1 << index for index in pins if not OwnerPin(self._table.array(index)).required)

    def _prove(self, index: int, *, proved: bool) -> None:
        state = self.state | 1 << index if proved else self.state & ~(1 << index)
        self._state[0], self._state[1] = state >> 8, state & 0xFF

    def _pin(self, apdu: Apdu, descriptor: bytes) -> tuple[int, OwnerPin]:
        """Return index and PIN object that P2 names; 6A86, 6A88 or, without a value, 6984."""
        index = _reference(apdu, pins_and_keys(descriptor)[0])
        pin = OwnerPin(self._table.array(index))
        if not pin.length:
            raise StatusError(Status.REFERENCE_UNUSABLE)
        return index, pin

    def verify(self, apdu: Apdu) -> bytes:
        """VERIFY (ISO/IEC 7816-4:2020 11.6.6); without data it tells the tries left, or 9000 for none needed, free."""
        if apdu.p1:
            raise StatusError(Status.WRONG_P1P2)
        descriptor = self._table.descriptor.read()
        index, pin = self._pin(apdu, descriptor)
        if not apdu.data:
            if not pin.required:
                return b""
            raise StatusError(_TRIES_LEFT | pin.tries_left)
        self._present(apdu, descriptor, index, pin)
        return b""

    def require(self, apdu: Apdu, *, needed: bool) -> bytes:
        """ENABLE and DISABLE VERIFICATION REQUIREMENT (ISO/IEC 7816-4:2020 11.6.8, 11.6.9), with the PIN's value.

        Without data it tells the tries left and costs nothing, as VERIFY does while the PIN is required.
        """
        if apdu.p1:
            raise StatusError(Status.WRONG_P1P2)
        descriptor = self._table.descriptor.read()
        index, pin = self._pin(apdu, descriptor)
        if not descriptor[self._table.part(index) + PIN_ALPHABET] & CAN_DISABLE:
            raise StatusError(Status.CONDITIONS)
        if not apdu.data:
            raise StatusError(_TRIES_LEFT | pin.tries_left)
        self._present(apdu, descriptor, index, pin)
        pin.require(needed=needed)
        return b""

    def _present(self, apdu: Apdu, descriptor: bytes, index: int, pin: OwnerPin) -> None:
        """Compare the data of the command with the PIN, and remember that it was proved."""
        part = self._table.part(index)
        if not descriptor[part + 1] <= len(apdu.data) <= descriptor[part + 2]:
            raise StatusError(Status.WRONG_LENGTH)
        self._check(index, pin, apdu.data)
        self._prove(index, proved=True)

    def _check(self, index: int, pin: OwnerPin, value: bytes) -> None:
        if not pin.tries_left:
            raise StatusError(self._context.blocked)
        if not pin.check(value):
            self._prove(index, proved=False)
            raise StatusError(_TRIES_LEFT | pin.tries_left)

    def change(self, apdu: Apdu) -> bytes:
        """CHANGE REFERENCE DATA (ISO/IEC 7816-4:2020 11.6.7): P1 00 old and new value, P1 01 new value alone."""
        if apdu.p1 > 1:
            raise StatusError(Status.WRONG_P1P2)
        descriptor = self._table.descriptor.read()
        index, pin = self._pin(apdu, descriptor)
        if apdu.p1 and not self.state >> index & 1:
            raise StatusError(Status.SECURITY_STATUS)
        if not apdu.data:
            raise StatusError(Status.WRONG_LENGTH)
        split = 0 if apdu.p1 else pin.length
        self._require_acceptable(descriptor, index, apdu.data[split:])
        if not apdu.p1:
            self._check(index, pin, apdu.data[:split])
        pin.update(apdu.data[split:])
        return b""

    def _require_acceptable(self, descriptor: bytes, index: int, value: bytes) -> None:
        if not acceptable(descriptor, self._table.part(index), value):
            raise StatusError(Status.WRONG_DATA)

    def reset(self, apdu: Apdu) -> bytes:
        """RESET RETRY COUNTER (ISO/IEC 7816-4:2020 11.6.10): P1 02 with a new value, P1 03 the counter alone."""
        if apdu.p1 not in {2, 3}:
            raise StatusError(Status.WRONG_P1P2)
        descriptor = self._table.descriptor.read()
        index, pin = self._pin(apdu, descriptor)
        if not self.permits(descriptor, self._table.part(index) + PIN_RULE):
            raise StatusError(Status.SECURITY_STATUS)
        if bool(apdu.data) == (apdu.p1 == 3):
            raise StatusError(Status.WRONG_LENGTH)
        if apdu.p1 == 3:
            pin.reset()
            return b""
        self._require_acceptable(descriptor, index, apdu.data)
        pin.update(apdu.data)
        self._prove(index, proved=False)
        return b""

    def get_challenge(self, apdu: Apdu) -> bytes:
        """GET CHALLENGE (ISO/IEC 7816-4:2020 11.6.3): Le bytes, 16 for 256 and more; only 16 bytes can be answered."""
        if apdu.p1 or apdu.p2:
            raise StatusError(Status.WRONG_P1P2)
        if apdu.data or not apdu.expected:
            raise StatusError(Status.WRONG_LENGTH)
        size = CHALLENGE if apdu.expected >= 256 else apdu.expected
        challenge = self._context.random(size)
        kept = size == CHALLENGE
        self._challenge[:] = b"\x01" + challenge if kept else bytes(1 + CHALLENGE)
        return challenge

    def external_authenticate(self, apdu: Apdu) -> bytes:
        """EXTERNAL and MUTUAL AUTHENTICATE (ISO/IEC 7816-4:2020 11.6.4, 11.6.5) by AES-CMAC over the kept challenge.

        The data is the cryptogram, or, for MUTUAL AUTHENTICATE, a challenge of the host's and the cryptogram.
        """
        kept, challenge = self._challenge[0], bytes(self._challenge[1:])
        self._challenge[:] = bytes(1 + CHALLENGE)
        descriptor = self._table.descriptor.read()
        mutual = len(apdu.data) == 2 * CHALLENGE
        index, key = self._key(apdu, descriptor, 2 * CHALLENGE if mutual else CHALLENGE)
        if not kept:
            raise StatusError(Status.CONDITIONS)
        value, number = self._value(descriptor, index, key), bytes((apdu.p2 & 0x7F,))
        host, cryptogram = apdu.data[:-CHALLENGE], apdu.data[-CHALLENGE:]
        message = (_HOST_PROVES if mutual else _EXTERNAL) + number + challenge + host + self._context.aid
        self._compare(index, key, aes_cmac(value, message), cryptogram)
        self._prove(index, proved=True)
        return aes_cmac(value, _CARD_PROVES + number + host + challenge + self._context.aid) if mutual else b""

    def _compare(self, index: int, key: PersistentArray, expected: bytes, found: bytes) -> None:
        """Compare cryptograms; the counter of a limited key goes down first."""
        limit, left = key.read(0, 2)
        if limit:
            key.write_apart(_LEFT, bytes((left - 1,)))
        if not compare_digest(expected, found):
            self._prove(index, proved=False)
            raise StatusError(_TRIES_LEFT | left - 1 if limit else Status.NOT_VERIFIED)
        if limit:
            key.write_apart(_LEFT, bytes((limit,)))

    def internal_authenticate(self, apdu: Apdu) -> bytes:
        """INTERNAL AUTHENTICATE (ISO/IEC 7816-4:2020 11.6.2) by AES-CMAC over the host's challenge."""
        descriptor = self._table.descriptor.read()
        index, key = self._key(apdu, descriptor, CHALLENGE)
        value = self._value(descriptor, index, key)
        return aes_cmac(value, _INTERNAL + bytes((apdu.p2 & 0x7F,)) + apdu.data + self._context.aid)

    def _key(self, apdu: Apdu, descriptor: bytes, size: int) -> tuple[int, PersistentArray]:
        """Return index and array of the key that P2 names, usable and not blocked; the data must be ``size`` bytes."""
        if apdu.p1:
            raise StatusError(Status.WRONG_P1P2)
        pins, keys = pins_and_keys(descriptor)
        index = pins + _reference(apdu, keys)
        if len(apdu.data) != size:
            raise StatusError(Status.WRONG_LENGTH)
        return index, self._usable(index)

    def _usable(self, index: int) -> PersistentArray:
        """Return the array of a key that has a value (else 6984) and is not blocked (else 6983)."""
        key = self._table.array(index)
        limit, left, is_set = key.read(0, KEY_VALUE)
        if not is_set:
            raise StatusError(Status.REFERENCE_UNUSABLE)
        if limit and not left:
            raise StatusError(self._context.blocked)
        return key

    def usable_key(self, descriptor: bytes, number: int) -> bytes:
        """Return the value of key ``number`` (from 1), for receipts; 6984 or 6983."""
        index = pins_and_keys(descriptor)[0] + number - 1
        return self._value(descriptor, index, self._usable(index))

    def _value(self, descriptor: bytes, index: int, key: PersistentArray) -> bytes:
        return key.read(KEY_VALUE, key_size(descriptor[self._table.part(index)]))

    def set_pin(self, descriptor: bytes, number: int, value: bytes) -> None:
        """Give PIN ``number`` (from 1) a value, at personalisation; 6A88 or 6A80."""
        if not 1 <= number <= pins_and_keys(descriptor)[0]:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        self._require_acceptable(descriptor, number - 1, value)
        OwnerPin(self._table.array(number - 1)).update(value)

    def set_key(self, descriptor: bytes, number: int, value: bytes) -> None:
        """Give key ``number`` (from 1) a value, at personalisation; 6A88 or 6A80."""
        pins, keys = pins_and_keys(descriptor)
        if not 1 <= number <= keys:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        index = pins + number - 1
        if len(value) != key_size(descriptor[self._table.part(index)]):
            raise StatusError(Status.WRONG_DATA)
        self._table.array(index).write(_SET, b"\x01" + value)


def _reference(apdu: Apdu, count: int) -> int:
    """Return the index that P2 = 80 | number names, from 0."""
    if not apdu.p2 & 0x80:
        raise StatusError(Status.WRONG_P1P2)
    number = apdu.p2 & 0x7F
    if not 1 <= number <= count:
        raise StatusError(Status.REFERENCE_NOT_FOUND)
    return number - 1
