"""Each test of a suite finds the fault that it is for, and says what, where and how to see it."""

import inspect
import json
import re
import sys
import textwrap
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase

from yohaku import ALWAYS, NEVER, Applet, CyclicFile, Key, LinearFile, Pin, Record, TransparentFile, field
from yohaku.card import CardError, Secrets
from yohaku.codec import FixedField
from yohaku.errors import UnknownNameError
from yohaku.fields import Digits, UInt
from yohaku.schema import Purse, PurseLimits, PurseLog
from yohaku.schema.snapshot import schema_snapshot
from yohaku.testing import applet_suite, applets
from yohaku.testing.suite.access import combinations_of, operations, ways
from yohaku.testing.suite.broken import BrokenError
from yohaku.testing.suite.cards import EmulatedCards
from yohaku.testing.suite.effort import EFFORTS, Effort, effort
from yohaku.testing.suite.examples import for_all
from yohaku_emulator import EmulatedCard
from yohaku_emulator.container.credentials import Credentials
from yohaku_emulator.link import EmulatorLink
from yohaku_emulator.runtime import OwnerPin, PersistentArray

QUICK = EFFORTS["quick"]
FEW = replace(QUICK, examples=3, sessions=2, credentials=3, repeatable=True)


class Stamp(Record):
    """押印"""

    shop: int = field(UInt(16), "店", example=7)
    code: str = field(Digits(4), "番号", example="0123")


class Rally(Applet, aid="F0 59 48 4B 74 01", version=1):
    """スタンプラリー"""

    desk = Key("窓口鍵")
    audit = Key("監査鍵", tries=3)
    holder = Pin("暗証番号", tries=3, length=(4, 6), reset=desk & audit, can_disable=True)
    last = TransparentFile(Stamp, "最新", read=ALWAYS, update=desk | (holder & audit))
    copy = TransparentFile(Stamp, "控", read=holder, update=desk, atomic=True)
    notes = LinearFile(Stamp, "覚書", records=2, read=NEVER, append=holder, update=desk)
    stamps = CyclicFile(Stamp, "履歴", records=4, read=holder | desk, append=desk)
    points = Purse(
        "点", limits=PurseLimits(500), receipts=audit, read=ALWAYS, credit=desk, debit=holder & desk,
        log=PurseLog(3, read=holder),
    )  # fmt: skip


TestRally = applet_suite(Rally)
"""The suite passes where nothing is wrong."""


@pytest.fixture(scope="module")
def cards():
    return EmulatedCards()


@pytest.fixture
def suite():
    return applet_suite(Rally)()


def finding(test, /, *args, **kwargs):
    """Run a test that must fail; give what it says."""
    with pytest.raises(pytest.fail.Exception) as failure:
        test(*args, **kwargs)
    assert not failure.value.pytrace
    return str(failure.value)


class Planted(FixedField[int]):
    """One byte, with a fault to be found."""

    def __init__(self, fault):
        super().__init__(1)
        self.fault = fault

    def write(self, value):
        if self.fault == "raises" and value >= 128:
            raise IndexError("planted")
        return bytes((value,))

    def unpack(self, raw):
        if self.fault == "adds one":
            return min(raw[0] + 1, 255)
        if self.fault == "raises in decoding" and raw[0] == 255:
            raise IndexError("planted")
        return raw[0] & 0xFE if self.fault == "two encodings" and raw[0] < 128 else raw[0]

    def example(self):
        return 2

    def to_json(self, value):
        return value // 2 if self.fault == "JSON" else value


def planted(fault):
    class Item(Record):
        """一件"""

        number: int = field(Planted(fault), "番号")

    file = TransparentFile(Item, "甲", read=ALWAYS, update=NEVER)
    return applet_suite(type("Shop", (Applet,), {"a": file}, aid="F0 01 02 03 04 05"))()


class TestRecords:
    @pytest.mark.parametrize(
        ("fault", "test", "what"),
        [
            ("adds one", "test_a_record_comes_back_from_its_bytes", "comes back from its bytes"),
            ("raises", "test_a_record_comes_back_from_its_bytes", "drawing values raises IndexError: planted"),
            ("raises in decoding", "test_near_miss_bytes_are_refused_or_written_back", "the bytes ff raise IndexError"),
            ("two encodings", "test_near_miss_bytes_are_refused_or_written_back", "the bytes 01 decode to"),
            ("JSON", "test_a_record_comes_back_from_its_json", "comes back from its JSON"),
            ("JSON", "test_equal_records_have_equal_bytes", "and made from its JSON to"),
        ],
    )
    def test_a_codec_that_does_not_hold_is_found(self, fault, test, what):
        said = finding(getattr(planted(fault), test), file="a", yohaku_effort=EFFORTS["ci"])
        assert said.startswith("shop.a: ")
        assert what in said
        assert "planted" in said.split("\n\n", 1)[1]

    def test_a_size_that_the_layout_does_not_know_is_found(self, suite, monkeypatch):
        monkeypatch.setattr(Stamp.__field_type__, "maximum", 5)
        said = finding(suite.test_a_record_takes_the_bytes_that_the_layout_says, file="last", yohaku_effort=QUICK)
        assert said.startswith("rally.last: takes 6 bytes, the layout says 6 to 5")

    def test_a_json_schema_that_is_too_strict_is_found(self, suite, monkeypatch):
        from yohaku.render import jsonschema

        right = jsonschema.json_schema
        monkeypatch.setattr(
            jsonschema, "json_schema", lambda record: right(record) | {"required": ["shop", "code", "more"]}
        )
        test = suite.test_what_the_codec_takes_the_json_schema_takes
        assert "'more' is a required property @ $" in finding(test, file="last", yohaku_effort=QUICK)


def lying(monkeypatch, when, answer):
    """Have every emulated card give another answer to some commands."""
    right = EmulatedCard.transmit

    def transmit(card, command):
        told = right(card, command)
        return answer if when(command, told) else told

    monkeypatch.setattr(EmulatedCard, "transmit", transmit)


class TestAccess:
    @pytest.mark.parametrize(
        ("ins", "operation", "way"),
        [
            (0xD6, "update last", "UPDATE BINARY"),
            (0xB1, "read copy", "READ BINARY with an offset object"),
            (0xA2, "read stamps", "SEARCH RECORD"),
            (0xE2, "append notes", "APPEND RECORD"),
            (0x54, "debit points", "DEBIT"),
            (0x2C, "reset holder", "RESET RETRY COUNTER"),
        ],
    )
    def test_a_card_that_allows_too_much_is_found(self, suite, cards, monkeypatch, ins, operation, way):
        cards.loaded(Rally)
        lying(monkeypatch, lambda sent, told: sent[1] == ins and told == b"\x69\x82", b"\x90\x00")
        said = finding(
            suite.test_access_is_exactly_what_is_declared,
            operation=operation, yohaku_cards=cards, yohaku_effort=QUICK,
        )  # fmt: skip
        name, part = operation.split()
        assert said.startswith(f"rally.{part}: {name} with nothing presented: the declaration forbids it")
        assert f"the card answers 9000 (done) to {way}" in said
        assert f"> 00 {ins:02X}" in said or f"> 80 {ins:02X}" in said
        assert len(said.splitlines()) < 30

    def test_a_card_that_allows_too_little_is_found(self, suite, cards, monkeypatch):
        cards.loaded(Rally)
        lying(monkeypatch, lambda sent, told: sent[:2] == b"\0\xd6" and told == b"\x90\0", b"\x69\x82")
        said = finding(
            suite.test_access_is_exactly_what_is_declared,
            operation="update last", yohaku_cards=cards, yohaku_effort=QUICK,
        )  # fmt: skip
        assert "update with desk presented: the declaration allows it (update needs desk | holder & audit)" in said

    def test_what_two_rules_confuse_is_found(self, suite, cards, monkeypatch):
        """The declaration is read anew: a descriptor that was made from other rules deviates."""
        cards.loaded(Rally)
        monkeypatch.setattr(Rally.last, "update", ALWAYS)
        said = finding(
            suite.test_access_is_exactly_what_is_declared,
            operation="update last", yohaku_cards=cards, yohaku_effort=QUICK,
        )  # fmt: skip
        assert said

    def test_rights_that_survive_are_found(self, suite, cards, monkeypatch):
        monkeypatch.setattr(EmulatorLink, "reset", lambda link: link.atr)
        monkeypatch.setattr(Credentials, "state", property(lambda _: 0xFF))
        said = finding(suite.test_rights_end_with_the_session, yohaku_cards=cards)
        assert "; everything was, before a new selection" in said

    def test_a_wrong_value_that_is_taken_is_found(self, suite, cards, monkeypatch):
        lying(monkeypatch, lambda sent, told: sent[1] == 0x20 and told[0] == 0x63 and len(sent) > 5, b"\x90\x00")
        said = finding(suite.test_a_wrong_value_takes_the_right_away, credential="holder", yohaku_cards=cards)
        assert said.startswith("rally.holder: the card takes a wrong value for the right one")

    def test_a_try_that_costs_nothing_is_found(self, suite, cards, monkeypatch):
        lying(monkeypatch, lambda sent, told: sent[1] == 0x20 and told[0] == 0x63 and len(sent) < 6, b"\x63\xc3")
        said = finding(suite.test_a_pin_is_blocked_after_its_tries, pin="holder", yohaku_cards=cards)
        assert "the card tells 3 tries left, 2 are" in said

    def test_a_blocked_pin_that_opens_is_found(self, suite, cards, monkeypatch):
        lying(monkeypatch, lambda sent, told: sent[1] == 0x20 and told == b"\x69\x83" and len(sent) > 5, b"\x90\x00")
        said = finding(suite.test_a_pin_is_blocked_after_its_tries, pin="holder", yohaku_cards=cards)
        assert "all tries are spent, and the card answers 9000 (done) to the right value" in said

    def test_a_pin_that_can_be_disabled_unasked_is_found(self, suite, cards, monkeypatch):
        test = suite.test_a_pin_counts_as_presented_only_when_disabled_by_its_holder
        cards.loaded(Rally)
        monkeypatch.setattr(Rally.holder, "can_disable", False)
        monkeypatch.setattr("yohaku.card.session._check_identity", lambda _fci, _applet: None)
        said = finding(test, pin="holder", yohaku_cards=cards)
        assert "the declaration forbids its being disabled, the card answers 9000" in said

    def test_every_operation_has_a_way_and_every_combination_is_tried(self):
        tried = {way.id for way in ways(Rally, Secrets.for_tests(Rally))}
        assert tried == set(operations(Rally))
        assert len(combinations_of(Rally, 8)) == 8
        assert len(combinations_of(Rally, 2)) == 8
        many = type(
            "Many",
            (Applet,),
            {f"k{n}": Key() for n in range(6)} | {"a": TransparentFile(Stamp, read=ALWAYS, update=NEVER)},
            aid="F0 01 02 03 04 06",
        )  # fmt: skip
        assert len(combinations_of(many, 6)) == 64
        assert len(combinations_of(many, 5)) == 2 * (1 + 6 + 15)


class TestTearing:
    def test_a_write_that_is_not_whole_is_found(self, suite, cards, monkeypatch, capsys):
        right = PersistentArray.write

        def write(array, offset, data):
            half = len(data) // 2
            right(array, offset, data[:half])
            right(array, offset + half, data[half:])

        cards.loaded(Rally)
        monkeypatch.setattr(PersistentArray, "write", write)
        said = finding(
            suite.test_a_power_cut_leaves_the_old_or_the_new, action="update last",
            yohaku_cards=cards, yohaku_effort=QUICK, record_property=lambda *_: None,
        )  # fmt: skip
        assert re.match(
            r"rally: power cut at page write \d of the last command, that page left \w+: afterwards .*: last", said
        )
        assert "> 00 D6" in said.splitlines()[-2]
        program = textwrap.dedent(said.split("\n\n", 1)[1].split("    # SELECT")[0])
        seen = {}
        exec(program, seen)  # noqa: S102 - what the failure tells somebody to run
        assert "power was cut while page" in capsys.readouterr().out
        assert seen["applet"].name == "rally"

    def test_a_try_that_is_given_back_by_a_cut_is_found(self, suite, cards, monkeypatch):
        right = OwnerPin.check

        def check(pin, value):
            pin.reset()
            pin.lower(2)
            return right(pin, value)

        cards.loaded(Rally)
        monkeypatch.setattr(OwnerPin, "check", check)
        said = finding(
            suite.test_a_power_cut_leaves_the_old_or_the_new, action="mistype holder",
            yohaku_cards=cards, yohaku_effort=QUICK, record_property=lambda *_: None,
        )  # fmt: skip
        assert "afterwards neither as before nor as after: tries" in said

    def test_a_load_that_cannot_be_completed_is_found(self, suite, cards, monkeypatch):
        def refuse(*_args, **_options):
            raise CardError("planted")

        monkeypatch.setattr("yohaku.testing.suite.tearing.load_applet", refuse)
        said = finding(
            suite.test_a_load_that_is_cut_can_be_completed,
            yohaku_cards=cards, yohaku_effort=QUICK, record_property=lambda *_: None,
        )  # fmt: skip
        assert "the card is unusable afterwards: CardError: planted" in said


FROM_1 = {"earlier": "version 1", "yohaku_effort": QUICK}


class TestEvolution:
    @staticmethod
    def next_version(convert, **options):
        class Mark(Record):
            """押印"""

            shop: int = field(UInt(24), "店", example=7)

        class Rally2(Applet, version=2, previous=Rally, name="rally", **options):
            """スタンプラリー"""

            desk = Key("窓口鍵")
            audit = Key("監査鍵", tries=3)
            holder = Pin("暗証番号", tries=3, length=(4, 6), reset=desk & audit, can_disable=True)
            last = TransparentFile(Mark, "最新", read=ALWAYS, update=desk).replaces(Rally.last, by=convert(Mark))
            stamps = CyclicFile(Mark, "履歴", records=3, read=holder, append=desk).replaces(
                Rally.stamps, by=convert(Mark)
            )
            points = Purse(
                "点", limits=PurseLimits(900), receipts=audit, read=ALWAYS, credit=desk, debit=holder & desk,
                log=PurseLog(2, read=holder),
            )  # fmt: skip

        return applet_suite(Rally2)()

    def test_an_upgrade_that_keeps_all_passes(self, cards):
        suite = self.next_version(lambda kind: lambda old: kind(shop=old.shop * 10))
        suite.test_every_record_is_made_new_from(**FROM_1)
        suite.test_a_card_is_upgraded_from(**FROM_1, yohaku_cards=cards)

    def test_every_cut_of_an_upgrade_can_be_completed(self, cards, record_property):
        suite = self.next_version(lambda kind: lambda old: kind(shop=old.shop))
        test = suite.test_an_upgrade_that_is_cut_can_be_completed_from
        test(**FROM_1, yohaku_cards=cards, record_property=record_property)

    def test_a_record_that_cannot_be_made_new_is_found(self):
        suite = self.next_version(lambda kind: lambda old: kind(shop=100 // (65535 - old.shop)))
        said = finding(suite.test_every_record_is_made_new_from, **FROM_1)
        assert said.startswith("rally.last: Stamp(shop=65535")
        assert "making last new failed: ZeroDivisionError" in said
        assert "from_json({'shop': 65535" in said

    def test_an_upgrade_that_loses_something_is_found(self, cards, monkeypatch):
        suite = self.next_version(lambda kind: lambda old: kind(shop=old.shop))
        monkeypatch.setattr("yohaku.globalplatform.upgrade.renewed_content", lambda *_args: bytes(3))
        said = finding(suite.test_a_card_is_upgraded_from, **FROM_1, yohaku_cards=cards)
        assert re.search(r"rally\.(last|stamps): holds 000000.* after the upgrade of", said)

    def test_an_upgrade_that_loses_money_is_found(self, cards, monkeypatch):
        suite = self.next_version(lambda kind: lambda old: kind(shop=old.shop))
        monkeypatch.setattr("yohaku.globalplatform.upgrade._kept_purses", lambda *_args: iter(()))
        said = finding(suite.test_a_card_is_upgraded_from, **FROM_1, yohaku_cards=cards)
        assert said.startswith("rally.points: is ((0, 0, ()), ")
        assert "not ((1, 1, ((1, <Booking.CREDIT: 1>, 1," in said

    def test_a_change_without_an_upgrade_is_found(self, tmp_path):
        saved = tmp_path / "rally.v1.json"
        shown = schema_snapshot(Rally).to_json()
        saved.write_text(json.dumps(shown), encoding="utf-8")
        applet_suite(Rally, snapshots=[saved])().test_nothing_breaks_since_the_saved(saved="rally.v1.json")
        shown["keys"][0]["bits"] = 256
        saved.write_text(json.dumps(shown), encoding="utf-8")
        said = finding(
            applet_suite(Rally, snapshots=[saved])().test_nothing_breaks_since_the_saved, saved="rally.v1.json"
        )
        assert said.startswith("rally: 2 breaking changes since rally.v1.json")
        assert "WIRE KEY_SIZE_CHANGED desk" in said

    def test_snapshots_beside_the_applet_are_found(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sys.modules[__name__], "__file__", str(tmp_path / "rally.py"))
        (tmp_path / "rally.v1.json").write_text(json.dumps(schema_snapshot(Rally).to_json()), encoding="utf-8")
        (tmp_path / "other.json").write_text("[1", encoding="utf-8")
        assert list(applet_suite(Rally).snapshots) == ["rally.v1.json"]


class TestModel:
    def test_a_card_that_forgets_is_found(self, suite, cards, monkeypatch):
        lying(monkeypatch, lambda sent, told: sent[1] == 0xB0 and len(told) == 8, bytes(6) + b"\x90\x00")
        said = finding(suite.test_random_sessions_do_what_the_declaration_says, yohaku_cards=cards, yohaku_effort=QUICK)
        assert said.startswith("rally: ")
        assert "connect(" in said or "open_link(" in said
        assert "00b0" in said.lower().replace(" ", "")


class TestExamples:
    def test_what_failed_last_time_is_tried_first(self, monkeypatch):
        """Two properties share a database, and neither takes away what the other keeps."""
        database = InMemoryExampleDatabase()
        monkeypatch.setattr(Effort, "settings", property(lambda _: settings(database=database, max_examples=100)))
        tried = []

        def holds(number):
            tried.append(number)
            if number > 10_000:
                raise BrokenError("here", "is large")

        arguments = {"effort": QUICK, "where": "here"}
        with pytest.raises(BrokenError):
            for_all(holds, st.integers(), name="first", **arguments)
        for_all(lambda _: None, st.integers(), name="second", **arguments)
        tried.clear()
        with pytest.raises(BrokenError, match="is large"):
            for_all(holds, st.integers(), name="first", **arguments)
        assert tried[0] == 10_001

    def test_what_cannot_be_drawn_is_told(self):
        with pytest.raises(BrokenError, match="drawing values raises ZeroDivisionError") as failure:
            for_all(lambda _: None, st.integers().map(lambda _: 1 // 0), name="a", effort=QUICK, where="shop.a")
        assert str(failure.value).startswith("shop.a: ")

    def test_a_name_that_is_no_effort_is_told(self):
        with pytest.raises(UnknownNameError, match="no profile 'fast': there is quick, ci, long"):
            effort("fast")


@settings(
    max_examples=4,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(applets())
def test_drawn_applets_raise_no_false_alarm(cards, applet):
    suite = applet_suite(applet)
    settled = {"yohaku_cards": cards, "yohaku_effort": FEW, "record_property": lambda *_: None}
    for name in [name for name in dir(suite) if name.startswith("test_") and getattr(suite, name)]:
        test = getattr(suite(), name)
        wanted = inspect.signature(test).parameters
        given_ = {key: value for key, value in settled.items() if key in wanted}
        argument, parts = getattr(test, "yohaku_over", ("", lambda _: [""]))
        for part in parts(suite):
            test(**given_, **({argument: str(part)} if argument else {}))


@pytest.mark.parametrize("profile", ["t0", "extended", "jicsap", "small"])
def test_other_kinds_of_cards_run_the_whole_suite(suite, profile):
    cards = EmulatedCards(f"emulator:?profile={profile}")
    suite.test_random_sessions_do_what_the_declaration_says(yohaku_cards=cards, yohaku_effort=FEW)
    suite.test_access_is_exactly_what_is_declared(operation="update last", yohaku_cards=cards, yohaku_effort=FEW)
    suite.test_a_power_cut_leaves_the_old_or_the_new(
        action="update last", yohaku_cards=cards, yohaku_effort=FEW, record_property=lambda *_: None
    )


def test_tests_without_a_part_are_left_out():
    assert not [name for name in vars(TestRally) if "upgrade" in name and getattr(TestRally, name)]
    plain = planted("")
    assert plain.test_a_pin_is_blocked_after_its_tries is None
    assert plain.test_a_wrong_value_takes_the_right_away is None
    assert callable(plain.test_rights_end_with_the_session)
