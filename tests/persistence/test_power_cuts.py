"""Power is cut at every page write of every state-changing command and procedure, in each of the three outcomes.

Then each page in turn is worn out: a command is done or refused whole, and the card lives on.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from yohaku.errors import YohakuError
from yohaku.iso7816 import Instruction as Ins
from yohaku.iso7816 import Status
from yohaku_emulator import EmulatedCard, PowerCut
from yohaku_emulator import terminal as t
from yohaku_emulator.memory import OUTCOMES
from yohaku_emulator.system import InstanceContext

AID, OTHER = bytes.fromhex("F059484B0001"), bytes.fromhex("F059484B0002")
KEY = bytes(range(16))
DESCRIPTOR = t.descriptor(
    pins=[t.pin(3, 4, 8, alphabet=0x81, reset=(2,)), t.pin(5, 6, 8)],
    keys=[t.key(1, 3), t.key(1)],
    files=[t.transparent(1, 300), t.linear(2, 40, 4), t.cyclic(3, 100, 3), t.transparent(4, 70)],
)
SECOND = t.descriptor(files=[t.transparent(9, 333)])
BLOCKS = (
    t.group(1, 1, b"1234") + t.group(1, 2, b"567890") + t.group(2, 1, KEY) + t.group(2, 2, KEY),
    t.group(3, 1, b"\0\0" + bytes(range(180))) + t.group(4, 2, b"r" * 40),
    t.group(4, 2, b"s" * 40) + t.group(4, 3, b"c" * 100) + t.group(3, 4, b"\0\x05hello"),
)

Logical = dict[bytes, tuple[int, tuple[bytes, ...]]]


def logical(card: EmulatedCard) -> Logical:
    """Read all that the card holds for good: life cycle and every array of every application.

    The issuer's domain is left out: its sequence counter moves with each secure channel.
    """
    system = card._system
    return {
        aid: (
            system.registry.life(entry),
            tuple(array.read() for array in InstanceContext(system, entry).arrays),
        )
        for aid, entry in system.registry.entries.items()
        if entry is not system.registry.issuer
    }


def check_memory(card: EmulatedCard) -> None:
    """No page is leaked or owned twice, and a free page holds nothing."""
    system = card._system
    owned = [page for entry in system.registry.entries.values() for page in entry.pages]
    layout = card.profile.layout
    assert sorted([*owned, *system.registry.free]) == list(range(layout.heap, layout.heap + layout.heap_pages))
    for page in system.registry.free:
        assert card.memory.cells[page * layout.page : (page + 1) * layout.page] == system.store.blank


def fresh(profile: str) -> EmulatedCard:
    card = EmulatedCard(profile, seed=7)
    card.power_on()
    return card


def installed(profile: str) -> EmulatedCard:
    card = fresh(profile)
    t.Terminal(card).install(AID, DESCRIPTOR)
    return card


def personalised(profile: str) -> EmulatedCard:
    card = installed(profile)
    t.Terminal(card).personalise(AID, *BLOCKS)
    return card


def selected(profile: str) -> EmulatedCard:
    card = personalised(profile)
    t.Terminal(card).select(AID)
    return card


def wrapped(profile: str) -> EmulatedCard:
    """The cyclic file has gone round once, so an append overwrites its oldest record."""
    card = selected(profile)
    for letter in b"defg":
        t.Terminal(card).do(Ins.APPEND_RECORD, 0, 3 << 3, bytes((letter,)) * 100)
    return card


def one_try_lost(profile: str) -> EmulatedCard:
    card = selected(profile)
    t.Terminal(card).send(Ins.VERIFY, 0, 0x81, b"9999")
    return card


def proved(profile: str) -> EmulatedCard:
    card = selected(profile)
    t.Terminal(card).do(Ins.VERIFY, 0, 0x81, b"1234")
    t.Terminal(card).do(Ins.VERIFY, 0, 0x82, b"567890")
    return card


def lost_and_proved(profile: str) -> EmulatedCard:
    card = proved(profile)
    t.Terminal(card).send(Ins.VERIFY, 0, 0x81, b"9999")
    return card


def disabled(profile: str) -> EmulatedCard:
    card = selected(profile)
    t.Terminal(card).do(Ins.DISABLE_VERIFICATION_REQUIREMENT, 0, 0x81, b"1234")
    return card


def two_applications(profile: str) -> EmulatedCard:
    card = personalised(profile)
    t.Terminal(card).install(OTHER, SECOND)
    return card


def command(ins: int, p1: int, p2: int, data: bytes = b"", le: int = 0):
    return lambda terminal: [terminal.send(ins, p1, p2, data, le)]


def chained(terminal: t.Terminal) -> list:
    first = terminal.send(Ins.UPDATE_BINARY, 0x81, 10, b"A" * 200, cla=0x10)
    return [first, terminal.send(Ins.UPDATE_BINARY, 0x81, 10, b"B" * 80)]


def authenticate(key: bytes):
    return lambda terminal: [terminal.authenticate(1, key, AID)]


def personalise(terminal: t.Terminal) -> list:
    terminal.personalise(AID, *BLOCKS)
    return []


@dataclass(frozen=True)
class Case:
    name: str
    start: Callable[[str], EmulatedCard]
    run: Callable[[t.Terminal], object]
    # How PIN or key counters may stand between old and new: (array index, tries left) of that moment.
    between: tuple[tuple[int, int], ...] = ()
    ends: int = 0x9000


COMMANDS = [
    Case("install", fresh, lambda terminal: terminal.install(AID, DESCRIPTOR)),
    Case("install beside another", personalised, lambda terminal: terminal.install(OTHER, SECOND)),
    Case("delete", two_applications, lambda terminal: terminal.delete(AID)),
    Case("update binary", selected, command(Ins.UPDATE_BINARY, 0x81, 0, bytes(range(255, 0, -1)))),
    Case("update binary, one byte", selected, command(Ins.UPDATE_BINARY, 0x84, 69, b"!")),
    Case("update binary, chained", selected, chained),
    Case("update binary, odd", selected, command(Ins.UPDATE_BINARY_ODD, 0, 1, b"\x54\x01\x05\x53\x78" + b"o" * 120)),
    Case("erase binary", selected, command(Ins.ERASE_BINARY, 0x81, 20, b"\x00\xb0")),
    Case("erase binary, odd", selected, command(Ins.ERASE_BINARY_ODD, 0, 1, b"\x54\x01\x14\x54\x02\x00\xb0")),
    Case("update record", selected, command(Ins.UPDATE_RECORD, 2, 2 << 3 | 4, b"u" * 40)),
    Case("append to linear", selected, command(Ins.APPEND_RECORD, 0, 2 << 3, b"a" * 40)),
    Case("append to cyclic", selected, command(Ins.APPEND_RECORD, 0, 3 << 3, b"a" * 100)),
    Case("append over the oldest", wrapped, command(Ins.APPEND_RECORD, 0, 3 << 3, b"h" * 100)),
    Case("verify, wrong", selected, command(Ins.VERIFY, 0, 0x81, b"9999"), ends=0x63C2),
    Case("verify, right", selected, command(Ins.VERIFY, 0, 0x81, b"1234"), between=((2, 2),)),
    Case("verify, right after wrong", one_try_lost, command(Ins.VERIFY, 0, 0x81, b"1234"), between=((2, 1),)),
    Case("change PIN", selected, command(Ins.CHANGE_REFERENCE_DATA, 0, 0x81, b"123443218765"), between=((2, 2),)),
    Case("change PIN, verified", proved, command(Ins.CHANGE_REFERENCE_DATA, 1, 0x81, b"87654321")),
    Case("change PIN, wrong", selected, command(Ins.CHANGE_REFERENCE_DATA, 0, 0x81, b"99994321"), ends=0x63C2),
    Case("reset retry counter", proved, command(Ins.RESET_RETRY_COUNTER, 2, 0x81, b"2468")),
    Case("reset retry counter alone", lost_and_proved, command(Ins.RESET_RETRY_COUNTER, 3, 0x81)),
    Case("disable PIN", selected, command(Ins.DISABLE_VERIFICATION_REQUIREMENT, 0, 0x81, b"1234"), between=((2, 2),)),
    Case("disable PIN, wrong", selected, command(Ins.DISABLE_VERIFICATION_REQUIREMENT, 0, 0x81, b"99999"), ends=0x63C2),
    Case("enable PIN", disabled, command(Ins.ENABLE_VERIFICATION_REQUIREMENT, 0, 0x81, b"1234"), between=((2, 2),)),
    Case("enable PIN, wrong", disabled, command(Ins.ENABLE_VERIFICATION_REQUIREMENT, 0, 0x81, b"9999"), ends=0x63C2),
    Case("change disabled PIN", disabled, command(Ins.CHANGE_REFERENCE_DATA, 0, 0x81, b"12344321"), between=((2, 2),)),
    Case("authenticate", selected, authenticate(KEY), between=((4, 2),)),
    Case("authenticate, wrong", selected, authenticate(bytes(16)), ends=0x63C2),
]  # fmt: skip


def sweep(case: Case, allowed: list[Logical], base: EmulatedCard) -> int:
    """Cut at every write; return the number of cut points."""
    writes = base.fork()
    before = writes.writes
    case.run(t.Terminal(writes))
    total = writes.writes - before
    for n in range(1, total + 1):
        for seed, outcome in enumerate(OUTCOMES):
            card = base.fork()
            card.memory.cut_at(n, outcome, seed=n * 31 + seed)
            with pytest.raises(PowerCut):
                case.run(t.Terminal(card))
            interrupted_recovery(card, n)
            assert logical(card) in allowed, f"{case.name}: write {n} of {total}, page {outcome}"
            check_memory(card)
            repeat(case, card)
    return 3 * total


def interrupted_recovery(card: EmulatedCard, n: int) -> None:
    """Power on; power goes again in the recovery's first write, if there is one, then comes for good."""
    card.memory.cut_at(1, OUTCOMES[n % 3], seed=n)
    try:
        card.power_on()
    except PowerCut:
        card.memory.cut_at(2, "mixed", seed=n)
        try:
            card.power_on()
        except PowerCut:
            card.power_on()
    card.memory.cut_at(0)


def attempt(case: Case, terminal: t.Terminal) -> str:
    """Run; return the status word that a step was refused with, or nothing."""
    try:
        case.run(terminal)
    except t.RefusedError as error:
        return str(error).partition("answered ")[2][:4]
    return ""


def repeat(case: Case, card: EmulatedCard) -> None:
    """The same again, to the end: from a terminal that does not know what became of its first attempt."""
    terminal = t.Terminal(card)
    installing = case.start is fresh or case.name.startswith(("install", "delete"))
    if not installing:
        terminal.select(AID)
        if case.start in {proved, lost_and_proved}:
            terminal.do(Ins.VERIFY, 0, 0x82, b"567890")
            if case.start is proved:
                terminal.send(Ins.VERIFY, 0, 0x81, b"1234")
    refused = attempt(case, terminal)
    assert not refused or (installing and refused in {"6985", "6A88"}), refused  # there already, or gone already
    check_memory(card)


@pytest.mark.parametrize("profile", ["small", "generic"])
@pytest.mark.parametrize("case", COMMANDS, ids=lambda case: case.name)
def test_a_cut_at_any_write_of_a_command_leaves_the_old_or_the_new_state(case, profile, record_property):
    base = case.start(profile)
    done = base.fork()
    ended = case.run(t.Terminal(done))
    if ended:
        assert ended[-1].status == case.ends
    old, new = logical(base), logical(done)
    assert old != new or case.between
    allowed = [old, new]
    for array, left in case.between:
        life, arrays = old[AID]
        spent = arrays[array][:1] + bytes((left,)) + arrays[array][2:]
        allowed.append(old | {AID: (life, (*arrays[:array], spent, *arrays[array + 1 :]))})
    points = sweep(case, allowed, base)
    assert points
    record_property("cut_points", points)


def test_a_cut_in_personalisation_leaves_a_state_between_two_blocks_and_it_can_be_done_again(record_property):
    base = installed("small")
    terminal, steps = t.Terminal(base.fork()), []

    class Watched:
        def transmit(self, raw: bytes) -> bytes:
            steps.append(logical(terminal.card))
            return terminal.card.transmit(raw)

    t.Terminal(Watched()).personalise(AID, *BLOCKS)
    complete = logical(terminal.card)
    case = Case("personalise", installed, personalise)
    points = 0
    count = base.fork()
    before = count.writes
    personalise(t.Terminal(count))
    for n in range(1, count.writes - before + 1):
        for outcome in OUTCOMES:
            card = base.fork()
            card.memory.cut_at(n, outcome, seed=n)
            with pytest.raises(PowerCut):
                case.run(t.Terminal(card))
            interrupted_recovery(card, n)
            assert logical(card) in [*steps, complete]
            check_memory(card)
            if logical(card) != complete:
                case.run(t.Terminal(card))
            assert logical(card) == complete
            points += 1
    record_property("cut_points", points)


def whole_life(terminal: t.Terminal) -> None:
    """Install, personalise, use, change the PIN, delete."""
    terminal.install(AID, DESCRIPTOR)
    terminal.personalise(AID, *BLOCKS)
    terminal.select(AID)
    terminal.do(Ins.VERIFY, 0, 0x81, b"1234")
    terminal.do(Ins.UPDATE_BINARY, 0x81, 7, b"w" * 120)
    terminal.do(Ins.APPEND_RECORD, 0, 3 << 3, b"x" * 100)
    terminal.do(Ins.CHANGE_REFERENCE_DATA, 0, 0x81, b"12344321")
    terminal.delete(AID)


def start_over(card: EmulatedCard) -> None:
    """What a loader does that finds an unfinished or unknown instance: delete it and load again."""
    terminal = t.Terminal(card)
    if AID in logical(card):
        terminal.delete(AID)
    whole_life(terminal)


def test_a_cut_anywhere_in_a_life_from_install_to_delete_leaks_nothing(record_property):
    base = fresh("small")
    count = base.fork()
    before = count.writes
    whole_life(t.Terminal(count))
    total = count.writes - before
    for n in range(1, total + 1):
        for outcome in OUTCOMES:
            card = base.fork()
            card.memory.cut_at(n, outcome, seed=n)
            with pytest.raises(PowerCut):
                whole_life(t.Terminal(card))
            card.power_on()
            check_memory(card)
            start_over(card)
            check_memory(card)
            assert logical(card) == {}
    record_property("cut_points", 3 * total)


def test_wrong_tries_are_never_given_back_by_cuts():
    """Guessing with a finger on the power switch gets no more than the limit of comparisons."""
    base = selected("small")
    for n in range(1, 20):
        for outcome in OUTCOMES:
            card, left = base.fork(), 3
            for _ in range(12):
                card.memory.cut_at(n, outcome, seed=n)
                try:
                    t.Terminal(card).send(Ins.VERIFY, 0, 0x81, b"9999")
                except PowerCut:
                    card.power_on()
                    t.Terminal(card).select(AID)
                card.memory.cut_at(0)
                now = logical(card)[AID][1][2][1]
                assert now <= left
                left = now


def ended(case, card: EmulatedCard) -> bool:
    """Run a command; say whether the card did it."""
    try:
        answers = case.run(t.Terminal(card))
    except YohakuError as error:
        return _refused(str(error))
    return not answers or answers[-1].status == case.ends or _refused(f"{answers[-1].status:04X}")


def _refused(told: str) -> bool:
    assert "6581" in told or "6A84" in told
    return False


@pytest.mark.parametrize("case", COMMANDS, ids=lambda case: case.name)
def test_a_command_that_meets_a_worn_page_is_done_or_refused_whole(case):
    base = case.start("small")
    done = base.fork()
    case.run(t.Terminal(done))
    old, new = logical(base), logical(done)
    spent = [
        old | {AID: (old[AID][0], (*old[AID][1][:at], _with_left(old[AID][1][at], left), *old[AID][1][at + 1 :]))}
        for at, left in case.between
    ]
    refused = 0
    for page in range(len(base.memory.wear)):
        card = base.fork()
        card.memory.wear_out(page)
        is_done = ended(case, card)
        refused += not is_done
        for _ in range(2):
            assert logical(card) == new if is_done else logical(card) in [old, *spent], f"page {page}"
            card.power_on()
            assert t.Terminal(card).send(Ins.SELECT, 4, 0, b"", 256).status == Status.OK, "not out of order"
    assert refused


def _with_left(array: bytes, left: int) -> bytes:
    return array[:1] + bytes((left,)) + array[2:]


def test_pages_that_wore_out_while_they_were_owned_are_not_given_to_others():
    card = personalised("small")
    worn = next(entry for aid, entry in card._system.registry.entries.items() if aid == AID).pages[1:]
    before = fresh("small")
    for page in worn:
        card.memory.wear_out(page)
    terminal = t.Terminal(card)
    terminal.delete(AID)
    free = card._system.registry.free_bytes
    assert free == before._system.registry.free_bytes - len(worn) * card._system.store.payload
    card.power_on()
    assert card._system.registry.free_bytes == free
    terminal.install(OTHER, SECOND)
    terminal.personalise(OTHER, t.group(3, 9, b"\0\0good"))
    terminal.select(OTHER)
    assert terminal.do(Ins.READ_BINARY, 0x89, 0, le=4) == b"good"
    assert not set(card._system.registry.entries[OTHER].pages) & set(worn)
    assert [page.number for page in card.memory_map() if page.is_worn] == list(worn)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_cut_in_the_last_write_that_a_page_survives_costs_no_more_than_that_page(outcome):
    card = two_applications("small")
    t.Terminal(card).personalise(OTHER, t.group(3, 9, b"\0\0good"))
    t.Terminal(card).select(AID)
    page = card._system.registry.entries[AID].pages[-1]
    card.memory.wear[page] = card.memory.endurance - 1
    card.memory.cut_at(3, outcome, seed=1)
    with pytest.raises(PowerCut):
        t.Terminal(card).do(Ins.UPDATE_BINARY, 0x84, 66, b"new!")
    card.power_on()
    terminal = t.Terminal(card)
    terminal.select(AID)
    answer = terminal.send(Ins.READ_BINARY, 0x84, 66, le=4)
    assert answer.data == {"old": bytes(4), "new": b"new!", "mixed": b""}[outcome]
    assert answer.status == (Status.MEMORY_FAILURE if outcome == "mixed" else Status.OK)
    assert terminal.do(Ins.READ_BINARY, 0x81, 0, le=5) == bytes(range(5))
    terminal.do(Ins.UPDATE_BINARY, 0x81, 0, b"on it goes")
    terminal.select(OTHER)
    assert terminal.do(Ins.READ_BINARY, 0x89, 0, le=4) == b"good"
