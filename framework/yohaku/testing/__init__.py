"""Hypothesis strategies made from declarations: records, values, schemas. Needs the extra ``yohaku[test]``."""

from yohaku.testing.proof import Proof, prove
from yohaku.testing.schemas import applets, field_types, schemas
from yohaku.testing.values import records, values_for

__all__ = ["Proof", "applets", "field_types", "prove", "records", "schemas", "values_for"]
