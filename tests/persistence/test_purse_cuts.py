"""Power is cut at every page write of bookings, single and as whole procedures, in each of the three page outcomes.

Balance, sequence number and log are all old or all new, and a terminal that reads the log knows which.
"""

from dataclasses import dataclass

import pytest

from yohaku_emulator import EmulatedCard, PowerCut
from yohaku_emulator import terminal as t
from yohaku_emulator.crypto import aes_cmac
from yohaku_emulator.memory import OUTCOMES
from yohaku_emulator.system import InstanceContext

AID, STAGED = bytes.fromhex("F059484B0001"), bytes.fromhex("F059484B0001FF")
CREDIT, DEBIT, RECEIPTS, READ = 0x52, 0x54, 0x58, 0x5C
KEY, TILL_KEY, SFI, BODY = bytes(range(16)), bytes(range(1, 17)), 7, 5
LIMITS = (1000, 600, 400)


def declared(entries):
    """A purse with a log of that many entries, and a file beside it."""
    return t.descriptor(
        keys=[t.key(), t.key()],
        files=[t.transparent(1, 40), t.purse(SFI, entries, LIMITS, rules=((0,), (0,), (2,), (2,)))],
    )


@dataclass(frozen=True)
class Held:
    """What a purse holds, as its bytes: number, sequence number and balance, then receipts, the newest first."""

    head: bytes
    receipts: tuple[bytes, ...]


class Till(t.Terminal):
    def book(self, ins, amount, reference):
        return self.send(ins, 0, SFI, amount.to_bytes(4, "big") + reference.to_bytes(8, "big"), 256, cla=0x80)

    def enter(self, aid=AID):
        self.select(aid)
        assert self.authenticate(2, TILL_KEY, aid).status == 0x9000

    def held(self):
        head, found = self.do(READ, 0, SFI, le=256, cla=0x80), []
        while (answer := self.send(RECEIPTS, len(found) + 1, SFI, le=45, cla=0x80)).status == 0x9000:
            found.append(answer.data)
        assert answer.status == 0x6A83
        return Held(head, tuple(found))


def holding(card, aid=AID):
    """Read a card's purse on a twin, so that the card itself keeps its session."""
    till = Till(card.fork())
    till.select(aid)
    held = till.held()
    for receipt in held.receipts:
        assert receipt[29:] == aes_cmac(KEY, bytes((RECEIPTS, 1)) + receipt[:29] + aid)
    return held


def card_with(profile, entries, bookings):
    card = EmulatedCard(profile, seed=7)
    card.power_on()
    till = Till(card)
    till.install(AID, declared(entries))
    till.personalise(AID, t.group(2, 1, KEY) + t.group(2, 2, TILL_KEY))
    till.enter()
    for number, (ins, amount) in enumerate(bookings):
        assert till.book(ins, amount, number).status == 0x9000
    return card


def writes_of(base, run):
    twin = base.fork()
    before = twin.writes
    run(Till(twin))
    return twin.writes - before


def cut(base, run, n, outcome):
    """Run until power goes at write ``n``; give the card after the next power-on, itself cut once when it writes."""
    card = base.fork()
    card.memory.cut_at(n, outcome, seed=n * 31)
    with pytest.raises(PowerCut):
        run(Till(card))
    card.memory.cut_at(1, OUTCOMES[n % 3], seed=n)
    try:
        card.power_on()
    except PowerCut:
        card.power_on()
    card.memory.cut_at(0)
    return card


FULL = [(CREDIT, 500), (DEBIT, 10), (DEBIT, 20), (CREDIT, 30)]
CASES = {
    "first credit": (3, [], CREDIT, 600),
    "credit over the oldest entry": (3, FULL, CREDIT, 1),
    "debit into a free entry": (9, FULL, DEBIT, 77),
    "debit over the oldest entry": (4, FULL, DEBIT, 400),
    "debit to nothing, log of one": (1, [*FULL[:1], (DEBIT, 100)], DEBIT, 400),
}


@pytest.mark.parametrize("profile", ["small", "generic"])
@pytest.mark.parametrize("name", CASES)
def test_a_cut_at_any_write_of_a_booking_leaves_all_of_it_or_nothing(name, profile, record_property):
    entries, before, ins, amount = CASES[name]
    base = card_with(profile, entries, before)

    def run(till):
        return till.book(ins, amount, 99)

    done = base.fork()
    assert run(Till(done)).status == 0x9000
    old, new = holding(base), holding(done)
    assert old != new
    total, seen = writes_of(base, run), set()
    for n in range(1, total + 1):
        for outcome in OUTCOMES:
            card = cut(base, run, n, outcome)
            held = holding(card)
            assert held in (old, new), f"write {n} of {total}, page {outcome}"
            booked = held == new
            seen.add(booked)
            till = Till(card)
            till.enter()
            newest = till.send(RECEIPTS, 1, SFI, le=45, cla=0x80).data
            assert (newest[21:29] == (99).to_bytes(8, "big")) is booked
            if not booked:
                assert run(till).status == 0x9000
            assert holding(card) == new
    assert seen == {False, True}
    record_property("cut_points", 3 * total)


REFUSED = {"over the limit": (0, DEBIT, 401), "over the balance": (110, DEBIT, 391), "too much": (99, CREDIT, 600)}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_booking_writes_nothing(name):
    spent, ins, amount = REFUSED[name]
    base = card_with("small", 3, [*FULL, (DEBIT, spent)] if spent else FULL)
    assert writes_of(base, lambda till: till.book(ins, amount, 1)) == 0
    without_key = Till(base.fork())
    without_key.select(AID)
    before = without_key.card.writes
    assert without_key.book(DEBIT, 1, 1).status == 0x6982
    assert without_key.card.writes == before


def test_a_cut_anywhere_in_a_day_at_the_till_loses_and_doubles_no_booking(record_property):
    """A till books, and after each cut asks the log whether it has to book again; the sum is that of a day without."""
    base = card_with("small", 2, [(CREDIT, 600)])
    day = [(DEBIT, 100, 1), (CREDIT, 250, 2), (DEBIT, 400, 3), (DEBIT, 350, 4)]

    def run(till):
        till.enter()
        for ins, amount, number in day:
            assert till.book(ins, amount, number).status == 0x9000

    done = base.fork()
    run(Till(done))
    expected, total = holding(done), writes_of(base, run)
    for n in range(1, total + 1):
        for outcome in OUTCOMES:
            card = cut(base, run, n, outcome)
            held = holding(card)
            booked = int.from_bytes(held.head[8:12], "big") - 1
            assert not booked or held.receipts[0][21:29] == day[booked - 1][2].to_bytes(8, "big")
            till = Till(card)
            till.enter()
            for ins, amount, number in day[booked:]:
                assert till.book(ins, amount, number).status == 0x9000
            assert holding(card) == expected
    record_property("cut_points", 3 * total)


def test_a_cut_anywhere_in_an_adoption_leaves_the_money_where_it_was_and_brings_all_of_it_in_the_end(record_property):
    base = card_with("generic", 5, FULL)
    till = Till(base)
    till.install(STAGED, declared(4))
    lv = bytes((len(AID),)) + AID
    blocks = [t.group(2, 1, KEY) + t.group(2, 2, TILL_KEY) + t.group(5, 5, lv + bytes((SFI, SFI))),
              t.group(5, 6, lv + bytes((SFI, SFI, 0, 5)))]  # fmt: skip

    def run(terminal):
        terminal.personalise(STAGED, *blocks)

    before, total = holding(base), writes_of(base, run)
    done = base.fork()
    run(Till(done))
    adopted = holding(done, STAGED)
    assert adopted.head == before.head
    assert [one[:29] for one in adopted.receipts] == [one[:29] for one in before.receipts]
    for n in range(1, total + 1):
        for outcome in OUTCOMES:
            card = cut(base, run, n, outcome)
            assert holding(card) == before
            system = card._system
            entry = system.registry.entries[STAGED]
            if system.registry.life(entry) != 0x0F:
                run(Till(card))
            assert holding(card, STAGED) == adopted
            assert InstanceContext(system, entry).arrays[BODY].length == 16 + 17 * 4
    record_property("cut_points", 3 * total)
