"""How densely a record uses its bits: what each field spends, what its values need, what a tighter type would save."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yohaku.fields.compound import Wrapper
from yohaku.schema.places import record_tree
from yohaku.schema.spending import Tighter, in_bytes, needed, spent, tighter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from yohaku.codec import FieldType, Json
    from yohaku.schema.applet import Applet
    from yohaku.schema.declarations import File
    from yohaku.schema.places import Place
    from yohaku.schema.record import Record


@dataclass(frozen=True, slots=True)
class FieldDensity:
    """What one field spends.

    Attributes:
        path: its path in the record.
        label: the Japanese name.
        english: the English name.
        type: the field type.
        count: how many times the field is there at most; more than 1 inside a list of variable length.
        spent: bits that it takes at most, its tag and length included.
        needed: bits that the number of its values needs.
        saves: bits that the tighter type would save; 0 when there is none.
        advice: a sentence about it; empty when there is nothing to say.
        hidden: reserved, constant or derived, so that no value needs it.
    """

    path: str
    label: str
    english: str
    type: str
    count: int
    spent: int
    needed: float
    saves: int
    advice: str
    hidden: bool = False

    def to_json(self) -> Json:
        """Give the figures as JSON."""
        return {
            "path": self.path,
            "type": self.type,
            "count": self.count,
            "spent": self.spent,
            "needed": round(self.needed, 1),
            "saves": self.saves,
            "advice": self.advice,
        }


@dataclass(frozen=True, slots=True)
class RecordDensity:
    """What a record spends; of alternatives the largest counts.

    Attributes:
        name: the record class.
        size: bits of the longest encoding; those of the fields where nothing bounds it.
        records: how many such records the file has room for.
        needed: bits that the values of all fields need.
        reserved: bits that are reserved, constant or derived.
        saves: bits that the tighter types would save.
        fields: the fields in the order of the bytes.
    """

    name: str
    size: int
    records: int
    needed: float
    reserved: int
    saves: int
    fields: tuple[FieldDensity, ...]

    @property
    def share(self) -> float:
        """The part of the bits that carries values, 0 to 1."""
        return self.needed / self.size if self.size else 0.0

    def __str__(self) -> str:
        kept = f", {self.reserved} reserved, constant or derived" if self.reserved else ""
        text = f"{self.name}: {self.size} bits, {_short(self.needed)} needed ({self.share:.0%}){kept}"
        saved = self.saves // 8
        if not saved:
            return text
        total = f" a record, {in_bytes(saved * self.records)} in all" if self.records > 1 else ""
        return f"{text}; tighter types save {in_bytes(saved)}{total}"

    def to_json(self) -> Json:
        """Give the figures as JSON."""
        return {
            "record": self.name,
            "bits": self.size,
            "needed": round(self.needed, 1),
            "reserved": self.reserved,
            "saves": self.saves,
            "records": self.records,
            "fields": [field.to_json() for field in self.fields],
        }


@dataclass(frozen=True, slots=True)
class AppletDensity:
    """What all files of an applet spend.

    Attributes:
        name: the applet.
        files: the density of the record of each file, by the file's name.
    """

    name: str
    files: Mapping[str, RecordDensity]

    @property
    def size(self) -> int:
        """Bits of all records."""
        return sum(one.size * one.records for one in self.files.values())

    @property
    def needed(self) -> float:
        """Bits that the values of all records need."""
        return sum(one.needed * one.records for one in self.files.values())

    @property
    def saved_bytes(self) -> int:
        """Whole bytes that the tighter types would save in all records."""
        return sum(one.saves // 8 * one.records for one in self.files.values())

    def __str__(self) -> str:
        share = self.needed / self.size if self.size else 0.0
        text = f"{self.name}: {self.size} bits, {_short(self.needed)} needed ({share:.0%})"
        return f"{text}; tighter types save {in_bytes(self.saved_bytes)}" if self.saved_bytes else text

    def to_json(self) -> Json:
        """Give the figures as JSON."""
        return {
            "applet": self.name,
            "bits": self.size,
            "needed": round(self.needed, 1),
            "saved_bytes": self.saved_bytes,
            "files": {name: one.to_json() for name, one in self.files.items()},
        }


def record_density(record: type[Record], *, records: int = 1) -> RecordDensity:
    """Compare what each field of a record spends with what its values need.

    Args:
        record: the record class.
        records: how many such records a file has room for, for the total.
    """
    root = record_tree(record)
    fields = {id(place): _field(place, place.source, count) for place, count in _leaves(root, 1) if place.source}
    size = _total(root, lambda place: fields[id(place)].spent) if root.maximum is None else root.maximum * 8
    return RecordDensity(
        record.__name__,
        round(size),
        records,
        _total(root, lambda place: fields[id(place)].needed),
        round(_total(root, lambda place: fields[id(place)].spent if place.hidden else 0)),
        round(_total(root, lambda place: fields[id(place)].saves)),
        tuple(fields.values()),
    )


def file_density(file: File[Any]) -> RecordDensity:
    """Give the density of the record of one file, with the file's number of records."""
    return record_density(file.record, records=getattr(file, "records", 1))


def applet_density(applet: type[Applet]) -> AppletDensity:
    """Give the density of all files of an applet."""
    return AppletDensity(applet.name, {name: file_density(file) for name, file in applet.files().items()})


def _leaves(place: Place, count: int) -> Iterator[tuple[Place, int]]:
    """Yield each field and how often it can be there."""
    if not place.children:
        yield place, count
    for child in place.children:
        yield from _leaves(child, count * _times(place, child))


def _total(place: Place, figure: Callable[[Place], float]) -> float:
    """Add up a figure of the fields: over all items of a list, over the largest of alternatives."""
    if not place.children:
        return figure(place)
    parts = [_total(child, figure) * _times(place, child) for child in place.children]
    return max(parts) if place.alternatives else sum(parts)


def _times(place: Place, child: Place) -> int:
    """Give how often an item of an open list can be there; its place stands for all of them."""
    return place.items[1] or 1 if place.items and child.path.endswith("[]") else 1


def _field(place: Place, type_: FieldType[Any], count: int) -> FieldDensity:
    bits = place.bits if place.bits is not None else (place.maximum or place.minimum) * 8
    inner = _bare(type_)
    better = None if type_.hidden else tighter(inner)
    if place.frame or place.path.endswith("]"):
        better = _whole(better, inner)
    return FieldDensity(
        place.path,
        place.label,
        place.english,
        type_.type_name,
        count,
        bits,
        needed(inner),
        spent(inner) - better.bits if better else 0,
        _sentence(inner, better) if better else "",
        place.hidden,
    )


def _bare(type_: FieldType[Any]) -> FieldType[Any]:
    """Take off the tags and lengths around a value."""
    while isinstance(type_, Wrapper):
        type_ = type_.inner
    return type_


def _whole(better: Tighter | None, type_: FieldType[Any]) -> Tighter | None:
    """Keep a proposal only if it saves a whole byte: a field with its own tag, length or index shares none."""
    if better is None or (better.bits < spent(type_) and -(-better.bits // 8) * 8 >= spent(type_)):
        return None
    return better


def _sentence(type_: FieldType[Any], better: Tighter) -> str:
    judged = f", {_short(needed(type_))} needed" if better.bits < spent(type_) else ""
    return f"{better.what}: {spent(type_)} bits{judged}; {better.instead}"


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
