"""What travels is held to its floor: figures of tests/benchmarks/link, which are the same on every machine."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).resolve().parents[2] / "benchmarks" / "link" / "operations.py"


def operations() -> list[Any]:
    spec = importlib.util.spec_from_file_location("link_operations", PATH)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["link_operations"] = module
    spec.loader.exec_module(module)
    return list(module.operations())


FOUND = {one.name: one for one in operations()}


@pytest.mark.parametrize("name", FOUND)
def test_an_operation_costs_little_more_than_its_floor(name: str) -> None:
    one = FOUND[name]
    assert one.floor.bytes <= one.ours.bytes <= 1.2 * one.floor.bytes
    assert one.floor.commands <= one.ours.commands <= one.floor.commands + 1
    assert one.ours.bytes < one.naive.bytes
