"""Named fields one after the other: the codec of a record, field by field, collecting every fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from yohaku.codec.fieldtype import BitField, FieldType, Json, Refused, a
from yohaku.codec.links import Dependent, Scope, settle
from yohaku.codec.sequence_code import read_sequence, write_sequence
from yohaku.codec.steps import steps_of
from yohaku.errors import Fault, SchemaError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from yohaku.codec.emit import Reader, Writer

V = TypeVar("V")

MISSING = object()
"""Stands for a value that was not given."""


@dataclass(frozen=True, slots=True)
class Item:
    """One named field of a sequence.

    Attributes:
        name: its name, that of the value's attribute and of the JSON member.
        type: how it is encoded.
        default: the value that JSON may leave out; MISSING when it must be stated.
        example: a value for documents and tests; MISSING takes the type's own.
    """

    name: str
    type: FieldType[object]
    default: object = MISSING
    example: object = MISSING


class Sequence(FieldType[V], Generic[V]):
    """Fields in declared order, each straight after the one before it (no padding, no alignment).

    Args:
        items: the fields, names unique.
        make: builds the value from its field values by name.
        kind: the class of the values that ``write`` accepts; fields are its attributes.
    """

    def __init__(self, items: Iterable[Item], make: Callable[[dict[str, object]], V], kind: type[V]) -> None:
        self.items = tuple(items)
        self.make, self.kind = make, kind
        self.visible = tuple(item for item in self.items if not item.type.hidden)
        self.types = {item.name: item.type for item in self.items}
        self.derived = tuple(item for item in self.items if item.type.derivation is not None)
        self.linked = bool(self.derived) or any(
            isinstance(type_, Dependent) or type_.trailing for type_ in self.types.values()
        )
        self.steps = tuple(steps_of(self.types.items()))
        self.greedy = self.trailing = False
        self._check_ends()
        self._check_links()
        bits = sum(item.type.bits for item in self.items if isinstance(item.type, BitField))
        whole = [item.type for item in self.items if not isinstance(item.type, BitField)]
        maxima = [type_.maximum for type_ in whole]
        most = None if None in maxima else sum(size for size in maxima if size is not None) + bits // 8
        super().__init__(sum(type_.minimum for type_ in whole) + bits // 8, most)

    def _check_ends(self) -> None:
        for item, behind in zip(self.items, self.items[1:], strict=False):
            if item.type.trailing and not behind.type.trailing:
                raise SchemaError(
                    f"{self.type_name}.{item.name} is there when bytes are left, so {behind.name} cannot follow it: "
                    "put such fields last"
                )
            if item.type.greedy and not item.type.trailing:
                raise SchemaError(
                    f"{self.type_name}.{item.name} takes every byte that is left, so no field can follow it: "
                    "put it last, or give it a length with Prefixed"
                )
        self.greedy = bool(self.items) and self.items[-1].type.greedy

    def _check_links(self) -> None:
        earlier: set[str] = set()
        faults: list[str] = []
        for item in self.items:
            if isinstance(item.type, Dependent) and item.type.by not in earlier:
                faults.append(f"{self.type_name}.{item.name} depends on {item.type.by!r}, no field before it")
            needs = () if item.type.derivation is None else item.type.derivation.needs
            visible = {other.name for other in self.visible}
            faults += [
                f"{self.type_name}.{item.name} is derived from {name!r}, no field of the record"
                for name in needs
                if name not in visible
            ]
            if not item.type.hidden or item.type.derivation is not None:
                earlier.add(item.name)
        if faults:
            raise SchemaError("\n".join(faults))

    @property
    def type_name(self) -> str:
        """The name of the record class."""
        return self.kind.__name__

    def parts(self) -> Iterator[tuple[str | int, FieldType[object], int | None]]:
        """Yield each field with its byte offset; neighbours that share a byte have the same offset."""
        position: int | None = 0
        for step in self.steps:
            bit = 0
            for name in step.names:
                type_ = self.types[name]
                yield name, type_, None if position is None else position + bit // 8
                bit += type_.bits if isinstance(type_, BitField) else 0
            position = None if position is None or step.size is None else position + step.size

    def read(self, data: bytes, offset: int, end: int) -> tuple[V, int]:
        """Decode every field; go on behind a faulty one as long as its size is known."""
        values: dict[str, object] = {}
        starts: dict[str, int] = {}
        faults: list[Fault] = []
        position = offset
        for step in self.steps:
            if self.derived:
                starts.update(dict.fromkeys(step.names, position))
            try:
                position = step.read(data, position, end, values)
            except Refused as refused:
                faults.extend(_moved(refused.faults, position - offset))
                if step.size is None or position + step.size > end:
                    break
                position += step.size
        if self.linked:
            faults.extend(self._contradictions(values, starts, data, offset))
            values = {item.name: values[item.name] for item in self.visible if item.name in values}
        if faults:
            raise Refused(*faults)
        return self.make(values), position

    def _contradictions(
        self, values: dict[str, object], starts: Mapping[str, int], data: bytes, offset: int
    ) -> Iterator[Fault]:
        """Yield a fault for each derived field that was read and is not what it must be."""
        found = dict(values)
        for item in self.derived:
            if item.name not in found:
                continue
            place = starts[item.name] - offset
            scope = Scope(self.types, dict(values), data[offset : starts[item.name]])
            try:
                settle(item.name, item.type, scope)
                same = item.type.write(scope.values[item.name]) == item.type.write(found[item.name])
            except Refused as refused:
                yield from (fault.under(item.name, place) for fault in refused.faults)
                continue
            if not same:
                shown, wanted = _shown(found[item.name]), _shown(scope.values[item.name])
                text = item.type.derivation.text if item.type.derivation else ""
                yield Fault(f"is {shown}, must be {wanted} ({text})", (item.name,), place, item.type.size)

    def write(self, value: object) -> bytes:
        """Encode every field of ``value``, reporting the faults of all of them."""
        if not isinstance(value, self.kind):
            self.refuse(f"is {a(value)}, must be a {self.type_name}")
        scope = Scope(self.types, {item.name: getattr(value, item.name) for item in self.visible})
        chunks: list[bytes] = []
        faults: list[Fault] = []
        position: int | None = 0
        for step in self.steps:
            try:
                if self.derived:
                    self._settle(step.names, scope, chunks, complete=not faults)
                chunk = step.write(scope.values)
            except Refused as refused:
                faults.extend(_moved(refused.faults, position))
                position = None if position is None or step.size is None else position + step.size
            else:
                chunks.append(chunk)
                position = None if position is None else position + len(chunk)
        if self.linked:
            faults.extend(self._gaps(scope.values))
        if faults:
            raise Refused(*faults)
        return b"".join(chunks)

    def _settle(self, names: Iterable[str], scope: Scope, chunks: list[bytes], *, complete: bool) -> None:
        for name in names:
            type_ = self.types[name]
            if type_.derivation is None:
                continue
            if not complete and not type_.derivation.needs:
                raise Refused
            scope.before = b"".join(chunks)
            try:
                settle(name, type_, scope)
            except Refused as refused:
                raise Refused(*(fault.under(name, 0) for fault in refused.faults)) from None

    def _gaps(self, values: Mapping[str, object]) -> Iterator[Fault]:
        """Yield a fault for each trailing field that is there behind one that is not."""
        absent = None
        for item in self.visible:
            if not item.type.trailing:
                continue
            if values[item.name] is None:
                absent = item.name
            elif absent is not None:
                yield Fault(f"must be absent (nothing), since {absent} before it is", (item.name,))

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        return read_sequence(to, self, hint)

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        write_sequence(to, self, value)

    def example(self) -> V:
        """Build a value from the examples of the fields: the stated ones, the others so that all agree."""
        values = {item.name: item.type.example() if item.example is MISSING else item.example for item in self.visible}
        stated = {item.name for item in self.visible if item.example is not MISSING}
        for item in self.visible:
            if isinstance(item.type, Dependent) and item.type.by in values:
                by = item.type.by
                if by not in stated:
                    values[by] = item.type.control_of(values[item.name])
                elif item.name not in stated:
                    values[item.name] = item.type.example_given(values[by])
        return self.make(values)

    def to_json(self, value: object) -> Json:
        """Give an object with one member for each field."""
        return {item.name: item_json(item, getattr(value, item.name)) for item in self.visible}

    def from_json(self, value: Json) -> V:
        """Make a value from an object; every member is also tried against its type, and against its siblings."""
        if not isinstance(value, dict):
            self.refuse(f"is {a(value)}, must be an object with the fields of {self.type_name}")
        values, faults = members_from_json(value, self.visible, dict(self._offsets()))
        if faults:
            raise Refused(*faults)
        made = self.make(values)
        if self.linked:
            self.write(made)
        return made

    def _offsets(self) -> Iterator[tuple[str, int | None]]:
        for name, _, offset in self.parts():
            yield str(name), offset


def item_json(item: Item, value: object) -> Json:
    """Give the JSON form of one member; an absent one is null."""
    return None if value is None and item.default is None else item.type.to_json(value)


def members_from_json(
    value: Mapping[str, Json], items: Iterable[Item], offsets: Mapping[str, int | None]
) -> tuple[dict[str, object], list[Fault]]:
    """Make the field values of a JSON object; give them with every fault found, unknown names included."""
    values: dict[str, object] = {}
    faults: list[Fault] = []
    known = {item.name: item for item in items}
    for name, item in known.items():
        try:
            values[name] = _member(item, value.get(name, MISSING))
        except Refused as refused:
            faults.extend(fault.under(name, offsets.get(name)) for fault in refused.faults)
    for name in value:
        if name not in known:
            close = nearest(name, known)
            hint = f"; did you mean {close!r}?" if close else f"; there is {', '.join(known)}"
            faults.append(Fault(f"is no field of this record{hint}", (name,)))
    return values, faults


def _member(item: Item, value: object) -> object:
    if value is MISSING:
        if item.default is MISSING:
            item.type.refuse("is missing")
        return item.default
    if value is None and item.default is None:
        return None
    made = item.type.from_json(value)  # type: ignore[arg-type]  # anything but MISSING is JSON
    item.type.write(made)
    return made


def _moved(faults: Iterable[Fault], offset: int | None) -> Iterator[Fault]:
    for fault in faults:
        first, *rest = fault.path
        yield Fault(fault.message, tuple(rest), fault.offset, fault.size).under(first, offset)


def _shown(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
