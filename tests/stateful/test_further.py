"""The same machine with the commands that move through records, search and erase."""

import sys

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from yohaku.iso7816 import Instruction as Ins

OK, ERASE, SEARCH = 0x9000, 0x0E, 0xA2


def further(machine):  # noqa: C901 - it holds a class, whose base comes from a fixture
    """Extend the machine; its model learns which record is current."""
    base = sys.modules[machine.__module__]

    class Further(machine):
        pointers = (0, 0)

        def pointer(self, which, file):
            sfi, number = self.pointers[which] or (0, 0)
            return number if sfi == file.sfi == self.models[which].current else 0

        def point(self, which, file, number):
            self.pointers = tuple((file.sfi, number) if one == which else self.pointers[one] for one in (0, 1))
            self.models[which].current = file.sfi

        @invariant()
        def another_file_forgets_the_record(self):
            models = getattr(self, "models", ())
            self.pointers = tuple(
                old if old and old[0] == model.current else 0 for old, model in zip(self.pointers, models, strict=False)
            ) or (0, 0)

        def append_once(self, which, sfi, fill, fits):
            model = self.models[which]
            file = model.files.get(sfi or model.current)
            before = file and (file.rows, len(file.rows))
            super().append_once(which, sfi, fill, fits)
            if file and (before[0] is not file.rows or before[1] != len(file.rows)):
                self.point(which, file, 1 if file.kind == base.CYCLIC else len(file.rows))

        @rule(which=base.WHICH, data=base.DATA, modes=st.lists(st.integers(0, 4), min_size=2, max_size=5))
        def move(self, which, data, modes):
            sfi = self.pick(data, which, data.draw(base.RECORD_FILES))
            for mode in modes:
                self.move_once(which, sfi, mode)

        def move_once(self, which, sfi, mode):
            file = self.models[which].open(sfi, 0, transparent=False)
            status, answer, le = file, b"", 256
            if isinstance(file, base.FileModel):
                now, used = self.pointer(which, file), len(file.rows)
                number = (1, used, now + 1, now - 1 if now else used, now)[mode]
                status, le = (OK if 1 <= number <= used else 0x6A83), file.size
                if status == OK:
                    answer = file.rows[number - 1]
                    self.models[which].current = file.sfi
                    if mode < 4:
                        self.point(which, file, number)
            self.check(which, status, Ins.READ_RECORD, 0, sfi << 3 | mode, le=le, answer=answer)

        @rule(which=base.WHICH, data=base.DATA, start=st.integers(0, 4), backward=base.FLAG, fill=st.integers(0, 3))
        def search(self, which, data, start, backward, fill):
            sfi = self.pick(data, which, data.draw(base.RECORD_FILES))
            file = self.models[which].open(sfi, 0, transparent=False)
            status, answer, text = file, b"", bytes((fill,))
            if isinstance(file, base.FileModel):
                text = file.rows[fill][:1] if fill < len(file.rows) else text
                first, used = start or self.pointer(which, file), len(file.rows)
                numbers = range(first, 0, -1) if backward else range(first, used + 1)
                status = OK if 1 <= first <= used else 0x6A83
                if status == OK:
                    answer = bytes(number for number in numbers if text in file.rows[number - 1])
                    status = OK if answer else 0x6282
                if status == OK:
                    self.point(which, file, answer[0])
            self.check(which, status, SEARCH, start, sfi << 3 | 4 | backward, text, 256, answer)
            self.move_once(which, sfi, 4)

        @rule(which=base.WHICH, data=base.DATA, edge=base.EDGE, end=base.EDGE, to_end=base.FLAG)
        def erase(self, which, data, edge, end, to_end):
            sfi = self.pick(data, which, base.TRANSPARENT)
            file = self.models[which].open(sfi, 1, transparent=True)
            status, offset, until = file, 0, 1
            if isinstance(file, base.FileModel):
                offset, until = base.aim(edge, file.size), base.aim(end, file.size)
                until = file.size if to_end else until
                status = 0x6B00 if offset >= file.size else OK if offset < until <= file.size else 0x6A80
                if status == OK:
                    file.body[offset:until] = bytes(until - offset)
                    self.models[which].current = file.sfi
            data = b"" if to_end else until.to_bytes(2, "big")
            self.check(which, status, ERASE, 0x80 | sfi if sfi else 0, offset, data)

    return Further


def test_moving_searching_and_erasing_do_what_the_model_does(machine):
    quick = settings(deadline=None, stateful_step_count=60, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(further(machine), settings=quick)
