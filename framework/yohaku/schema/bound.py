"""What an applet's declarations become on a card: the words that bound files, PINs and keys offer.

These are protocols; ``yohaku.card`` implements them. The schema names them so that ``library.borrower`` has an exact
static type without the schema knowing how a card is reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema.declarations import Key, Pin, RecordFile, TransparentFile
    from yohaku.schema.purses import Purse
    from yohaku.schema.receipts import PurseState, Receipt
    from yohaku.schema.record import Record

R = TypeVar("R", bound="Record")


class BoundTransparentFile(Protocol[R]):
    """A transparent file on a card, holding one record."""

    def read(self) -> R:
        """Read and decode the record."""
        ...

    def read_bytes(self) -> bytes:
        """Read the whole file as bytes."""
        ...

    def write(self, record: R) -> None:
        """Make the file hold ``record``; only bytes that differ travel."""
        ...

    def update(self, /, **changes: Any) -> R:
        """Change some fields; only bytes that differ travel. Returns the new record."""
        ...


class BoundRecordFile(Protocol[R]):
    """A record file on a card; record 1 of a cyclic file is the newest."""

    def read(self, number: int) -> R:
        """Read and decode record ``number``, from 1."""
        ...

    def records_bytes(self) -> list[bytes]:
        """Read every record in use as bytes."""
        ...

    def records(self) -> list[R]:
        """Read and decode every record in use, in the fewest commands."""
        ...

    def write(self, number: int, record: R) -> None:
        """Make record ``number`` hold ``record``; nothing travels when it does already."""
        ...

    def update(self, number: int, /, **changes: Any) -> R:
        """Change some fields of record ``number``. Returns the new record."""
        ...

    def append(self, record: R) -> None:
        """Add a record; a full cyclic file loses its oldest."""
        ...

    def __iter__(self) -> Iterator[R]: ...

    def __len__(self) -> int: ...


class BoundPin(Protocol):
    """A PIN on a card; reading the tries left never spends one."""

    @property
    def tries_left(self) -> int:
        """Read how many tries are left before the PIN is blocked."""
        ...

    def verify(self, pin: str | bytes, *, last_try: bool = False) -> None:
        """Present the PIN; the last try is spent only when ``last_try`` says so."""
        ...

    def change(self, old: str | bytes, new: str | bytes, *, last_try: bool = False) -> None:
        """Replace the PIN's value."""
        ...

    @property
    def required(self) -> bool:
        """Read whether the PIN must be presented; one that is not counts as presented."""
        ...

    def disable(self, pin: str | bytes, *, last_try: bool = False) -> None:
        """Let the PIN count as presented until it is enabled."""
        ...

    def enable(self, pin: str | bytes, *, last_try: bool = False) -> None:
        """Make the card ask for the PIN again."""
        ...

    def reset(self, new: str | bytes | None = None) -> None:
        """Set the tries back, and the value too when ``new`` is given; needs the PIN's reset rule."""
        ...


class BoundKey(Protocol):
    """A key on a card."""

    def authenticate(self, key: bytes) -> None:
        """Prove to the card that the host has the key."""
        ...


class BoundPurse(Protocol):
    """A purse on a card: its bookings are whole or did not happen."""

    @property
    def balance(self) -> int:
        """Read the balance."""
        ...

    def read(self) -> PurseState:
        """Read number, sequence number and balance."""
        ...

    def credit(self, amount: int, *, reference: bytes | None = None) -> Receipt:
        """Add an amount; a random reference of 8 bytes is made when none is given."""
        ...

    def debit(self, amount: int, *, reference: bytes | None = None) -> Receipt:
        """Take an amount away."""
        ...

    def log(self) -> list[Receipt]:
        """Read the receipts of the newest bookings, the newest first."""
        ...

    def find(self, reference: bytes) -> Receipt | None:
        """Look for the newest receipt with a reference in the log."""
        ...


class Session(Protocol):
    """One applet selected on one card: what an instance of an applet class is bound to."""

    def transparent(self, declaration: TransparentFile[R]) -> BoundTransparentFile[R]:
        """Give a transparent file on the card."""
        ...

    def records(self, declaration: RecordFile[R]) -> BoundRecordFile[R]:
        """Give a record file on the card."""
        ...

    def pin(self, declaration: Pin) -> BoundPin:
        """Give a PIN on the card."""
        ...

    def key(self, declaration: Key) -> BoundKey:
        """Give a key on the card."""
        ...

    def purse(self, declaration: Purse) -> BoundPurse:
        """Give a purse on the card."""
        ...
