"""Bytes as they are, constants and reserved bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.codec import BitField, FieldType, FixedField, Hidden, Json, Refused
from yohaku.codec.fieldtype import a, counted
from yohaku.errors import Fault, SchemaError

if TYPE_CHECKING:
    from yohaku.codec.columns import Column
    from yohaku.codec.emit import Reader, Writer


class Blob(FixedField[bytes]):
    """Exactly ``count`` bytes; in JSON lower-case hex."""

    def __init__(self, count: int) -> None:
        if count < 1:
            raise SchemaError(f"Blob({count}): at least one byte")
        super().__init__(count)

    @property
    def type_name(self) -> str:
        """``Blob(16)``."""
        return f"Blob({self.minimum})"

    def write(self, value: object) -> bytes:
        """Check type and length."""
        raw = binary(self, value)
        if len(raw) != self.minimum:
            self.refuse(f"has {counted(len(raw), 'byte')}, must have {self.minimum}")
        return raw

    def unpack(self, raw: bytes) -> bytes:
        """Give the bytes."""
        return raw

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        return to.raw(self.minimum, hint)

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        to.refuse_if(f"type({value}) is not bytes or len({value}) != {self.minimum}")
        to.raw(self.minimum, value)

    def column(self) -> Column:
        """Give void scalars."""
        from yohaku.codec.columns import Blobs

        return Blobs()

    def example(self) -> bytes:
        """Give counting bytes."""
        return bytes(number & 0xFF for number in range(self.minimum))

    def to_json(self, value: object) -> Json:
        """Give lower-case hex."""
        return binary(self, value).hex()

    def from_json(self, value: Json) -> bytes:
        """Take hex."""
        return hex_from_json(self, value)


class VariableBlob(FieldType[bytes]):
    """Up to ``most`` bytes, all that is left in what holds them; in JSON lower-case hex."""

    greedy = True

    def __init__(self, most: int) -> None:
        if most < 1:
            raise SchemaError(f"VariableBlob({most}): at least one byte")
        super().__init__(0, most)
        self.most = most

    @property
    def type_name(self) -> str:
        """``VariableBlob(..16)``."""
        return f"VariableBlob(..{self.most})"

    def read(self, data: bytes, offset: int, end: int) -> tuple[bytes, int]:
        """Take everything up to ``end``."""
        return self.write(data[offset:end]), end

    def write(self, value: object) -> bytes:
        """Check type and length."""
        raw = binary(self, value)
        if len(raw) > self.most:
            raise Refused(Fault(f"has {counted(len(raw), 'byte')}, most is {self.most}", (), 0, len(raw)))
        return raw

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        return to.rest(self.most, hint)

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        to.refuse_if(f"type({value}) is not bytes or len({value}) > {self.most}")
        to.chunk(value)

    def example(self) -> bytes:
        """Give one zero byte."""
        return b"\0"

    def to_json(self, value: object) -> Json:
        """Give lower-case hex."""
        return binary(self, value).hex()

    def from_json(self, value: Json) -> bytes:
        """Take hex."""
        return hex_from_json(self, value)


class Constant(Hidden):
    """Bytes that are the same in every record: a magic number, a format version."""

    def __init__(self, content: bytes) -> None:
        if not content:
            raise SchemaError("Constant(b''): at least one byte")
        super().__init__(content)

    @property
    def type_name(self) -> str:
        """``Constant(5948)``."""
        return f"Constant({self.content.hex()})"


class Reserved(Hidden):
    """``count`` bytes for later versions, zero for now."""

    def __init__(self, count: int) -> None:
        if count < 1:
            raise SchemaError(f"Reserved({count}): at least one byte")
        super().__init__(bytes(count))

    @property
    def type_name(self) -> str:
        """``Reserved(9)``."""
        return f"Reserved({self.minimum})"

    def complaint(self, raw: bytes) -> str:
        """Say that reserved bytes must be zero."""
        return f"is {raw.hex()}, reserved bytes must be zero"


class ReservedBits(BitField[None]):
    """``bits`` bits for later versions, zero for now, beside fields that share the byte."""

    hidden = True

    def __init__(self, bits: int) -> None:
        if bits < 1:
            raise SchemaError(f"ReservedBits({bits}): at least one bit")
        super().__init__(bits)

    @property
    def type_name(self) -> str:
        """``ReservedBits(3)``."""
        return f"ReservedBits({self.bits})"

    def to_bits(self, value: object) -> int:  # noqa: ARG002 - there is no value
        """Give zero."""
        return 0

    def from_bits(self, number: int) -> None:
        """Refuse bits that are set."""
        if number:
            self.refuse(f"is {number:#x}, reserved bits must be zero")

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        to.refuse_if(to.bits(self.bits, hint))
        return "None"

    def emit_write(self, to: Writer, value: str) -> None:  # noqa: ARG002 - there is no value
        """Emit the code of ``write``."""
        to.bits(self.bits, "0", fits=True)

    def column(self) -> Column:
        """Give zeros."""
        from yohaku.codec.columns import Codes

        return Codes(self.bits, [0])

    def example(self) -> None:
        """Give no value: there is none."""
        return


def binary(field_type: FieldType[object], value: object) -> bytes:
    """Return ``value`` when it is bytes; refuse it otherwise."""
    if not isinstance(value, bytes):
        field_type.refuse(f"is {a(value)}, must be bytes")
    return value


def hex_from_json(field_type: FieldType[object], value: Json) -> bytes:
    """Read hex digits; refuse anything else."""
    try:
        return bytes.fromhex(value) if isinstance(value, str) else field_type.refuse(f"is {a(value)}, must be hex")
    except ValueError:
        field_type.refuse(f"is {value!r}, must be hex digits, two a byte")
