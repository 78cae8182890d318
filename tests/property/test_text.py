"""No text that the encoder accepts comes back different, whatever the encoding."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from yohaku.codec import Refused, codec_for
from yohaku.errors import DecodeError
from yohaku.fields import ENCODINGS, KanaName, Text, private_use
from yohaku.fields.encodings import encoding_for

TRICKY = [
    "ぞポ",  # SHIFT_JIS 82 BC 83 7C; pySim drops the second sign
    "ÿ",  # latin-1 FF, which pySim takes for padding
    "辻\U000e0100",  # ideographic variation sequence
    "葛\ufe00",  # standardised variation selector
    "ﾊﾟｰﾄ",
    "〜～∥‖−－¢￠£￡¬￢",  # the two mappings of JIS X 0208
    "¥\\‾~",
    "髙﨑纊ⅰⅠ①㈱∵≒",  # NEC and IBM extensions
    "が",
    "か\u3099",  # not in NFC
    "\ufa19",  # 神 as compatibility ideograph
    "𠮷野家",  # outside the basic plane
    "表\\",  # second byte 5C
    "👨‍👩‍👧",
    "\ufeff",
    "A\tB\n",
]
FIELDS = [
    Text(size, encoding, padded=padded, form=form, private=private)
    for encoding in ENCODINGS
    for size, padded in ((24, True), (24, False), (5, False))
    for form in ("as is", "nfc")
    for private in ("refuse", "keep")
    if not (padded and encoding == "utf-16-be")
]
TWO_BYTES = [number.to_bytes(2, "big") for number in range(0x8140, 0x10000)]
JAPANESE = sorted({raw.decode(codec, errors="ignore") for raw in TWO_BYTES for codec in ("cp932", "euc_jp")} - {""})
japanese = st.text(
    st.sampled_from([*"".join(TRICKY), "\0", "\ue000", "\U0010fffd", "\uf8f0"])
    | st.sampled_from([character for character in JAPANESE if len(character) == 1])
    | st.characters(),
    max_size=12,
)


@given(value=japanese)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_accepted_text_comes_back_the_same(encoding: str, value: str) -> None:
    for field in (field for field in FIELDS if field.encoding == encoding):
        try:
            raw = field.write(value)
        except Refused:
            continue
        assert codec_for(field).decode(raw) == value
        assert len(raw) <= field.most
        assert field.private == "keep" or not private_use(value)
        assert field.form == "as is" or unicodedata.is_normalized("NFC", value)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("value", TRICKY)
def test_tricky_text_comes_back_or_is_refused(encoding: str, value: str) -> None:
    field = Text(64, encoding, padded=False)
    try:
        raw = field.write(value)
    except Refused:
        assert any(cannot_write(encoding, character) for character in value)
    else:
        assert codec_for(field).decode(raw) == value


def cannot_write(encoding: str, character: str) -> bool:
    codec = encoding_for(encoding)
    try:
        return codec.decode(codec.encode(character)) != character
    except UnicodeError:
        return True


@given(raw=st.binary(max_size=24))
@example(raw=b"\xfa\x5c")
@example(raw=b"\xed\x40")
@example(raw=b"\x87\x90")
@example(raw=b"A\0B")
@example(raw=b"\xe3\x81")
@example(raw=b"\xc0\x80")
@example(raw=b"\xed\xa0\x80")
@example(raw=b"\xff\xff")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_accepted_bytes_come_back_the_same(encoding: str, raw: bytes) -> None:
    for field in (field for field in FIELDS if field.encoding == encoding):
        codec = codec_for(field)
        try:
            value = codec.decode(raw)
        except DecodeError:
            continue
        assert codec.encode(value) == raw


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_character_comes_back_or_is_refused(encoding: str) -> None:
    field = Text(8, encoding, padded=False, private="keep")
    taken = 0
    for number in (*range(0x3500), *range(0x4E00, 0xA000), *range(0xE000, 0x10000), *range(0x20000, 0x20100)):
        try:
            raw = field.write(chr(number))
        except Refused:
            continue
        taken += 1
        assert field.read(raw, 0, len(raw)) == (chr(number), len(raw))
    assert taken >= 128 - 32


@pytest.mark.parametrize("encoding", ["shift_jis", "cp932", "euc_jp", "jis_x0208"])
def test_every_code_of_two_bytes_comes_back_or_is_refused(encoding: str) -> None:
    field = Text(2, encoding, padded=False, private="keep")
    taken = 0
    for number in range(0x2121, 0x10000):
        raw = number.to_bytes(2, "big")
        try:
            value, _ = field.read(raw, 0, 2)
        except Refused:
            continue
        taken += len(value) == 1
        assert field.write(value) == raw
    assert taken >= 6879  # the characters of JIS X 0208


@given(value=st.text("ｱｶﾞﾊﾟｰﾄAZ .,-", max_size=20) | japanese)
def test_kana_names_come_back_and_hold_kana_only(value: str) -> None:
    field = KanaName(16)
    try:
        raw = field.write(value)
    except Refused:
        assert len(value) > 16 or any(not ("ｦ" <= sign <= "ﾟ" or sign in "AZ .,-") for sign in value)
    else:
        assert field.read(raw, 0, 16) == (value, 16)
        assert raw.rstrip(b"\0").decode("shift_jis") == value
