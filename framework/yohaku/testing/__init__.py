"""Hypothesis strategies made from declarations: records, values, schemas. Needs the extra ``yohaku[test]``."""

from yohaku.testing.proof import Proof, prove
from yohaku.testing.values import records, values_for

__all__ = ["Proof", "prove", "records", "values_for"]
