"""One applet for many people, one card after another, with a journal that survives whatever stops the work.

The journal is written before a card is changed and after it is verified. Taken up again, it tells who has a card,
whose load was cut short on which card, and who still waits; nobody is loaded twice.
"""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import dataclass, field
from enum import Enum
from typing import IO, TYPE_CHECKING, Any, Self

from yohaku.card.errors import CardError
from yohaku.errors import DecodeError, Fault, YohakuError
from yohaku.globalplatform.domain import SecurityDomain
from yohaku.globalplatform.load import AlreadyInstalledError, LoadError, load_applet
from yohaku.schema import RecordFile
from yohaku.schema.tables import BadRow, TableError, read_csv

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from yohaku.card import Card, Secrets
    from yohaku.globalplatform.keys import KeySource
    from yohaku.globalplatform.load import Progress
    from yohaku.schema import Applet, File, Record

ID = "id"
"""The column that names each person, once."""


class JournalError(YohakuError):
    """A journal cannot be used for this batch."""


class WrongCardError(CardError):
    """A load was begun on another card than the one at hand; nothing was changed."""


class State(Enum):
    """How far a person's load is."""

    WAITING = "waiting"
    BEGUN = "begun"
    LOADED = "loaded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Person:
    """Who gets a card, and what is on it at first.

    Attributes:
        id: names the person in the journal; no two have the same.
        contents: by file name the record that the file starts with.
    """

    id: str
    contents: Mapping[str, Record] = field(repr=False)


def read_people(applet: type[Applet], lines: Iterable[str]) -> list[Person]:
    """Read people from CSV: a column ``id``, and ``FILE.FIELD`` for the fields of transparent files.

    Raises:
        DecodeError: the header, or some rows, do not fit; with every fault and its line.
    """
    reader = csv.reader(lines, strict=True)
    try:
        header, *rows = [row for row in reader if row]
    except (ValueError, csv.Error) as error:
        raise DecodeError("people", [Fault(f"are no table with a header: {error}")]) from None
    faults = list(_header_faults(applet, header)) + list(_row_faults(header, rows))
    if faults:
        raise DecodeError("people", faults)
    ids = [row[header.index(ID)] for row in rows]
    columns = {name: _contents(file, header, rows, faults) for name, file in _files(applet, header).items()}
    if faults:
        raise DecodeError("people", faults)
    return [Person(one, {name: found[at] for name, found in columns.items()}) for at, one in enumerate(ids)]


def _files(applet: type[Applet], header: Sequence[str]) -> dict[str, File[Any]]:
    named = {column.partition(".")[0] for column in header if column != ID}
    return {name: file for name, file in applet.files().items() if name in named}


def _header_faults(applet: type[Applet], header: Sequence[str]) -> Iterator[Fault]:
    if ID not in header:
        yield Fault(f"has no column {ID}", ("header",))
    for column in header:
        name, dot, _ = column.partition(".")
        file = applet.files().get(name)
        if column != ID and (not dot or file is None):
            yield Fault(f"is no {ID} and no FILE.FIELD of {applet.name}", ("header", column))
        elif isinstance(file, RecordFile):
            yield Fault("is of a record file, which starts empty", ("header", column))


def _row_faults(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            yield Fault(f"has {len(row)} cells, the header has {len(header)}", (f"row {number}",))
        elif ID in header:
            one = row[header.index(ID)]
            if not one or one in seen:
                yield Fault("is there twice" if one else "is empty", (f"row {number}", ID))
            seen.add(one)


def _contents(
    file: File[Any], header: Sequence[str], rows: Sequence[Sequence[str]], faults: list[Fault]
) -> list[Record]:
    """Read the columns of one file as a table of their own."""
    places = [at for at, column in enumerate(header) if column.startswith(f"{file.name}.")]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([header[at].partition(".")[2] for at in places])
    writer.writerows([[row[at] for at in places] for row in rows])
    try:
        found = list(read_csv(file.record, io.StringIO(text.getvalue(), newline="")))
    except TableError as error:
        faults.append(Fault(str(error), ("header", file.name)))
        return []
    for number, row in enumerate(found, 2):
        if isinstance(row, BadRow):
            faults.extend(Fault(fault.message, (f"row {number}", file.name, *fault.path)) for fault in row.faults)
    return [row.record for row in found if not isinstance(row, BadRow)]


@dataclass(frozen=True, slots=True)
class Entry:
    """The last that a journal says of a person.

    Attributes:
        state: how far the load is.
        card: which card it was begun on.
        detail: why it failed.
    """

    state: State = State.WAITING
    card: str = ""
    detail: str = ""


class Journal:
    """Lines of JSON that are only ever added, each on the disk before the next step is taken.

    Attributes:
        entries: the last that is known of each person, of this table or another one before it.
    """

    def __init__(self, file: IO[str], entries: dict[str, Entry]) -> None:
        self._file, self.entries = file, entries

    @classmethod
    def open(cls, path: Path, applet: type[Applet]) -> Self:
        """Open the journal of a batch, or begin one; only one program at a time has it.

        A last line that a crash cut short is dropped: what it would have said had not happened yet, or is found out
        from the card.

        Raises:
            JournalError: it is another applet's, damaged, or in use.
        """
        subject = {"applet": applet.name, "aid": applet.aid.hex(), "version": applet.version}
        file = path.open("a+", encoding="utf-8")
        try:
            _lock(file, path)
            entries = _read_journal(file, path, subject)
        except BaseException:
            file.close()
            raise
        journal = cls(file, entries or {})
        if entries is None:
            journal._add(subject)
        return journal

    def entry(self, person: str) -> Entry:
        """Give the last that is known of a person."""
        return self.entries.get(person, Entry())

    def note(self, person: str, entry: Entry) -> None:
        """Write down what became of a person, before anything else happens."""
        self._add({ID: person, "state": entry.state.value, "card": entry.card, "detail": entry.detail})
        self.entries[person] = entry

    def _add(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let others have the journal."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _lock(file: IO[str], path: Path) -> None:
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise JournalError(f"journal {path} is in use by another program; wait for it") from None


def _read_journal(file: IO[str], path: Path, subject: dict[str, Any]) -> dict[str, Entry] | None:
    """Read what is known of each person; None from an empty journal."""
    file.seek(0)
    text = file.read()
    whole, _, rest = text.rpartition("\n")
    if rest:
        file.truncate(len((whole + "\n").encode()) if whole else 0)
    if not whole:
        return None
    try:
        first, *lines = [json.loads(line) for line in whole.splitlines()]
        found = {line[ID]: Entry(State(line["state"]), line["card"], line["detail"]) for line in lines}
    except (ValueError, KeyError, TypeError):
        raise JournalError(f"{path} is no journal, or a damaged one; keep it and begin another") from None
    if first != subject:
        raise JournalError(f"{path} is the journal of something else than this {subject['applet']}: {first}")
    return found


@dataclass(frozen=True, slots=True)
class Report:
    """Where a batch stands.

    Attributes:
        people: how many there are.
        loaded: who has a verified card, each counted once however often the batch was taken up.
        failed: who has none, and why.
        begun: whose load was cut short, and on which card.
        waiting: whose turn has not come.
    """

    people: int
    loaded: tuple[str, ...]
    failed: Mapping[str, str]
    begun: Mapping[str, str]
    waiting: tuple[str, ...]


class Batch:
    """The work on one journal.

    Attributes:
        applet: what everybody gets.
        people: who gets it.
    """

    def __init__(self, applet: type[Applet], people: Sequence[Person], journal: Journal) -> None:
        self.applet, self.people, self._journal = applet, people, journal

    @property
    def pending(self) -> list[Person]:
        """Those without a verified card: loads that were cut short first, then in the order of the table."""
        left = [person for person in self.people if self._journal.entry(person.id).state is not State.LOADED]
        return sorted(left, key=lambda person: self._journal.entry(person.id).state is not State.BEGUN)

    def begun_on(self, person: Person) -> str:
        """Name the card on which a person's load was cut short; empty when none was."""
        entry = self._journal.entry(person.id)
        return entry.card if entry.state is State.BEGUN else ""

    def load(
        self,
        card: Card,
        person: Person,
        *,
        secrets: Secrets,
        keys: KeySource | None = None,
        allow_test_keys: bool = False,
        another_card: bool = False,
        reads_back: bool = False,
        progress: Progress | None = None,
    ) -> bool:
        """Load a person's card; say whether there was anything to do.

        A load that was cut short goes on where it can; one that proves complete is not done again.

        Args:
            card: the person's card.
            person: one of `pending`.
            secrets: a value for each PIN and key.
            keys: of the card's security domain, as for `load_applet`.
            allow_test_keys: use published keys on a real card, too.
            another_card: give up the card on which the load was begun, and take this one.
            reads_back: also read out again what was written.
            progress: called before each step and after the last.

        Raises:
            WrongCardError: the load was begun on another card.
            YohakuError: as `load_applet` says; the journal has it, and the person stays pending.
        """
        here = identity(card, keys, allow_test_keys=allow_test_keys)
        before = self.begun_on(person)
        self._check_card(person, here, "" if another_card else before)
        is_same = before == here
        self._journal.note(person.id, Entry(State.BEGUN, here))
        try:
            load_applet(
                card,
                self.applet,
                secrets=secrets,
                contents=person.contents,
                progress=progress,
                keys=keys,
                allow_test_keys=allow_test_keys,
                resume=is_same,
                reads_back=reads_back,
            )
        except AlreadyInstalledError as error:
            if is_same and self._is_complete(card):
                self._journal.note(person.id, Entry(State.LOADED, here))
                return False
            self._journal.note(person.id, Entry(State.FAILED, here, str(error)))
            raise
        except YohakuError as error:
            is_left = isinstance(error, LoadError) and error.is_left
            self._journal.note(person.id, Entry(State.BEGUN if is_left else State.FAILED, here, str(error)))
            raise
        self._journal.note(person.id, Entry(State.LOADED, here))
        return True

    def _check_card(self, person: Person, here: str, begun: str) -> None:
        """Hold a card to the one person that it is for."""
        if begun and begun != here:
            raise WrongCardError(
                f"the load of {person.id} was begun on card {begun}, this is card {here}; take that card, or give it "
                "up explicitly"
            )
        for other, entry in self._journal.entries.items():
            if other != person.id and entry.card == here and entry.state in {State.BEGUN, State.LOADED}:
                raise WrongCardError(f"this card is that of {other} ({entry.state.value}); take another one")

    def _is_complete(self, card: Card) -> bool:
        """Whether the card has this very applet, ready; its load was begun for this person by this journal."""
        try:
            card.open(self.applet)
        except CardError:
            return False
        return True

    def report(self) -> Report:
        """Say where the batch stands."""
        entries = {person.id: self._journal.entry(person.id) for person in self.people}

        def of(state: State) -> dict[str, Entry]:
            return {one: entry for one, entry in entries.items() if entry.state is state}

        return Report(
            len(entries),
            tuple(of(State.LOADED)),
            {one: entry.detail for one, entry in of(State.FAILED).items()},
            {one: entry.card for one, entry in of(State.BEGUN).items()},
            tuple(of(State.WAITING)),
        )


def identity(card: Card, keys: KeySource | None = None, *, allow_test_keys: bool = False) -> str:
    """Name a card by what its chip tells: key diversification data, else the chip's serial number, else its ATR."""
    domain = SecurityDomain.open(card, keys, allow_test_keys=allow_test_keys)
    if domain.channel is not None:
        return domain.channel.terms.diversification.hex()
    made = domain.production_data()
    return card.atr.hex() if made is None else (made.fabrication_date + made.serial + made.batch).hex()
