"""Lazy rows decode what is looked at, once; a change encodes its own field and names the bytes that differ."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yohaku import Record, field, hidden, reserved_bits
from yohaku.codec import Rows, Span, changed_span, rows_of
from yohaku.errors import DecodeError, EncodeError, SchemaError
from yohaku.fields import Count, Date, Flag, Int, Prefixed, RepeatBy, Text, UInt


class Entry(Record):
    number: int = field(UInt(16, most=1000))
    flag: bool = field(Flag())
    _spare = reserved_bits(3)
    level: int = field(Int(4))
    day: date = field(Date())
    name: str = field(Text(6))


class Open(Record):
    name: str = field(Prefixed(UInt(8), Text(6, padded=False)))
    level: int = field(UInt(8))


class Counted(Record):
    _count = hidden(Count("levels"))
    levels: tuple[int, ...] = field(RepeatBy("_count", UInt(8), most=3))


def entry(number: int, **changes: Any) -> Entry:
    return Entry(number=number, flag=True, level=-3, day=date(2026, 4, 1), name="見本").replace(**changes)


class TestRows:
    data = b"".join(entry(number).encode() for number in range(5))

    def test_rows_are_the_records(self) -> None:
        rows = rows_of(Entry, self.data)
        assert list(rows) == [entry(number) for number in range(5)]
        assert (len(rows), rows[-1], rows[1:3]) == (5, entry(4), (entry(1), entry(2)))
        assert entry(3) in rows

    def test_a_row_is_decoded_when_it_is_looked_at_and_once(self) -> None:
        broken = self.data[:13] + b"\xff" * 13 + self.data[26:]
        rows = rows_of(Entry, broken)
        assert rows[2] is rows[2]
        with pytest.raises(DecodeError) as caught:
            rows[1]
        assert caught.value.faults[0].path[:2] == (1, "number")
        assert caught.value.faults[0].offset == 13

    def test_there_is_no_row_behind_the_last(self) -> None:
        with pytest.raises(IndexError):
            rows_of(Entry, self.data)[5]

    def test_half_a_record_is_refused(self) -> None:
        with pytest.raises(DecodeError, match="is 14 bytes, no multiple of 13"):
            rows_of(Entry, self.data[:14])

    def test_records_need_one_size(self) -> None:
        with pytest.raises(SchemaError, match="always take the same bytes"):
            rows_of(Open, b"")

    def test_no_rows(self) -> None:
        assert list(rows_of(Entry, b"")) == []
        assert isinstance(rows_of(Entry, b""), Rows)


class TestChangedSpan:
    @pytest.mark.parametrize(
        ("changes", "span"),
        [
            ({}, Span(13, b"", 13)),
            ({"number": 1}, Span(13, b"", 13)),
            ({"number": 2}, Span(1, b"\x02", 13)),
            ({"flag": False}, Span(2, b"\x0d", 13)),
            ({"level": 2}, Span(2, b"\x82", 13)),
            ({"level": 2, "flag": False}, Span(2, b"\x02", 13)),
            ({"day": date(2026, 5, 2)}, Span(5, b"\x05\x02", 13)),
            ({"number": 257, "name": "見末"}, Span(0, entry(257, name="見末").encode()[:13], 13)),
        ],
    )
    def test_of_fields_with_fixed_places(self, changes: dict[str, Any], span: Span) -> None:
        assert changed_span(Entry, entry(1).encode(), changes) == span

    def test_other_bytes_are_not_looked_at(self) -> None:
        assert changed_span(Entry, bytes(2) + b"\xff" * 11, {"number": 5}) == Span(1, b"\x05", 13)

    @pytest.mark.parametrize(
        ("record", "changes", "span"),
        [
            (Open(name="ab", level=1), {"level": 2}, Span(3, b"\x02", 4)),
            (Open(name="ab", level=1), {"name": "a"}, Span(0, b"\x01a\x01", 3)),
            (Counted(levels=(1, 2)), {"levels": (1, 2, 3)}, Span(0, b"\x03\x01\x02\x03", 4)),
        ],
    )
    def test_of_fields_without_fixed_places(self, record: Record, changes: dict[str, Any], span: Span) -> None:
        assert changed_span(type(record), record.encode(), changes) == span

    def test_faults_have_names_and_places(self) -> None:
        with pytest.raises(EncodeError) as caught:
            changed_span(Entry, entry(1).encode(), {"number": 1001, "level": 9, "name": "1234567"})
        assert [str(fault) for fault in caught.value.faults] == [
            "number is 1001, most is 1000 @ $.number (byte 0, 2 bytes)",
            "level is 9, allowed is -8 to 7 @ $.level (byte 2, 1 byte)",
            "name takes 7 bytes in utf-8, most is 6 @ $.name (byte 7, 6 bytes)",
        ]

    def test_unknown_names_are_refused(self) -> None:
        with pytest.raises(EncodeError, match="nmber is no field of Entry; did you mean 'number'"):
            changed_span(Entry, entry(1).encode(), {"nmber": 1})

    def test_bytes_of_another_size_are_refused(self) -> None:
        with pytest.raises(DecodeError):
            changed_span(Entry, b"", {"number": 1})

    @given(st.integers(0, 1000), st.integers(0, 1000), st.booleans(), st.integers(-8, 7))
    def test_the_span_makes_the_new_encoding(self, before: int, after: int, flag: bool, level: int) -> None:  # noqa: FBT001
        old, changes = entry(before), {"number": after, "flag": flag, "level": level}
        offset, content, size = changed_span(Entry, old.encode(), changes)
        raw = old.encode()
        assert raw[:offset] + content + raw[offset + len(content) :] == old.replace(**changes).encode()
        assert size == len(raw)
