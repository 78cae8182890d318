"""Power is cut at every page write of commands that only extended APDUs carry."""

import pytest

from yohaku.iso7816 import Command
from yohaku.iso7816 import Instruction as Ins
from yohaku_emulator import EmulatedCard, PowerCut
from yohaku_emulator import terminal as t
from yohaku_emulator.memory import OUTCOMES

AID = bytes.fromhex("F059484B0001")
CONTENT = bytes(at * 7 % 251 for at in range(2000))
UPDATES = {
    "even": Command(0, Ins.UPDATE_BINARY, 0x81, 9, CONTENT),
    "odd": Command(0, Ins.UPDATE_BINARY_ODD, 0, 1, b"\x54\x01\x09\x53\x82\x07\xd0" + CONTENT),
}


def made() -> EmulatedCard:
    card = EmulatedCard("extended", seed=7)
    card.power_on()
    terminal = t.Terminal(card)
    terminal.install(AID, t.descriptor(files=[t.transparent(1, 2100)]))
    terminal.personalise(AID, t.group(3, 1, b"\0\0" + b"o" * 180))
    terminal.select(AID)
    return card


def content(card: EmulatedCard) -> bytes:
    card.power_on()
    t.Terminal(card).select(AID)
    return card.transmit(Command(0, Ins.READ_BINARY, 0x81, 0, expected=2100).to_bytes(extended=True))[:-2]


@pytest.mark.parametrize("name", UPDATES)
def test_a_cut_in_an_extended_update_leaves_all_of_the_old_or_of_the_new(name, record_property):
    base, raw = made(), UPDATES[name].to_bytes(extended=True)
    old = content(base.fork())
    new = (old[:9] + CONTENT + old[2009:])[:2048]
    done = base.fork()
    before = done.writes
    assert done.transmit(raw) == b"\x90\x00"
    total = done.writes - before
    assert content(done) == new
    for n in range(1, total + 1):
        for outcome in OUTCOMES:
            card = base.fork()
            card.memory.cut_at(n, outcome, seed=n)
            with pytest.raises(PowerCut):
                card.transmit(raw)
            assert content(card) in {old, new}
            assert card.transmit(raw) == b"\x90\x00"
            assert content(card) == new
    record_property("cut_points", 3 * total)
