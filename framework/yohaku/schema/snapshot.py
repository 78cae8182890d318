"""A declaration as plain data: everything that a later version is compared with, saved as JSON.

Names, places, widths, types with their limits, enum members, files, rules, PINs, keys, AID and version; no value of a
record and no secret.
"""

from __future__ import annotations

import types
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from yohaku.codec import BitField, Dependent, FieldType, Foreign, FromBytes, Refused, Sequence
from yohaku.errors import YohakuError
from yohaku.fields.tlv import Template
from yohaku.schema.declarations import RecordFile
from yohaku.schema.places import Place, record_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yohaku.codec import Json
    from yohaku.schema.access import Rule
    from yohaku.schema.applet import Applet
    from yohaku.schema.declarations import File
    from yohaku.schema.purses import Purse

S = TypeVar("S")
Scalar = bool | int | str | None
Access = list[list[str]]

FORMAT = 1
BOUNDS = frozenset({"least", "most", "latest"})
"""Attributes of field types that limit values rather than shape them."""
_OF_ALL = frozenset({"minimum", "maximum", "greedy", "hidden", "trailing", "name", "docs", "flagbuildnone", "parsed"})
"""Attributes that every field type or construct has, stated elsewhere or without meaning on the wire."""
_FOLLOWS = frozenset({"tag", "head", "inner", "item", "known"})
"""Attributes that follow from others, or are fields of their own."""


class SnapshotError(YohakuError):
    """A JSON value is no saved snapshot of an applet."""


@dataclass(frozen=True, slots=True)
class FieldSnapshot:
    """One field, or one list or choice of fields.

    Attributes:
        path: names from the record; ``[]`` stands for any index.
        group: whether other fields stand inside it.
        tags: the tags around it, outermost first, in hex.
        offset: byte offset from the start of the record; None when it depends on values before it.
        bit: offset of the first bit within that byte.
        bits: width; None when it depends on the value.
        minimum: fewest bytes.
        maximum: most bytes; None when nothing bounds it.
        kind: class names of its type, frames first, such as ``Prefixed Text``.
        shape: what shapes the bytes, such as encoding, epoch, byte order.
        limits: what limits the values: ``least``, ``most``, ``latest``.
        members: numbers of the enum's members by name in lower case.
        hidden: reserved, constant or derived.
        optional: it may be absent.
        zero: bytes that are all zero are a value of it; of one that depends on another, when that is zero too.
    """

    path: str
    group: bool
    tags: list[str]
    offset: int | None
    bit: int
    bits: int | None
    minimum: int
    maximum: int | None
    kind: str
    shape: dict[str, Scalar]
    limits: dict[str, Scalar]
    members: dict[str, Scalar]
    hidden: bool
    optional: bool
    zero: bool

    @property
    def start(self) -> int | None:
        """Offset in bits; None when it depends on values before it."""
        return None if self.offset is None else self.offset * 8 + self.bit

    @property
    def reserved(self) -> bool:
        """Whether it only keeps room for later versions."""
        return self.kind in {"Reserved", "ReservedBits"}


@dataclass(frozen=True, slots=True)
class FileSnapshot:
    """One file; ``access`` is the rule of each operation as alternatives of names, none for never."""

    name: str
    sfi: int
    kind: str
    size: int
    record_size: int
    records: int
    record: str
    access: dict[str, Access]
    fields: list[FieldSnapshot]

    @property
    def has_copies(self) -> bool:
        """Whether it holds two copies of its content."""
        return self.kind == "transparent" and self.size != self.record_size


@dataclass(frozen=True, slots=True)
class PinSnapshot:
    """One PIN."""

    name: str
    number: int
    tries: int
    shortest: int
    longest: int
    alphabet: str
    reset: Access
    can_disable: bool = False


@dataclass(frozen=True, slots=True)
class KeySnapshot:
    """One key."""

    name: str
    number: int
    bits: int
    tries: int


@dataclass(frozen=True, slots=True)
class PurseSnapshot:
    """One purse; ``receipts`` is the name of the key that vouches for its receipts."""

    name: str
    sfi: int
    receipts: str
    maximum: int
    most_credit: int
    most_debit: int
    entries: int
    access: dict[str, Access]


@dataclass(frozen=True, slots=True)
class AppletSnapshot:
    """One version of an applet; ``aid`` is in lower-case hex."""

    name: str
    aid: str
    version: int
    pins: list[PinSnapshot]
    keys: list[KeySnapshot]
    files: list[FileSnapshot]
    purses: list[PurseSnapshot] = field(default_factory=list)

    def to_json(self) -> Json:
        """Give the snapshot as JSON; ``from_json`` gives an equal one back."""
        return {"yohaku_snapshot": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, value: Json) -> AppletSnapshot:
        """Take what ``to_json`` gave.

        Raises:
            SnapshotError: it is no snapshot, of another format, or something in it has a wrong type.
        """
        if not isinstance(value, dict) or value.get("yohaku_snapshot") != FORMAT:
            raise SnapshotError(f'no saved schema: it is an object with "yohaku_snapshot": {FORMAT}')
        return _made(cls, {name: part for name, part in value.items() if name != "yohaku_snapshot"}, "$")


def schema_snapshot(applet: type[Applet]) -> AppletSnapshot:
    """Take the snapshot of a declaration."""
    return AppletSnapshot(
        applet.name,
        applet.aid.hex(),
        applet.version,
        [
            PinSnapshot(
                pin.name,
                pin.reference,
                pin.tries,
                pin.shortest,
                pin.longest,
                pin.alphabet.name.lower(),
                _access(pin.reset),
                pin.can_disable,
            )
            for pin in applet.pins().values()
        ],
        [KeySnapshot(key.name, key.reference, key.bits, key.tries) for key in applet.keys().values()],
        [file_snapshot(file) for file in applet.files().values()],
        [_purse_snapshot(purse) for purse in applet.purses().values()],
    )


def file_snapshot(file: File[Any]) -> FileSnapshot:
    """Take the snapshot of one file."""
    return FileSnapshot(
        file.name,
        file.sfi,
        file.kind.name.lower(),
        file.size,
        file.room,
        file.records if isinstance(file, RecordFile) else 1,
        file.record.__name__,
        {operation: _access(rule) for operation, rule in file.rules.items()},
        list(_fields(record_tree(file.record), file.record.__field_type__, [])),
    )


def _purse_snapshot(purse: Purse) -> PurseSnapshot:
    return PurseSnapshot(
        purse.name,
        purse.sfi,
        purse.receipts.name,
        purse.maximum,
        purse.most_credit,
        purse.most_debit,
        purse.entries,
        {operation: _access(rule) for operation, rule in purse.rules.items()},
    )


def _access(rule: Rule) -> Access:
    return [[item.name for item in row] for row in rule.ordered]


def _fields(place: Place, type_: FieldType[Any], tags: list[str]) -> Iterator[FieldSnapshot]:
    """Walk places and types side by side; of a list only the first item is taken, for all of them."""
    layers = list(_layers(type_))
    core = layers[-1]
    tags = tags + [f"{tag:02X}" for layer in layers if isinstance(tag := getattr(layer, "tag", None), int)]
    record = isinstance(core, Sequence | Template)
    if not record:
        yield _field(place, layers, tags)
    parts = zip(place.children, type_.parts(), strict=True)
    for child, (step, part, _) in parts:
        yield from _fields(child, part, tags)
        if isinstance(step, int):
            return


def _field(place: Place, layers: list[FieldType[Any]], tags: list[str]) -> FieldSnapshot:
    attributes = {name: value for layer in layers for name, value in _attributes(layer)}
    return FieldSnapshot(
        _any_index(place.path),
        bool(place.children),
        tags,
        place.offset,
        place.bit,
        place.bits,
        place.minimum,
        place.maximum,
        " ".join(type(layer).__name__ for layer in layers),
        {name: value for name, value in attributes.items() if name not in BOUNDS},
        {name: value for name, value in attributes.items() if name in BOUNDS},
        {name: value for layer in layers for name, value in _members(layer)},
        place.hidden,
        place.optional,
        _zero_is_a_value(layers[0]),
    )


def _layers(type_: FieldType[Any]) -> Iterator[FieldType[Any]]:
    """Yield a type and the types inside its frames, down to the one that makes the value."""
    yield type_
    inner = getattr(type_, "inner", None)
    if isinstance(inner, FieldType):
        yield from _layers(inner)


def _attributes(layer: FieldType[Any]) -> Iterator[tuple[str, Scalar]]:
    """Yield what a type's constructor was told, as far as it is a plain value."""
    for name, value in vars(layer).items():
        if name.startswith("_") or name in _OF_ALL | _FOLLOWS:
            continue
        if isinstance(value, bool | int | str):
            yield name, value
        elif isinstance(value, bytes):
            yield name, value.hex()
        elif isinstance(value, date | datetime | time | Decimal):
            yield name, str(value)
        elif isinstance(value, BitField):
            yield name, value.type_name
    if isinstance(layer, Foreign):
        yield "construct", _construct_form(layer.inner)
    if layer.derivation is not None:
        by_bytes = isinstance(layer.derivation, FromBytes)
        yield "derived", layer.derivation.text if by_bytes else type(layer.derivation).__name__


def _construct_form(construct: Any) -> str:
    """Describe a construct from elsewhere by its classes, formats and fixed lengths."""
    inner = [*getattr(construct, "subcons", ()), *filter(None, [getattr(construct, "subcon", None)])]
    words = [getattr(construct, name, None) for name in ("fmtstr", "length", "count")]
    told = [type(construct).__name__, *(str(word) for word in words if isinstance(word, int | str))]
    return " ".join(told) + (f"({', '.join(map(_construct_form, inner))})" if inner else "")


def _members(layer: FieldType[Any]) -> Iterator[tuple[str, Scalar]]:
    for value in vars(layer).values():
        if isinstance(value, type) and issubclass(value, Enum):
            yield from ((member.name.lower(), member.value) for member in value)
    cases: Mapping[int, Any] = getattr(layer, "by_number", {})
    yield from ((case.name, number) for number, case in cases.items() if hasattr(case, "record"))


def _zero_is_a_value(type_: FieldType[Any]) -> bool:
    zeros = bytes(type_.minimum)
    try:
        if isinstance(type_, Dependent):
            type_.read_given(0, zeros, 0, len(zeros))
        else:
            type_.read(zeros, 0, len(zeros))
    except Refused:
        return False
    return True


def _any_index(path: str) -> str:
    return path.replace("[0]", "[]")


def _made(kind: type[S], value: Json, where: str) -> S:
    """Make a snapshot class from JSON, checking every name and type; what came later has a default."""
    if not isinstance(value, dict):
        raise SnapshotError(f"{where} of the saved schema is no object")
    hints = get_type_hints(kind)
    parts = fields(cast("Any", kind))
    since = {one.name for one in parts if one.default is not MISSING or one.default_factory is not MISSING}
    if odd := (value.keys() ^ hints.keys()) - (since - value.keys()):
        raise SnapshotError(f"{where} of the saved schema: {', '.join(sorted(odd))} missing or unknown")
    return kind(**{name: _typed(hints[name], value[name], f"{where}.{name}") for name in hints if name in value})


def _typed(hint: Any, value: Json, where: str) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if is_dataclass(hint):
        return _made(cast("type[Any]", hint), value, where)
    if origin is list and isinstance(value, list):
        return [_typed(inner[0], item, f"{where}[{index}]") for index, item in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        return {name: _typed(inner[1], item, f"{where}.{name}") for name, item in value.items()}
    allowed = inner if origin in {Union, types.UnionType} else (hint,)
    if origin in {list, dict} or type(value) not in allowed:
        raise SnapshotError(f"{where} of the saved schema has a wrong type")
    return value
