from dataclasses import replace

import pytest

from yohaku.iso7816 import Instruction as Ins
from yohaku.iso7816 import Status
from yohaku_emulator import PROFILES, EmulatedCard
from yohaku_emulator import terminal as t
from yohaku_emulator.container import LOAD_FILE, MODULE
from yohaku_emulator.lv import tlv

AID = bytes.fromhex("F059484B0001")
DOMAIN = bytes.fromhex("A000000151000000")
FILE = t.descriptor(files=[t.transparent(1, 40)])


def gp(terminal, ins, p1=0, p2=0, data=b"", le=256):
    return terminal.send(ins, p1, p2, data, le, cla=0x80)


def install(terminal, *, load_file=LOAD_FILE, module=MODULE, aid=AID, privileges=b"\0", parameters=None, token=b""):
    fields = (load_file, module, aid, privileges, tlv(0xC9, FILE) if parameters is None else parameters, token)
    return gp(terminal, Ins.INSTALL, 0x0C, 0, b"".join(t.lv(one) for one in fields)).status


def free(terminal):
    data = gp(terminal, Ins.GET_DATA, 0xFF, 0x21).data
    return data[5], int.from_bytes(data[8:12], "big"), int.from_bytes(data[14:18], "big")


def listed(terminal, p1=0x40, prefix=b""):
    response = gp(terminal, Ins.GET_STATUS, p1, 0x02, tlv(0x4F, prefix))
    found = response.data
    while response.status == Status.MORE_DATA:
        response = gp(terminal, Ins.GET_STATUS, p1, 0x03, tlv(0x4F, prefix))
        found += response.data
    return found if response.status == Status.OK else response.status


def test_install_answers_one_zero_byte_when_asked_and_takes_memory(terminal):
    before = free(terminal)
    response = gp(terminal, Ins.INSTALL, 0x0C, 0, t.install_data(AID, FILE))
    assert (response.data, response.status) == (b"\0", Status.OK)
    count, bytes_free, transient = free(terminal)
    assert count == before[0] + 1
    assert bytes_free == before[1] - 124
    assert transient < before[2]


def test_install_without_le_answers_the_status_word_alone(card):
    data = t.install_data(AID, FILE)
    assert card.transmit(bytes((0x80, 0xE6, 0x0C, 0, len(data))) + data) == b"\x90\x00"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"load_file": b"\xf0\x01\x02\x03\x04"}, 0x6A88),
        ({"module": b"\xf0\x01\x02\x03\x04"}, 0x6A88),
        ({"aid": b"1234"}, 0x6A80),
        ({"aid": bytes(17)}, 0x6A80),
        ({"aid": DOMAIN}, 0x6985),
        ({"privileges": b""}, 0x6A80),
        ({"privileges": b"\x80"}, 0x6A80),
        ({"privileges": b"\0\0"}, 0x6A80),
        ({"privileges": b"\0\0\0"}, 0x9000),
        ({"token": b"x"}, 0x6A80),
        ({"parameters": b""}, 0x6A80),
        ({"parameters": tlv(0xEF, b"")}, 0x6A80),
        ({"parameters": tlv(0xC9, FILE)[:-1]}, 0x6A80),
        ({"parameters": tlv(0xEF, b"12") + tlv(0xC9, FILE)}, 0x9000),
        ({"parameters": b"\xc9\x82\x00"}, 0x6A80),
        ({"parameters": b"\xc9"}, 0x6A80),
    ],
)
def test_install_checks_every_field(terminal, change, status):
    before = free(terminal)
    assert install(terminal, **change) == status
    if status != Status.OK:
        assert free(terminal) == before


@pytest.mark.parametrize(("p1", "p2"), [(0x00, 0), (0x0E, 0), (0x0C, 1), (0x14, 0), (0x60, 0)])
def test_other_kinds_of_install_are_refused(terminal, p1, p2):
    assert gp(terminal, Ins.INSTALL, p1, p2, t.install_data(AID, FILE)).status == Status.WRONG_P1P2


def test_an_aid_can_be_installed_once(terminal):
    assert install(terminal) == Status.OK
    assert install(terminal) == Status.CONDITIONS


def test_installing_until_memory_or_registry_is_full_leaves_nothing_half_done(terminal):
    big = t.descriptor(files=[t.transparent(1, 12000)])
    for number in range(2):
        terminal.install(AID + bytes((number,)), big)
    before = free(terminal)
    assert install(terminal, aid=AID + b"\x09", parameters=tlv(0xC9, big)) == Status.NO_SPACE
    assert free(terminal) == before
    for number in range(14):
        terminal.install(AID + b"\x0a" + bytes((number,)), FILE)
    assert install(terminal) == Status.NO_SPACE, "the registry has 16 slots"
    terminal.delete(AID + b"\x00")
    assert install(terminal) == Status.OK


def test_free_memory_in_pieces_is_still_free_memory():
    card = EmulatedCard("small")
    card.power_on()
    terminal = t.Terminal(card)
    third = t.descriptor(files=[t.transparent(1, 440)])
    for number in range(4):
        terminal.install(AID + bytes((number,)), third)
    terminal.delete(AID + b"\x00")
    terminal.delete(AID + b"\x02")
    long = t.descriptor(files=[t.transparent(1, 1000)])
    terminal.install(AID, long)
    terminal.personalise(AID, t.group(3, 1, b"\0\0" + b"z" * 200), t.group(3, 1, b"\x03\x20" + b"y" * 200))
    terminal.select(AID)
    assert terminal.do(Ins.READ_BINARY, 0x81, 0, le=256) == b"z" * 200 + bytes(56)


def test_transient_memory_is_limited():
    profile = replace(PROFILES["small"], transient_bytes=100, management="open")
    card = EmulatedCard(profile)
    card.power_on()
    assert install(t.Terminal(card)) == Status.NO_SPACE


def test_delete_frees_and_wipes_what_it_deletes(terminal, card):
    before = free(terminal)
    terminal.install(AID, FILE)
    terminal.personalise(AID, t.group(3, 1, b"\0\0" + b"secret things"))
    assert b"secret things" in card.memory.cells
    terminal.delete(AID)
    assert free(terminal) == before
    layout = card.profile.layout
    assert b"secret things" not in card.memory.cells[layout.heap * layout.page :]
    assert terminal.send(Ins.SELECT, 4, 0, AID, 256).status == Status.FILE_NOT_FOUND


@pytest.mark.parametrize(
    ("p1", "p2", "data", "status"),
    [
        (0, 0, tlv(0x4F, b"\xf0\x00\x00\x00\x00"), 0x6A88),
        (0, 0, tlv(0x4F, DOMAIN), 0x6985),
        (0, 0, b"", 0x6A80),
        (0, 0, b"\x4f\x09" + AID, 0x6A80),
        (1, 0, tlv(0x4F, AID), 0x6A86),
        (0, 1, tlv(0x4F, AID), 0x6A86),
    ],
)
def test_delete_refuses_what_it_cannot_do(terminal, p1, p2, data, status):
    terminal.install(AID, FILE)
    assert gp(terminal, Ins.DELETE, p1, p2, data).status == status


def test_an_application_in_use_on_another_channel_is_not_deleted(terminal, card):
    terminal.install(AID, FILE)
    terminal.do(Ins.MANAGE_CHANNEL, 0, 1)
    t.Terminal(card, 1).select(AID)
    assert gp(terminal, Ins.DELETE, 0, 0, tlv(0x4F, AID)).status == Status.CONDITIONS
    terminal.do(Ins.MANAGE_CHANNEL, 0x80, 1)
    assert gp(terminal, Ins.DELETE, 0, 0, tlv(0x4F, AID)).status == Status.OK


def test_get_status_tells_domain_applications_load_files_and_modules(terminal):
    assert listed(terminal) == Status.REFERENCE_NOT_FOUND
    terminal.install(AID, FILE)
    assert listed(terminal, 0x80) == tlv(0xE3, tlv(0x4F, DOMAIN) + bytes.fromhex("9F70010F C5039EFE80"))
    application = tlv(0x4F, AID) + bytes.fromhex("9F700107 C503000000") + tlv(0xC4, LOAD_FILE) + tlv(0xCC, DOMAIN)
    assert listed(terminal) == tlv(0xE3, application)
    files, modules = listed(terminal, 0x20), listed(terminal, 0x10)
    assert tlv(0x4F, LOAD_FILE) + bytes.fromhex("9F700101 CE020101") in files
    assert tlv(0x84, MODULE) in modules
    assert tlv(0x84, MODULE) not in files
    terminal.personalise(AID, b"")
    assert bytes.fromhex("9F70010F") in listed(terminal)


def test_get_status_filters_by_the_start_of_the_aid(terminal):
    terminal.install(AID, FILE)
    terminal.install(b"\xf0other", FILE)
    assert AID in listed(terminal, prefix=AID[:3])
    assert b"\xf0other" not in listed(terminal, prefix=AID[:3])
    assert listed(terminal, prefix=b"\xa0") == Status.REFERENCE_NOT_FOUND


def test_a_long_list_is_told_in_whole_templates(terminal):
    aids = [AID + bytes((number,)) for number in range(16)]
    for aid in aids:
        terminal.install(aid, FILE)
    first = gp(terminal, Ins.GET_STATUS, 0x40, 0x02, tlv(0x4F, b""))
    assert first.status == Status.MORE_DATA
    found = listed(terminal)
    assert [found.index(aid) for aid in aids] == sorted(found.index(aid) for aid in aids)
    assert found.count(b"\xe3") >= 16


def test_the_next_part_of_a_list_needs_a_first_one(terminal):
    assert gp(terminal, Ins.GET_STATUS, 0x40, 0x03, tlv(0x4F, b"")).status == Status.CONDITIONS
    for number in range(16):
        terminal.install(AID + bytes((number,)), FILE)
    gp(terminal, Ins.GET_STATUS, 0x40, 0x02, tlv(0x4F, b""))
    assert gp(terminal, Ins.GET_STATUS, 0x40, 0x03, tlv(0x4F, AID)).status == Status.CONDITIONS


@pytest.mark.parametrize(("p1", "p2"), [(0x40, 0x04), (0x40, 0x80), (0xC0, 0x02), (0x00, 0x02)])
def test_other_forms_of_get_status_are_refused(terminal, p1, p2):
    assert gp(terminal, Ins.GET_STATUS, p1, p2, tlv(0x4F, b"")).status == Status.WRONG_P1P2


def test_get_data_answers_the_tlv_under_class_80_and_the_value_under_class_00(terminal):
    assert gp(terminal, Ins.GET_DATA, 0x00, 0x42).data == b"\x42\x06YOHAKU"
    assert terminal.do(Ins.GET_DATA, 0x00, 0x42, le=256) == b"YOHAKU"
    assert gp(terminal, Ins.GET_DATA, 0x9F, 0x7F).data[:3] == b"\x9f\x7f\x2a"
    assert gp(terminal, Ins.GET_DATA, 0x00, 0x66).data[0] == 0x66
    assert gp(terminal, Ins.GET_DATA, 0x12, 0x34).status == Status.REFERENCE_NOT_FOUND


def test_store_data_goes_to_the_application_named_before_it(terminal):
    terminal.install(AID, FILE)
    assert gp(terminal, Ins.STORE_DATA, 0x88, 0, le=0).status == Status.CONDITIONS
    personalise = b"\0\0" + t.lv(AID) + bytes(3)
    assert gp(terminal, Ins.INSTALL, 0x20, 0, personalise).status == Status.OK
    assert gp(terminal, Ins.STORE_DATA, 0x08, 1, le=0).status == Status.CONDITIONS, "blocks start at 00"
    assert gp(terminal, Ins.STORE_DATA, 0x08, 0, le=0).status == Status.CONDITIONS, "an error ends it"
    gp(terminal, Ins.INSTALL, 0x20, 0, personalise)
    assert gp(terminal, Ins.STORE_DATA, 0x08, 0, le=0).status == Status.OK
    assert gp(terminal, Ins.STORE_DATA, 0x88, 1, le=0).status == Status.OK
    assert gp(terminal, Ins.STORE_DATA, 0x88, 2, le=0).status == Status.CONDITIONS, "it is over"


def test_selecting_ends_the_forwarding_of_store_data(terminal):
    terminal.install(AID, FILE)
    gp(terminal, Ins.INSTALL, 0x20, 0, b"\0\0" + t.lv(AID) + bytes(3))
    terminal.select()
    assert gp(terminal, Ins.STORE_DATA, 0x88, 0, le=0).status == Status.CONDITIONS


def test_an_unknown_or_busy_application_is_not_personalised(terminal, card):
    assert gp(terminal, Ins.INSTALL, 0x20, 0, b"\0\0" + t.lv(AID) + bytes(3)).status == Status.REFERENCE_NOT_FOUND
    terminal.install(AID, FILE)
    terminal.do(Ins.MANAGE_CHANNEL, 0, 1)
    t.Terminal(card, 1).select(AID)
    assert gp(terminal, Ins.INSTALL, 0x20, 0, b"\0\0" + t.lv(AID) + bytes(3)).status == Status.CONDITIONS


def test_closed_management_refuses_content_management_but_answers_get_data():
    card = EmulatedCard(replace(PROFILES["generic"], management="closed"))
    card.power_on()
    terminal = t.Terminal(card)
    assert install(terminal) == Status.SECURITY_STATUS
    assert gp(terminal, Ins.GET_STATUS, 0x40, 2, tlv(0x4F, b"")).status == Status.SECURITY_STATUS
    assert free(terminal)[0] == 0


def test_a_my_number_card_holds_its_basic_applications_and_a_licence():
    card = EmulatedCard(replace(PROFILES["my-number"], management="open"))
    card.power_on()
    terminal = t.Terminal(card)
    licence = bytes.fromhex("A00000023106") + bytes(10)
    for aid in (licence, bytes.fromhex("D392F000260100000001")):
        assert terminal.send(Ins.SELECT, 4, 0x0C, aid).status == Status.OK
        assert terminal.send(Ins.READ_BINARY, 0x81, 0, le=4).status == Status.SECURITY_STATUS
    terminal.select()
    assert free(terminal)[0] == 6
    assert gp(terminal, Ins.DELETE, 0, 0, tlv(0x4F, licence)).status == Status.CONDITIONS
    assert gp(terminal, Ins.GET_DATA, 0x00, 0xF0).data == b"\xf0\x0513221"
    assert install(terminal) == Status.OK
