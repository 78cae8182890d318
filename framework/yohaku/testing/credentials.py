"""What the container answers to the instructions about PINs and keys (``specs/container.md`` chapter 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.card.credentials import key_proof
from yohaku.iso7816 import Instruction, Status
from yohaku.testing.answers import Challenge, Learned
from yohaku.testing.commands import handles, holds

if TYPE_CHECKING:
    from yohaku.testing.parts import Apdu, Instance, KeyModel, PinModel, Seat

MUTUAL = 0x83
_TRIES_LEFT = 0x63C0


def _reference(apdu: Apdu, count: int) -> int:
    """Give the number, from 0, of the PIN or key that P2 names, or the status word of a refusal."""
    if not apdu.p2 & 0x80:
        return Status.WRONG_P1P2
    number = apdu.p2 & 0x7F
    return number - 1 if 1 <= number <= count else Status.REFERENCE_NOT_FOUND


def _pin(instance: Instance, apdu: Apdu, *, parameters: tuple[int, ...] = (0,)) -> tuple[int, PinModel] | int:
    if apdu.p1 not in parameters:
        return Status.WRONG_P1P2
    number = _reference(apdu, len(instance.pins))
    if number > 0xFF:
        return number
    pin = instance.pins[number]
    return (number, pin) if pin.value else Status.REFERENCE_UNUSABLE


@handles(Instruction.VERIFY)
def _verify(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    found = _pin(instance, apdu)
    if isinstance(found, int):
        return found
    number, pin = found
    if not apdu.data:
        return _TRIES_LEFT | pin.left if pin.required else b""
    return _present(instance, seat, number, apdu.data)


def _present(instance: Instance, seat: Seat, number: int, value: bytes) -> bytes | int:
    """Compare a value with a PIN, after its length, and remember the outcome."""
    pin = instance.pins[number]
    if not pin.shortest <= len(value) <= pin.longest:
        return Status.WRONG_LENGTH
    answer = _compare(instance, seat, number, value)
    if isinstance(answer, bytes):
        seat.prove(number, proved=True)
    return answer


def _compare(instance: Instance, seat: Seat, number: int, value: bytes) -> bytes | int:
    pin = instance.pins[number]
    if not pin.left:
        return Status.BLOCKED
    right = value == pin.value
    instance.pins[number] = pin._replace(left=pin.limit if right else pin.left - 1)
    if right:
        return b""
    seat.prove(number, proved=False)
    return _TRIES_LEFT | pin.left - 1


@handles(Instruction.ENABLE_VERIFICATION_REQUIREMENT, Instruction.DISABLE_VERIFICATION_REQUIREMENT)
def _require(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    found = _pin(instance, apdu)
    if isinstance(found, int):
        return found
    number, pin = found
    if not pin.can_disable:
        return Status.CONDITIONS
    if not apdu.data:
        return _TRIES_LEFT | pin.left
    answer = _present(instance, seat, number, apdu.data)
    if isinstance(answer, bytes):
        required = apdu.ins == Instruction.ENABLE_VERIFICATION_REQUIREMENT
        instance.pins[number] = instance.pins[number]._replace(required=required)
    return answer


@handles(Instruction.CHANGE_REFERENCE_DATA)
def _change(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    found = _pin(instance, apdu, parameters=(0, 1))
    if isinstance(found, int):
        return found
    number, pin = found
    if apdu.p1 and not seat.proved >> number & 1:
        return Status.SECURITY_STATUS
    if not apdu.data:
        return Status.WRONG_LENGTH
    split = 0 if apdu.p1 else len(pin.value)
    if not pin.accepts(apdu.data[split:]):
        return Status.WRONG_DATA
    if not apdu.p1 and not isinstance(answer := _compare(instance, seat, number, apdu.data[:split]), bytes):
        return answer
    instance.pins[number] = pin._replace(value=apdu.data[split:], left=pin.limit)
    return b""


@handles(Instruction.RESET_RETRY_COUNTER)
def _reset(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    found = _pin(instance, apdu, parameters=(2, 3))
    if isinstance(found, int):
        return found
    number, pin = found
    if not holds(instance, seat, pin.reset):
        return Status.SECURITY_STATUS
    if bool(apdu.data) == (apdu.p1 == 3):
        return Status.WRONG_LENGTH
    if apdu.p1 == 3:
        instance.pins[number] = pin._replace(left=pin.limit)
        return b""
    if not pin.accepts(apdu.data):
        return Status.WRONG_DATA
    instance.pins[number] = pin._replace(left=pin.limit, value=apdu.data)
    seat.prove(number, proved=False)
    return b""


@handles(Instruction.GET_CHALLENGE)
def _get_challenge(instance: Instance, seat: Seat, apdu: Apdu) -> int | Learned:
    del instance
    if apdu.p1 or apdu.p2:
        return Status.WRONG_P1P2
    if apdu.data or not apdu.expected:
        return Status.WRONG_LENGTH
    return Challenge(seat, 16 if apdu.expected >= 256 else apdu.expected)


def _key(instance: Instance, apdu: Apdu, size: int) -> tuple[int, KeyModel] | int:
    if apdu.p1:
        return Status.WRONG_P1P2
    number = _reference(apdu, len(instance.keys))
    if number > 0xFF:
        return number
    if len(apdu.data) != size:
        return Status.WRONG_LENGTH
    key = instance.keys[number]
    if not key.value:
        return Status.REFERENCE_UNUSABLE
    return Status.BLOCKED if key.is_blocked else (number, key)


@handles(Instruction.EXTERNAL_AUTHENTICATE)
def _external_authenticate(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    """EXTERNAL and MUTUAL AUTHENTICATE: the challenge is used up, whatever comes."""
    challenge, seat.challenge = seat.challenge, b""
    mutual = len(apdu.data) == 32
    found = _key(instance, apdu, 32 if mutual else 16)
    if isinstance(found, int):
        return found
    if not challenge:
        return Status.CONDITIONS
    number, key = found
    host = apdu.data[:-16]
    kind = MUTUAL if mutual else Instruction.EXTERNAL_AUTHENTICATE
    right = key_proof(key.value, kind, number + 1, challenge + host, instance.aid) == apdu.data[-16:]
    instance.keys[number] = key._replace(left=key.limit if right else max(key.left - 1, 0))
    seat.prove(len(instance.pins) + number, proved=right)
    if not right:
        return _TRIES_LEFT | key.left - 1 if key.limit else Status.NOT_VERIFIED
    return key_proof(key.value, 0x89, number + 1, host + challenge, instance.aid) if mutual else b""


@handles(Instruction.INTERNAL_AUTHENTICATE)
def _internal_authenticate(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    del seat
    found = _key(instance, apdu, 16)
    if isinstance(found, int):
        return found
    number, key = found
    return key_proof(key.value, Instruction.INTERNAL_AUTHENTICATE, number + 1, apdu.data, instance.aid)
