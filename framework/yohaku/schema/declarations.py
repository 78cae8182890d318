"""What an applet's class body declares: files, PINs and keys, each with its limits and access rules."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from yohaku.errors import SchemaError
from yohaku.schema.access import NEVER, Condition, Credential, Rule
from yohaku.schema.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.schema.applet import Applet
    from yohaku.schema.bound import BoundKey, BoundPin, BoundRecordFile, BoundTransparentFile

R = TypeVar("R", bound=Record)
A = TypeVar("A", bound=Record)

MOST_TRIES = 15
LONGEST_PIN = 16
LARGEST_FILE = 0x7FFF
LARGEST_RECORD = 255
MOST_RECORDS = 254
SFIS = range(1, 31)
COPY_HEAD = 6
"""Bytes before each of the two contents of an atomic file: a sequence number of 2, a checksum of 4."""


class Alphabet(IntEnum):
    """Which bytes a PIN may consist of."""

    BYTES = 0
    DIGITS = 1
    PRINTABLE = 2


class FileKind(IntEnum):
    """The structure of a file, by its number in the descriptor."""

    TRANSPARENT = 1
    LINEAR = 2
    CYCLIC = 3


class Declaration:
    """A named part of an applet.

    Attributes:
        name: the attribute of the applet that holds it.
        label: its Japanese name.
        english: its English name; the attribute's name when none is stated.
        ignored: reasons why findings of the schema's checks are left out, by path inside this part and rule.
    """

    def __init__(self, label: str, english: str) -> None:
        self.name = ""
        self.label = label
        self.english = english
        self.ignored: dict[tuple[str, str], str] = {}

    def ignoring(self, rule: str, reason: str, *, at: str = "") -> Self:
        """Leave out the findings of one rule here, for a reason that is printed instead; returns the same part.

        Args:
            rule: the id of the rule, such as ``PERSONAL_DATA_READABLE``.
            reason: why it is right here, in a sentence.
            at: path of one field or group of the file; everything in it when empty.

        Raises:
            SchemaError: there is no reason.
        """
        if not reason.strip():
            raise SchemaError(f"ignoring {rule}: state the reason")
        self.ignored[at, rule] = reason
        return self

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.english = self.english or name.replace("_", " ")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name or '(not in an applet yet)'}>"


class Pin(Declaration, Credential):
    """A secret that a person remembers.

    Args:
        label: the Japanese name.
        tries: wrong tries until it is blocked, 1 to 15.
        length: number of characters, or (fewest, most); 16 at most.
        alphabet: what a value consists of: ``"digits"``, ``"printable"`` (ASCII) or ``"bytes"``.
        reset: who may set the tries back and give a new value.
        can_disable: whether who knows the PIN may have the card stop asking for it, until it is enabled again.
        english: the English name.
    """

    def __init__(
        self,
        label: str = "",
        *,
        tries: int = 3,
        length: int | tuple[int, int] = 4,
        alphabet: str = "digits",
        reset: Condition = NEVER,
        can_disable: bool = False,
        english: str = "",
    ) -> None:
        super().__init__(label, english)
        shortest, longest = (length, length) if isinstance(length, int) else length
        faults = []
        if not 1 <= tries <= MOST_TRIES:
            faults.append(f"{tries} tries: allowed is 1 to {MOST_TRIES}")
        if not 1 <= shortest <= longest <= LONGEST_PIN:
            faults.append(f"length {length}: allowed is 1 to {LONGEST_PIN}")
        if alphabet.upper() not in Alphabet.__members__:
            faults.append(f"alphabet {alphabet!r}: there is {', '.join(name.lower() for name in Alphabet.__members__)}")
        if faults:
            raise SchemaError(f"Pin({label!r}): {'; '.join(faults)}")
        self.tries, self.shortest, self.longest = tries, shortest, longest
        self.alphabet = Alphabet[alphabet.upper()]
        self.reset, self.can_disable = reset.as_rule(), can_disable

    @property
    def reference(self) -> int:
        """The number that names the PIN in VERIFY, from 1."""
        return self.number + 1

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, instance: Applet, owner: type[Any]) -> BoundPin: ...
    def __get__(self, instance: Applet | None, owner: type[Any]) -> Self | BoundPin:
        return self if instance is None else instance.session.pin(self)


class Key(Declaration, Credential):
    """An AES key that a terminal or a back office holds.

    Args:
        label: the Japanese name.
        bits: 128, 192 or 256.
        tries: wrong tries until it is blocked, 1 to 15; 0 never blocks it, which an AES key can afford.
        english: the English name.
    """

    def __init__(self, label: str = "", *, bits: int = 128, tries: int = 0, english: str = "") -> None:
        super().__init__(label, english)
        faults = []
        if bits not in {128, 192, 256}:
            faults.append(f"{bits} bits: AES has 128, 192 or 256")
        if not 0 <= tries <= MOST_TRIES:
            faults.append(f"{tries} tries: allowed is 0 (never blocked) to {MOST_TRIES}")
        if faults:
            raise SchemaError(f"Key({label!r}): {'; '.join(faults)}")
        self.bits, self.tries = bits, tries
        self.reference = 0

    @property
    def size(self) -> int:
        """Length of the key in bytes."""
        return self.bits // 8

    @property
    def algorithm(self) -> int:
        """The number of the algorithm in the descriptor: 1 AES-128, 2 AES-192, 3 AES-256."""
        return self.bits // 64 - 1

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, instance: Applet, owner: type[Any]) -> BoundKey: ...
    def __get__(self, instance: Applet | None, owner: type[Any]) -> Self | BoundKey:
        return self if instance is None else instance.session.key(self)


class File(Declaration, Generic[R]):
    """An elementary file whose content is described by a record class.

    Attributes:
        record: the class of what it holds.
        sfi: short file identifier 1 to 30; given in declared order when the designer states none.
        size: bytes that the file's content takes on the card.
        replaced: the file of the applet's previous version that this one replaces, when that was stated.
        converter: makes a record of this file from one of that file; None where the bytes stay as they are.
    """

    kind: FileKind
    record: type[R]
    size: int

    def __init__(
        self, record: type[R], label: str, english: str, read: Condition, update: Condition, sfi: int | None
    ) -> None:
        super().__init__(label, english)
        if not (isinstance(record, type) and issubclass(record, Record)):
            raise SchemaError(f"{type(self).__name__}({label!r}): {record!r} is no record class")
        if sfi is not None and sfi not in SFIS:
            raise SchemaError(f"{type(self).__name__}({label!r}): SFI {sfi}: allowed is 1 to 30")
        self.record = record
        self.read, self.update = read.as_rule(), update.as_rule()
        self.sfi = sfi or 0
        self.replaced: File[Any] | None = None
        self.converter: Callable[[Any], R] | None = None

    @overload
    def replaces(self, old: File[A], by: Callable[[A], R]) -> Self: ...
    @overload
    def replaces(self, old: File[R]) -> Self: ...
    def replaces(self, old: File[Any], by: Callable[[Any], R] | None = None) -> Self:
        """State which file of the applet's previous version this one replaces; returns the same file.

        A file that keeps its name and its layout needs nothing. ``LibraryCardV1.borrower`` names an old file.

        Args:
            old: the file of the previous version.
            by: makes a new record from an old one; without it the file has another name only.
        """
        self.replaced, self.converter = old, by
        return self

    @property
    def rules(self) -> dict[str, Rule]:
        """The access rule of each operation, in the descriptor's order."""
        return {"read": self.read, "update": self.update}

    @property
    def room(self) -> int:
        """Most bytes that one record can take."""
        return self.size

    def _bound(self, what: str, size: int | None, limit: int) -> int:
        """Check a stated size against the record's bounds; without a stated size take the record's largest."""
        type_ = self.record.__field_type__
        title = f"{type(self).__name__}({self.record.__name__})"
        if type_.greedy:
            raise SchemaError(
                f"{title}: the record's last field takes every byte that is left, so its end is not found in a file: "
                "give it a length with Prefixed or a tag with Tagged"
            )
        size = type_.maximum if size is None else size
        if size is None:
            raise SchemaError(f"{title}: nothing bounds the record's size: state {what}")
        if not max(type_.minimum, 1) <= size <= limit:
            raise SchemaError(
                f"{title}: {what} {size}: the record takes {type_.minimum} bytes or more, and the limit is {limit}"
            )
        return size


class TransparentFile(File[R]):
    """A file that holds one record; bytes behind a record that is shorter than the file are zero.

    Args:
        record: the class of the record.
        label: the Japanese name.
        read: who may read it.
        update: who may change it.
        size: bytes of content; by default the most that the record takes.
        atomic: keep two copies, each with a sequence number and a checksum, so that a write which is cut short leaves
            the old record, also on cards whose commands are not atomic; the container's are without it.
        sfi: short file identifier.
        english: the English name.
    """

    kind = FileKind.TRANSPARENT

    def __init__(
        self,
        record: type[R],
        label: str = "",
        *,
        read: Condition,
        update: Condition,
        size: int | None = None,
        atomic: bool = False,
        sfi: int | None = None,
        english: str = "",
    ) -> None:
        super().__init__(record, label, english, read, update, sfi)
        self.atomic = atomic
        content = self._bound("size", size, LARGEST_FILE // 2 - COPY_HEAD if atomic else LARGEST_FILE)
        self.size = 2 * (COPY_HEAD + content) if atomic else content

    @property
    def room(self) -> int:
        """Most bytes that the record can take."""
        return self.size // 2 - COPY_HEAD if self.atomic else self.size

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, instance: Applet, owner: type[Any]) -> BoundTransparentFile[R]: ...
    def __get__(self, instance: Applet | None, owner: type[Any]) -> Self | BoundTransparentFile[R]:
        return self if instance is None else instance.session.transparent(self)


class RecordFile(File[R]):
    """A file of records of one size.

    Args:
        record: the class of the records.
        label: the Japanese name.
        records: how many records it has room for, 1 to 254.
        read: who may read it.
        append: who may add records.
        update: who may change records in place.
        record_size: bytes of one record; by default the most that the record class takes.
        sfi: short file identifier.
        english: the English name.
    """

    def __init__(
        self,
        record: type[R],
        label: str = "",
        *,
        records: int,
        read: Condition,
        append: Condition,
        update: Condition = NEVER,
        record_size: int | None = None,
        sfi: int | None = None,
        english: str = "",
    ) -> None:
        super().__init__(record, label, english, read, update, sfi)
        if not 1 <= records <= MOST_RECORDS:
            raise SchemaError(f"{type(self).__name__}({label!r}): {records} records: allowed is 1 to {MOST_RECORDS}")
        self.records = records
        self.record_size = self._bound("record_size", record_size, LARGEST_RECORD)
        self.size = self.record_size * records
        self.append = append.as_rule()

    @property
    def room(self) -> int:
        """Most bytes that one record can take."""
        return self.record_size

    @property
    def rules(self) -> dict[str, Rule]:
        """The access rule of each operation, in the descriptor's order."""
        return {**super().rules, "append": self.append}

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, instance: Applet, owner: type[Any]) -> BoundRecordFile[R]: ...
    def __get__(self, instance: Applet | None, owner: type[Any]) -> Self | BoundRecordFile[R]:
        return self if instance is None else instance.session.records(self)


class LinearFile(RecordFile[R]):
    """A linear fixed file: records keep their number; a full file takes no more."""

    kind = FileKind.LINEAR


class CyclicFile(RecordFile[R]):
    """A cyclic file: record 1 is the newest; a full file loses its oldest record to the next one."""

    kind = FileKind.CYCLIC
