"""PINs that can be disabled: random commands against a plain model, which must find faults planted in the card."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from yohaku.iso7816 import Instruction as Ins
from yohaku_emulator import EmulatedCard
from yohaku_emulator import terminal as t
from yohaku_emulator.container.credentials import Credentials
from yohaku_emulator.runtime import OwnerPin

AID = bytes.fromhex("F059484B7708")
OK, BLOCKED, DENIED, CONDITIONS, WRONG_LENGTH = 0x9000, 0x6983, 0x6982, 0x6985, 0x6700
NUMBERS = (0, 1)
PINS = st.sampled_from(NUMBERS)
VALUES = st.sampled_from((b"1111", b"2222", b"3333", b"444"))
MASKS = (0b00, 0b01, 0b10, 0b11)


class VerificationMachine(RuleBasedStateMachine):
    """Two PINs, the first resettable by the second, and a file for each mask of them."""

    @initialize(may=st.sampled_from(((True, True), (True, False))), limit=st.integers(2, 4))
    def load(self, may, limit):
        self.may, self.limit = may, limit
        self.values, self.left = [b"1111", b"2222"], [limit, limit]
        self.disabled, self.proved = set(), set()
        self.card = EmulatedCard("open", seed=3)
        self.card.power_on()
        self.terminal = t.Terminal(self.card)
        pins = [
            t.pin(limit, 4, 4, alphabet=0x81 if may[number] else 1, reset=reset)
            for number, reset in enumerate(((2,), t.NEVER))
        ]
        files = [t.transparent(1 + mask, 4, read=(mask,), update=t.NEVER) for mask in MASKS]
        self.terminal.install(AID, t.descriptor(pins=pins, files=files))
        self.terminal.personalise(AID, t.group(1, 1, b"1111") + t.group(1, 2, b"2222"))
        self.terminal.select(AID)

    def guess(self, pin, value):
        """Compare as the card has to; return the status word."""
        if len(value) != 4:
            return WRONG_LENGTH
        if not self.left[pin]:
            return BLOCKED
        if value != self.values[pin]:
            self.left[pin] -= 1
            self.proved.discard(pin)
            return 0x63C0 | self.left[pin]
        self.left[pin] = self.limit
        self.proved.add(pin)
        return OK

    def check(self, status, ins, p1, pin, data=b""):
        assert f"{self.terminal.send(ins, p1, 0x81 + pin, data).status:04X}" == f"{status:04X}"

    @rule(pin=PINS, value=st.none() | VALUES)
    def verify(self, pin, value):
        value = value or self.values[pin]
        self.check(self.guess(pin, value), Ins.VERIFY, 0, pin, value)

    @rule(pin=PINS, value=st.none() | VALUES, needed=st.booleans())
    def require(self, pin, value, needed):
        value = value or self.values[pin]
        ins = Ins.ENABLE_VERIFICATION_REQUIREMENT if needed else Ins.DISABLE_VERIFICATION_REQUIREMENT
        status = self.guess(pin, value) if self.may[pin] else CONDITIONS
        if status == OK:
            (self.disabled.discard if needed else self.disabled.add)(pin)
        self.check(status, ins, 0, pin, value)

    @rule(pin=PINS, old=st.none() | VALUES, new=st.sampled_from((b"1111", b"2222", b"3333")))
    def change(self, pin, old, new):
        old, proved = (old or self.values[pin]).ljust(4, b"0"), set(self.proved)
        status = self.guess(pin, old)
        if status == OK:
            self.values[pin], self.proved = new, proved
        self.check(status, Ins.CHANGE_REFERENCE_DATA, 0, pin, old + new)

    @rule(pin=PINS, new=st.sampled_from((b"1111", b"3333")))
    def change_verified(self, pin, new):
        status = OK if pin in self.proved else DENIED
        if status == OK:
            self.values[pin], self.left[pin] = new, self.limit
        self.check(status, Ins.CHANGE_REFERENCE_DATA, 1, pin, new)

    @rule(pin=PINS, new=st.sampled_from((b"1111", b"2222")), alone=st.booleans())
    def reset(self, pin, new, alone):
        status = OK if pin == 0 and 1 in self.proved | self.disabled else DENIED
        if status == OK:
            self.left[pin] = self.limit
            if not alone:
                self.values[pin] = new
                self.proved.discard(pin)
        self.check(status, Ins.RESET_RETRY_COUNTER, 3 if alone else 2, pin, b"" if alone else new)

    @rule(again=st.booleans())
    def power_cycle(self, again):
        self.card.power_on()
        self.proved = set()
        self.terminal.select(AID)
        if again:
            self.card = self.card.fork()
            self.terminal = t.Terminal(self.card)

    @invariant()
    def rules_hold_by_what_was_proved_and_what_is_not_required(self):
        state = sum(1 << pin for pin in self.proved | self.disabled) if hasattr(self, "card") else 0
        for mask in MASKS if hasattr(self, "card") else ():
            status = self.terminal.send(Ins.READ_BINARY, 0x81 + mask, 0, le=4).status
            assert status == (OK if state & mask == mask else DENIED)

    @invariant()
    def queries_are_free_and_right(self):
        for pin in NUMBERS if hasattr(self, "card") else ():
            self.check(OK if pin in self.disabled else 0x63C0 | self.left[pin], Ins.VERIFY, 0, pin)
            told = 0x63C0 | self.left[pin] if self.may[pin] else CONDITIONS
            self.check(told, Ins.ENABLE_VERIFICATION_REQUIREMENT, 0, pin)


FAULTS = [
    ("any PIN can be disabled", Credentials, "require", "& CAN_DISABLE", "& 0xFF"),
    ("disabling compares nothing", Credentials, "require", "self._present(apdu, descriptor, index, pin)", "pass"),
    ("disabling is not remembered", Credentials, "require", "pin.require(needed=needed)", "pass"),
    ("enabling disables", OwnerPin, "require", "self.limit if needed", "self.limit | self._DISABLED if needed"),
    ("a disabled PIN still guards", Credentials, "permits", "self.state | self._disabled(descriptor)", "self.state"),
    ("one disabled PIN opens all", Credentials, "_disabled", "sum(1 << index for", "sum(3 for"),
    ("a disabled PIN can be changed", Credentials, "change", "not self.state >>", "pin.required and not self.state >>"),
    ("the flag counts as tries", OwnerPin, "check", "limit & ~self._DISABLED", "limit & 0x8F"),
    ("a new value enables", OwnerPin, "update", "self._array.write(", "self.require(needed=True); self._array.write("),
    ("the query hides that it is disabled", Credentials, "verify", "if not pin.required:", "if False:"),
    ("wrong values count", Credentials, "require", "self._present(", "pin.require(needed=needed); self._present("),
    ("a wrong value leaves it verified", Credentials, "_check", "proved=False", "proved=bool(self.state >> index & 1)"),
]  # fmt: skip


def run(examples, **more):
    chosen = settings(
        max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), **more
    )
    run_state_machine_as_test(VerificationMachine, settings=chosen)


def test_disabling_and_enabling_do_what_the_model_does():
    run(settings.default.max_examples)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault[0])
def test_a_planted_fault_is_found(fault, plant, record_property):
    plant(*fault[1:])
    with pytest.raises((AssertionError, t.RefusedError, ExceptionGroup)):
        run(200, phases=[Phase.generate], derandomize=True, database=None, print_blob=False)
    record_property("mutants", 1)
