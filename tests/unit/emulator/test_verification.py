"""ENABLE and DISABLE VERIFICATION REQUIREMENT at the container (ISO/IEC 7816-4:2020 11.6.8, 11.6.9)."""

import pytest

from yohaku.iso7816 import Instruction as Ins
from yohaku.iso7816 import Status
from yohaku_emulator import terminal as t

AID, STAGING = bytes.fromhex("F059484B0009"), bytes.fromhex("F059484B0009FF")
ENABLE, DISABLE = Ins.ENABLE_VERIFICATION_REQUIREMENT, Ins.DISABLE_VERIFICATION_REQUIREMENT
CAN, CANNOT = t.pin(3, 4, 8, alphabet=0x81), t.pin(3, 4, 8)


def made(terminal, *pins, aid=AID, block=b""):
    terminal.install(aid, t.descriptor(pins=pins, files=[t.transparent(1, 8, read=(1,))]))
    terminal.personalise(aid, block or b"".join(t.group(1, number, b"1234") for number in range(1, len(pins) + 1)))
    terminal.select(aid)
    return terminal


@pytest.fixture
def lock(terminal):
    return made(terminal, CAN, CANNOT)


def may_read(terminal):
    return terminal.send(Ins.READ_BINARY, 0x81, 0, le=1).status == Status.OK


def test_a_disabled_pin_counts_as_verified_after_power_off_too(lock):
    assert not may_read(lock)
    lock.do(DISABLE, 0, 0x81, b"1234")
    lock.card.power_on()
    lock.select(AID)
    assert may_read(lock)
    assert lock.send(Ins.VERIFY, 0, 0x81).status == Status.OK, "no verification required"
    lock.do(ENABLE, 0, 0x81, b"1234")
    assert may_read(lock), "its value was given in this session"
    lock.select(AID)
    assert not may_read(lock)


def test_a_wrong_value_changes_nothing_and_costs_a_try(lock):
    assert [lock.send(DISABLE, 0, 0x81, b"4321").status for _ in range(4)] == [0x63C2, 0x63C1, 0x63C0, Status.BLOCKED]
    assert lock.send(DISABLE, 0, 0x81, b"1234").status == Status.BLOCKED
    assert not may_read(lock)


def test_without_data_the_tries_are_told_for_free(lock):
    lock.do(DISABLE, 0, 0x81, b"1234")
    lock.send(ENABLE, 0, 0x81, b"4321")
    writes = lock.card.writes
    assert [lock.send(ins, 0, 0x81).status for ins in (ENABLE, DISABLE)] == [0x63C2, 0x63C2]
    assert lock.card.writes == writes


def test_repeating_is_harmless(lock):
    for ins in (DISABLE, DISABLE, ENABLE, ENABLE):
        lock.do(ins, 0, 0x81, b"1234")
    lock.select(AID)
    assert not may_read(lock)


@pytest.mark.parametrize("ins", [ENABLE, DISABLE])
@pytest.mark.parametrize(
    ("p1", "p2", "data", "status"),
    [
        (0, 0x82, b"1234", Status.CONDITIONS),
        (0, 0x82, b"", Status.CONDITIONS),
        (1, 0x81, b"", Status.WRONG_P1P2),
        (0, 0x01, b"1234", Status.WRONG_P1P2),
        (0, 0x83, b"1234", Status.REFERENCE_NOT_FOUND),
        (0, 0x81, b"123", Status.WRONG_LENGTH),
    ],
)
def test_what_is_refused_costs_nothing(lock, ins, p1, p2, data, status):
    assert lock.send(ins, p1, p2, data).status == status
    assert lock.send(Ins.VERIFY, 0, 0x81).status == 0x63C3
    assert lock.send(Ins.VERIFY, 0, 0x82).status == 0x63C3


def test_without_a_value_there_is_nothing_to_disable(terminal):
    made(terminal, CAN, CAN, block=t.group(1, 1, b"1234"))
    assert terminal.send(DISABLE, 0, 0x82, b"1234").status == Status.REFERENCE_UNUSABLE


def test_a_disabled_pin_is_changed_only_by_who_knows_it(lock):
    lock.do(DISABLE, 0, 0x81, b"1234")
    lock.select(AID)
    assert lock.send(Ins.CHANGE_REFERENCE_DATA, 1, 0x81, b"5678").status == Status.SECURITY_STATUS
    lock.do(Ins.CHANGE_REFERENCE_DATA, 0, 0x81, b"12345678")
    lock.select(AID)
    assert may_read(lock), "a new value does not enable it"
    assert lock.send(ENABLE, 0, 0x81, b"5678").status == Status.OK


def test_an_upgrade_takes_over_that_it_is_disabled_where_it_can_be(lock):
    adopt = t.group(5, 1, t.lv(AID) + bytes((1, 1)))
    made(lock, CAN, aid=STAGING, block=adopt)
    assert not may_read(lock), "one that is required stays so"
    lock.delete(STAGING)
    lock.select(AID)
    lock.do(DISABLE, 0, 0x81, b"1234")
    for number, pin in enumerate((CAN, CANNOT)):
        made(lock, pin, aid=STAGING, block=adopt)
        assert may_read(lock) == (number == 0)
        lock.do(Ins.VERIFY, 0, 0x81, b"1234") if number else None
        lock.delete(STAGING)


@pytest.mark.parametrize(
    ("form", "accepted"), [(0x80, True), (0x82, True), (0x83, False), (0x40, False), (0xC1, False)]
)
def test_the_bit_is_one_of_the_alphabet_byte(terminal, form, accepted):
    descriptor = t.descriptor(pins=[t.pin(3, 4, 8, alphabet=form)], files=[t.transparent(1, 8)])
    if accepted:
        terminal.install(AID, descriptor)
    else:
        with pytest.raises(t.RefusedError, match="6A80"):
            terminal.install(AID, descriptor)
