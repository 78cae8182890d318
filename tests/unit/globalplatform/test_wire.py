import pytest

from yohaku.globalplatform.wire import (
    CardData,
    DeleteRequest,
    Dgi,
    InstallParameters,
    InstallRequest,
    RegistryEntry,
    Resources,
    StatusRequest,
    WireError,
    parse_dgis,
    parse_registry,
)

RECOGNITION = "6631732F06072A864886FC6B01600C060A2A864886FC6B02020301630906072A864886FC6B03640B06092A864886FC6B040370"


def test_install_data_is_what_a_published_tool_sends() -> None:
    sent = "05 0102030405 08 0102030405060708 08 0102030405060708 03 000000 02 C900 00"
    request = InstallRequest(
        instance=bytes(range(1, 9)),
        load_file=bytes(range(1, 6)),
        module=bytes(range(1, 9)),
        privileges=bytes(3),
        parameters=InstallParameters(b"").to_bytes(),
    )
    assert request.to_bytes() == bytes.fromhex(sent)
    assert InstallRequest.from_bytes(bytes.fromhex(sent)) == request


def test_parameters_of_128_bytes_and_more_have_a_ber_length() -> None:
    parameters = InstallParameters(bytes(200)).to_bytes()
    raw = InstallRequest(b"\xf0\x01\x02\x03\x04", parameters=parameters).to_bytes()
    assert raw.hex().startswith("000005f0010203040081cbc981c8")
    assert InstallParameters.from_bytes(InstallRequest.from_bytes(raw).parameters).application == bytes(200)


def test_personalisation_names_only_the_instance() -> None:
    assert InstallRequest(b"\xf0\x01\x02\x03\x04").to_bytes() == bytes.fromhex("0000 05F001020304 000000")


def test_other_install_parameters_are_passed_over() -> None:
    raw = bytes.fromhex("EF04C7020100 C90107")
    assert InstallParameters.from_bytes(raw).application == b"\x07"
    assert InstallParameters.from_bytes(raw[:6]).application is None


def test_delete_and_status_requests_are_tagged_aids() -> None:
    assert DeleteRequest(b"\xf0\x01").to_bytes() == bytes.fromhex("4F02F001")
    assert StatusRequest(b"").to_bytes() == bytes.fromhex("4F00")
    assert DeleteRequest.from_bytes(bytes.fromhex("4F02F001 9E0155")).aid == b"\xf0\x01"


@pytest.mark.parametrize(("size", "head"), [(0, "00"), (254, "FE"), (255, "FF00FF"), (300, "FF012C")])
def test_the_length_of_a_data_grouping(size: int, head: str) -> None:
    raw = Dgi(0x0302, bytes(size)).to_bytes()
    assert raw == bytes.fromhex("0302" + head) + bytes(size)
    assert parse_dgis(raw + raw) == [Dgi(0x0302, bytes(size))] * 2


def test_a_data_grouping_hides_its_data() -> None:
    assert repr(Dgi(0x0101, b"1234")) == "Dgi(tag=0101, 4 bytes)"
    with pytest.raises(WireError) as caught:
        parse_dgis(bytes.fromhex("010105 31323334"))
    assert "31" not in str(caught.value)


def test_registry_entries_come_back_in_any_order_with_strangers_between() -> None:
    entry = RegistryEntry(b"\xf0\x01\x02\x03\x04", 0x07, b"\x00", load_file=b"\xf0\x02", domain=b"\xa0\x00")
    shuffled = "E31B C402F002 DF2001FF 9F70020700 CC02A000 C50100 4F05F001020304"
    assert parse_registry(bytes.fromhex(shuffled)) == [entry]
    assert parse_registry(entry.to_bytes() * 2) == [entry] * 2
    assert parse_registry(bytes.fromhex("DF300107") + entry.to_bytes()) == [entry]


def test_a_load_file_has_modules() -> None:
    raw = bytes.fromhex("E314 4F02F001 9F700101 CE020100 8402F002 8402F003")
    assert parse_registry(raw) == [
        RegistryEntry(b"\xf0\x01", 1, version=b"\x01\x00", modules=(b"\xf0\x02", b"\xf0\x03"))
    ]


def test_an_entry_without_aid_is_refused() -> None:
    with pytest.raises(WireError, match=r"aid .* is missing"):
        parse_registry(bytes.fromhex("E3049F700107"))


def test_an_entry_whose_life_cycle_has_no_byte_is_refused() -> None:
    with pytest.raises(WireError, match="RegistryEntry"):
        parse_registry(bytes.fromhex("E307 4F02F001 9F7000"))


@pytest.mark.parametrize("raw", ["FF210B 810102 820210008302 0100", "810102 82021000 83020100"])
def test_resources_are_read_with_and_without_their_tag(raw: str) -> None:
    assert Resources.from_bytes(bytes.fromhex(raw)) == Resources(2, 0x1000, 0x100)


def test_resources_are_written_with_four_bytes() -> None:
    assert Resources(1, 2, 3).to_bytes() == bytes.fromhex("FF210F 810101 820400000002 830400000003")


def test_card_recognition_data_of_the_specification() -> None:
    data = CardData((2, 3, 1), ((3, 0x70),))
    assert CardData.from_bytes(bytes.fromhex(RECOGNITION)) == data
    assert data.to_bytes() == bytes.fromhex(RECOGNITION)


@pytest.mark.parametrize("channels", ["640B{2} 640B{3}", "6416{2}{3}"])
def test_two_secure_channels_in_either_form(channels: str) -> None:
    offers = channels.replace("{2}", "06092A864886FC6B040255").replace("{3}", "06092A864886FC6B040370")
    inside = "06072A864886FC6B01 630906072A864886FC6B03" + offers
    raw = bytes.fromhex(inside)
    assert CardData.from_bytes(bytes((0x73, len(raw))) + raw).channels == ((2, 0x55), (3, 0x70))


@pytest.mark.parametrize("raw", ["", "0105F001020304", "00000500", "000005F00102030400000000"])
def test_install_data_that_is_cut_or_too_long_is_refused(raw: str) -> None:
    with pytest.raises(WireError, match="no InstallRequest"):
        InstallRequest.from_bytes(bytes.fromhex(raw))


def test_a_member_too_long_for_its_length_is_refused() -> None:
    with pytest.raises(WireError, match="InstallRequest cannot be written"):
        InstallRequest(bytes(256)).to_bytes()
