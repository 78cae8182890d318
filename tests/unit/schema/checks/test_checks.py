"""Each rule finds its planted applet and nothing else does; the catalogue has no error."""

from datetime import date
from enum import Enum
from importlib.metadata import entry_points

import pytest
from construct import PaddedString
from hypothesis import given
from hypothesis import strategies as st

from yohaku import (
    ALWAYS,
    NEVER,
    Applet,
    Key,
    Pin,
    Purse,
    PurseLimits,
    PurseLog,
    Record,
    SchemaError,
    TlvRecord,
    TransparentFile,
    field,
    reserved,
)
from yohaku.fields import (
    Blob,
    Choice,
    Date,
    Digits,
    KanaName,
    PackedDigits,
    Prefixed,
    Repeat,
    Tagged,
    TelephoneNumber,
    Text,
    Timestamp,
    UInt,
)
from yohaku.schema.checks import RULES, Severity, check, check_together, is_my_number, my_number_warnings

CATALOGUE = {entry.name: entry.load() for entry in entry_points(group="yohaku.applets")}
AID = "D3 92 F0 01 23 01"


class Item(Record):
    """一件"""

    number: int = field(UInt(16), "番号", example=1)


def record(type_, label="番号", *, name="number", kind=int, doc="一件", **options):
    """Make a record class of one field."""
    options = {"example": 1} | options
    body = {"__doc__": doc, "__annotations__": {name: kind}, name: field(type_, label, **options), "__module__": "x"}
    return type(Record)("Planted", (Record,), body)


def text(label, *, name="value", most=20, **options):
    return record(Text(most), label, name=name, kind=str, example="x", **options)


def applet(content=Item, *, aid=AID, doc="店\n\nFor shops: they keep stock.", options=None, **parts):
    """Make an applet without a fault, but for what the arguments plant."""
    clerk = parts.pop("clerk", None) or Key("係員")
    body = {"clerk": clerk, "a": TransparentFile(content, "甲", read=clerk, update=clerk), "__doc__": doc, **parts}
    return type("Shop", (Applet,), body, aid=aid, **(options or {}))


def file(content=Item, label="乙", *, read=ALWAYS, update=NEVER):
    return TransparentFile(content, label, read=read, update=update)


CLERK, TILL, OFFICE = Key("係員"), Key("端末"), Key("精算鍵")


def purse(*, credit=TILL, debit=TILL, log=TILL, receipts=OFFICE):
    """Make an applet with a purse."""
    money = Purse("財布", limits=PurseLimits(100), receipts=receipts, read=ALWAYS, credit=credit, debit=debit,
                  log=PurseLog(2, log))  # fmt: skip
    return applet(clerk=TILL, **({} if receipts is TILL else {"office": receipts}), money=money)


PLANTED = {
    "FILE_OPEN_TO_UPDATE": applet(b=file(update=ALWAYS)),
    "FILE_NEVER_READ": applet(b=file(read=NEVER)),
    "PIN_WITHOUT_RESET": applet(pin=(pin := Pin("暗証番号")), b=file(read=pin)),
    "PIN_RESET_BY_ANYBODY": applet(pin=(pin := Pin("暗証番号", reset=ALWAYS)), b=file(read=pin)),
    "PIN_RESET_WHEN_DISABLED": applet(
        till=(till := Key("端末")), boss=(boss := Pin("店長", reset=till, can_disable=True)),
        pin=(pin := Pin("暗証番号", reset=boss)), b=file(read=pin)),
    "UNUSED_PIN": applet(clerk=CLERK, pin=Pin("暗証番号", reset=CLERK)),
    "UNUSED_KEY": applet(spare=Key("予備鍵")),
    "PURSE_OPEN_TO_CREDIT": purse(credit=ALWAYS),
    "PURSE_OPEN_TO_DEBIT": purse(debit=ALWAYS),
    "PURSE_NEVER_BOOKED": purse(debit=NEVER),
    "PURSE_LOG_OPEN": purse(log=ALWAYS),
    "PURSE_KEY_SHARED": purse(receipts=TILL),
    "PURSE_KEY_CAN_BLOCK": purse(receipts=Key("精算鍵", tries=3)),
    "MISSING_DOCSTRING": applet(doc="店"),
    "MISSING_LABEL": applet(record(UInt(8), "")),
    "MISSING_EXAMPLE": applet(type(Record)("Bare", (Record,), {
        "__doc__": "一件", "__annotations__": {"n": int}, "n": field(UInt(8), "番号")})),
    "EXAMPLE_INVALID": applet(record(UInt(8), example=256)),
    "AID_CATEGORY": applet(aid="B3 92 F0 01 23 01"),
    "AID_OF_ANOTHER": applet(aid="D3 92 F0 00 26 01"),
    "AID_PROPRIETARY": applet(aid="F3 92 F0 01 23 01"),
    "AID_SHORT": applet(aid="D3 92 F0 01 23"),
    "MY_NUMBER_STORED": applet(record(Digits(13), "個人番号", kind=str, example="0" * 13)),
    "FREE_TWELVE_DIGITS": applet(record(Digits(12), "会員番号", kind=str, example="0" * 12)),
    "PERSONAL_DATA_READABLE": applet(b=file(text("備考", personal=True))),
    "PERSONAL_DATA_UNMARKED": applet(text("氏名")),
    "FILE_PAST_SHORT_OFFSETS": applet(record(Blob(257), kind=bytes, example=bytes(257))),
    "DESCRIPTOR_TOO_LONG": applet(**{f"f{n}": file() for n in range(25)}),
    "DESCRIPTOR_NEARLY_FULL": applet(**{f"f{n}": file() for n in range(21)}),
    "FREE_TEXT_FOR_CODE": applet(text("利用区分")),
    "TEXT_LIKE_PADDING": applet(record(PaddedString(8, "ascii"), "備考", kind=str, example="x")),
    "IGNORE_UNKNOWN": applet(options={"ignore": {"NO_SUCH_RULE": "because"}}),
    "IGNORE_UNUSED": applet(options={"ignore": {"UNUSED_PIN": "because"}}),
}  # fmt: skip


def rules(found):
    return [finding.rule for finding in found if not finding.ignored]


def test_an_applet_without_a_fault_has_no_finding():
    assert check(applet(), free_bytes=2000) == []
    assert check(purse(), free_bytes=2000) == []


@pytest.mark.parametrize("rule", PLANTED)
def test_a_rule_finds_what_is_planted_and_no_other_rule_does(rule):
    found = check(PLANTED[rule])
    assert set(rules(found)) == {rule}
    assert found[0].where.startswith("shop")
    if rule in RULES:
        assert found[0].severity == RULES[rule].severity
        assert RULES[rule].summary.endswith((".", ")."))


def test_every_rule_has_a_planted_applet():
    sizes = {"DOES_NOT_FIT"}
    upgrades = {rule for rule in RULES if rule.startswith("UPGRADE_")}
    assert RULES.keys() - PLANTED.keys() == sizes | upgrades


def test_sizes_are_checked_against_the_bytes_that_a_card_grants():
    assert rules(check(applet(), free_bytes=40)) == ["DOES_NOT_FIT"]


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_catalogue_has_no_error_and_no_warning(name):
    assert [str(found) for found in check(CATALOGUE[name]) if not found.ignored and found.severity > 1] == []


def test_what_the_emergency_card_ignores_is_told_with_its_reason():
    ignored = [found for found in check(CATALOGUE["emergency-medical"]) if found.ignored]
    assert [found.rule for found in ignored] == ["PERSONAL_DATA_READABLE"]
    assert "(ignored: the crew must read it" in str(ignored[0])
    assert ignored[0].to_json()["ignored"].startswith("the crew")


class TestIgnoring:
    def test_a_reason_covers_its_place_only(self):
        key = Key("係員")
        both = applet(text("氏名"), clerk=key, b=file(text("住所"), read=key, update=key))
        both.a.ignoring("PERSONAL_DATA_UNMARKED", "a shop's own name", at="value")
        found = check(both)
        assert [(one.where, one.ignored) for one in found] == [("shop.b.value", False), ("shop.a.value", True)]

    def test_a_group_covers_what_is_inside_and_nothing_that_only_begins_like_it(self):
        class Pair(Record):
            """組"""

            one: Item = field(Item, "一")
            ones: tuple[Item, ...] = field(Repeat(Item, 2), "二")

        class Bare(Record):
            """裸"""

            pair: int = field(UInt(8), "")
            pairs: tuple[int, ...] = field(Repeat(UInt(8), 2), "", example=(1, 2))

        planted = applet(Bare)
        planted.a.ignoring("MISSING_LABEL", "shown nowhere", at="pair")
        planted.a.ignoring("MISSING_EXAMPLE", "shown nowhere", at="pair")
        assert [(one.where, one.rule) for one in check(planted) if not one.ignored] == [
            ("shop.a.pairs[]", "MISSING_LABEL")
        ]
        assert check(applet(Pair)) == []

    def test_the_law_is_not_ignored(self):
        planted = applet(text("個人番号"), options={"ignore": {"MY_NUMBER_STORED": "we need it"}})
        assert set(rules(check(planted))) == {"MY_NUMBER_STORED", "IGNORE_REFUSED"}

    def test_a_reason_is_required(self):
        with pytest.raises(SchemaError, match="state the reason"):
            file().ignoring("UNUSED_KEY", "")


class TestMyNumber:
    @pytest.mark.parametrize(
        ("name", "label"),
        [
            ("my_number", "番号"), ("myNumber", "番号"), ("mynumber", "番号"), ("kojin_bango", "番号"),
            ("value", "マイナンバー"), ("value", "ﾏｲﾅﾝﾊﾞｰ"),
            ("value", "個人番号（12桁）"), ("value", "Ｍｙ Ｎｕｍｂｅｒ"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize(
        ("type_", "kind", "example"),
        [
            (Digits(12), str, "0" * 12), (PackedDigits(12), str, "0" * 12), (Text(12), str, "x"), (UInt(40), int, 1),
            (Blob(6), bytes, bytes(6)), (Prefixed(UInt(8), Text(20, padded=False)), str, "x"),
        ],
    )  # fmt: skip
    def test_no_field_for_it_passes_under_any_name_and_type(self, name, label, type_, kind, example):
        planted = applet(record(type_, label, name=name, kind=kind, example=example))
        found = [one for one in check(planted) if one.rule == "MY_NUMBER_STORED"]
        assert [(one.where, one.severity) for one in found] == [(f"shop.a.{name}", Severity.ERROR)]

    def test_it_is_found_inside_templates_and_lists(self):
        class Deep(TlvRecord, tag=0xE1):
            """深"""

            numbers: tuple[str, ...] = field(
                Tagged(0xA2, Repeat(Tagged(0x0C, Digits(12)), most=3)), "家族の個人番号", example=("0" * 12,)
            )

        assert ("MY_NUMBER_STORED", "shop.a.numbers[]") in [(one.rule, one.where) for one in check(applet(Deep))]

    @pytest.mark.parametrize(
        ("type_", "label", "kind", "example"),
        [
            (UInt(32), "個人番号の下4桁", int, 1),
            (Digits(12), "個人番号カードの製造番号", str, "0" * 12),
            (Timestamp(5), "マイナンバー確認日時", date, None),
            (Date(), "マイナンバーカードの有効期限", date, date(2026, 4, 1)),
            (Digits(12), "会員番号", str, "0" * 12),
        ],
    )
    def test_what_is_none_is_left_alone(self, type_, label, kind, example):
        planted = applet(record(type_, label, kind=kind, example=example))
        assert "MY_NUMBER_STORED" not in rules(check(planted))

    def test_the_check_digit_rule(self):
        assert is_my_number("537686677188")
        assert not any(is_my_number(f"53768667718{digit}") for digit in "012345679")
        assert not is_my_number("53768667718")
        assert not is_my_number("５３７６８６６７７１８８")

    @given(st.integers(0, 10**11 - 1).map("{:011}".format))
    def test_every_eleven_digits_have_exactly_one_check_digit(self, digits):
        assert sum(is_my_number(f"{digits}{last}") for last in range(10)) == 1

    def test_values_that_look_like_one_are_reported_by_path_and_never_shown(self):
        class Note(Record):
            """覚書"""

            text: str = field(Text(60), "本文")
            number: int = field(UInt(64), "番号")
            lines: tuple[str, ...] = field(Repeat(Text(20), 2), "行")

        made = Note(
            text="番号は５３７６８６６７７１８８です", number=537686677188, lines=("5376-8667-7188", "537686677187")
        )
        found = my_number_warnings(made)
        assert [fault.where for fault in found] == ["$.text", "$.number", "$.lines[0]"]
        assert not any("5376" in str(fault) for fault in found)
        assert my_number_warnings(Note(text="1537686677188", number=1, lines=("", ""))) == []


class TestPersonalData:
    def test_every_open_field_is_named_once_for_its_file(self):
        class Kind(Enum):
            A = 1

        class Person(Record):
            """人"""

            name: str = field(Text(20), "氏名", example="高松", personal=True)
            kind: Kind = field(Choice(Kind), "種別", example=Kind.A)
            phones: tuple[str, ...] = field(Repeat(Digits(10), 2), "電話", example=("0" * 10,) * 2, personal=True)
            _spare = reserved(2)

        (found,) = [one for one in check(applet(b=file(Person))) if one.rule == "PERSONAL_DATA_READABLE"]
        assert "can read name, phones[]:" in found.message

    @pytest.mark.parametrize("type_", [TelephoneNumber(), Prefixed(UInt(8), KanaName(16, padded=False))])
    def test_some_types_are_personal_by_nature(self, type_):
        planted = applet(b=file(record(type_, kind=str, example=type_.example())))
        assert rules(check(planted)) == ["PERSONAL_DATA_READABLE"]

    def test_a_pin_or_key_before_reading_is_enough(self):
        assert check(applet(text("備考", personal=True))) == []


def test_applets_that_cannot_be_told_apart_on_one_card_are_found():
    one, two, three = applet(), applet(), applet(aid=AID + "00")
    found = check_together([one, three])
    assert [(finding.rule, finding.severity) for finding in found] == [("AID_CLASH", Severity.ERROR)]
    assert "begins with that of shop" in found[0].message
    assert len(check_together([one, two])) == 2
    assert check_together(CATALOGUE.values()) == []


def test_files_with_one_short_identifier_are_refused_when_declared():
    clash = {f"f{n}": TransparentFile(Item, "乙", read=ALWAYS, update=NEVER, sfi=3) for n in range(2)}
    with pytest.raises(SchemaError, match="both have SFI 3"):
        applet(**clash)
