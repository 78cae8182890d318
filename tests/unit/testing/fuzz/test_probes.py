"""Probes tell which blocks ran and change nothing else."""

import importlib.util
import sys

import pytest

from yohaku.testing.fuzz.probes import Coverage

SOURCE = '''
def branch(value):
    """Say where a value lies."""
    if value > 1000:
        return "large"
    return "negative" if value < 0 else "small"


def loop(values):
    found = []
    for value in values:
        found.append(value)
    while found:
        found.pop()
    return found


def handler(text):
    try:
        return int(text)
    except ValueError:
        return None


def pattern(value):
    match value:
        case []:
            return "empty"
        case [_]:
            return "one"
    return "many"


def either(first, second):
    return first or second


def adder(start):
    def add(value):
        if value:
            return start + value
        return start

    return add


class Shape:
    @property
    def sides(self):
        return 3 if self.__class__ is Shape else 4


plus_three = adder(3)
WORDS = "never compared"


def words(data):
    return data == b"magic" or data in ("text", 0x9F7F)
'''


@pytest.fixture
def module(tmp_path, monkeypatch):
    path = tmp_path / "probed_module.py"
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("probed_module", path)
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "probed_module", made)
    spec.loader.exec_module(made)
    return made


@pytest.fixture
def coverage(module):
    assert module.words
    made = Coverage()
    made.instrument(("probed_module",))
    return made


def ran(coverage, call, *arguments):
    coverage.reset()
    call(*arguments)
    return coverage.taken()


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("branch", 2000, 5),
        ("branch", -1, 5),
        ("loop", [], [1]),
        ("handler", "1", "x"),
        ("pattern", [], [1]),
        ("pattern", [1], [1, 2]),
    ],
)
def test_two_ways_through_a_function_leave_two_trails(module, coverage, name, one, other):
    function = getattr(module, name)
    assert ran(coverage, function, one) != ran(coverage, function, other)
    assert ran(coverage, function, one) == ran(coverage, function, one)


def test_operands_that_are_not_looked_at_leave_no_trail(module, coverage):
    assert ran(coverage, module.either, 1, 2) != ran(coverage, module.either, 0, 2)


def test_a_closure_made_before_is_probed_too(module, coverage):
    assert ran(coverage, module.plus_three, 0) != ran(coverage, module.plus_three, 4)
    assert module.plus_three(4) == 7


@pytest.mark.usefixtures("coverage")
def test_values_names_and_docstrings_stay(module):
    assert [module.branch(value) for value in (-1, 5, 2000)] == ["negative", "small", "large"]
    assert (module.loop([1, 2]), module.handler("x"), module.pattern([1, 2])) == ([], None, "many")
    assert (module.either(0, 2), module.either(1, 2), module.Shape().sides) == (2, 1, 3)
    assert module.branch.__doc__ == "Say where a value lies."
    assert module.branch.__code__.co_firstlineno == 2


def test_what_did_not_run_leaves_nothing(coverage):
    coverage.reset()
    assert not any(coverage.taken())


def test_compared_constants_are_words(coverage):
    assert {b"magic", b"text", b"\x9f\x7f"} <= coverage.words
    assert b"never compared" not in coverage.words


def test_probes_are_put_in_once(coverage):
    before = len(coverage.places)
    coverage.instrument(("probed_module",))
    assert len(coverage.places) == before


def test_generated_codecs_are_probed():
    from yohaku.fields import UInt
    from yohaku.schema import Record, field

    class Pair(Record):
        first: int = field(UInt(8, most=200))
        second: int = field(UInt(8))

    Pair.decode(b"\1\2")
    coverage = Coverage()
    coverage.instrument(("yohaku.nothing",))
    assert any(place.startswith("<yohaku ") for place in coverage.places)
    assert any(ran(coverage, Pair.decode, b"\1\2"))
