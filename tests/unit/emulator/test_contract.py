"""Clauses of specs/container.md that no other test holds the card to, in the order of its chapters."""

from dataclasses import replace

import pytest

from yohaku.iso7816 import Instruction as Ins
from yohaku.iso7816 import Status
from yohaku_emulator import PROFILES, EmulatedCard
from yohaku_emulator import terminal as t
from yohaku_emulator.container import LOAD_FILE, MODULE

AID = bytes.fromhex("F059484B000C")
CLOSED = t.descriptor(
    pins=[t.pin(3, 4, 4)],
    files=[
        t.transparent(1, 50, read=(1,), update=(1,)),
        t.linear(2, 10, 3, read=(1,), update=(1,), append=(1,)),
        t.cyclic(3, 10, 3, read=(1,), update=(1,), append=(1,)),
    ],
)


@pytest.fixture
def closed(terminal):
    """Files that only a PIN opens, which was not verified."""
    terminal.install(AID, CLOSED)
    terminal.personalise(AID, t.group(1, 1, b"1234"))
    terminal.select(AID)
    return terminal


@pytest.fixture
def opened(closed):
    closed.do(Ins.VERIFY, 0, 0x81, b"1234")
    return closed


# 1. Identity and installation


def of_size(size):
    """A descriptor of that many bytes: a record file makes it even."""
    rest = [t.transparent(sfi, 1, read=t.NEVER, update=t.NEVER) for sfi in range(2, (size - 15) // 6 + 2 - 2)]
    for read in range(8):
        for update in range(8):
            rules = {"read": (0,) * read, "update": (0,) * update}
            first = t.transparent(1, 1, **rules) if size % 2 else t.linear(1, 1, 1, append=t.NEVER, **rules)
            made = t.descriptor(files=[first, *rest])
            if len(made) == size:
                return made
    raise AssertionError(size)


@pytest.mark.parametrize(
    ("size", "head", "status"),
    [
        (128, "C980", 0x6A80),
        (128, "C98180", 0x9000),
        (129, "C98181", 0x9000),
        (200, "C981C8", 0x9000),
        (201, "C981C9", 0x6A80),
    ],
)
def test_lengths_from_128_on_take_two_bytes_and_a_descriptor_has_at_most_200(terminal, size, head, status):
    body = bytes.fromhex(head) + of_size(size)
    parameters = bytes((0x81, len(body))) + body
    fields = t.lv(LOAD_FILE) + t.lv(MODULE) + t.lv(AID) + b"\1\0" + parameters + b"\0"
    terminal.select()
    assert terminal.send(Ins.INSTALL, 0x0C, 0, fields, 256, cla=0x80).status == status


@pytest.mark.parametrize("between", ["refusal", "install", "delete", "reset"])
def test_store_data_is_no_longer_forwarded_after(terminal, card, between):
    other = AID + b"\1"
    terminal.install(AID, CLOSED)
    domain = terminal.manage()
    personalise = b"\0\0" + t.lv(AID) + bytes(3)
    domain.do(Ins.INSTALL, 0x20, 0, personalise)
    domain.do(Ins.STORE_DATA, 0x08, 0, t.group(1, 1, b"1234"))
    if between == "refusal":
        assert domain.send(Ins.STORE_DATA, 0x08, 1, t.group(1, 2, b"1234")).status == Status.REFERENCE_NOT_FOUND
    elif between == "install":
        domain.do(Ins.INSTALL, 0x0C, 0, t.install_data(other, CLOSED))
    elif between == "delete":
        assert (
            domain.send(Ins.DELETE, 0, 0, b"\x4f\x06" + other[:6][:-1] + b"\x7f").status == Status.REFERENCE_NOT_FOUND
        )
    else:
        card.power_on()
    assert terminal.send(Ins.STORE_DATA, 0x88, 1, b"", cla=0x80).status == Status.CONDITIONS


# 4. Commands: what SELECT answers, and the order of checks


def test_an_instance_is_selected_with_its_control_parameters(terminal):
    terminal.install(AID, CLOSED)
    fcp = bytes.fromhex("620E 820138 8406 F059484B000C 8A01")
    assert terminal.do(Ins.SELECT, 4, 0x04, AID, 256) == fcp + b"\x03"
    terminal.personalise(AID, t.group(1, 1, b"1234"))
    assert terminal.do(Ins.SELECT, 4, 0x04, AID[:5], 256) == fcp + b"\x05"
    assert terminal.send(Ins.SELECT, 4, 0x06, AID[:5], 256).status == Status.FILE_NOT_FOUND, "there is no next one"
    assert terminal.send(Ins.SELECT, 4, 0x04, b"", 256).status == Status.WRONG_P1P2, "not of a security domain"
    assert terminal.send(Ins.READ_BINARY, 0x81, 0, le=1).status == Status.SECURITY_STATUS, "it is still selected"


@pytest.mark.parametrize(
    ("cla", "ins", "p1", "p2", "status"),
    [
        (0x80, 0xFF, 9, 9, Status.CLASS_UNKNOWN),
        (0x00, 0xFF, 9, 9, Status.INSTRUCTION_UNKNOWN),
        (0x10, 0xFF, 9, 9, Status.INSTRUCTION_UNKNOWN),
        (0x10, Ins.VERIFY, 9, 9, Status.CHAINING_UNSUPPORTED),
        (0x00, Ins.VERIFY, 9, 9, Status.WRONG_P1P2),
        (0x00, Ins.VERIFY, 0, 0x85, Status.REFERENCE_NOT_FOUND),
        (0x00, Ins.VERIFY, 0, 0x81, Status.WRONG_LENGTH),
    ],
)
def test_class_instruction_chain_and_parameters_are_checked_in_this_order(closed, cla, ins, p1, p2, status):
    assert closed.send(ins, p1, p2, b"x", cla=cla).status == status


def test_life_comes_after_the_instruction_and_before_the_parameters(terminal):
    terminal.install(AID, CLOSED)
    terminal.select(AID)
    assert terminal.send(0xFF, 9, 9, b"x").status == Status.INSTRUCTION_UNKNOWN
    for ins in (Ins.VERIFY, Ins.READ_BINARY, Ins.ERASE_BINARY_ODD, Ins.DISABLE_VERIFICATION_REQUIREMENT):
        assert terminal.send(ins, 9, 9, b"x").status == Status.CONDITIONS


@pytest.mark.parametrize(
    ("ins", "p1", "p2", "data"),
    [
        (Ins.READ_BINARY, 0x81, 200, b""),
        (Ins.UPDATE_BINARY, 0x81, 200, b"x"),
        (Ins.UPDATE_BINARY, 0x81, 0, bytes(51)),
        (Ins.ERASE_BINARY, 0x81, 0, b"\xff\xff"),
        (Ins.READ_RECORD, 9, 2 << 3 | 4, b""),
        (Ins.UPDATE_RECORD, 9, 2 << 3 | 4, b"short"),
        (Ins.APPEND_RECORD, 0, 3 << 3, b"short"),
        (Ins.SEARCH_RECORD, 9, 3 << 3 | 4, b"x"),
        (Ins.READ_BINARY_ODD, 0, 1, b"\x54\x01\xff"),
        (Ins.UPDATE_BINARY_ODD, 0, 1, b"\x54\x01\xff\x53\x01x"),
        (Ins.ERASE_BINARY_ODD, 0, 1, b"\x54\x01\xff"),
    ],
)
def test_the_rule_comes_before_offset_record_number_and_length(closed, ins, p1, p2, data):
    le = 256 if ins in {Ins.READ_BINARY, Ins.READ_RECORD, Ins.READ_BINARY_ODD, Ins.SEARCH_RECORD} else 0
    assert closed.send(ins, p1, p2, data, le).status == Status.SECURITY_STATUS
    closed.do(Ins.VERIFY, 0, 0x81, b"1234")
    assert closed.send(ins, p1, p2, data, le).status not in {Status.OK, Status.SECURITY_STATUS}
    wrong_kind = p2 & 0x07 | 1 << 3 if p2 > 7 else 2
    other = (0x82, p2) if p1 == 0x81 else (p1, wrong_kind)
    assert closed.send(ins, *other, data, le).status == Status.INCOMPATIBLE_FILE


@pytest.mark.parametrize(
    ("ins", "p1", "p2", "data", "le", "sfi"),
    [
        (Ins.READ_BINARY, 0x81, 0, b"", 1, 1),
        (Ins.UPDATE_BINARY, 0x81, 0, b"x", 0, 1),
        (Ins.ERASE_BINARY, 0x81, 0, b"", 0, 1),
        (Ins.ERASE_BINARY_ODD, 0, 1, b"", 0, 1),
        (Ins.READ_BINARY_ODD, 0, 1, b"\x54\x01\x00", 5, 1),
        (Ins.UPDATE_BINARY_ODD, 0, 1, b"\x54\x01\x00\x53\x01x", 0, 1),
        (Ins.APPEND_RECORD, 0, 3 << 3, b"0123456789", 0, 3),
        (Ins.READ_RECORD, 1, 2 << 3 | 4, b"", 10, 2),
        (Ins.UPDATE_RECORD, 1, 2 << 3 | 4, b"9876543210", 0, 2),
        (Ins.SEARCH_RECORD, 1, 2 << 3 | 4, b"5", 9, 2),
    ],
)
def test_a_file_named_by_sfi_becomes_current_when_the_command_succeeds(opened, ins, p1, p2, data, le, sfi):
    opened.do(Ins.APPEND_RECORD, 0, 2 << 3, b"0123456789")
    opened.do(Ins.SELECT, 2, 0x0C, bytes((0, 1 if sfi != 1 else 3)))
    opened.do(ins, p1, p2, data, le)
    transparent = opened.send(Ins.READ_BINARY, 0, 0, le=1).status
    assert transparent == (Status.OK if sfi == 1 else Status.INCOMPATIBLE_FILE)
    if sfi != 1:
        assert opened.send(Ins.READ_RECORD, 1, 4, le=10).data, "by its own current file"


def test_the_session_ends_with_the_selection_challenge_and_chain_too(opened):
    opened.do(Ins.UPDATE_BINARY, 0x81, 0, b"half", cla=0x10)
    opened.select(AID)
    opened.do(Ins.VERIFY, 0, 0x81, b"1234")
    assert opened.send(Ins.UPDATE_BINARY, 0x81, 0, b"whole").status == Status.OK
    assert opened.do(Ins.READ_BINARY, 0x81, 0, le=9) == b"whole" + bytes(4), "the half was forgotten"


def test_a_challenge_does_not_outlive_the_selection(loaded, facts):
    challenge = loaded.do(Ins.GET_CHALLENGE, le=16)
    loaded.select(facts["aid"])
    answer = t.aes_cmac(facts["keys"][1], b"\x82\x02" + challenge + facts["aid"])
    assert loaded.send(Ins.EXTERNAL_AUTHENTICATE, 0, 0x82, answer).status == Status.CONDITIONS


def test_a_card_without_chains_says_so_and_takes_none():
    card = EmulatedCard(replace(PROFILES["open"], chain_bytes=0))
    card.power_on()
    terminal = t.Terminal(card)
    terminal.install(AID, t.descriptor(files=[t.transparent(1, 9)]))
    terminal.personalise(AID, b"")
    assert b"\xc4\x02\x00\x00" in terminal.select(AID)
    assert terminal.send(Ins.UPDATE_BINARY, 0x81, 0, b"x", cla=0x10).status == Status.CHAINING_UNSUPPORTED
    terminal.do(Ins.UPDATE_BINARY, 0x81, 0, b"x")


# 5. Session: each of four basic and sixteen further channels has its own


def test_each_of_twenty_channels_has_its_own_selection_rights_and_current_file():
    card = EmulatedCard(replace(PROFILES["extended"], management="open", slots=24, free_bytes=32 * 1024), seed=1)
    card.power_on()
    first = t.Terminal(card)
    aids = [AID + bytes((number,)) for number in range(20)]
    for aid in aids:
        first.install(aid, CLOSED)
        first.personalise(aid, t.group(1, 1, b"1234"))
    for _ in range(19):
        first.do(Ins.MANAGE_CHANNEL, le=1)
    terminals = [t.Terminal(card, number) for number in range(20)]
    for number, (terminal, aid) in enumerate(zip(terminals, aids, strict=True)):
        terminal.select(aid)
        if number % 2:
            terminal.do(Ins.VERIFY, 0, 0x81, b"1234")
            terminal.do(Ins.UPDATE_BINARY, 0x81, 0, bytes((number,)))
    for number, terminal in enumerate(terminals):
        answer = terminal.send(Ins.READ_BINARY, 0x81, 0, le=1)
        assert (answer.status, answer.data) == (
            (Status.OK, bytes((number,))) if number % 2 else (Status.SECURITY_STATUS, b"")
        )
        assert terminal.send(Ins.READ_BINARY, 0, 0, le=1).status == (
            Status.OK if number % 2 else Status.NO_CURRENT_FILE
        )
    first.do(Ins.MANAGE_CHANNEL, 0x80, 19)
    first.do(Ins.MANAGE_CHANNEL, 0, 19)
    terminals[19].select(aids[19])
    assert terminals[19].send(Ins.READ_BINARY, 0x81, 0, le=1).status == Status.SECURITY_STATUS, "closed and opened anew"
    assert terminals[17].send(Ins.READ_BINARY, 0x81, 0, le=1).status == Status.OK


def test_a_further_channel_opens_one_with_its_own_domain_selected_and_none_with_an_instance(terminal, card):
    terminal.install(AID, CLOSED)
    other = bytes.fromhex("F059484B0055")
    package, module = bytes.fromhex("A0000001515350"), bytes.fromhex("A000000151535041")
    fields = t.lv(package) + t.lv(module) + t.lv(other) + b"\1\x80" + b"\2\xc9\0" + b"\0"
    terminal.manage().do(Ins.INSTALL, 0x0C, 0, fields)
    terminal.do(Ins.MANAGE_CHANNEL, 0, 1)
    first = t.Terminal(card, 1)
    first.select(AID)
    assert first.send(Ins.MANAGE_CHANNEL, 0, 2).status == Status.CONDITIONS
    assert t.Terminal(card, 2).send(Ins.GET_DATA, 0, 0x42, le=256).status == Status.CHANNEL_UNSUPPORTED
    first.select(other)
    first.do(Ins.MANAGE_CHANNEL, 0, 2)
    assert t.Terminal(card, 2).send(Ins.GET_DATA, 0, 0x42, le=256) == first.send(Ins.GET_DATA, 0, 0x42, le=256)
    assert first.send(Ins.GET_DATA, 0, 0x42, le=256) != terminal.send(Ins.GET_DATA, 0, 0x42, le=256)
    terminal.select(AID)
    terminal.do(Ins.MANAGE_CHANNEL, 0, 3)
    assert t.Terminal(card, 3).send(Ins.GET_DATA, 0, 0x42, le=256).data == b"YOHAKU", "the issuer's, from the basic one"
