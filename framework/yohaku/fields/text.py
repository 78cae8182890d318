"""Text with a budget of bytes, never of characters; nothing is cut, dropped, replaced or normalised."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Literal

from yohaku.codec import FieldType, Json, Refused
from yohaku.codec.fieldtype import a, counted
from yohaku.errors import Fault, SchemaError
from yohaku.fields.encodings import encoding_for

if TYPE_CHECKING:
    from yohaku.codec.columns import Column
    from yohaku.codec.emit import Emitter, Reader, Writer

_SAMPLES = ("見本", "ミホン", "ﾐﾎﾝ", "A", "")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]")
_PRIVATE_FIRST = (0xEE, 0xEF, 0xF3, 0xF4)  # first bytes of private-use characters in UTF-8
_LOSSLESS = frozenset({"utf-8", "ascii", "iso8859-1"})
_WITHOUT_PRIVATE = frozenset({"ascii", "iso8859-1"})
_KANA = re.compile("[ｦ-ﾟA-Z .,-]*")


class Text(FieldType[str]):
    """Text in ``most`` bytes of an encoding.

    A fixed text fills its bytes with NUL behind the last character, so it holds no NUL itself. An unpadded one takes
    all bytes of what holds it (a data object, a length prefix). Ideographic variation sequences are kept (8 bytes in
    utf-8: the selector takes 4), and so is every other character that the encoding gives back unchanged. A character
    that would come back as another one is refused: ``¥`` from shift_jis, ``～`` from euc_jp.

    Args:
        most: budget in bytes of the encoding; a kanji takes 3 in utf-8 and 2 in shift_jis.
        encoding: utf-8, shift_jis, cp932 (as Windows writes it), euc_jp, jis_x0208 (two bytes each), jis_x0201
            (half-width kana), ascii, iso8859-1, and utf-16-be when unpadded.
        padded: whether to fill up to ``most`` bytes.
        form: ``nfc`` refuses text that is not in Unicode's normalization form C, which replaces compatibility
            ideographs (U+FA19 by U+795E); ``as is`` takes text as it comes. Neither changes it.
        private: whether to ``refuse`` or ``keep`` private-use characters (外字), which mean nothing elsewhere;
            ``private_use`` lists those of a text.
    """

    emit_hooks = frozenset({"check"})

    def __init__(
        self,
        most: int,
        encoding: str = "utf-8",
        *,
        padded: bool = True,
        form: Literal["as is", "nfc"] = "as is",
        private: Literal["refuse", "keep"] = "refuse",
    ) -> None:
        if most < 1:
            raise SchemaError(f"Text({most}): at least one byte")
        self.codec = encoding_for(encoding)
        self.encoding = self.codec.name
        if padded and self.encoding == "utf-16-be":
            raise SchemaError("Text: utf-16-be holds zero bytes, so it cannot be filled with them: padded=False")
        super().__init__(most if padded else 0, most)
        self.most, self.padded, self.form, self.private = most, padded, form, private
        self.greedy = not padded

    @property
    def type_name(self) -> str:
        """``Text(32, utf-8)``, unpadded ``Text(..32, utf-8)``."""
        form = ", nfc" if self.form == "nfc" else ""
        return f"Text({'' if self.padded else '..'}{self.most}, {self.encoding}{form})"

    def write(self, value: object) -> bytes:
        """Encode, check the budget and that the same text comes back."""
        if not isinstance(value, str):
            self.refuse(f"is {a(value)}, must be text")
        raw = self._encode(value)
        if len(raw) > self.most:
            self.refuse(f"takes {counted(len(raw), 'byte')} in {self.encoding}, most is {self.most}")
        return raw.ljust(self.most, b"\0") if self.padded else raw

    def _encode(self, value: str) -> bytes:
        self.check(value)
        raw = self._bytes_of(value)
        back = self.codec.decode(raw)
        if back != value:
            self.refuse(f"would come back from {self.encoding} as {back!r}")
        if self.padded and b"\0" in raw:
            self.refuse("has a NUL, which is the filler")
        return raw

    def _bytes_of(self, value: str) -> bytes:
        try:
            return self.codec.encode(value)
        except UnicodeEncodeError as error:
            wrong = value[error.start]
            self.refuse(f"has {wrong!r} (U+{ord(wrong):04X}), which {self.encoding} cannot write")

    def check(self, value: str) -> None:
        """Refuse private-use characters and text in another normalization form, where the field says so.

        Raises:
            Refused: naming the first such character.
        """
        if self.private == "refuse":
            found = _PRIVATE.search(value)
            if found:
                self.refuse(f"has the private-use character U+{ord(found[0]):04X}, which means nothing elsewhere")
        if self.form == "nfc" and not unicodedata.is_normalized("NFC", value):
            self.refuse("is not in normalization form C: unicodedata.normalize('NFC', ...) makes it so")

    def read(self, data: bytes, offset: int, end: int) -> tuple[str, int]:
        """Decode up to the filler, or to the end of what holds an unpadded text."""
        if self.padded:
            raw = self.take(data, offset, end, self.most)
            return self._decode(raw.rstrip(b"\0")), offset + self.most
        if end - offset > self.most:
            raise Refused(Fault(f"takes {counted(end - offset, 'byte')}, most is {self.most}", (), 0, end - offset))
        return self._decode(data[offset:end]), end

    def _decode(self, raw: bytes) -> str:
        if self.padded and b"\0" in raw:
            self.refuse("has text behind a NUL")
        try:
            value = self.codec.decode(raw)
        except UnicodeDecodeError:
            self.refuse(f"is {raw.hex()}, which is no {self.encoding} text")
        self.check(value)
        if self._bytes_of(value) != raw:
            self.refuse(f"is {raw.hex()}, which {self.encoding} writes in another way")
        return value

    def emit_read(self, to: Reader, hint: str) -> str:
        """Emit the code of ``read``."""
        raw = to.let(hint, f'{to.raw(self.most, hint)}.rstrip(b"\\0")') if self.padded else to.rest(self.most, hint)
        text = to.let(f"{hint}_text", self._emit_call(to, "decode", raw))
        if self.encoding not in _LOSSLESS:
            to.refuse_if(f"{self._emit_call(to, 'encode', text)} != {raw}")
        self._emit_check(to, text, raw)
        return text

    def emit_write(self, to: Writer, value: str) -> None:
        """Emit the code of ``write``."""
        to.refuse_if(f"type({value}) is not str")
        raw = to.let(f"{value}_bytes", self._emit_call(to, "encode", value))
        self._emit_check(to, value, raw)
        to.refuse_if(f"len({raw}) > {self.most}")
        if self.encoding not in _LOSSLESS:
            to.refuse_if(f"{self._emit_call(to, 'decode', raw)} != {value}")
        if self.padded:
            to.raw(self.most, raw)
        else:
            to.chunk(raw)

    def _emit_call(self, to: Emitter, method: str, name: str) -> str:
        if self.codec.exact:
            return f"{name}.{method}({'' if self.encoding == 'utf-8' else repr(self.codec.python)})"
        codec = to.bind(getattr(self.codec, method), f"{method}_{self.encoding}", f"to {method} {self.encoding}")
        return f"{codec}({name})"

    def _emit_check(self, to: Emitter, text: str, raw: str) -> None:
        """Emit what ``check`` checks, and that there is no NUL; printable texts have neither fault."""
        faults = [f"0 in {raw}"] if self.padded else []
        if type(self).check is not Text.check:
            to.line(f"{to.bind(self.check, 'check', f'{self.type_name}.check')}({text})")
        elif self.private == "refuse" and self.encoding not in _WITHOUT_PRIVATE:
            search = to.bind(_PRIVATE.search, "private_use", "finds private-use characters, none of them printable")
            leads = " or ".join(f"0x{lead:X} in {raw}" for lead in _PRIVATE_FIRST)
            faults.append(f"({leads}) and {search}({text})" if self.encoding == "utf-8" else f"{search}({text})")
        if len(faults) == 1 and self.padded:
            to.refuse_if(faults[0])
        elif faults:
            to.refuse_if(f"not {text}.isprintable() and ({' or '.join(faults)})")
        if self.form == "nfc" and type(self).check is Text.check:
            normalized = to.bind(unicodedata.is_normalized, "is_normalized", "unicodedata.is_normalized")
            to.refuse_if(f'not {normalized}("NFC", {text})')

    def column(self) -> Column | None:
        """Give bytes, decoded on demand; None when unpadded."""
        from yohaku.codec.columns import Padded

        if not self.padded:
            return None
        encoding = self.codec.python if self.encoding in _LOSSLESS else None
        return Padded(encoding, self._encode, self._decode, self._check_many)

    def _check_many(self, texts: str, raw: bytes) -> None:
        """Check many texts at once; the characters of UTF-8 are looked at when one may be of private use."""
        plain = type(self).check is Text.check and self.form == "as is" and self.encoding == "utf-8"
        if not plain or any(lead in raw for lead in _PRIVATE_FIRST):
            self.check(texts)

    def example(self) -> str:
        """Give 見本 in the characters and bytes that there are, else letters, else nothing."""
        return next(sample for sample in _SAMPLES if self._fits(sample))

    def _fits(self, value: str) -> bool:
        try:
            self.write(value)
        except Refused:
            return False
        return True

    def from_json(self, value: Json) -> str:
        """Take a string."""
        return value if isinstance(value, str) else self.refuse(f"is {a(value)}, must be text")


class KanaName(Text):
    """A name in half-width katakana, one byte a sign (JIS X 0201), as campus cards and banks store it.

    Takes katakana, A to Z, space, full stop, comma and hyphen; voiced signs are two characters (``ﾊﾟ``).

    Args:
        most: bytes.
        padded: whether to fill up to ``most`` bytes.
    """

    def __init__(self, most: int, *, padded: bool = True) -> None:
        super().__init__(most, "jis_x0201", padded=padded)

    @property
    def type_name(self) -> str:
        """``KanaName(16)``."""
        return f"KanaName({'' if self.padded else '..'}{self.most})"

    def check(self, value: str) -> None:
        """Refuse what does not belong in a kana name."""
        taken = _KANA.match(value)
        if taken and taken.end() != len(value):
            wrong = value[taken.end()]
            self.refuse(f"has {wrong!r} (U+{ord(wrong):04X}), allowed are half-width katakana, A to Z, space . , -")


def private_use(text: str) -> tuple[str, ...]:
    """List the private-use characters (外字) of a text, each once, in order of appearance."""
    return tuple(dict.fromkeys(_PRIVATE.findall(text)))
