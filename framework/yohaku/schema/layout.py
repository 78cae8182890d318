"""The byte layout of records, files and applets: one model that pictures, documents and JSON are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yohaku.codec import BitField
from yohaku.fields.compound import Repeat, Wrapper
from yohaku.schema.declarations import RecordFile
from yohaku.schema.descriptor import compile_descriptor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yohaku.codec import FieldType, Json
    from yohaku.schema.applet import Applet
    from yohaku.schema.declarations import File
    from yohaku.schema.record import FieldSpec, Record


@dataclass(frozen=True, slots=True)
class Place:
    """Where one field lies in the encoding of its record.

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

    @property
    def size(self) -> int | None:
        """Bytes that the field touches; None when it depends on the value."""
        if self.bits is None:
            return None
        return (self.bit + self.bits + 7) // 8

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
        }


@dataclass(frozen=True, slots=True)
class FileLayout:
    """The layout of one file.

    Attributes:
        name: its name in the applet.
        kind: ``transparent``, ``linear`` or ``cyclic``.
        size: bytes of content on the card.
        record_size: bytes of one record; the file's size for a transparent file.
        records: how many records it has room for; 1 for a transparent file.
        sfi: short file identifier.
        label: the Japanese name.
        english: the English name.
        access: the rule of each operation as text.
        fields: the places of one record.
    """

    name: str
    kind: str
    size: int
    record_size: int
    records: int
    sfi: int
    label: str
    english: str
    access: Mapping[str, str]
    fields: tuple[Place, ...]

    def to_json(self) -> Json:
        """Give the file as JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "size": self.size,
            "record_size": self.record_size,
            "records": self.records,
            "sfi": self.sfi,
            "label": self.label,
            "english": self.english,
            "access": dict(self.access),
            "fields": [place.to_json() for place in self.fields],
        }


@dataclass(frozen=True, slots=True)
class AppletLayout:
    """The layout of an applet.

    Attributes:
        applet: its name.
        title: its Japanese name.
        aid: application identifier.
        version: version of the layout.
        files: its files in declared order.
        bytes: bytes of all file contents.
        descriptor: bytes of the descriptor that the container keeps beside them.
    """

    applet: str
    title: str
    aid: bytes
    version: int
    files: tuple[FileLayout, ...]
    bytes: int
    descriptor: int

    def to_json(self) -> Json:
        """Give the applet as JSON; the AID as lower-case hex."""
        return {
            "applet": self.applet,
            "title": self.title,
            "aid": self.aid.hex(),
            "version": self.version,
            "files": [file.to_json() for file in self.files],
            "bytes": self.bytes,
            "descriptor_bytes": self.descriptor,
        }


def applet_layout(applet: type[Applet]) -> AppletLayout:
    """Compute the layout of an applet."""
    files = tuple(file_layout(file) for file in applet.files().values())
    return AppletLayout(
        applet.name,
        applet.title(),
        applet.aid,
        applet.version,
        files,
        sum(file.size for file in files),
        len(compile_descriptor(applet)),
    )


def file_layout(file: File[Any]) -> FileLayout:
    """Compute the layout of one file."""
    record_size, records = (file.record_size, file.records) if isinstance(file, RecordFile) else (file.size, 1)
    return FileLayout(
        file.name,
        file.kind.name.lower(),
        file.size,
        record_size,
        records,
        file.sfi,
        file.label,
        file.english,
        {operation: str(rule) for operation, rule in file.rules.items()},
        record_layout(file.record),
    )


def record_layout(record: type[Record]) -> tuple[Place, ...]:
    """Compute the places of the fields of a record, nested ones in full, in the order of the bytes."""
    return tuple(_places(record.__field_type__, "", 0, record.__fields__))


def _places(type_: FieldType[Any], path: str, offset: int | None, specs: Mapping[str, FieldSpec]) -> Iterator[Place]:
    bit = 0
    for step, part, place in type_.parts():
        spec = specs.get(str(step))
        at = None if offset is None or place is None else offset + place
        first = bit % 8 if isinstance(part, BitField) else 0
        bit = bit + part.bits if isinstance(part, BitField) else 0
        yield from _part(part, _join(path, step, type_), at, first, spec)


def _part(part: FieldType[Any], path: str, offset: int | None, bit: int, spec: FieldSpec | None) -> Iterator[Place]:
    nested = getattr(_core(part), "kind", None)
    specs: Mapping[str, FieldSpec] = getattr(nested, "__fields__", {})
    children = list(_places(part, path, offset, specs))
    if children:
        yield from children
        return
    label = spec.label if spec else ""
    english = (spec.english if spec else "") or path.rsplit(".", 1)[-1].replace("_", " ")
    bits = part.bits if isinstance(part, BitField) else None if part.size is None else part.size * 8
    yield Place(path, offset, bit, bits, part.minimum, part.maximum, part.type_name, label, english, part.hidden)


def _core(part: FieldType[Any]) -> FieldType[Any]:
    while isinstance(part, Wrapper):
        part = part.inner
    return part.item if isinstance(part, Repeat) else part


def _join(path: str, step: str | int, parent: FieldType[Any]) -> str:
    if isinstance(step, int):
        core = _core_repeat(parent)
        return f"{path}[{step}]" if core is None or core.count is not None else f"{path}[]"
    return f"{path}.{step}" if path else step


def _core_repeat(part: FieldType[Any]) -> Repeat[Any] | None:
    while isinstance(part, Wrapper):
        part = part.inner
    return part if isinstance(part, Repeat) else None


__all__ = ["AppletLayout", "FileLayout", "Place", "applet_layout", "file_layout", "record_layout"]
