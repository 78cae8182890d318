import pytest

from yohaku.iso7816 import Instruction as Ins
from yohaku.iso7816 import Status
from yohaku_emulator import PowerCut
from yohaku_emulator import terminal as t
from yohaku_emulator.crypto import aes_cmac


def verify(terminal, value=b"", number=1):
    return terminal.send(Ins.VERIFY, 0, 0x80 | number, value).status


def may_read(terminal):
    return terminal.send(Ins.READ_BINARY, 0x82, 0, le=1).status == Status.OK


def test_the_retry_query_is_free_and_always_tells_the_tries_left(loaded, facts):
    writes = loaded.card.writes
    assert verify(loaded) == 0x63C3
    assert loaded.card.writes == writes
    verify(loaded, facts["pin"])
    assert verify(loaded) == 0x63C3, "also when verified"
    assert may_read(loaded)


def test_the_right_value_opens_and_a_wrong_one_closes(loaded, facts):
    assert verify(loaded, facts["pin"]) == Status.OK
    assert may_read(loaded)
    assert verify(loaded, b"4321") == 0x63C2
    assert not may_read(loaded)


def test_wrong_values_block_and_then_the_right_one_is_refused(loaded, facts):
    assert [verify(loaded, b"0000") for _ in range(4)] == [0x63C2, 0x63C1, 0x63C0, 0x6983]
    assert verify(loaded, facts["pin"]) == Status.BLOCKED
    assert verify(loaded) == 0x63C0
    loaded.card.power_on()
    loaded.select(facts["aid"])
    assert verify(loaded, facts["pin"]) == Status.BLOCKED


def test_the_right_value_gives_all_tries_back(loaded, facts):
    verify(loaded, b"0000")
    verify(loaded, b"0000")
    assert verify(loaded, facts["pin"]) == Status.OK
    assert verify(loaded) == 0x63C3


@pytest.mark.parametrize("value", [b"123", b"123456789", b"1" * 16])
def test_a_value_of_impossible_length_costs_no_try(loaded, facts, value):
    verify(loaded, facts["pin"])
    assert verify(loaded, value) == Status.WRONG_LENGTH
    assert verify(loaded) == 0x63C3
    assert may_read(loaded)


@pytest.mark.parametrize("value", [b"12345", b"1234\0", b"12 4", b"\xff\xff\xff\xff"])
def test_a_value_that_starts_right_or_is_of_another_alphabet_is_wrong(loaded, value):
    assert verify(loaded, value) == 0x63C2


@pytest.mark.parametrize(
    ("ins", "p1", "p2", "status"),
    [
        (Ins.VERIFY, 1, 0x81, 0x6A86),
        (Ins.VERIFY, 0, 0x01, 0x6A86),
        (Ins.VERIFY, 0, 0x80, 0x6A88),
        (Ins.VERIFY, 0, 0x83, 0x6A88),
        (Ins.CHANGE_REFERENCE_DATA, 2, 0x81, 0x6A86),
        (Ins.CHANGE_REFERENCE_DATA, 0, 0x83, 0x6A88),
        (Ins.CHANGE_REFERENCE_DATA, 0, 0x01, 0x6A86),
        (Ins.RESET_RETRY_COUNTER, 0, 0x81, 0x6A86),
        (Ins.RESET_RETRY_COUNTER, 1, 0x81, 0x6A86),
        (Ins.RESET_RETRY_COUNTER, 2, 0x83, 0x6A88),
    ],
)
def test_parameters_must_name_a_pin(loaded, ins, p1, p2, status):
    assert loaded.send(ins, p1, p2, b"1234").status == status


def test_change_with_the_old_value(loaded):
    assert loaded.send(Ins.CHANGE_REFERENCE_DATA, 0, 0x81, b"123487654321").status == Status.OK
    assert verify(loaded, b"1234") == 0x63C2
    assert verify(loaded, b"87654321") == Status.OK


def test_change_with_a_wrong_old_value_costs_a_try_and_closes(loaded, facts):
    verify(loaded, facts["pin"])
    assert loaded.send(Ins.CHANGE_REFERENCE_DATA, 0, 0x81, b"00008765").status == 0x63C2
    assert not may_read(loaded)
    assert verify(loaded, facts["pin"]) == Status.OK


@pytest.mark.parametrize("data", [b"1234", b"1234123", b"1234123456789", b"1234abcd", b"0000abcd", b"12"])
def test_an_unacceptable_new_value_is_refused_before_anything_is_spent(loaded, data):
    assert loaded.send(Ins.CHANGE_REFERENCE_DATA, 0, 0x81, data).status == Status.WRONG_DATA
    assert verify(loaded) == 0x63C3


def test_change_without_data_or_of_a_blocked_pin_is_refused(loaded):
    assert loaded.send(Ins.CHANGE_REFERENCE_DATA, 0, 0x81).status == Status.WRONG_LENGTH
    for _ in range(3):
        verify(loaded, b"0000")
    assert loaded.send(Ins.CHANGE_REFERENCE_DATA, 0, 0x81, b"12344321").status == Status.BLOCKED


def test_change_of_a_verified_pin_needs_no_old_value(loaded, facts):
    assert loaded.send(Ins.CHANGE_REFERENCE_DATA, 1, 0x81, b"4321").status == Status.SECURITY_STATUS
    verify(loaded, facts["pin"])
    assert loaded.send(Ins.CHANGE_REFERENCE_DATA, 1, 0x81, b"").status == Status.WRONG_LENGTH
    assert loaded.send(Ins.CHANGE_REFERENCE_DATA, 1, 0x81, b"43").status == Status.WRONG_DATA
    assert loaded.send(Ins.CHANGE_REFERENCE_DATA, 1, 0x81, b"4321").status == Status.OK
    assert may_read(loaded), "it stays verified"
    assert verify(loaded, b"4321") == Status.OK


def test_reset_needs_its_rule(loaded, facts):
    for _ in range(3):
        verify(loaded, b"0000")
    assert loaded.send(Ins.RESET_RETRY_COUNTER, 3, 0x81).status == Status.SECURITY_STATUS
    assert verify(loaded, facts["clerk"], 2) == Status.OK
    assert loaded.send(Ins.RESET_RETRY_COUNTER, 3, 0x81, b"1").status == Status.WRONG_LENGTH
    assert loaded.send(Ins.RESET_RETRY_COUNTER, 2, 0x81).status == Status.WRONG_LENGTH
    assert loaded.send(Ins.RESET_RETRY_COUNTER, 2, 0x81, b"no").status == Status.WRONG_DATA
    assert loaded.send(Ins.RESET_RETRY_COUNTER, 3, 0x81).status == Status.OK
    assert verify(loaded, facts["pin"]) == Status.OK
    assert loaded.send(Ins.RESET_RETRY_COUNTER, 2, 0x81, b"2468").status == Status.OK
    assert not may_read(loaded), "a new value must be verified"
    assert verify(loaded, b"2468") == Status.OK


def test_never_resets_never(loaded, facts):
    verify(loaded, facts["clerk"], 2)
    assert loaded.send(Ins.RESET_RETRY_COUNTER, 3, 0x82).status == Status.SECURITY_STATUS


def test_fifteen_tries_are_counted_in_one_digit(loaded):
    assert verify(loaded, number=2) == 0x63CF
    assert verify(loaded, b"000000", 2) == 0x63CE


def test_every_key_size_authenticates(loaded, facts):
    for number, key in enumerate(facts["keys"], 1):
        assert loaded.authenticate(number, key, facts["aid"]).status == Status.OK


def test_a_challenge_is_used_up_by_any_answer(loaded, facts):
    challenge = loaded.do(Ins.GET_CHALLENGE, le=256)
    assert len(challenge) == 16
    answer = aes_cmac(facts["keys"][1], b"\x82\x02" + challenge + facts["aid"])
    assert loaded.send(Ins.EXTERNAL_AUTHENTICATE, 0, 0x82, bytes(16)).status == Status.NOT_VERIFIED
    assert loaded.send(Ins.EXTERNAL_AUTHENTICATE, 0, 0x82, answer).status == Status.CONDITIONS


@pytest.mark.parametrize(
    ("p1", "p2", "size", "status"), [(1, 0x82, 16, 0x6A86), (0, 0x84, 16, 0x6A88), (0, 0x82, 15, 0x6700)]
)
def test_even_a_malformed_answer_uses_it_up(loaded, facts, p1, p2, size, status):
    challenge = loaded.do(Ins.GET_CHALLENGE, le=16)
    assert loaded.send(Ins.EXTERNAL_AUTHENTICATE, p1, p2, bytes(size)).status == status
    answer = aes_cmac(facts["keys"][1], b"\x82\x02" + challenge + facts["aid"])
    assert loaded.send(Ins.EXTERNAL_AUTHENTICATE, 0, 0x82, answer).status == Status.CONDITIONS


def test_only_a_challenge_of_16_bytes_is_kept(loaded):
    loaded.do(Ins.GET_CHALLENGE, le=16)
    assert len(loaded.do(Ins.GET_CHALLENGE, le=255)) == 255
    assert loaded.send(Ins.EXTERNAL_AUTHENTICATE, 0, 0x82, bytes(16)).status == Status.CONDITIONS


def test_get_challenge_checks_its_form(loaded):
    assert loaded.send(Ins.GET_CHALLENGE, 1, 0, le=16).status == Status.WRONG_P1P2
    assert loaded.send(Ins.GET_CHALLENGE, 0, 0).status == Status.WRONG_LENGTH
    assert loaded.send(Ins.GET_CHALLENGE, 0, 0, b"x", 16).status == Status.WRONG_LENGTH


def test_a_limited_key_blocks(loaded, facts):
    aid, key = facts["aid"], facts["keys"][0]
    assert loaded.authenticate(1, bytes(16), aid).status == 0x63C1
    assert loaded.authenticate(1, key, aid).status == Status.OK
    assert [loaded.authenticate(1, bytes(16), aid).status for _ in range(3)] == [0x63C1, 0x63C0, 0x6983]
    assert loaded.authenticate(1, key, aid).status == Status.BLOCKED
    assert loaded.send(Ins.INTERNAL_AUTHENTICATE, 0, 0x81, bytes(16), 16).status == Status.BLOCKED


def test_a_failed_authentication_closes_what_the_key_had_opened(loaded, facts):
    aid, key = facts["aid"], facts["keys"][1]
    loaded.authenticate(2, key, aid)
    assert loaded.send(Ins.UPDATE_BINARY, 0x82, 0, b"x").status == Status.OK
    loaded.authenticate(2, bytes(24), aid)
    assert loaded.send(Ins.UPDATE_BINARY, 0x82, 0, b"x").status == Status.SECURITY_STATUS


def test_a_cryptogram_is_bound_to_key_number_and_instance(loaded, facts):
    for prefix, aid in ((b"\x88\x02", facts["aid"]), (b"\x82\x01", facts["aid"]), (b"\x82\x02", facts["aid"] + b"\0")):
        challenge = loaded.do(Ins.GET_CHALLENGE, le=16)
        answer = aes_cmac(facts["keys"][1], prefix + challenge + aid)
        assert loaded.send(Ins.EXTERNAL_AUTHENTICATE, 0, 0x82, answer).status == Status.NOT_VERIFIED


def test_internal_authenticate_proves_the_card_has_the_key(loaded, facts):
    challenge = bytes(range(16))
    expected = aes_cmac(facts["keys"][2], b"\x88\x03" + challenge + facts["aid"])
    assert loaded.do(Ins.INTERNAL_AUTHENTICATE, 0, 0x83, challenge, 256) == expected
    assert loaded.send(Ins.INTERNAL_AUTHENTICATE, 0, 0x83, challenge[1:], 16).status == Status.WRONG_LENGTH
    assert loaded.send(Ins.INTERNAL_AUTHENTICATE, 0, 0x84, challenge, 16).status == Status.REFERENCE_NOT_FOUND
    assert loaded.send(Ins.INTERNAL_AUTHENTICATE, 1, 0x83, challenge, 16).status == Status.WRONG_P1P2


def test_a_pin_or_key_without_a_value_cannot_be_used(terminal, facts):
    terminal.install(facts["aid"], facts["descriptor"])
    terminal.personalise(facts["aid"], b"")
    terminal.select(facts["aid"])
    assert verify(terminal) == Status.REFERENCE_UNUSABLE
    assert verify(terminal, b"1234") == Status.REFERENCE_UNUSABLE
    for ins, p1 in ((Ins.CHANGE_REFERENCE_DATA, 0), (Ins.RESET_RETRY_COUNTER, 2)):
        assert terminal.send(ins, p1, 0x81, b"12344321").status == Status.REFERENCE_UNUSABLE
    assert terminal.authenticate(1, bytes(16), facts["aid"]).status == Status.REFERENCE_UNUSABLE
    assert terminal.send(Ins.INTERNAL_AUTHENTICATE, 0, 0x81, bytes(16), 16).status == Status.REFERENCE_UNUSABLE
    assert not may_read(terminal)


def test_the_counter_goes_down_before_the_comparison(loaded, facts):
    """Power goes right after the first commit of a VERIFY: the try is spent, whatever the value was."""
    for value in (b"0000", facts["pin"]):
        card = loaded.card.fork()
        card.memory.cut_at(3, "new")
        with pytest.raises(PowerCut):
            t.Terminal(card).send(Ins.VERIFY, 0, 0x81, value)
        card.power_on()
        again = t.Terminal(card)
        again.select(facts["aid"])
        assert verify(again) == 0x63C2
