"""Looks at encodings that do less than decode and encode them whole: lazy rows, and the bytes that a change touches."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, overload

from yohaku.codec.fieldtype import Refused, counted
from yohaku.codec.sequence import Sequence
from yohaku.codec.steps import Bits
from yohaku.errors import DecodeError, EncodeError, Fault, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yohaku.codec.fieldtype import FieldType
    from yohaku.codec.interpreter import Codec
    from yohaku.codec.steps import Step

V = TypeVar("V")


class Rows(SequenceOf[V], Generic[V]):
    """Records of a fixed size, one straight after the other; each is decoded when it is looked at, and once.

    Args:
        codec: decodes one record.
        size: bytes of a record.
        data: the encodings.

    Raises:
        DecodeError: ``data`` is no whole number of records. Looking at a faulty one raises it too, with the row.
    """

    def __init__(self, codec: Codec[V], size: int, data: bytes) -> None:
        count, left = divmod(len(data), size)
        if left:
            message = f"is {counted(len(data), 'byte')}, no multiple of {size}"
            raise DecodeError("cannot decode rows", [Fault(message)])
        self._codec, self._size, self._data = codec, size, data
        self._made: list[V | None] = [None] * count

    def __len__(self) -> int:
        return len(self._made)

    @overload
    def __getitem__(self, index: int) -> V: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[V, ...]: ...
    def __getitem__(self, index: int | slice) -> V | tuple[V, ...]:
        """Decode the row at ``index``, or those of a slice."""
        if isinstance(index, slice):
            return tuple(self._row(row) for row in range(*index.indices(len(self._made))))
        return self._row(range(len(self._made))[index])

    def __iter__(self) -> Iterator[V]:
        return map(self._row, range(len(self._made)))

    def _row(self, row: int) -> V:
        made = self._made[row]
        if made is None:
            start = row * self._size
            try:
                made = self._codec.decode(self._data[start : start + self._size])
            except DecodeError as error:
                raise DecodeError(error.subject, [fault.under(row, start) for fault in error.faults]) from None
            self._made[row] = made
        return made


class Span(NamedTuple):
    """Where an encoding changes.

    Attributes:
        offset: of the first byte that differs.
        content: the bytes from there to the last one that differs; empty when none does.
        size: bytes of the whole new encoding.
    """

    offset: int
    content: bytes
    size: int

    @property
    def end(self) -> int:
        """The offset behind the last byte that differs; that of the span when none does."""
        return self.offset + len(self.content)


def rows_of(record: type[V], data: bytes) -> Rows[V]:
    """Give lazy rows of a record class whose fields always take the same bytes.

    Raises:
        DecodeError: ``data`` is no whole number of records.
        SchemaError: records of this class differ in size.
    """
    of_record: Any = record
    size = of_record.__field_type__.size
    if not size:
        raise SchemaError(f"{record.__name__}: rows need a record whose fields always take the same bytes")
    return Rows(of_record.__codec__, size, data)


def changed_span(record: type[Any], old: bytes, changes: Mapping[str, Any]) -> Span:
    """Give the bytes that change in the encoding ``old`` of a record when some of its fields do.

    Only the changed fields are encoded when their places are fixed and nothing derives from them; the rest of ``old``
    is not even looked at.

    Raises:
        DecodeError: the record has fields without a fixed place, and ``old`` is none of its encodings.
        EncodeError: a name is no field, or a value does not fit.
    """
    type_: FieldType[Any] = record.__field_type__
    places = _places(type_)
    if places is None or len(old) != type_.size or not changes.keys() <= places.keys():
        return difference(old, record.decode(old).replace(**changes).encode())
    faults: list[Fault] = []
    new = bytearray(old)
    for name, value in changes.items():
        step, offset = places[name]
        try:
            new[offset : offset + (step.size or 0)] = _written(step, name, value, new, offset)
        except Refused as refused:
            faults.extend(_moved(refused, offset))
    if faults:
        raise EncodeError(f"cannot encode {type_.type_name}", faults)
    return difference(old, bytes(new))


def _moved(refused: Refused, offset: int) -> Iterator[Fault]:
    for fault in refused.faults:
        place = None if fault.offset is None else fault.offset + offset
        yield Fault(fault.message, fault.path, place, fault.size)


def _places(type_: FieldType[Any]) -> dict[str, tuple[Step, int]] | None:
    """Give the step and the offset of each field of a record of fixed size; None when fields hang together."""
    if not isinstance(type_, Sequence) or type_.linked or type_.size is None:
        return None
    places: dict[str, tuple[Step, int]] = {}
    offset = 0
    for step in type_.steps:
        places |= {name: (step, offset) for name in step.names if not type_.types[name].hidden}
        offset += step.size or 0
    return places


def _written(step: Step, name: str, value: object, old: bytearray, offset: int) -> bytes:
    """Encode a field, beside the bits of its neighbours as they are."""
    if not isinstance(step, Bits):
        return step.write({name: value})
    number = int.from_bytes(old[offset : offset + step.width], "big")
    type_, shift = next((type_, shift) for other, type_, shift, _ in step.fields if other == name)
    try:
        bits = type_.to_bits(value)
    except Refused as refused:
        raise Refused(*step.placed(refused, name, type_, shift)) from None
    number = number & ~((1 << type_.bits) - 1 << shift) | bits << shift
    return number.to_bytes(step.width, "big")


def difference(old: bytes, new: bytes) -> Span:
    """Give the span from the first to the last byte in which ``new`` differs from ``old``."""
    shared = min(len(old), len(new))
    first = next((index for index in range(shared) if old[index] != new[index]), shared)
    last = len(new)
    if len(old) == len(new):
        last = next((index + 1 for index in range(len(new) - 1, first - 1, -1) if old[index] != new[index]), first)
    return Span(first, new[first:last], len(new))
