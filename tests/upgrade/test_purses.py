"""Money in a purse comes along when a card is upgraded, wherever the power is cut; an early container is refused."""

from dataclasses import replace

import pytest

from yohaku import ALWAYS, Applet, Key, Pin, Purse, PurseLimits, PurseLog, Record, TransparentFile, field
from yohaku.card import BalanceError, Card, Secrets
from yohaku.fields import UInt
from yohaku.globalplatform import ContainerTooOldError, SecurityDomain, load_applet, upgrade_applet
from yohaku_emulator import EmulatedCard, PowerCut
from yohaku_emulator import card as emulated
from yohaku_emulator.container import LOAD_FILE
from yohaku_emulator.link import EmulatorLink
from yohaku_emulator.memory import OUTCOMES


class ShopV1(Applet, aid="F0 59 48 4B 54 41", name="shop"):
    """店"""

    till, office = Key(), Key()
    money = Purse(
        limits=PurseLimits(900), receipts=office, read=ALWAYS, credit=till, debit=till, log=PurseLog(16, till)
    )


class Shop(Applet, previous=ShopV1, version=2, name="shop"):
    """店"""

    till, office = Key(), Key()
    spare = Purse(limits=PurseLimits(9), receipts=office, read=ALWAYS, credit=till, debit=till, log=PurseLog(1, till))
    points = Purse(
        limits=PurseLimits(100), receipts=office, read=ALWAYS, credit=till, debit=till, log=PurseLog(3, till)
    ).replaces(ShopV1.money)


class Plate(Record):
    number: int = field(UInt(8))


SECRETS = Secrets.for_tests(ShopV1)


def over(card):
    return Card(EmulatorLink(card, "emulated"))


@pytest.fixture(scope="module")
def base():
    """A card of the old version whose log has gone round, and what its purse then holds."""
    made = EmulatedCard("generic", seed=11)
    card = over(made)
    load_applet(card, ShopV1, secrets=SECRETS)
    shop = card.open(ShopV1)
    shop.till.authenticate(SECRETS["till"])
    for number in range(20):
        shop.money.credit(30 + number)
    return made, shop.money.read(), shop.money.log()


def check_new(card, held, log):
    shop = card.open(Shop)
    shop.till.authenticate(SECRETS["till"])
    assert (shop.points.read(), shop.spare.balance) == (held, 0)
    assert shop.points.log() == log[:3]
    shop.points.log()[0].verify(SECRETS["office"])


def test_number_balance_and_the_newest_receipts_come_along(base):
    made, held, log = base
    card = over(made.fork())
    report = upgrade_applet(card, Shop, secrets=SECRETS)
    assert report.copied == ("points",)
    check_new(card, held, log)
    shop = card.open(Shop)
    shop.till.authenticate(SECRETS["till"])
    with pytest.raises(BalanceError):
        shop.points.credit(1)
    assert shop.points.debit(100).balance == held.balance - 100
    assert shop.points.read() == replace(held, sequence=21, balance=held.balance - 100)


def test_wherever_the_power_is_cut_a_second_run_brings_all_of_it(base, record_property):
    made, held, log = base
    whole = made.fork()
    before = whole.writes
    upgrade_applet(over(whole), Shop, secrets=SECRETS)
    total = whole.writes - before
    for n in range(1, total + 1):
        card = made.fork()
        card.memory.cut_at(n, OUTCOMES[n % 3], seed=n)
        with pytest.raises(PowerCut):
            upgrade_applet(over(card), Shop, secrets=SECRETS)
        card.memory.cut_at(0)
        upgrade_applet(over(card), Shop, secrets=SECRETS)
        check_new(over(card), held, log)
    record_property("cut_points", total)
    assert total > 50


class TestEarlyContainers:
    @pytest.fixture
    def early(self, monkeypatch):
        """A card whose container is of version 1.0."""
        programs = tuple(
            replace(program, version=b"\x01\x00") if program.load_file == LOAD_FILE else program
            for program in emulated.PROGRAMS
        )
        monkeypatch.setattr(emulated, "PROGRAMS", programs)
        return over(EmulatedCard("generic", seed=1))

    def test_a_purse_is_refused_before_anything_is_sent_to_it(self, early):
        sent = []
        early.observers.append(lambda exchange: sent.append(exchange.command[1]))
        with pytest.raises(
            ContainerTooOldError, match=r"shop has purse money.*version 1\.1 or later; it has version 1\.0"
        ):
            load_applet(early, ShopV1, secrets=SECRETS)
        assert 0xE6 not in sent

    def test_so_is_a_pin_that_can_be_disabled(self, early):
        class Door(Applet, aid="F0 59 48 4B 54 42"):
            """扉"""

            holder = Pin(can_disable=True)
            name_plate = TransparentFile(Plate, read=holder, update=holder)

        with pytest.raises(ContainerTooOldError, match="PIN holder that can be disabled"):
            load_applet(early, Door, secrets=Secrets.for_tests(Door))

    def test_a_card_that_states_no_version_is_tried_and_understood(self, monkeypatch):
        card = over(EmulatedCard("generic", seed=1))
        monkeypatch.setattr(SecurityDomain, "load_files", lambda _self: [])
        monkeypatch.setattr("yohaku_emulator.container.descriptor.PURSE", 3)
        with pytest.raises(ContainerTooOldError, match=r"states no version and refused the descriptor \(6A80\)"):
            load_applet(card, ShopV1, secrets=SECRETS)
