import pytest

from yohaku_emulator.errors import CommitOverflow, MemoryFault, PowerCut
from yohaku_emulator.memory import Memory
from yohaku_emulator.store import Store, journal_size

PAGES = range(4)


def make_store(commit_pages=3, page=32):
    journal_pages = -(-journal_size(page, commit_pages) // page)
    memory = Memory((8 + journal_pages) * page, page=page)
    store = Store(memory, journal=8 * page, commit_pages=commit_pages)
    for number in range(8):
        store.wipe(number)
    return memory, store


def test_a_write_is_counted_for_each_page_it_touches():
    memory = Memory(256, page=64)
    memory.write(60, b"x" * 10)
    memory.write(128, b"y")
    assert memory.writes == 3
    assert list(memory.wear) == [1, 1, 1, 0]
    assert memory.cells[60:70] == b"x" * 10


def test_a_cut_page_is_old_new_or_mixed_and_nothing_after_it_is_written():
    results = {}
    for outcome in ("old", "new", "mixed"):
        memory = Memory(256, page=64)
        memory.cut_at(2, outcome, seed=3)
        with pytest.raises(PowerCut):
            memory.write(0, b"\xff" * 192)
        assert memory.cells[:64] == b"\xff" * 64
        assert memory.cells[128:] == bytes(128)
        results[outcome] = bytes(memory.cells[64:128])
    assert results["old"] == bytes(64)
    assert results["new"] == b"\xff" * 64
    assert results["mixed"] not in {bytes(64), b"\xff" * 64}
    assert len(set(results["mixed"])) > 2, "some bytes carry bits of both"


def test_a_mixed_page_is_chosen_by_its_seed():
    def torn(seed):
        memory = Memory(64, page=64)
        memory.cut_at(1, "mixed", seed)
        with pytest.raises(PowerCut):
            memory.write(0, b"\xff" * 64)
        return bytes(memory.cells)

    assert torn(1) == torn(1) != torn(2)


def test_a_cut_happens_once_and_can_be_taken_back():
    memory = Memory(64, page=64)
    memory.cut_at(1)
    assert memory.cut_armed
    memory.cut_at(0)
    memory.write(0, b"a")
    memory.cut_at(1)
    with pytest.raises(PowerCut):
        memory.write(0, b"b")
    assert not memory.cut_armed
    memory.write(0, b"c")


def test_a_worn_page_takes_no_more_writes():
    memory = Memory(128, page=64, endurance=2)
    memory.write(0, b"a")
    memory.write(0, b"b")
    with pytest.raises(MemoryFault, match="page 0 is worn out"):
        memory.write(0, b"c")
    memory.wear_out(1)
    with pytest.raises(MemoryFault):
        memory.write(64, b"d")
    assert memory.cells[0] == ord("b")


def test_a_copy_shares_nothing_and_has_no_cut_armed():
    memory = Memory(64, page=64)
    memory.cut_at(1)
    twin = memory.copy()
    twin.write(0, b"z")
    assert memory.cells == bytes(64)
    assert (memory.writes, twin.writes) == (0, 1)


def test_writes_in_a_transaction_are_seen_at_once_and_kept_only_by_commit():
    _, store = make_store()
    store.write(PAGES, 20, b"before")
    store.begin()
    store.write(PAGES, 20, b"during")
    assert store.read(PAGES, 20, 6) == b"during"
    store.abort()
    assert store.read(PAGES, 20, 6) == b"before"
    store.begin()
    store.write(PAGES, 20, b"afterw")
    store.commit()
    assert store.read(PAGES, 20, 6) == b"afterw"


def test_addresses_run_through_pages_in_any_order():
    _, store = make_store()
    pages = (5, 1, 3)
    store.write(pages, 0, bytes(range(84)))
    assert store.read(pages, 0, 84) == bytes(range(84))
    assert store.read((1,), 0, 28) == bytes(range(28, 56))


def test_a_transaction_beyond_the_commit_buffer_changes_nothing():
    memory, store = make_store(commit_pages=2)
    before = bytes(memory.cells)
    with pytest.raises(CommitOverflow):
        store.write(PAGES, 0, b"x" * 60)
    assert memory.cells == before


def test_what_is_there_already_is_not_written_again():
    memory, store = make_store()
    store.write(PAGES, 0, b"same")
    writes = memory.writes
    store.write(PAGES, 0, b"same")
    assert memory.writes == writes


def test_a_write_apart_survives_an_abort_and_is_seen_inside():
    _, store = make_store()
    store.begin()
    store.write(PAGES, 0, b"lost")
    store.write_apart(PAGES, 4, b"kept")
    assert store.read(PAGES, 0, 8) == b"lostkept"
    store.abort()
    assert store.read(PAGES, 0, 8) == b"\0\0\0\0kept"


def test_a_write_apart_is_not_undone_by_a_commit():
    _, store = make_store()
    store.begin()
    store.write(PAGES, 0, b"mine")
    store.write_apart(PAGES, 4, b"kept")
    store.commit()
    assert store.read(PAGES, 0, 8) == b"minekept"


def test_a_commit_onto_a_worn_page_does_not_start():
    memory, store = make_store()
    store.write(PAGES, 0, b"old" * 20)
    memory.wear_out(1)
    with pytest.raises(MemoryFault):
        store.write(PAGES, 0, b"new" * 20)
    assert store.read(PAGES, 0, 60) == b"old" * 20


def test_every_single_flipped_bit_is_found():
    memory, store = make_store()
    store.write(PAGES, 0, bytes(range(28)))
    for bit in range(32 * 8):
        memory.flip(bit // 8, bit % 8)
        with pytest.raises(MemoryFault):
            store.read(PAGES, 0, 28)
        memory.flip(bit // 8, bit % 8)
    assert store.read(PAGES, 0, 28) == bytes(range(28))


def test_a_journal_whose_tail_is_from_an_older_commit_is_refused():
    """Found by the power cut sweep: sealed pages in the journal all look alike to a checksum over them."""
    memory, store = make_store(commit_pages=3, page=32)
    store.write(PAGES, 0, b"1" * 84)
    first_tail = bytes(memory.cells[10 * 32 :])
    store.write(PAGES, 0, b"2" * 84)
    memory.cells[10 * 32 :] = first_tail
    for number in range(3):
        memory.cells[number * 32 : (number + 1) * 32] = store.blank
    store.recover()
    assert store.read(PAGES, 0, 84) == bytes(84)


def test_recovery_finishes_a_commit_whose_journal_is_whole():
    memory, store = make_store()
    journal_writes = 3
    memory.cut_at(journal_writes + 1, "mixed", seed=1)
    with pytest.raises(PowerCut):
        store.write(PAGES, 0, b"n" * 60)
    store.recover()
    assert store.read(PAGES, 0, 60) == b"n" * 60


def test_recovery_of_a_clean_memory_writes_nothing():
    memory, store = make_store()
    store.write(PAGES, 0, b"n" * 60)
    writes = memory.writes
    store.recover()
    assert memory.writes == writes
