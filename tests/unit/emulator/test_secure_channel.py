"""The card's end of the secure channel: who may open it, what ends it, what is counted."""

from contextlib import suppress
from dataclasses import replace

import pytest

from yohaku.globalplatform.keys import KeySet
from yohaku.globalplatform.scp import AuthenticationError, Level, SecureChannelError, open_channel
from yohaku.iso7816 import Command, Status
from yohaku_emulator import PROFILES, EmulatedCard, PowerCut
from yohaku_emulator import terminal as t
from yohaku_emulator.profiles import ISSUER_DOMAIN

KEYS = KeySet.for_tests()
WRONG = KeySet.single(bytes(16))
GET_STATUS = Command(0x80, 0xF2, 0x80, 0x02, b"\x4f\x00", 256)
GENERIC = PROFILES["generic"]


def card_of(profile="generic", **options):
    card = EmulatedCard(profile, **options)
    card.power_on()
    return card


def front(card):
    terminal = t.Terminal(card)
    terminal.select()
    return t.Raw(terminal)


class Twisting:
    """A way to the card on which the n-th command is changed."""

    def __init__(self, way, number, change):
        self.way, self.number, self.change, self.count = way, number, change, 0

    def send(self, command):
        self.count += 1
        return self.way.send(self.change(command) if self.count == self.number else command)


def flipped(command):
    return replace(command, data=command.data[:-1] + bytes((command.data[-1] ^ 1,)))


@pytest.mark.parametrize("profile", ["generic", "scp02", "small", "my-number", "open"])
def test_every_profile_opens_with_the_published_test_keys(profile):
    channel = open_channel(front(card_of(profile)), KEYS, aid=ISSUER_DOMAIN)
    assert channel.send(GET_STATUS).status == Status.OK
    assert channel.terms.expected_challenge
    assert channel.terms.protocol == (2 if profile == "scp02" else 3)


@pytest.mark.parametrize("options", [0x00, 0x10, 0x20, 0x30, 0x60, 0x70, 0x01, 0x71])
def test_every_set_of_options_is_kept(options):
    card = card_of(replace(GENERIC, channel=(3, options)))
    channel = open_channel(front(card), KEYS, aid=ISSUER_DOMAIN)
    assert channel.terms.options == options
    assert channel.send(GET_STATUS).data.startswith(b"\xe3")
    assert channel.terms.expected_challenge == (True if options & 0x10 else None)


def test_scp02_with_a_random_challenge():
    card = card_of(replace(PROFILES["scp02"], channel=(2, 0x15)))
    channels = [open_channel(front(card), KEYS, aid=ISSUER_DOMAIN) for _ in range(2)]
    assert [channel.terms.expected_challenge for channel in channels] == [False, False]
    assert channels[1].send(GET_STATUS).status == Status.OK


@pytest.mark.parametrize("size", [24, 32])
def test_longer_keys(size):
    keys = KeySet(bytes(range(size)), bytes(range(1, size + 1)), bytes(range(2, size + 2)), 0x30)
    channel = open_channel(front(card_of(replace(GENERIC, keys=keys))), keys)
    assert channel.send(GET_STATUS).status == Status.OK


@pytest.mark.parametrize(
    ("p1", "p2", "data", "status"),
    [
        (0x31, 0, bytes(8), 0x6A88),
        (0x00, 1, bytes(8), 0x6A86),
        (0x00, 0, bytes(16), 0x6700),
        (0x00, 0, b"", 0x6700),
    ],
)
def test_initialize_update_checks_its_form(p1, p2, data, status):
    assert front(card_of()).send(Command(0x80, 0x50, p1, p2, data, 256)).status == status


def test_the_mode_s16_wants_a_long_challenge():
    way = front(card_of(replace(GENERIC, channel=(3, 0x71))))
    assert way.send(Command(0x80, 0x50, 0, 0, bytes(8), 256)).status == 0x6700
    assert len(way.send(Command(0x80, 0x50, 0, 0, bytes(16), 256)).data) == 48


@pytest.mark.parametrize(
    ("options", "at_most", "level"),
    [
        (0x70, 0x33, 0x33),
        (0x70, 0x13, 0x13),
        (0x20, 0x33, 0x13),
        (0x00, 0x13, 0x03),
        (0x70, 0x11, 0x11),
        (0x70, 0x03, 0x03),
        (0x70, 0x00, 0x00),
    ],
)
def test_no_more_is_protected_than_asked_for_and_offered(options, at_most, level):
    card = card_of(replace(GENERIC, channel=(3, options)))
    assert open_channel(front(card), KEYS, at_most=Level(at_most)).terms.level == level


@pytest.mark.parametrize(("options", "level"), [(0x00, 0x11), (0x20, 0x33), (0x70, 0x02), (0x70, 0x10), (0x70, 0x31)])
def test_a_level_that_is_not_offered_is_refused(options, level):
    way = front(card_of(replace(GENERIC, channel=(3, options))))
    way.send(Command(0x80, 0x50, 0, 0, bytes(8), 256))
    assert way.send(Command(0x84, 0x82, level, 0, bytes(16))).status == Status.WRONG_P1P2


def test_external_authenticate_answers_a_challenge_once():
    way = front(card_of())
    assert way.send(Command(0x84, 0x82, 1, 0, bytes(16))).status == Status.CONDITIONS
    way.send(Command(0x80, 0x50, 0, 0, bytes(8), 256))
    assert way.send(Command(0x84, 0x82, 1, 0, bytes(16))).status == Status.SECURITY_STATUS
    assert way.send(Command(0x84, 0x82, 1, 0, bytes(16))).status == Status.CONDITIONS


@pytest.mark.parametrize("profile", ["generic", "scp02"])
def test_wrong_keys_are_noticed_by_the_host_and_cost_nothing(profile):
    card = card_of(profile)
    with pytest.raises(AuthenticationError):
        open_channel(front(card), WRONG)
    assert failures(card) == 0


def failures(card):
    """Read the persistent count of the issuer's domain, the first byte of its first array."""
    return card._system.wake(card._system.registry.issuer).context.arrays[0][0]


def fail(card):
    with pytest.raises(AuthenticationError, match=r"6982|6300"):
        open_channel(Twisting(front(card), 2, flipped), KEYS)


def test_failures_are_counted_over_power_cycles_and_forgotten_by_a_success():
    card = card_of()
    fail(card)
    card.power_on()
    fail(card)
    assert failures(card) == 2
    open_channel(front(card), KEYS)
    assert failures(card) == 0


def test_no_answer_comes_before_the_failure_is_counted():
    base = card_of()
    front(base).send(Command(0x80, 0x50, 0, 0, bytes(8), 256))
    answered = 0
    for n in range(1, 9):
        card = base.fork()
        card.memory.cut_at(n)
        with suppress(PowerCut):
            assert t.Raw(t.Terminal(card)).send(Command(0x84, 0x82, 1, 0, bytes(16))).status == 0x6982
            answered += 1
            assert failures(card) == 1
    assert 0 < answered < 8


def test_a_profile_may_block_after_so_many_failures():
    card = card_of(replace(GENERIC, key_tries=3))
    for _ in range(3):
        fail(card)
    with pytest.raises(SecureChannelError, match="lets nobody authenticate"):
        open_channel(front(card), KEYS)
    card.power_on()
    assert front(card).send(Command(0x80, 0x50, 0, 0, bytes(8), 256)).status == Status.BLOCKED


def test_a_profile_may_wait_longer_after_each_failure_and_a_reset_does_not_help():
    now = [0.0]
    card = card_of(replace(GENERIC, key_delay=2.0), clock=lambda: now[0])

    def initialize():
        return front(card).send(Command(0x80, 0x50, 0, 0, bytes(8), 256)).status

    fail(card)
    assert initialize() == Status.CONDITIONS
    now[0] = 1.9
    card.power_on()
    assert initialize() == Status.CONDITIONS
    now[0] = 4.0
    assert initialize() == Status.OK
    fail(card)
    now[0] = 7.9
    assert initialize() == Status.CONDITIONS
    now[0] = 8.0
    assert initialize() == Status.OK


@pytest.mark.parametrize("profile", ["generic", "scp02"])
@pytest.mark.parametrize(
    "change",
    [
        flipped,
        lambda command: replace(command, cla=0x80, data=command.data[:2]),
        lambda command: replace(command, data=command.data[:-1]),
        lambda command: replace(command, p2=command.p2 ^ 1),
    ],
    ids=["changed", "plain", "cut", "other parameter"],
)
def test_a_command_that_is_not_authentic_ends_the_session(profile, change):
    way = Twisting(front(card_of(profile)), 3, change)
    channel = open_channel(way, KEYS)
    assert channel.send(GET_STATUS).status == Status.SECURITY_STATUS
    assert channel.send(GET_STATUS).status == Status.SECURITY_STATUS
    assert way.way.send(Command(0x80, 0xCA, 0, 0x66, b"", 256)).status == Status.OK
    assert open_channel(way.way, KEYS).send(GET_STATUS).status == Status.OK


class Recording:
    def __init__(self, way):
        self.way, self.sent = way, []

    def send(self, command):
        self.sent.append(command)
        return self.way.send(command)


@pytest.mark.parametrize("profile", ["generic", "scp02"])
def test_a_replayed_command_ends_the_session(profile):
    way = Recording(front(card_of(profile)))
    channel = open_channel(way, KEYS)
    channel.send(GET_STATUS)
    assert way.way.send(way.sent[-1]).status == Status.SECURITY_STATUS
    assert channel.send(GET_STATUS).status == Status.SECURITY_STATUS


def test_a_session_that_was_recorded_does_not_open_the_card_again():
    card = card_of()
    way = Recording(front(card))
    open_channel(way, KEYS).send(GET_STATUS)
    again = front(card)
    assert [again.send(command).status for command in way.sent] == [Status.OK, Status.SECURITY_STATUS, 0x6982]


@pytest.mark.parametrize(
    "end",
    [
        lambda card: t.Terminal(card).select(),
        lambda card: card.power_on(),
        lambda card: t.Raw(t.Terminal(card)).send(Command(0x80, 0x50, 0, 0, bytes(8), 256)),
    ],
    ids=["selection", "reset", "another challenge"],
)
def test_what_ends_a_session(end):
    card = card_of()
    channel = open_channel(front(card), KEYS)
    assert channel.send(GET_STATUS).status == Status.OK
    end(card)
    assert channel.send(GET_STATUS).status == Status.SECURITY_STATUS


def test_each_logical_channel_has_a_session_of_its_own():
    card = card_of()
    t.Terminal(card).do(0x70, 0, 1)
    ways = [t.Raw(t.Terminal(card, number)) for number in (0, 1)]
    for number in (0, 1):
        t.Terminal(card, number).select()
    channels = [open_channel(way, KEYS) for way in ways]
    for _ in range(2):
        assert [channel.send(GET_STATUS).status for channel in channels] == [Status.OK] * 2
    t.Terminal(card, 0).select()
    assert [channel.send(GET_STATUS).status for channel in channels] == [Status.SECURITY_STATUS, Status.OK]


def test_a_fork_goes_on_with_the_session():
    card = card_of()
    channel = open_channel(front(card), KEYS)
    channel.send(GET_STATUS)
    twin = card.fork()
    channel._following = t.Raw(t.Terminal(twin))
    assert channel.send(GET_STATUS).status == Status.OK
    assert twin.memory.cells == card.memory.cells


def test_what_needs_a_session_and_what_needs_a_mac():
    card = card_of()
    way = front(card)
    assert way.send(GET_STATUS).status == Status.SECURITY_STATUS
    assert way.send(Command(0x80, 0xCA, 0, 0xE0, b"", 256)).status == Status.OK
    clear = open_channel(way, KEYS, level=Level.NONE)
    assert clear.send(GET_STATUS).status == Status.OK
    assert clear.send(Command(0x80, 0xF0, 0x80, 0x7F)).status == Status.SECURITY_STATUS
    closed = open_channel(front(card_of(replace(GENERIC, management="closed"))), KEYS)
    assert closed.send(GET_STATUS).status == Status.SECURITY_STATUS


def test_a_secured_command_without_a_session_is_refused():
    way = front(card_of())
    assert way.send(replace(GET_STATUS, cla=0x84)).status == Status.SECURITY_STATUS
    assert way.send(Command(0x84, 0x50, 0, 0, bytes(8))).status == Status.SECURITY_STATUS
    assert way.send(Command(0x80, 0x82, 0, 0, bytes(16))).status == Status.CONDITIONS


def counter(card):
    return int.from_bytes(front(card).send(Command(0x00, 0xCA, 0, 0xC1, b"", 256)).data, "big")


def test_the_counter_of_scp03_moves_with_each_challenge_and_survives_power_off():
    card = card_of()
    for _ in range(2):
        front(card).send(Command(0x80, 0x50, 0, 0, bytes(8), 256))
    card.power_on()
    assert counter(card) == 2


def test_the_counter_of_scp02_moves_when_the_first_mac_is_right():
    card = card_of("scp02")
    way = front(card)
    way.send(Command(0x80, 0x50, 0, 0, bytes(8), 256))
    assert counter(card) == 0
    with pytest.raises(AuthenticationError):
        open_channel(Twisting(front(card), 2, flipped), KEYS)
    assert counter(card) == 0
    open_channel(front(card), KEYS)
    assert counter(card) == 1


def test_a_long_list_is_told_in_parts_that_fit_their_protection():
    card = card_of("my-number")
    for level in (0x01, 0x33):
        channel = open_channel(front(card), KEYS, level=Level(level))
        response = channel.send(Command(0x80, 0xF2, 0x40, 0x02, b"\x4f\x00", 256))
        found = response.data
        while response.status == Status.MORE_DATA:
            response = channel.send(Command(0x80, 0xF2, 0x40, 0x03, b"\x4f\x00", 256))
            found += response.data
        assert (response.status, found.count(b"\xe3")) == (Status.OK, 6)


def test_cards_of_different_seeds_have_different_diversification_data():
    told = {front(card_of(seed=seed)).send(Command(0x00, 0xCA, 0, 0xCF, b"", 256)).data for seed in range(3)}
    assert len(told) == 3
    assert {len(each) for each in told} == {10}


def test_the_mac_of_an_answer_goes_out_even_to_programs_that_leave_le_away():
    channel = open_channel(front(card_of()), KEYS)
    session, way = channel._session, channel._following
    answer = way.send(replace(session.wrap(replace(GET_STATUS, expected=0)), expected=0))
    assert session.unwrap(answer).data.startswith(b"\xe3")
    empty = way.send(replace(session.wrap(Command(0x80, 0xE2, 0x90, 0, b"\x42\x01A")), expected=0))
    assert (len(empty.data), session.unwrap(empty).data) == (8, b"")
