"""Whatever a host sends over a secure channel, the card answers a status word of the standard and leaks no page."""

from hypothesis import given
from hypothesis import strategies as st

from yohaku.globalplatform.cap import Package
from yohaku.globalplatform.cap.writer import SmallCap
from yohaku.globalplatform.loadfile import LoadRequest, load_file
from yohaku.iso7816 import Instruction as Ins
from yohaku_emulator import EmulatedCard
from yohaku_emulator import terminal as t

PACKAGE = Package(bytes.fromhex("F059484BCA"), (1, 0))
CAP = SmallCap(PACKAGE, (PACKAGE.aid + b"\x01",))
FAULT = 0x6F00
INSTRUCTIONS = (
    Ins.INSTALL,
    Ins.LOAD,
    Ins.DELETE,
    Ins.PUT_KEY,
    Ins.GET_STATUS,
    Ins.SET_STATUS,
    Ins.STORE_DATA,
    Ins.GET_DATA,
    Ins.INITIALIZE_UPDATE,
    Ins.EXTERNAL_AUTHENTICATE,
    0xFF,
)
BASE = EmulatedCard("small", seed=2)
BASE.power_on()

byte = st.integers(0, 255)
aids = st.sampled_from(
    (PACKAGE.aid, bytes.fromhex("A000000151000000"), bytes.fromhex("F059484B434E54"), b"\xf0\1\2\3\4")
)
lists = st.lists(aids | st.binary(max_size=5), max_size=6).map(lambda parts: b"".join(t.lv(part) for part in parts))
objects = st.lists(
    st.tuples(
        st.sampled_from((0x4F, 0xC9, 0xEF, 0xD0, 0xD2, 0x9E, 0x42, 0xC4, 0xE2, 0x88, 0x80, 0xB0)),
        st.binary(max_size=20),
    ),
    max_size=4,
).map(lambda items: b"".join(bytes((tag, len(value))) + value for tag, value in items))
datas = st.one_of(st.binary(max_size=60), lists, objects, st.just(LoadRequest(PACKAGE.aid).to_bytes()))
commands = st.tuples(
    st.sampled_from(INSTRUCTIONS),
    st.sampled_from((0, 0x02, 0x04, 0x08, 0x0C, 0x10, 0x20, 0x40, 0x60, 0x80)) | byte,
    st.sampled_from((0, 1, 2, 3, 0x80, 0x81)) | byte,
    datas,
)


def sound(card):
    system, layout = card._system, card.profile.layout
    owned = [page for entry in system.registry.entries.values() for page in entry.pages]
    everything = sorted([*owned, *system.registry.free])
    return everything == list(range(layout.heap, layout.heap + layout.heap_pages))


@given(st.lists(commands, max_size=12), st.booleans())
def test_any_commands_are_answered_and_leave_a_card_in_order(sequence, loading):
    card = BASE.fork()
    domain = t.Terminal(card).manage()
    if loading:
        domain.do(Ins.INSTALL, 0x02, 0, LoadRequest(PACKAGE.aid).to_bytes(), 256)
        domain.do(Ins.LOAD, 0, 0, load_file(b"\x01" * 100)[:50], 256)
    for ins, p1, p2, data in sequence:
        assert domain.send(ins, p1, p2, data[:240], 256).status != FAULT
    card.power_on()
    assert sound(card)
    assert t.Terminal(card).send(Ins.GET_DATA, 0, 0x66, le=256).status in {0x9000, 0x6985}


@given(st.lists(st.binary(max_size=80), max_size=8))
def test_any_bytes_as_commands_are_answered(sequence):
    card = BASE.fork()
    t.Terminal(card).manage()
    for raw in sequence:
        assert card.transmit(raw)[-2:] != FAULT.to_bytes(2, "big")
    assert sound(card)
