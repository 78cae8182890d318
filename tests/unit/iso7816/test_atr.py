import pytest

from yohaku.iso7816 import Atr, AtrError


@pytest.mark.parametrize(
    ("raw", "protocols", "historical"),
    [
        ("3B00", (0,), ""),
        ("3B02 1450", (0,), "1450"),
        ("3B80 01 81", (1,), ""),
        ("3B8F 8001 804F0CA0000003060300030000000068", (0, 1), "804F0CA00000030603000300000000"),
        ("3BDA 18FF81B1FE751F03 0031F573C001600090 00 1C", (1,), "0031F573C00160009000"),
        ("3BF8 1300008131FE45 4A434F5076323431 B7", (1,), "4A434F5076323431"),
    ],
)
def test_atrs_are_taken_apart(raw: str, protocols: tuple[int, ...], historical: str) -> None:
    atr = Atr.from_bytes(bytes.fromhex(raw))
    assert (atr.protocols, atr.historical) == (protocols, bytes.fromhex(historical))


def test_a_contactless_atr_is_known_by_its_form() -> None:
    contactless = bytes.fromhex("3B8F8001804F0CA0000003060300030000000068")
    assert Atr.from_bytes(contactless).is_contactless
    assert not Atr.from_bytes(bytes.fromhex("3B800181")).is_contactless


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("", "starts with 3B or 3F"),
        ("3A00", "starts with 3B or 3F"),
        ("3B0214", "should have 4 bytes, it has 3"),
        ("3B02145000", "should have 4 bytes, it has 5"),
        ("3BF000", "ends inside its interface bytes"),
        ("3B800182", "check byte TCK is wrong"),
    ],
)
def test_what_is_no_atr_is_refused(raw: str, said: str) -> None:
    with pytest.raises(AtrError, match=said):
        Atr.from_bytes(bytes.fromhex(raw))
