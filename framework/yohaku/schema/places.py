"""Where the fields of a record lie: a tree of places, computed from the field types alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yohaku.codec import BitField, Sequence
from yohaku.fields.compound import Counted, Prefixed, Repeat, Wrapper
from yohaku.fields.linked import Optional
from yohaku.fields.tlv import Tagged, Template
from yohaku.fields.union import OneOf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yohaku.codec import FieldType, Json
    from yohaku.schema.record import FieldSpec, Record


@dataclass(frozen=True, slots=True)
class Place:
    """Where one field, or a group of fields, lies in the encoding of its record.

    Attributes:
        path: names and indices from the record, such as ``members[3].points``; ``[]`` stands for any index.
        offset: byte offset from the start of the record; None when it depends on values before it.
        bit: offset of the first bit within that byte, 0 the most significant.
        bits: width in bits; None when the size depends on the value.
        minimum: fewest bytes.
        maximum: most bytes; None when nothing bounds it.
        type: the field type.
        label: the Japanese name.
        english: the English name.
        hidden: reserved or constant bytes, no value of the record.
        optional: the field may be absent.
        personal: personal data (個人情報) by itself or with the other fields.
        note: one more sentence for the document.
        frame: the tag, length or number that stands before the value, such as ``tag 5A`` or ``length UInt(8)``.
        items: fewest and most items of a list (None: nothing bounds it); None for anything else.
        children: the places inside a group, in the order of the bytes; empty for a field.
        alternatives: only one of the children is there, and they share their place.
        source: the field type itself.
    """

    path: str
    offset: int | None
    bit: int
    bits: int | None
    minimum: int
    maximum: int | None
    type: str
    label: str
    english: str
    hidden: bool
    optional: bool = False
    personal: bool = False
    note: str = ""
    frame: str = ""
    items: tuple[int, int | None] | None = None
    children: tuple[Place, ...] = ()
    alternatives: bool = False
    source: FieldType[Any] | None = field(default=None, repr=False, compare=False)

    @property
    def size(self) -> int | None:
        """Bytes that the field touches; None when it depends on the value."""
        if self.bits is None:
            return None
        return (self.bit + self.bits + 7) // 8

    @property
    def start(self) -> int | None:
        """Offset in bits from the start of the record; None when it depends on values before it."""
        return None if self.offset is None else self.offset * 8 + self.bit

    @property
    def exact(self) -> bool:
        """Whether this place and all inside it lie at the same bits in every record."""
        fixed = self.offset is not None and self.bits is not None and not self.alternatives
        return fixed and all(child.exact for child in self.children)

    def fields(self) -> Iterator[Place]:
        """Yield the fields inside a group, at any depth, in the order of the bytes; a field yields itself."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.fields()

    def to_json(self) -> Json:
        """Give the place as JSON."""
        return {
            "path": self.path,
            "offset": self.offset,
            "size": self.size,
            "bit": self.bit,
            "bits": self.bits,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "type": self.type,
            "label": self.label,
            "english": self.english,
            "hidden": self.hidden,
            "optional": self.optional,
            "personal": self.personal,
        }


def record_layout(record: type[Record]) -> tuple[Place, ...]:
    """Compute the places of the fields of a record, nested ones in full, in the order of the bytes."""
    return tuple(one for place in record_tree(record).children for one in place.fields())


def record_tree(record: type[Record]) -> Place:
    """Compute the place of a record and, as its children at any depth, of everything in it."""
    type_ = record.__field_type__
    title = (record.__doc__ or "").strip().split("\n", 1)[0]
    return _place(type_, _Spot("", 0, 0, None), _Names(title, type_.type_name))


@dataclass(frozen=True, slots=True)
class _Spot:
    """Path and position of a place; ``bits`` is given for a field that shares bytes."""

    path: str
    offset: int | None
    bit: int
    bits: int | None


@dataclass(frozen=True, slots=True)
class _Names:
    """What a declaration says about a place besides its type."""

    label: str
    english: str
    optional: bool = False
    personal: bool = False
    note: str = ""


def _place(type_: FieldType[Any], spot: _Spot, names: _Names) -> Place:
    return Place(
        spot.path,
        spot.offset,
        spot.bit,
        spot.bits if spot.bits is not None else None if type_.size is None else type_.size * 8,
        type_.minimum,
        type_.maximum,
        type_.type_name,
        names.label,
        names.english,
        type_.hidden,
        names.optional,
        names.personal,
        names.note,
        _frame(type_),
        _items(_core(type_)),
        tuple(_children(type_, spot, names)),
        isinstance(_core(type_), OneOf),
        type_,
    )


def _children(type_: FieldType[Any], spot: _Spot, names: _Names) -> Iterator[Place]:
    core = _core(type_)
    specs: Mapping[str, FieldSpec] = getattr(getattr(core, "kind", None), "__fields__", {})
    bit = 0
    for step, part, place in type_.parts():
        path = _join(spot.path, step, core)
        at = None if spot.offset is None or place is None or path.endswith("[]") else spot.offset + place
        bits = part.bits if isinstance(part, BitField) else None
        shares = isinstance(core, Sequence) and bits is not None
        first = bit % 8 if shares else 0 if bits is None else -bits % 8
        bit = bit + (bits or 0) if shares else 0
        named = _case(core, str(step)) if isinstance(core, OneOf) else _names(path, specs.get(str(step)), names, core)
        yield _place(part, _Spot(path, at, first, bits), named)


def _names(path: str, spec: FieldSpec | None, parent: _Names, holder: FieldType[Any]) -> _Names:
    """Take what the declaration says; an item of a list, which has no declaration of its own, goes by the list's."""
    if spec is None:
        return _Names(parent.label, parent.english, personal=parent.personal)
    english = spec.english or path.rsplit(".", 1)[-1].replace("_", " ").strip()
    optional = isinstance(spec.type, Optional) or (spec.default is None and isinstance(holder, Template))
    derivation = spec.type.derivation
    note = spec.note or (derivation.text if derivation else "")
    return _Names(spec.label, english, optional, spec.personal, note)


def _case(holder: OneOf[Any], name: str) -> _Names:
    """Take the name of a case from its record class."""
    case = holder.by_name[name]
    title = (case.record.__doc__ or "").strip().split("\n", 1)[0]
    return _Names(title, name.replace("_", " "), note=f"case {case.number}")


def _frame(type_: FieldType[Any]) -> str:
    """Name what stands before the value; what lies deeper in a wrapper within a wrapper is not named."""
    if isinstance(type_, Tagged | Template):
        return "" if type_.tag is None else f"tag {type_.tag:02X}"
    if isinstance(type_, Prefixed):
        return f"length {type_.length.type_name}"
    if isinstance(type_, Counted | OneOf):
        return f"{'count' if isinstance(type_, Counted) else 'case'} {type_.number.type_name}"
    return ""


def _items(core: FieldType[Any]) -> tuple[int, int | None] | None:
    return (core.count or 0, core.most) if isinstance(core, Repeat) else None


def _core(part: FieldType[Any]) -> FieldType[Any]:
    while isinstance(part, Wrapper):
        part = part.inner
    return part


def _join(path: str, step: str | int, holder: FieldType[Any]) -> str:
    if isinstance(step, int):
        return f"{path}[]" if isinstance(holder, Repeat) and holder.count is None else f"{path}[{step}]"
    return f"{path}.{step}" if path else step
