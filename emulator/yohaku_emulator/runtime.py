"""What a program on the card can ask of it, shaped like the Java Card runtime; programs see nothing below this.

Names beside their Java Card 2.2.2 counterparts: ``Context`` is JCSystem, GPSystem and RandomData for one instance,
``PersistentArray`` is a byte array in EEPROM, ``Applet`` is javacard.framework.Applet.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING, Final, Protocol

from yohaku.iso7816 import Status
from yohaku_emulator.errors import StatusError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.store import Store

CLEAR_ON_RESET: Final = 1
CLEAR_ON_DESELECT: Final = 2
LONGEST_ARRAY: Final = 32767
"""Most bytes in an array: its length is a Java short."""


class PersistentArray:
    """Bytes that survive power-off; a write outside a transaction is an atomic step of its own."""

    __slots__ = ("_pages", "_start", "_store", "length")

    def __init__(self, store: Store, pages: Sequence[int], start: int, length: int) -> None:
        self._store, self._pages, self._start, self.length = store, pages, start, length

    def read(self, offset: int = 0, size: int | None = None) -> bytes:
        """Return ``size`` bytes from ``offset``, or all from there on."""
        count = self.length - offset if size is None else size
        self._check(offset, count)
        return self._store.read(self._pages, self._start + offset, count)

    def write(self, offset: int, data: bytes) -> None:
        """Write in the open transaction, or at once (Util.arrayCopy)."""
        self._check(offset, len(data))
        self._store.write(self._pages, self._start + offset, data)

    def write_apart(self, offset: int, data: bytes) -> None:
        """Write at once, whatever becomes of an open transaction (Util.arrayCopyNonAtomic)."""
        self._check(offset, len(data))
        self._store.write_apart(self._pages, self._start + offset, data)

    def _check(self, offset: int, size: int) -> None:
        if offset < 0 or size < 0 or offset + size > self.length:
            raise IndexError("outside the array")

    def __getitem__(self, offset: int) -> int:
        self._check(offset, 1)
        return self._store.read(self._pages, self._start + offset, 1)[0]

    def __setitem__(self, offset: int, value: int) -> None:
        self.write(offset, bytes((value,)))

    def __len__(self) -> int:
        return self.length


class OwnerPin:
    """A secret value with a retry counter, in a persistent array of ``OwnerPin.size(longest)`` bytes.

    The array holds the limit of tries, with bit 8 set when no verification is required; the tries left; the length of
    the value (0: none yet) and the value.
    """

    __slots__ = ("_array",)

    _LIMIT, _LEFT, _LENGTH, _VALUE = 0, 1, 2, 3
    _DISABLED = 0x80

    def __init__(self, array: PersistentArray) -> None:
        self._array = array

    @classmethod
    def size(cls, longest: int) -> int:
        """Return how many bytes the array of a PIN with at most ``longest`` bytes needs."""
        return cls._VALUE + longest

    def set_limit(self, tries: int) -> None:
        """Set how many wrong values in a row block the PIN, and give them all back."""
        self._array.write(self._LIMIT, bytes((tries, tries)))

    @property
    def limit(self) -> int:
        """How many wrong values in a row block the PIN."""
        return self._array[self._LIMIT] & ~self._DISABLED

    @property
    def required(self) -> bool:
        """Whether the PIN must be verified; otherwise it counts as verified."""
        return not self._array[self._LIMIT] & self._DISABLED

    def require(self, *, needed: bool) -> None:
        """Set whether the PIN must be verified, in one step (in the open transaction if there is one)."""
        self._array.write(self._LIMIT, bytes((self.limit if needed else self.limit | self._DISABLED,)))

    @property
    def tries_left(self) -> int:
        """How many wrong values are left before the PIN is blocked."""
        return self._array[self._LEFT]

    @property
    def length(self) -> int:
        """Bytes of the value, 0 when it has none."""
        return self._array[self._LENGTH]

    def check(self, value: bytes) -> bool:
        """Compare; the counter goes down before the comparison, in an atomic write that no abort takes back."""
        limit, left, length = self._array.read(0, self._VALUE)
        if not left:
            return False
        self._array.write_apart(self._LEFT, bytes((left - 1,)))
        if not compare_digest(self._array.read(self._VALUE, length), value):
            return False
        self._array.write_apart(self._LEFT, bytes((limit & ~self._DISABLED,)))
        return True

    def update(self, value: bytes) -> None:
        """Set the value and give all tries back, in one step (in the open transaction if there is one)."""
        self._array.write(self._LEFT, bytes((self.limit, len(value))) + value)

    @property
    def value(self) -> bytes:
        """The value, for an instance of the same program that takes it over; empty when there is none."""
        return self._array.read(self._VALUE, self.length)

    def lower(self, tries: int) -> None:
        """Leave at most ``tries`` tries."""
        if tries < self.tries_left:
            self._array.write(self._LEFT, bytes((tries,)))

    def reset(self) -> None:
        """Give all tries back."""
        self._array.write(self._LEFT, bytes((self.limit,)))


class Context(Protocol):
    """The card, as one instance of a program sees it."""

    @property
    def aid(self) -> bytes:
        """AID of this instance (JCSystem.getAID)."""
        ...

    @property
    def life(self) -> int:
        """Life cycle byte of this instance (GPSystem.getCardContentState)."""
        ...

    def set_life(self, life: int) -> None:
        """Change it, in the open transaction if there is one (GPSystem.setCardContentState)."""
        ...

    def allocate(self, *sizes: int) -> None:
        """Create all persistent arrays of this instance, zeroed; once, at install (``new byte[size]`` in order)."""
        ...

    @property
    def arrays(self) -> Sequence[PersistentArray]:
        """The persistent arrays, in the order of ``allocate``."""
        ...

    def transient(self, size: int, clear_on: int = CLEAR_ON_DESELECT) -> bytearray:
        """Return the next transient array; ask in the same order each time (JCSystem.makeTransientByteArray)."""
        ...

    def begin(self) -> None:
        """Open a transaction (JCSystem.beginTransaction)."""
        ...

    def commit(self) -> None:
        """Make all writes since ``begin`` permanent in one step (JCSystem.commitTransaction)."""
        ...

    def abort(self) -> None:
        """Undo all writes since ``begin`` (JCSystem.abortTransaction)."""
        ...

    def sibling(self, aid: bytes) -> Context | None:
        """Return another instance of the same program, which shares this one's firewall context (JCSystem.lookupAID).

        None when there is none; only its ``life`` and ``arrays`` are for use, and those for reading.
        """
        ...

    @property
    def chain_bytes(self) -> int:
        """Most data that fits in the card's buffers for a chain of commands; 0 for none."""
        ...

    @property
    def longest_apdus(self) -> tuple[int, int]:
        """Bytes of the longest extended command and response; zeros where the card takes short ones alone."""
        ...

    @property
    def blocked(self) -> int:
        """Status word with which this kind of card refuses a blocked PIN or key."""
        ...

    def random(self, size: int) -> bytes:
        """Return random bytes (RandomData.generateData)."""
        ...


class Applet(ABC):
    """A program's instance; it is built anew at each power-on, so its attributes survive nothing."""

    @classmethod
    @abstractmethod
    def install(cls, context: Context, parameters: bytes) -> None:
        """Allocate and fill the arrays of a new instance, in a transaction that the runtime opens and closes.

        Args:
            context: the card.
            parameters: application specific parameters of INSTALL (value of tag C9).

        Raises:
            StatusError: the instance cannot be made; nothing of it remains.
        """

    @abstractmethod
    def __init__(self, context: Context) -> None: ...

    @classmethod
    def array_names(cls, context: Context) -> Sequence[str]:
        """Say what each persistent array of an instance holds, for a map of the memory."""
        return [f"array {number}" for number in range(1, 1 + len(context.arrays))]

    def select(self) -> bool:
        """Say whether the applet accepts its selection."""
        return True

    def deselect(self) -> None:  # noqa: B027 - nothing to do is a fair answer, as in Java Card
        """Another applet will be selected; transient arrays are cleared after this."""

    @abstractmethod
    def process(self, apdu: Apdu) -> bytes:
        """Work on a command and return the response data.

        Raises:
            StatusError: the command ends with this status word.
        """

    def process_data(self, apdu: Apdu) -> None:
        """Take a block of STORE DATA (org.globalplatform.Application.processData).

        Raises:
            StatusError: the block is refused, and nothing of it remains.
        """
        del apdu
        raise StatusError(Status.CONDITIONS)


@dataclass(frozen=True, slots=True)
class Program:
    """A load file with its one module, as it stands in the card's read-only memory.

    Attributes:
        number: what the registry calls it; it never changes once cards exist.
        load_file: AID of the load file.
        module: AID of the module.
        applet: the class of its instances.
        removable: whether DELETE removes its instances.
        version: of the load file, major and minor (tag CE of GET STATUS).
    """

    number: int
    load_file: bytes
    module: bytes
    applet: type[Applet]
    removable: bool = True
    version: bytes = b"\x01\x00"
