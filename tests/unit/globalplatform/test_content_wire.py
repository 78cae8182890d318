"""Key data, privileges, life cycles and load files on the wire; byte strings are those of published logs and tables."""

import pytest

from yohaku.globalplatform.keydata import (
    KeyField,
    KeyInfo,
    KeyInformation,
    KeyReference,
    ProductionData,
    PutKeyRequest,
)
from yohaku.globalplatform.keys import TEST_KEY, Algorithm, KeySet
from yohaku.globalplatform.loadfile import LoadRequest, Quotas, Signature, blocks, load_file
from yohaku.globalplatform.states import (
    ISSUER_PRIVILEGES,
    Privilege,
    application_life,
    card_life,
    domain_life,
    privileges,
)
from yohaku.globalplatform.wire import WireError
from yohaku.iso7816.tlv import parse


def raw(text):
    return bytes.fromhex(text)


def test_put_key_of_an_aes_set_has_46_hex_bytes_and_names_each_length():
    keys = KeySet.single(raw("505152535455565758595A5B5C5D5E5F"))
    check = keys.check_values(Algorithm.AES)[0]
    field = KeyField.of(keys.enc, Algorithm.AES, check, bytes(16))
    request = PutKeyRequest(0x30, (field,) * 3)
    assert len(request.to_bytes()) == 0x46
    assert request.to_bytes()[1:4] == raw("881110")
    assert request.to_bytes()[20:24] == raw("03F2A8DF")
    assert PutKeyRequest.from_bytes(request.to_bytes()) == request
    assert field.encrypted() == (bytes(16), 16)


def test_put_key_of_a_des_set_has_43_hex_bytes():
    field = KeyField.of(TEST_KEY, Algorithm.DES, raw("8BAF47"), bytes(16))
    request = PutKeyRequest(0x01, (field,) * 3)
    assert len(request.to_bytes()) == 0x43
    assert request.to_bytes()[1:3] == raw("8010")
    assert field.encrypted() == (bytes(16), 16)


@pytest.mark.parametrize("data", [b"", b"\x10", b"\x00" + bytes(16), b"\x11" + bytes(16)])
def test_an_aes_key_field_has_the_length_that_it_says(data):
    with pytest.raises(WireError, match="says a length"):
        KeyField(Algorithm.AES, data, b"").encrypted()


def test_key_fields_show_no_bytes():
    assert repr(KeyField(0x88, TEST_KEY, b"")) == "KeyField(algorithm=88, 16 bytes)"


def test_key_information():
    answer = raw("E012C00401308810C00402308810C00403308810")
    told = KeyInformation.from_bytes(answer)
    assert told.keys == tuple(KeyInfo(number, 0x30, ((0x88, 16),)) for number in (1, 2, 3))
    assert list(told.versions) == [0x30]
    assert told.to_bytes() == answer
    assert KeyInformation.from_bytes(answer[2:]) == told


@pytest.mark.parametrize("answer", ["E002C000", "E000"])
def test_a_fresh_domain_tells_no_keys(answer):
    assert KeyInformation.from_bytes(raw(answer)).keys == ()


@pytest.mark.parametrize("answer", ["E003C00101", "E007C00501308810FF"])
def test_other_key_information_is_refused(answer):
    with pytest.raises(WireError):
        KeyInformation.from_bytes(raw(answer))


def test_key_reference():
    assert KeyReference(version=b"\x30").to_bytes() == raw("D20130")
    assert KeyReference.from_bytes(raw("D00101D20130")) == KeyReference(b"\x01", b"\x30")


@pytest.mark.parametrize("lead", ["", "9F7F2A"])
def test_production_data_comes_with_its_tag_or_without(lead):
    body = bytes(range(42))
    told = ProductionData.from_bytes(raw(lead) + body)
    assert (told.fabricator, told.serial, told.personalization_equipment) == (body[:2], body[12:16], body[38:])


def test_privileges_have_names():
    assert privileges(raw("9EFE80")) == ISSUER_PRIVILEGES
    assert privileges(raw("A0")).names == ["delegated management"]
    assert privileges(raw("C0C000")).names == ["dap verification", "trusted path", "authorized management"]
    assert privileges(bytes(3)).names == []
    assert (Privilege.SECURITY_DOMAIN | Privilege.TRUSTED_PATH).to_bytes3() == raw("808000")
    assert "security domain" in ISSUER_PRIVILEGES.names
    with pytest.raises(WireError, match="1 or 3 bytes, not 2"):
        privileges(bytes(2))


def test_life_cycles_have_names():
    assert [application_life(life) for life in (0x03, 0x07, 0x87, 0x0F)] == [
        "installed",
        "selectable",
        "locked (selectable)",
        "application state 0F",
    ]
    assert [domain_life(life) for life in (0x0F, 0x8F, 0x1F)] == ["personalized", "locked (personalized)", "state 1F"]
    assert [card_life(life) for life in (0x01, 0x07, 0x0F, 0x7F, 0xFF, 0x02)] == [
        "op ready",
        "initialized",
        "secured",
        "card locked",
        "terminated",
        "state 02",
    ]


def test_install_for_load_as_in_a_real_cards_log():
    data = raw("07D0D1D2D3D4D50108A000000003000000000AEF08C6020160C80207D000")
    request = LoadRequest.from_bytes(data)
    assert request.to_bytes() == data
    assert (request.load_file.hex(), request.domain.hex()) == ("d0d1d2d3d4d501", "a000000003000000")
    assert Quotas.from_bytes(request.parameters) == Quotas(0x0160, None, 0x07D0)


def test_load_file_with_a_signature():
    whole = load_file(bytes(300), [Signature(raw("A000000151000000"), bytes(64))])
    signed, data = parse(whole)
    assert (signed.tag, data.tag, len(data.value)) == (0xE2, 0xC4, 300)
    assert Signature.from_bytes(signed.to_bytes()).signature == bytes(64)
    assert load_file(bytes(0x157))[:4] == raw("C4820157")


def test_a_load_file_has_at_most_256_blocks():
    assert [len(each) for each in blocks(bytes(1000), 240)] == [240, 240, 240, 240, 40]
    assert len(blocks(bytes(256 * 200), 200)) == 256
    with pytest.raises(WireError, match="257 blocks of 200, and LOAD counts to 256"):
        blocks(bytes(256 * 200 + 1), 200)
