"""The byte layout of files and applets: one model that pictures, documents and JSON are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yohaku.schema.declarations import RecordFile, TransparentFile
from yohaku.schema.places import Place, record_layout, record_tree
from yohaku.schema.profiles import Overhead, content_bytes, overhead
from yohaku.schema.purse_layout import DRAWN, PurseContent, PurseLayout, purse_layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yohaku.codec import Json
    from yohaku.schema.applet import Applet
    from yohaku.schema.declarations import File, Key, Pin


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of bits of a record that belong together; the segments of a record cover its file without a gap.

    Attributes:
        start: first bit, from the start of the record.
        stop: the bit behind the last one.
        place: the field, or the group whose tag or length this is; None for bytes that no field can use.
    """

    start: int
    stop: int
    place: Place | None

    @property
    def kind(self) -> str:
        """``field``, ``reserved`` (or constant), ``frame`` (tag or length of a group) or ``free``."""
        if self.place is None:
            return "free"
        return "frame" if self.place.children else "reserved" if self.place.hidden else "field"


@dataclass(frozen=True, slots=True)
class FileLayout:
    """The layout of one file.

    Attributes:
        name: its name in the applet.
        kind: ``transparent``, ``linear`` or ``cyclic``.
        size: bytes of content on the card.
        record_size: bytes of one record; of a transparent file, its content's.
        records: how many records it has room for; 1 for a transparent file.
        sfi: short file identifier.
        label: the Japanese name.
        english: the English name.
        access: the rule of each operation as text.
        record: the record with everything in it.
        atomic: whether the file holds two copies of its content, so that no write can tear it.
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
    record: Place
    atomic: bool = False

    @property
    def fields(self) -> tuple[Place, ...]:
        """The fields of one record, nested ones in full, in the order of the bytes."""
        return tuple(field for place in self.record.children for field in place.fields())

    @property
    def exact(self) -> bool:
        """Whether every field lies at the same place in every record, so that a byte map can be drawn."""
        return self.record.exact

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The bits of a record in order, fields and what lies between and behind them; empty when not ``exact``."""
        return tuple(_segments(self.record, self.record_size * 8)) if self.exact else ()

    def to_json(self) -> Json:
        """Give the file as JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "size": self.size,
            "record_size": self.record_size,
            "records": self.records,
            "atomic": self.atomic,
            "sfi": self.sfi,
            "label": self.label,
            "english": self.english,
            "access": dict(self.access),
            "fields": [place.to_json() for place in self.fields],
        }


@dataclass(frozen=True, slots=True)
class CredentialLayout:
    """A PIN or a key as documents show it; never its value.

    Attributes:
        name: its name in the applet.
        kind: ``pin`` or ``key``.
        reference: the number that names it in VERIFY or EXTERNAL AUTHENTICATE, from 1.
        label: the Japanese name.
        english: the English name.
        form: what a value looks like, such as ``4 digits`` or ``AES-128``; of a PIN also whether it can be disabled.
        tries: wrong tries until it is blocked; 0 for a key that never is.
        reset: who may set the tries back, as text; empty for a key.
    """

    name: str
    kind: str
    reference: int
    label: str
    english: str
    form: str
    tries: int
    reset: str

    def to_json(self) -> Json:
        """Give the credential as JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "reference": self.reference,
            "label": self.label,
            "english": self.english,
            "form": self.form,
            "tries": self.tries,
            "reset": self.reset,
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
        bytes: bytes of the contents of all files and purses.
        overhead: what the container keeps beside them.
        credentials: its PINs and keys, PINs first.
        purses: its purses in declared order.
    """

    applet: str
    title: str
    aid: bytes
    version: int
    files: tuple[FileLayout, ...]
    bytes: int
    overhead: Overhead
    credentials: tuple[CredentialLayout, ...]
    purses: tuple[PurseLayout, ...] = ()

    @property
    def descriptor(self) -> int:
        """Bytes of the descriptor that the container keeps beside the files."""
        return self.overhead.descriptor

    @property
    def card_bytes(self) -> int:
        """Bytes that the applet takes on a card, the container's own included; an estimate."""
        return self.bytes + self.overhead.total

    def to_json(self) -> Json:
        """Give the applet as JSON; the AID as lower-case hex."""
        return {
            "applet": self.applet,
            "title": self.title,
            "aid": self.aid.hex(),
            "version": self.version,
            "files": [file.to_json() for file in self.files],
            "purses": [purse.to_json() for purse in self.purses],
            "bytes": self.bytes,
            "descriptor_bytes": self.descriptor,
            "overhead": self.overhead.to_json(),
            "card_bytes": self.card_bytes,
            "credentials": [credential.to_json() for credential in self.credentials],
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
        content_bytes(applet),
        overhead(applet),
        (*map(_pin, applet.pins().values()), *map(_key, applet.keys().values())),
        tuple(map(purse_layout, applet.purses().values())),
    )


def file_layout(file: File[Any]) -> FileLayout:
    """Compute the layout of one file."""
    return FileLayout(
        file.name,
        file.kind.name.lower(),
        file.size,
        file.room,
        file.records if isinstance(file, RecordFile) else 1,
        file.sfi,
        file.label,
        file.english,
        {operation: str(rule) for operation, rule in file.rules.items()},
        record_tree(file.record),
        isinstance(file, TransparentFile) and file.atomic,
    )


def purse_picture(purse: PurseLayout) -> FileLayout:
    """Give what a purse holds on the card as a file that can be drawn: what stands before its log, and one entry."""
    return FileLayout(
        purse.name,
        "purse",
        purse.size,
        DRAWN,
        1,
        purse.sfi,
        purse.label,
        purse.english,
        purse.access,
        record_tree(PurseContent),
    )


def _pin(pin: Pin) -> CredentialLayout:
    span = str(pin.shortest) if pin.shortest == pin.longest else f"{pin.shortest} to {pin.longest}"
    form = f"{span} {'printable characters' if pin.alphabet.name == 'PRINTABLE' else pin.alphabet.name.lower()}"
    form += ", can be disabled" if pin.can_disable else ""
    return CredentialLayout(pin.name, "pin", pin.reference, pin.label, pin.english, form, pin.tries, str(pin.reset))


def _key(key: Key) -> CredentialLayout:
    return CredentialLayout(key.name, "key", key.reference, key.label, key.english, f"AES-{key.bits}", key.tries, "")


def _segments(record: Place, size: int) -> Iterator[Segment]:
    """Walk the fields; what lies between them is the frame of the group around, what lies behind is free."""
    position = 0
    for field in record.fields():
        start = field.start or 0
        if start > position:
            yield Segment(position, start, _around(record, position))
        yield Segment(start, start + (field.bits or 0), field)
        position = start + (field.bits or 0)
    if position < size:
        yield Segment(position, size, None)


def _around(record: Place, bit: int) -> Place:
    """Give the innermost group that covers a bit."""
    for child in record.children:
        start = child.start or 0
        if child.children and start <= bit < start + (child.bits or 0):
            return _around(child, bit)
    return record


__all__ = [
    "AppletLayout",
    "CredentialLayout",
    "FileLayout",
    "Place",
    "PurseLayout",
    "Segment",
    "applet_layout",
    "file_layout",
    "purse_picture",
    "record_layout",
    "record_tree",
]
