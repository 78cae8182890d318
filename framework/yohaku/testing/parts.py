"""The parts of an applet as the model sees them: PINs, keys and files, an instance of them, and a channel's session.

A new kind of part gets its state here and its commands in a module of their own, as `yohaku.testing.purses` has them.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from yohaku.card.content import to_content
from yohaku.card.copies import stored
from yohaku.schema import CyclicFile, FileKind, Record, RecordFile, compile_descriptor
from yohaku.schema.declarations import Alphabet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from yohaku.card import Secrets
    from yohaku.schema import Applet, File, Key, Pin, Purse
    from yohaku.testing.wire import Kind

    Contents = Mapping[str, Record | Sequence[Record]]

CHAIN = 512
"""Most bytes in a chain of UPDATE BINARY on the emulator's generic card."""
PERSONALISED = 0x0F
"""Life cycle of an instance that is ready for use."""
_RANGES = {Alphabet.BYTES: (0x00, 0xFF), Alphabet.DIGITS: (0x30, 0x39), Alphabet.PRINTABLE: (0x20, 0x7E)}


class PinModel(NamedTuple):
    """A PIN and what became of it.

    Attributes:
        limit: wrong values in a row that block it.
        value: its value; none yet when empty.
        left: tries left.
        shortest: fewest bytes of a value.
        longest: most bytes of a value.
        reset: masks of credentials, any of which lets its counter be reset.
        low: smallest byte of a value.
        high: largest byte of a value.
        can_disable: whether its verification requirement can be disabled.
        required: whether it must be verified.
        name: what the declaration calls it.
    """

    limit: int
    value: bytes
    left: int
    shortest: int = 1
    longest: int = 16
    reset: tuple[int, ...] = ()
    low: int = 0x30
    high: int = 0x39
    can_disable: bool = False
    required: bool = True
    name: str = ""

    def __repr__(self) -> str:
        return f"<PinModel {self.name}: {self.left} of {self.limit} tries left>"

    def spent(self) -> Self:
        """Give the PIN with a try less."""
        return self._replace(left=max(self.left - 1, 0))

    def accepts(self, value: bytes) -> bool:
        """Whether bytes could be a value of this PIN."""
        in_range = not value or (self.low <= min(value) and max(value) <= self.high)
        return self.shortest <= len(value) <= self.longest and in_range

    @classmethod
    def of(cls, pin: Pin, value: bytes) -> Self:
        """Give a declared PIN with its first value."""
        low, high = _RANGES[pin.alphabet]
        return cls(
            limit=pin.tries,
            value=value,
            left=pin.tries,
            shortest=pin.shortest,
            longest=pin.longest,
            reset=tuple(pin.reset.masks),
            low=low,
            high=high,
            can_disable=pin.can_disable,
            name=pin.name,
        )


class KeyModel(NamedTuple):
    """A key and what became of it: limit of tries (0 for none), value, tries left, name."""

    limit: int
    value: bytes
    left: int
    name: str = ""

    def __repr__(self) -> str:
        return f"<KeyModel {self.name}: {self.left} of {self.limit or 'any'} tries left>"

    def spent(self) -> Self:
        """Give the key with a try less."""
        return self._replace(left=max(self.left - 1, 0))

    @property
    def is_blocked(self) -> bool:
        """Whether no try is left."""
        return bool(self.limit) and not self.left

    @classmethod
    def of(cls, key: Key, value: bytes) -> Self:
        """Give a declared key with its value."""
        return cls(limit=key.tries, value=value, left=key.tries, name=key.name)


class FileModel(NamedTuple):
    """A file and what it holds.

    Attributes:
        kind: its structure.
        sfi: short file identifier.
        size: bytes of a transparent file, of one record of the others.
        records: records that it has room for; 0 for a transparent file.
        rules: masks of credentials for read, update and append: any that is proved opens.
        body: bytes of a transparent file.
        rows: records in use; of a cyclic file the newest first.
        name: what the declaration calls it.
    """

    kind: int
    sfi: int
    size: int
    records: int
    rules: tuple[tuple[int, ...], ...]
    body: bytes = b""
    rows: tuple[bytes, ...] = ()
    name: str = ""

    @classmethod
    def of(cls, file: File[Any], content: Record | Sequence[Record] | None = None) -> Self:
        """Give a declared file with its first contents, records oldest first."""
        rules = tuple(tuple(rule.masks) for rule in file.rules.values())
        if not isinstance(file, RecordFile):
            first = to_content(content, file.room, file.name) if isinstance(content, Record) else b""
            body = stored(file, first)
            return cls(int(file.kind), file.sfi, file.size, 0, rules, body=body, name=file.name)
        given = () if content is None or isinstance(content, Record) else content
        rows = tuple(to_content(record, file.record_size, file.name) for record in given)
        kept = rows[::-1][: file.records] if isinstance(file, CyclicFile) else rows
        return cls(int(file.kind), file.sfi, file.record_size, file.records, rules, rows=kept, name=file.name)

    def appended(self, row: bytes) -> Self:
        """Give the file after a record was appended; the newest of a cyclic file comes first."""
        if self.kind == FileKind.CYCLIC:
            return self._replace(rows=(row, *self.rows)[: self.records])
        return self._replace(rows=(*self.rows, row))

    def patched(self, offset: int, data: bytes) -> Self:
        """Give the file with other bytes at an offset."""
        return self._replace(body=self.body[:offset] + data + self.body[offset + len(data) :])

    def with_row(self, number: int, row: bytes) -> Self:
        """Give the file with another record of that number, from 1."""
        return self._replace(rows=(*self.rows[: number - 1], row, *self.rows[number:]))


class Entry(NamedTuple):
    """A log entry of a purse: kind 1 credit, 2 debit."""

    sequence: int
    kind: int
    amount: int
    balance: int
    reference: bytes

    def to_bytes(self) -> bytes:
        """Write the 21 bytes of a receipt between the purse's number and the proof."""
        numbers = self.amount.to_bytes(4, "big") + self.balance.to_bytes(4, "big")
        return self.sequence.to_bytes(4, "big") + bytes((self.kind,)) + numbers + self.reference


class PurseModel(NamedTuple):
    """A purse and what became of it.

    Attributes:
        sfi: short file identifier.
        key: number of the key that makes receipts, from 1.
        entries: log entries that it has room for.
        most: the highest balance, and the most of one credit and of one debit.
        rules: masks of credentials for read, log, credit and debit.
        number: what the card calls the purse; empty until it is known.
        sequence: number of the last booking.
        balance: the balance.
        log: entries, the newest first.
        name: what the declaration calls it.
    """

    sfi: int
    key: int
    entries: int
    most: tuple[int, int, int]
    rules: tuple[tuple[int, ...], ...]
    number: bytes = b""
    sequence: int = 0
    balance: int = 0
    log: tuple[Entry, ...] = ()
    name: str = ""

    @classmethod
    def of(cls, purse: Purse) -> Self:
        """Give a declared purse, empty."""
        most = purse.maximum, purse.most_credit, purse.most_debit
        rules = tuple(tuple(rule.masks) for rule in purse.rules.values())
        return cls(purse.sfi, purse.receipts.reference, purse.entries, most, rules, name=purse.name)

    def booked(self, entry: Entry) -> Self:
        """Give the purse after a booking."""
        log = (entry, *self.log)[: self.entries]
        return self._replace(sequence=entry.sequence, balance=entry.balance, log=log)


class Instance:
    """One applet on the card: what survives power-off.

    Attributes:
        aid: its AID.
        descriptor: its descriptor, whole.
        pins: PINs by number less 1.
        keys: keys by number less 1.
        files: files by SFI.
        purses: purses by SFI.
        chain: most bytes in a chain of commands; 0 for no chains.
        longest: bytes of the longest extended command and answer; zeros for short ones alone.
    """

    __slots__ = ("aid", "chain", "descriptor", "files", "keys", "longest", "pins", "purses")

    def __init__(
        self,
        aid: bytes,
        descriptor: bytes,
        *,
        pins: Iterable[PinModel] = (),
        keys: Iterable[KeyModel] = (),
        files: Iterable[FileModel] = (),
        purses: Iterable[PurseModel] = (),
        chain: int = CHAIN,
        longest: tuple[int, int] = (0, 0),
    ) -> None:
        self.aid, self.descriptor, self.chain, self.longest = aid, descriptor, chain, longest
        self.pins, self.keys = list(pins), list(keys)
        self.files = {file.sfi: file for file in files}
        self.purses = {purse.sfi: purse for purse in purses}

    @classmethod
    def of(cls, applet: type[Applet], *, secrets: Secrets, contents: Contents, kind: Kind) -> Self:
        """Give a declared applet as it is after its load on a kind of card."""
        return cls(
            bytes(applet.aid),
            compile_descriptor(applet),
            pins=[PinModel.of(pin, secrets[name]) for name, pin in applet.pins().items()],
            keys=[KeyModel.of(key, secrets[name]) for name, key in applet.keys().items()],
            files=[FileModel.of(file, contents.get(name)) for name, file in applet.files().items()],
            purses=[PurseModel.of(purse) for purse in applet.purses().values()],
            chain=kind.chain,
            longest=(kind.command, kind.response),
        )

    def copy(self) -> Instance:
        """Give an independent instance that holds the same."""
        twin = Instance.__new__(Instance)
        twin.aid, twin.descriptor, twin.chain, twin.longest = self.aid, self.descriptor, self.chain, self.longest
        twin.pins, twin.keys, twin.files = self.pins.copy(), self.keys.copy(), self.files.copy()
        twin.purses = self.purses.copy()
        return twin

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Instance) and self._state() == other._state()

    __hash__ = None  # type: ignore[assignment]

    def _state(self) -> tuple[object, ...]:
        return self.aid, self.pins, self.keys, self.files, self.purses

    @property
    def disabled(self) -> int:
        """PINs that need not be verified, as a mask."""
        return sum(1 << number for number, pin in enumerate(self.pins) if not pin.required)

    @property
    def control_parameters(self) -> bytes:
        """What SELECT answers with P2 04 (FCP)."""
        body = b"\x82\x01\x38" + bytes((0x84, len(self.aid))) + self.aid + b"\x8a\x01\x05"
        return bytes((0x62, len(body))) + body

    @property
    def control_information(self) -> bytes:
        """What SELECT answers (FCI; specs/container.md 4)."""
        head, version = self.descriptor[:1], self.descriptor[1:3]
        print_ = hashlib.sha256(self.descriptor).digest()[:8]
        own = b"\xc0\x01" + head + b"\xc1\x02" + version + bytes((0xC2, 1, PERSONALISED)) + b"\xc3\x08" + print_
        own += b"\xc4\x02" + self.chain.to_bytes(2, "big")
        body = bytes((0x84, len(self.aid))) + self.aid + bytes((0xA5, len(own))) + own
        if self.longest[0]:
            sizes = b"".join(b"\x02\x02" + size.to_bytes(2, "big") for size in self.longest)
            body += bytes((0x7F, 0x66, len(sizes))) + sizes
        return bytes((0x6F, len(body))) + body


class Seat:
    """What one logical channel remembers until it selects something else or power goes.

    Attributes:
        aid: the selected applet of the model; empty for any other application, such as the issuer's domain.
        proved: verified PINs and authenticated keys, as a mask.
        current: SFI of the current file; 0 for none.
        record: current record of that file; 0 for none.
        challenge: the challenge that can be answered; empty for none.
        chain: P1 P2 and the bytes gathered of an open chain; None for none.
        waiting: bytes for GET RESPONSE.
    """

    __slots__ = ("aid", "chain", "challenge", "current", "proved", "record", "waiting")

    def __init__(self, aid: bytes = b"") -> None:
        self.aid = aid
        self.proved = self.current = self.record = 0
        self.challenge = self.waiting = b""
        self.chain: tuple[int, int, bytes] | None = None

    def copy(self) -> Seat:
        """Give an independent seat in the same state."""
        twin = Seat(self.aid)
        twin.proved, twin.current, twin.record = self.proved, self.current, self.record
        twin.challenge, twin.waiting, twin.chain = self.challenge, self.waiting, self.chain
        return twin

    def prove(self, number: int, *, proved: bool) -> None:
        """Note that a credential, PINs first from 0, was proved or is no longer."""
        self.proved = self.proved | 1 << number if proved else self.proved & ~(1 << number)

    def arrive(self, sfi: int, record: int = 0) -> None:
        """Make a file current, and a record of it; 0 leaves the record of the same file as it is."""
        if record or self.current != sfi:
            self.current, self.record = sfi, record

    def _state(self) -> tuple[object, ...]:
        return self.aid, self.proved, self.current, self.record, self.challenge, self.chain, self.waiting

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Seat) and self._state() == other._state()

    __hash__ = None  # type: ignore[assignment]


class Apdu(NamedTuple):
    """A command that a channel takes: its class byte without channel and chain bits, and the rest."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    expected: int
    chained: bool
