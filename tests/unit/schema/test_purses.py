"""What a declaration of a purse says, what it refuses with every fault at once, and what its card then needs."""

import pytest

from yohaku import ALWAYS, NEVER, Applet, Key, Pin, Purse, PurseLimits, PurseLog, Record, SchemaError, TransparentFile
from yohaku import field as declared
from yohaku.errors import DecodeError
from yohaku.fields import UInt
from yohaku.schema import applet_layout, card_bytes, compile_descriptor, parse_descriptor
from yohaku_emulator import EmulatedCard
from yohaku_emulator import terminal as t
from yohaku_emulator.system import InstanceContext


class Item(Record):
    number: int = declared(UInt(16))


class Shop(Applet, aid="F0 59 48 4B 54 71"):
    """店"""

    first = Key()
    till = Key()
    holder = Pin()
    before = Purse("甲", limits=PurseLimits(500), receipts=first, read=ALWAYS, credit=till, debit=till | holder,
                   log=PurseLog(3, holder))  # fmt: skip
    stock = TransparentFile(Item, read=ALWAYS, update=till)
    after = Purse("乙", limits=PurseLimits(2**31 - 1, credit=7, debit=9), receipts=till, read=holder, credit=till,
                  debit=NEVER, log=PurseLog(254, NEVER), sfi=1)  # fmt: skip


class TestDeclaration:
    def test_files_come_first_and_share_the_numbers_with_purses(self):
        assert list(Shop.parts()) == ["stock", "before", "after", "holder", "first", "till"]
        assert (Shop.stock.sfi, Shop.before.sfi, Shop.after.sfi) == (2, 3, 1)

    def test_limits_that_are_not_stated_are_the_highest_balance(self):
        assert (Shop.before.most_credit, Shop.before.most_debit) == (500, 500)
        assert (Shop.after.most_credit, Shop.after.most_debit) == (7, 9)
        assert list(map(str, Shop.before.rules.values())) == ["always", "holder", "till", "holder | till"]

    def test_every_fault_is_told_at_once(self):
        key = Key()
        limits = PurseLimits(2**31, credit=0, debit=2**31 + 1)
        with pytest.raises(SchemaError) as caught:
            Purse("財布", limits=limits, receipts=key, read=key, credit=key, debit=key, log=PurseLog(255, key), sfi=0)
        text = str(caught.value)
        for fault in ("balance of 2147483648", "credit of 0", "debit of 2147483649", "log of 255", "SFI 0"):
            assert fault in text

    def test_an_applet_refuses_foreign_keys_and_shared_numbers(self):
        foreign = Key()
        with pytest.raises(SchemaError) as caught:

            class Wrong(Applet, aid="F0 59 48 4B 54 72"):
                """誤"""

                till = Key()
                money = Purse(limits=PurseLimits(1), receipts=foreign, read=foreign, credit=till, debit=till,
                               log=PurseLog(1, till), sfi=4)  # fmt: skip
                item = TransparentFile(Item, read=ALWAYS, update=till, sfi=4)

        text = str(caught.value)
        assert "money.receipts names a key that is no part of this applet" in text
        assert "money.read names a PIN or key" in text
        assert "item both have SFI 4" in text

    def test_an_applet_refuses_names_that_would_hide_its_own(self):
        with pytest.raises(SchemaError, match="every applet has purses, version already: give another name"):
            type("Wrong", (Applet,), {"purses": Key(), "version": Pin()}, aid="F0 59 48 4B 54 74")

    def test_thirty_files_and_purses_are_the_most(self):
        key = Key()
        body = {f"f{n}": TransparentFile(Item, read=ALWAYS, update=key) for n in range(30)}
        body["purse"] = Purse(
            limits=PurseLimits(1), receipts=key, read=key, credit=key, debit=key, log=PurseLog(1, key)
        )
        with pytest.raises(SchemaError, match="31 files and purses: allowed is 1 to 30"):
            type("Many", (Applet,), {"key": key, **body}, aid="F0 59 48 4B 54 73")

    def test_a_purse_replaces_only_one_of_the_previous_version(self):
        stray = Purse(limits=PurseLimits(1), receipts=Shop.till, read=NEVER, credit=NEVER, debit=NEVER,
                      log=PurseLog(1, NEVER))  # fmt: skip
        with pytest.raises(SchemaError, match="money replaces a purse that is no part of version 1"):

            class Next(Applet, previous=Shop, version=2):
                """店"""

                till = Key()
                money = Purse(limits=PurseLimits(1), receipts=till, read=till, credit=till, debit=till,
                              log=PurseLog(1, till)).replaces(stray)  # fmt: skip


class TestOnTheCard:
    def test_the_descriptor_is_what_the_contract_says_and_comes_back(self):
        raw = compile_descriptor(Shop)
        before = bytes.fromhex("04 03 01 03 000001F4 000001F4 000001F4 010000 010001 010004 0200010004")
        after = bytes.fromhex("04 01 02 FE 7FFFFFFF 00000007 00000009 010001 00 010004 00")
        assert raw.endswith(before + after)
        assert raw[4] == 3
        found = parse_descriptor(raw)["file_entries"]
        assert [one["kind"] for one in found] == [1, 4, 4]
        assert (found[2]["entries"], found[2]["most_debit"], found[2]["log"]) == (254, 9, [])
        with pytest.raises(DecodeError, match="malformed"):
            parse_descriptor(raw[:-1])

    def test_as_many_bytes_as_estimated_are_taken_by_its_arrays(self):
        card = EmulatedCard("generic", seed=1)
        card.power_on()
        t.Terminal(card).install(Shop.aid, compile_descriptor(Shop))
        system = card._system
        arrays = InstanceContext(system, system.registry.entries[Shop.aid]).arrays
        directory = 1 + 2 * len(arrays)
        assert sum(len(array) for array in arrays) + directory == card_bytes(Shop)
        layout = applet_layout(Shop)
        assert layout.bytes == 2 + Shop.before.size + Shop.after.size == 2 + 67 + 4334
        assert [array.length for array in arrays[-2:]] == [67, 4334]
