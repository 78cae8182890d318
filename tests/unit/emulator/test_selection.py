import pytest

from yohaku.iso7816 import Instruction as Ins
from yohaku.iso7816 import Status
from yohaku_emulator import EmulatedCard
from yohaku_emulator import terminal as t

DOMAIN = bytes.fromhex("A000000151000000")
FIRST, SECOND, THIRD = (bytes.fromhex("F059484B01" + tail) for tail in ("01", "0201", "0202"))
SMALL_FILE = t.descriptor(files=[t.transparent(1, 4)])


@pytest.fixture
def three(terminal):
    for aid in (FIRST, SECOND, THIRD):
        terminal.install(aid, SMALL_FILE)
        terminal.personalise(aid, b"")
    return terminal


def select(terminal, aid, p2=0):
    response = terminal.send(Ins.SELECT, 0x04, p2, aid, 256)
    return response.data[4 : 4 + response.data[3]] if response.status == Status.OK else response.status


def test_the_issuer_domain_is_selected_after_power_on_and_by_an_empty_aid(terminal):
    assert terminal.send(Ins.GET_DATA, 0xFF, 0x21, le=256, cla=0x80).status == Status.OK
    assert terminal.select() == bytes.fromhex("6F108408A000000151000000A5049F6501FF")
    assert select(terminal, DOMAIN) == DOMAIN
    assert select(terminal, DOMAIN[:7]) == DOMAIN


def test_a_full_aid_selects_that_instance(three):
    for aid in (THIRD, FIRST, SECOND):
        assert select(three, aid) == aid


def test_a_cut_aid_selects_the_first_then_the_next_until_there_is_none(three):
    prefix = FIRST[:5]
    assert select(three, prefix) == FIRST
    assert select(three, prefix, 0x02) == SECOND
    assert select(three, prefix, 0x02) == THIRD
    assert select(three, prefix, 0x02) == Status.FILE_NOT_FOUND
    assert three.send(Ins.READ_BINARY, 0x81, 0, le=4).status == Status.OK, "the last one stays selected"


def test_an_unknown_aid_leaves_the_selection_as_it_was(three):
    select(three, FIRST)
    assert select(three, b"\xf0\x00\x00\x00\x00") == Status.FILE_NOT_FOUND
    assert three.send(Ins.READ_BINARY, 0x81, 0, le=4).status == Status.OK


@pytest.mark.parametrize("p2", [0x01, 0x03, 0x04, 0x08, 0x10, 0x80])
def test_a_kind_of_selection_that_is_not_there_is_refused(terminal, p2):
    assert terminal.send(Ins.SELECT, 0x04, p2, DOMAIN, 256).status == Status.WRONG_P1P2


def test_an_aid_of_more_than_16_bytes_has_a_wrong_length(terminal):
    assert terminal.send(Ins.SELECT, 0x04, 0, bytes(17), 256).status == Status.WRONG_LENGTH


def test_p2_0c_answers_nothing(three):
    assert three.card.transmit(bytes((0, 0xA4, 4, 0x0C, len(FIRST))) + FIRST) == b"\x90\x00"
    assert three.card.transmit(bytes((0, 0xA4, 4, 0x0C, len(DOMAIN))) + DOMAIN) == b"\x90\x00"


def test_the_fci_tells_format_version_life_fingerprint_and_chain(loaded, facts):
    import hashlib

    aid = facts["aid"]
    fingerprint = hashlib.sha256(facts["descriptor"]).digest()[:8]
    own = bytes.fromhex("C00101C1020203C2010FC308") + fingerprint + bytes.fromhex("C4020200")
    body = bytes((0x84, len(aid))) + aid + bytes((0xA5, len(own))) + own
    assert loaded.select(aid) == bytes((0x6F, len(body))) + body


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("", 0x6700),
        ("00", 0x6700),
        ("00A404", 0x6700),
        ("00A4040003AA", 0x6700),
        ("00A4040001AABBCC", 0x6700),
        ("00A404000002AABB", 0x6700),
        ("00A4040000", 0x9000),
        ("FFA40400", 0x6E00),
        ("20A40400", 0x6E00),
        ("0CA40400", 0x6882),
        ("84CA006600", 0x6982),
        ("60A40400", 0x6882),
        ("01A40400", 0x6881),
        ("03A40400", 0x6881),
        ("4FA40400", 0x6881),
        ("00FF0000", 0x6D00),
        ("80FF0000", 0x6D00),
        ("00F24002", 0x6E00),
    ],
)
def test_class_length_and_instruction_are_checked(card, raw, status):
    assert int.from_bytes(card.transmit(bytes.fromhex(raw))[-2:], "big") == status


@pytest.mark.parametrize(
    ("raw", "status"),
    [("80B08100", 0x6E00), ("00FF0000", 0x6D00), ("1020008104313233", 0x6700), ("10B0810004", 0x6884)],
)
def test_the_container_checks_class_and_instruction(loaded, raw, status):
    assert loaded.card.transmit(bytes.fromhex(raw)) == status.to_bytes(2, "big")


def test_an_answer_without_le_waits_for_get_response(card):
    answer = card.transmit(bytes.fromhex("00A4040008") + DOMAIN)
    assert answer.hex() == "6112"
    assert card.transmit(bytes.fromhex("00C0000005")).hex() == "6f108408a0610d"
    assert card.transmit(bytes.fromhex("00C0000000")).hex() == "00000151000000a5049f6501ff9000"
    assert card.transmit(bytes.fromhex("00C0000000")).hex() == "6985"


@pytest.mark.parametrize("other", ["80CA006600", "00CA006600", "00A4040C", "0070800100", "00FF0000"])
def test_another_command_forgets_the_waiting_answer(card, other):
    card.transmit(bytes.fromhex("00A4040008") + DOMAIN)
    card.transmit(bytes.fromhex(other))
    assert card.transmit(bytes.fromhex("00C0000000")).hex() == "6985"


def test_get_response_checks_its_parameters(card):
    card.transmit(bytes.fromhex("00A4040008") + DOMAIN)
    assert card.transmit(bytes.fromhex("00C0010000")).hex() == "6a86"
    assert card.transmit(bytes.fromhex("00C00000")).hex() == "6700"


def test_selection_again_and_selection_of_another_clear_the_session(loaded, facts):
    for leave in (facts["aid"], b""):
        loaded.do(Ins.VERIFY, 0, 0x81, facts["pin"])
        loaded.do(Ins.READ_BINARY, 0x82, 0, le=1)
        loaded.select(leave)
        loaded.select(facts["aid"])
        assert loaded.send(Ins.READ_BINARY, 0x82, 0, le=1).status == Status.SECURITY_STATUS
        assert loaded.send(Ins.READ_BINARY, 0, 0, le=1).status == Status.NO_CURRENT_FILE


def test_reset_clears_the_session(loaded, facts):
    loaded.do(Ins.VERIFY, 0, 0x81, facts["pin"])
    loaded.card.power_on()
    assert loaded.send(Ins.READ_BINARY, 0x82, 0, le=1).status == Status.INSTRUCTION_UNKNOWN, "the domain is selected"
    loaded.select(facts["aid"])
    assert loaded.send(Ins.READ_BINARY, 0x82, 0, le=1).status == Status.SECURITY_STATUS


def test_each_channel_has_its_own_selection_and_security_state(three):
    card = three.card
    assert three.do(Ins.MANAGE_CHANNEL, 0, 0, le=1) == b"\x01"
    other = t.Terminal(card, 1)
    three.select(FIRST)
    other.select(SECOND)
    three.do(Ins.UPDATE_BINARY, 0x81, 0, b"one!")
    other.do(Ins.UPDATE_BINARY, 0x81, 0, b"two!")
    assert three.do(Ins.READ_BINARY, 0, 0, le=4) == b"one!"
    assert other.do(Ins.READ_BINARY, 0, 0, le=4) == b"two!"


def test_an_instance_is_active_on_one_channel_at_a_time(three):
    three.do(Ins.MANAGE_CHANNEL, 0, 2)
    other = t.Terminal(three.card, 2)
    three.select(FIRST)
    assert other.send(Ins.SELECT, 4, 0, FIRST, 256).status == Status.CONDITIONS
    three.select(SECOND)
    assert other.send(Ins.SELECT, 4, 0, FIRST, 256).status == Status.OK
    assert three.send(Ins.MANAGE_CHANNEL, 0x80, 2).status == Status.OK
    assert other.send(Ins.READ_BINARY, 0x81, 0, le=4).status == Status.CHANNEL_UNSUPPORTED
    assert select(three, FIRST) == FIRST


def test_manage_channel_refuses_what_there_is_not(terminal):
    assert [terminal.do(Ins.MANAGE_CHANNEL, le=1)[0] for _ in range(3)] == [1, 2, 3]
    assert terminal.send(Ins.MANAGE_CHANNEL, le=1).status == Status.FUNCTION_UNSUPPORTED
    assert terminal.send(Ins.MANAGE_CHANNEL, 0, 1).status == Status.WRONG_P1P2
    assert terminal.send(Ins.MANAGE_CHANNEL, 0x80, 0).status == Status.WRONG_P1P2
    assert terminal.send(Ins.MANAGE_CHANNEL, 0x40, 0).status == Status.WRONG_P1P2
    assert terminal.send(Ins.MANAGE_CHANNEL).status == Status.WRONG_LENGTH
    assert terminal.send(Ins.MANAGE_CHANNEL, 0, 4).status == Status.FUNCTION_UNSUPPORTED


def test_a_card_of_one_channel_has_no_manage_channel():
    card = EmulatedCard("small")
    card.power_on()
    assert t.Terminal(card).send(Ins.MANAGE_CHANNEL, le=1).status == Status.CHANNEL_UNSUPPORTED


def test_the_twentieth_channel_works_where_the_profile_has_it():
    from dataclasses import replace

    from yohaku_emulator import PROFILES

    card = EmulatedCard(replace(PROFILES["generic"], channels=20))
    card.power_on()
    terminal = t.Terminal(card)
    assert [terminal.do(Ins.MANAGE_CHANNEL, le=1)[0] for _ in range(19)] == list(range(1, 20))
    assert t.Terminal(card, 19).send(Ins.SELECT, 4, 0, DOMAIN, 256).status == Status.OK
