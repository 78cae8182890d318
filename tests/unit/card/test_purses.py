"""Purses on the emulated card: bookings, receipts that a back office checks, and what is refused before it travels."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from yohaku import ALWAYS, Applet, Key, Pin, Purse, PurseLimits, PurseLog
from yohaku.card import (
    AccessDeniedError,
    AmountError,
    AppletMismatchError,
    AppletSession,
    BalanceError,
    Card,
    Exchange,
    LinkError,
    ProtocolError,
    Secrets,
    StatusError,
)
from yohaku.card.traces import Explainer, Outcome, TraceEntry, replay
from yohaku.errors import DecodeError, JsonError
from yohaku.globalplatform import load_applet
from yohaku.schema import Booking, Receipt, ReceiptError
from yohaku_emulator.card import EmulatedCard
from yohaku_emulator.link import EmulatorLink
from yohaku_emulator.profiles import GENERIC
from yohaku_emulator.system import InstanceContext


class Points(Applet, aid="F0 59 48 4B 54 21"):
    """試験"""

    shop = Key(bits=256)
    office = Key(tries=1)
    holder = Pin()
    purse = Purse(
        limits=PurseLimits(1000, credit=600, debit=400),
        receipts=office,
        read=ALWAYS,
        credit=shop,
        debit=shop | holder,
        log=PurseLog(12, holder),
    )


class PointsV2(Applet, previous=Points, version=2):
    """試験"""

    shop = Key(bits=256)
    office = Key(tries=1)
    holder = Pin()
    money = Purse(
        limits=PurseLimits(9000), receipts=office, read=ALWAYS, credit=shop, debit=shop, log=PurseLog(3, holder)
    ).replaces(Points.purse)
    second = Purse(
        limits=PurseLimits(9000), receipts=office, read=ALWAYS, credit=shop, debit=shop, log=PurseLog(3, holder)
    )


SECRETS = Secrets.for_tests(Points)
OFFICE = SECRETS["office"]


@pytest.fixture
def card() -> Iterator[Card]:
    with Card(EmulatorLink(EmulatedCard(GENERIC, seed=5), "test")) as made:
        load_applet(made, Points, secrets=SECRETS)
        yield made


@pytest.fixture
def points(card):
    opened = card.open(Points)
    opened.shop.authenticate(SECRETS["shop"])
    opened.purse.credit(500)
    return opened


class TestBookings:
    def test_a_booking_is_one_command_and_tells_all_about_itself(self, card, points):
        seen: list[Exchange] = []
        card.observers.append(seen.append)
        receipt = points.purse.debit(120, reference=b"till 007")
        assert [len(one.command) for one in seen] == [18]
        state = points.purse.read()
        assert receipt == Receipt(Points.aid, 2, state.number, 2, Booking.DEBIT, 120, 380, b"till 007", receipt.proof)
        assert (state.sequence, points.purse.balance) == (2, 380)

    def test_references_are_random_when_none_are_given(self, points):
        one, other = points.purse.debit(1), points.purse.debit(1)
        assert len(one.reference) == 8
        assert one.reference != other.reference

    def test_the_log_gives_the_same_receipts_newest_first_in_the_fewest_commands(self, card, points):
        made = [points.purse.debit(number) for number in range(1, 14)]
        points.holder.verify("1234")
        seen: list[Exchange] = []
        card.observers.append(seen.append)
        assert points.purse.log() == made[:-13:-1]
        assert len(seen) == 3

    def test_a_booking_whose_answer_was_lost_is_found_by_its_reference(self, card, points, monkeypatch):
        link = card._link
        real = link.transmit

        def breaks(command: bytes) -> bytes:
            real(command)
            raise LinkError("gone")

        monkeypatch.setattr(link, "transmit", breaks)
        with pytest.raises(LinkError):
            points.purse.debit(50, reference=b"lost one")
        monkeypatch.setattr(link, "transmit", real)
        again = card.open(Points)
        again.holder.verify("1234")
        found = again.purse.find(b"lost one")
        assert found is not None
        assert (found.amount, again.purse.balance) == (50, 450)
        found.verify(OFFICE)
        assert again.purse.find(b"not seen") is None


def test_long_answers_carry_more_receipts_and_are_compared_in_a_replay():
    class Long(Applet, aid="F0 59 48 4B 54 22"):
        """試験"""

        shop, office = Key(), Key()
        purse = Purse(limits=PurseLimits(99), receipts=office, read=ALWAYS, credit=shop, debit=shop,
                      log=PurseLog(60, ALWAYS))  # fmt: skip

    secrets = Secrets.for_tests(Long)
    with Card(EmulatorLink(EmulatedCard("extended", seed=5), "test")) as card:
        load_applet(card, Long, secrets=secrets)
        opened = card.open(Long)
        opened.shop.authenticate(secrets["shop"])
        made = [opened.purse.credit(1) for _ in range(50)]
        seen: list[TraceEntry] = []
        card.observers.append(lambda exchange: seen.append(TraceEntry(exchange.command, exchange.response)))
        assert opened.purse.log() == made[::-1]
        assert len(seen) == 2
        assert [one.outcome for one in replay(card, tuple(seen), applets=[Long])] == [Outcome.SAME] * 2


class TestRefusals:
    @pytest.mark.parametrize("amount", [0, -1, 401, 2**40])
    def test_an_amount_that_does_not_fit_is_not_sent(self, card, points, amount):
        seen: list[Exchange] = []
        card.observers.append(seen.append)
        with pytest.raises(AmountError, match=r"allowed is 1 to 400; a reference of 3 bytes, it has 8; nothing was"):
            points.purse.debit(amount, reference=b"abc")
        assert not seen

    def test_the_balance_must_suffice_and_not_rise_too_high(self, points):
        points.purse.debit(400)
        with pytest.raises(BalanceError, match="debiting purse by 101: its balance would fall below 0"):
            points.purse.debit(101)
        points.purse.credit(600)
        with pytest.raises(BalanceError, match="rise above 1000"):
            points.purse.credit(301)
        assert points.purse.read() == replace(points.purse.read(), sequence=3, balance=700)

    def test_rights_are_named(self, card):
        opened = card.open(Points)
        opened.holder.verify("1234")
        with pytest.raises(AccessDeniedError, match="crediting purse of points needs shop"):
            opened.purse.credit(1)
        opened = card.open(Points)
        with pytest.raises(AccessDeniedError, match="reading the log of purse of points needs holder"):
            opened.purse.log()

    def test_a_blocked_receipt_key_stops_bookings(self, points):
        with pytest.raises(Exception, match="office"):
            points.office.authenticate(bytes(16))
        with pytest.raises(StatusError, match="office, which vouches for receipts, is blocked"):
            points.purse.debit(1)
        assert points.purse.balance == 500

    def test_the_last_number_is_the_end(self, card, points):
        system = card._link.card._system
        InstanceContext(system, system.registry.entries[Points.aid]).arrays[5].write(8, b"\xff" * 4)
        with pytest.raises(StatusError, match="sequence number is at its end"):
            points.purse.debit(1)

    def test_answers_of_a_wrong_length_are_no_state_and_no_receipts(self, card, points, monkeypatch):
        monkeypatch.setattr(card._link, "transmit", lambda _command: b"\0" * 5 + b"\x90\0")
        for read in (points.purse.read, points.purse.log, lambda: points.purse.debit(1)):
            with pytest.raises(ProtocolError, match="purse"):
                read()


class TestVersions:
    def test_an_earlier_purse_books_by_its_own_limits_and_a_new_one_waits(self, card):
        opened = card.open(PointsV2)
        opened.shop.authenticate(SECRETS["shop"])
        assert opened.money.credit(500).balance == 500
        with pytest.raises(AmountError, match="allowed is 1 to 600"):
            opened.money.credit(601)
        with pytest.raises(AppletMismatchError, match="second is not in version 1"):
            opened.second.credit(1)

    def test_a_session_knows_its_purse(self, card):
        assert AppletSession.of(card.open(Points)).purse(Points.purse).balance == 0


class TestTraces:
    @pytest.fixture
    def entries(self, card):
        seen: list[TraceEntry] = []
        card.observers.append(lambda exchange: seen.append(TraceEntry(exchange.command, exchange.response)))
        opened = card.open(Points)
        opened.shop.authenticate(SECRETS["shop"])
        opened.holder.verify("1234")
        opened.purse.credit(500, reference=b"till 007")
        opened.purse.debit(20, reference=b"till 008")
        opened.purse.read()
        opened.purse.log()
        with pytest.raises(BalanceError):
            opened.purse.credit(600)
        return seen

    def test_bookings_states_and_receipts_are_told(self, entries):
        explainer = Explainer([Points])
        told = [explainer.explain(entry) for entry in entries]
        assert [one.meaning for one in told[-5:-1]] == [
            f"CREDIT purse: 500, reference {b'till 007'.hex()}",
            f"DEBIT purse: 20, reference {b'till 008'.hex()}",
            "READ PURSE purse",
            "READ RECEIPTS purse from 1",
        ]
        assert told[-4].notes[0].startswith("balance 480, booking 2, purse ")
        assert told[-2].notes == (
            f"booking 2: debit 20, balance 480, reference {b'till 008'.hex()}",
            f"booking 1: credit 500, balance 500, reference {b'till 007'.hex()}",
        )
        assert told[-1].notes == ()

    def test_a_replay_on_another_card_compares_all_but_number_and_proofs(self, entries):
        def outcomes(made):
            found = replay(made, entries, applets=[Points], secrets=lambda _applet: SECRETS)
            return [one.outcome for one in found][-5:]

        with Card(EmulatorLink(EmulatedCard(GENERIC, seed=6), "other")) as other:
            load_applet(other, Points, secrets=SECRETS)
            assert outcomes(other) == [Outcome.SAME] * 5
            assert outcomes(other)[:4] == [Outcome.DIFFERENT] * 4


class TestReceipts:
    @pytest.fixture
    def receipt(self, points):
        return points.purse.debit(120, reference=b"till 007")

    def test_the_back_office_needs_no_card(self, receipt):
        receipt.verify(OFFICE)
        assert receipt.is_genuine(OFFICE)

    @pytest.mark.parametrize(
        "change",
        [
            {"amount": 121},
            {"balance": 381},
            {"sequence": 3},
            {"booking": Booking.CREDIT},
            {"reference": b"till 008"},
            {"purse": bytes(8)},
            {"aid": bytes.fromhex("F059484B5422")},
            {"key": 1},
            {"proof": bytes(16)},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_no_part_of_it_can_be_changed(self, receipt, change):
        with pytest.raises(ReceiptError, match="not genuine"):
            replace(receipt, **change).verify(OFFICE)

    def test_another_key_did_not_make_it(self, receipt):
        assert not receipt.is_genuine(bytes(16))

    def test_bytes_and_json_come_back(self, receipt):
        assert Receipt.from_bytes(receipt.to_bytes(), aid=receipt.aid, key=2) == receipt
        assert Receipt.from_json(receipt.to_json()) == receipt
        assert receipt.to_json()["booking"] == "debit"

    def test_other_bytes_are_refused(self, receipt):
        raw = receipt.to_bytes()
        for bad in (raw[:-1], raw + b"\0", raw[:12] + b"\3" + raw[13:]):
            with pytest.raises(DecodeError, match="no receipt"):
                Receipt.from_bytes(bad, aid=receipt.aid, key=2)

    def test_every_fault_of_json_is_told(self, receipt):
        shown = receipt.to_json() | {"amount": True, "aid": "F0", "booking": 2, "proof": "zz", "more": 1}
        del shown["purse"]
        with pytest.raises(JsonError) as caught:
            Receipt.from_json(shown)
        assert {fault.where for fault in caught.value.faults} == {
            "$.amount",
            "$.aid",
            "$.booking",
            "$.proof",
            "$.more",
            "$.purse",
        }
        with pytest.raises(JsonError, match="object"):
            Receipt.from_json([1])
