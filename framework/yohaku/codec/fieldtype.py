"""The contract between a field type and the codec: how one part of a record becomes bytes, a value and JSON.

It knows nothing of records, files or cards. Offsets and sizes are in bytes unless a name says bits.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Generic, NoReturn, TypeAlias, TypeVar

from yohaku.codec.constructs import when_imported
from yohaku.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO, Any

    from yohaku.codec.emit import Reader, Writer
    from yohaku.codec.links import Derivation

    class Construct:
        """What a type checker sees of construct.Construct, whose own types are not always installed."""

        def __init__(self) -> None: ...

        name: str | None
        docs: str
        flagbuildnone: bool
        parsed: Any

        def __rtruediv__(self, name: str) -> Any: ...
        def parse(self, data: bytes) -> Any:
            """Parse bytes as construct does."""

        def build(self, obj: Any) -> bytes:
            """Build bytes as construct does."""
            ...

        def sizeof(self) -> int:
            """Give the size in bytes, or raise construct's SizeofError."""
            ...
else:
    from yohaku.codec.constructs import Part as Construct

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""A value that the json module writes and reads unchanged."""

T_co = TypeVar("T_co", covariant=True)


class Refused(Exception):  # noqa: N818 - a signal inside the codec, turned into a YohakuError at its edge
    """A part does not fit its type; carries every fault found in it, paths and offsets relative to the part."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__(*faults)


class FieldType(Construct, Generic[T_co]):
    """A construct whose parsed value is exactly a ``T_co``, strict in both directions.

    Attributes:
        minimum: fewest bytes that an encoding takes.
        maximum: most bytes that an encoding takes; None when nothing bounds it.
        greedy: the type has no end of its own and takes every byte up to the end of what holds it.
        hidden: the type carries no value of the record (reserved bytes, constants, derived values).
        derivation: how the value of a hidden field follows from its record; None for one whose value is None.
        recurring: the same few values come again and again, so a codec may keep a table of them; values are hashable,
            immutable and equal to no value of another type, and what ``read`` and ``write`` do depends on nothing else.
        trailing: the part may be absent, which the end of what holds it shows; only such parts may follow it.
    """

    minimum: int
    maximum: int | None
    greedy: bool = False
    hidden: bool = False
    derivation: Derivation | None = None
    recurring: bool = False
    trailing: bool = False

    def __init__(self, minimum: int, maximum: int | None) -> None:
        self.name, self.docs, self.flagbuildnone, self.parsed = None, "", False, None  # what every construct has
        self.minimum, self.maximum = minimum, maximum

    @property
    def size(self) -> int | None:
        """The number of bytes of every encoding; None when it depends on the value."""
        return self.minimum if self.minimum == self.maximum else None

    @property
    def type_name(self) -> str:
        """How documents name the type, such as ``Digits(10)``."""
        return type(self).__name__

    @abstractmethod
    def read(self, data: bytes, offset: int, end: int) -> tuple[T_co, int]:
        """Decode one value from ``data[offset:end]`` and return it with the offset behind it.

        Raises:
            Refused: the bytes are short, not canonical, or mean no value.
        """
        raise NotImplementedError

    @abstractmethod
    def write(self, value: object) -> bytes:
        """Encode ``value``.

        Raises:
            Refused: ``value`` has the wrong type or does not fit.
        """
        raise NotImplementedError

    @abstractmethod
    def example(self) -> T_co:
        """Give a value that encodes, for documents and tests when the designer states none."""
        raise NotImplementedError

    def to_json(self, value: object) -> Json:
        """Give the JSON form of a value that this type encodes."""
        return value  # type: ignore[return-value]  # types whose values are JSON already inherit this

    def from_json(self, value: Json) -> T_co:
        """Make a value from its JSON form; whether it also fits is for ``write`` to say.

        Raises:
            Refused: ``value`` is not of the JSON type that this field has.
        """
        return value  # type: ignore[return-value]  # write() refuses what is not a T_co

    def parts(self) -> Iterator[tuple[str | int, FieldType[object], int | None]]:
        """Yield the parts of a compound type: path step, type, and offset from its start (None: not fixed)."""
        return iter(())

    def refuse(self, message: str, *, offset: int | None = 0) -> NoReturn:
        """Raise Refused with one fault that covers this whole part."""
        raise Refused(Fault(message, offset=offset, size=self.size))

    def take(self, data: bytes, offset: int, end: int, size: int) -> bytes:
        """Return ``size`` bytes at ``offset``, or refuse because the data ends before."""
        if end - offset < size:
            message = f"needs {counted(size, 'byte')}, {left(max(end - offset, 0))}"
            raise Refused(Fault(message, offset=0, size=size))
        return data[offset : offset + size]

    # -- construct's own side: a field type works inside any construct of a designer's --

    def _parse(self, stream: IO[bytes], context: object, path: str) -> T_co:  # noqa: ARG002 - construct's signature
        start = stream.tell()
        data = stream.read() if self.size is None else stream.read(self.size)
        try:
            value, end = self.read(data, 0, len(data))
        except Refused as refused:
            raise self._construct_error(refused, path) from None
        stream.seek(start + end)
        return value

    def _build(self, obj: object, stream: IO[bytes], context: object, path: str) -> object:  # noqa: ARG002
        try:
            stream.write(self.write(obj))
        except Refused as refused:
            raise self._construct_error(refused, path) from None
        return obj

    def _sizeof(self, context: object, path: str) -> int:  # noqa: ARG002 - construct's signature
        if self.size is None:
            from construct import SizeofError

            raise SizeofError(f"{self.type_name} has no fixed size", path=path)
        return self.size

    @staticmethod
    def _construct_error(refused: Refused, path: str) -> Exception:
        from construct import ValidationError

        return ValidationError("; ".join(map(str, refused.faults)), path=path)


def _become_constructs(base: type) -> None:
    """Put construct's own base class below all field types, those that are there already included."""
    FieldType.__bases__ = (base, *FieldType.__bases__[1:])


when_imported(_become_constructs)


class FixedField(FieldType[T_co]):
    """A field type whose encodings all have the same size in bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(size, size)

    def read(self, data: bytes, offset: int, end: int) -> tuple[T_co, int]:
        """Decode the fixed number of bytes at ``offset``."""
        raw = self.take(data, offset, end, self.minimum)
        return self.unpack(raw), offset + self.minimum

    @abstractmethod
    def unpack(self, raw: bytes) -> T_co:
        """Decode exactly ``size`` bytes."""
        raise NotImplementedError


class BitField(FixedField[T_co]):
    """A field type whose value is an unsigned integer of ``bits`` bits, most significant bit first.

    Neighbours in a record whose widths are not whole bytes share bytes; their widths must add up to whole bytes.
    """

    def __init__(self, bits: int) -> None:
        super().__init__((bits + 7) // 8)
        self.bits = bits

    @property
    def aligned(self) -> bool:
        """Whether the field fills whole bytes and so stands alone."""
        return self.bits % 8 == 0

    @abstractmethod
    def to_bits(self, value: object) -> int:
        """Give the unsigned integer that stands for ``value``, below ``1 << bits``."""
        raise NotImplementedError

    @abstractmethod
    def from_bits(self, number: int) -> T_co:
        """Give the value that the unsigned integer ``number`` stands for."""
        raise NotImplementedError

    def write(self, value: object) -> bytes:
        """Encode ``value`` in whole bytes, big-endian."""
        return self.to_bits(value).to_bytes(self.minimum, "big")

    def unpack(self, raw: bytes) -> T_co:
        """Decode whole bytes, big-endian; bits above the width must be zero."""
        number = int.from_bytes(raw, "big")
        if number >> self.bits:
            self.refuse(f"uses {counted(number.bit_length(), 'bit')}, most is {self.bits}")
        return self.from_bits(number)


class Hidden(FieldType[None]):
    """A field type that carries no value: its bytes are the same in every record."""

    hidden = True

    def __init__(self, content: bytes) -> None:
        super().__init__(len(content), len(content))
        self.content = content

    def read(self, data: bytes, offset: int, end: int) -> tuple[None, int]:
        """Check that the bytes are the constant ones."""
        raw = self.take(data, offset, end, self.minimum)
        if raw != self.content:
            self.refuse(self.complaint(raw))
        return None, offset + self.minimum

    def write(self, value: object) -> bytes:  # noqa: ARG002 - there is no value
        """Give the constant bytes."""
        return self.content

    def complaint(self, raw: bytes) -> str:
        """Say what is wrong with bytes that are not the constant ones."""
        return f"is {raw.hex()}, must be {self.content.hex()}"

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        to.constant(self.content, hint)
        return "None"

    def emit_write(self, to: Writer, value: str) -> None:  # noqa: ARG002 - there is no value
        """Emit the code of ``write``."""
        to.constant(self.content)

    def example(self) -> None:
        """Give no value: there is none."""
        return


def a(value: object) -> str:
    """Name the type of a value for a fault: ``a str``, ``an int``, ``nothing``."""
    if value is None:
        return "nothing"
    name = type(value).__name__
    return f"an {name}" if name[0] in "aeioAEIO" else f"a {name}"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: ``1 byte``, ``2 bytes``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def left(number: int) -> str:
    """Say how many bytes there are still: ``1 is left``, ``2 are left``."""
    return f"{number} {'is' if number == 1 else 'are'} left"
