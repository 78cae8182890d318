"""What a codec is, and the one that walks the field types: whole encodings in, whole values out, every fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from yohaku.codec.fieldtype import FieldType, Json, Refused
from yohaku.errors import DecodeError, EncodeError, Fault, JsonError

if TYPE_CHECKING:
    from collections.abc import Sequence

V = TypeVar("V")


class Codec(Protocol[V]):
    """What a record needs of its codec."""

    def encode(self, value: V) -> bytes:
        """Encode ``value`` or raise EncodeError."""
        ...

    def decode(self, data: bytes) -> V:
        """Decode all of ``data`` or raise DecodeError."""
        ...

    def decode_from(self, data: bytes) -> tuple[V, bytes]:
        """Decode the start of ``data`` and return the rest with the value, or raise DecodeError."""
        ...

    def to_json(self, value: V) -> Json:
        """Give the JSON form of ``value`` or raise EncodeError."""
        ...

    def from_json(self, value: Json) -> V:
        """Make a value from JSON or raise JsonError."""
        ...


class Interpreter(Generic[V]):
    """A codec that walks the field types for every value."""

    def __init__(self, type_: FieldType[V]) -> None:
        self.type = type_

    def encode(self, value: V) -> bytes:
        """Encode ``value`` or raise EncodeError."""
        try:
            return self.type.write(value)
        except Refused as refused:
            raise EncodeError(f"cannot encode {self.type.type_name}", refused.faults) from None

    def decode(self, data: bytes) -> V:
        """Decode all of ``data``; bytes behind the value are a fault."""
        value, end = self._read(data)
        if end != len(data):
            left = len(data) - end
            message = f"ends at byte {end}, {left} byte{' is' if left == 1 else 's are'} left over"
            raise self._decode_error([Fault(message, (), end, left)])
        return value

    def decode_from(self, data: bytes) -> tuple[V, bytes]:
        """Decode the start of ``data`` and return the rest with the value."""
        value, end = self._read(data)
        return value, data[end:]

    def _read(self, data: bytes) -> tuple[V, int]:
        try:
            return self.type.read(data, 0, len(data))
        except Refused as refused:
            raise self._decode_error(refused.faults) from None

    def _decode_error(self, faults: Sequence[Fault]) -> DecodeError:
        return DecodeError(f"cannot decode {self.type.type_name}", faults)

    def to_json(self, value: V) -> Json:
        """Give the JSON form of ``value``, which must be one that encodes."""
        self.encode(value)
        return self.type.to_json(value)

    def from_json(self, value: Json) -> V:
        """Make a value from JSON; it is one that encodes."""
        try:
            return self.type.from_json(value)
        except Refused as refused:
            raise JsonError(f"not a {self.type.type_name}", refused.faults) from None
