"""Domain types: check digits, published vectors, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yohaku.codec import FieldType, Refused
from yohaku.errors import SchemaError
from yohaku.fields import (
    BloodType,
    BloodTypeCode,
    ChainId,
    Coded,
    CodedText,
    CodeTable,
    CorporateNumber,
    Digest,
    EvmAddress,
    InternationalNumber,
    KanaName,
    MunicipalityCode,
    PostalCode,
    PublicKey,
    Sex,
    SexCode,
    TelephoneNumber,
    Text,
    TokenId,
    private_use,
)
from yohaku.fields.keccak import keccak256

COUNTRY = ", the country code first"
NOT_NFC = "is not in normalization form C: unicodedata.normalize('NFC', ...) makes it so"
ALLERGENS = CodeTable("allergens", 2, {1: "そば", 2: "卵"})


@pytest.mark.parametrize(
    ("field", "value", "raw"),
    [
        (MunicipalityCode(), "372013", "372013"),
        (MunicipalityCode(5), "13221", "13221f"),  # the municipality of the test card in facts 2.4
        (CorporateNumber(), "7000012050002", "0000b7de52"),
        (PostalCode(), "7608570", "7418fa"),
        (PostalCode(), "0600001", "0927c1"),
        (TelephoneNumber(), "0878321111", "0878321111ff"),
        (TelephoneNumber(), "09012345678", "09012345678f"),
        (InternationalNumber(), "+819012345678", "819012345678ffff"),
        (SexCode(), Sex.NOT_APPLICABLE, "09"),
        (SexCode(ascii_digit=True), Sex.MALE, "31"),
        (BloodTypeCode(), BloodType.AB_MINUS, "42"),
        (KanaName(8), "ﾀｶﾏﾂ ﾊﾅ", "c0b6cfc220caC500".lower()),
        (ChainId(), 137, "00000089"),
        (Coded(ALLERGENS), "卵", "02"),
        (CodedText(ALLERGENS, 9), "そば", "01"),
        (CodedText(ALLERGENS, 9), "小麦", "0006e5b08fe9baa6"),
    ],
)
def test_known_encodings(field: FieldType[object], value: object, raw: str) -> None:
    assert field.write(value).hex() == raw
    assert field.read(bytes.fromhex(raw), 0, len(raw) // 2) == (value, len(raw) // 2)


@pytest.mark.parametrize("code", ["370002", "372013", "372021", "131016", "011002"])
def test_municipality_codes_in_use_are_taken(code: str) -> None:
    assert MunicipalityCode().write(code).hex() == code


@pytest.mark.parametrize("number", ["7000012050002", "1180301018771"])
def test_corporate_numbers_in_use_are_taken(number: str) -> None:
    assert CorporateNumber().unpack(CorporateNumber().write(number)) == number


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (MunicipalityCode(), "372014", "is 372014, whose check digit should be 3"),
        (MunicipalityCode(), "3", "has 1 digit, must have 6"),
        (CorporateNumber(), "8000012050002", "is 8000012050002, whose first digit should be 7"),
        (PostalCode(), "760-8570", "has '-', must be the digits 0 to 9"),
        (TelephoneNumber(), "9012345678", "starts with 9, a number within Japan starts with 0"),
        (
            InternationalNumber(),
            "819012345678",
            "is '819012345678', must be + and 2 to 15 digits, the country code first",
        ),
        (Coded(ALLERGENS), "そぱ", "is 'そぱ', which is not in the table allergens v2; did you mean 'そば'?"),
        (CodedText(ALLERGENS, 3), "小麦", "takes 6 bytes in utf-8, most is 3"),
        (ChainId(), 0, "is 0, least is 1"),
        (PublicKey(), b"\x04" + bytes(32), "starts with 04, a key in compressed form starts with 02 or 03"),
        (KanaName(8), "タカマツ", "has 'タ' (U+30BF), allowed are half-width katakana, A to Z, space . , -"),
        (Text(6), "高松市役", "takes 12 bytes in utf-8, most is 6"),
        (Text(6), "\ue000", "has the private-use character U+E000, which means nothing elsewhere"),
        (
            Text(6, form="nfc"),
            "か\u3099",
            "is not in normalization form C: unicodedata.normalize('NFC', ...) makes it so",
        ),
        (Text(6), "A\0", "has a NUL, which is the filler"),
        (Text(6, "shift_jis"), "¥", "would come back from shift_jis as '\\\\'"),
        (Text(6, "jis_x0208"), "亜A", "has 'A' (U+0041), which jis_x0208 cannot write"),
    ],
)
def test_values_that_do_not_fit(field: FieldType[object], value: object, text: str) -> None:
    with pytest.raises(Refused) as caught:
        field.write(value)
    assert caught.value.faults[0].message == text


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        (MunicipalityCode(), "37201f"),
        (MunicipalityCode(5), "372013"),
        (CorporateNumber(), "ffffffffff"),
        (PostalCode(), "989680"),
        (TelephoneNumber(), "9012345678ff"),
        (InternationalNumber(), "0819012345678fff"),
        (SexCode(), "03"),
        (SexCode(ascii_digit=True), "01"),
        (BloodTypeCode(), "13"),
        (Coded(ALLERGENS), "03"),
        (CodedText(ALLERGENS, 9), "0003e58db5"),  # 卵 written out
        (CodedText(ALLERGENS, 9), "0004e58db5"),
        (CodedText(ALLERGENS, 9), "00"),
    ],
)
def test_bytes_that_mean_nothing(field: FieldType[object], raw: str) -> None:
    with pytest.raises(Refused):
        field.read(bytes.fromhex(raw), 0, len(raw) // 2)


def test_windows_writes_ibm_extensions() -> None:
    assert Text(4, "cp932").write("髙﨑").hex() == "fbfcfab1"
    with pytest.raises(Refused, match="in another way"):
        Text(2, "cp932").read(bytes.fromhex("eee0"), 0, 2)


def test_licence_text_is_raw_jis() -> None:
    assert Text(4, "jis_x0208").write("亜〜").hex() == "30212141"


def test_private_use_characters_can_be_kept_and_listed() -> None:
    assert Text(6, private="keep").write("\ue000") == b"\xee\x80\x80\0\0\0"
    assert private_use("a\ue001b\ue000\ue001") == ("\ue001", "\ue000")


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        (b"Transfer(address,address,uint256)", "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"),
    ],
)
def test_keccak_vectors(data: bytes, digest: str) -> None:
    assert keccak256(data).hex() == digest


@given(st.integers(0, 500))
def test_keccak_takes_any_length(size: int) -> None:
    assert len(keccak256(bytes(size))) == 32
    assert keccak256(bytes(size)) != keccak256(bytes(size + 1))


@pytest.mark.parametrize(
    "address",  # the examples of EIP-55
    [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ],
)
def test_eip_55_addresses(address: str) -> None:
    field = EvmAddress()
    assert field.unpack(field.write(address)) == address
    with pytest.raises(Refused):
        field.write("0x" + address[2:].swapcase())


def test_digests() -> None:
    assert Digest("sha256").of(b"").hex().startswith("e3b0c442")
    assert Digest("keccak256", size=4).of(b"").hex() == "c5d24601"
    with pytest.raises(SchemaError):
        Digest("md5")
    with pytest.raises(SchemaError):
        Digest("sha256", size=33)


def test_token_ids_are_strings_in_json() -> None:
    assert TokenId().to_json(2**255) == str(2**255)
    assert TokenId().from_json(str(2**255)) == 2**255
    for wrong in (1, "", "-1", "1" * 79, "０"):
        with pytest.raises(Refused):
            TokenId().from_json(wrong)


class TestCodeTable:
    def test_conflicts_with_an_older_version(self) -> None:
        older = CodeTable("allergens", 1, {1: "そば", 2: "小麦", 3: "乳"})
        assert ALLERGENS.conflicts(older) == ("2 was '小麦', is '卵'", "3 was '乳', is 'gone'")
        assert ALLERGENS.conflicts(ALLERGENS) == ()

    @pytest.mark.parametrize("entries", [{}, {0: "a"}, {1: "a", 2: "a"}])
    def test_tables_that_cannot_be_inverted(self, entries: dict[int, str]) -> None:
        with pytest.raises(SchemaError):
            CodeTable("t", 1, entries)

    def test_numbers_must_fit(self) -> None:
        with pytest.raises(SchemaError, match="does not fit into 1 bit"):
            Coded(ALLERGENS, bits=1)
