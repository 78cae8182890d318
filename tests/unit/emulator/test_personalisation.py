from dataclasses import replace
from hashlib import sha256

import pytest

from yohaku.iso7816 import Instruction as Ins
from yohaku.iso7816 import Status
from yohaku_emulator import PROFILES, EmulatedCard
from yohaku_emulator import terminal as t


@pytest.fixture
def installed(terminal, facts):
    terminal.install(facts["aid"], facts["descriptor"])
    return terminal


def store(terminal, aid, *blocks, kind=0x08, last=True):
    """Send blocks; return the last status word."""
    terminal.select()
    terminal.do(Ins.INSTALL, 0x20, 0, b"\0\0" + t.lv(aid) + bytes(3), 256, cla=0x80)
    status = 0
    for number, block in enumerate(blocks):
        end = 0x80 if last and number == len(blocks) - 1 else 0
        status = terminal.send(Ins.STORE_DATA, kind | end, number, block, cla=0x80).status
    return status


def test_before_personalisation_only_selection_and_get_data_work(installed, facts):
    fci = installed.select(facts["aid"])
    assert bytes.fromhex("C20107") in fci
    assert installed.do(Ins.GET_DATA, 0, 0xC5, le=256) == facts["descriptor"]
    assert installed.send(Ins.SELECT, 2, 0x0C, b"\0\x01").status == Status.OK
    for ins in (0xB0, 0xD6, 0xB2, 0xDC, 0xE2, 0x20, 0x24, 0x2C, 0x84, 0x82, 0x88):
        assert installed.send(ins, 0x81, 0, b"1234", 1).status == Status.CONDITIONS
    assert installed.send(0xFE).status == Status.INSTRUCTION_UNKNOWN


def test_the_last_block_ends_personalisation_for_good(installed, facts):
    assert store(installed, facts["aid"], facts["block"], last=False) == Status.OK
    assert bytes.fromhex("C20107") in installed.select(facts["aid"])
    assert store(installed, facts["aid"], facts["block"]) == Status.OK
    assert bytes.fromhex("C2010F") in installed.select(facts["aid"])
    assert store(installed, facts["aid"], b"") == Status.CONDITIONS


@pytest.mark.parametrize(
    ("block", "status"),
    [
        (t.group(1, 0, b"1234"), 0x6A88),
        (t.group(1, 3, b"1234"), 0x6A88),
        (t.group(1, 1, b"12"), 0x6A80),
        (t.group(1, 1, b"123456789"), 0x6A80),
        (t.group(1, 1, b"12ab"), 0x6A80),
        (t.group(1, 1, b""), 0x6A80),
        (t.group(2, 0, bytes(16)), 0x6A88),
        (t.group(2, 4, bytes(16)), 0x6A88),
        (t.group(2, 1, bytes(15)), 0x6A80),
        (t.group(2, 2, bytes(16)), 0x6A80),
        (t.group(3, 5, b"\0\0x"), 0x6A88),
        (t.group(3, 3, b"\0\0x"), 0x6A88),
        (t.group(3, 1, b"\0"), 0x6A80),
        (t.group(3, 1, b"\x02\x58x"), 0x6A80),
        (t.group(3, 1, b"\x02\x57xy"), 0x6A80),
        (t.group(4, 1, b"x"), 0x6A88),
        (t.group(4, 3, b"x"), 0x6A80),
        (t.group(4, 3, b"0123456789") * 5, 0x6A84),
        (t.group(6, 1, b"x"), 0x6A88),
        (t.group(0, 0, b""), 0x6A88),
        (b"\x01", 0x6A80),
        (b"\x01\x01", 0x6A80),
        (b"\x01\x01\x04123", 0x6A80),
        (b"\x03\x01\xff", 0x6A80),
        (b"\x03\x01\xff\x00", 0x6A80),
        (b"\x03\x01\xff\x00\x09\0\0", 0x6A80),
        (b"\x03\x01\xff\x00\x05\0\0abc", 0x9000),
        (t.group(3, 1, b"\x02\x57x"), 0x9000),
        (t.group(4, 4, b"01234567") * 9, 0x9000),
        (b"", 0x9000),
    ],
)
def test_a_block_is_taken_whole_or_not_at_all(installed, facts, block, status):
    good = t.group(3, 1, b"\0\0kept?")
    assert store(installed, facts["aid"], good + block) == status
    if status == Status.OK:
        return
    assert bytes.fromhex("C20107") in installed.select(facts["aid"])
    assert store(installed, facts["aid"], b"") == Status.OK
    installed.select(facts["aid"])
    assert installed.do(Ins.READ_BINARY, 0x81, 0, le=5) == bytes(5)


@pytest.mark.parametrize("kind", [0x00, 0x10, 0x18, 0x28, 0x68])
def test_other_structures_of_store_data_are_refused(installed, facts, kind):
    assert store(installed, facts["aid"], b"", kind=kind) == Status.WRONG_P1P2


def test_beginning_again_starts_with_empty_record_files(installed, facts):
    record = t.group(4, 3, b"0123456789")
    entry = t.group(4, 4, b"entry 00")
    assert store(installed, facts["aid"], record * 3 + entry, record, last=False) == Status.OK
    assert store(installed, facts["aid"], record + entry * 2, t.group(4, 4, b"entry 99")) == Status.OK
    installed.select(facts["aid"])
    assert installed.do(Ins.SELECT, 2, 0, b"\0\x03", 256)[-1] == 1
    assert installed.do(Ins.READ_RECORD, 1, 4 << 3 | 5, le=256) == b"entry 99entry 00entry 00"


def test_a_block_that_touches_more_pages_than_the_commit_buffer_holds_is_refused_whole(facts):
    card = EmulatedCard(replace(PROFILES["small"], management="open"))
    card.power_on()
    terminal = t.Terminal(card)
    terminal.install(facts["aid"], t.descriptor(files=[t.transparent(1, 1800)]))
    scattered = b"".join(t.group(3, 1, at.to_bytes(2, "big") + b"!") for at in range(0, 1800, 43))
    assert store(terminal, facts["aid"], scattered) == Status.NO_SPACE
    assert store(terminal, facts["aid"], scattered[:120], scattered[120:]) == Status.OK
    terminal.select(facts["aid"])
    assert terminal.do(Ins.READ_BINARY, 0x81, 0, le=44) == b"!" + bytes(42) + b"!"


def contents(facts, *, pin=b"\1", entries=()):
    """What the digest of an instance covers that got its keys and the given entries of the cyclic file."""
    files = [b"hello".ljust(600, b"\0"), bytes(50), b"\1first rec.", bytes((len(entries),)), *entries, bytes(5)]
    return facts["descriptor"] + pin + bytes(1) + b"\1\1\1" + b"".join(files)


def named(held):
    return t.group(6, 0, sha256(held).digest()[:8])


@pytest.fixture
def given(facts):
    """Values of one PIN and of all keys, and first contents."""
    keys = b"".join(t.group(2, number + 1, key) for number, key in enumerate(facts["keys"]))
    return t.group(1, 1, facts["pin"]) + keys + t.group(3, 1, b"\0\0hello") + t.group(4, 3, b"first rec.")


def test_a_digest_of_what_the_card_holds_ends_a_load(installed, facts, given):
    entries = [b"entry %02d" % number for number in range(5)]
    logged = b"".join(t.group(4, 4, entry) for entry in entries)
    held = contents(facts, entries=entries[2:])
    assert store(installed, facts["aid"], given, logged + named(held)) == Status.OK
    assert bytes.fromhex("C2010F") in installed.select(facts["aid"])


def test_a_digest_covers_what_stands_before_it(installed, facts, given):
    entry = t.group(4, 4, b"entry 00")
    assert store(installed, facts["aid"], given + named(contents(facts)) + entry) == Status.OK


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ({"pin": b"\0"}, b""),
        ({"entries": [b"entry 00"]}, b""),
        ({}, t.group(3, 1, b"\2\x57!")),
        ({}, t.group(3, 30, b"\0\4!")),
        ({}, t.group(4, 4, b"entry 00")),
        ({}, t.group(1, 2, b"567890")),
    ],
)
def test_another_digest_refuses_the_block_and_takes_it_back(installed, facts, given, change, more):
    assert store(installed, facts["aid"], given + more + named(contents(facts, **change))) == Status.MEMORY_FAILURE
    assert bytes.fromhex("C20107") in installed.select(facts["aid"])
    assert store(installed, facts["aid"], named(facts["descriptor"] + bytes(5 + 600 + 50 + 1 + 1 + 5))) == Status.OK


@pytest.mark.parametrize(("size", "number", "status"), [(7, 0, 0x6A80), (9, 0, 0x6A80), (0, 0, 0x6A80), (8, 1, 0x6A88)])
def test_a_malformed_digest_is_refused(installed, facts, size, number, status):
    assert store(installed, facts["aid"], t.group(6, number, bytes(size))) == status
