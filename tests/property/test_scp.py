"""A secured message is accepted once, in its place, as it was sent; anything else ends the session."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yohaku.globalplatform.keys import KeySet
from yohaku.globalplatform.scp import Level, MessageError, scp02, scp03
from yohaku.iso7816 import Command, Response

KEYS = KeySet(bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48)))
LEVELS_03 = [Level(number) for number in (0x01, 0x03, 0x11, 0x13, 0x33)]
LEVELS_02 = [Level(0x01), Level(0x03)]

byte = st.integers(0, 255)
commands = st.builds(
    Command,
    st.sampled_from((0x00, 0x80)),
    byte,
    byte,
    byte,
    st.binary(max_size=223),
    st.sampled_from((0, 256)),
)
statuses = st.sampled_from((0x9000, 0x6310, 0x6283))
responses = st.builds(Response, st.binary(max_size=200), statuses)


def pair02(level):
    keys = scp02.SessionKeys.derive(KEYS, b"\x00\x01")
    proof = keys.host_cryptogram(bytes(8), bytes(6))
    return opened(scp02.HostSession(keys, proof), scp02.CardSession(keys, proof), level)


def pair03(level, context=bytes(16)):
    keys = scp03.SessionKeys.derive(KEYS, context)
    return opened(scp03.HostSession(keys), scp03.CardSession(keys), level)


def opened(host, card, level):
    assert card.authenticate(host.external_authenticate(level))
    host.level = level
    return host, card


@st.composite
def pairs(draw):
    kind = draw(st.sampled_from(("02", "03", "03 S16")))
    if kind == "02":
        return pair02(draw(st.sampled_from(LEVELS_02)))
    context = bytes(32 if kind.endswith("S16") else 16)
    return pair03(draw(st.sampled_from(LEVELS_03)), context)


@given(pairs(), st.lists(st.tuples(commands, responses), max_size=5))
def test_both_sides_agree_on_any_conversation(pair, exchanges):
    host, card = pair
    for command, response in exchanges:
        assert card.unwrap(host.wrap(command)) == command
        assert host.unwrap(card.wrap(response)) == response


@st.composite
def altered(draw, command):
    """Change one bit of header or data, cut the end off, or add to it; Le is not protected by either standard."""
    raw = bytearray((command.cla, command.ins, command.p1, command.p2)) + command.data
    how = draw(st.sampled_from(("flip", "cut", "add")))
    if how == "cut":
        del raw[draw(st.integers(4, len(raw) - 1)) :]
    elif how == "add":
        raw += draw(st.binary(min_size=1, max_size=8))
    else:
        place = draw(st.integers(1, len(raw) - 1))
        raw[place] ^= 1 << draw(st.integers(0, 7))
    return replace(command, ins=raw[1], p1=raw[2], p2=raw[3], data=bytes(raw[4:]))


@given(pairs(), st.lists(commands, max_size=2), commands, st.data())
def test_an_altered_command_is_refused(pair, earlier, command, data):
    host, card = pair
    for each in earlier:
        card.unwrap(host.wrap(each))
    with pytest.raises(MessageError):
        card.unwrap(data.draw(altered(host.wrap(command))))


@given(pairs(), st.lists(commands, max_size=3), commands)
def test_a_replayed_command_is_refused(pair, later, command):
    host, card = pair
    first = host.wrap(command)
    card.unwrap(first)
    for each in later:
        card.unwrap(host.wrap(each))
    with pytest.raises(MessageError):
        card.unwrap(first)


@given(pairs(), commands, commands)
def test_a_command_out_of_order_is_refused(pair, first, second):
    host, card = pair
    host.wrap(first)
    with pytest.raises(MessageError):
        card.unwrap(host.wrap(second))


@given(pairs(), commands)
def test_a_plain_command_is_refused(pair, command):
    with pytest.raises(MessageError, match="less protected"):
        pair[1].unwrap(command)


@given(pairs(), commands)
def test_a_command_of_another_session_is_refused(pair, command):
    host, _ = pair
    other, card = pair03(host.level, bytes(15) + b"\x01") if isinstance(host, scp03.HostSession) else pair_other(host)
    assert type(other) is type(host)
    with pytest.raises(MessageError):
        card.unwrap(host.wrap(command))


def pair_other(host):
    keys = scp02.SessionKeys.derive(KEYS, b"\x00\x02")
    proof = keys.host_cryptogram(bytes(8), bytes(6))
    return opened(scp02.HostSession(keys, proof), scp02.CardSession(keys, proof), host.level)


@given(st.sampled_from((0x11, 0x13, 0x33)), commands, responses, st.data())
def test_an_altered_response_is_refused(level, command, response, data):
    host, card = pair03(Level(level))
    card.unwrap(host.wrap(command))
    sent = card.wrap(response)
    raw = bytearray(sent.data)
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    cut = data.draw(st.sampled_from((bytes(raw), sent.data[:place], sent.data + b"\x00")))
    with pytest.raises(MessageError):
        host.unwrap(Response(cut, sent.status))


@given(st.sampled_from((0x11, 0x13, 0x33)), commands, responses, statuses)
def test_a_success_cannot_be_made_a_warning(level, command, response, status):
    host, card = pair03(Level(level))
    card.unwrap(host.wrap(command))
    sent = card.wrap(response)
    if status == response.status:
        assert host.unwrap(sent) == response
        return
    with pytest.raises(MessageError):
        host.unwrap(Response(sent.data, status))


@given(st.sampled_from((0x11, 0x13, 0x33)), commands, commands, responses)
def test_an_answer_to_another_command_is_refused(level, first, second, response):
    host, card = pair03(Level(level))
    card.unwrap(host.wrap(first))
    early = card.wrap(response)
    card.unwrap(host.wrap(second))
    with pytest.raises(MessageError):
        host.unwrap(early)
