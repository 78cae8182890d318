"""A purse on the card: limits, rights, numbers, log and receipts, command by command."""

import pytest

from yohaku_emulator import EmulatedCard
from yohaku_emulator import terminal as t
from yohaku_emulator.crypto import aes_cmac
from yohaku_emulator.system import InstanceContext

AID, STAGED = bytes.fromhex("F059484B0001"), bytes.fromhex("F059484B0001FF")
CREDIT, DEBIT, RECEIPTS, READ = 0x52, 0x54, 0x58, 0x5C
PURSE, OTHER, LOG = 7, 9, 3
KEY, SHOP = bytes(range(16)), bytes(range(32))
HOLDER, OFFICE, TILL = 1, 2, 4
RULES = ((0,), (HOLDER,), (TILL,), (TILL, HOLDER))
DESCRIPTOR = t.descriptor(
    pins=[t.pin(3, 4, 4)],
    keys=[t.key(1, 2), t.key(3)],
    files=[
        t.transparent(1, 20),
        t.purse(PURSE, LOG, (1000, 600, 400), rules=RULES),
        t.purse(OTHER, 1, (0x7FFFFFFF, 0x7FFFFFFF, 1), number=2),
    ],
)
BLOCK = t.group(1, 1, b"1234") + t.group(2, 1, KEY) + t.group(2, 2, SHOP)


def reference(number):
    return number.to_bytes(8, "big")


def amount(value, number=1):
    return value.to_bytes(4, "big") + reference(number)


class Till(t.Terminal):
    def book(self, ins, value, number=1, sfi=PURSE):
        return self.send(ins, 0, sfi, amount(value, number), 256, cla=0x80)

    def state(self, sfi=PURSE):
        """Return number, sequence number and balance."""
        head = self.do(READ, 0, sfi, le=256, cla=0x80)
        assert len(head) == 16
        return head[:8], int.from_bytes(head[8:12], "big"), int.from_bytes(head[12:], "big")

    def receipts(self, first=1, le=256, sfi=PURSE):
        return self.send(RECEIPTS, first, sfi, le=le, cla=0x80)


@pytest.fixture
def card():
    card = EmulatedCard("open", seed=3)
    card.power_on()
    till = Till(card)
    till.install(AID, DESCRIPTOR)
    till.personalise(AID, BLOCK)
    return card


@pytest.fixture
def till(card):
    """A till that has proved its key, in front of a purse with 500 in it."""
    till = Till(card)
    till.select(AID)
    assert till.authenticate(2, SHOP, AID).status == 0x9000
    assert till.book(CREDIT, 500, 70).status == 0x9000
    return till


def proof(head, kind, value, number, key=KEY, aid=AID, key_number=1):
    """What the card must put behind a receipt: number and sequence number, entry, AID."""
    return aes_cmac(key, bytes((RECEIPTS, key_number)) + head[:12] + bytes((kind,)) + value.to_bytes(4, "big")
                    + head[12:] + reference(number) + aid)  # fmt: skip


class TestBooking:
    def test_a_new_purse_is_empty_and_has_a_number_of_its_own(self, card):
        till = Till(card)
        till.select(AID)
        (one, *state), (other, *_) = till.state(), till.state(OTHER)
        assert state == [0, 0]
        assert one != other
        assert any(one)

    def test_the_answer_is_number_sequence_balance_and_a_proof_over_all_of_it(self, till):
        number = till.state()[0]
        answer = till.book(DEBIT, 120, 71).data
        assert answer[:16] == number + (2).to_bytes(4, "big") + (380).to_bytes(4, "big")
        assert answer[16:] == proof(answer[:16], 2, 120, 71)
        assert till.state() == (number, 2, 380)

    def test_each_purse_has_the_key_that_it_names(self, till):
        answer = till.book(CREDIT, 5, sfi=OTHER).data
        assert answer[16:] == proof(answer[:16], 1, 5, 1, key=SHOP, key_number=2)

    @pytest.mark.parametrize(
        ("ins", "value", "status"),
        [
            (CREDIT, 0, 0x6A80),
            (CREDIT, 601, 0x6A80),
            (CREDIT, 501, 0x6985),
            (DEBIT, 0, 0x6A80),
            (DEBIT, 401, 0x6A80),
            (CREDIT, 0xFFFFFFFF, 0x6A80),
        ],
    )
    def test_what_is_over_a_limit_is_refused_and_changes_nothing(self, till, ins, value, status):
        before = contents(till.card)
        assert till.book(ins, value).status == status
        assert contents(till.card) == before

    def test_exactly_the_limits_are_booked(self, till):
        for ins, value, left in ((CREDIT, 500, 1000), (DEBIT, 400, 600), (DEBIT, 400, 200), (DEBIT, 200, 0)):
            assert till.book(ins, value).status == 0x9000
            assert till.state()[2] == left
        assert till.book(CREDIT, 600).status == 0x9000

    def test_one_more_than_the_balance_is_refused(self, till):
        till.book(DEBIT, 400)
        assert till.book(DEBIT, 101).status == 0x6985
        assert till.book(DEBIT, 100).status == 0x9000

    def test_carry_and_borrow_go_through_all_four_bytes(self, till):
        assert till.book(CREDIT, 0x7FFFFFFE, sfi=OTHER).status == 0x9000
        assert till.book(CREDIT, 2, sfi=OTHER).status == 0x6985
        assert till.book(CREDIT, 1, sfi=OTHER).status == 0x9000
        assert till.state(OTHER)[2] == 0x7FFFFFFF
        for value in (0x01000000, 0x00FFFFFF):
            set_head(till.card, OTHER, balance=value)
            assert till.book(DEBIT, 1, sfi=OTHER).status == 0x9000
            assert till.state(OTHER)[2] == value - 1

    def test_numbers_never_start_again(self, till):
        set_head(till.card, PURSE, sequence=0xFFFFFFFE)
        assert till.book(DEBIT, 1).status == 0x9000
        before = till.state()
        assert before[1] == 0xFFFFFFFF
        assert till.book(DEBIT, 1).status == 0x6A84
        assert till.state() == before


class TestRefusals:
    def test_rights_come_before_amounts_and_each_operation_has_its_own(self, card):
        till = Till(card)
        till.select(AID)
        assert [till.book(CREDIT, 0).status, till.book(DEBIT, 0).status, till.receipts().status] == [0x6982] * 3
        till.do(0x20, 0, 0x81, b"1234")
        assert [till.book(CREDIT, 1).status, till.book(DEBIT, 0).status, till.receipts().status] == [
            0x6982,
            0x6A80,
            0x6A83,
        ]

    @pytest.mark.parametrize(("sfi", "status"), [(8, 0x6A82), (0, 0x6A82), (1, 0x6981)])
    def test_only_purses_are_booked(self, till, sfi, status):
        assert till.book(DEBIT, 1, sfi=sfi).status == status
        assert till.receipts(sfi=sfi).status == status

    def test_lengths_and_parameters(self, till):
        assert till.send(DEBIT, 0, PURSE, amount(1)[:-1], 256, cla=0x80).status == 0x6700
        assert till.send(DEBIT, 1, PURSE, amount(1), 256, cla=0x80).status == 0x6A86
        assert till.send(READ, 0, PURSE, b"x", 256, cla=0x80).status == 0x6700
        assert till.send(READ, 1, PURSE, le=256, cla=0x80).status == 0x6A86
        assert till.send(READ, 0, PURSE, cla=0x80).status == 0x6700
        assert till.send(DEBIT, 0, PURSE, amount(1), 256).status == 0x6D00
        assert till.send(0x50, 0, PURSE, amount(1), 256, cla=0x80).status == 0x6E00
        assert till.send(DEBIT, 0, PURSE, amount(1), 256, cla=0x90).status == 0x6884

    def test_a_blocked_key_makes_no_receipts_so_nothing_is_booked(self, till):
        for _ in range(2):
            till.authenticate(1, bytes(16), AID)
        before = till.state()
        assert till.book(DEBIT, 1).status == 0x6983
        assert till.state() == before

    def test_without_a_value_of_the_key_nothing_is_booked(self, card):
        till = Till(card)
        till.install(STAGED, DESCRIPTOR)
        till.personalise(STAGED, t.group(1, 1, b"1234"))
        till.select(STAGED)
        till.do(0x20, 0, 0x81, b"1234")
        set_head(card, PURSE, balance=9, aid=STAGED)
        assert till.book(DEBIT, 1).status == 0x6984

    def test_commands_of_files_keep_out(self, till):
        assert till.send(0xB0, 0x80 | PURSE, 0, le=256).status == 0x6981
        assert till.send(0xB2, 1, PURSE << 3 | 4, le=256).status == 0x6981
        assert till.send(0xE2, 0, PURSE << 3, bytes(17)).status == 0x6981
        assert till.send(0xA4, 2, 4, bytes((0, PURSE)), 256).data == bytes.fromhex(
            "6214 800200 43 820108 83020007 880138 8A0105 C00101".replace(" ", "")
        )

    @pytest.mark.parametrize("kind", [3, 4])
    def test_a_load_puts_nothing_into_a_purse(self, till, kind):
        till.install(STAGED, DESCRIPTOR)
        with pytest.raises(t.RefusedError, match="6A88"):
            till.personalise(STAGED, t.group(kind, PURSE, bytes(17)))

    def test_before_personalisation_ends_nothing_is_booked(self, card):
        till = Till(card)
        till.install(STAGED, DESCRIPTOR)
        till.select(STAGED)
        assert till.book(DEBIT, 1).status == 0x6985


class TestLog:
    def test_the_newest_is_first_and_the_oldest_goes(self, till):
        for number, (ins, value) in enumerate([(DEBIT, 10), (DEBIT, 20), (CREDIT, 5), (DEBIT, 40)], 71):
            last = till.book(ins, value, number).data
        till.do(0x20, 0, 0x81, b"1234")
        found = till.receipts().data
        rows = [found[at : at + 45] for at in range(0, len(found), 45)]
        assert [(row[12], int.from_bytes(row[13:17], "big"), row[28]) for row in rows] == [
            (2, 40, 74),
            (1, 5, 73),
            (2, 20, 72),
        ]
        assert [int.from_bytes(row[8:12], "big") for row in rows] == [5, 4, 3]
        assert [int.from_bytes(row[17:21], "big") for row in rows] == [435, 475, 470]
        assert rows[0][-16:] == last[-16:]
        for row in rows:
            assert row[29:] == aes_cmac(KEY, bytes((RECEIPTS, 1)) + row[:29] + AID)

    def test_as_many_as_fit_and_from_any_on(self, till):
        till.book(DEBIT, 10)
        till.do(0x20, 0, 0x81, b"1234")
        both = till.receipts().data
        assert len(both) == 90
        assert till.receipts(le=89).data == both[:45]
        assert till.receipts(2).data == both[45:]
        assert till.receipts(3).status == 0x6A83
        assert till.receipts(0).status == 0x6A83
        assert till.receipts(le=44).status == 0x6C2D


class TestAdoption:
    def test_money_and_log_come_over_even_above_the_new_limits(self, till):
        for number in range(71, 75):
            till.book(DEBIT, 10, number)
        till.do(0x20, 0, 0x81, b"1234")
        head, rows = till.state(), till.receipts().data
        smaller = t.descriptor(pins=[t.pin(3, 4, 4)], keys=[t.key(1, 2)], files=[t.purse(4, 2, (100, 90, 80))])
        till.install(STAGED, smaller)
        till.personalise(STAGED, BLOCK[:7] + t.group(2, 1, KEY) + adopt(5, PURSE, 4), adopt(6, PURSE, 4, 0, 3))
        till.select(STAGED)
        assert till.state(4) == head
        found = till.receipts(sfi=4).data
        assert [found[:29], found[45:74]] == [rows[:29], rows[45:74]]
        assert len(found) == 90
        assert till.book(CREDIT, 1, sfi=4).status == 0x6985
        assert till.book(DEBIT, 80, sfi=4).status == 0x9000

    @pytest.mark.parametrize("what", [(5, 1, PURSE), (5, PURSE, 1), (6, 1, PURSE, 0, 1), (3, PURSE, 1, 0, 0, 0, 5),
                                      (4, PURSE, PURSE, 0, 1)])  # fmt: skip
    def test_only_a_purse_gives_to_a_purse(self, till, what):
        till.install(STAGED, DESCRIPTOR)
        with pytest.raises(t.RefusedError, match="6A88"):
            till.personalise(STAGED, adopt(*what))


class TestDescriptor:
    GOOD = t.purse(2, 5, (100, 50, 25))

    def install(self, card, part, keys=1):
        t.Terminal(card).install(b"\xf0hello", t.descriptor(keys=[t.key()] * keys, files=[part]))

    def test_a_good_one_takes_16_bytes_and_17_for_each_entry(self, card):
        self.install(card, self.GOOD)
        assert arrays(card, b"\xf0hello")[3].length == 16 + 5 * 17

    @pytest.mark.parametrize(
        "part",
        [
            t.purse(2, 0, (100, 50, 25)),
            t.purse(2, 255, (100, 50, 25)),
            t.purse(2, 5, (0x80000000, 50, 25)),
            t.purse(2, 5, (100, 101, 25)),
            t.purse(2, 5, (100, 50, 101)),
            t.purse(2, 5, (100, 0, 25)),
            t.purse(2, 5, (100, 50, 0)),
            t.purse(2, 5, (100, 50, 25), number=0),
            t.purse(2, 5, (100, 50, 25), number=2),
            t.purse(31, 5, (100, 50, 25)),
            t.purse(2, 5, (100, 50, 25), rules=((0,), (0,), (0,), (2,))),
            b"\x05" + GOOD[1:],
            GOOD[:-1],
        ],
    )
    def test_others_are_malformed(self, card, part):
        with pytest.raises(t.RefusedError, match="6A80"):
            self.install(card, part)

    def test_a_purse_needs_a_key(self, card):
        with pytest.raises(t.RefusedError, match="6A80"):
            self.install(card, self.GOOD, keys=0)


def adopt(kind, *what):
    return t.group(5, kind, bytes((len(AID),)) + AID + bytes(what))


def arrays(card, aid):
    return InstanceContext(card._system, card._system.registry.entries[aid]).arrays


def contents(card):
    return [array.read() for array in arrays(card, AID)]


def set_head(card, sfi, *, sequence=None, balance=None, aid=AID):
    """Put numbers into a purse that no terminal has the patience for."""
    array = arrays(card, aid)[{PURSE: 6, OTHER: 7}[sfi]]
    for at, value in ((8, sequence), (12, balance)):
        if value is not None:
            array.write(at, value.to_bytes(4, "big"))
