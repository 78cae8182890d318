"""Published SCP02 and SCP03 vectors: real cards' logs and other programs' tests; each vector names its source."""

import json
from pathlib import Path

import pytest

from yohaku.globalplatform import ciphers
from yohaku.globalplatform.keys import Algorithm, Diversification, KeySet, Role, check_value, diversify
from yohaku.globalplatform.scp import Level, open_channel, scp02, scp03
from yohaku.iso7816 import Command, Response

VECTORS = json.loads((Path(__file__).parent / "data" / "scp_vectors.json").read_text())["vectors"]
PADS_ONE_BLOCK_MORE = {
    "openscp-scp03-i70-aes128-s8-level33",
    "openscp-scp03-i71-aes192-s16-level33",
    "openscp-scp03-i71-aes256-s16-level33",
}
"""Their emulated card pads its last answer with 16 bytes more than it must; a host has to read it all the same."""


def of_kind(kind, **where):
    found = [v for v in VECTORS if v["kind"] == kind and all(v.get(key) == value for key, value in where.items())]
    return pytest.mark.parametrize("vector", found, ids=[v["id"] for v in found])


def raw(text):
    return bytes.fromhex(text)


def key_set(vector):
    return KeySet(**{role: raw(key) for role, key in vector["keys"].items()})


def test_no_vector_is_left_out():
    kinds = [v["kind"] for v in VECTORS]
    assert len(VECTORS) == 44
    assert set(kinds) == {"session", "session-key", "card-challenge", "key-encryption", "diversification", "kcv"}


@of_kind("kcv")
def test_key_check_value(vector):
    assert check_value(raw(vector["key"]), Algorithm[vector["algorithm"]]) == raw(vector["kcv"])


@of_kind("diversification")
def test_diversification(vector):
    keys = diversify(KeySet.single(raw(vector["master"])), raw(vector["kdd"]), Diversification(vector["method"]))
    algorithm = Algorithm.DES if "scp02" in vector["id"] else Algorithm.AES
    for role, key in vector["derived"].items():
        assert keys.key(Role[role.upper()]) == raw(key)
    for role, value in vector.get("kcv", {}).items():
        assert check_value(keys.key(Role[role.upper()]), algorithm) == raw(value)


@of_kind("session-key", scp="02")
def test_session_key_of_scp02(vector):
    keys = KeySet.single(raw(vector["static_key"]))
    constant, counter = int(vector["constant"], 16), raw(vector["sequence"])
    assert scp02.session_key(keys, Role.ENC, constant, counter) == raw(vector["session_key"])


@of_kind("session-key", scp="03")
def test_session_key_of_scp03(vector):
    keys = KeySet.single(raw(vector["static_key"]))
    derived = scp03.derive_static(
        keys, Role.ENC, int(vector["constant"], 16), context=raw(vector["context"]), size=vector["bits"] // 8
    )
    assert derived == raw(vector["session_key"])


@of_kind("card-challenge")
def test_card_challenge_of_scp03(vector):
    keys = KeySet.single(raw(vector["key_enc"]))
    made = scp03.card_challenge(keys, raw(vector["sequence_counter"]), raw(vector["aid"]), options=0x70)
    assert made == raw(vector["card_challenge"])


@of_kind("key-encryption", scp="03")
def test_key_encryption_of_scp03(vector):
    keys = KeySet.single(raw(vector["static_dek"]))
    assert keys.aes_encrypt(Role.DEK, raw(vector["plain"])) == raw(vector["encrypted"])
    assert ciphers.aes_decrypt(keys.dek, raw(vector["encrypted"])) == raw(vector["plain"])


@of_kind("key-encryption", scp="02")
def test_key_encryption_of_scp02(vector):
    session = scp02.SessionKeys.derive(KeySet.single(raw(vector["static_dek"])), raw(vector["sequence"]))
    assert ciphers.des_ecb(session.dek, raw(vector["plain"])) == raw(vector["encrypted"])
    assert ciphers.des_ecb_decrypt(session.dek, raw(vector["encrypted"])) == raw(vector["plain"])


def session_keys(vector):
    if vector["scp"] == "02":
        return scp02.SessionKeys.derive(key_set(vector), raw(vector["sequence_counter"]))
    return scp03.SessionKeys.derive(key_set(vector), raw(vector["host_challenge"]) + raw(vector["card_challenge"]))


@of_kind("session")
def test_session_keys_and_cryptograms(vector):
    keys = session_keys(vector)
    names = {"s_enc": "enc", "s_mac": "mac", "s_rmac": "rmac", "s_dek": "dek"}
    for name, key in vector["session"].items():
        assert getattr(keys, names[name]) == raw(key)
    challenges = (raw(vector["host_challenge"]), raw(vector["card_challenge"])) if vector["scp"] == "02" else ()
    assert keys.card_cryptogram(*challenges) == raw(vector["card_cryptogram"])
    if "host_cryptogram" in vector:
        assert keys.host_cryptogram(*challenges) == raw(vector["host_cryptogram"])


pseudo_random = [v for v in VECTORS if v.get("card_challenge_is_pseudorandom_for_aid")]


@pytest.mark.parametrize("vector", pseudo_random, ids=[v["id"] for v in pseudo_random])
def test_pseudo_random_challenge(vector):
    aid = vector["card_challenge_is_pseudorandom_for_aid"]
    if vector["scp"] == "02":
        made = session_keys(vector).card_challenge(raw(aid))
    else:
        options = int(vector["i"], 16)
        made = scp03.card_challenge(key_set(vector), raw(vector["sequence_counter"]), raw(aid), options=options)
    assert made == raw(vector["card_challenge"])


class Script:
    """A processor that expects the vector's commands and gives its responses; Le may differ from the source's."""

    def __init__(self, steps):
        self.steps = list(steps)

    def send(self, command):
        expected, response = self.steps.pop(0)
        wanted = Command.from_bytes(raw(expected))
        assert (command.cla, command.ins, command.p1, command.p2) == (wanted.cla, wanted.ins, wanted.p1, wanted.p2)
        assert command.data.hex() == wanted.data.hex()
        return response


def answer(vector, exchange):
    """Give the published answer; where none is, one that needs no MAC (an error) stands for it."""
    if "wrapped_response" in exchange:
        return Response(raw(exchange["wrapped_response"]), int(exchange["sw"], 16))
    return Response(b"", 0x6A88) if int(vector["security_level"], 16) & 0x10 else Response(b"", 0x9000)


complete = [v for v in VECTORS if v["kind"] == "session" and "external_authenticate" in v and "init_update" in v]
with_handshake = pytest.mark.parametrize("vector", complete, ids=[v["id"] for v in complete])


@with_handshake
def test_host_sends_and_opens_every_byte(vector):
    first = vector["init_update"]
    steps = [(first["command"], Response(raw(first["response"]), 0x9000))]
    if vector.get("mode") == "S16":
        short = first["command"][:8] + "08" + vector["host_challenge"][:16] + "00"
        steps.insert(0, (short, Response(b"", 0x6700)))
    steps.append((vector["external_authenticate"], Response(b"", 0x9000)))
    exchanges = vector.get("exchanges", [])
    steps += [(e["wrapped_command"], answer(vector, e)) for e in exchanges]
    script = Script(steps)
    version = int(first["command"][4:6], 16)
    channel = open_channel(
        script,
        key_set(vector).with_version(version),
        level=Level(int(vector["security_level"], 16)),
        challenge=lambda size: raw(vector["host_challenge"])[:size],
    )
    for exchange in exchanges:
        response = channel.send(Command.from_bytes(raw(exchange["plain_command"])))
        if "plain_response" in exchange:
            assert response.data == raw(exchange["plain_response"])
    assert not script.steps


def card_session(vector):
    keys = session_keys(vector)
    if vector["scp"] == "03":
        return scp03.CardSession(keys)
    return scp02.CardSession(keys, keys.host_cryptogram(raw(vector["host_challenge"]), raw(vector["card_challenge"])))


@with_handshake
def test_card_opens_and_protects_every_byte(vector):
    card = card_session(vector)
    assert card.authenticate(Command.from_bytes(raw(vector["external_authenticate"])))
    for exchange in vector.get("exchanges", []):
        plain = Command.from_bytes(raw(exchange["plain_command"]))
        opened = card.unwrap(Command.from_bytes(raw(exchange["wrapped_command"])))
        assert (opened.cla, opened.ins, opened.p1, opened.p2, opened.data) == (
            plain.cla,
            plain.ins,
            plain.p1,
            plain.p2,
            plain.data,
        )
        if "plain_response" in exchange:
            response = Response(raw(exchange["plain_response"]), int(exchange.get("sw", "9000"), 16))
            made, published = card.wrap(response).data, raw(exchange["wrapped_response"])
            if len(made) == len(published):
                assert made == published
            else:
                assert vector["id"] in PADS_ONE_BLOCK_MORE
                assert len(made) + 16 == len(published)
