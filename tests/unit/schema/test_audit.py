"""A back office finds receipts that were changed, handed in twice or do not follow, and bookings that are missing."""

from dataclasses import replace

import pytest

from yohaku import ALWAYS, Applet, Key, Purse, PurseLimits, PurseLog
from yohaku.schema import Booking, Receipt
from yohaku.schema.audit import Doubt, audit
from yohaku.schema.receipts import proof

KEY = bytes(range(16))


class Shop(Applet, aid="F0 59 48 4B 54 61"):
    """店"""

    till, office = Key(), Key()
    money = Purse(limits=PurseLimits(900), receipts=office, read=ALWAYS, credit=till, debit=till, log=PurseLog(4, till))


def signed(receipt):
    return replace(receipt, proof=proof(KEY, receipt.key, receipt.to_bytes()[:-16], receipt.aid))


def receipt(sequence, booking, amount, balance, *, purse=b"purse001"):
    return signed(Receipt(Shop.aid, 2, purse, sequence, booking, amount, balance, b"till0001", bytes(16)))


RECEIPTS = [
    receipt(1, Booking.CREDIT, 500, 500),
    receipt(2, Booking.DEBIT, 120, 380),
    receipt(3, Booking.CREDIT, 20, 400),
    receipt(4, Booking.DEBIT, 400, 0),
    receipt(3, Booking.DEBIT, 1, 9, purse=b"purse002"),
]


def doubts(*receipts):
    return [(one.doubt, one.sequence) for one in audit(Shop, Shop.money, receipts, KEY)]


def test_good_receipts_of_several_cards_in_any_order_raise_no_doubt():
    assert doubts(*RECEIPTS) == doubts(*RECEIPTS[::-1]) == doubts() == []


@pytest.mark.parametrize(
    "change", [{"amount": 121}, {"proof": bytes(16)}, {"sequence": 5}, {"purse": b"purse003"}], ids=str
)
def test_a_changed_one_is_forged_and_counts_for_nothing_else(change):
    forged = replace(RECEIPTS[1], **change)
    assert doubts(forged, RECEIPTS[0]) == [(Doubt.FORGED, forged.sequence)]


@pytest.mark.parametrize("change", [{"aid": bytes.fromhex("F059484B5462")}, {"key": 1}], ids=str)
def test_one_of_another_applet_or_key_is_forged_even_with_a_right_proof(change):
    assert doubts(signed(replace(RECEIPTS[0], **change))) == [(Doubt.FORGED, 1)]


def test_the_same_one_and_another_of_its_number_are_told():
    other = receipt(2, Booking.DEBIT, 1, 499)
    assert doubts(*RECEIPTS, RECEIPTS[1]) == [(Doubt.TWICE, 2)]
    found = audit(Shop, Shop.money, [RECEIPTS[1], other], KEY)
    assert [str(one) for one in found] == [
        f"TWICE purse {b'purse001'.hex()}, booking 2: two receipts of one number: pay it once"
    ]


def test_a_balance_that_does_not_follow_is_told():
    assert doubts(RECEIPTS[0], receipt(2, Booking.DEBIT, 120, 381)) == [(Doubt.BALANCE, 2)]


def test_gaps_are_told_and_are_no_doubt():
    (finding,) = audit(Shop, Shop.money, [RECEIPTS[0], RECEIPTS[3]], KEY)
    assert (finding.is_gap, finding.message) == (True, "bookings 2 to 3 not handed in")
    assert audit(Shop, Shop.money, RECEIPTS[1:4:2], KEY)[0].message == "booking 3 not handed in"
    assert finding.to_json() == {
        "doubt": "gap",
        "purse": b"purse001".hex(),
        "sequence": 2,
        "message": "bookings 2 to 3 not handed in",
    }
