"""Groupings that take over parts of another instance: contents in runs that one commit holds, each in its own block."""

from hypothesis import given
from hypothesis import strategies as st

from yohaku.globalplatform.dgi import (
    ADOPT_BYTES,
    ADOPT_PIN,
    ADOPT_RECORDS,
    MOST_ADOPTED,
    adopted,
    adopted_bytes,
    adopted_records,
    pack,
)
from yohaku.globalplatform.wire import Dgi, parse_dgis

AID = bytes.fromhex("F059484B0001")


def test_a_grouping_names_the_instance_first() -> None:
    assert adopted(ADOPT_PIN, AID, b"\x01\x02") == Dgi(0x0501, b"\x06" + AID + b"\x01\x02")


@given(st.integers(1, 2000))
def test_every_byte_of_a_file_is_taken_once(size: int) -> None:
    found = bytearray()
    for item in adopted_bytes(AID, 3, 4, size):
        assert (item.tag, item.data[7:9]) == (ADOPT_BYTES, b"\x03\x04")
        start, count = int.from_bytes(item.data[9:11], "big"), int.from_bytes(item.data[11:], "big")
        assert start == len(found)
        assert 0 < count <= MOST_ADOPTED
        found += bytes(count)
    assert len(found) == size


@given(st.integers(1, 255), st.integers(1, 254))
def test_every_record_is_taken_once_the_oldest_first(record_size: int, records: int) -> None:
    taken = 0
    for item in adopted_records(AID, 3, 4, record_size, records):
        old, new, first, count = item.data[7:]
        assert (item.tag, old, new, first) == (ADOPT_RECORDS, 3, 4, taken)
        assert count == 1 or count * record_size <= MOST_ADOPTED
        taken += count
    assert taken == records


def test_no_block_takes_over_two_runs() -> None:
    runs = [*adopted_bytes(AID, 1, 1, 700), *adopted_records(AID, 2, 2, 100, 5)]
    pins = [adopted(ADOPT_PIN, AID, bytes((n, n))) for n in range(1, 5)]
    blocks = [parse_dgis(block) for block in pack([*runs, *pins, Dgi(0x0402, bytes(100))])]
    assert [item for block in blocks for item in block if item in runs] == runs
    assert all(sum(item in runs for item in block) <= 1 for block in blocks)
    assert sum(len(block) for block in blocks) == len(runs) + len(pins) + 1
