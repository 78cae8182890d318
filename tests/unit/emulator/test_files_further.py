"""What ISO/IEC 7816-4 has beyond plain reading and writing: odd instructions, erasing, relative records, search."""

import pytest

from yohaku.iso7816 import Instruction as Ins
from yohaku.iso7816 import Status
from yohaku_emulator.crypto import aes_cmac

ERASE, READ_ODD, UPDATE_ODD, SEARCH = Ins.ERASE_BINARY, Ins.READ_BINARY_ODD, Ins.UPDATE_BINARY_ODD, Ins.SEARCH_RECORD
FIRST, LAST, NEXT, PREVIOUS, NUMBER, FORWARD, BACKWARD = range(7)
LOG = 4 << 3


@pytest.fixture
def logged(loaded):
    """The cyclic file of three records has gone round: 05 is the newest, 03 the oldest."""
    for number in range(6):
        loaded.do(Ins.APPEND_RECORD, 0, LOG, b"entry %02d" % number)
    return loaded


def read(terminal, mode, p1=0, le=8, sfi=LOG):
    response = terminal.send(Ins.READ_RECORD, p1, sfi | mode, le=le)
    return response.data or response.status


def test_relative_modes_move_through_the_records(logged):
    assert read(logged, FIRST) == b"entry 05"
    assert [read(logged, NEXT) for _ in range(3)] == [b"entry 04", b"entry 03", Status.RECORD_NOT_FOUND]
    assert read(logged, PREVIOUS) == b"entry 04", "a step that led nowhere did not move"
    assert read(logged, LAST) == b"entry 03"
    assert read(logged, NUMBER) == b"entry 03", "record 00 is the current one"


def test_without_a_current_record_next_is_the_first_and_previous_the_last(logged, facts):
    for mode, record in ((NEXT, b"entry 05"), (PREVIOUS, b"entry 03")):
        logged.select(facts["aid"])
        assert read(logged, mode) == record


def test_reading_by_number_does_not_move(logged):
    read(logged, FIRST)
    read(logged, NUMBER, 3)
    assert read(logged, NEXT) == b"entry 04"


def test_another_file_forgets_the_current_record(logged):
    read(logged, LAST)
    assert read(logged, NUMBER, 1, 10, sfi=3 << 3) == b"first rec."
    assert read(logged, NUMBER) == Status.RECORD_NOT_FOUND
    assert read(logged, NEXT) == b"entry 05"


def test_an_appended_record_is_current(logged):
    logged.do(Ins.APPEND_RECORD, 0, LOG, b"entry 06")
    assert read(logged, NUMBER) == b"entry 06"
    assert read(logged, NEXT) == b"entry 05"


def test_update_takes_relative_modes_too(logged):
    logged.do(Ins.UPDATE_RECORD, 0, LOG | LAST, b"ENTRY 03")
    logged.do(Ins.UPDATE_RECORD, 0, LOG | PREVIOUS, b"ENTRY 04")
    logged.do(Ins.UPDATE_RECORD, 0, LOG | NUMBER, b"Entry 04")
    assert read(logged, FORWARD, 1, 256) == b"entry 05Entry 04ENTRY 03"


def test_a_range_can_start_at_the_current_record_or_run_backward(logged):
    assert read(logged, BACKWARD, 1, 256) == b"entry 03entry 04entry 05"
    assert read(logged, BACKWARD, 2, 256) == b"entry 03entry 04"
    assert read(logged, BACKWARD, 1, 17) == b"entry 03entry 04"
    read(logged, FIRST)
    read(logged, NEXT)
    assert read(logged, FORWARD, 0, 256) == b"entry 04entry 03"
    assert read(logged, 7, 1) == Status.WRONG_P1P2


def test_search_finds_the_numbers_of_records_that_contain_the_data(logged):
    assert logged.do(SEARCH, 1, LOG | 4, b"entry", 256) == b"\x01\x02\x03"
    assert logged.do(SEARCH, 2, LOG | 4, b"entry", 256) == b"\x02\x03"
    assert logged.do(SEARCH, 2, LOG | 5, b"entry", 256) == b"\x02\x01"
    assert logged.do(SEARCH, 1, LOG | 4, b"04", 256) == b"\x02"
    assert read(logged, NUMBER) == b"entry 04", "the record found is current"
    assert logged.do(SEARCH, 0, LOG | 4, b"entry", 256) == b"\x02\x03"


@pytest.mark.parametrize(
    ("p1", "p2", "data", "status"),
    [
        (1, LOG | 4, b"nothing", 0x6282),
        (1, LOG | 4, b"entry 05 and more", 0x6282),
        (4, LOG | 4, b"entry", 0x6A83),
        (0, LOG | 4, b"entry", 0x6A83),
        (1, LOG | 0, b"entry", 0x6A86),
        (1, LOG | 6, b"entry", 0x6A86),
        (1, LOG | 4, b"", 0x6700),
        (1, 1 << 3 | 4, b"entry", 0x6981),
    ],
)
def test_search_refuses(logged, facts, p1, p2, data, status):
    logged.select(facts["aid"])
    assert logged.send(SEARCH, p1, p2, data, 256).status == status


def test_search_needs_the_read_rule(terminal):
    from yohaku_emulator import terminal as t

    aid = b"\xf0hidden"
    terminal.install(aid, t.descriptor(files=[t.linear(1, 4, 4, read=t.NEVER)]))
    terminal.personalise(aid, t.group(4, 1, b"data"))
    terminal.select(aid)
    assert terminal.send(SEARCH, 1, 1 << 3 | 4, b"data", 256).status == Status.SECURITY_STATUS


def test_erase_writes_zeros_up_to_an_offset_or_the_end(loaded):
    loaded.do(Ins.UPDATE_BINARY, 0x81, 0, b"x" * 255)
    loaded.do(Ins.UPDATE_BINARY, 0x02, 0x57, b"y")
    loaded.do(ERASE, 0x81, 3, b"\x00\x05")
    assert loaded.do(Ins.READ_BINARY, 0x81, 0, le=7) == b"xxx\0\0xx"
    loaded.do(ERASE, 0x81, 4)
    assert loaded.do(Ins.READ_BINARY, 0x81, 0, le=256) == b"xxx" + bytes(253)
    assert loaded.do(Ins.READ_BINARY, 0x02, 0x50, le=256) == bytes(8)


@pytest.mark.parametrize(
    ("p1", "data", "status"),
    [
        (0x81, b"\x00", 0x6700),
        (0x81, b"\x00\x00", 0x6A80),
        (0x81, b"\x02\x59", 0x6A80),
        (0x82, b"", 0x6982),
        (0x83, b"", 0x6981),
        (0x85, b"", 0x6A82),
    ],
)
def test_erase_refuses(loaded, p1, data, status):
    assert loaded.send(ERASE, p1, 0, data).status == status


def test_erasing_more_than_the_commit_buffer_is_refused_whole(terminal):
    from yohaku_emulator import terminal as t

    aid = b"\xf0large"
    terminal.install(aid, t.descriptor(files=[t.transparent(1, 5000)]))
    terminal.personalise(aid, b"".join(t.group(3, 1, at.to_bytes(2, "big") + b"x") for at in range(0, 5000, 400)))
    terminal.select(aid)
    assert terminal.send(ERASE, 0x81, 0).status == Status.NO_SPACE
    assert terminal.do(Ins.READ_BINARY, 0x81, 0, le=1) == b"x"
    terminal.do(ERASE, 0x81, 0, (2000).to_bytes(2, "big"))
    assert terminal.do(Ins.READ_BINARY, 0x81, 0, le=1) == b"\0"


def test_odd_instructions_carry_the_offset_in_a_data_object(loaded):
    assert loaded.do(READ_ODD, 0, 1, b"\x54\x01\x01", 256)[:7] == b"\x53\x81\xfdello"
    assert loaded.do(READ_ODD, 0, 0, b"\x54\x02\x00\x00", 7) == b"\x53\x05hello", "the file has become current"
    loaded.do(UPDATE_ODD, 0, 1, b"\x54\x02\x02\x56\x53\x02#!")
    assert loaded.do(READ_ODD, 0, 1, b"\x54\x02\x02\x50", 256) == b"\x53\x08" + bytes(6) + b"#!"
    loaded.do(UPDATE_ODD, 0, 1, b"\x54\x01\x00\x53\x81\x80" + b"z" * 128)
    assert loaded.do(Ins.READ_BINARY, 0x81, 0, le=130) == b"z" * 128 + bytes(2)
    for le in (128, 129, 130, 131):
        answer = loaded.do(READ_ODD, 0, 1, b"\x54\x01\x00", le)
        assert len(answer) in {le, le - 1}
        assert answer.endswith(b"z")


@pytest.mark.parametrize(
    ("ins", "p1", "p2", "data", "le", "status"),
    [
        (READ_ODD, 0, 1, b"", 256, 0x6A80),
        (READ_ODD, 0, 1, b"\x54\x03\0\0\0", 256, 0x6A80),
        (READ_ODD, 0, 1, b"\x54\x02\0", 256, 0x6A80),
        (READ_ODD, 0, 1, b"\x53\x01\0", 256, 0x6A80),
        (READ_ODD, 0, 1, b"\x54\x01\0\0", 256, 0x6700),
        (READ_ODD, 0, 1, b"\x54\x01\0", 2, 0x6700),
        (READ_ODD, 0, 0, b"\x54\x01\0", 256, 0x6986),
        (READ_ODD, 0, 5, b"\x54\x01\0", 256, 0x6A82),
        (READ_ODD, 0, 31, b"\x54\x01\0", 256, 0x6A82),
        (READ_ODD, 1, 1, b"\x54\x01\0", 256, 0x6A82),
        (READ_ODD, 0, 2, b"\x54\x01\0", 256, 0x6982),
        (READ_ODD, 0, 1, b"\x54\x02\x02\x58", 256, 0x6B00),
        (UPDATE_ODD, 0, 1, b"\x54\x01\0", 0, 0x6A80),
        (UPDATE_ODD, 0, 1, b"\x54\x01\0\x53\x02x", 0, 0x6A80),
        (UPDATE_ODD, 0, 1, b"\x54\x01\0\x53\x00", 0, 0x6700),
        (UPDATE_ODD, 0, 1, b"\x54\x02\x02\x57\x53\x02xy", 0, 0x6700),
        (UPDATE_ODD, 0, 2, b"\x54\x01\0\x53\x01x", 0, 0x6982),
    ],
)
def test_odd_instructions_refuse(loaded, ins, p1, p2, data, le, status):
    assert loaded.send(ins, p1, p2, data, le).status == status


def test_the_odd_instruction_erases_from_one_offset_to_another_or_the_end(loaded):
    loaded.do(Ins.UPDATE_BINARY, 0x81, 0, b"x" * 20)
    loaded.do(Ins.ERASE_BINARY_ODD, 0, 1, b"\x54\x01\x03\x54\x02\x00\x05")
    assert loaded.do(Ins.READ_BINARY, 0x81, 0, le=7) == b"xxx\0\0xx"
    loaded.do(Ins.ERASE_BINARY_ODD, 0, 0, b"\x54\x01\x06")
    assert loaded.do(Ins.READ_BINARY, 0x81, 0, le=20) == b"xxx\0\0x" + bytes(14)
    loaded.do(Ins.ERASE_BINARY_ODD, 0, 1)
    assert loaded.do(Ins.READ_BINARY, 0x81, 0, le=20) == bytes(20)


@pytest.mark.parametrize(
    ("p2", "data", "status"),
    [
        (1, b"\x54\x01\x03\x54\x01\x03", 0x6A80),
        (1, b"\x54\x01\x03\x54\x02\x02\x59", 0x6A80),
        (1, b"\x54\x01\x03\x54\x01", 0x6A80),
        (1, b"\x54\x01\x03\x54\x01\x05\x54\x01\x07", 0x6A80),
        (1, b"\x53\x01\x03", 0x6A80),
        (1, b"\x54\x02\x02\x58", 0x6B00),
        (2, b"", 0x6982),
        (3, b"", 0x6981),
        (5, b"", 0x6A82),
        (0, b"", 0x6986),
    ],
)
def test_the_odd_erase_refuses(loaded, p2, data, status):
    assert loaded.send(Ins.ERASE_BINARY_ODD, 0, p2, data).status == status


@pytest.mark.parametrize("p1", [0x00, 0x02, 0x09])
def test_a_file_is_selected_by_identifier_or_path(loaded, p1):
    loaded.do(Ins.SELECT, p1, 0x0C, b"\0\x01")
    assert loaded.do(Ins.READ_BINARY, 0, 0, le=5) == b"hello"


def mutual(terminal, facts, key, *, prefix=b"\x83\x02", host=bytes(range(16, 32))):
    challenge = terminal.do(Ins.GET_CHALLENGE, le=16)
    cryptogram = aes_cmac(key, prefix + challenge + host + facts["aid"])
    response = terminal.send(Ins.EXTERNAL_AUTHENTICATE, 0, 0x82, host + cryptogram, 256)
    return response, aes_cmac(facts["keys"][1], b"\x89\x02" + host + challenge + facts["aid"])


def test_mutual_authentication_proves_both_sides(loaded, facts):
    response, expected = mutual(loaded, facts, facts["keys"][1])
    assert (response.status, response.data) == (Status.OK, expected)
    assert loaded.send(Ins.UPDATE_BINARY, 0x82, 0, b"x").status == Status.OK


def test_a_wrong_mutual_authentication_gets_no_cryptogram(loaded, facts):
    for key, prefix in ((bytes(24), b"\x83\x02"), (facts["keys"][1], b"\x82\x02"), (facts["keys"][1], b"\x83\x01")):
        response, _ = mutual(loaded, facts, key, prefix=prefix)
        assert (response.status, response.data) == (Status.NOT_VERIFIED, b"")
    assert loaded.send(Ins.UPDATE_BINARY, 0x82, 0, b"x").status == Status.SECURITY_STATUS
