"""The map of a card's memory: every page is told, with its owner and wear, whatever state the card is in."""

import pytest

from yohaku_emulator import PROFILES, EmulatedCard, PowerCut
from yohaku_emulator import terminal as t
from yohaku_emulator.memory_map import DAMAGED, FREE, JOURNAL, UNKNOWN

AID = bytes.fromhex("F059484B0001")
DESCRIPTOR = t.descriptor(
    pins=[t.pin(3, 4, 8)], keys=[t.key()], files=[t.transparent(1, 300), t.linear(9, 10, 4), t.cyclic(4, 8, 3)]
)


@pytest.fixture
def held(terminal):
    terminal.install(AID, DESCRIPTOR)
    return terminal.card


def test_parts_lie_one_behind_the_other_with_the_sizes_of_the_arrays(held):
    pages = [page for page in held.memory_map() if page.parts[0].owner == AID]
    sizes = {}
    for page in pages:
        assert page.parts[0].offset == 0
        assert all(one.offset + one.size == two.offset for one, two in zip(page.parts, page.parts[1:], strict=False))
        for part in page.parts:
            sizes[part.what] = sizes.get(part.what, 0) + part.size
    assert sizes == {
        "directory": 1 + 2 * 7, "descriptor": len(DESCRIPTOR), "table": 8 + 5 + 6, "PIN 1": 11, "key 1": 19,
        "file 1": 300, "file 9": 40, "file 4": 24,
    }  # fmt: skip


@pytest.mark.parametrize("name", PROFILES)
def test_every_page_is_told_once_and_free_pages_are_those_of_the_registry(name):
    card = EmulatedCard(name)
    pages, layout = card.memory_map(), card.profile.layout
    assert [page.number for page in pages] == list(range(len(card.memory.cells) // card.profile.page))
    assert [page.writes for page in pages] == list(card.memory.wear)
    assert [page.number for page in pages if page.parts[0].what == FREE] == card._system.registry.free
    assert sum(page.parts[0].what == JOURNAL for page in pages) == layout.journal_pages
    assert all(page.is_sound and page.parts for page in pages)


def test_looking_changes_nothing_and_tells_no_contents(held):
    t.Terminal(held).personalise(AID, t.group(1, 1, b"12345678") + t.group(2, 1, bytes(range(16))))
    before = bytes(held.memory.cells), held.writes
    told = repr(held.memory_map())
    assert (bytes(held.memory.cells), held.writes) == before
    assert "12345678" not in told
    assert "0001020304" not in told


def test_a_damaged_directory_leaves_its_owner_known(held):
    first = next(page.number for page in held.memory_map() if page.parts[0].owner == AID)
    held.memory.flip(first * held.profile.page)
    pages = [page for page in held.memory_map() if page.parts[0].owner == AID]
    assert {page.parts[0].what for page in pages} == {DAMAGED}
    assert [page.is_sound for page in pages] == [False] + [True] * (len(pages) - 1)


def test_with_a_damaged_registry_the_heap_is_unknown(held):
    held.memory.flip(held.profile.page)
    pages = held.memory_map()
    assert not pages[1].is_sound
    assert {page.parts[0].what for page in pages[held.profile.layout.heap :]} == {UNKNOWN}


def test_what_the_next_power_on_will_finish_is_told(held):
    t.Terminal(held).personalise(AID, b"")
    t.Terminal(held).select(AID)
    assert held.unfinished == []
    held.memory.cut_at(2)
    with pytest.raises(PowerCut):
        t.Terminal(held).do(0xD6, 0x81, 0, b"x")
    (page,) = held.unfinished
    assert held.memory_map()[page].parts[0].owner == AID
    held.power_on()
    assert held.unfinished == []
