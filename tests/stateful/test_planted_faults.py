"""Planted faults: the machine must find each within the default profile, or it proves little.

Each is (name, owner, function, text, replacement): a way in which an emulator has gone or could go wrong.
"""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from yohaku_emulator import terminal as t
from yohaku_emulator.apdu import Apdu
from yohaku_emulator.container import credentials, descriptor
from yohaku_emulator.container.binary import Binary
from yohaku_emulator.container.chain import Chain
from yohaku_emulator.container.credentials import Credentials
from yohaku_emulator.container.files import Files
from yohaku_emulator.container.records import Records
from yohaku_emulator.container.table import Table
from yohaku_emulator.dispatcher import Dispatcher
from yohaku_emulator.registry import Registry
from yohaku_emulator.runtime import OwnerPin
from yohaku_emulator.store import Store
from yohaku_emulator.system import InstanceContext

MUTANTS = [
    ("no rights check", Files, "open", "if not self._credentials.permits(descriptor, rule):", "if False:"),
    ("rights of the wrong operation", Files, "open", "range(access)", "range(0)"),
    ("append under the update rule", Records, "append", "descriptor, APPEND", "descriptor, UPDATE"),
    ("any bit of a mask opens", descriptor, "allows", "state & mask == mask", "state & mask or not mask"),
    ("only the first mask counts", descriptor, "allows", "at += 2", "at = end"),
    ("counter after comparison", OwnerPin, "check", "self._array.write_apart(self._LEFT, bytes((left - 1,)))", "pass"),
    ("counter not given back", OwnerPin, "check", "bytes((limit & ~self._DISABLED,))", "bytes((left - 1,))"),
    ("blocked PIN is compared", Credentials, "_check", "if not pin.tries_left:", "if False:"),
    ("a wrong PIN stays verified", Credentials, "_check", "proved=False", "proved=bool(self.state >> index & 1)"),
    ("change needs no verification", Credentials, "change", "if apdu.p1 and not", "if False and not"),
    ("change leaves the counter", OwnerPin, "update", "bytes((self.limit, len", "bytes((self.tries_left, len"),
    ("reset without its rule", Credentials, "reset", "if not self.permits(", "if False and not self.permits("),
    ("a reset PIN stays verified", Credentials, "reset", "proved=False", "proved=bool(self.state >> index & 1)"),
    (
        "challenge is not used up",
        Credentials,
        "external_authenticate",
        "= bytes(1 + CHALLENGE)",
        "= bytes(self._challenge)",
    ),
    (
        "any challenge is kept",
        Credentials,
        "get_challenge",
        "kept = size == CHALLENGE",
        "kept, challenge = True, challenge.ljust(16)[:16]",
    ),
    ("key counter not decremented", Credentials, "_compare", "bytes((left - 1,))", "bytes((left,))"),
    (
        "key bit taken for a PIN's",
        Credentials,
        "external_authenticate",
        "self._prove(index, proved=True)",
        "self._prove(apdu.p2 & 0x7F, proved=True)",
    ),
    ("read beyond the end", Binary, "_at", "offset >= size", "offset > size"),
    ("update beyond the end by one", Binary, "update", "len(apdu.data) > size", "len(apdu.data) > size + 1"),
    ("reading forgets the current file", Binary, "_read", "self._files.make_current(index)", "pass"),
    (
        "a file is found by its number",
        Table,
        "find",
        "descriptor[offsets[index] + 1] == sfi",
        "index - credentials + 1 == sfi",
    ),
    ("record beyond the last", Records, "_place", "<= used", "<= used + 1"),
    ("cyclic wrap one late", Files, "append", "newest + 1 < records", "newest + 1 <= records"),
    ("cyclic order turned round", Records, "_place", "slot = newest - slot if", "slot = slot if"),
    ("cyclic read wraps wrong", Records, "_place", "newest + records - slot", "newest + records - slot - 1"),
    ("full linear file wraps", Files, "append", "used == records", "used > records"),
    ("append without length check", Records, "append", "if len(apdu.data) != descriptor[part + 2]:", "if False:"),
    (
        "range reads one too many",
        Records,
        "_range",
        "apdu.expected // size)",
        "apdu.expected // size + 1)",
    ),
    ("append is two steps", Records, "append", "self._context.begin()", "pass"),
    ("deselection clears nothing", InstanceContext, "clear", "if clear_on != CLEAR_ON_RESET:", "if False:"),
    ("channels share what is selected", Apdu, "_read_class", "kind & 0x03, kind & 0x0C", "0, kind & 0x0C"),
    ("abort keeps the pages", Store, "abort", "self._pending, self._open = {}, False", "self._open = False"),
    ("lost rollback", Dispatcher, "_failed", "self._system.store.abort()", "self._system.store.commit()"),
    ("recovery does nothing", Store, "recover", "self._unfinished()", "[]"),
    (
        "page written before its journal",
        Store,
        "_apply",
        "self._memory.write(self._journal",
        "[self._memory.write(n * self._page, i) for n, i in images]; self._memory.write(self._journal",
    ),
    ("deletion keeps the pages", Registry, "remove", "self._own(entry.pages, 0)", "pass"),
    (
        "chain loses its first segment",
        Chain,
        "_gather",
        "at = _HEAD + gathered",
        "at = _HEAD",
    ),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant[0])
def test_a_planted_fault_is_found(mutant, machine, plant, record_property):
    importers = (credentials,) if mutant[1] is descriptor else ()
    plant(*mutant[1:], *importers)
    quick = settings(
        max_examples=400,
        stateful_step_count=60,
        deadline=None,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    with pytest.raises((AssertionError, t.RefusedError, ExceptionGroup)):
        run_state_machine_as_test(machine, settings=quick)
    record_property("mutants", 1)
