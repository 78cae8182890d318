"""The search reaches what blind chance does not, says it once, and does the same twice."""

import importlib.util
import sys
from random import Random

import pytest

from yohaku.testing.fuzz import BrokenInvariantError, Call, Part, Target
from yohaku.testing.fuzz.engine import Engine
from yohaku.testing.fuzz.finding import reason_of
from yohaku.testing.fuzz.probes import Coverage

SOURCE = """
def check(data):
    if data[:1] == b"Y":
        if data[1:2] == b"H":
            if data[2:3] == b"K":
                if len(data) > 6:
                    if data[5] > 0xF0:
                        raise KeyError("planted")
    return ()
"""
RUNS = 40_000


@pytest.fixture
def target(tmp_path, monkeypatch):
    path = tmp_path / "planted.py"
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("planted", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "planted", module)
    spec.loader.exec_module(module)
    call = Call("from planted import check")
    return Target("planted", (Part("bytes", module.check, lambda: [b"seed"], call),), ("planted",))


def searched(target, seed, runs=RUNS):
    engine = Engine(target, Coverage(), Random(seed))  # noqa: S311
    engine.start()
    while not engine.findings and engine.runs < runs:
        engine.search(engine.states["bytes"])
    return engine


def test_a_fault_behind_five_comparisons_is_found_and_made_minimal(target):
    engine = searched(target, 1)
    (found,) = engine.findings
    assert (found.part, found.reason.kind, found.reason.place) == ("bytes", "KeyError", "planted.py, check")
    assert found.data[:3] == b"YHK"
    assert found.data == b"YHK\0\0" + found.data[5:6] + b"\0"


def test_without_guidance_it_is_not_found(target, monkeypatch):
    monkeypatch.setattr(Coverage, "instrument", lambda _self, _packages: None)
    assert not searched(target, 1).findings


def test_the_same_seed_finds_the_same_after_the_same_number_of_inputs(target):
    first = searched(target, 7)
    runs, kept = first.runs, first.states["bytes"].order
    again = searched(target, 7)
    assert (again.runs, again.states["bytes"].order) == (runs, kept)


def test_a_finding_is_told_once(target):
    engine = searched(target, 1)
    before = len(engine.findings)
    for _ in range(4):
        engine.search(engine.states["bytes"])
    assert len(engine.findings) == before


def test_the_smallest_set_reaches_all_that_was_reached(target):
    engine = searched(target, 1)
    state = engine.states["bytes"]
    blocks = 0
    for data in state.smallest_set():
        blocks |= state.kept[data].blocks
    assert blocks == state.reached.blocks
    assert len(state.smallest_set()) <= len(state.kept)


def test_inputs_from_elsewhere_are_kept_when_they_reach_something(target):
    engine = Engine(target, Coverage(), Random(1))  # noqa: S311
    engine.start()
    engine.add("bytes", b"Y")
    engine.add("bytes", b"seed")
    engine.add("no such part", b"Y")
    assert ("bytes", b"Y") in engine.kept
    assert engine.states["bytes"].order == [b"seed", b"Y"]


def test_marks_of_a_check_count_as_coverage():
    def check(data):
        return (len(data),)

    target = Target("marks", (Part("bytes", check, lambda: [b""], Call("from x import y")),), ("nothing",))
    engine = Engine(target, Coverage(), Random(1))  # noqa: S311
    engine.start()
    engine.add("bytes", b"1")
    engine.add("bytes", b"2")
    assert engine.states["bytes"].order == [b"", b"1"]


def test_reasons_differ_by_exception_and_place_not_by_message():
    def raised(error):
        with pytest.raises(type(error)) as caught:
            raise error
        return reason_of(caught.value)

    assert raised(KeyError("a")).key == raised(KeyError("b")).key
    assert raised(KeyError("a")).key != raised(IndexError("a")).key
    broken = raised(BrokenInvariantError("decode-encode", "01 becomes 02\n> 00", step="borrower"))
    assert (broken.key, broken.message, broken.script) == (("decode-encode", "borrower"), "01 becomes 02", "> 00")
    assert raised(RecursionError("deep")).place == ""
