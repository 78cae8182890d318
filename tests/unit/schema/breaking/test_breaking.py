"""What the folders of tests/evolution do not show: several changes at once, renamed PINs, saved forms, sources."""

import json
from decimal import Decimal
from enum import Enum

import pytest
from construct import Int8ub, Int16ub, Struct

from yohaku import (
    ALWAYS,
    NEVER,
    Applet,
    Key,
    LinearFile,
    Pin,
    Record,
    SchemaError,
    TlvRecord,
    TransparentFile,
    field,
    hidden,
    reserved,
)
from yohaku.errors import UnknownNameError
from yohaku.fields import (
    Case,
    Date,
    DayNumber,
    Digits,
    OneOf,
    PresentIf,
    Repeat,
    Tagged,
    Text,
    UInt,
    crc16_checksum,
    sha256_checksum,
    xor_checksum,
)
from yohaku.schema.breaking import breaking
from yohaku.schema.snapshot import AppletSnapshot, SnapshotError, schema_snapshot
from yohaku.schema.sources import load_source

AID = "F0 01 02 03 04 05"


def record(base=Record, name="Item", options=None, **fields):
    """Make a record class of (type, label) pairs."""
    hidden = {key: value for key, value in fields.items() if key.startswith("_")}
    body = {key: value if key in hidden else field(value, "値") for key, value in fields.items()}
    annotations = {key: object for key in fields if key not in hidden}
    return type(Record)(name, (base,), {"__module__": "x", "__annotations__": annotations, **body}, **options or {})


def shop(content=None, *, version=1, previous=None, **parts):
    clerk = Key("係員")
    stock = TransparentFile(content or record(n=UInt(8)), "在庫", read=ALWAYS, update=clerk, size=60)
    return type("Shop", (Applet,), {"clerk": clerk, "stock": stock, **parts}, aid=AID, version=version,
                previous=previous)  # fmt: skip


def found(before, after):
    return [(change.rule, change.where) for change in breaking(shop(after, version=2), shop(before))]


def test_all_changes_are_found_at_once_the_strongest_first():
    before = record(a=UInt(8), b=UInt(16), c=Text(8))
    after = record(name="Thing", a=UInt(8, most=9), _gap=reserved(1), b=UInt(16), c=Digits(8))
    changes = breaking(shop(after), shop(before))
    assert [change.rule for change in changes] == [
        "VERSION_NOT_RAISED", "FIELD_MOVED", "FIELD_MOVED", "FIELD_TYPE_CHANGED", "FIELD_RANGE_NARROWED",
        "RECORD_RENAMED",
    ]  # fmt: skip
    assert [change.strength for change in changes] == sorted((change.strength for change in changes), reverse=True)
    assert str(changes[1]) == "WIRE FIELD_MOVED stock.b: was at byte 1, is at byte 2"


def test_a_list_is_compared_by_its_first_item_and_its_length():
    before = record(items=Repeat(record(n=UInt(8), m=UInt(8)), 3))
    assert found(before, record(items=Repeat(record(n=UInt(8), m=UInt(8)), 4))) == [
        ("FIELD_WIDTH_CHANGED", "stock.items")
    ]
    assert found(before, record(items=Repeat(record(n=UInt(8), m=UInt(8, most=3)), 3))) == [
        ("FIELD_RANGE_NARROWED", "stock.items[].m")
    ]


def test_an_open_list_or_text_of_a_template_may_grow_and_not_shrink():
    def tlv(most, size):
        texts = Repeat(Tagged(0x0C, Text(size, padded=False)), most=most)
        return record(TlvRecord, options={"tag": 0xE1}, a=Tagged(0xA1, texts))

    assert found(tlv(2, 9), tlv(3, 12)) == []
    assert found(tlv(3, 12), tlv(2, 9)) == [
        ("FIELD_RANGE_NARROWED", "stock.a"),
        ("FIELD_RANGE_NARROWED", "stock.a[]"),
    ]


def test_a_width_inside_a_byte_counts():
    before = record(a=UInt(3), b=UInt(5))
    assert found(before, record(a=UInt(4), b=UInt(4))) == [
        ("FIELD_WIDTH_CHANGED", "stock.a"),
        ("FIELD_MOVED", "stock.b"),
        ("FIELD_WIDTH_CHANGED", "stock.b"),
    ]


def test_another_epoch_or_format_is_another_type():
    from datetime import date

    assert found(record(d=DayNumber(16)), record(d=DayNumber(16, epoch=date(2020, 1, 1)))) == [
        ("FIELD_TYPE_CHANGED", "stock.d")
    ]
    assert found(record(p=Struct("a" / Int8ub, "b" / Int8ub)), record(p=Struct("a" / Int16ub))) == [
        ("FIELD_TYPE_CHANGED", "stock.p")
    ]


def test_room_that_was_reserved_takes_a_new_field():
    assert found(record(a=UInt(8), _gap=reserved(4)), record(a=UInt(8), b=UInt(16), _gap=reserved(2))) == []


class TestLinks:
    """Fields that depend on siblings."""

    @staticmethod
    def linked(flag="has", **more):
        return record(**{flag: UInt(8), "when": PresentIf(flag, UInt(16))}, **more)

    def test_a_renamed_control_is_a_new_name_and_nothing_else(self):
        assert found(self.linked(), self.linked("there")) == [("FIELD_RENAMED", "stock.has")]

    def test_another_control_is_another_type(self):
        before = record(a=UInt(8), b=UInt(8), when=PresentIf("a", UInt(16)))
        after = record(a=UInt(8), b=UInt(8), when=PresentIf("b", UInt(16)))
        assert found(before, after) == [("FIELD_TYPE_CHANGED", "stock.when")]

    def test_a_new_part_that_reserved_zeros_say_is_absent_breaks_nothing(self):
        before = record(n=UInt(8), _gap=reserved(1))
        assert found(before, record(n=UInt(8), more=UInt(8), when=PresentIf("more", Date()))) == []

    def test_another_checksum_is_another_type(self):
        def sealed(checksum):
            body = {"__module__": "x", "__annotations__": {"n": object}, "n": field(UInt(8), "値")}
            return type(Record)("Item", (Record,), body | {"_sum": hidden(checksum)})

        assert found(sealed(xor_checksum()), sealed(xor_checksum())) == []
        assert found(sealed(crc16_checksum()), sealed(sha256_checksum(2))) == [("FIELD_TYPE_CHANGED", "stock._sum")]

    def test_a_case_may_be_added_to_a_union_and_none_removed_or_renumbered(self):
        one, two = record(name="One", day=Date()), record(name="Two", day=Date(), n=UInt(8))
        before, more = record(pay=OneOf(Case(1, one))), record(pay=OneOf(Case(1, one), Case(2, two)))
        assert found(before, more) == []
        assert [rule for rule, _ in found(more, before)] == ["FIELD_REMOVED_NOT_RESERVED"] * 2 + ["ENUM_MEMBER_REMOVED"]
        assert found(before, record(pay=OneOf(Case(3, one)))) == [("ENUM_VALUE_CHANGED", "stock.pay")]


def test_a_renamed_credential_is_the_same_in_a_rule():
    def vault(name):
        key = Key("係員")
        pin = Pin("所持者", reset=key)
        file = TransparentFile(record(n=UInt(8)), "金庫", read=pin & key, update=key)
        return type("Vault", (Applet,), {"key": key, name: pin, "a": file}, aid=AID)

    assert [change.rule for change in breaking(vault("owner"), vault("holder"))] == ["PIN_RENAMED"]


def test_a_rule_that_trades_one_way_for_another_is_both_looser_and_tighter():
    def vault(pick):
        one, two = Key("甲"), Key("乙")
        file = TransparentFile(record(n=UInt(8)), "金庫", read=(one, two)[pick], update=one | two)
        return type("Vault", (Applet,), {"one": one, "two": two, "a": file}, aid=AID, version=pick + 1)

    assert [(change.rule, change.where) for change in breaking(vault(1), vault(0))] == [
        ("ACCESS_TIGHTENED", "a.read"),
        ("ACCESS_LOOSENED", "a.read"),
    ]


def test_adding_an_alternative_loosens_and_a_second_credential_tightens():
    def vault(rule):
        key, pin = Key("甲"), Pin("乙")
        rules = {"key": key, "either": key | pin, "both": key & pin, "never": NEVER}
        file = LinearFile(record(n=UInt(8)), "金庫", records=2, read=key | pin, append=rules[rule])
        return type("Vault", (Applet,), {"key": key, "pin": pin, "a": file}, aid=AID, version=2)

    def between(before, after):
        return [change.rule for change in breaking(vault(after), vault(before)) if change.rule.startswith("ACCESS")]

    assert between("key", "either") == between("never", "both") == ["ACCESS_LOOSENED"]
    assert between("key", "both") == between("either", "key") == ["ACCESS_TIGHTENED"]


def test_a_new_name_alone_asks_for_no_new_version():
    assert [change.rule for change in breaking(shop(record(m=UInt(8))), shop(record(n=UInt(8))))] == ["FIELD_RENAMED"]


def test_changes_with_a_declared_upgrade_are_marked():
    before, after = record(n=UInt(8)), record(n=UInt(16))
    old = shop(before)
    clerk = Key("係員")
    new_file = TransparentFile(after, "在庫", read=ALWAYS, update=clerk, size=60)
    new_file.replaces(old.stock, by=lambda one: after(n=one.n))
    new = type("Shop", (Applet,), {"clerk": clerk, "stock": new_file}, version=2, previous=old)
    (change,) = breaking(new, old)
    assert (change.rule, change.migrated) == ("FIELD_WIDTH_CHANGED", True)
    assert str(change).endswith("(an upgrade is declared)")
    assert breaking(schema_snapshot(new), old)[0].migrated is False


class TestSnapshot:
    def test_it_holds_no_label_and_survives_json(self):
        class Kind(Enum):
            A = 1

        snapshot = schema_snapshot(shop())
        text = json.dumps(snapshot.to_json())
        assert "在庫" not in text
        assert AppletSnapshot.from_json(json.loads(text)) == snapshot

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda _: [], "no saved schema"),
            (lambda saved: saved | {"yohaku_snapshot": 2}, "no saved schema"),
            (lambda saved: saved | {"version": "1"}, r"\$\.version of the saved schema has a wrong type"),
            (lambda saved: saved | {"version": True}, r"\$\.version of the saved schema has a wrong type"),
            (lambda saved: saved | {"pins": {}}, r"\$\.pins of the saved schema has a wrong type"),
            (lambda saved: saved | {"more": 1}, r"\$ of the saved schema: more missing or unknown"),
            (lambda saved: saved | {"files": [1]}, r"\$\.files\[0\] of the saved schema is no object"),
            (lambda saved: saved | {"keys": [{"name": "a"}]}, r"\$\.keys\[0\] .* bits, number, tries missing"),
        ],
    )
    def test_what_is_none_is_refused_with_its_place(self, change, message):
        saved = schema_snapshot(shop()).to_json()
        with pytest.raises(SnapshotError, match=message):
            AppletSnapshot.from_json(change(saved))


SOURCE = """
from yohaku import ALWAYS, NEVER, Applet, Record, TransparentFile, field
from yohaku.fields import UInt

class Item(Record):
    n: int = field(UInt(8), "数")

class One(Applet, aid="F0 01 02 03 04 05", version=1):
    a = TransparentFile(Item, "甲", read=ALWAYS, update=NEVER)
"""
TWO = (
    SOURCE
    + """
class Two(Applet, version=2, previous=One):
    a = TransparentFile(Item, "甲", read=ALWAYS, update=NEVER)
"""
)


class TestSource:
    def test_two_versions_of_one_module_stand_beside_each_other(self):
        one, other = load_source(SOURCE), load_source(SOURCE.replace("UInt(8)", "UInt(16)"))
        assert one is not other
        assert (one.a.size, other.a.size) == (1, 2)

    def test_the_latest_version_is_meant_when_no_class_is_named(self):
        assert load_source(TWO).version == 2
        assert load_source(TWO, "One").version == 1

    @pytest.mark.parametrize(
        ("text", "name", "error", "message"),
        [
            (SOURCE, "Tow", UnknownNameError, "no applet 'Tow' in old.py: there is One"),
            ("x = 1", "", SchemaError, r"declares 0 applets \(none\)"),
            (SOURCE + SOURCE.replace("One", "Three"), "", SchemaError, r"declares 2 applets \(One, Three\): name one"),
            ("1/0", "", SchemaError, "old.py does not run: ZeroDivisionError"),
            ("def", "", SchemaError, "old.py does not run: SyntaxError"),
            (SOURCE.replace("version=1", "version=0"), "", SchemaError, "version 0: allowed is 1"),
        ],
    )
    def test_what_declares_no_applet_says_so(self, text, name, error, message):
        with pytest.raises(error, match=message):
            load_source(text, name, file_name="old.py")


def test_limits_are_compared_as_numbers_and_dates():
    from yohaku.schema.breaking.fields import _is_narrower

    assert _is_narrower("most", "2044-01-01", "2043-12-31")
    assert not _is_narrower("latest", "2044-01-01", "2050-01-01")
    assert _is_narrower("least", 9, 10)
    assert not _is_narrower("most", str(Decimal("9.5")), str(Decimal(10)))
    assert _is_narrower("most", None, 10)
    assert not _is_narrower("most", 10, None)


def test_a_source_may_use_dataclasses_and_postponed_annotations():
    text = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n"
        + SOURCE
    )
    assert load_source(text).name == "one"
