"""Character encodings of Japanese cards: some of Python's codecs, and three that Python lacks or writes otherwise.

Each raises UnicodeEncodeError for a character without a code and UnicodeDecodeError for a byte that is no code.
"""

from __future__ import annotations

import codecs
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from yohaku.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable

_KANA_FIRST, _KANA_LAST, _KANA_SHIFT = 0xA1, 0xDF, 0xFF61 - 0xA1
_ASCII_CHANGED = {0x5C: "¥", 0x7E: "‾"}
_X0201_DECODE = {
    **{code: chr(code) for code in range(0x20, 0x7F)},
    **_ASCII_CHANGED,
    **{code: chr(code + _KANA_SHIFT) for code in range(_KANA_FIRST, _KANA_LAST + 1)},
}
_X0201_ENCODE = {character: code for code, character in _X0201_DECODE.items()}
_PYTHON = ("ascii", "iso8859-1", "utf-8", "utf-16-be", "shift_jis", "euc_jp")


class Encoding(NamedTuple):
    """A character encoding.

    Attributes:
        name: how documents name it; of a Python codec, Python's name.
        encode: from text to bytes.
        decode: from bytes to text.
        python: the Python codec that has all its characters.
        exact: whether that Python codec gives the same bytes.
    """

    name: str
    encode: Callable[[str], bytes]
    decode: Callable[[bytes], str]
    python: str
    exact: bool = False


def encoding_for(name: str) -> Encoding:
    """Give the encoding of a name.

    Raises:
        SchemaError: there is none; the message lists those that are.
    """
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        codec = name.lower().replace("-", "_")
    if codec in _OWN:
        return _OWN[codec]
    if codec not in _PYTHON:
        known = ", ".join([*_PYTHON, *_OWN])
        raise SchemaError(f"no encoding is called {name!r}: there is {known}")
    return Encoding(codec, lambda text: text.encode(codec), lambda raw: raw.decode(codec), codec, exact=True)


def encode_x0208(text: str) -> bytes:
    """Encode as JIS X 0208 codes of two bytes, 2121 to 7E7E, as the IC driving licence stores names."""
    raw = text.encode("euc_jp")
    if raw and min(raw) < 0xA1:
        index = next(index for index, character in enumerate(text) if min(character.encode("euc_jp")) < 0xA1)
        raise UnicodeEncodeError("jis_x0208", text, index, index + 1, "is not in JIS X 0208")
    return bytes(byte & 0x7F for byte in raw)


def decode_x0208(raw: bytes) -> str:
    """Decode JIS X 0208 codes of two bytes."""
    wrong = next((at for at, byte in enumerate(raw) if not 0x21 <= byte <= 0x7E), None)
    if wrong is not None or len(raw) % 2:
        at = len(raw) - 1 if wrong is None else wrong
        raise UnicodeDecodeError("jis_x0208", raw, at, at + 1, "is no part of a JIS X 0208 code")
    return bytes(byte | 0x80 for byte in raw).decode("euc_jp")


def encode_x0201(text: str) -> bytes:
    """Encode as JIS X 0201: Roman letters with ¥ and overline, half-width katakana; no control characters."""
    try:
        return bytes(_X0201_ENCODE[character] for character in text)
    except KeyError:
        index = next(index for index, character in enumerate(text) if character not in _X0201_ENCODE)
        raise UnicodeEncodeError("jis_x0201", text, index, index + 1, "is not in JIS X 0201") from None


def decode_x0201(raw: bytes) -> str:
    """Decode JIS X 0201."""
    try:
        return "".join(_X0201_DECODE[byte] for byte in raw)
    except KeyError:
        at = next(at for at, byte in enumerate(raw) if byte not in _X0201_DECODE)
        raise UnicodeDecodeError("jis_x0201", raw, at, at + 1, "is no JIS X 0201 code") from None


def encode_cp932(text: str) -> bytes:
    """Encode as Windows does: 髙 is FBFC, an IBM extension, where Python's codec writes NEC's EEE0."""
    ibm = _ibm_extensions()
    if ibm.keys().isdisjoint(text):
        return text.encode("cp932")
    return b"".join(ibm.get(character) or character.encode("cp932") for character in text)


@cache
def _ibm_extensions() -> dict[str, bytes]:
    """Characters that code page 932 has twice, in NEC's selection (rows ED, EE) and as IBM extensions (FA to FC)."""
    codes = (bytes((lead, trail)) for lead in range(0xFA, 0xFD) for trail in range(0x40, 0xFD) if trail != 0x7F)
    pairs = ((code.decode("cp932", errors="ignore"), code) for code in codes)
    return {text: code for text, code in pairs if len(text) == 1 and text.encode("cp932")[0] in {0xED, 0xEE}}


_OWN = {
    "cp932": Encoding("cp932", encode_cp932, lambda raw: raw.decode("cp932"), "cp932"),
    "jis_x0208": Encoding("jis_x0208", encode_x0208, decode_x0208, "euc_jp"),
    "jis_x0201": Encoding("jis_x0201", encode_x0201, decode_x0201, "shift_jis"),
}

ENCODINGS = (*_PYTHON, *_OWN)
"""The names of all encodings."""
