import hashlib

import pytest

from yohaku import ALWAYS, NEVER, Applet, CyclicFile, Key, LinearFile, Pin, Record, SchemaError, TransparentFile, field
from yohaku.errors import UnknownNameError
from yohaku.fields import Aid, UInt, VariableBlob
from yohaku.schema import applet_layout, compile_descriptor, fingerprint, parse_descriptor


class Item(Record):
    """一件"""

    number: int = field(UInt(16), "番号")


class Shop(Applet, aid="F0 01 02 03 04 05", version=3):
    """店"""

    owner = Pin("店主", tries=5, length=(4, 8))
    till = Key("レジ")
    vault = Key("金庫", bits=256, tries=4)

    stock = LinearFile(Item, "在庫", records=9, read=ALWAYS, append=till, update=till & owner)
    state = TransparentFile(Item, "状態", read=owner | vault, update=NEVER, size=6, sfi=1)
    log = CyclicFile(Item, "記録", records=4, read=owner, append=ALWAYS)


def test_credentials_are_numbered_pins_first():
    assert [(pin.name, pin.number, pin.reference) for pin in Shop.pins().values()] == [("owner", 0, 1)]
    assert [(key.name, key.number, key.reference) for key in Shop.keys().values()] == [("till", 1, 1), ("vault", 2, 2)]


def test_files_get_the_free_short_identifiers_in_declared_order():
    assert {name: file.sfi for name, file in Shop.files().items()} == {"stock": 2, "state": 1, "log": 3}


def test_the_descriptor_is_the_contract_byte_for_byte():
    expected = "01 0003 12 03" + "05 04 08 01 00" + "01 00  03 04"
    expected += "02 02 02 09  01 0000  01 0003  01 0002"
    expected += "01 01 0006  02 0001 0004  00"
    expected += "03 03 02 04  01 0001  00  01 0000"
    raw = compile_descriptor(Shop)
    assert raw == bytes.fromhex(expected)
    assert fingerprint(raw) == hashlib.sha256(raw).digest()[:8]


def test_a_descriptor_reads_back_and_a_damaged_one_is_refused():
    raw = compile_descriptor(Shop)
    parsed = parse_descriptor(raw)
    assert parsed["version"] == 3
    assert [entry["kind"] for entry in parsed["file_entries"]] == [2, 1, 3]
    for damaged in (raw[:-1], raw + b"\0", b"\2" + raw[1:]):
        with pytest.raises(Exception, match="descriptor") as caught:
            parse_descriptor(damaged)
        assert type(caught.value).__name__ == "DecodeError"


def test_names_and_titles_come_from_the_class():
    class TownHallCard(Applet, aid="F001020304", version=1):
        """市民カード

        More.
        """

        one = TransparentFile(Item, read=ALWAYS, update=NEVER)

    assert (TownHallCard.name, TownHallCard.title()) == ("town-hall-card", "市民カード")
    assert Aid("F0 01 02 03 04") == TownHallCard.aid
    assert str(TownHallCard.aid) == "F0 01 02 03 04"


def test_an_unknown_file_is_named_with_the_nearest():
    with pytest.raises(
        UnknownNameError, match="no file 'stok' in shop: there is stock, state, log; did you mean 'stock'"
    ):
        Shop.file("stok")


def test_rules_are_kept_in_disjunctive_normal_form():
    owner, till, vault = Shop.owner, Shop.till, Shop.vault
    assert str((owner | till) & vault) == "owner & vault | till & vault"
    assert owner | (owner & till) == owner.as_rule()
    assert ALWAYS | owner == ALWAYS
    assert NEVER | owner == owner.as_rule()
    assert NEVER & owner == NEVER
    assert (str(ALWAYS), str(NEVER)) == ("always", "never")


def test_layout_model_as_json():
    model = applet_layout(Shop).to_json()
    assert (model["applet"], model["aid"], model["version"], model["bytes"]) == ("shop", "f00102030405", 3, 18 + 6 + 8)
    stock = model["files"][0]
    assert (stock["name"], stock["kind"], stock["size"], stock["record_size"]) == ("stock", "linear", 18, 2)
    assert stock["access"] == {"read": "always", "update": "owner & till", "append": "till"}
    first = stock["fields"][0]
    assert (first["path"], first["offset"], first["size"], first["type"], first["label"]) == (
        "number",
        0,
        2,
        "UInt(16)",
        "番号",
    )


class Greedy(Record):
    """残り"""

    rest: bytes = field(VariableBlob(9))


FOREIGN_PIN = Pin("他")


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: Pin("p", tries=16), "16 tries: allowed is 1 to 15"),
        (lambda: Pin("p", tries=0, length=(5, 4), alphabet="kana"), "0 tries.*length.*alphabet 'kana'"),
        (lambda: Key("k", bits=64, tries=99), "64 bits.*99 tries"),
        (lambda: TransparentFile(Item, read=ALWAYS, update=NEVER, size=1), "size 1: the record takes 2 bytes"),
        (lambda: TransparentFile(Item, read=ALWAYS, update=NEVER, sfi=31), "SFI 31: allowed is 1 to 30"),
        (lambda: TransparentFile(Greedy, read=ALWAYS, update=NEVER), "Prefixed or a tag"),
        (lambda: TransparentFile(dict, read=ALWAYS, update=NEVER), "is no record class"),
        (lambda: CyclicFile(Item, records=255, read=ALWAYS, append=NEVER), "255 records: allowed is 1 to 254"),
        (lambda: Aid("F0 01"), "has 2 bytes, an AID has 5 to 16"),
        (lambda: Aid("F0 0"), "not hex"),
    ],
)
def test_impossible_declarations_say_what_is_allowed(declare, message):
    with pytest.raises(SchemaError, match=message):
        declare()


def file(**options):
    return TransparentFile(Item, read=ALWAYS, update=NEVER, **options)


@pytest.mark.parametrize(
    ("body", "options", "message"),
    [
        ({}, {"aid": "F001020304"}, "0 files: allowed is 1 to 30"),
        ({"a": file()}, {}, "state its AID"),
        ({"a": file()}, {"aid": "F001020304", "version": 0}, "version 0"),
        ({"a": file(sfi=3), "b": file(sfi=3)}, {"aid": "F001020304"}, "a and b|b and a"),
        (
            {"a": TransparentFile(Item, read=FOREIGN_PIN, update=NEVER)},
            {"aid": "F001020304"},
            "a.read names a PIN or key that is no part of this applet",
        ),
        ({f"p{n}": Pin() for n in range(8)} | {"a": file()}, {"aid": "F001020304"}, "8 PINs: most is 7"),
    ],
)
def test_an_applet_that_contradicts_itself_is_refused(body, options, message):
    with pytest.raises(SchemaError, match=message):
        type("Bad", (Applet,), body, **options)


def test_a_descriptor_longer_than_one_command_is_refused():
    body = {f"f{n}": file() for n in range(30)}
    big = type("Big", (Applet,), body, aid="F001020304")
    with pytest.raises(SchemaError, match="most is 200"):
        compile_descriptor(big)


class TestVersions:
    class V1(Applet, aid="F0 01 02 03 04 05", version=1):
        """店"""

        till = Key("レジ")
        stock = TransparentFile(Item, "在庫", read=ALWAYS, update=till)

    def test_a_version_keeps_its_predecessors_identifier(self):
        class V2(Applet, version=2, previous=self.V1):
            state = TransparentFile(Item, "状態", read=ALWAYS, update=NEVER).replaces(self.V1.stock)

        assert V2.aid == self.V1.aid
        assert V2.previous is self.V1
        assert V2.state.replaced is self.V1.stock
        assert self.V1.previous is None

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"version": 1}, "version 1 does not follow version 1"),
            ({"version": 2, "aid": "F0 01 02 03 04 06"}, "a new version keeps the AID"),
            ({"version": 2, "ignore": {"PIN_WITHOUT_RESET": " "}}, "state the reason"),
        ],
    )
    def test_a_version_that_does_not_follow_is_refused(self, options, message):
        with pytest.raises(SchemaError, match=message):
            type("V2", (Applet,), {"a": file()}, previous=self.V1, **options)

    def test_a_file_replaces_one_of_the_previous_version_only(self):
        with pytest.raises(SchemaError, match="a replaces a file that is no part of version 1"):
            type("V2", (Applet,), {"a": file().replaces(file())}, previous=self.V1, version=2)

    def test_an_inherited_key_is_not_renumbered_behind_its_owners_back(self):
        with pytest.raises(SchemaError, match="till: inherited or shared"):
            type("More", (self.V1,), {"holder": Pin("所持者", reset=NEVER)})
        assert self.V1.till.number == 0
