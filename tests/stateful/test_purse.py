"""Random bookings on two purses and two channels against a plain model, and the planted faults that it must find."""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from yohaku.iso7816 import Instruction as Ins
from yohaku_emulator import EmulatedCard, PowerCut
from yohaku_emulator import terminal as t
from yohaku_emulator.container import purse
from yohaku_emulator.container.purse import Purses
from yohaku_emulator.crypto import aes_cmac
from yohaku_emulator.memory import OUTCOMES
from yohaku_emulator.system import InstanceContext

AIDS = (bytes.fromhex("F059484B7701"), bytes.fromhex("F059484B7702"))
PIN, KEYS = b"1234", (bytes(range(16)), bytes(range(1, 17)))
CREDIT, DEBIT, OK = 1, 2, 0x9000
READ, LOG, LAST = 0, 1, 0xFFFFFFFF
BYTES = st.sampled_from((1, 2, 200, 255, 256, 257, 65_535, 65_536, 0x7FFFFFFF))


@dataclass
class Model:
    """A purse, the session on its channel, and what was booked, the oldest first."""

    aid: bytes
    sfi: int
    entries: int
    limits: tuple
    rules: tuple
    key: int
    number: bytes = b""
    sequence: int = 0
    balance: int = 0
    booked: list = field(default_factory=list)
    state: int = 0

    def part(self):
        return t.purse(self.sfi, self.entries, self.limits, number=self.key, rules=self.rules)

    def allows(self, operation):
        return any(mask & self.state == mask for mask in self.rules[operation])

    def refusal(self, kind, amount):
        """Return the status word that a booking gets."""
        if not self.allows(kind + 1):
            return 0x6982
        if not 1 <= amount <= self.limits[kind]:
            return 0x6A80
        after = self.balance + (amount if kind == CREDIT else -amount)
        if not 0 <= after <= self.limits[0]:
            return 0x6985
        return 0x6A84 if self.sequence == LAST else OK

    def book(self, kind, amount, reference):
        self.sequence += 1
        self.balance += amount if kind == CREDIT else -amount
        entry = bytes((kind,)) + amount.to_bytes(4, "big") + self.balance.to_bytes(4, "big") + reference
        self.booked.append(self.number + self.sequence.to_bytes(4, "big") + entry)

    @property
    def head(self):
        return self.number + self.sequence.to_bytes(4, "big") + self.balance.to_bytes(4, "big")

    def receipts(self):
        """Return what the log must hold, the newest first, each with its proof."""
        return [one + self.proof(one) for one in self.booked[: -self.entries - 1 : -1]]

    def proof(self, receipt):
        return aes_cmac(KEYS[self.key - 1], bytes((0x58, self.key)) + receipt + self.aid)


@st.composite
def purses(draw, aid):
    most = draw(BYTES)
    limits = (most, *(min(most, draw(BYTES)) for _ in range(2)))
    rules = st.one_of(st.just((0,)), st.sampled_from(((1,), (2,), (4,), (1, 2), (3,), (6,), ())))
    return Model(aid, draw(st.integers(1, 30)), draw(st.integers(1, 4)), limits,
                 tuple(draw(rules) for _ in range(4)), draw(st.integers(1, 2)))  # fmt: skip


HOLDS = st.sampled_from((0, 0, 255, 256, 65_535, 65_536))
WHICH, KIND = st.integers(0, 1), st.sampled_from((CREDIT, CREDIT, DEBIT))
AIM = st.sampled_from(("limit", "over the limit", "room", "over the room", "half", "one", "one", "nothing"))


class Bookings(RuleBasedStateMachine):
    @initialize(models=st.tuples(*map(purses, AIDS)), near_the_end=st.booleans(), holds=HOLDS)
    def load(self, models, near_the_end, holds):
        self.models, self.count = models, 0
        self.card = EmulatedCard("open", seed=1)
        self.card.power_on()
        issuer = t.Terminal(self.card)
        for model in models:
            issuer.install(
                model.aid, t.descriptor(pins=[t.pin(3, 4, 4)], keys=[t.key(), t.key()], files=[model.part()])
            )
            issuer.personalise(model.aid, t.group(1, 1, PIN) + t.group(2, 1, KEYS[0]) + t.group(2, 2, KEYS[1]))
            body = InstanceContext(self.card._system, self.card._system.registry.entries[model.aid]).arrays[5]
            model.number = body.read(0, 8)
            model.sequence, model.balance = LAST - 3 if near_the_end else 0, min(holds, model.limits[0])
            body.write(0, model.head)
        self.enter()

    def enter(self):
        """Open the second channel, and select on both."""
        t.Terminal(self.card).do(Ins.MANAGE_CHANNEL, 0, 1)
        for which in (0, 1):
            self.select(which)

    def channel(self, which):
        return t.Terminal(self.card, which)

    @rule(which=WHICH)
    def select(self, which):
        self.channel(which).select(AIDS[which])
        self.models[which].state = 0

    @rule(which=WHICH, item=st.integers(0, 2))
    def prove(self, which, item):
        channel = self.channel(which)
        if item:
            assert channel.authenticate(item, KEYS[item - 1], AIDS[which]).status == OK
        else:
            channel.do(Ins.VERIFY, 0, 0x81, PIN)
        self.models[which].state |= 1 << item

    @rule(which=WHICH)
    def prove_all(self, which):
        for item in range(3):
            self.prove(which, item)

    def amount(self, model, kind, aim):
        room = model.limits[0] - model.balance if kind == CREDIT else model.balance
        return {
            "limit": model.limits[kind],
            "over the limit": model.limits[kind] + 1,
            "room": room,
            "over the room": room + 1,
            "half": max(min(room, model.limits[kind]) // 2, 1),
            "one": 1,
            "nothing": 0,
        }[aim]

    def send(self, which, kind, amount):
        self.count += 1
        reference = self.count.to_bytes(8, "big")
        ins = Ins.CREDIT if kind == CREDIT else Ins.DEBIT
        data = amount.to_bytes(4, "big") + reference
        return reference, self.channel(which).send(ins, 0, self.models[which].sfi, data, 256, cla=0x80)

    @rule(which=WHICH, kind=KIND, aim=AIM, again=st.integers(1, 3))
    def book(self, which, kind, aim, again):
        model = self.models[which]
        for _ in range(again):
            amount = self.amount(model, kind, aim)
            expected = model.refusal(kind, amount)
            reference, answer = self.send(which, kind, amount)
            assert answer.status == expected
            if expected == OK:
                model.book(kind, amount, reference)
                assert answer.data == model.head + model.proof(model.booked[-1])

    @rule(which=WHICH, kind=KIND, aim=AIM, n=st.integers(1, 6), outcome=st.sampled_from(OUTCOMES))
    def cut_a_booking(self, which, kind, aim, n, outcome):
        """Power goes in a booking: it happened or it did not, and the card knows which."""
        model = self.models[which]
        amount = self.amount(model, kind, aim)
        expected = model.refusal(kind, amount)
        self.card.memory.cut_at(n, outcome, seed=n)
        try:
            reference, answer = self.send(which, kind, amount)
            assert answer.status == expected
        except PowerCut:
            assert expected == OK
            reference = self.count.to_bytes(8, "big")
            self.card.power_on()
            done = self.held(which)[0] != model.head
        else:
            done = expected == OK
            self.card.memory.cut_at(0)
            self.card.power_on()
        if done:
            model.book(kind, amount, reference)
        self.enter()

    def held(self, which):
        """Look into the memory of a twin of the card; return what the purse holds, and the twin."""
        model, twin = self.models[which], self.card.fork()
        system = twin._system
        body = InstanceContext(system, system.registry.entries[model.aid]).arrays[5]
        return body.read(0, 16), twin

    @invariant()
    def the_purses_hold_what_was_booked(self):
        for which, model in enumerate(getattr(self, "models", ())):
            head, twin = self.held(which)
            assert head == model.head
            channel = t.Terminal(twin, which)
            answer = channel.send(Ins.READ_PURSE, 0, model.sfi, le=16, cla=0x80)
            assert answer.status == (OK if model.allows(READ) else 0x6982)
            assert answer.data in (model.head, b"")
            self.read_log(channel, model)

    def read_log(self, channel, model):
        expected = model.receipts()
        answer = channel.send(Ins.READ_RECEIPTS, 1, model.sfi, le=256, cla=0x80)
        if not model.allows(LOG):
            assert answer.status == 0x6982
        elif not expected:
            assert answer.status == 0x6A83
        else:
            assert answer.data == b"".join(expected)
            last = channel.send(Ins.READ_RECEIPTS, len(expected), model.sfi, le=256, cla=0x80)
            assert last.data == expected[-1]
            beyond = channel.send(Ins.READ_RECEIPTS, len(expected) + 1, model.sfi, le=256, cla=0x80)
            assert beyond.status == 0x6A83


def test_bookings_do_what_the_model_does():
    chosen = settings(
        deadline=None,
        max_examples=settings.default.max_examples * 2 // 3,
        stateful_step_count=40,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Bookings, settings=chosen)


MUTANTS = [
    ("no rights check", Purses, "_open", "if not self._credentials.permits(descriptor, rule):", "if False:"),
    ("debit under the credit rule", Purses, "_open", "range(access)", "range(min(access, 2))"),
    ("log under the read rule", Purses, "receipts", "descriptor, _LOG", "descriptor, _READ"),
    ("limit refuses itself", Purses, "_book", "amount > descriptor[limit", "amount >= descriptor[limit"),
    ("no limit", Purses, "_book", "amount > descriptor[limit : limit + 4]", "False"),
    ("the credit limit for both", Purses, "_book", "4 * kind", "4"),
    ("nothing is booked", Purses, "_book", "amount == bytes(4) or", ""),
    ("balance below zero", purse, "_balance", "if amount > balance:", "if False:"),
    ("balance above the highest", purse, "_balance", "if after > most:", "if False:"),
    ("highest balance out of reach", purse, "_balance", "if after > most:", "if after >= most:"),
    ("booking is many steps", Purses, "_book", "self._context.begin()", "pass"),
    ("numbers start again", Purses, "_book", "if sequence == _LAST:", "if False:"),
    (
        "a refused booking takes a number",
        Purses,
        "_book",
        "balance = _balance(",
        "self._table.array(index).write(PURSE_NUMBER, _sum(sequence, _ONE)); balance = _balance(",
    ),
    ("log wraps one late", purse, "append_entry", "newest + 1 < entries", "newest + 1 <= entries"),
    ("log never wraps", purse, "append_entry", "min(used + 1, entries)", "used + 1"),
    ("log is read from the wrong end", Purses, "receipts", "newest - age if", "age if"),
    ("all entries have the newest number", Purses, "receipts", "bytes((0, 0, 0, age))", "bytes(4)"),
    ("the proof covers no amount", Purses, "_proof", "+ receipt +", "+ receipt[:13] + receipt[17:] +"),
    ("the proof covers no AID", Purses, "_proof", "+ self._context.aid", ""),
    ("the first key vouches", Purses, "_proof", "descriptor[part + PURSE_KEY]", "1"),
    ("the proof covers no balance", Purses, "_book", "+ entry)", "+ entry[:5] + bytes(4) + entry[9:])"),
    ("the carry is lost", purse, "_sum", "carry >>= 8", "carry = 0"),
    ("the borrow is lost", purse, "_difference", "borrow >> 8 & 1", "0"),
]  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant[0])
def test_a_planted_fault_is_found(mutant, plant, record_property):
    plant(*mutant[1:])
    quick = settings(
        max_examples=300,
        stateful_step_count=40,
        deadline=None,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    with pytest.raises((AssertionError, t.RefusedError, ExceptionGroup)):
        run_state_machine_as_test(Bookings, settings=quick)
    record_property("mutants", 1)
