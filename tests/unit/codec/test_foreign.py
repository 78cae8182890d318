"""Constructs from elsewhere: used as they are, made strict, and nothing of construct's own gets out."""

import json
from typing import Any

import construct as cs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yohaku import Record, field
from yohaku.codec import Foreign, Interpreter, Refused, codec_for
from yohaku.errors import DecodeError, EncodeError, SchemaError
from yohaku.fields import UInt

NAN = float("nan")


class Upper(cs.Adapter):  # type: ignore[type-arg]  # generic in its stubs only
    """A designer's adapter."""

    def _decode(self, obj: str, context: Any, path: Any) -> str:  # noqa: ARG002 - construct's signature
        return obj.upper()

    def _encode(self, obj: str, context: Any, path: Any) -> str:  # noqa: ARG002 - construct's signature
        return obj.lower()


class Broken(cs.Adapter):  # type: ignore[type-arg]  # generic in its stubs only
    """An adapter that raises what no library should."""

    def _decode(self, obj: Any, context: Any, path: Any) -> Any:  # noqa: ARG002 - construct's signature
        raise ZeroDivisionError

    def _encode(self, obj: Any, context: Any, path: Any) -> Any:  # noqa: ARG002 - construct's signature
        raise KeyError("secret")


STRUCT = cs.Struct(
    "magic" / cs.Const(b"AB"),
    "name" / cs.PaddedString(4, "utf8"),
    "raw" / cs.Bytes(2),
    "colour" / cs.Enum(cs.Byte, red=1, blue=7),
    "flags" / cs.FlagsEnum(cs.Byte, x=1, y=4),
    "bits" / cs.BitStruct("high" / cs.Nibble, "low" / cs.Nibble),
    "ours" / UInt(16),
)
VALUE = {
    "magic": b"AB",
    "name": "beef",
    "raw": b"\xbe\xef",
    "colour": "blue",
    "flags": {"x": True, "y": False},
    "bits": {"high": 1, "low": 2},
    "ours": 258,
}
RAW = "4142" + "62656566" + "beef" + "07" + "01" + "12" + "0102"
CASES: list[tuple[Any, Any, str]] = [
    (STRUCT, VALUE, RAW),
    (cs.Int24sl, -2, "feffff"),
    (cs.PascalString(cs.Byte, "utf8"), "高", "03e9ab98"),
    (cs.CString("utf8"), "ab", "616200"),
    (cs.PaddedString(4, "ascii"), "ab", "61620000"),
    (cs.GreedyString("utf8"), "ab", "6162"),
    (cs.GreedyRange(cs.Int16ub), [1, 2], "00010002"),
    (cs.PrefixedArray(cs.Byte, cs.Byte), [7, 8], "020708"),
    (cs.Prefixed(cs.Byte, cs.GreedyBytes), b"ab", "026162"),
    (cs.Sequence(cs.Byte, cs.Bytes(1)), [1, b"\xab"], "01ab"),
    (
        cs.Struct("n" / cs.Byte, "v" / cs.Switch(cs.this.n, {1: cs.Byte, 2: cs.Bytes(2)})),
        {"n": 2, "v": b"ab"},
        "026162",
    ),
    (cs.Struct("n" / cs.Byte, "v" / cs.If(cs.this.n == 1, cs.Byte)), {"n": 0, "v": None}, "00"),
    (cs.Bitwise(cs.GreedyRange(cs.Nibble)), [1, 2], "12"),
    (cs.BitStruct("a" / cs.Flag, "b" / cs.BitsInteger(7)), {"a": True, "b": 3}, "83"),
    (Upper(cs.PaddedString(2, "ascii")), "AB", "6162"),
    (cs.Hex(cs.Int16ub), 258, "0102"),
    (cs.Float32b, 0.5, "3f000000"),
    (cs.VarInt, 300, "ac02"),
    (cs.Mapping(cs.Byte, {"on": 1, "off": 0}), "on", "01"),
]
every_construct = pytest.mark.parametrize(
    ("inner", "value", "raw"), CASES, ids=[type(case[0]).__name__ for case in CASES]
)


def is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return type(value) is dict and all(map(is_plain, value.values()))
    if isinstance(value, list):
        return type(value) is list and all(map(is_plain, value))
    return type(value) in {int, float, str, bytes, bool, type(None)}


@every_construct
def test_known_encodings(inner: Any, value: Any, raw: str) -> None:
    codec = codec_for(Foreign(inner))
    assert codec.encode(value).hex() == raw
    back = codec.decode(bytes.fromhex(raw))
    assert back == value
    assert is_plain(back)
    assert codec.from_json(json.loads(json.dumps(codec.to_json(value)))) == value


@every_construct
@given(data=st.binary(max_size=16))
def test_bytes_are_refused_or_come_back(inner: Any, value: Any, raw: str, data: bytes) -> None:  # noqa: ARG001 - table
    codec = codec_for(Foreign(inner))
    try:
        back = codec.decode(data)
    except DecodeError:
        return
    assert is_plain(back)
    assert codec.encode(back) == data


@pytest.mark.parametrize(
    ("inner", "value", "raw"),
    [
        (cs.Float32b, NAN, "7fc00000"),
        (cs.Struct("x" / cs.Float32b, "n" / cs.Byte), {"x": NAN, "n": 1}, "7fc0000001"),
        (cs.Array(2, cs.Float16b), [1.0, NAN], "3c007e00"),
        (cs.Select(cs.Const(b"\1"), cs.Float32b), NAN, "7fc00000"),
        (cs.Struct("x" / cs.Float32b, "own" / cs.ByteSwapped(cs.Int16ub)), {"x": NAN, "own": 1}, "7fc000000100"),
    ],
    ids=["alone", "in a Struct", "in a list", "in a Select", "beside a part that is called"],
)
def test_what_is_not_a_number_is_refused_both_ways(inner: Any, value: Any, raw: str) -> None:
    for make in (codec_for, Interpreter):
        codec: Any = make(Foreign(inner))
        with pytest.raises(DecodeError, match="not a number"):
            codec.decode(bytes.fromhex(raw))
        with pytest.raises(EncodeError, match="does not keep this value"):
            codec.encode(value)


@every_construct
def test_junk_is_refused(inner: Any, value: Any, raw: str) -> None:  # noqa: ARG001 - the table is shared
    for junk in (object(), "\ud800", -(10**30), {"x": object()}, [[]]):
        with pytest.raises(EncodeError):
            codec_for(Foreign(inner)).encode(junk)


@pytest.mark.parametrize(
    ("inner", "raw", "message"),
    [
        (cs.Enum(cs.Byte, red=1), "02", "is 2, which has no name in this enum"),
        (cs.FlagsEnum(cs.Byte, x=1), "03", "is 03, which would be written back as 01"),
        (cs.Padded(2, cs.Byte), "01ff", "is 01ff, which would be written back as 0100"),
        (cs.Const(b"AB"), "4143", "is refused by Const: "),
        (Broken(cs.Byte), "00", "is refused by Broken: ZeroDivisionError"),
        (cs.Int16ub, "00", "is refused by FormatField: "),
    ],
)
def test_what_construct_lets_pass_is_refused(inner: Any, raw: str, message: str) -> None:
    with pytest.raises(Refused) as caught:
        Foreign(inner).read(bytes.fromhex(raw), 0, len(raw) // 2)
    assert caught.value.faults[0].message.startswith(message)


@pytest.mark.parametrize(
    ("inner", "value"),
    [
        (cs.PaddedString(4, "ascii"), "a\0"),
        (cs.Enum(cs.Byte, red=1), 1),
        (cs.Sequence(cs.Byte), (1,)),
        (cs.Float32b, float("nan")),
        (cs.Struct("a" / cs.Byte), {"a": 1, "b": 2}),
        (cs.Float32b, 0.1),
    ],
)
def test_values_that_would_come_back_different_are_refused(inner: Any, value: Any) -> None:
    with pytest.raises(Refused, match="does not keep this value"):
        Foreign(inner).write(value)


@pytest.mark.parametrize(
    ("inner", "greedy"),
    [
        (cs.GreedyBytes, True),
        (cs.Struct("a" / cs.Byte, "b" / cs.GreedyRange(cs.Byte)), True),
        (cs.GreedyString("utf8"), True),
        (cs.Switch(cs.this.n, {1: cs.GreedyBytes}), True),
        (cs.If(cs.this.n, cs.GreedyBytes), True),
        (cs.Bitwise(cs.GreedyRange(cs.Bit)), True),
        (cs.Prefixed(cs.Byte, cs.GreedyBytes), False),
        (cs.CString("utf8"), False),
        (cs.PascalString(cs.Byte, "utf8"), False),
        (cs.Byte, False),
    ],
)
def test_who_takes_everything_is_known(inner: Any, greedy: bool) -> None:  # noqa: FBT001 - a table
    assert Foreign(inner).greedy is greedy


def test_examples() -> None:
    assert Foreign(cs.Byte).example() == 0
    assert Foreign(cs.Byte, example=5).example() == 5
    assert Foreign(cs.Enum(cs.Byte, red=1)).example() == "red"
    with pytest.raises(SchemaError, match=r"Struct has no example: state one with Foreign\(..., example=...\)"):
        Foreign(STRUCT).example()
    with pytest.raises(SchemaError, match="must be a construct object"):
        Foreign(int)


def test_own_json_forms() -> None:
    moment = Foreign(cs.Bytes(1), to_json=lambda value: value[0], from_json=lambda value: bytes([int(str(value))]))
    assert moment.to_json(b"\7") == 7
    assert moment.from_json(7) == b"\7"
    with pytest.raises(Refused, match="is refused by Bytes"):
        moment.from_json("x")


def test_a_construct_stands_in_a_record_and_ours_in_a_construct() -> None:
    class Mixed(Record):
        number: int = field(cs.Int16ul)
        rest: list[int] = field(cs.GreedyRange(cs.Byte))

    assert Mixed.decode(b"\1\0\2\3") == Mixed(number=1, rest=[2, 3])
    assert cs.Struct("a" / UInt(8), "b" / cs.Byte).parse(b"\1\2").a == 1
    with pytest.raises(cs.ConstructError, match="most is 3"):
        UInt(8, most=3).parse(b"\4")
