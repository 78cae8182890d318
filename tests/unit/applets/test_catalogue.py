"""Every applet of the catalogue is complete: labels in both languages, examples, a purpose, a descriptor that fits."""

from importlib.metadata import entry_points

import pytest

from yohaku.codec import MISSING
from yohaku.schema import compile_descriptor

CATALOGUE = {entry.name: entry.load() for entry in entry_points(group="yohaku.applets")}
FILES = [(name, file) for name, applet in CATALOGUE.items() for file in applet.files().values()]


def test_the_catalogue_holds_the_applets_of_step_1():
    assert {"library-card", "local-currency", "emergency-medical"} <= CATALOGUE.keys()


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_applet_says_who_uses_it_and_why(name):
    applet = CATALOGUE[name]
    assert applet.name == name
    assert len(applet.__doc__.split("\n\n", 1)[1]) > 100
    for part in applet.parts().values():
        assert part.label, part
        assert part.english, part
    assert 0 < len(compile_descriptor(applet)) <= 200


def test_identifiers_differ():
    assert len({applet.aid for applet in CATALOGUE.values()}) == len(CATALOGUE)


@pytest.mark.parametrize(("name", "file"), FILES)
def test_every_field_has_a_label_and_a_stated_example(name, file):
    for field_name, spec in file.record.__fields__.items():
        assert spec.label, (name, field_name)
        assert spec.type.hidden or spec.example is not MISSING, (name, field_name)


def test_sizes_of_the_log_entries_are_as_planned():
    assert CATALOGUE["local-currency"].log.record_size == 16
    assert CATALOGUE["local-currency"].log.records == 20
    assert CATALOGUE["library-card"].borrower.size == 64
