"""Any sequence of content management commands keeps registry, memory and a plain model equal."""

from contextlib import suppress
from dataclasses import dataclass, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from yohaku.globalplatform.cap import Package
from yohaku.globalplatform.cap.layouts import Tag
from yohaku.globalplatform.cap.model import component
from yohaku.globalplatform.cap.writer import FRAMEWORK, JAVA_LANG, SmallCap
from yohaku.globalplatform.loadfile import LoadRequest, blocks, load_file
from yohaku.globalplatform.wire import InstallRequest, parse_registry
from yohaku.iso7816 import Instruction as Ins
from yohaku.iso7816.tlv import Tlv
from yohaku_emulator import PROFILES, EmulatedCard, PowerCut
from yohaku_emulator import terminal as t
from yohaku_emulator.domains import applet as domains

OK, CONDITIONS, ABSENT, WRONG = 0x9000, 0x6985, 0x6A88, 0x6A80
ISSUER = bytes.fromhex("A000000151000000")
PROVIDER = bytes.fromhex("F059484BC0")
PACKAGES = [PROVIDER + bytes((number,)) for number in range(3)]
INSTANCES = [PROVIDER + bytes((0x80, number)) for number in range(4)]
DOMAINS = [PROVIDER + bytes((0xD0, number)) for number in range(2)]
LIBRARY = PACKAGES[0]
"""Imported by the other two packages, and without an applet of its own."""
NAMES = st.sampled_from([*PACKAGES, *INSTANCES, *DOMAINS])


def load_data(aid):
    own = Package(aid, (1, 0))
    imports = (JAVA_LANG, FRAMEWORK) if aid == LIBRARY else (Package(LIBRARY, (1, 0)), FRAMEWORK)
    parts = SmallCap(own, () if aid == LIBRARY else (aid + b"\x01",), imports, bulk=150).components()
    return b"".join(component(tag, info, extended=False) for tag, info in parts.items() if tag != Tag.DESCRIPTOR)


PROFILE = replace(PROFILES["small"], slots=6, free_bytes=4096)
DATA = {aid: load_data(aid) for aid in PACKAGES}


@dataclass
class Item:
    kind: str
    owner: bytes = ISSUER
    source: bytes = b""
    life: int = 0x07


class ContentMachine(RuleBasedStateMachine):
    """The card and its model side by side."""

    @initialize(used=st.booleans(), handed_over=st.booleans(), crowded=st.sampled_from((False, False, True)))
    def start(self, used, handed_over, crowded):
        self.card = EmulatedCard(PROFILE, seed=4)
        self.card.power_on()
        self.items = {}
        self.free = self.card._system.registry.free_bytes
        self.open()
        if used or crowded:
            self.load(LIBRARY)
            self.load(PACKAGES[1])
            self.install(INSTANCES[0], PACKAGES[1], 0x0C)
        if handed_over:
            self.create_domain(DOMAINS[0])
            self.extradite(INSTANCES[0], DOMAINS[0])
        if crowded:
            for aid in DOMAINS:
                self.create_domain(aid)
            for aid in INSTANCES:
                self.install(aid, PACKAGES[1], 0x0C)

    def open(self):
        self.domain = t.Terminal(self.card).manage()

    def send(self, status, ins, p1, data, p2=0):
        found = self.domain.send(ins, p1, p2, data, 256).status
        assert f"{found:04X}" == f"{status:04X}"
        return found == OK

    def is_full(self):
        return len(self.items) == self.card.profile.slots

    @rule(aid=st.sampled_from(PACKAGES))
    def load(self, aid):
        missing = aid != LIBRARY and LIBRARY not in self.items
        if aid in self.items:
            self.send(CONDITIONS, Ins.INSTALL, 0x02, LoadRequest(aid).to_bytes())
            return
        self.send(OK, Ins.INSTALL, 0x02, LoadRequest(aid).to_bytes())
        parts = blocks(load_file(DATA[aid]), 200)
        for number, part in enumerate(parts[:-1]):
            self.send(OK, Ins.LOAD, 0, part, number)
        status = 0x6438 if missing else 0x6A84 if self.is_full() else OK
        if self.send(status, Ins.LOAD, 0x80, parts[-1], len(parts) - 1):
            self.items[aid] = Item("load file")

    @rule(aid=st.sampled_from(PACKAGES), n=st.integers(1, 3))
    def break_a_load_off(self, aid, n):
        if aid not in self.items:
            self.send(OK, Ins.INSTALL, 0x02, LoadRequest(aid).to_bytes())
            self.send(OK, Ins.LOAD, 0, blocks(load_file(DATA[aid]), 100)[0])
            if n == 1:
                self.open()
            elif n == 2:
                self.power_cycle()
            else:
                self.send(CONDITIONS, Ins.LOAD, 0, b"x", 7)

    @rule(aid=st.sampled_from(INSTANCES), source=st.sampled_from(PACKAGES), p1=st.sampled_from((0x04, 0x0C)))
    def install(self, aid, source, p1):
        request = InstallRequest(aid, source, source + b"\x01", b"\0", b"\xc9\0").to_bytes()
        status = CONDITIONS if aid in self.items else OK
        if status == OK and (source not in self.items or source == LIBRARY):
            status = ABSENT
        if status == OK and self.is_full():
            status = 0x6A84
        if self.send(status, Ins.INSTALL, p1, request):
            self.items[aid] = Item("instance", source=source, life=0x03 if p1 == 0x04 else 0x07)

    @rule(aid=st.sampled_from(DOMAINS))
    def create_domain(self, aid):
        request = InstallRequest(aid, domains.LOAD_FILE, domains.MODULE, b"\x80", b"\xc9\0").to_bytes()
        status = CONDITIONS if aid in self.items else 0x6A84 if self.is_full() else OK
        if self.send(status, Ins.INSTALL, 0x0C, request):
            self.items[aid] = Item("domain")

    @rule(aid=st.sampled_from(INSTANCES))
    def make_selectable(self, aid):
        item = self.items.get(aid)
        status = ABSENT if item is None else OK if item.life == 0x03 else CONDITIONS
        if self.send(status, Ins.INSTALL, 0x08, InstallRequest(aid).to_bytes()):
            item.life = 0x07

    @rule(aid=NAMES, to=st.sampled_from(DOMAINS))
    def extradite(self, aid, to):
        item = self.items.get(aid)
        if item is None:
            status = ABSENT
        elif item.owner != ISSUER:
            status = CONDITIONS
        elif to not in self.items:
            status = ABSENT
        else:
            status = CONDITIONS if aid in self.above(to) else OK
        if self.send(status, Ins.INSTALL, 0x10, InstallRequest(aid, load_file=to).to_bytes()):
            item.owner = to

    @precondition(lambda self: any(aid in self.items for aid in DOMAINS))
    @rule(data=st.data())
    def hand_a_domain_on(self, data):
        there = st.sampled_from([aid for aid in DOMAINS if aid in self.items])
        self.extradite(data.draw(there), data.draw(there))

    def above(self, aid):
        found = [aid]
        while found[-1] != ISSUER:
            found.append(self.items[found[-1]].owner)
        return found

    @rule(aid=NAMES, lock=st.booleans())
    def set_locked(self, aid, lock):
        item = self.items.get(aid)
        status = ABSENT if item is None or item.kind == "load file" else WRONG if bool(item.life & 128) == lock else OK
        if self.send(status, Ins.SET_STATUS, 0x40, aid, 0x80 if lock else 0x00):
            item.life ^= 0x80

    @rule(aid=NAMES, related=st.booleans())
    def delete(self, aid, related):
        if aid not in self.items:
            self.send(ABSENT, Ins.DELETE, 0, Tlv(0x4F, aid).to_bytes(), 0x80 if related else 0)
            return
        instances = [name for name, item in self.items.items() if item.source == aid]
        owned = [name for name, item in self.items.items() if item.owner == aid]
        imported = aid == LIBRARY and any(name in self.items for name in PACKAGES[1:])
        refused = owned or imported or (instances and not related)
        status = CONDITIONS if refused else OK
        if self.send(status, Ins.DELETE, 0, Tlv(0x4F, aid).to_bytes(), 0x80 if related else 0):
            for name in [*instances, aid]:
                del self.items[name]

    @rule(aid=st.sampled_from(DOMAINS), related=st.booleans())
    def delete_domain(self, aid, related):
        self.delete(aid, related)

    @precondition(lambda self: self.items)
    @rule(n=st.integers(0, 5), related=st.booleans())
    def delete_what_is_there(self, n, related):
        self.delete(sorted(self.items)[n % len(self.items)], related)

    @rule()
    def power_cycle(self):
        self.card.power_on()
        self.open()

    @rule(n=st.integers(1, 6), aid=st.sampled_from(PACKAGES))
    def cut_in_a_load(self, n, aid):
        if aid in self.items:
            return
        self.card.memory.cut_at(n)
        with suppress(PowerCut):
            self.domain.send(Ins.INSTALL, 0x02, 0, LoadRequest(aid).to_bytes(), 256)
            self.domain.send(Ins.LOAD, 0, 0, load_file(DATA[aid])[:200], 256)
        self.card.memory.cut_at(0)
        self.power_cycle()

    @invariant()
    def registry_agrees(self):
        if not hasattr(self, "items"):
            return
        told = {}
        for kind in (0x40, 0x20):
            response = self.domain.send(Ins.GET_STATUS, kind, 0x02, b"\x4f\x00", 256)
            while True:
                told |= {one.aid: one for one in parse_registry(response.data)}
                if response.status != 0x6310:
                    break
                response = self.domain.send(Ins.GET_STATUS, kind, 0x03, b"\x4f\x00", 256)
        mine = {aid: one for aid, one in told.items() if aid.startswith(PROVIDER)}
        assert mine.keys() == self.items.keys()
        for aid, item in self.items.items():
            assert mine[aid].life == (0x01 if item.kind == "load file" else item.life)
            assert mine[aid].domain == item.owner
            if item.kind == "instance":
                assert mine[aid].load_file == item.source

    @invariant()
    def memory_agrees(self):
        if not hasattr(self, "items"):
            return
        system, layout = self.card._system, self.card.profile.layout
        owned = [page for entry in system.registry.entries.values() for page in entry.pages]
        everything = sorted([*owned, *system.registry.free])
        assert everything == list(range(layout.heap, layout.heap + layout.heap_pages))
        for page in system.registry.free:
            assert self.card.memory.cells[page * layout.page : (page + 1) * layout.page] == system.store.blank
        if not self.items:
            assert system.registry.free_bytes == self.free


ContentMachine.TestCase.settings = settings(stateful_step_count=40, deadline=None)
TestContentManagement = ContentMachine.TestCase
