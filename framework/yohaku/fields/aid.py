"""Application identifiers."""

from __future__ import annotations

from typing import Self

from yohaku.errors import SchemaError


class Aid(bytes):
    """An application identifier of 5 to 16 bytes (ISO/IEC 7816-4:2020 12.2.3).

    Args:
        value: the bytes, or hex digits with or without spaces.

    Raises:
        SchemaError: ``value`` is not hex or has the wrong length.
    """

    __slots__ = ()

    def __new__(cls, value: bytes | str) -> Self:
        """Check the length."""
        try:
            raw = bytes.fromhex(value) if isinstance(value, str) else bytes(value)
        except ValueError:
            raise SchemaError(f"the AID {value!r} is not hex digits, two a byte") from None
        if not 5 <= len(raw) <= 16:
            raise SchemaError(f"the AID {raw.hex(' ').upper()!r} has {len(raw)} bytes, an AID has 5 to 16")
        return super().__new__(cls, raw)

    def __str__(self) -> str:
        return self.hex(" ").upper()

    def __repr__(self) -> str:
        return f"Aid({str(self)!r})"

    @property
    def is_proprietary(self) -> bool:
        """Whether nobody registered it: category F (ISO/IEC 7816-4:2020 12.2.3.4)."""
        return self[0] >> 4 == 0xF
