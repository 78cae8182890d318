"""The proof finds codecs that lose something, and passes the catalogue in seconds."""

from importlib.metadata import entry_points
from time import perf_counter

import pytest

from yohaku import ALWAYS, NEVER, Applet, Record, TransparentFile, field
from yohaku.codec import FixedField
from yohaku.fields import UInt
from yohaku.testing import prove

CATALOGUE = [entry.load() for entry in entry_points(group="yohaku.applets")]


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
        return raw[0] & 0xFE if self.fault == "two encodings" and raw[0] < 128 else raw[0]

    def example(self):
        return 2

    def to_json(self, value):
        return value // 2 if self.fault == "JSON" else value


def applet_of(type_):
    class Item(Record):
        """一件"""

        number: int = field(type_, "番号")

    return type(
        "Shop", (Applet,), {"a": TransparentFile(Item, "甲", read=ALWAYS, update=NEVER)}, aid="F0 01 02 03 04 05"
    )


@pytest.mark.parametrize("applet", CATALOGUE, ids=lambda applet: applet.name)
def test_the_catalogue_holds_in_seconds(applet):
    start = perf_counter()
    proofs = prove(applet, examples=50)
    assert perf_counter() - start < 30
    assert [proof.finding for proof in proofs] == [None] * len(applet.files())
    assert all(proof.examples >= 20 for proof in proofs)
    assert str(proofs[0]).endswith("records came back unchanged")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("adds one", "comes back from its bytes"),
        ("two encodings", "which encodes to"),
        ("JSON", "comes back from its JSON"),
        ("raises", "IndexError: planted"),
    ],
)
def test_a_codec_that_does_not_hold_is_found(fault, message):
    (proof,) = prove(applet_of(Planted(fault)), examples=400)
    assert proof.finding.rule == "CODEC_NOT_LOSSLESS"
    assert proof.finding.where == "shop.a"
    assert message in proof.finding.message


def test_a_size_that_the_layout_does_not_know_is_found():
    type_ = UInt(8)
    applet = applet_of(type_)
    applet.a.record.__field_type__.maximum = 0
    (proof,) = prove(applet, examples=5)
    assert "takes 1 bytes, the layout says 1 to 0" in proof.finding.message


def test_the_same_records_are_tried_each_time():
    assert [str(proof) for proof in prove(applet_of(UInt(8)))] == [str(proof) for proof in prove(applet_of(UInt(8)))]


class TestUpgrades:
    @staticmethod
    def version_2(function):
        old, new = applet_of(UInt(8)), applet_of(UInt(16)).a.record
        file = TransparentFile(new, "甲", read=ALWAYS, update=NEVER).replaces(old.a, by=lambda one: function(new, one))
        return type("Shop", (Applet,), {"a": file}, version=2, previous=old)

    def test_every_old_record_becomes_a_new_one(self):
        codec, upgrade = prove(self.version_2(lambda new, old: new(number=old.number * 10)), examples=50)
        assert (codec.finding, upgrade.finding) == (None, None)
        assert upgrade.examples >= 20

    def test_an_old_record_for_which_the_function_fails_is_found(self):
        _, upgrade = prove(self.version_2(lambda new, old: new(number=100 // (old.number - 255))), examples=50)
        assert upgrade.finding.rule == "UPGRADE_FAILS"
        assert "making a new failed: ZeroDivisionError" in upgrade.finding.message

    def test_a_new_record_that_does_not_encode_is_found(self):
        _, upgrade = prove(self.version_2(lambda new, old: new(number=old.number * 1000)), examples=50)
        assert "most is 65535" in upgrade.finding.message
