import pytest

from yohaku.card.errors import ProtocolError, StatusError
from yohaku.globalplatform import ciphers
from yohaku.globalplatform.keys import KeySet
from yohaku.globalplatform.scp import (
    AuthenticationError,
    Level,
    MessageError,
    SecureChannelError,
    open_channel,
    scp02,
    scp03,
)
from yohaku.globalplatform.scp.handshake import Scp02Answer, Scp03Answer
from yohaku.iso7816 import Command, Response

KEYS = KeySet(bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48)), 0x30)
AID = bytes.fromhex("A000000151000000")
GET_STATUS = Command(0x80, 0xF2, 0x40, 0x02, b"\x4f\x00", 256)


class Domain:
    """A security domain that answers every command with its data, through the card's side of a session."""

    def __init__(self, keys=KEYS, options=0x70, counter=1):
        self.keys, self.options, self.counter = keys, options, counter
        self.seen, self.plain = [], []
        self.session = None

    def send(self, command):
        self.seen.append(command)
        if command.ins == 0x50:
            return self.initialize(command)
        if command.ins == 0x82:
            return Response(b"", 0x9000 if self.session.authenticate(command) else 0x6300)
        plain = self.session.unwrap(command)
        self.plain.append(plain)
        return self.session.wrap(Response(plain.data, 0x9000))

    def initialize(self, command):
        size = 16 if self.options & 1 else 8
        if len(command.data) != size:
            return Response(b"", 0x6700)
        counter = self.counter.to_bytes(3, "big")
        challenge = scp03.card_challenge(self.keys, counter, AID, options=self.options)
        keys = scp03.SessionKeys.derive(self.keys, command.data + challenge)
        self.session = scp03.CardSession(keys)
        answer = Scp03Answer(
            bytes(10),
            b"\x30",
            bytes((self.options,)),
            challenge,
            keys.card_cryptogram(),
            counter if self.options & 0x10 else None,
        )
        return Response(answer.to_bytes(), 0x9000)


class OldDomain(Domain):
    def initialize(self, command):
        counter = self.counter.to_bytes(2, "big")
        keys = scp02.SessionKeys.derive(self.keys, counter)
        challenge = keys.card_challenge(AID)
        self.session = scp02.CardSession(keys, keys.host_cryptogram(command.data, challenge))
        proof = keys.card_cryptogram(command.data, challenge)
        return Response(Scp02Answer(bytes(10), b"\x30", counter, challenge, proof).to_bytes(), 0x9000)


@pytest.mark.parametrize("options", sorted(scp03.OPTIONS))
@pytest.mark.parametrize("size", [16, 24, 32])
def test_scp03_with_every_option_and_key_size(options, size):
    keys = KeySet(bytes(range(size)), bytes(range(1, size + 1)), bytes(range(2, size + 2)), 0x30)
    domain = Domain(keys, options)
    channel = open_channel(domain, keys, aid=AID)
    assert channel.send(GET_STATUS).data == GET_STATUS.data
    assert channel.send(Command(0x80, 0xCA, 0, 0x66)).data == b""
    assert channel.terms.options == options
    assert channel.terms.expected_challenge == (True if options & 0x10 else None)
    strongest = {0x00: 0x03, 0x20: 0x13, 0x60: 0x33}[options & 0x60]
    assert channel.terms.level == strongest


@pytest.mark.parametrize("level", sorted(scp02.LEVELS))
def test_scp02_at_every_level(level):
    domain = OldDomain()
    channel = open_channel(domain, KEYS, level=level, aid=AID)
    for _ in range(3):
        assert channel.send(GET_STATUS).data == GET_STATUS.data
    assert (channel.terms.protocol, channel.terms.expected_challenge) == (2, True)
    assert [plain.data for plain in domain.plain] == [GET_STATUS.data] * 3


def test_a_key_for_the_card_is_encrypted_as_each_protocol_does():
    secret = bytes(range(16))
    channel = open_channel(Domain(), KEYS)
    assert ciphers.aes_decrypt(KEYS.dek, channel.encrypt_secret(secret)) == secret
    old = open_channel(OldDomain(), KEYS)
    session = scp02.SessionKeys.derive(KEYS, b"\x00\x01")
    assert ciphers.des_ecb_decrypt(session.dek, old.encrypt_secret(secret)) == secret
    assert (channel.key_block, old.key_block) == (16, 8)


@pytest.mark.parametrize("kind", [Domain, OldDomain])
def test_wrong_keys_spend_no_try(kind):
    domain = kind()
    with pytest.raises(AuthenticationError, match="no try was spent"):
        open_channel(domain, KeySet.for_tests())
    assert all(command.ins == 0x50 for command in domain.seen)


def test_a_card_in_mode_s16_gets_a_long_challenge():
    domain = Domain(options=0x71)
    channel = open_channel(domain, KEYS)
    assert [len(command.data) for command in domain.seen[:2]] == [8, 16]
    channel.send(GET_STATUS)
    assert len(domain.seen[-1].data) == 32


@pytest.mark.parametrize(
    ("level", "longest"), [(0x00, 255), (0x01, 247), (0x03, 239), (0x11, 247), (0x13, 239), (0x33, 239)]
)
def test_the_longest_data_fits_and_one_byte_more_does_not(level, longest):
    domain = Domain()
    channel = open_channel(domain, KEYS, level=Level(level))
    assert channel.longest_data == longest
    channel.send(Command(0x80, 0xE2, 0, 0, bytes(longest)))
    assert len(domain.seen[-1].data) <= 255
    with pytest.raises(MessageError, match="too many"):
        channel.send(Command(0x80, 0xE2, 0, 1, bytes(longest + 1)))


def test_what_the_card_does_not_offer_is_refused_before_it_is_asked():
    domain = Domain(options=0x20)
    with pytest.raises(SecureChannelError, match="33 is not offered"):
        open_channel(domain, KEYS, level=Level(0x33))
    with pytest.raises(SecureChannelError, match="11 is not offered"):
        open_channel(OldDomain(), KEYS, level=Level(0x11))
    assert len(domain.seen) == 1


class Answers:
    def __init__(self, *answers):
        self.answers = list(answers)

    def send(self, _command):
        return self.answers.pop(0)


@pytest.mark.parametrize(
    ("response", "error", "words"),
    [
        (Response(b"", 0x6A88), SecureChannelError, "no key set of version 30"),
        (Response(b"", 0x6983), SecureChannelError, "too many failures"),
        (Response(b"", 0x6A86), StatusError, "6A86"),
        (Response(bytes(28), 0x9000), ProtocolError, "no answer to INITIALIZE UPDATE"),
        (Response(bytes(11) + b"\x03" + bytes(8), 0x9000), ProtocolError, "Scp03Answer"),
    ],
)
def test_refusals_of_initialize_update(response, error, words):
    with pytest.raises(error, match=words):
        open_channel(Answers(response, response), KEYS)


def test_the_card_may_refuse_the_hosts_proof():
    class Refusing(Domain):
        def send(self, command):
            return super().send(command) if command.ins == 0x50 else Response(b"", 0x6300)

    with pytest.raises(AuthenticationError, match="6300"):
        open_channel(Refusing(), KEYS)


def test_a_forged_answer_ends_the_channel():
    class Forging(Domain):
        def send(self, command):
            response = super().send(command)
            return Response(response.data + b"\x00", 0x9000) if command.ins == 0xF2 else response

    channel = open_channel(Forging(), KEYS)
    channel.send(Command(0x80, 0xCA, 0, 0x66))
    with pytest.raises(MessageError, match="changed on its way"):
        channel.send(GET_STATUS)
    with pytest.raises(SecureChannelError, match="has ended"):
        channel.send(Command(0x80, 0xCA, 0, 0x66))


def test_success_without_a_mac_is_a_forgery_but_an_error_has_none():
    class Bare(Domain):
        status = 0x6A88

        def send(self, command):
            response = super().send(command)
            return Response(b"", self.status) if command.ins == 0xF2 else response

    domain = Bare()
    channel = open_channel(domain, KEYS)
    assert channel.send(GET_STATUS).status == 0x6A88
    assert channel.send(Command(0x80, 0xCA, 0, 0x66)).status == 0x9000
    domain.status = 0x9000
    with pytest.raises(MessageError):
        channel.send(GET_STATUS)


def test_the_logical_channel_is_in_the_class_byte_but_not_in_the_mac():
    keys = scp03.SessionKeys.derive(KEYS, bytes(16))
    hosts = [scp03.HostSession(keys) for _ in range(3)]
    sent = []
    for host, cla in zip(hosts, (0x80, 0x81, 0xC2), strict=True):
        host.level = Level.C_MAC
        sent.append(host.wrap(Command(cla, 0xF2, 0x40, 0x02, b"\x4f\x00")))
    assert [command.cla for command in sent] == [0x84, 0x85, 0xE2]
    assert len({command.data for command in sent}) == 1


def test_no_repr_shows_a_key():
    keys02 = scp02.SessionKeys.derive(KEYS, b"\x00\x01")
    keys03 = scp03.SessionKeys.derive(KEYS, bytes(16))
    channel = open_channel(Domain(), KEYS)
    shown = [repr(each) for each in (keys02, keys03, channel, channel._session, KEYS)]
    secrets = [KEYS.enc, KEYS.mac, KEYS.dek, keys02.enc, keys02.mac, keys03.enc, keys03.mac, keys03.rmac]
    assert all(key.hex().upper() not in text.upper() and str(key) not in text for key in secrets for text in shown)
