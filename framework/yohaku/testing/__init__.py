"""Hypothesis strategies made from declarations: records, values, schemas. Needs the extra ``yohaku[test]``."""

from yohaku.testing.values import records, values_for

__all__ = ["records", "values_for"]
