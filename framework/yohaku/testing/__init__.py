"""Hypothesis strategies made from declarations, and sessions that hold cards against them. Needs ``yohaku[test]``."""

from yohaku.testing.apdus import apdus
from yohaku.testing.faults import BitFlip, Fault, LinkDrop, LinkTruncate, PowerCut, UnreliableLink, apply, faults
from yohaku.testing.invariants import Event, Invariant, InvariantBroken, Run, Stage, run
from yohaku.testing.model import Model
from yohaku.testing.proof import Proof, prove
from yohaku.testing.schemas import applets, field_types, schemas
from yohaku.testing.script import apdu_script, python_script
from yohaku.testing.sessions import Session, sessions
from yohaku.testing.values import records, values_for

__all__ = [
    "BitFlip",
    "Event",
    "Fault",
    "Invariant",
    "InvariantBroken",
    "LinkDrop",
    "LinkTruncate",
    "Model",
    "PowerCut",
    "Proof",
    "Run",
    "Session",
    "Stage",
    "UnreliableLink",
    "apdu_script",
    "apdus",
    "applets",
    "apply",
    "faults",
    "field_types",
    "prove",
    "python_script",
    "records",
    "run",
    "schemas",
    "sessions",
    "values_for",
]
