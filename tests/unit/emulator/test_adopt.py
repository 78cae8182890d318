"""An instance takes over PINs with their tries, keys and contents of another one, and nothing that does not fit."""

import pytest

from yohaku.iso7816 import Instruction as Ins
from yohaku_emulator import EmulatedCard
from yohaku_emulator import terminal as t

AID = bytes.fromhex("F059484B0001")
STAGED = AID + b"\xff"
KEY = bytes(range(16))
OLD = t.descriptor(
    pins=[t.pin(3, 4, 8), t.pin(5, 6, 8)],
    keys=[t.key(1, 3), t.key(3)],
    files=[t.transparent(1, 300), t.linear(2, 40, 4), t.cyclic(3, 100, 3), t.transparent(4, 70)],
)
NEW = t.descriptor(
    version=2,
    pins=[t.pin(5, 6, 8), t.pin(2, 4, 8), t.pin(9, 4, 8)],
    keys=[t.key(3), t.key(1, 2)],
    files=[t.transparent(5, 400), t.cyclic(6, 100, 4), t.linear(7, 40, 2), t.cyclic(8, 40, 2), t.transparent(9, 10)],
)
BLOCKS = (
    t.group(1, 1, b"1234") + t.group(2, 1, KEY),
    t.group(3, 1, b"\0\0" + bytes(range(180))),
    t.group(4, 2, b"r" * 40) + t.group(4, 2, b"s" * 40) + t.group(4, 2, b"t" * 40),
    t.group(4, 3, b"a" * 100) + t.group(4, 3, b"b" * 100),
)


@pytest.fixture
def terminal():
    """A card with an old instance whose cyclic file has gone round and whose PIN lost a try, and a new empty one."""
    card = EmulatedCard("open", seed=7)
    card.power_on()
    made = t.Terminal(card)
    made.install(AID, OLD)
    made.personalise(AID, *BLOCKS)
    made.select(AID)
    for letter in b"cd":
        made.do(Ins.APPEND_RECORD, 0, 3 << 3, bytes((letter,)) * 100)
    assert made.send(Ins.VERIFY, 0, 0x81, b"9999").status == 0x63C2
    made.install(STAGED, NEW)
    return made


def adopt(kind, *what, aid=AID):
    return t.group(5, kind, bytes((len(aid),)) + aid + bytes(what))


def refused(terminal, block):
    """Send one block to the new instance and return the status word."""
    terminal.select()
    terminal.do(Ins.INSTALL, 0x20, 0x00, b"\0\0" + t.lv(STAGED) + bytes(3), 256, cla=0x80)
    return terminal.send(Ins.STORE_DATA, 0x88, 0, block, cla=0x80).status


def taken(terminal, *blocks):
    terminal.personalise(STAGED, *blocks)
    terminal.select(STAGED)
    return terminal


class TestPins:
    def test_value_and_tries_come_over_as_far_as_the_new_limit_goes(self, terminal):
        taken(terminal, adopt(1, 1, 2) + adopt(1, 1, 3))
        assert terminal.send(Ins.VERIFY, 0, 0x82).status == 0x63C2
        assert terminal.send(Ins.VERIFY, 0, 0x83).status == 0x63C2
        assert terminal.send(Ins.VERIFY, 0, 0x83, b"1234").status == 0x9000
        assert terminal.send(Ins.VERIFY, 0, 0x83).status == 0x63C9

    def test_a_blocked_pin_stays_blocked(self, terminal):
        terminal.select(AID)
        for _ in range(2):
            terminal.send(Ins.VERIFY, 0, 0x81, b"9999")
        taken(terminal, adopt(1, 1, 3))
        assert terminal.send(Ins.VERIFY, 0, 0x83).status == 0x63C0
        assert terminal.send(Ins.VERIFY, 0, 0x83, b"1234").status == 0x6983

    def test_without_a_value_there_is_none(self, terminal):
        taken(terminal, adopt(1, 2, 1))
        assert terminal.send(Ins.VERIFY, 0, 0x81).status == 0x6984

    def test_a_value_must_fit_the_new_form(self, terminal):
        assert refused(terminal, adopt(1, 1, 1)) == 0x6A80


class TestKeys:
    def test_value_and_tries_come_over(self, terminal):
        terminal.select(AID)
        assert terminal.authenticate(1, bytes(16), AID).status == 0x63C2
        assert terminal.authenticate(1, bytes(16), AID).status == 0x63C1
        taken(terminal, adopt(2, 1, 2))
        assert terminal.authenticate(2, bytes(16), STAGED).status == 0x63C0
        assert terminal.authenticate(2, KEY, STAGED).status == 0x6983

    def test_without_a_value_there_is_none(self, terminal):
        taken(terminal, adopt(2, 2, 1))
        assert terminal.authenticate(1, bytes(32), STAGED).status == 0x6984

    def test_the_algorithm_must_be_the_same(self, terminal):
        assert refused(terminal, adopt(2, 1, 1)) == 0x6A80

    def test_a_key_without_a_limit_gets_the_new_ones(self, terminal):
        taken(terminal, adopt(2, 1, 2))
        assert terminal.authenticate(2, KEY, STAGED).status == 0x9000


class TestContents:
    def test_bytes_come_over_in_runs(self, terminal):
        runs = [adopt(3, 1, 5, 0, 0, 0, 200), adopt(3, 1, 5, 0, 200, 0, 100)]
        taken(terminal, *runs)
        content = terminal.do(Ins.READ_BINARY, 0x85, 0, le=256)
        assert content[:180] == bytes(range(180))
        assert not any(content[180:])

    def test_records_come_over_from_the_oldest(self, terminal):
        taken(terminal, adopt(4, 3, 6, 0, 2), adopt(4, 3, 6, 2, 9))
        found = [terminal.do(Ins.READ_RECORD, number, 6 << 3 | 4, le=100) for number in (1, 2, 3)]
        assert [record[:1] for record in found] == [b"d", b"c", b"b"]
        assert terminal.send(Ins.READ_RECORD, 4, 6 << 3 | 4, le=100).status == 0x6A83

    def test_a_cyclic_file_keeps_the_newest(self, terminal):
        taken(terminal, adopt(4, 2, 8, 0, 4))
        found = [terminal.do(Ins.READ_RECORD, number, 8 << 3 | 4, le=40) for number in (1, 2)]
        assert [record[:1] for record in found] == [b"t", b"s"]

    def test_a_linear_file_must_have_room(self, terminal):
        assert refused(terminal, adopt(4, 2, 7, 0, 4)) == 0x6A84

    @pytest.mark.parametrize(
        "block",
        [
            adopt(3, 1, 5, 0, 0, 1, 45), adopt(3, 1, 5, 1, 0, 1, 0), adopt(3, 1, 9, 0, 0, 0, 20), adopt(4, 3, 8, 0, 1),
        ],
    )  # fmt: skip
    def test_what_is_beyond_the_end_or_of_another_size_is_refused(self, terminal, block):
        assert refused(terminal, block) == 0x6A80


class TestRefusals:
    @pytest.mark.parametrize(
        ("block", "status"),
        [
            (adopt(0, 1, 1), 0x6A88), (adopt(5, 1, 1), 0x6A88), (adopt(1, 3, 1), 0x6A88), (adopt(1, 1, 4), 0x6A88),
            (adopt(1, 0, 1), 0x6A88), (adopt(2, 3, 1), 0x6A88), (adopt(2, 1, 3), 0x6A88),
            (adopt(3, 2, 5, 0, 0, 0, 1), 0x6A88), (adopt(3, 1, 6, 0, 0, 0, 1), 0x6A88),
            (adopt(4, 1, 6, 0, 1), 0x6A88), (adopt(4, 3, 5, 0, 1), 0x6A88),
            (adopt(1, 1), 0x6A80), (adopt(1, 1, 2, 3), 0x6A80), (adopt(3, 1, 5, 0, 0, 0), 0x6A80),
            (adopt(4, 3, 6), 0x6A80),
            (t.group(5, 1, b""), 0x6A80), (t.group(5, 1, b"\0\1\2"), 0x6A80), (t.group(5, 1, b"\7abc"), 0x6A80),
        ],
    )  # fmt: skip
    def test_a_malformed_group_or_a_part_that_is_not_there(self, terminal, block, status):
        assert refused(terminal, block) == status

    @pytest.mark.parametrize("aid", [AID[:-1] + b"\2", STAGED, STAGED[:-1] + b"\xff\xff\xff", AID[:-1], AID + b"\xfe"])
    def test_only_the_instance_that_belongs_to_the_upgrade_is_adopted_from(self, terminal, aid):
        assert refused(terminal, adopt(1, 1, 2, aid=aid)) == 0x6982

    def test_it_must_be_there(self, terminal):
        terminal.delete(AID)
        assert refused(terminal, adopt(1, 1, 2)) == 0x6A88

    def test_it_must_be_complete(self, terminal):
        terminal.delete(AID)
        terminal.install(AID, OLD)
        assert refused(terminal, adopt(1, 1, 2)) == 0x6985

    def test_another_program_is_none_to_adopt_from(self):
        card = EmulatedCard("open", seed=7)
        card.power_on()
        made = t.Terminal(card)
        made.install(bytes.fromhex("A000000151000000FF"), NEW)
        made.do(Ins.INSTALL, 0x20, 0x00, b"\0\0" + t.lv(bytes.fromhex("A000000151000000FF")) + bytes(3), 256, cla=0x80)
        block = adopt(1, 1, 2, aid=bytes.fromhex("A000000151000000"))
        assert made.send(Ins.STORE_DATA, 0x88, 0, block, cla=0x80).status == 0x6A88

    def test_a_block_is_taken_whole_or_not_at_all(self, terminal):
        assert refused(terminal, adopt(1, 1, 3) + adopt(3, 1, 5, 0, 0, 0, 9) + adopt(1, 1, 1)) == 0x6A80
        taken(terminal, b"")
        assert terminal.send(Ins.VERIFY, 0, 0x83).status == 0x6984
        assert not any(terminal.do(Ins.READ_BINARY, 0x85, 0, le=256))

    def test_a_complete_instance_adopts_nothing(self, terminal):
        taken(terminal, adopt(1, 1, 3))
        assert refused(terminal, adopt(1, 1, 2)) == 0x6985


def test_an_identifier_of_16_bytes_changes_its_last_one():
    card = EmulatedCard("open", seed=7)
    card.power_on()
    made = t.Terminal(card)
    long, staged = bytes(range(16)), bytes(range(15)) + b"\x8f"
    made.install(long, OLD)
    made.personalise(long, *BLOCKS)
    made.install(staged, NEW)
    made.personalise(staged, adopt(1, 1, 2, aid=long))
    made.select(staged)
    assert made.send(Ins.VERIFY, 0, 0x82).status == 0x63C2
