"""Power is cut at every page write of content management: the registry is consistent, memory comes back, keys open."""

from contextlib import suppress

import pytest

from yohaku.card import Card, Secrets
from yohaku.errors import YohakuError
from yohaku.globalplatform import AlreadyInstalledError, SecurityDomain, load_applet
from yohaku.globalplatform.cap import Package, read_cap
from yohaku.globalplatform.cap.writer import SmallCap
from yohaku.globalplatform.keys import KeySet
from yohaku.globalplatform.rotation import delete_keys, put_keys, rotate_keys, store_keys
from yohaku_applets.emergency_medical import EmergencyMedical
from yohaku_applets.library_card import Borrower, LibraryCard, Loan
from yohaku_emulator import EmulatedCard
from yohaku_emulator.link import EmulatorLink
from yohaku_emulator.memory import OUTCOMES
from yohaku_emulator.system import InstanceContext

PACKAGE = Package(bytes.fromhex("F059484BCA"), (1, 0))
CLASS, INSTANCE, DOMAIN = PACKAGE.aid + b"\x01", PACKAGE.aid + b"\x01\x01", PACKAGE.aid + b"\xdd"
CAP = read_cap(SmallCap(PACKAGE, (CLASS,), bulk=600).to_bytes())
OLD, NEW = KeySet.for_tests(), KeySet(bytes(range(16)), bytes(range(1, 17)), bytes(range(2, 18)), 0x31)
SECRETS = Secrets.for_tests(EmergencyMedical)


def load(domain):
    domain.load(CAP)


def install(domain):
    domain.install(INSTANCE, b"", load_file=PACKAGE.aid, module=CLASS)


def create(domain):
    domain.create_domain(DOMAIN, quota=3000)


PROCEDURES = {
    "load": ((), load),
    "install": ((load,), install),
    "create domain": ((), create),
    "extradite": ((load, create), lambda domain: domain.extradite(PACKAGE.aid, DOMAIN)),
    "lock": ((load, install), lambda domain: domain.set_locked(INSTANCE, locked=True)),
    "delete": ((load, install), lambda domain: domain.delete(PACKAGE.aid, related=True)),
    "delete domain": ((create,), lambda domain: domain.delete(DOMAIN)),
    "put key": ((), lambda domain: put_keys(domain, NEW)),
    "replace key": ((), lambda domain: put_keys(domain, NEW.with_version(0x30), replaces=0x30)),
    "delete key": ((lambda domain: put_keys(domain, NEW),), lambda domain: delete_keys(domain, 0x31)),
    "store keys": ((create,), lambda domain: store_keys(domain, NEW, DOMAIN)),
    "store data": ((), lambda domain: domain.store(b"\x42\x05ABCDE")),
}


def host(card):
    return Card(EmulatorLink(card, "emulated"))


def state(card):
    """Give all that is on the card for good, but for sequence counters and failures."""
    system = card._system
    registry = system.registry
    held = {}
    for aid, entry in registry.entries.items():
        arrays = [] if entry in registry.load_files else [one.read() for one in InstanceContext(system, entry).arrays]
        if len(arrays) == 3:
            keys = arrays[1]
            arrays = [arrays[0][1:], b"".join(keys[at : at + 4] + keys[at + 7 : at + 103] for at in range(0, 412, 103))]
            arrays.append(InstanceContext(system, entry).arrays[2].read())
        held[aid] = (registry.life(entry), entry.domain, entry.source, entry.privileges, arrays)
    return held, registry.free_bytes


def check_memory(card):
    """No page is leaked or owned twice, and a free page holds nothing."""
    system, layout = card._system, card.profile.layout
    owned = [page for entry in system.registry.entries.values() for page in entry.pages]
    assert sorted([*owned, *system.registry.free]) == list(range(layout.heap, layout.heap + layout.heap_pages))
    for page in system.registry.free:
        assert card.memory.cells[page * layout.page : (page + 1) * layout.page] == system.store.blank


def prepared(profile, steps):
    card = EmulatedCard(profile, seed=9)
    for step in steps:
        step(SecurityDomain.open(host(card)))
    card.power_on()
    return card


def sweep(base, work, check):
    """Cut at each page write of ``work``, in each outcome; give the number of cuts."""
    count = base.fork()
    before = count.writes
    work(count)
    total = count.writes - before
    for n in range(1, total + 1):
        for outcome in OUTCOMES:
            card = base.fork()
            card.memory.cut_at(n, outcome, seed=n)
            with suppress(YohakuError):
                work(card)
            assert not card.memory.cut_armed
            card.memory.cut_at(0)
            card.power_on()
            check_memory(card)
            check(card)
    return total * len(OUTCOMES)


@pytest.mark.parametrize("profile", ["generic", "scp02"])
@pytest.mark.parametrize("name", PROCEDURES)
def test_a_cut_leaves_the_old_or_the_new_state(profile, name, record_property):
    steps, step = PROCEDURES[name]
    base = prepared(profile, steps)
    if profile == "scp02" and "key" in name:
        pytest.skip("key versions differ there; the sweep of SCP03 covers the same writes")

    def work(card):
        step(SecurityDomain.open(host(card)))

    done = base.fork()
    work(done)
    done.power_on()
    old, new = state(base), state(done)
    assert old != new
    seen = []

    def check(card):
        seen.append(state(card))
        assert seen[-1] in (old, new)

    record_property("cut_points", sweep(base, work, check))
    assert old in seen
    assert new in seen


def opens(card, keys):
    with suppress(YohakuError):
        SecurityDomain.open(host(card), keys)
        return True
    return False


def test_a_cut_in_key_rotation_never_locks_anybody_out_and_it_can_be_done_again(record_property):
    base = prepared("generic", ())

    def work(card):
        rotate_keys(host(card), OLD, NEW)

    def check(card):
        assert opens(card, OLD.with_version(0x30)) or opens(card, NEW)
        work(card)
        assert opens(card, NEW)
        assert not opens(card, OLD.with_version(0x30))

    record_property("cut_points", sweep(base, work, check))


def test_a_load_of_an_applet_that_was_cut_short_is_completed_by_the_same_load(record_property):
    base = prepared("generic", ())

    def work(card):
        load_applet(host(card), EmergencyMedical, secrets=SECRETS)

    def check(card):
        with suppress(YohakuError):
            load_applet(host(card), EmergencyMedical, secrets=SECRETS, resume=True)
        host(card).open(EmergencyMedical)

    record_property("cut_points", sweep(base, work, check))


def test_contents_of_several_blocks_are_all_there_when_a_load_that_was_cut_short_is_done_again(record_property):
    base, secrets = prepared("generic", ()), Secrets.for_tests(LibraryCard)
    loans = [Loan.example().replace(branch=number) for number in range(22)]
    contents = {"borrower": Borrower.example(), "loans": loans}

    def work(card, **options):
        return load_applet(host(card), LibraryCard, secrets=secrets, contents=contents, **options)

    assert work(base.fork()).blocks > 1

    def check(card):
        with suppress(AlreadyInstalledError):
            work(card, resume=True)
        library = host(card).open(LibraryCard)
        library.holder.verify("1234")
        assert library.borrower.read() == Borrower.example()
        assert library.loans.records() == loans[:1:-1]

    record_property("cut_points", sweep(base, work, check))


def test_a_cut_in_the_last_block_of_a_load_leaves_a_card_that_takes_the_same_file(record_property):
    base = prepared("generic", ())

    def work(card):
        load(SecurityDomain.open(host(card)))

    def check(card):
        if PACKAGE.aid not in card._system.registry.entries:
            work(card)
        install(SecurityDomain.open(host(card)))
        check_memory(card)

    record_property("cut_points", sweep(base, work, check))
