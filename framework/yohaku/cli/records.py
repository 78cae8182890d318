"""Records of a file on a card, as commands read, show and write them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yohaku.card import AccessDeniedError, EmptyFileError
from yohaku.cli import console
from yohaku.cli.errors import UsageError
from yohaku.cli.sources import read_json
from yohaku.errors import DecodeError, UnknownNameError
from yohaku.schema import Record, RecordFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yohaku.codec import Json
    from yohaku.schema import Applet, File, Rule


def read_records(instance: Applet, file: File[Any], number: int | None) -> Record | list[Record]:
    """Read the record of a transparent file, one record of a record file, or all of them.

    Raises:
        UsageError: a transparent file has no record numbers.
        YohakuError: the card refuses, or its bytes do not fit the layout.
    """
    bound: Any = getattr(instance, file.name)
    found: Record | list[Record]
    if number is None:
        found = bound.records() if isinstance(file, RecordFile) else bound.read()
    else:
        _check_has_records(file)
        found = bound.read(number)
    return found


def print_records(found: Record | Sequence[Record], *, indent: int = 0) -> None:
    """Print one record as a table of its fields, or several, each under its number."""
    if isinstance(found, Record):
        console.table(_rows(found), indent=indent)
        return
    for number, record in enumerate(found, 1):
        console.heading(f"{'':{indent}}record {number}")
        console.table(_rows(record), indent=indent + 2)
    if not found:
        console.note("no records yet")


def _rows(record: Record) -> Iterator[tuple[str, str, str]]:
    specs = type(record).__fields__
    for name, value in _members(record).items():
        label = specs[name].label if name in specs else ""
        yield name, label, _text(value)


def _members(record: Record) -> dict[str, Json]:
    members = record.to_json()
    return members if isinstance(members, dict) else {}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@dataclass
class WritePlan:
    """A record to be written, or changes to one that is there.

    Attributes:
        file: where to.
        number: of the record to write over; None for a transparent file, or to append.
        given: the whole record; None when only ``changes`` are known.
        changes: field names and their new values as typed.
    """

    file: File[Any]
    number: int | None
    given: Record | None
    changes: dict[str, str] = field(default_factory=dict)

    @property
    def appends(self) -> bool:
        """Whether a record is added."""
        return isinstance(self.file, RecordFile) and self.number is None

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules that must hold for it."""
        if self.given is None:
            return [self.file.read, self.file.update]
        return [self.file.rules["append" if self.appends else "update"]]

    def prepare(self, instance: Applet) -> list[str]:
        """Complete the record from what is on the card; give lines that say what will change.

        Raises:
            JsonError: a changed field does not fit.
            YohakuError: the card refuses to tell what is there, and it must be known.
        """
        old = None if self.appends else self._read(instance)
        if self.given is None and old is not None:
            self.given = self.file.record.from_json(_changed(_members(old), self.changes))
        return list(self._describe(old))

    def suppose(self) -> tuple[Record, list[str]]:
        """Complete the record without knowing what is on the card; give it, and lines that say so.

        Raises:
            JsonError: a changed field does not fit.
        """
        record = self.given
        if record is None:
            example = _members(self.file.record.example())
            self.given = record = self.file.record.from_json(_changed(example, self.changes))
        members = _members(record)
        unknown = "the card is not asked what it holds, so this is the most that travels; --before says what it holds"
        told = [f"  {name}: {_text(members[name])}" for name in self.changes or members]
        return record, [f"{self.file.name}: {unknown}", *told]

    def _read(self, instance: Applet) -> Record | None:
        try:
            found = read_records(instance, self.file, self.number)
        except (AccessDeniedError, EmptyFileError, DecodeError):
            if self.given is None:
                raise
            return None
        return None if isinstance(found, list) else found

    def _describe(self, old: Record | None) -> Iterator[str]:
        before = {} if old is None else _members(old)
        after = {} if self.given is None else _members(self.given)
        if old is None:
            yield f"{self.file.name}: {'a new record' if self.appends else 'the whole record'}"
        else:
            yield f"{self.file.name}: {'changes' if before != after else 'no change'}"
        for name, value in after.items():
            if old is None:
                yield f"  {name}: {_text(value)}"
            elif before.get(name) != value:
                yield f"  {name}: {_text(before.get(name))} -> {_text(value)}"

    def carry_out(self, instance: Applet) -> None:
        """Write the record.

        Raises:
            YohakuError: the card refuses.
        """
        bound: Any = getattr(instance, self.file.name)
        if self.appends:
            bound.append(self.given)
        elif self.number is None:
            bound.write(self.given)
        else:
            bound.write(self.number, self.given)


def wanted_write(file: File[Any], source: str | None, changes: Sequence[str], number: int | None) -> WritePlan:
    """Read what shall be written from a command line, before any card is touched.

    Raises:
        UsageError: the command line contradicts itself.
        UnknownNameError: a changed field does not exist.
        JsonError: the record does not fit.
    """
    if (source is None) == (not changes):
        raise UsageError("give either a whole record as SOURCE, or the fields to change with --set")
    if number is not None:
        _check_has_records(file)
    if changes and isinstance(file, RecordFile) and number is None:
        raise UsageError(f"{file.name} is a record file: say with --record N which record --set changes")
    given = None if source is None else file.record.from_json(read_json(source))
    return WritePlan(file, number, given, dict(_assignment(file, change) for change in changes))


def _check_has_records(file: File[Any]) -> None:
    if not isinstance(file, RecordFile):
        raise UsageError(f"{file.name} is a transparent file with one record: leave --record out")


def _assignment(file: File[Any], change: str) -> tuple[str, str]:
    name, equals, value = change.partition("=")
    if not equals:
        raise UsageError(f"--set {change}: write FIELD=VALUE")
    fields = file.record.__values__
    if name not in fields:
        raise UnknownNameError("field", name, fields, where=f" in {file.name}")
    return name, value


def _changed(members: dict[str, Json], changes: dict[str, str]) -> Json:
    return members | {name: _typed(text, members.get(name)) for name, text in changes.items()}


def _typed(text: str, old: Json) -> Json:
    """Take a typed value as text where text is there now, else as JSON if it is JSON."""
    if isinstance(old, str):
        return text
    try:
        value: Json = json.loads(text)
    except ValueError:
        return text
    return value
