"""The catalogue of planted faults stays true to the code: each has its place, and each area has enough of them."""

import ast
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from catalogue import AREAS, ROOT, Fault, faults

FAULTS = faults()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{Path(fault.file).stem}: {fault.name}")
def test_a_planted_fault_still_has_its_place(fault: Fault) -> None:
    source = (ROOT / fault.file).read_text("utf-8")
    changed = fault.planted(source)
    assert changed != source
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source)), "the change must be one of the program"


def test_each_area_has_faults_and_all_of_them_sixty() -> None:
    counts = Counter(fault.area for fault in FAULTS)
    assert counts.keys() == AREAS.keys()
    assert min(counts.values()) >= 6
    assert len(FAULTS) >= 60
    assert len({(fault.file, fault.name) for fault in FAULTS}) == len(FAULTS)


def test_a_fault_whose_place_is_gone_says_so() -> None:
    with pytest.raises(LookupError, match="is not behind 'def f'"):
        Fault("codec", "gone", "f.py", "def f", "x = 1", "x = 2").planted("def f(): pass")
