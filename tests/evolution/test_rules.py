"""Each folder holds two versions of one applet between which exactly the rule of its name finds something."""

import json
from pathlib import Path

import pytest

from yohaku.schema.breaking import RULES, breaking
from yohaku.schema.snapshot import AppletSnapshot, SnapshotError, schema_snapshot
from yohaku.schema.sources import load_source

HERE = Path(__file__).parent
FOLDERS = sorted(path.parent.name for path in HERE.glob("*/previous.py"))


def load(rule, which):
    path = HERE / rule / f"{which}.py"
    return load_source(path.read_text("utf-8"), file_name=str(path))


def test_every_rule_has_its_folder():
    assert sorted(RULES) == FOLDERS


@pytest.mark.parametrize("rule", FOLDERS)
def test_exactly_the_rule_finds_the_change(rule):
    previous, current = load(rule, "previous"), load(rule, "current")
    found = breaking(current, previous)
    assert {change.rule for change in found} == {rule}
    assert str(found[0]).startswith(f"{RULES[rule].strength.name} {rule}")
    assert found[0].to_json()["strength"] in {"WIRE", "VALUE", "SOURCE"}


@pytest.mark.parametrize("rule", FOLDERS)
def test_a_saved_snapshot_stands_for_the_old_declaration(rule):
    previous, current = load(rule, "previous"), load(rule, "current")
    saved = AppletSnapshot.from_json(json.loads(json.dumps(schema_snapshot(previous).to_json())))
    assert saved == schema_snapshot(previous)
    assert breaking(current, saved) == breaking(current, previous)


@pytest.mark.parametrize("rule", FOLDERS)
def test_nothing_breaks_against_itself(rule):
    assert breaking(load(rule, "current"), load(rule, "current")) == []


def test_a_snapshot_from_before_purses_and_before_pins_could_be_disabled_is_still_read():
    saved = schema_snapshot(load("PIN_DISABLING_ALLOWED", "previous"))
    old = json.loads(json.dumps(saved.to_json()))
    for pin in old["pins"]:
        del pin["can_disable"]
    del old["purses"]
    assert AppletSnapshot.from_json(old) == saved
    del old["pins"][0]["tries"]
    with pytest.raises(SnapshotError, match="tries missing"):
        AppletSnapshot.from_json(old)
