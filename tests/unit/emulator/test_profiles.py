"""What profiles switch: extended length, transmission protocol, status words, channels; and that the ATR says so."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yohaku.iso7816 import ApduError, Command, Response, Status
from yohaku.iso7816 import Instruction as Ins
from yohaku.iso7816.atr import Atr
from yohaku_emulator import PROFILES, EmulatedCard
from yohaku_emulator import terminal as t
from yohaku_emulator.apdu import Apdu
from yohaku_emulator.errors import StatusError

AID = bytes.fromhex("F059484B000A")
PARTS = t.descriptor(
    pins=[t.pin(2, 4, 4)],
    keys=[t.key(1, 1)],
    files=[t.transparent(1, 3000), t.linear(2, 100, 30), t.transparent(3, 50)],
)
BLOCK = t.group(1, 1, b"1234") + t.group(2, 1, bytes(16))
CONTENT = bytes(at * 7 % 251 for at in range(2000))


def card_of(profile):
    known = PROFILES | {"small_blocks": replace(PROFILES["generic"], block=32)}
    card = EmulatedCard(replace(known[profile], management="open"), seed=4)
    card.power_on()
    terminal = t.Terminal(t.Driver(card))
    terminal.install(AID, PARTS)
    terminal.personalise(AID, BLOCK)
    terminal.select(AID)
    return card


@pytest.fixture
def extended():
    return card_of("extended")


@pytest.fixture
def t0():
    return card_of("t0")


def send(card, ins, p1, p2, data=b"", expected=0):
    return Response.from_bytes(card.transmit(Command(0, ins, p1, p2, data, expected).to_bytes(extended=True)))


def test_all_extended_forms_are_read(extended):
    assert send(extended, Ins.UPDATE_BINARY, 0x81, 0, CONTENT) == Response(b"", Status.OK)  # 3E
    assert send(extended, Ins.READ_BINARY, 0x81, 0, expected=2000) == Response(CONTENT, Status.OK)  # 2E
    odd = send(extended, Ins.READ_BINARY_ODD, 0, 1, b"\x54\x01\x03", 1004)  # 4E
    assert odd == Response(b"\x53\x82\x03\xe8" + CONTENT[3:1003], Status.OK)
    write = b"\x54\x01\x05\x53\x82\x01\x00" + bytes(256)
    assert send(extended, Ins.UPDATE_BINARY_ODD, 0, 1, write).status == Status.OK
    assert send(extended, Ins.READ_BINARY, 0x81, 0, expected=300).data == CONTENT[:5] + bytes(256) + CONTENT[261:300]


@pytest.mark.parametrize(("expected", "length"), [(129, 127), (131, 128), (258, 255), (259, 255), (260, 256)])
def test_the_answer_of_an_odd_read_never_exceeds_what_was_asked_for(extended, expected, length):
    answer = send(extended, Ins.READ_BINARY_ODD, 0, 1, b"\x54\x01\x00", expected).data
    assert len(answer) <= expected
    assert answer.endswith(bytes(length))
    head = len(answer) - length
    assert answer[:head] == (b"\x53", b"\x53\x81", b"\x53\x82")[head - 2] + length.to_bytes(max(1, head - 2), "big")


def test_an_extended_le_of_zeros_asks_for_what_the_buffer_holds(extended):
    assert len(send(extended, Ins.READ_BINARY, 0x81, 0, expected=0x10000).data) == 2048
    assert len(send(extended, Ins.READ_BINARY_ODD, 0, 1, b"\x54\x01\x00", 0x10000).data) == 2048
    assert len(send(extended, Ins.READ_RECORD, 1, 2 << 3 | 5, expected=0x10000).data) == 0, "none is written"
    for _ in range(30):
        send(extended, Ins.APPEND_RECORD, 0, 2 << 3, bytes(100))
    assert len(send(extended, Ins.READ_RECORD, 1, 2 << 3 | 5, expected=0x10000).data) == 2000


def test_the_longest_command_is_taken_and_no_longer_one(extended):
    longest = Command(0, Ins.UPDATE_BINARY, 0, 0, bytes(2049)).to_bytes(extended=True)
    send(extended, Ins.SELECT, 2, 0x0C, b"\0\1")
    assert extended.transmit(longest + b"\0\0")[-2:] == b"\x67\x00", "2058 bytes"
    assert extended.transmit(longest)[-2:] == b"\x90\x00", "2056 bytes"


@pytest.mark.parametrize(
    "raw",
    [
        "00D6810000",  # Lc 00 with nothing behind it is case 2
        "00D68100 000000 11",
        "00D68100 000002 11",
        "00D68100 000002 112233",
        "00D68100 000002 1122 33 4455",
        "00B08100 00 00",
        "00B08100 000000 0005",
    ],
)
def test_lengths_that_contradict_each_other_are_refused(extended, raw):
    assert extended.transmit(bytes.fromhex(raw))[-2:] == b"\x67\x00"


@pytest.mark.parametrize("profile", ["generic", "small", "t0"])
def test_a_card_without_extended_length_refuses_it(profile):
    card = EmulatedCard(replace(PROFILES[profile], management="open"))
    card.power_on()
    for raw in ("00A40400 000000", "00A40400 000001 A0", "00A40400 000001 A0 0000"):
        assert card.transmit(bytes.fromhex(raw))[-2:] == b"\x67\x00"


def test_an_application_says_how_long_commands_may_be(extended):
    fci = t.Terminal(extended).select(AID)
    assert bytes.fromhex("7F6608 0202 0809 0202 0802") in fci
    assert b"\x7f\x66" not in t.Terminal(card_of("generic")).select(AID)


def test_a_security_domain_takes_short_commands_alone(extended):
    t.Terminal(extended).select()
    raw = Command(0x80, Ins.STORE_DATA, 0x88, 0, bytes(256)).to_bytes(extended=True)
    assert extended.transmit(raw)[-2:] == b"\x67\x00"


def test_t0_gives_no_data_behind_data(t0):
    assert t0.transmit(b"\0\xa4\4\0\6" + AID + b"\0")[-2] == 0x61
    assert t0.transmit(b"\0\xa4\4\0\6" + AID)[-2] == 0x61
    size = t0.transmit(b"\0\xa4\4\0\6" + AID)[-1]
    assert t0.transmit(bytes((0, 0xC0, 0, 0, size + 9)))[-2:] == bytes((0x6C, size))
    assert t0.transmit(bytes((0, 0xC0, 0, 0, 9)))[-2:] == bytes((0x61, size - 9))
    assert t0.transmit(bytes((0, 0xC0, 0, 0, size - 9)))[-2:] == b"\x90\x00"


def test_t0_corrects_the_length_that_is_asked_for(t0):
    assert t0.transmit(b"\0\xb0\x83\0\0") == b"\x6c\x32"
    assert t0.transmit(b"\0\xb0\x83\0\x32") == bytes(50) + b"\x90\0"
    assert t0.transmit(b"\0\xb0\x83\0\x09") == bytes(9) + b"\x90\0"
    assert t0.transmit(b"\0\xb0\x81\0\0") == bytes(256) + b"\x90\0"
    assert t0.transmit(b"\0\xca\0\xc5\0")[-2:] == bytes((0x6C, len(PARTS)))
    assert t0.transmit(b"\0\xca\0\xc5\x05")[-2:] == bytes((0x6C, len(PARTS)))


def test_t0_opens_no_channel_that_is_then_lost(t0):
    assert t0.transmit(b"\0\x70\0\0\0") == b"\x6c\x01"
    assert t0.transmit(b"\0\x70\0\0\x01") == b"\x01\x90\0"


def test_commands_with_data_and_answer_work_over_t0(t0):
    terminal = t.Terminal(t.Driver(t0))
    terminal.do(Ins.UPDATE_BINARY_ODD, 0, 3, b"\x54\x01\x00\x53\x03abc")
    assert terminal.do(Ins.READ_BINARY_ODD, 0, 3, b"\x54\x01\x00", 9) == b"\x53\x32abc" + bytes(47)
    assert terminal.authenticate(1, bytes(16), AID).status == Status.OK
    assert len(terminal.do(Ins.INTERNAL_AUTHENTICATE, 0, 0x81, bytes(16), 16)) == 16


@pytest.mark.parametrize(("profile", "blocked"), [("generic", 0x6983), ("jicsap", 0x6984)])
def test_a_blocked_pin_or_key_is_refused_as_the_kind_of_card_does(profile, blocked):
    terminal = t.Terminal(card_of(profile))
    wrong = [terminal.send(Ins.VERIFY, 0, 0x81, b"9999").status for _ in range(3)]
    assert wrong == [0x63C1, 0x63C0, blocked]
    assert terminal.send(Ins.VERIFY, 0, 0x81).status == 0x63C0
    assert terminal.send(Ins.VERIFY, 0, 0x81, b"1234").status == blocked
    assert terminal.send(Ins.CHANGE_REFERENCE_DATA, 0, 0x81, b"12344321").status == blocked
    assert terminal.authenticate(1, bytes(15) + b"\1", AID).status == 0x63C0
    assert terminal.authenticate(1, bytes(16), AID).status == blocked
    assert terminal.send(Ins.INTERNAL_AUTHENTICATE, 0, 0x81, bytes(16), 16).status == blocked


def test_twenty_channels_are_all_usable(extended):
    first = t.Terminal(extended)
    assert [first.do(Ins.MANAGE_CHANNEL, le=1)[0] for _ in range(19)] == list(range(1, 20))
    assert first.send(Ins.MANAGE_CHANNEL, le=1).status == Status.FUNCTION_UNSUPPORTED
    for number in range(20):
        assert t.Terminal(extended, number).select(), "the issuer's domain, on each"


@pytest.mark.parametrize("name", PROFILES)
def test_the_atr_is_well_formed_and_offers_the_protocols(name):
    profile = PROFILES[name]
    atr = Atr.from_bytes(profile.atr)
    assert atr.protocols == profile.protocols
    if profile.own_atr:
        return
    third = atr.historical[4]
    assert bool(third & 0x80) is bool(profile.chain_bytes)
    assert bool(third & 0x40) is bool(profile.longest_command)
    assert third & 0x1F == (0x18 | min(profile.channels - 1, 7) if profile.channels > 1 else 0)


@pytest.mark.parametrize(
    ("protocols", "block", "head"),
    [((1,), 254, "3b8c8111fe"), ((1,), 32, "3b8c01"), ((0,), 254, "3b0c"), ((0, 1), 32, "3b8c8001"),
     ((0, 1), 254, "3b8c8011fe")],
)  # fmt: skip
def test_the_atr_states_the_block_size_where_it_is_not_the_default(protocols, block, head):
    profile = replace(PROFILES["generic"], protocols=protocols, block=block)
    assert profile.atr.hex().startswith(head + "8073d601")
    assert Atr.from_bytes(profile.atr).protocols == protocols


@pytest.mark.parametrize(("block", "sizes"), [(254, [200]), (32, [32] * 6 + [8]), (100, [100, 100])])
def test_a_program_gets_its_data_in_the_blocks_of_the_link(block, sizes):
    apdu, data = Apdu(block=block), bytes(range(200))
    for _ in range(2):
        apdu.read(Command(0, Ins.UPDATE_BINARY, 0, 0, data).to_bytes())
        blocks = [apdu.receive() for _ in range(len(sizes) + 1)]
        assert [len(one) for one in blocks] == [*sizes, 0]
        assert b"".join(blocks) == data


def test_a_chain_is_gathered_from_small_blocks():
    terminal = t.Terminal(card_of("small_blocks"))
    terminal.do(Ins.UPDATE_BINARY, 0x81, 0, CONTENT[:200], cla=0x10)
    terminal.do(Ins.UPDATE_BINARY, 0x81, 0, CONTENT[200:333])
    assert terminal.do(Ins.READ_BINARY, 0, 100, le=256) == CONTENT[100:333] + bytes(23)


HEADS = st.sampled_from((b"\0\xb0\1\2", b"\x80\xe2\0\0"))
BODIES = st.one_of(
    st.binary(max_size=12),
    st.builds(
        lambda data, le, extra: b"\0" + len(data).to_bytes(2, "big") + data + le + extra,
        st.binary(max_size=300),
        st.sampled_from((b"", b"\0\0", b"\1\2", b"\5")),
        st.sampled_from((b"", b"\0")),
    ),
)


@given(HEADS, BODIES)
def test_card_and_host_read_every_form_of_a_command_alike(head, body):
    apdu, raw = Apdu(longest_command=65_544, longest_response=65_538), head + body
    try:
        told = Command.from_bytes(raw)
    except ApduError:
        with pytest.raises(StatusError, match="6700"):
            apdu.read(raw)
        return
    apdu.read(raw)
    assert (apdu.cla, apdu.ins, apdu.p1, apdu.p2, apdu.data, apdu.expected) == (
        told.cla, told.ins, told.p1, told.p2, told.data, told.expected
    )  # fmt: skip
