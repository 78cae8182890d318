"""Who may do what: rules made of PINs and keys with ``|`` and ``&``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable


class Condition:
    """Something that ``|`` and ``&`` combine: a rule, a PIN or a key."""

    def as_rule(self) -> Rule:
        """Give the rule that this condition stands for."""
        raise NotImplementedError

    def __or__(self, other: Condition) -> Rule:
        return Rule(self.as_rule().alternatives | other.as_rule().alternatives)

    def __and__(self, other: Condition) -> Rule:
        return Rule(mine | theirs for mine in self.as_rule().alternatives for theirs in other.as_rule().alternatives)


class Credential(Condition):
    """A PIN or a key as a rule sees it.

    Attributes:
        name: the attribute of the applet that holds it; empty until the applet's class is made.
        number: its place among the applet's credentials, PINs first, from 0.
    """

    name: str = ""
    number: int = -1

    def as_rule(self) -> Rule:
        """Give the rule that holds when this credential was presented."""
        return Rule([frozenset((self,))])


class Rule(Condition):
    """Alternatives, each a set of credentials that must all have been presented (disjunctive normal form).

    No alternative means never; an empty alternative means always.
    """

    __slots__ = ("alternatives",)

    def __init__(self, alternatives: Iterable[frozenset[Credential]]) -> None:
        sets = set(alternatives)
        self.alternatives = frozenset(one for one in sets if not any(other < one for other in sets))

    def as_rule(self) -> Self:
        """Give the rule itself."""
        return self

    @property
    def credentials(self) -> frozenset[Credential]:
        """Every credential that the rule mentions."""
        return frozenset().union(*self.alternatives)

    @property
    def ordered(self) -> list[list[Credential]]:
        """The alternatives in a stable order: fewest credentials first, then as declared."""
        rows = [sorted(one, key=lambda item: item.number) for one in self.alternatives]
        return sorted(rows, key=lambda row: (len(row), [item.number for item in row]))

    @property
    def masks(self) -> list[int]:
        """The alternatives as bit masks for the descriptor: bit i stands for credential number i."""
        return [sum(1 << item.number for item in row) for row in self.ordered]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rule) and self.alternatives == other.alternatives

    def __hash__(self) -> int:
        return hash(self.alternatives)

    def __str__(self) -> str:
        if not self.alternatives:
            return "never"
        if frozenset() in self.alternatives:
            return "always"
        return " | ".join(" & ".join(item.name for item in row) for row in self.ordered)

    def __repr__(self) -> str:
        return f"<Rule {self}>"


ALWAYS = Rule([frozenset()])
"""Anybody may, without presenting anything."""

NEVER = Rule([])
"""Nobody may."""
