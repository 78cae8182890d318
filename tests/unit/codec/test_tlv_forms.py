"""Headers of BER-TLV and SIMPLE-TLV: shortest form only, both ways, and what is said of malformed ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yohaku import TlvRecord, field
from yohaku.codec import Refused, ber, simple
from yohaku.codec.ber import TlvForm
from yohaku.errors import DecodeError, SchemaError
from yohaku.fields import Digits, SimpleTagged, Tagged, UInt, VariableBlob

FORMS: list[TlvForm] = [ber, simple]


@pytest.mark.parametrize("form", FORMS, ids=["ber", "simple"])
@given(size=st.integers(0, 0xFFFF) | st.sampled_from([0x7F, 0x80, 0xFE, 0xFF, 0x100, 0xFFFF]))
def test_any_length_comes_back(form: TlvForm, size: int) -> None:
    raw = form.write_tlv(0x5A, bytes(size))
    assert len(raw) == 1 + form.header_length(size) + size
    assert form.read_header(raw, 0, len(raw)) == (0x5A, size, len(raw) - size)


@pytest.mark.parametrize("form", FORMS, ids=["ber", "simple"])
@given(raw=st.binary(max_size=8))
def test_any_header_is_refused_or_comes_back(form: TlvForm, raw: bytes) -> None:
    try:
        tag, length, start = form.read_header(raw, 0, len(raw))
    except Refused:
        return
    assert form.write_tlv(tag, raw[start : start + length]) == raw[: start + length]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("", "has no tag: no bytes are left"),
        ("5a", "has a tag without a length"),
        ("5a0231", "has tag 5A with 2 bytes of value, 1 is left"),
        ("5a01", "has tag 5A with 1 byte of value, 0 are left"),
        ("5a8101ff", "has the length 1 in 2 bytes, the shortest form is required"),
        ("5a80", "has the malformed length 80"),
        ("9f", "has a tag that is cut off after 9F"),
        ("9f1e00", "has the malformed tag 9F1E"),
    ],
)
def test_malformed_ber(raw: str, message: str) -> None:
    with pytest.raises(Refused) as caught:
        ber.read_header(bytes.fromhex(raw), 0, len(raw) // 2)
    assert caught.value.faults[0].message == message


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("00", "has the tag 00, which SIMPLE-TLV does not allow"),
        ("ff00", "has the tag FF, which SIMPLE-TLV does not allow"),
        ("21", "has the tag 21 and a length that is cut off"),
        ("21ff01", "has the tag 21 and a length that is cut off"),
        ("21ff0001aa", "has the length 1 in 3 bytes, the shortest form is required"),
        ("2102aa", "has tag 21 with 2 bytes of value, 1 is left"),
    ],
)
def test_malformed_simple(raw: str, message: str) -> None:
    with pytest.raises(Refused) as caught:
        simple.read_header(bytes.fromhex(raw), 0, len(raw) // 2)
    assert caught.value.faults[0].message == message


class Licence(TlvRecord, simple=True):
    number: str = field(SimpleTagged(0x21, Digits(2)))
    photo: bytes | None = field(SimpleTagged(0x22, VariableBlob(300)), default=None)


def test_simple_templates_take_any_order_and_keep_what_they_do_not_know() -> None:
    raw = bytes.fromhex("22ff0100") + bytes(256) + bytes.fromhex("c500" + "21023132")
    licence = Licence.decode(raw)
    assert (licence.number, licence.extras.unknown) == ("12", (b"\xc5\0",))
    assert licence.encode() == raw


def test_simple_and_ber_do_not_mix() -> None:
    with pytest.raises(SchemaError, match="needs a tag: SimpleTagged"):

        class Wrong(TlvRecord, simple=True):
            number: int = field(Tagged(0x21, UInt(8)))

    with pytest.raises(SchemaError, match="is no tag of SIMPLE-TLV"):
        SimpleTagged(0xFF, UInt(8))
    with pytest.raises(DecodeError, match="number is there twice"):
        Licence.decode(bytes.fromhex("2102313221023132"))
    with pytest.raises(Refused, match="most is 65535"):
        simple.write_tlv(0x21, bytes(65536))
