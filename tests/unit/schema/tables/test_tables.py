"""Tables: any record comes back from any form, bad rows do not stop good ones, and memory does not grow."""

import csv
import tracemalloc
from datetime import date
from enum import Enum
from importlib.metadata import entry_points

import pytest
from construct import Int8ub, PaddedString, Struct
from hypothesis import given
from hypothesis import strategies as st

from yohaku import Record, TlvRecord, field, reserved
from yohaku.fields import Choice, Date, Digits, Flag, Int, Repeat, Tagged, Text, UInt
from yohaku.schema.columns import columns_of
from yohaku.schema.tables import (
    BadRow,
    Row,
    TableError,
    read_csv,
    read_hex_lines,
    read_json_lines,
    write_csv,
    write_hex_lines,
    write_json_lines,
)
from yohaku.testing import records

RECORDS = [file.record for entry in entry_points(group="yohaku.applets") for file in entry.load().files().values()]


class Kind(Enum):
    A = 1
    B = 2


class Address(Record):
    """住所"""

    postal: str = field(Digits(7), "郵便番号", example="7600008")
    town: str = field(Text(12), "町")


class Entry(Record):
    """一件"""

    amount: int = field(Int(16), "金額")
    kind: Kind = field(Choice(Kind), "種別")


class Person(Record):
    """人"""

    name: str = field(Text(12), "氏名", default="名無")
    address: Address = field(Address, "住所")
    log: tuple[Entry, ...] = field(Repeat(Entry, 2), "履歴")
    _spare = reserved(2)
    member: bool = field(Flag(bits=8), "会員")
    other: dict = field(Struct("a" / Int8ub, "b" / PaddedString(2, "ascii")), "ほか")


class Inner(TlvRecord, tag=0xA5):
    """中"""

    note: str = field(Tagged(0x80, Text(9, padded=False)), "注記")
    on: date | None = field(Tagged(0x81, Date()), "日", default=None)


class Tlv(TlvRecord, tag=0xE1):
    """札"""

    title: str | None = field(Tagged(0x80, Text(9, padded=False)), "題", default=None)
    notes: tuple[str, ...] | None = field(
        Tagged(0xA2, Repeat(Tagged(0x0C, Text(9, padded=False)), most=3)), "注記", default=None
    )
    inner: Inner | None = field(Tagged(0xA6, Inner), "中", default=None)


def person(**changes):
    values = {
        "address": Address(postal="7600008", town="中野町"),
        "log": (Entry(amount=-3, kind=Kind.A), Entry(amount=4, kind=Kind.B)),
        "member": True,
        "other": {"a": 1, "b": "x"},
    }
    return Person(**(values | changes))


PERSON_HEADER = "name,address.postal,address.town,log[0].amount,log[0].kind,log[1].amount,log[1].kind,member,other"


def rows(kind, text):
    return list(read_csv(kind, text.splitlines(keepends=True)))


def where(bad):
    return [(fault.where, fault.message) for fault in bad.faults]


def test_a_table_has_a_column_for_each_field_and_each_item_of_a_fixed_list():
    assert [column.path for column in columns_of(Person)] == PERSON_HEADER.split(",")
    assert list(write_csv(Person, [person(name="a,b")])) == [
        PERSON_HEADER + "\n",
        '"a,b",7600008,中野町,-3,a,4,b,true,"{""a"": 1, ""b"": ""x""}"\n',
    ]


def test_cells_are_typed_by_their_field_and_empty_ones_take_the_default():
    text = PERSON_HEADER + '\n,0600001,,-3,a,4,b,TRUE,"{""a"": 1, ""b"": ""x""}"\n'
    assert rows(Person, text) == [Row(2, person(name="名無", address=Address(postal="0600001", town="")))]


@pytest.mark.parametrize("name", ["", " a ", "a\rb", "a\nb", '"', ",", "\ufeff", "a\u2028b"])
def test_no_text_is_mistaken_for_a_part_of_the_table(name):
    made = [person(name=name or "x", address=Address(postal="1234567", town=name))]
    assert [row.record for row in read_csv(Person, write_csv(Person, made))] == made


def test_columns_stand_in_any_order_and_optional_ones_may_be_left_out():
    text = 'member,other,log,address.town,address.postal\nfalse,"{""a"":2,""b"":""y""}",'
    text += '"[{""amount"":1,""kind"":""a""},{""amount"":2,""kind"":""a""}]",x,1234567\n'
    (row,) = rows(Person, text)
    assert row.record.log[1] == Entry(amount=2, kind=Kind.A)
    assert row.record.name == "名無"


def test_bad_rows_are_reported_with_their_line_and_every_fault_and_the_good_ones_go_on():
    good = '花子,7600008,中野町,-3,a,4,b,true,"{""a"": 1, ""b"": ""x""}"\n'
    bad = '花子,760000,中野町,x,c,70000,b,maybe,"{""a"": 1, ""b"": ""x""}"\n'
    odd = '"a"b,1\n'
    split = '"花\n子",7600008,中野町,-3,a,4,b,true,"{""a"": 1, ""b"": ""x""}"\n'
    found = rows(Person, PERSON_HEADER + "\n" + good + bad + "\n" + odd + split + "1,2\n" + good)
    assert [(type(row), row.line) for row in found] == [
        (Row, 2), (BadRow, 3), (BadRow, 5), (Row, 6), (BadRow, 8), (Row, 9)
    ]  # fmt: skip
    assert where(found[1]) == [
        ("$.address.postal", "has 6 digits, must have 7"),
        ("$.log[0].amount", "is a str, must be an int"),
        ("$.log[0].kind", "is 'c', must be one of a, b"),
        ("$.log[1].amount", "is 70000, allowed is -32768 to 32767"),
        ("$.member", "is a str, must be true or false"),
    ]
    assert "malformed CSV" in str(found[2])
    assert where(found[4]) == [("$", "has 2 cells, the header has 9")]
    assert str(found[4]) == "line 8: value has 2 cells, the header has 9 @ $"


@pytest.mark.parametrize(
    ("header", "messages"),
    [
        ("nmae," + PERSON_HEADER, ["nmae is no field; did you mean 'name'"]),
        ("name," + PERSON_HEADER, ["name stands there twice"]),
        ("address," + PERSON_HEADER, ["address.postal lies inside another column"]),
        ("address.postal", ["address.town is missing", "log[0].amount is missing", "member is missing"]),
        ("log[2].amount", ["log[2].amount is no field"]),
        ("address..postal", ["address..postal is no field"]),
    ],
)
def test_a_header_that_does_not_fit_is_refused_before_any_row(header, messages):
    with pytest.raises(TableError) as caught:
        rows(Person, header + "\n1\n")
    for message in messages:
        assert message in str(caught.value)


def test_an_empty_table_has_no_header():
    with pytest.raises(TableError, match="no header"):
        rows(Person, "")


def test_a_byte_order_mark_and_spaces_in_the_header_are_no_part_of_a_name():
    assert rows(Address, "\ufeffpostal, town\n1234567,a\n") == [Row(2, Address(postal="1234567", town="a"))]


class TestValuesThatMayBeAbsent:
    HEADER = "title,notes,inner.note,inner.on,inner._unknown,inner._order,_unknown,_order\n"

    def test_absent_empty_and_quoted_texts_are_told_apart(self):
        made = [Tlv(), Tlv(title=""), Tlv(title='"'), Tlv(notes=()), Tlv(notes=("", "a")), Tlv(inner=Inner(note=""))]
        lines = list(write_csv(Tlv, made))
        assert lines[0] == self.HEADER
        assert [row.record for row in read_csv(Tlv, lines)] == made

    def test_items_of_an_open_list_have_columns_of_their_own_when_the_header_says_so(self):
        found = rows(Tlv, "notes[0],notes[1],notes[2]\na,,\n,,\na,,c\n")
        assert [row.record for row in found[:2]] == [Tlv(notes=("a",)), Tlv()]
        assert where(found[2]) == [("$.notes[1]", "is empty, though notes[2] is not")]
        lines = list(write_csv(Tlv, [Tlv(notes=("a", ""))], paths=["notes[0]", "notes[1]"]))
        assert lines == ["notes[0],notes[1]\n", 'a,""""""\n']

    def test_a_required_open_list_is_there_when_all_its_cells_are_empty(self):
        class Open(TlvRecord, tag=0xE1):
            numbers: tuple[int, ...] = field(Tagged(0xA2, Repeat(UInt(8), most=3)), "数")

        found = rows(Open, "numbers[0],numbers[1]\n,\n7,8\n")
        assert [row.record.numbers for row in found] == [(), (7, 8)]

    def test_unknown_data_objects_are_kept(self):
        record = Tlv.decode(bytes.fromhex("e1079f3501aa800141"))
        assert [row.record for row in read_csv(Tlv, list(write_csv(Tlv, [record])))] == [record]


class TestJsonLinesAndHexLines:
    def test_both_come_back(self):
        made = [person(), person(name="二")]
        assert [row.record for row in read_json_lines(Person, write_json_lines(made))] == made
        assert [row.record for row in read_hex_lines(Person, write_hex_lines(made))] == made

    def test_bad_lines_have_their_number(self):
        lines = [
            '{"postal": "1234567", "town": "a"}',
            "",
            "{",
            '{"postal": "1", "twon": "a"}',
            '{"postal":1,"postal":1}',
        ]
        found = list(read_json_lines(Address, lines))
        assert [(type(row), row.line) for row in found] == [(Row, 1), (BadRow, 3), (BadRow, 4), (BadRow, 5)]
        assert [fault.where for fault in found[2].faults] == ["$.postal", "$.town", "$.twon"]
        assert "two members of one name" in str(found[3])
        assert [type(row) for row in read_hex_lines(Address, ["zz", "00", "[" * 3])] == [BadRow] * 3


@pytest.mark.parametrize("record", [*RECORDS, Person, Tlv], ids=lambda record: record.__name__)
@given(st.data())
def test_any_record_comes_back_from_any_form(record, data):
    made = data.draw(st.lists(records(record), max_size=3))
    for lines, read in [
        (write_csv(record, made), read_csv),
        (write_json_lines(made), read_json_lines),
        (write_hex_lines(made), read_hex_lines),
    ]:
        text = "".join(lines)
        again = list(read(record, _lines(text)))
        assert [getattr(row, "record", row) for row in again] == made


def _lines(text):
    """Cut text at line feeds only, as a file opened with newline="" does."""
    return [line + "\n" for line in text.split("\n")[:-1]]


def test_memory_does_not_grow_with_the_number_of_rows():
    borrower = next(record for record in RECORDS if record.__name__ == "Borrower")

    def peak(count):
        tracemalloc.start()
        one = borrower.example()
        lines = write_csv(borrower, (one.replace(number=f"{number:010}") for number in range(count)))
        good = sum(1 for row in read_csv(borrower, lines) if isinstance(row, Row) and len(row.record.encode()) == 64)
        assert good == count
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(50)
    assert peak(1500) < peak(150) + 20_000


def test_a_row_of_endless_quotes_ends_at_the_field_limit():
    lines = ["postal,town\n", '1234567,"a\n', *["x" * 1000 + "\n"] * 200, "1234567,b\n"]
    found = list(read_csv(Address, lines))
    assert isinstance(found[0], BadRow)
    assert str(csv.field_size_limit()) in str(found[0])
