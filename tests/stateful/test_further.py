"""The same machine with the commands that move through records, search and erase."""

import sys

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from yohaku.iso7816 import Instruction as Ins


def further(machine):
    """Extend the machine, whose class comes from a fixture."""
    base = sys.modules[machine.__module__]
    records = (base.LINEAR, base.CYCLIC)

    class Further(machine):
        @rule(which=base.WHICH, data=base.DATA, modes=st.lists(st.integers(0, 4), min_size=2, max_size=5))
        def move(self, which, data, modes):
            sfi = self.pick(data, which, data.draw(base.RECORD_FILES))
            for mode in modes:
                self.move_once(which, sfi, mode)

        def move_once(self, which, sfi, mode):
            file = self.named(which, sfi, *records)
            self.send(which, Ins.READ_RECORD, 0, sfi << 3 | mode, le=file.size if file else 256)

        @rule(which=base.WHICH, data=base.DATA, start=st.integers(0, 4), backward=base.FLAG, fill=st.integers(0, 3))
        def search(self, which, data, start, backward, fill):
            sfi = self.pick(data, which, data.draw(base.RECORD_FILES))
            file = self.named(which, sfi, *records)
            text = file.rows[fill][:1] if file and fill < len(file.rows) else bytes((fill,))
            self.send(which, Ins.SEARCH_RECORD, start, sfi << 3 | 4 | backward, text, 256)
            self.move_once(which, sfi, 4)

        @rule(which=base.WHICH, data=base.DATA, edge=base.EDGE, end=base.EDGE, to_end=base.FLAG)
        def erase(self, which, data, edge, end, to_end):
            sfi = self.pick(data, which, base.TRANSPARENT)
            file = self.named(which, sfi, base.TRANSPARENT)
            offset, until = (base.aim(edge, file.size), base.aim(end, file.size)) if file else (0, 1)
            data = b"" if to_end else until.to_bytes(2, "big")
            self.send(which, Ins.ERASE_BINARY, 0x80 | sfi if sfi else 0, offset, data)

    return Further


def test_moving_searching_and_erasing_do_what_the_model_does(machine):
    quick = settings(deadline=None, stateful_step_count=60, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(further(machine), settings=quick)
