"""Near misses are refused, and by both ways into bytes; limits are taken."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yohaku.codec import Refused
from yohaku.errors import EncodeError
from yohaku.fields import Digits, UInt
from yohaku.testing import field_types, near_misses, schemas, values_for
from yohaku_applets.library_card import Borrower

LEAVES = field_types(depth=0)


@given(data=st.data())
def test_a_near_miss_of_a_field_type_is_refused(data):
    field_type = data.draw(LEAVES)
    strategy = near_misses(field_type)
    if not strategy.is_empty:
        value = data.draw(strategy)
        with pytest.raises(Refused):
            field_type.write(value)


@given(data=st.data())
def test_a_record_with_a_near_miss_does_not_encode(data):
    record = data.draw(schemas(depth=1))
    strategy = near_misses(record)
    if not strategy.is_empty:
        with pytest.raises(EncodeError):
            data.draw(strategy).encode()


@given(near_misses(Borrower))
def test_one_field_is_wrong(record):
    with pytest.raises(EncodeError) as caught:
        record.encode()
    assert len(caught.value.faults) == 1


@given(data=st.data())
def test_the_limits_of_a_field_type_encode(data):
    field_type = data.draw(LEAVES)
    field_type.write(data.draw(values_for(field_type, valid=0, limits=1)))


@pytest.mark.parametrize(
    ("field_type", "limits", "near"),
    [(UInt(8), {0, 1, 254, 255}, {-1, 256}), (Digits(2), {"00", "99"}, {"0", "000", "0a", "０１"})],
    ids=["number", "digits"],
)
def test_limits_and_misses_stand_on_both_sides_of_the_edge(field_type, limits, near):
    seen, missed = set(), set()

    @settings(max_examples=150, derandomize=True, database=None)
    @given(values_for(field_type, valid=0, limits=1), near_misses(field_type).filter(lambda value: value != [None]))
    def collect(limit, miss):
        seen.add(limit)
        missed.add(miss)

    collect()
    assert seen == limits
    assert near <= missed


def test_weights_mix_what_fits_and_what_does_not():
    fits, fails = [], []

    @settings(max_examples=100, derandomize=True, database=None)
    @given(values_for(UInt(8), valid=1, limits=1, near=1))
    def collect(value):
        inside = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255
        (fits if inside else fails).append(value)

    collect()
    assert len(fits) > 10
    assert len(fails) > 10
