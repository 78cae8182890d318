"""Columns of a table of records: which cell holds which field, and how a cell's text becomes a value's JSON form."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from yohaku.codec import MISSING, Refused, Sequence
from yohaku.fields.compound import Repeat, Wrapper
from yohaku.fields.tlv import Template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.codec import FieldType, Json
    from yohaku.schema.record import Record

Steps: TypeAlias = "tuple[str | int, ...]"

EXTRAS = ("_unknown", "_order")
"""Members of a template's JSON form besides the declared ones."""
_STEP = re.compile(r"\[(\d+)\]|\.?([^.\[\]]+)")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        steps: names and indices from the record to the field.
        text: the field's JSON form is text, so the cell holds it as it is; other forms are written as JSON.
        optional: an empty cell means that the value is not there; an empty text is then written ``""``.
        open_groups: the lists of no fixed length that the steps lead through; they exist even when they are empty.
        groups: the records that the steps lead through and that must exist.
    """

    steps: Steps
    text: bool
    optional: bool
    open_groups: tuple[Steps, ...] = ()
    groups: tuple[Steps, ...] = ()

    @property
    def path(self) -> str:
        """The column's name in the header, such as ``address.postal`` or ``log[0].amount``."""
        return join(self.steps)

    def json_of(self, cell: str) -> Json | object:
        """Give the JSON form that a cell stands for; MISSING when it is empty and may be."""
        if self.optional and not cell:
            return MISSING
        if self.text and not (self.optional and cell.startswith('"')):
            return cell
        return _loads(cell)

    def cell_of(self, value: Json | object) -> str:
        """Give the cell that stands for a JSON form."""
        if value is MISSING or (value is None and self.optional):
            return ""
        if self.text and isinstance(value, str) and not (self.optional and (not value or value.startswith('"'))):
            return value
        return json.dumps(value, ensure_ascii=False)


def join(steps: Steps) -> str:
    """Write steps as a path."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def split(path: str) -> Steps | None:
    """Read a path; None when it is none."""
    found = list(_STEP.finditer(path))
    if "".join(match.group() for match in found) != path:
        return None
    return tuple(int(match[1]) if match[1] else match[2] for match in found)


def columns_of(record: type[Record]) -> list[Column]:
    """Give the columns that hold any record of a class: one a field, one an item of a list of fixed length.

    A list of no fixed length has one column that holds it as JSON.
    """
    return list(_leaves(_Node((), record.__field_type__)))


def find_column(record: type[Record], path: str) -> Column | None:
    """Give the column of a path: a field, a whole group as JSON, or an item of any list; None when there is none."""
    node = _Node((), record.__field_type__)
    for step in split(path) or (None,):
        inner = next((child for child in node.children(every=step) if child.steps[-1] == step), None)
        if inner is None:
            return None
        node = inner
    return node.column()


@dataclass(frozen=True, slots=True)
class _Node:
    """A field or group on the way to a column."""

    steps: Steps
    type: FieldType[Any]
    optional: bool = False
    open_groups: tuple[Steps, ...] = ()
    groups: tuple[Steps, ...] = ()

    def children(self, *, every: object = None) -> Iterator[_Node]:
        """Yield what is inside; of a list of no fixed length the item that ``every`` names."""
        core = self.type
        while isinstance(core, Wrapper):
            core = core.inner
        if isinstance(core, Sequence | Template):
            for item in core.visible if isinstance(core, Sequence) else core.items:
                yield self._child(item.name, item.type, optional=item.default is not MISSING or _nullable(item.type))
        if isinstance(core, Template):
            yield from (_Node((*self.steps, name), _ANY, optional=True) for name in EXTRAS)
        if isinstance(core, Repeat):
            indices = range(core.count) if core.count is not None else _one_index(every, core.most)
            for index in indices:
                yield self._child(index, core.item, optional=core.count is None)

    def _child(self, step: str | int, type_: FieldType[Any], *, optional: bool) -> _Node:
        groups, lists = self.groups, self.open_groups
        if self.steps and not self.optional:
            if isinstance(step, int) and optional:
                lists = (*lists, self.steps)
            elif isinstance(step, str):
                groups = (*groups, self.steps)
        return _Node((*self.steps, step), type_, self.optional or optional, lists, groups)

    def column(self) -> Column:
        """Give the column that holds this node whole."""
        return Column(self.steps, _is_text(self.type), self.optional, self.open_groups, self.groups)


class _Anything:
    """Stands for a part whose JSON form has no type of its own."""


_ANY: Any = _Anything()


def _leaves(node: _Node) -> Iterator[Column]:
    children = list(node.children())
    if not children:
        yield node.column()
    for child in children:
        yield from _leaves(child)


def _one_index(index: object, most: int | None) -> range:
    if not isinstance(index, int) or (most is not None and index >= most):
        return range(0)
    return range(index, index + 1)


def _is_text(type_: Any) -> bool:
    try:
        return isinstance(type_.to_json(type_.example()), str)
    except (Refused, AttributeError):
        return False


def _nullable(type_: FieldType[Any]) -> bool:
    """Tell whether null is a value of the type, as for a part that may be absent."""
    try:
        type_.write(type_.from_json(None))
    except Refused:
        return False
    return True


def _loads(cell: str) -> Json:
    """Read JSON; what is none is given as text, so that the field's own type says what is wrong with it."""
    if cell.lower() in {"true", "false"}:
        return cell.lower() == "true"
    try:
        value: Json = json.loads(cell)
    except (ValueError, RecursionError):
        return cell
    return value
