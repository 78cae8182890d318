"""For every pair of versions and every value: what breaking finds harmless is read, what is converted comes through."""

from hypothesis import given
from hypothesis import strategies as st

from yohaku import ALWAYS, NEVER, Applet, Record, TransparentFile, YohakuError, field, reserved
from yohaku.fields import Blob, Date, Digits, Flag, Int, PackedDigits, Text, UInt
from yohaku.schema.breaking import RULES, Strength, breaking
from yohaku.schema.evolution import read_as, renewed_content
from yohaku.testing import records

TYPES = [
    UInt(8), UInt(16), UInt(16, most=999), Int(8), Date(), Digits(2), PackedDigits(4), Text(4), Blob(2), Flag(bits=8),
]  # fmt: skip
NAMES = "abcd"

layouts = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(TYPES)), min_size=1, max_size=4, unique_by=lambda pair: pair[0]
)


def record_of(layout, room):
    """Make a record class, filled with reserved bytes up to ``room``."""
    body = {name: field(type_, "値") for name, type_ in layout}
    annotations = dict.fromkeys(body, object)
    left = room - sum(type_.minimum for _, type_ in layout)
    body |= {"_spare": reserved(left)} if left else {}
    return type(Record)("Item", (Record,), {"__module__": __name__, "__annotations__": annotations, **body})


def version(layout, number, previous=None):
    file = TransparentFile(record_of(layout, 16), "甲", read=ALWAYS, update=NEVER)
    return type("Shop", (Applet,), {"a": file}, aid="F0 01 02 03 04 05", version=number, previous=previous)


@st.composite
def neighbours(draw):
    """Give two versions of an applet, the second often a small change of the first."""
    before = draw(layouts)
    after = draw(layouts | st.just(before))
    if draw(st.booleans()):
        after = before + [pair for pair in after if pair[0] not in dict(before)]
    old = version(before[:4], 1)
    return old, version(after[:5], 2, old)


@given(neighbours(), st.data())
def test_what_breaks_nothing_reads_every_old_value_unchanged(pair, data):
    old, new = pair
    if any(change.strength > Strength.SOURCE for change in breaking(new, old)):
        return
    value = data.draw(records(old.a.record))
    read = read_as(new, 1, "a", value.encode())
    shared = [name for name in old.a.record.__values__ if name in new.a.record.__values__]
    assert [getattr(read, name) for name in shared] == [getattr(value, name) for name in shared]
    assert renewed_content(new, 1, "a", value.encode()) == value.encode().ljust(new.a.size, b"\0")


@given(neighbours(), st.data())
def test_an_old_value_that_is_not_read_was_announced(pair, data):
    old, new = pair
    value = data.draw(records(old.a.record))
    try:
        read_as(new, 1, "a", value.encode())
    except YohakuError:
        assert any(RULES[change.rule].of_content for change in breaking(new, old))


@given(layouts)
def test_a_version_breaks_nothing_against_itself(layout):
    assert breaking(version(layout, 1), version(layout, 1)) == []


@given(layouts, layouts)
def test_every_difference_of_the_bytes_asks_for_a_new_version(before, after):
    old, new = version(before, 1), version(after, 1)
    changes = {change.rule for change in breaking(new, old)}
    same = [(type_.type_name, type_.minimum) for _, type_ in before] == [
        (type_.type_name, type_.minimum) for _, type_ in after
    ]
    if same and [getattr(t, "most", None) for _, t in before] == [getattr(t, "most", None) for _, t in after]:
        assert "VERSION_NOT_RAISED" not in changes
    else:
        assert "VERSION_NOT_RAISED" in changes
