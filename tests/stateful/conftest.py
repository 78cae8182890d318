"""The machine: random commands on two channels of a card with two applets, every answer held against `Model`."""

import inspect
import textwrap

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from yohaku.card.credentials import key_proof
from yohaku.iso7816 import Instruction as Ins
from yohaku.testing import InvariantBroken, Model, PowerCut
from yohaku.testing.faults import ForkedLink, fork
from yohaku.testing.parts import FileModel, Instance, KeyModel, PinModel
from yohaku.testing.steps import Login
from yohaku.testing.watching import watch
from yohaku_emulator import EmulatedCard
from yohaku_emulator import terminal as t
from yohaku_emulator.memory import OUTCOMES

AIDS = (bytes.fromhex("F059484B7701"), bytes.fromhex("F059484B7702"))
EXTRA = bytes.fromhex("F059484B7703")
TRANSPARENT, LINEAR, CYCLIC = 1, 2, 3
FREE = bytes.fromhex("80CAFF2100")
DIGITS = st.text("0123456789", min_size=4, max_size=6).map(str.encode)


def part(file):
    """Write a file's part of a descriptor."""
    if file.kind == TRANSPARENT:
        return t.transparent(file.sfi, file.size, read=file.rules[0], update=file.rules[1])
    make = t.linear if file.kind == LINEAR else t.cyclic
    read, update, append = file.rules
    return make(file.sfi, file.size, file.records, read=read, update=update, append=append)


@st.composite
def instances(draw, aid):
    """One to two PINs, none to two keys, and three or four files, one of each kind, most of them within reach."""
    pins = draw(st.lists(st.tuples(st.sampled_from((1, 2, 3, 3)), DIGITS), min_size=1, max_size=2))
    keys = draw(st.lists(st.tuples(st.integers(0, 2), st.binary(min_size=16, max_size=16)), max_size=2))
    total = len(pins) + len(keys)
    one = st.integers(0, total - 1).map(lambda index: 1 << index)
    always, several = st.just((0,)), st.lists(st.integers(1, (1 << total) - 1), max_size=2).map(tuple)
    rules = st.one_of(always, always, st.tuples(one), st.tuples(one, one), several)
    pins = [
        PinModel(limit, value, limit, shortest=4, longest=6, reset=draw(rules), name=f"pin{number}")
        for number, (limit, value) in enumerate(pins, 1)
    ]
    keys = [KeyModel(limit, value, limit, name=f"key{number}") for number, (limit, value) in enumerate(keys, 1)]
    kinds = draw(st.permutations((TRANSPARENT, LINEAR, CYCLIC, CYCLIC)))[draw(st.integers(0, 1)) :]
    files = []
    for kind, sfi in zip(kinds, draw(st.lists(st.integers(1, 30), min_size=4, max_size=4, unique=True)), strict=False):
        size, count = draw(st.integers(1, 140) if kind == TRANSPARENT else st.integers(1, 50)), draw(st.integers(1, 4))
        body, allowed = bytes(size) if kind == TRANSPARENT else b"", 2 if kind == TRANSPARENT else 3
        given = tuple(draw(rules) for _ in range(allowed))
        files.append(FileModel(kind, sfi, size, count, given, body=body, name=f"file{sfi}"))
    descriptor = t.descriptor(
        pins=[t.pin(pin.limit, 4, 6, reset=pin.reset) for pin in pins],
        keys=[t.key(1, key.limit) for key in keys],
        files=[part(file) for file in files],
    )
    return Instance(aid, descriptor, pins=pins, keys=keys, files=files)


WHICH, DATA, FLAG = st.integers(0, 1), st.data(), st.booleans()
MOSTLY, RARELY = st.sampled_from((True, True, True, False)), st.sampled_from((False, False, False, True))
RECORD_FILES = st.sampled_from((LINEAR, CYCLIC))
EDGE = st.sampled_from((0, 0, 1, -2, -1, 0x100))
"""Where a command aims: from the start of a file, or negative from its end; 100 for the end itself."""


def aim(edge, size):
    return size if edge == 0x100 else max(0, size + edge) if edge < 0 else edge


class ContainerMachine(RuleBasedStateMachine):
    """The card and its model side by side; applet 0 is on channel 0, applet 1 on channel 1."""

    @initialize(first=instances(AIDS[0]), second=instances(AIDS[1]))
    def load(self, first, second):
        card = EmulatedCard("generic", seed=5)
        card.power_on()
        terminal = t.Terminal(card)
        for instance in (first, second):
            terminal.install(instance.aid, instance.descriptor)
            groups = [t.group(1, number, pin.value) for number, pin in enumerate(instance.pins, 1)]
            groups += [t.group(2, number, key.value) for number, key in enumerate(instance.keys, 1)]
            terminal.personalise(instance.aid, b"".join(groups))
        self.seen = [None, None]
        self.watched = watch(ForkedLink(card), Model((first, second)))
        self.watched.step = 1
        self.restart()
        self.model.outside = {FREE: self.free()}

    def restart(self):
        self.watched.reset()
        self.transmit(bytes((0, Ins.MANAGE_CHANNEL, 0, 1)))
        for which in (0, 1):
            self.select_again(which)

    @property
    def card(self):
        return self.watched._line.link.card

    @property
    def model(self):
        return self.watched.model

    def free(self):
        twin = self.card.fork()
        twin.power_on()
        return twin.transmit(FREE)

    def transmit(self, command):
        try:
            return self.watched.transmit(command)
        except InvariantBroken as broken:
            raise AssertionError(str(broken)) from broken

    def send(self, which, ins, p1, p2, data=b"", le=0, cla=0):
        body = bytes((len(data),)) + data if data else b""
        return self.transmit(bytes((cla | which, ins, p1, p2)) + body + (bytes((le & 0xFF,)) if le else b""))

    def instance(self, which):
        return self.model.instances[AIDS[which]]

    def opens(self, which, sfi, access):
        """Give the file if a command could use it now."""
        file, seat = self.instance(which).files.get(sfi), self.model.seats[which]
        return file and any(mask & seat.proved == mask for mask in file.rules[access])

    def pick(self, data, which, *kinds):
        """Choose an SFI: mostly of a file of those kinds, sometimes another, none or the current file."""
        if data.draw(MOSTLY):
            self.prove_everything(which)
        files = self.instance(which).files
        good = [sfi for sfi, file in files.items() if file.kind in kinds] or [1]
        others = [*files, 0, min({*range(1, 31)} - files.keys())]
        return data.draw(st.sampled_from(good * 6 + others))

    def named(self, which, sfi, *kinds):
        """Give the file that a command with this SFI means, if it is of those kinds."""
        file = self.instance(which).files.get(sfi or self.model.seats[which].current)
        return file if file and file.kind in kinds else None

    @rule(which=WHICH)
    def prove_everything(self, which):
        """Log in with every PIN and key that is not blocked, so that what follows is not all refused."""
        for command in Login(channel=which).commands(self.watched):
            self.transmit(command)

    @rule(which=WHICH, number=st.integers(0, 1), data=DATA, right=FLAG, again=FLAG)
    def verify(self, which, number, data, right, again):
        number = 1 + number % len(self.instance(which).pins)
        if again:
            self.verify_once(which, number, data, right=not right)
        self.verify_once(which, number, data, right=right)

    def verify_once(self, which, number, data, *, right):
        pin = self.instance(which).pins[number - 1]
        other = st.sampled_from((b"", b"123", b"0000", b"00000", b"000000")) | DIGITS
        self.send(which, Ins.VERIFY, 0, 0x80 | number, pin.value if right else data.draw(other))

    @rule(which=WHICH, number=st.integers(1, 2), old=st.none() | DIGITS, new=DIGITS | st.just(b"12a4"), proved=FLAG)
    def change(self, which, number, old, new, proved):
        number = min(number, len(self.instance(which).pins))
        value = self.instance(which).pins[number - 1].value
        old = (old or value)[: len(value)].ljust(len(value), b"0")
        self.send(which, Ins.CHANGE_REFERENCE_DATA, int(proved), 0x80 | number, new if proved else old + new)

    @rule(which=WHICH, number=st.integers(1, 2), new=st.none() | DIGITS, wrong=FLAG, data=DATA)
    def reset_counter(self, which, number, new, wrong, data):
        number = min(number, len(self.instance(which).pins))
        self.verify_once(which, number, data, right=not wrong)
        self.send(which, Ins.RESET_RETRY_COUNTER, 2 if new else 3, 0x80 | number, new or b"")

    @rule(which=WHICH, number=st.integers(1, 2), right=FLAG, asked=MOSTLY, times=st.integers(1, 3))
    def authenticate(self, which, number, right, asked, times):
        for _ in range(times):
            self.authenticate_once(which, number, right, asked)

    def authenticate_once(self, which, number, right, asked):
        challenge = self.send(which, Ins.GET_CHALLENGE, 0, 0, le=16 if asked else 8)[:-2]
        instance, answer = self.instance(which), bytes(16)
        if right and number <= len(instance.keys):
            answer = key_proof(instance.keys[number - 1].value, 0x82, number, challenge, instance.aid)
        for _ in range(2):
            self.send(which, Ins.EXTERNAL_AUTHENTICATE, 0, 0x80 | number, answer)

    @rule(which=WHICH, data=DATA, edge=EDGE, le=st.sampled_from((1, 2, 100, 256)))
    def read_binary(self, which, data, edge, le):
        sfi = self.pick(data, which, TRANSPARENT)
        file = self.named(which, sfi, TRANSPARENT)
        self.send(which, Ins.READ_BINARY, 0x80 | sfi if sfi else 0, aim(edge, file.size) if file else 0, le=le)

    @rule(which=WHICH, data=DATA, edge=EDGE, over=st.sampled_from((-9, 0, 1)), fill=st.integers(1, 255), split=FLAG)
    def update_binary(self, which, data, edge, over, fill, split):
        sfi = self.pick(data, which, TRANSPARENT)
        file = self.named(which, sfi, TRANSPARENT)
        offset = aim(edge, file.size) if file else 0
        new = bytes((fill + at) % 256 for at in range(max(1, file.size - offset + over))) if file else b"?"
        p1 = 0x80 | sfi if sfi else 0
        if split and len(new) > 1:
            first = self.send(which, Ins.UPDATE_BINARY, p1, offset, new[:1], cla=0x10)
            new = new[1:] if first == b"\x90\x00" else new
        self.send(which, Ins.UPDATE_BINARY, p1, offset, new)

    @rule(which=WHICH, data=DATA, number=st.integers(1, 5), all_=FLAG, le=st.integers(1, 256))
    def read_record(self, which, data, number, all_, le):
        sfi = self.pick(data, which, data.draw(RECORD_FILES))
        file = self.named(which, sfi, LINEAR, CYCLIC)
        le = max(le, file.size) if file and not all_ else le
        self.send(which, Ins.READ_RECORD, number, sfi << 3 | (5 if all_ else 4), le=le)

    @rule(which=WHICH, data=DATA, number=st.integers(1, 5), fill=st.integers(0, 255), short=RARELY)
    def update_record(self, which, data, number, fill, short):
        sfi = self.pick(data, which, data.draw(RECORD_FILES))
        file = self.named(which, sfi, LINEAR, CYCLIC)
        record = bytes((fill,)) * (file.size + short) if file else b"?"
        self.send(which, Ins.UPDATE_RECORD, number, sfi << 3 | 4, record)

    @rule(which=WHICH, data=DATA, fill=st.integers(0, 255), fits=MOSTLY, times=st.integers(1, 5))
    def append_record(self, which, data, fill, fits, times):
        sfi = self.pick(data, which, data.draw(RECORD_FILES))
        for number in range(times):
            file = self.named(which, sfi, LINEAR, CYCLIC)
            record = bytes(((fill + number) % 256,)) * (file.size + (not fits)) if file else b"?"
            self.send(which, Ins.APPEND_RECORD, 0, sfi << 3, record)

    @rule(which=WHICH, data=DATA)
    def select_file(self, which, data):
        sfi = self.pick(data, which, *range(4))
        self.send(which, Ins.SELECT, 2, 0x0C, bytes((0, sfi)))

    @rule(which=WHICH)
    def select_again(self, which):
        self.send(which, Ins.SELECT, 4, 0, AIDS[which], 256)

    @rule()
    def power_cycle(self):
        self.restart()

    @rule()
    def fork(self):
        """Go on with a fork, and let the parent do harm to itself."""
        parent = self.card
        outside, log = self.model.outside, self.watched.log
        self.watched = watch(fork(self.watched._line.link), self.model)
        self.watched.log, self.watched.step, self.model.outside = log, 1, outside
        parent.memory.cells[:] = bytes(len(parent.memory.cells))
        parent.power_off()

    @rule(size=st.integers(1, 600))
    def install_and_delete(self, size):
        """A third application comes and goes; channel 0 leaves its application for that."""
        terminal = t.Terminal(self.card)
        terminal.install(EXTRA, t.descriptor(files=[t.transparent(1, size)]))
        with pytest.raises(t.RefusedError, match="6A88"):
            terminal.personalise(EXTRA, t.group(3, 1, b"\0\0x") + t.group(3, 2, b"\0\0y"))
        terminal.personalise(EXTRA, b"")
        terminal.select(EXTRA)
        assert terminal.do(Ins.READ_BINARY, 0x81, 0, le=256) == bytes(min(size, 256))
        terminal.delete(EXTRA)
        terminal.select()
        self.model.seats[0].__init__()
        self.transmit(FREE)
        self.select_again(0)

    @rule(which=WHICH, data=DATA, n=st.integers(1, 9), outcome=st.sampled_from(OUTCOMES))
    def cut_a_write(self, which, data, n, outcome):
        """Power goes in a command on a readable file; the model follows whichever of the two states the card shows."""
        self.prove_everything(which)
        able = [f for f in self.instance(which).files.values() if f.kind != LINEAR]
        able = [f for f in able if self.opens(which, f.sfi, -1) and self.opens(which, f.sfi, 0)]
        if not able:
            return
        file = data.draw(st.sampled_from(able))
        self.watched.arm(PowerCut(write=n, outcome=outcome, seed=n))
        head = (Ins.APPEND_RECORD, 0, file.sfi << 3) if file.kind == CYCLIC else (Ins.UPDATE_BINARY, 0x80 | file.sfi, 0)
        try:
            self.send(which, *head, bytes((n,)) * file.size)
        except AssertionError:
            raise
        except Exception:  # noqa: BLE001, S110 - the cut, which the watched link has dealt with
            pass
        self.restart()
        self.look(which)

    @invariant()
    def what_can_be_read_agrees(self):
        """On a fork of the card, so that looking changes nothing: with the session's rights, then with all."""
        for which in (0, 1) if hasattr(self, "watched") else ():
            now = (self.card.writes, self.model.seats[which].proved)
            if self.seen[which] != now:
                self.look(which)
            self.seen[which] = now

    def look(self, which):
        twin = watch(fork(self.watched._line.link), self.model)
        twin.models = [model.copy() for model in self.watched.models]
        twin.suspect(self.watched)
        try:
            read_all(twin, which)
            for command in Login(channel=which).commands(twin):
                twin.transmit(command)
            read_all(twin, which)
        except InvariantBroken as broken:
            raise AssertionError(str(broken)) from broken
        if len(self.watched.models) > len(twin.models):
            kept = [contents(model, which) for model in twin.models]
            self.watched.models = [model for model in self.watched.models if contents(model, which) in kept]

    @invariant()
    def retry_counters_agree(self):
        for which in (0, 1) if hasattr(self, "watched") else ():
            for number in range(1, len(self.instance(which).pins) + 1):
                self.send(which, Ins.VERIFY, 0, 0x80 | number)


def contents(model, which):
    """Give what files hold, which looking does not change."""
    return model.instances[AIDS[which]].files


def read_all(watched, which):
    """Read every file, its last byte and its records, one and two at once."""
    for file in watched.model.instances[AIDS[which]].files.values():
        if file.kind == TRANSPARENT:
            watched.transmit(bytes((which, Ins.READ_BINARY, 0x80 | file.sfi, 0, 0)))
            watched.transmit(bytes((which, Ins.READ_BINARY, 0, file.size - 1, 0)))
            continue
        for number in range(1, len(file.rows) + 2):
            watched.transmit(bytes((which, Ins.READ_RECORD, number, file.sfi << 3 | 4, file.size)))
            watched.transmit(bytes((which, Ins.READ_RECORD, number, file.sfi << 3 | 5, 2 * file.size)))


@pytest.fixture
def machine():
    return ContainerMachine


@pytest.fixture
def plant(monkeypatch):
    """Give what replaces a function by itself with some of its text exchanged, wherever it was imported to."""

    def exchange(owner, name, old, new, *importers):
        original = inspect.getattr_static(owner, name)
        source = "from __future__ import annotations\n" + textwrap.dedent(inspect.getsource(original))
        assert old in source, "the planted fault has lost its place"
        made = {}
        exec(source.replace(old, new, 1), vars(inspect.getmodule(original)), made)  # noqa: S102
        for each in (owner, *importers):
            monkeypatch.setattr(each, name, made[name])

    return exchange
