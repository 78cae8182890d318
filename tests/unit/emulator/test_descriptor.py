import pytest
from hypothesis import given
from hypothesis import strategies as st

from yohaku_emulator import EmulatedCard
from yohaku_emulator import terminal as t
from yohaku_emulator.errors import StatusError

AID = bytes.fromhex("F059484B0001")
FILE = t.transparent(1, 4)


def install(descriptor):
    card = EmulatedCard("open")
    card.power_on()
    before = bytes(card.memory.cells)
    data = t.install_data(AID, descriptor)
    status = int.from_bytes(card.transmit(bytes((0x80, 0xE6, 0x0C, 0, len(data))) + data), "big")
    if status != 0x9000:
        assert card.memory.cells == before
    return status


GOOD = {
    "the shortest": t.descriptor(files=[FILE]),
    "thirty files": t.descriptor(files=[bytes((1, sfi, 0, 1, 0, 0)) for sfi in range(1, 31)]),
    "seven PINs and eight keys": t.descriptor(pins=[t.pin(1, 1, 16)] * 7, keys=[t.key(3, 15)] * 8, files=[FILE]),
    "seven masks": t.descriptor(keys=[t.key()], files=[t.transparent(1, 1, read=(1,) * 7)]),
    "most records": t.descriptor(files=[t.linear(1, 100, 254)]),
    "mask of the last credential": t.descriptor(keys=[t.key()] * 3, files=[t.transparent(1, 1, read=(4,))]),
}
BAD = {
    "nothing": b"",
    "a head that ends": GOOD["the shortest"][:4],
    "another format": b"\x02" + GOOD["the shortest"][1:],
    "a byte left over": GOOD["the shortest"] + b"\0",
    "a byte missing": GOOD["the shortest"][:-1],
    "no file": t.descriptor(),
    "eight PINs": t.descriptor(pins=[t.pin(1, 1, 4)] * 8, files=[FILE]),
    "nine keys": t.descriptor(keys=[t.key()] * 9, files=[FILE]),
    "no tries": t.descriptor(pins=[t.pin(0, 1, 4)], files=[FILE]),
    "sixteen tries": t.descriptor(pins=[t.pin(16, 1, 4)], files=[FILE]),
    "an empty PIN": t.descriptor(pins=[t.pin(3, 0, 4)], files=[FILE]),
    "a long PIN": t.descriptor(pins=[t.pin(3, 1, 17)], files=[FILE]),
    "shortest above longest": t.descriptor(pins=[t.pin(3, 5, 4)], files=[FILE]),
    "unknown alphabet": t.descriptor(pins=[t.pin(3, 4, 4, alphabet=3)], files=[FILE]),
    "unknown algorithm": t.descriptor(keys=[t.key(4)], files=[FILE]),
    "no algorithm": t.descriptor(keys=[t.key(0)], files=[FILE]),
    "sixteen tries for a key": t.descriptor(keys=[t.key(1, 16)], files=[FILE]),
    "unknown kind": t.descriptor(files=[b"\x04" + FILE[1:]]),
    "SFI 0": t.descriptor(files=[t.transparent(0, 4)]),
    "SFI 31": t.descriptor(files=[t.transparent(31, 4)]),
    "an SFI twice": t.descriptor(files=[FILE, t.linear(1, 4, 4)]),
    "an empty file": t.descriptor(files=[t.transparent(1, 0)]),
    "a file of 32,768 bytes": t.descriptor(files=[t.transparent(1, 32768)]),
    "an empty record": t.descriptor(files=[t.cyclic(1, 0, 4)]),
    "no records": t.descriptor(files=[t.cyclic(1, 4, 0)]),
    "255 records": t.descriptor(files=[t.cyclic(1, 4, 255)]),
    "eight masks": t.descriptor(files=[t.transparent(1, 4, read=(0,) * 8)]),
    "a credential that is not there": t.descriptor(keys=[t.key()], files=[t.transparent(1, 4, read=(2,))]),
    "a credential that is not there, in a PIN": t.descriptor(pins=[t.pin(3, 4, 4, reset=(2,))], files=[FILE]),
    "a record file without append rule": t.descriptor(files=[t.linear(1, 4, 4)[:-3]]),
    "more than 200 bytes": t.descriptor(files=[t.transparent(sfi, 4) for sfi in range(1, 21)]),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_descriptor_is_installed(name):
    assert install(GOOD[name]) == 0x9000


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_descriptor_is_refused_and_leaves_nothing(name):
    assert install(BAD[name]) == 0x6A80


@pytest.mark.parametrize("files", [[t.transparent(1, 32767), t.transparent(2, 500)], [t.linear(1, 255, 254)]])
def test_too_big_an_instance_is_refused_and_leaves_nothing(files):
    assert install(t.descriptor(files=files)) == 0x6A84


@given(st.binary(max_size=210) | st.builds(lambda rest: b"\x01\0\x01" + rest, st.binary(max_size=60)))
def test_any_bytes_are_installed_or_refused_with_a_status_word(raw):
    from yohaku_emulator.container.descriptor import parts

    try:
        offsets = list(parts(raw))
    except StatusError as error:
        offsets = error.status
    if offsets != 0x6A80:
        assert len(raw) <= 200
        assert offsets == sorted(set(offsets))


@given(st.data())
def test_no_strict_prefix_of_a_good_descriptor_is_good(data):
    whole = data.draw(st.sampled_from(sorted(GOOD.values())))
    end = data.draw(st.integers(0, len(whole) - 1))
    assert install(whole[:end]) == 0x6A80


def test_what_the_schema_compiles_is_accepted():
    from yohaku.schema import compile_descriptor
    from yohaku_applets.library_card import LibraryCard
    from yohaku_applets.local_currency import LocalCurrency

    assert install(compile_descriptor(LibraryCard)) == 0x9000
    assert install(compile_descriptor(LocalCurrency)) == 0x9000
