"""Hypothesis strategies made from declarations, and sessions that hold cards against them. Needs ``yohaku[test]``."""

from typing import TYPE_CHECKING

from yohaku.testing.apdus import apdus
from yohaku.testing.faults import BitFlip, Fault, LinkDrop, LinkTruncate, PowerCut, UnreliableLink, apply, faults
from yohaku.testing.invariants import Event, Invariant, InvariantBroken, Run, Stage, run
from yohaku.testing.model import Model
from yohaku.testing.proof import Proof, prove
from yohaku.testing.schemas import applets, field_types, schemas
from yohaku.testing.script import apdu_script, python_script
from yohaku.testing.sessions import Session, sessions
from yohaku.testing.straight import NotSettledError, straight
from yohaku.testing.values import near_misses, records, values_for

if TYPE_CHECKING:
    from yohaku.testing.suite import AppletTests, applet_suite
else:

    def __getattr__(name: str) -> object:
        """Load the suite, which needs pytest and the emulator, when it is first used."""
        if name not in {"AppletTests", "applet_suite"}:
            raise AttributeError(f"module 'yohaku.testing' has no attribute {name!r}")
        from yohaku.testing import suite

        return getattr(suite, name)


__all__ = [
    "AppletTests",
    "BitFlip",
    "Event",
    "Fault",
    "Invariant",
    "InvariantBroken",
    "LinkDrop",
    "LinkTruncate",
    "Model",
    "NotSettledError",
    "PowerCut",
    "Proof",
    "Run",
    "Session",
    "Stage",
    "UnreliableLink",
    "apdu_script",
    "apdus",
    "applet_suite",
    "applets",
    "apply",
    "faults",
    "field_types",
    "near_misses",
    "prove",
    "python_script",
    "records",
    "run",
    "schemas",
    "sessions",
    "straight",
    "values_for",
]
