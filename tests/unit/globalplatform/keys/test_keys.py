from types import SimpleNamespace

import pytest

from yohaku.card.errors import SecretError
from yohaku.globalplatform.ciphers import CipherError, aes_block, des_encrypt, pad, unpad
from yohaku.globalplatform.keys import (
    TEST_KEY,
    Algorithm,
    Diversification,
    Diversified,
    KeyFormatError,
    KeySet,
    Role,
    check_allowed,
    check_value,
    diversify,
)

CHIP = bytes(range(10))
OWN = KeySet.single(bytes(range(16)), version=0x30)


def test_check_values_of_the_published_test_key():
    assert check_value(TEST_KEY, Algorithm.AES).hex() == "504a77"
    assert check_value(TEST_KEY, Algorithm.DES).hex() == "8baf47"
    assert KeySet.for_tests().check_values(Algorithm.AES) == (bytes.fromhex("504a77"),) * 3


def test_emv_template_takes_the_last_six_bytes():
    made = diversify(OWN, CHIP, Diversification.EMV)
    chip = CHIP[4:]
    for role in Role:
        template = chip + bytes((0xF0, role)) + chip + bytes((0x0F, role))
        halves = [des_encrypt(OWN.enc, template[at : at + 8]) for at in (0, 8)]
        assert made.key(role) == b"".join(halves)
    assert made.version == 0x30


def test_no_diversification_gives_the_master_itself():
    assert diversify(OWN, b"", Diversification.NONE) is OWN
    assert Diversified(OWN, Diversification.KDF3).keys_for(CHIP, 3) == diversify(OWN, CHIP, Diversification.KDF3)


@pytest.mark.parametrize("method", [Diversification.VISA2, Diversification.EMV])
def test_des_templates_need_keys_of_16_bytes(method):
    with pytest.raises(KeyFormatError, match="16 bytes, these have 32"):
        diversify(KeySet.single(bytes(32)), CHIP, method)


def test_diversification_data_has_ten_bytes():
    with pytest.raises(KeyFormatError, match="has 10 bytes, this has 9"):
        diversify(OWN, CHIP[1:], Diversification.KDF3)


@pytest.mark.parametrize("keys", [(b"",) * 3, (bytes(16), bytes(16), bytes(24)), (bytes(8),) * 3])
def test_a_set_has_three_keys_of_one_length(keys):
    with pytest.raises(KeyFormatError):
        KeySet(*keys)


def test_a_key_version_fits_seven_bits():
    with pytest.raises(KeyFormatError, match="00 to 7F"):
        OWN.with_version(0x80)


def card(*, emulator):
    return SimpleNamespace(name="ACME Reader", is_emulator=emulator)


@pytest.mark.parametrize(
    "keys",
    [
        KeySet.for_tests(),
        KeySet.single(TEST_KEY),
        KeySet(bytes(16), bytes(16), TEST_KEY),
        KeySet.single(TEST_KEY + bytes(16)),
        Diversified(KeySet.for_tests(), Diversification.VISA2),
    ],
)
def test_published_keys_are_for_emulators(keys):
    check_allowed(keys, card(emulator=True))
    check_allowed(keys, card(emulator=False), allow_test_keys=True)
    with pytest.raises(SecretError, match="ACME Reader is a real card"):
        check_allowed(keys, card(emulator=False))


def test_own_keys_are_for_any_card():
    check_allowed(OWN, card(emulator=False))


def test_repr_shows_no_key():
    assert repr(OWN) == "<KeySet: version 30, 16 bytes each>"
    assert TEST_KEY.hex() not in repr(Diversified(KeySet.for_tests(), Diversification.EMV)).lower()


@pytest.mark.parametrize("size", range(18))
def test_padding_comes_off_again(size):
    data = bytes(size)
    assert len(pad(data, 8)) % 8 == 0
    assert len(pad(data, 8)) > size
    assert unpad(pad(data, 8)) == data


def test_what_is_not_padded_is_refused():
    with pytest.raises(CipherError):
        unpad(bytes(16))
    with pytest.raises(CipherError, match="no whole number"):
        aes_block(bytes(16), bytes(15))
    with pytest.raises(CipherError, match="DES key has 16"):
        des_encrypt(bytes(24), bytes(8))
    with pytest.raises(CipherError, match="16, 24 or 32"):
        aes_block(bytes(8), bytes(16))
