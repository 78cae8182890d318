import pytest

from yohaku.iso7816 import Instruction as Ins
from yohaku.iso7816 import Status

FIRST = b"hello" + bytes(595)


def test_read_binary_by_sfi_gives_what_is_asked_or_what_is_left(loaded):
    assert loaded.do(Ins.READ_BINARY, 0x81, 0, le=5) == b"hello"
    assert loaded.do(Ins.READ_BINARY, 0x81, 1, le=256) == FIRST[1:257]
    assert loaded.do(Ins.READ_BINARY, 0x01, 0x58, le=256) == FIRST[0x158:600][:256]
    assert loaded.do(Ins.READ_BINARY, 0x02, 0x50, le=256) == bytes(8), "offset 592 leaves 8"
    assert loaded.do(Ins.READ_BINARY, 0x02, 0x57, le=1) == b"\0"


@pytest.mark.parametrize(
    ("p1", "p2", "data", "le", "status"),
    [
        (0x00, 0x00, b"", 1, 0x6986),
        (0x81, 0x00, b"", 0, 0x6700),
        (0x81, 0x00, b"x", 1, 0x6700),
        (0x80, 0x00, b"", 1, 0x6A86),
        (0x9F, 0x00, b"", 1, 0x6A86),
        (0xA1, 0x00, b"", 1, 0x6A86),
        (0xC1, 0x00, b"", 1, 0x6A86),
        (0x85, 0x00, b"", 1, 0x6A82),
        (0x83, 0x00, b"", 1, 0x6981),
        (0x82, 0x00, b"", 1, 0x6982),
        (0x82, 0xFF, b"", 1, 0x6982),
        (0x9E, 0x00, b"", 1, 0x6982),
    ],
)
def test_read_binary_refuses(loaded, p1, p2, data, le, status):
    assert loaded.send(Ins.READ_BINARY, p1, p2, data, le).status == status


def test_an_offset_at_or_after_the_end_is_outside(loaded):
    loaded.do(Ins.READ_BINARY, 0x81, 0, le=1)
    assert loaded.send(Ins.READ_BINARY, 0x02, 0x58, le=1).status == Status.WRONG_OFFSET
    assert loaded.send(Ins.READ_BINARY, 0x7F, 0xFF, le=1).status == Status.WRONG_OFFSET
    assert loaded.send(Ins.UPDATE_BINARY, 0x02, 0x58, b"x").status == Status.WRONG_OFFSET


def test_update_binary_changes_just_those_bytes(loaded):
    loaded.do(Ins.UPDATE_BINARY, 0x81, 2, b"LL")
    loaded.do(Ins.UPDATE_BINARY, 0x02, 0x56, b"#!")
    assert loaded.do(Ins.READ_BINARY, 0x81, 0, le=6) == b"heLLo\0"
    assert loaded.do(Ins.READ_BINARY, 0x02, 0x50, le=256) == bytes(6) + b"#!"


def test_update_binary_past_the_end_changes_nothing(loaded):
    loaded.do(Ins.READ_BINARY, 0x81, 0, le=1)
    assert loaded.send(Ins.UPDATE_BINARY, 0x02, 0x56, b"abc").status == Status.WRONG_LENGTH
    assert loaded.do(Ins.READ_BINARY, 0x02, 0x50, le=256) == bytes(8)
    assert loaded.send(Ins.UPDATE_BINARY, 0x81, 0).status == Status.WRONG_LENGTH


def test_a_chained_update_is_one_step(loaded):
    parts = [bytes((letter,)) * 200 for letter in b"ab"] + [b"c" * 112]
    for part in parts[:-1]:
        assert loaded.do(Ins.UPDATE_BINARY, 0x81, 9, part, cla=0x10) == b""
    loaded.do(Ins.UPDATE_BINARY, 0x81, 9, parts[-1])
    assert loaded.do(Ins.READ_BINARY, 0x01, 0x00, le=256) == (parts[0] + parts[1] + parts[2])[247 : 247 + 256]
    assert loaded.do(Ins.READ_BINARY, 0x81, 0, le=10) == b"hello\0\0\0\0a"


def test_a_chain_longer_than_the_limit_or_the_file_changes_nothing(loaded):
    loaded.do(Ins.UPDATE_BINARY, 0x81, 0, b"a" * 255, cla=0x10)
    loaded.do(Ins.UPDATE_BINARY, 0x81, 0, b"b" * 255, cla=0x10)
    assert loaded.send(Ins.UPDATE_BINARY, 0x81, 0, b"c" * 3).status == Status.WRONG_LENGTH
    loaded.do(Ins.READ_BINARY, 0x81, 0, le=5)
    loaded.do(Ins.UPDATE_BINARY, 0x02, 0x00, b"a" * 80, cla=0x10)
    assert loaded.send(Ins.UPDATE_BINARY, 0x02, 0x00, b"b" * 9).status == Status.WRONG_LENGTH
    assert loaded.do(Ins.READ_BINARY, 0x81, 0, le=256) == FIRST[:256]


def test_anything_else_breaks_an_open_chain(loaded):
    for ins, p1, p2, data, le in (
        (Ins.READ_BINARY, 0x81, 0, b"", 5),
        (Ins.UPDATE_BINARY, 0x81, 1, b"other place", 0),
        (Ins.VERIFY, 0, 0x81, b"", 0),
    ):
        loaded.do(Ins.UPDATE_BINARY, 0x81, 0, b"a" * 50, cla=0x10)
        assert loaded.send(ins, p1, p2, data, le).status == Status.LAST_OF_CHAIN_EXPECTED
        assert loaded.do(Ins.READ_BINARY, 0x81, 0, le=5) == b"hello"


def test_the_first_segment_of_a_chain_is_checked_like_an_update(loaded):
    assert loaded.send(Ins.UPDATE_BINARY, 0x82, 0, b"a", cla=0x10).status == Status.SECURITY_STATUS
    assert loaded.send(Ins.UPDATE_BINARY, 0x85, 0, b"a", cla=0x10).status == Status.FILE_NOT_FOUND
    assert loaded.send(Ins.UPDATE_BINARY, 0x81, 0, b"", cla=0x10).status == Status.WRONG_LENGTH
    assert loaded.do(Ins.READ_BINARY, 0x81, 0, le=5) == b"hello"


def test_rules_are_any_of_all_of(loaded, facts):
    def update():
        return loaded.send(Ins.UPDATE_BINARY, 0x82, 0, b"x").status

    aid, keys = facts["aid"], facts["keys"]
    assert update() == Status.SECURITY_STATUS
    loaded.do(Ins.VERIFY, 0, 0x81, facts["pin"])
    assert update() == Status.SECURITY_STATUS, "the holder alone is not enough"
    assert loaded.authenticate(1, keys[0], aid).status == Status.OK
    assert update() == Status.OK
    loaded.select(aid)
    assert loaded.authenticate(1, keys[0], aid).status == Status.OK
    assert update() == Status.SECURITY_STATUS, "the terminal alone is not enough"
    loaded.select(aid)
    assert loaded.authenticate(2, keys[1], aid).status == Status.OK
    assert update() == Status.OK, "the master key is"


def test_never_is_never(loaded, facts):
    for number, key in enumerate(facts["keys"]):
        assert loaded.authenticate(number + 1, key, facts["aid"]).status == Status.OK
    loaded.do(Ins.VERIFY, 0, 0x81, facts["pin"])
    loaded.do(Ins.VERIFY, 0, 0x82, facts["clerk"])
    assert loaded.send(Ins.READ_BINARY, 0x9E, 0, le=1).status == Status.SECURITY_STATUS


@pytest.mark.parametrize(
    ("sfi", "fcp"),
    [
        (1, "62138002025882010183020001880108" + "8A0105"),
        (3, "62 1A 80020028 82050241000A04 83020003 880118 8A0105 C00101"),
        (4, "62 1A 80020018 82050641000803 83020004 880120 8A0105 C00100"),
    ],
)
def test_select_by_file_identifier_answers_fcp_or_fci(loaded, sfi, fcp):
    expected = bytes.fromhex(fcp)
    expected = bytes((0x62, len(expected) - 2)) + expected[2:]
    assert loaded.do(Ins.SELECT, 2, 0x04, bytes((0, sfi)), 256) == expected
    assert loaded.do(Ins.SELECT, 2, 0x00, bytes((0, sfi)), 256) == b"\x6f" + expected[1:]
    assert loaded.do(Ins.SELECT, 2, 0x0C, bytes((0, sfi))) == b""


def test_a_selected_file_is_current(loaded):
    loaded.do(Ins.SELECT, 2, 0x0C, b"\0\x01")
    assert loaded.do(Ins.READ_BINARY, 0, 1, le=4) == b"ello"
    loaded.do(Ins.SELECT, 2, 0x0C, b"\0\x03")
    assert loaded.do(Ins.READ_RECORD, 1, 0x04, le=256) == b"first rec."
    assert loaded.send(Ins.READ_BINARY, 0, 0, le=4).status == Status.INCOMPATIBLE_FILE


def test_a_refused_command_does_not_change_the_current_file(loaded):
    loaded.do(Ins.SELECT, 2, 0x0C, b"\0\x01")
    for p1, p2 in ((0x82, 0), (0x85, 0), (0x83, 0)):
        loaded.send(Ins.READ_BINARY, p1, p2, le=1)
    assert loaded.do(Ins.READ_BINARY, 0, 0, le=5) == b"hello"


@pytest.mark.parametrize(
    ("p1", "p2", "data", "status"),
    [
        (2, 0x0C, b"\0\x05", 0x6A82),
        (2, 0x0C, b"\x01\x01", 0x6A82),
        (2, 0x0C, b"\x3f\x00", 0x6A82),
        (2, 0x0C, b"\x01", 0x6700),
        (2, 0x08, b"\0\x01", 0x6A86),
        (1, 0x0C, b"\0\x01", 0x6A86),
        (8, 0x0C, b"\0\x01", 0x6A86),
        (3, 0x0C, b"", 0x6A86),
    ],
)
def test_select_refuses(loaded, p1, p2, data, status):
    assert loaded.send(Ins.SELECT, p1, p2, data).status == status


def test_a_linear_file_fills_in_order_and_is_then_full(loaded, facts):
    loaded.do(Ins.VERIFY, 0, 0x81, facts["pin"])
    for number in range(3):
        loaded.do(Ins.APPEND_RECORD, 0, 3 << 3, b"record %03d" % number)
    assert loaded.send(Ins.APPEND_RECORD, 0, 3 << 3, b"0123456789").status == Status.NO_SPACE
    assert [loaded.do(Ins.READ_RECORD, number, 3 << 3 | 4, le=10) for number in (1, 2, 3, 4)] == [
        b"first rec.", b"record 000", b"record 001", b"record 002",
    ]  # fmt: skip


def test_a_cyclic_file_numbers_from_the_newest_and_overwrites_the_oldest(loaded):
    for number in range(5):
        loaded.do(Ins.APPEND_RECORD, 0, 4 << 3, b"entry %02d" % number)
        records = loaded.do(Ins.READ_RECORD, 1, 4 << 3 | 5, le=256)
        newest = [b"entry %02d" % past for past in range(number, max(-1, number - 3), -1)]
        assert records == b"".join(newest)
    assert loaded.send(Ins.READ_RECORD, 4, 4 << 3 | 4, le=8).status == Status.RECORD_NOT_FOUND
    loaded.do(Ins.UPDATE_RECORD, 3, 4 << 3 | 4, b"ENTRY 02")
    assert loaded.do(Ins.READ_RECORD, 3, 4 << 3 | 4, le=8) == b"ENTRY 02"
    assert loaded.do(Ins.READ_RECORD, 1, 4 << 3 | 4, le=8) == b"entry 04"


def test_reading_a_range_gives_whole_records_that_fit(loaded):
    for number in range(3):
        loaded.do(Ins.APPEND_RECORD, 0, 4 << 3, b"entry %02d" % number)
    assert loaded.do(Ins.READ_RECORD, 1, 4 << 3 | 5, le=23) == b"entry 02entry 01"
    assert loaded.do(Ins.READ_RECORD, 2, 4 << 3 | 5, le=24) == b"entry 01entry 00"
    assert loaded.send(Ins.READ_RECORD, 1, 4 << 3 | 5, le=7).status == 0x6C08


@pytest.mark.parametrize(
    ("p1", "p2", "data", "le", "status"),
    [
        (1, 4 << 3 | 4, b"", 8, 0x6A83),
        (1, 4 << 3 | 5, b"", 8, 0x6A83),
        (2, 3 << 3 | 4, b"", 8, 0x6A83),
        (1, 1 << 3 | 4, b"", 8, 0x6981),
        (1, 5 << 3 | 4, b"", 8, 0x6A82),
        (1, 31 << 3 | 4, b"", 8, 0x6A86),
        (1, 4, b"", 8, 0x6986),
        (0, 3 << 3 | 4, b"", 8, 0x6A83),
        (0, 3 << 3 | 5, b"", 10, 0x6A83),
        (1, 3 << 3 | 0, b"", 8, 0x6A83),
        (1, 3 << 3 | 7, b"", 8, 0x6A86),
        (1, 3 << 3 | 4, b"", 0, 0x6700),
        (1, 3 << 3 | 4, b"x", 8, 0x6700),
    ],
)
def test_read_record_refuses(loaded, p1, p2, data, le, status):
    assert loaded.send(Ins.READ_RECORD, p1, p2, data, le).status == status


@pytest.mark.parametrize(
    ("ins", "p1", "p2", "data", "status"),
    [
        (Ins.UPDATE_RECORD, 1, 3 << 3 | 4, b"0123456789", 0x6982),
        (Ins.UPDATE_RECORD, 9, 3 << 3 | 4, b"0123456789", 0x6982),
        (Ins.UPDATE_RECORD, 1, 4 << 3 | 4, b"01234567", 0x6A83),
        (Ins.UPDATE_RECORD, 1, 4 << 3 | 3, b"01234567", 0x6A83),
        (Ins.UPDATE_RECORD, 0, 4 << 3 | 4, b"01234567", 0x6A83),
        (Ins.UPDATE_RECORD, 1, 4 << 3 | 5, b"01234567", 0x6A86),
        (Ins.UPDATE_RECORD, 1, 1 << 3 | 4, b"01234567", 0x6981),
        (Ins.APPEND_RECORD, 0, 3 << 3, b"0123456789", 0x6982),
        (Ins.APPEND_RECORD, 0, 4 << 3, b"0123456", 0x6700),
        (Ins.APPEND_RECORD, 0, 4 << 3, b"", 0x6700),
        (Ins.APPEND_RECORD, 1, 4 << 3, b"01234567", 0x6A86),
        (Ins.APPEND_RECORD, 0, 4 << 3 | 4, b"01234567", 0x6A86),
        (Ins.APPEND_RECORD, 0, 31 << 3, b"01234567", 0x6A86),
        (Ins.APPEND_RECORD, 0, 1 << 3, b"01234567", 0x6981),
        (Ins.APPEND_RECORD, 0, 0, b"01234567", 0x6986),
    ],
)
def test_changing_records_refuses(loaded, ins, p1, p2, data, status):
    assert loaded.send(ins, p1, p2, data).status == status


def test_update_record_wants_the_whole_record(loaded, facts):
    loaded.do(Ins.VERIFY, 0, 0x81, facts["pin"])
    assert loaded.send(Ins.UPDATE_RECORD, 1, 3 << 3 | 4, b"short").status == Status.WRONG_LENGTH
    loaded.do(Ins.UPDATE_RECORD, 1, 3 << 3 | 4, b"0123456789")
    assert loaded.do(Ins.READ_RECORD, 1, 4, le=10) == b"0123456789"


def test_get_data_gives_the_descriptor(loaded, facts):
    assert loaded.do(Ins.GET_DATA, 0, 0xC5, le=256) == facts["descriptor"]
    assert loaded.send(Ins.GET_DATA, 0, 0xC6, le=256).status == Status.REFERENCE_NOT_FOUND
    assert loaded.send(Ins.GET_DATA, 1, 0xC5, le=256).status == Status.REFERENCE_NOT_FOUND
    assert loaded.send(Ins.GET_DATA, 0, 0xC5, b"x", le=256).status == Status.WRONG_LENGTH
