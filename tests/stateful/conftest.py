"""The machine: random commands on two channels against a plain model of files, rights, PINs and keys."""

from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from yohaku.iso7816 import Instruction as Ins
from yohaku_emulator import EmulatedCard, PowerCut
from yohaku_emulator import terminal as t
from yohaku_emulator.memory import OUTCOMES

AIDS = (bytes.fromhex("F059484B7701"), bytes.fromhex("F059484B7702"))
EXTRA = bytes.fromhex("F059484B7703")
TRANSPARENT, LINEAR, CYCLIC = 1, 2, 3
BLOCKED, DENIED, OK = 0x6983, 0x6982, 0x9000


@dataclass
class PinModel:
    """A PIN, or a key, which has no reset rule and may have no limit (0)."""

    limit: int
    value: bytes
    reset: tuple = ()
    left: int = 0

    def guess(self, value):
        if not self.left:
            return BLOCKED
        self.left -= 1
        if value != self.value:
            return 0x63C0 | self.left
        self.left = self.limit
        return OK


@dataclass
class FileModel:
    kind: int
    sfi: int
    size: int
    records: int
    rules: tuple
    body: bytearray = field(default_factory=bytearray)
    rows: list = field(default_factory=list)

    def part(self):
        if self.kind == TRANSPARENT:
            return t.transparent(self.sfi, self.size, read=self.rules[0], update=self.rules[1])
        make = t.linear if self.kind == LINEAR else t.cyclic
        read, update, append = self.rules
        return make(self.sfi, self.size, self.records, read=read, update=update, append=append)


@dataclass
class Model:
    """One instance: what it holds, and what its session has proved."""

    aid: bytes
    pins: list
    keys: list
    files: dict
    state: set = field(default_factory=set)
    current: int = 0

    def leave(self):
        self.state, self.current = set(), 0

    def holds(self, rule_, state=None):
        mine = sum(1 << one for one in (self.state if state is None else state))
        return any(mask & mine == mask for mask in rule_)

    def open(self, sfi, access, *, transparent):
        """Return the file, or the status word that says why not."""
        file = self.files.get(sfi or self.current)
        if file is None:
            return 0x6A82 if sfi else 0x6986
        if (file.kind == TRANSPARENT) is not transparent:
            return 0x6981
        return file if self.holds(file.rules[access]) else DENIED

    def prove(self, index, status):
        if status == OK:
            self.state.add(index)
        elif status != BLOCKED:
            self.state.discard(index)


DIGITS = st.text("0123456789", min_size=4, max_size=6).map(str.encode)


@st.composite
def instances(draw, aid):
    """One to two PINs, none to two keys, and three or four files, one of each kind, most of them within reach."""
    pins = draw(st.lists(st.builds(PinModel, st.sampled_from((1, 2, 3, 3)), DIGITS), min_size=1, max_size=2))
    keys = draw(st.lists(st.builds(PinModel, st.integers(0, 2), st.binary(min_size=16, max_size=16)), max_size=2))
    total = len(pins) + len(keys)
    one = st.integers(0, total - 1).map(lambda index: 1 << index)
    always, several = st.just((0,)), st.lists(st.integers(1, (1 << total) - 1), max_size=2).map(tuple)
    rules = st.one_of(always, always, st.tuples(one), st.tuples(one, one), several)
    for pin in pins:
        pin.reset, pin.left = draw(rules), pin.limit
    for key in keys:
        key.left = key.limit
    kinds = draw(st.permutations((TRANSPARENT, LINEAR, CYCLIC, CYCLIC)))[draw(st.integers(0, 1)) :]
    sfis = draw(st.lists(st.integers(1, 30), min_size=4, max_size=4, unique=True))
    made = {}
    for kind, sfi in zip(kinds, sfis, strict=False):
        size, count = draw(st.integers(1, 140) if kind == TRANSPARENT else st.integers(1, 50)), draw(st.integers(1, 4))
        file = FileModel(kind, sfi, size, count, tuple(draw(rules) for _ in range(2 if kind == TRANSPARENT else 3)))
        file.body = bytearray(size)
        made[sfi] = file
    return Model(aid, pins, keys, made)


WHICH, DATA, FLAG = st.integers(0, 1), st.data(), st.booleans()
MOSTLY, RARELY = st.sampled_from((True, True, True, False)), st.sampled_from((False, False, False, True))
RECORD_FILES = st.sampled_from((LINEAR, CYCLIC))
EDGE = st.sampled_from((0, 0, 1, -2, -1, 0x100))
"""Where a command aims: from the start of a file, or negative from its end; 100 for the end itself."""


def aim(edge, size):
    return size if edge == 0x100 else max(0, size + edge) if edge < 0 else edge


class ContainerMachine(RuleBasedStateMachine):
    """The card and its model side by side."""

    @initialize(first=instances(AIDS[0]), second=instances(AIDS[1]))
    def load(self, first, second):
        self.card = EmulatedCard("generic", seed=5)
        self.card.power_on()
        self.models, self.seen = (first, second), [None, None]
        terminal = t.Terminal(self.card)
        for model in self.models:
            parts = t.descriptor(
                pins=[t.pin(pin.limit, 4, 6, reset=pin.reset) for pin in model.pins],
                keys=[t.key(1, key.limit) for key in model.keys],
                files=[file.part() for file in model.files.values()],
            )
            terminal.install(model.aid, parts)
            groups = [t.group(1, number, pin.value) for number, pin in enumerate(model.pins, 1)]
            groups += [t.group(2, number, key.value) for number, key in enumerate(model.keys, 1)]
            terminal.personalise(model.aid, b"".join(groups))
        self.free = self.free_bytes()
        self.start()

    def start(self):
        t.Terminal(self.card).do(Ins.MANAGE_CHANNEL, 0, 1)
        self.terminals = (t.Terminal(self.card, 0), t.Terminal(self.card, 1))
        for terminal, model in zip(self.terminals, self.models, strict=True):
            model.leave()
            terminal.select(model.aid)

    def free_bytes(self):
        terminal = t.Terminal(self.card)
        terminal.select()
        return terminal.do(Ins.GET_DATA, 0xFF, 0x21, le=256)[:9]

    def check(self, which, status, ins, p1, p2, data=b"", le=0, answer=b""):
        response = self.terminals[which].send(ins, p1, p2, data, le)
        assert f"{response.status:04X}" == f"{status:04X}", f"instruction {ins:02X} {p1:02X} {p2:02X}"
        assert response.data == (answer if status == OK else b"")

    def pick(self, data, which, *kinds):
        """Choose an SFI: mostly of a file of those kinds, sometimes another, none or the current file."""
        model = self.models[which]
        if data.draw(MOSTLY):
            self.prove_everything(which)
        good = [sfi for sfi, file in model.files.items() if file.kind in kinds] or [1]
        others = [*model.files, 0, min({*range(1, 31)} - model.files.keys())]
        return data.draw(st.sampled_from(good * 6 + others))

    @rule(which=WHICH)
    def prove_everything(self, which):
        """Log in with every PIN and key that is not blocked, so that what follows is not all refused."""
        model = self.models[which]
        for number, pin in enumerate(model.pins, 1):
            status = pin.guess(pin.value)
            model.prove(number - 1, status)
            self.check(which, status, Ins.VERIFY, 0, 0x80 | number, pin.value)
        for number, key in enumerate(model.keys, 1):
            if not key.limit or key.left:
                key.left = key.limit
                model.prove(len(model.pins) + number - 1, OK)
                assert self.terminals[which].authenticate(number, key.value, model.aid).status == OK

    @rule(which=WHICH, number=st.integers(0, 1), data=DATA, right=FLAG, again=FLAG)
    def verify(self, which, number, data, right, again):
        number = 1 + number % len(self.models[which].pins)
        if again:
            self.verify_once(which, number, data, right=not right)
        self.verify_once(which, number, data, right=right)

    def verify_once(self, which, number, data, *, right):
        model = self.models[which]
        pin = model.pins[number - 1]
        value = pin.value if right else data.draw(st.sampled_from((b"", b"123", b"0000", b"00000", b"000000")) | DIGITS)
        if not value:
            status = 0x63C0 | pin.left
        elif len(value) < 4:
            status = 0x6700
        else:
            status = pin.guess(value)
            model.prove(number - 1, status)
        self.check(which, status, Ins.VERIFY, 0, 0x80 | number, value)

    @rule(which=WHICH, number=st.integers(1, 2), old=st.none() | DIGITS, new=DIGITS | st.just(b"12a4"), proved=FLAG)
    def change(self, which, number, old, new, proved):
        model = self.models[which]
        number = min(number, len(model.pins))
        pin = model.pins[number - 1]
        old = (old or pin.value)[: len(pin.value)].ljust(len(pin.value), b"0")
        if proved and number - 1 not in model.state:
            status = DENIED
        elif not new.isdigit():
            status = 0x6A80
        else:
            status = OK if proved else pin.guess(old)
            if status not in {OK, BLOCKED}:
                model.prove(number - 1, status)
        if status == OK:
            pin.value, pin.left = new, pin.limit
        data = new if proved else old + new
        self.check(which, status, Ins.CHANGE_REFERENCE_DATA, int(proved), 0x80 | number, data)

    @rule(which=WHICH, number=st.integers(1, 2), new=st.none() | DIGITS, wrong=FLAG, data=DATA)
    def reset_counter(self, which, number, new, wrong, data):
        model = self.models[which]
        number = min(number, len(model.pins))
        self.verify_once(which, number, data, right=not wrong)
        pin = model.pins[number - 1]
        status = OK if model.holds(pin.reset) else DENIED
        if status == OK:
            pin.left = pin.limit
            if new:
                pin.value = new
                model.state.discard(number - 1)
        self.check(which, status, Ins.RESET_RETRY_COUNTER, 2 if new else 3, 0x80 | number, new or b"")

    @rule(which=WHICH, number=st.integers(1, 2), right=MOSTLY, asked=MOSTLY, times=st.integers(1, 3))
    def authenticate(self, which, number, right, asked, times):
        for _ in range(times):
            self.authenticate_once(which, number, right, asked)

    def authenticate_once(self, which, number, right, asked):
        model, terminal = self.models[which], self.terminals[which]
        challenge = terminal.do(Ins.GET_CHALLENGE, le=16 if asked else 8)
        if number > len(model.keys):
            return self.check(which, 0x6A88, Ins.EXTERNAL_AUTHENTICATE, 0, 0x80 | number, bytes(16))
        key = model.keys[number - 1]
        answer = t.aes_cmac(key.value, bytes((0x82, number)) + challenge + model.aid) if right else bytes(16)
        if key.limit and not key.left:
            status = BLOCKED
        elif not asked:
            status = 0x6985
        elif right:
            status, key.left = OK, key.limit
        else:
            key.left -= bool(key.limit)
            status = 0x63C0 | key.left if key.limit else 0x6300
        if asked:
            model.prove(len(model.pins) + number - 1, status)
        self.check(which, status, Ins.EXTERNAL_AUTHENTICATE, 0, 0x80 | number, answer)
        again = BLOCKED if key.limit and not key.left else 0x6985
        return self.check(which, again, Ins.EXTERNAL_AUTHENTICATE, 0, 0x80 | number, answer)

    @rule(which=WHICH, data=DATA, edge=EDGE, le=st.sampled_from((1, 2, 100, 256)))
    def read_binary(self, which, data, edge, le):
        model = self.models[which]
        sfi = self.pick(data, which, TRANSPARENT)
        file = model.open(sfi, 0, transparent=True)
        status, answer, offset = file, b"", 0
        if isinstance(file, FileModel):
            offset = aim(edge, file.size)
            status = OK if offset < file.size else 0x6B00
            answer = bytes(file.body[offset : offset + le])
            if status == OK:
                model.current = file.sfi
        self.check(which, status, Ins.READ_BINARY, 0x80 | sfi if sfi else 0, offset, le=le, answer=answer)

    @rule(which=WHICH, data=DATA, edge=EDGE, over=st.sampled_from((-9, 0, 1)), fill=st.integers(1, 255), split=FLAG)
    def update_binary(self, which, data, edge, over, fill, split):
        model = self.models[which]
        sfi = self.pick(data, which, TRANSPARENT)
        file = model.open(sfi, 1, transparent=True)
        status, offset, new = file, 0, b"?"
        if isinstance(file, FileModel):
            offset = aim(edge, file.size)
            new = bytes((fill + at) % 256 for at in range(max(1, file.size - offset + over)))
            status = 0x6B00 if offset >= file.size else 0x6700 if offset + len(new) > file.size else OK
            if status == OK:
                file.body[offset : offset + len(new)] = new
                model.current = file.sfi
        p1 = 0x80 | sfi if sfi else 0
        if split and len(new) > 1 and status in {OK, 0x6700}:
            self.terminals[which].do(Ins.UPDATE_BINARY, p1, offset, new[:1], cla=0x10)
            new = new[1:]
        self.check(which, status, Ins.UPDATE_BINARY, p1, offset, new)

    @rule(which=WHICH, data=DATA, number=st.integers(1, 5), all_=FLAG, le=st.integers(1, 256))
    def read_record(self, which, data, number, all_, le):
        model = self.models[which]
        sfi = self.pick(data, which, data.draw(RECORD_FILES))
        file = model.open(sfi, 0, transparent=False)
        status, answer = file, b""
        if isinstance(file, FileModel):
            le = max(le, file.size) if not all_ else le
            status = OK if number <= len(file.rows) else 0x6A83
            if status == OK:
                model.current = file.sfi
                wanted = file.rows[number - 1 : number - 1 + le // file.size] if all_ else [file.rows[number - 1]]
                answer = b"".join(wanted)
                status = OK if answer else 0x6C00 | file.size
        self.check(which, status, Ins.READ_RECORD, number, sfi << 3 | (5 if all_ else 4), le=le, answer=answer)

    @rule(which=WHICH, data=DATA, number=st.integers(1, 5), fill=st.integers(0, 255), short=RARELY)
    def update_record(self, which, data, number, fill, short):
        model = self.models[which]
        sfi = self.pick(data, which, data.draw(RECORD_FILES))
        file = model.open(sfi, 1, transparent=False)
        status, record = file, b"?"
        if isinstance(file, FileModel):
            record = bytes((fill,)) * (file.size + short)
            status = 0x6A83 if number > len(file.rows) else 0x6700 if short else OK
            if status == OK:
                file.rows[number - 1] = record
                model.current = file.sfi
        self.check(which, status, Ins.UPDATE_RECORD, number, sfi << 3 | 4, record)

    @rule(which=WHICH, data=DATA, fill=st.integers(0, 255), fits=MOSTLY, times=st.integers(1, 5))
    def append_record(self, which, data, fill, fits, times):
        sfi = self.pick(data, which, data.draw(RECORD_FILES))
        for number in range(times):
            self.append_once(which, sfi, (fill + number) % 256, fits)

    def append_once(self, which, sfi, fill, fits):
        model = self.models[which]
        file = model.open(sfi, 2, transparent=False) if sfi in model.files or not sfi else 0x6A82
        status, record = file, b"?"
        if isinstance(file, FileModel):
            record = bytes((fill,)) * (file.size + (not fits))
            status = 0x6700 if not fits else OK
            if status == OK and file.kind == LINEAR and len(file.rows) == file.records:
                status = 0x6A84
        if status == OK:
            model.current = file.sfi
            if file.kind == LINEAR:
                file.rows.append(record)
            else:
                file.rows = [record, *file.rows][: file.records]
        self.check(which, status, Ins.APPEND_RECORD, 0, sfi << 3, record)

    @rule(which=WHICH, data=DATA)
    def select_file(self, which, data):
        model = self.models[which]
        sfi = self.pick(data, which, *range(4))
        known = sfi in model.files
        if known:
            model.current = sfi
        self.check(which, OK if known else 0x6A82, Ins.SELECT, 2, 0x0C, bytes((0, sfi)))

    @rule(which=WHICH)
    def select_again(self, which):
        self.models[which].leave()
        self.terminals[which].select(self.models[which].aid)

    @rule()
    def power_cycle(self):
        self.card.power_on()
        self.start()

    @rule()
    def fork(self):
        """Go on with a fork, and let the parent do harm to itself."""
        parent, self.card = self.card, self.card.fork()
        self.terminals = (t.Terminal(self.card, 0), t.Terminal(self.card, 1))
        parent.memory.cells[:] = bytes(len(parent.memory.cells))
        parent.power_off()

    @rule(size=st.integers(1, 600))
    def install_and_delete(self, size):
        """A third application comes and goes; channel 0 leaves its application for that."""
        terminal = self.terminals[0]
        terminal.install(EXTRA, t.descriptor(files=[t.transparent(1, size)]))
        with pytest.raises(t.RefusedError, match="6A88"):
            terminal.personalise(EXTRA, t.group(3, 1, b"\0\0x") + t.group(3, 2, b"\0\0y"))
        terminal.personalise(EXTRA, b"")
        terminal.select(EXTRA)
        assert terminal.do(Ins.READ_BINARY, 0x81, 0, le=256) == bytes(min(size, 256))
        terminal.delete(EXTRA)
        assert self.free_bytes() == self.free
        self.models[0].leave()
        terminal.select(self.models[0].aid)

    @rule(which=WHICH, data=DATA, n=st.integers(1, 9), outcome=st.sampled_from(OUTCOMES))
    def cut_a_write(self, which, data, n, outcome):
        """Power goes in a command on a readable file; the model follows whichever of the two states the card shows."""
        self.prove_everything(which)
        model = self.models[which]
        able = [f for f in model.files.values() if f.kind != LINEAR and model.holds(f.rules[-1])]
        able = [f for f in able if model.holds(f.rules[0])]
        if not able:
            return
        file = data.draw(st.sampled_from(able))
        self.card.memory.cut_at(n, outcome, n)
        try:
            if file.kind == CYCLIC:
                self.terminals[which].do(Ins.APPEND_RECORD, 0, file.sfi << 3, bytes((n,)) * file.size)
            else:
                self.terminals[which].do(Ins.UPDATE_BINARY, 0x80 | file.sfi, 0, bytes((n,)) * file.size)
        except PowerCut:
            self.card.power_on()
        self.card.memory.cut_at(0)
        self.card.power_on()
        self.start()
        self.settle(which, file, n)

    def settle(self, which, file, n):
        """Find out what became of the command; the invariant then holds the card to it."""
        old, old_rows = file.body[:], file.rows
        if file.kind == CYCLIC:
            file.rows = [bytes((n,)) * file.size, *file.rows][: file.records]
        else:
            file.body = bytearray((n,)) * file.size
        try:
            self.look(which)
        except AssertionError:
            file.body, file.rows = old, old_rows

    @invariant()
    def what_can_be_read_agrees(self):
        """On a fork of the card, so that looking changes nothing: with the session's rights, then with all."""
        for which, model in enumerate(getattr(self, "models", ())):
            now = (self.card.writes, frozenset(model.state))
            if self.seen[which] != now:
                self.look(which)
            self.seen[which] = now

    def look(self, which):
        model, terminal = self.models[which], t.Terminal(self.card.fork(), which)
        audit(terminal, model, model.state)
        everything = set(model.state)
        for number, pin in enumerate(model.pins, 1):
            if pin.left:
                everything.add(number - 1)
                terminal.do(Ins.VERIFY, 0, 0x80 | number, pin.value)
        for number, key in enumerate(model.keys, 1):
            if key.left or not key.limit:
                everything.add(len(model.pins) + number - 1)
                assert terminal.authenticate(number, key.value, model.aid).status == OK
        audit(terminal, model, everything)

    @invariant()
    def retry_counters_agree(self):
        for which, model in enumerate(getattr(self, "models", ())):
            for number, pin in enumerate(model.pins, 1):
                self.check(which, 0x63C0 | pin.left, Ins.VERIFY, 0, 0x80 | number)


def audit(terminal, model, state):
    """Read all files as far as the credentials ``state`` open them."""
    for file in model.files.values():
        if file.kind == TRANSPARENT:
            expected = (OK, bytes(file.body)) if model.holds(file.rules[0], state) else (DENIED, b"")
            assert ask(terminal, Ins.READ_BINARY, 0x80 | file.sfi, 0, 256) == expected
            if expected[1]:
                assert ask(terminal, Ins.READ_BINARY, 0, file.size - 1, 256) == (OK, bytes(file.body[-1:]))
            continue
        for number in range(1, len(file.rows) + 2):
            expected = (OK, file.rows[number - 1]) if number <= len(file.rows) else (0x6A83, b"")
            two = (OK, b"".join(file.rows[number - 1 : number + 1])) if number <= len(file.rows) else (0x6A83, b"")
            if not model.holds(file.rules[0], state):
                expected = two = (DENIED, b"")
            assert ask(terminal, Ins.READ_RECORD, number, file.sfi << 3 | 4, file.size) == expected
            assert ask(terminal, Ins.READ_RECORD, number, file.sfi << 3 | 5, 2 * file.size) == two


def ask(terminal, ins, p1, p2, le):
    response = terminal.send(ins, p1, p2, le=le)
    return response.status, response.data


@pytest.fixture
def machine():
    return ContainerMachine
