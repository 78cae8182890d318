"""JSON Schema of records, judged by a validator that we did not write."""

import copy
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yohaku import Applet, Record, field
from yohaku import fields as f
from yohaku.errors import JsonError
from yohaku.render.documents import installed
from yohaku.render.jsonschema import DIALECT, applet_schema, json_schema
from yohaku.testing import records

jsonschema: Any = pytest.importorskip("jsonschema")

TABLE = f.CodeTable("things", 1, {1: "机", 2: "椅子"})


class Every(Record):
    """全部"""

    small: int = field(f.UInt(8, least=2, most=20), example=2)
    signed: int = field(f.Int(16), example=-3)
    flag: bool = field(f.Flag(bits=8), example=True)
    digits: str = field(f.Digits(4), example="0123")
    phone: str = field(f.TelephoneNumber(), example="09012345678")
    abroad: str = field(f.InternationalNumber(), example="+819012345678")
    postal: str = field(f.PostalCode(), example="7608570")
    company: str = field(f.CorporateNumber(), example="7000012050002")
    price: Decimal = field(f.Money(32, scale=2), example=Decimal("12.50"))
    address: str = field(f.EvmAddress(), example="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
    token: int = field(f.TokenId(bits=64), example=1 << 60)
    raw: bytes = field(f.Blob(3), example=b"\1\2\3")
    thing: str = field(f.Coded(TABLE), example="椅子")
    sex: f.Sex = field(f.SexCode(), example=f.Sex.FEMALE)
    bcd: int = field(f.BcdNumber(6), example=123456)
    text: str = field(f.Text(9), "文", example="あ", note="short", personal=True)
    optional: int = field(f.UInt(8), default=7)


def validator(schema: dict[str, Any]) -> Any:
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


def test_the_schemas_of_an_applet_are_schemas_and_take_its_examples(applet: type[Applet]) -> None:
    whole = applet_schema(applet)
    validator(whole)
    assert whole["$schema"] == DIALECT
    for name, file in applet.files().items():
        schema = whole["$defs"][name]
        assert schema["$id"] == f"{whole['$id']}:{name}"
        validator(schema).validate(file.record.example().to_json())


FILES = [file.record for applet in installed() for file in applet.files().values()] + [Every]


@given(data=st.data())
@pytest.mark.parametrize("record", FILES, ids=lambda record: record.__name__)
def test_every_record_that_encodes_is_valid(record: type[Record], data: st.DataObject) -> None:
    shown = json.loads(json.dumps(data.draw(records(record)).to_json()))
    validator(json_schema(record)).validate(shown)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("small", 1),
        ("small", 21),
        ("small", "2"),
        ("small", None),
        ("signed", 40000),
        ("flag", 1),
        ("digits", "123"),
        ("digits", "12a4"),
        ("phone", "9012345678"),
        ("abroad", "0312345678"),
        ("postal", "760-8570"),
        ("company", "0000012050002"),
        ("price", "12.505"),
        ("price", 12.5),
        ("address", "0x12"),
        ("token", 5),
        ("raw", "0102"),
        ("thing", "窓"),
        ("sex", "other"),
        ("bcd", 1_000_000),
        ("text", "0123456789"),
        ("extra", 1),
    ],
)
def test_what_the_codec_refuses_is_invalid(name: str, wrong: object) -> None:
    value: Any = copy.deepcopy(Every.example().to_json())
    value[name] = wrong
    assert not validator(json_schema(Every)).is_valid(value)
    with pytest.raises(JsonError):
        Every.from_json(value)


def test_members_are_described() -> None:
    member = json_schema(Every)["properties"]["text"]
    assert member["title"] == "文 / text"
    assert member["description"] == "Text(9, utf-8); short; personal data (個人情報); at most 9 bytes in utf-8"
    assert member["examples"] == ["あ"]


def test_a_default_makes_a_member_optional() -> None:
    schema = json_schema(Every)
    assert "optional" not in schema["required"]
    assert schema["properties"]["optional"]["default"] == 7
    assert set(schema["required"]) == set(schema["properties"]) - {"optional"}


def test_missing_members_are_invalid() -> None:
    value: Any = Every.example().to_json()
    del value["small"]
    assert not validator(json_schema(Every)).is_valid(value)
