"""Generated code: its text, when it is made, what it leaves to the interpreter, and what it must not change."""

from __future__ import annotations

import linecache
from enum import Enum
from typing import TYPE_CHECKING, Any

import pytest

from yohaku import Record, TlvRecord, field, hidden, reserved
from yohaku.codec import Compiled, Interpreter, Refused, source_of, use_cache
from yohaku.codec import cache as cache_module
from yohaku.codec.loops import UNROLLED
from yohaku.codec.runs import Part, words
from yohaku.codec.tables import MOST, Table
from yohaku.errors import DecodeError, EncodeError
from yohaku.fields import (
    Choice,
    Constant,
    Date,
    Digits,
    Flags,
    Prefixed,
    Repeat,
    Tagged,
    Text,
    UInt,
    VariableBlob,
    xor_checksum,
)
from yohaku.testing import NotSettledError, straight

if TYPE_CHECKING:
    from datetime import date


class Colour(Enum):
    RED = 1
    BLUE = 7


class Entry(Record):
    number: int = field(UInt(16))
    colour: Colour = field(Choice(Colour))


def record() -> type[Record]:
    class Card(Record):
        code: str = field(Digits(3))
        day: date = field(Date())
        log: tuple[Entry, ...] = field(Repeat(Entry, 2))
        name: str = field(Prefixed(UInt(8), Text(12, padded=False)))
        _gap = reserved(3)

    return Card


class TestSource:
    def test_the_same_declaration_gives_the_same_text(self) -> None:
        assert source_of(record()) == source_of(record())

    def test_it_reads_as_what_it_does(self) -> None:
        text = source_of(record())
        assert "def decode(data):" in text
        assert "def encode(value):" in text
        assert '# unpack_from_3sIHBHBB: Struct(">3sIHBHBB").unpack_from' in text
        assert "code_bytes = code.encode()" in text
        assert " at 0x" not in text

    def test_tracebacks_find_its_lines(self) -> None:
        kind = record()
        kind.example().encode()
        title = next(name for name in linecache.cache if name.endswith("Card.encode>"))
        assert linecache.getline(title, len(source_of(kind).split("\n\n\n")[-1].splitlines()))
        assert "def encode(value):\n" in linecache.getlines(title)

    def test_fields_may_be_called_anything(self) -> None:
        class Odd(Record):
            data: int = field(UInt(8))
            end: int = field(UInt(8))
            value: int = field(UInt(8))
            cls: int = field(UInt(8))
            unknown: int = field(UInt(8))
            made: int = field(UInt(8))
            interpret: int = field(UInt(8))
            Unsettled: str = field(Prefixed(UInt(8), Text(3, padded=False)))

        odd = Odd(data=1, end=2, value=3, cls=4, unknown=5, made=6, interpret=7, Unsettled="a")
        assert odd.encode().hex() == "010203040506070161"
        assert Odd.decode(odd.encode()) == odd


class TestFirstUse:
    def test_nothing_is_generated_before(self) -> None:
        codec = Compiled(record().__field_type__)
        assert not {"encode", "decode", "decode_from"} & vars(codec).keys()
        assert callable(codec.decode)
        assert {"encode", "decode", "decode_from"} & vars(codec).keys() == {"decode"}

    def test_there_is_nothing_else_to_ask_for(self) -> None:
        with pytest.raises(AttributeError, match="a codec has no encoder"):
            Compiled(record().__field_type__).encoder  # type: ignore[attr-defined]  # noqa: B018 - the point

    def test_the_record_then_has_the_functions_themselves(self) -> None:
        kind = record()
        raw = kind.example().encode()
        kind.decode(raw)
        assert vars(kind)["encode"] is kind.__codec__.encode
        assert kind.decode is kind.__codec__.decode

    def test_a_subclass_has_its_own(self) -> None:
        class Longer(Entry):
            more: int = field(UInt(8))

        Entry.decode(Entry.example().encode())
        longer = Longer(number=1, colour=Colour.RED, more=2)
        assert Longer.decode(longer.encode()) == longer
        assert Entry.decode(b"\0\1\1") == Entry(number=1, colour=Colour.RED)

    def test_a_method_of_the_designer_stays(self) -> None:
        class Own(Record):
            number: int = field(UInt(8))

            def encode(self) -> bytes:
                return b"own" + super().encode()

        class Below(Own):
            more: int = field(UInt(8))

        for _ in range(2):
            assert Own(number=1).encode() == b"own\1"
            assert Below(number=1, more=2).encode() == b"own\1\2"
            assert Below.decode(b"\1\2") == Below(number=1, more=2)


class TestConstructor:
    @pytest.mark.parametrize("_time", [1, 2])
    def test_every_missing_and_unknown_name_is_a_fault(self, _time: int) -> None:
        kind: Any = Entry
        with pytest.raises(EncodeError) as caught:
            kind(numbr=1)
        assert [fault.path for fault in caught.value.faults] == [("number",), ("colour",), ("numbr",)]
        with pytest.raises(EncodeError, match="nmber is no field of Entry; did you mean 'number'"):
            kind(number=1, colour=Colour.RED, nmber=2)
        assert kind(number=1, colour=Colour.RED).number == 1

    def test_defaults_fill_in_and_nothing_is_positional(self) -> None:
        class Filled(Record):
            number: int = field(UInt(8), default=5)
            other: int = field(UInt(8))

        kind: Any = Filled
        for _ in range(2):
            assert (kind(other=1).number, kind(number=2, other=1).number) == (5, 2)
            with pytest.raises(TypeError):
                kind(1, 2)

    def test_a_record_without_fields(self) -> None:
        class Empty(Record):
            _gap = reserved(2)

        for _ in range(2):
            assert Empty().encode() == b"\0\0"
        assert Empty.decode(b"\0\0") == Empty()

    def test_a_subclass_is_built_as_itself(self) -> None:
        class Longer(Entry):
            more: int = field(UInt(8), default=9)

        Entry(number=1, colour=Colour.RED)
        made = Longer(number=1, colour=Colour.RED)
        assert (type(made), made.more, made.number) == (Longer, 9, 1)


class TestLeftToTheInterpreter:
    def test_other_buffers_than_bytes(self) -> None:
        class Open(Record):
            blob: bytes = field(VariableBlob(4))

        for type_ in (Open.__field_type__, Entry.__field_type__):
            compiled, interpreter = Compiled(type_), Interpreter(type_)
            for data in (bytearray(b"\0\1\1"), memoryview(b"\0\1\1")):
                try:
                    wanted = interpreter.decode(data)  # type: ignore[arg-type]  # the point
                except DecodeError as error:
                    with pytest.raises(DecodeError, match=str(error).splitlines()[0]):
                        compiled.decode(data)  # type: ignore[arg-type]  # the point
                else:
                    assert compiled.decode(data) == wanted  # type: ignore[arg-type]  # the point

    def test_an_error_of_the_straight_code_does_not_show(self) -> None:
        with pytest.raises(DecodeError) as caught:
            Entry.decode(b"\0\1\2")
        assert caught.value.__suppress_context__


class Template(TlvRecord, tag=0xE1):
    number: int = field(Tagged(0x80, UInt(8)))
    name: str | None = field(Tagged(0x9F21, Text(3, padded=False)), default=None)


class TestTemplates:
    @pytest.mark.parametrize(
        ("data", "settled"),
        [
            ("e103800105", True),
            ("e1078001059f210161", True),
            ("e10580010599 00", True),
            ("e108 800105 99 00 98 01 ff", True),
            ("e1079f210161800105", False),
            ("e105 99 00 800105", False),
        ],
    )
    def test_members_in_declared_order_are_settled_undeclared_ones_behind_too(self, data: str, settled: bool) -> None:  # noqa: FBT001
        raw = bytes.fromhex(data)
        value = Interpreter(Template.__field_type__).decode(raw)
        codec = straight(Template.__field_type__)
        if settled:
            assert codec.decode(raw) == value
            assert codec.decode(raw).extras == value.extras
            assert codec.encode(value) == raw
        else:
            with pytest.raises(NotSettledError):
                codec.decode(raw)
            assert Template.decode(raw) == value
        assert Template.decode(raw).encode() == raw

    def test_an_absent_member_is_not_looked_for_behind_the_template(self) -> None:
        class Two(Record):
            first: Template = field(Template)
            rest: bytes = field(VariableBlob(9))

        raw = bytes.fromhex("e103800105 9f210161")
        assert straight(Two.__field_type__).decode(raw).rest == raw[5:]

    @pytest.mark.parametrize("size", [0, 1, 127, 128, 200, 255, 256, 300])
    def test_lengths_of_every_form(self, size: int) -> None:
        class Long(TlvRecord, tag=0xE1):
            blob: bytes = field(Tagged(0x80, VariableBlob(400)))

        raw = Interpreter(Long.__field_type__).encode(Long(blob=bytes(size)))
        assert straight(Long.__field_type__).encode(Long(blob=bytes(size))) == raw
        assert straight(Long.__field_type__).decode(raw).blob == bytes(size)
        with pytest.raises(DecodeError):
            Long.decode(raw[:-1])


class TestLists:
    @pytest.mark.parametrize("count", [1, 2, UNROLLED // 2, UNROLLED // 2 + 1, 300])
    def test_short_and_long_ones(self, count: int) -> None:
        class Listed(Record):
            before: int = field(UInt(8))
            log: tuple[Entry, ...] = field(Repeat(Entry, count))
            behind: int = field(UInt(8))

        log = tuple(Entry(number=number, colour=Colour.BLUE) for number in range(count))
        listed = Listed(before=1, log=log, behind=2)
        raw = Interpreter(Listed.__field_type__).encode(listed)
        assert straight(Listed.__field_type__).encode(listed) == raw
        assert straight(Listed.__field_type__).decode(raw) == listed
        assert ("for " in source_of(Listed)) is (count > UNROLLED // 2)
        with pytest.raises(EncodeError, match=f"has {count + 1} items, must have {count}"):
            listed.replace(log=(*log, log[0])).encode()
        with pytest.raises(DecodeError):
            Listed.decode(raw[:-4])


class TestRuns:
    @pytest.mark.parametrize(
        ("bits", "wanted"),
        [
            ([8, 24], [2]),
            ([32, 8, 24, 32], [1, 2, 1]),
            ([8, 8, 8, 8], [1, 1, 1, 1]),
            ([1] * 8, [8]),
            ([24], [1]),
            ([4, 12, 16], [2, 1]),
            ([72, 8], [1, 1]),
            ([3, 69, 8], [2, 1]),
        ],
    )
    def test_integers_share_words_where_that_costs_less(self, bits: list[int], wanted: list[int]) -> None:
        assert [len(group) for group in words([Part(str(at), bits=width) for at, width in enumerate(bits)])] == wanted

    def test_a_checksum_sees_the_bytes_of_its_own_record_only(self) -> None:
        class Summed(Record):
            number: int = field(UInt(16))
            _sum = hidden(xor_checksum())

        class Outer(Record):
            before: int = field(UInt(8))
            held: Summed = field(Summed)

        outer = Outer(before=0x55, held=Summed(number=0x0102))
        assert straight(Outer.__field_type__).encode(outer).hex() == "55010203"
        assert straight(Outer.__field_type__).decode(bytes.fromhex("55010203")) == outer

    @pytest.mark.parametrize("size", [*range(1, 20), 40])
    def test_constants_of_any_size(self, size: int) -> None:
        content = bytes(range(1, size + 1))

        class Held(Record):
            _magic = hidden(Constant(content))
            number: int = field(UInt(8))

        assert straight(Held.__field_type__).decode(content + b"\5").number == 5
        assert straight(Held.__field_type__).encode(Held(number=5)) == content + b"\5"
        for at in range(size):
            wrong = bytearray(content + b"\5")
            wrong[at] ^= 1
            with pytest.raises(DecodeError, match="must be"):
                Held.decode(bytes(wrong))


class TestTable:
    def test_it_keeps_what_it_computed_and_no_errors(self) -> None:
        asked: list[int] = []

        def double(number: int) -> int:
            asked.append(number)
            if number < 0:
                raise Refused
            return 2 * number

        table = Table(double)
        assert (table[2], table[2], table[3], asked) == (4, 4, 6, [2, 3])
        for _ in range(2):
            with pytest.raises(Refused):
                table[-1]
        assert len(table) == 2

    def test_it_does_not_grow_without_end(self) -> None:
        table = Table(lambda number: number)
        for number in range(2 * MOST + 1):
            assert table[number] == number
            assert len(table) <= MOST


class TestCache:
    @pytest.fixture(autouse=True)
    def _off_again(self) -> Any:
        yield
        use_cache(None)

    def test_a_second_start_compiles_nothing(self, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        assert use_cache(tmp_path / "codecs")
        raw = record().example().encode()
        assert record().decode(raw).encode() == raw
        assert len(list((tmp_path / "codecs").glob("*.code"))) >= 2

        def refuse(*_: Any, **__: Any) -> Any:
            raise AssertionError("compiled again")

        monkeypatch.setattr(cache_module, "compile", refuse, raising=False)
        assert record().decode(raw).encode() == raw

    def test_a_damaged_entry_is_made_anew(self, tmp_path: Any) -> None:
        use_cache(tmp_path)
        raw = record().example().encode()
        entries = list(tmp_path.glob("*.code"))
        good = {entry: entry.read_bytes() for entry in entries}
        for damage in (lambda raw: raw[:-1], lambda raw: raw[:0], lambda raw: raw[:40] + b"\xff" + raw[41:]):
            for entry in entries:
                entry.write_bytes(damage(good[entry]))
            assert record().example().encode() == raw
            assert {entry: entry.read_bytes() for entry in entries} == good

    def test_an_entry_under_another_name_is_not_taken(self, tmp_path: Any) -> None:
        use_cache(tmp_path)
        Entry.example()
        source = "def f():\n    return 1\n"
        other = "def f():\n    return 2\n"
        cache_module.compiled_code(source, "<one>")
        (one,) = tmp_path.glob("*.code")
        cache_module.compiled_code(other, "<one>")
        (two,) = set(tmp_path.glob("*.code")) - {one}
        two.write_bytes(one.read_bytes())
        namespace: dict[str, Any] = {}
        exec(cache_module.compiled_code(other, "<one>"), namespace)  # noqa: S102 - code of this test
        assert namespace["f"]() == 2

    def test_a_directory_that_others_may_write_to_is_not_used(self, tmp_path: Any) -> None:
        tmp_path.chmod(0o777)
        assert not use_cache(tmp_path)
        record().example().encode()
        assert list(tmp_path.iterdir()) == []

    def test_a_directory_that_cannot_be_made_or_written_does_no_harm(self, tmp_path: Any) -> None:
        blocked = tmp_path / "file"
        blocked.write_text("")
        assert not use_cache(blocked / "codecs")
        assert use_cache(tmp_path / "codecs")
        (tmp_path / "codecs").rmdir()
        assert record().example().encode()

    def test_it_is_off_until_asked_for(self, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        record().example().encode()
        assert list(tmp_path.iterdir()) == []


def test_flags_of_any_mask() -> None:
    from enum import IntFlag

    class Full(IntFlag):
        A = 1
        B = 2

    class Holes(IntFlag):
        A = 1
        C = 4

    for flags in (Full, Holes):
        codec, interpreter = Compiled(Flags(flags)), Interpreter(Flags(flags))
        for number in range(256):
            raw = bytes((number,))
            try:
                value = interpreter.decode(raw)
            except DecodeError:
                with pytest.raises(DecodeError):
                    codec.decode(raw)
            else:
                assert (codec.decode(raw), codec.encode(value)) == (value, raw)
                assert type(codec.decode(raw)) is flags
