"""Text with a budget of bytes, never of characters; nothing is cut, dropped or replaced."""

from __future__ import annotations

import codecs

from yohaku.codec import FieldType, Refused
from yohaku.codec.fieldtype import a
from yohaku.errors import Fault, SchemaError

_SAMPLE = "見本"


class Text(FieldType[str]):
    """Text in ``most`` bytes of an encoding.

    A fixed text fills its bytes with NUL behind the last character, so it holds no NUL itself. An unpadded one takes
    all bytes of what holds it (a data object, a length prefix).

    Args:
        most: budget in bytes of the encoding; a kanji takes 3 in utf-8 and 2 in shift_jis.
        encoding: name of a Python codec.
        padded: whether to fill up to ``most`` bytes.
    """

    def __init__(self, most: int, encoding: str = "utf-8", *, padded: bool = True) -> None:
        if most < 1:
            raise SchemaError(f"Text({most}): at least one byte")
        try:
            self.encoding = codecs.lookup(encoding).name
        except LookupError:
            raise SchemaError(f"Text: no encoding is called {encoding!r}") from None
        super().__init__(most if padded else 0, most)
        self.padded = padded
        self.greedy = not padded

    @property
    def type_name(self) -> str:
        """``Text(32, utf-8)``."""
        return f"Text({'' if self.padded else '..'}{self.maximum}, {self.encoding})"

    def write(self, value: object) -> bytes:
        """Encode, check the budget and that the same text comes back."""
        if not isinstance(value, str):
            self.refuse(f"is {a(value)}, must be text")
        raw = self._encode(value)
        most = self.maximum or 0
        if len(raw) > most:
            self.refuse(f"takes {len(raw)} bytes in {self.encoding}, most is {most}")
        return raw.ljust(most, b"\0") if self.padded else raw

    def _encode(self, value: str) -> bytes:
        try:
            raw = value.encode(self.encoding)
        except UnicodeEncodeError as error:
            wrong = value[error.start : error.end]
            self.refuse(f"has {wrong!r} (U+{ord(wrong[0]):04X}), which {self.encoding} cannot write")
        if raw.decode(self.encoding) != value:
            self.refuse(f"would come back from {self.encoding} as {raw.decode(self.encoding)!r}")
        if self.padded and b"\0" in raw:
            self.refuse("has a NUL, which is the filler")
        return raw

    def read(self, data: bytes, offset: int, end: int) -> tuple[str, int]:
        """Decode up to the filler, or to the end of what holds an unpadded text."""
        most = self.maximum or 0
        if self.padded:
            raw = self.take(data, offset, end, most)
            return self._decode(raw.rstrip(b"\0")), offset + most
        if end - offset > most:
            raise Refused(Fault(f"takes {end - offset} bytes, most is {most}", (), 0, end - offset))
        return self._decode(data[offset:end]), end

    def _decode(self, raw: bytes) -> str:
        try:
            value = raw.decode(self.encoding)
        except UnicodeDecodeError:
            self.refuse(f"is {raw.hex()}, which is no {self.encoding} text")
        if self.padded and "\0" in value:
            self.refuse("has text behind a NUL")
        if self._encode(value) != raw:
            self.refuse(f"is {raw.hex()}, which {self.encoding} writes in another way")
        return value

    def example(self) -> str:
        """Give 見本 where it fits, else letters."""
        try:
            self.write(_SAMPLE)
        except Refused:
            return "A"
        return _SAMPLE
