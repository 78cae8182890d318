"""Columns of padded text, as bytes that are decoded on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from yohaku.codec.columns.arrays import encoded, filled, fitted, pieces, put_rows, strings
from yohaku.codec.columns.base import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from yohaku.codec.columns.arrays import Array


class Padded(Column):
    """Text filled up with NUL, as bytes; ``text`` decodes it on demand, and what is no text shows then.

    Args:
        encoding: the encoding as Python names it, when what it decodes comes back as it was; else None.
        encode: makes the bytes of a text, without the filler; refuses what does not fit.
        decode: makes the text of bytes without the filler; refuses what is none.
        check: refuses characters that the field does not take, of many texts with NULs between them and their bytes.
    """

    speaks = True

    def __init__(
        self,
        encoding: str | None,
        encode: Callable[[str], bytes],
        decode: Callable[[bytes], str],
        check: Callable[[str, bytes], None],
    ) -> None:
        self.encoding, self.encode, self.decode, self.check = encoding, encode, decode, check

    def read(self, raw: Array) -> tuple[Array, Array | None]:
        """Give the bytes without the filler; content behind a NUL is wrong."""
        solid = np.ascontiguousarray(raw)
        return strings(solid), filled(solid)

    def text(self, values: Array) -> Array:
        """Decode what ``read`` gave into an array of str."""
        made = np.empty(values.size, object)
        known: dict[bytes, str] = {}
        for index, raw in enumerate(values.ravel().tolist()):
            if raw not in known:
                known[raw] = self.decode(raw)
            made[index] = known[raw]
        return made.reshape(values.shape)

    def texts(self, values: Array) -> list[str]:
        """Decode: all in one go where the encoding writes each text in one way."""
        if self.encoding is None:
            decoded: list[str] = self.text(values).tolist()
            return decoded
        content = b"\0".join(values.tolist())
        texts = content.decode(self.encoding)
        self.check(texts, content)
        return texts.split("\0")

    def values(self, texts: list[str]) -> Array | None:
        """Take texts, which ``write`` encodes."""
        return np.array(texts, object)

    def write(self, values: Array, raw: Array) -> Array | None:
        """Take text, or bytes that are text already."""
        size = raw.shape[-1]
        if values.dtype.kind in "UO":
            solid = fitted(self._encoded(values), size)
            put_rows(solid, raw)
            return None
        solid = fitted(encoded(values), size)
        put_rows(solid, raw)
        self._check_bytes(solid)
        return filled(solid)

    def _encoded(self, values: Array) -> Array:
        """Encode texts: all in one go where the encoding writes each in one way, else each different one once."""
        texts = values.ravel().tolist()
        if self.encoding is None:
            known = {text: self.encode(text) for text in dict.fromkeys(texts)}
            return np.array([known[text] for text in texts], "S").reshape(values.shape)
        joined = "\0".join(texts)
        if joined.count("\0") != max(len(texts) - 1, 0):
            return np.array([self.encode(text) for text in texts], "S").reshape(values.shape)
        content = joined.encode(self.encoding)
        self.check(joined, content)
        return np.array(content.split(b"\0"), "S").reshape(values.shape)

    def _check_bytes(self, solid: Array) -> None:
        """Refuse bytes that are no text: many rows in one go, a NUL behind each, or each different row."""
        rows = solid.reshape(-1, solid.shape[-1])
        if self.encoding is None:
            for row in set(strings(rows).tolist()):
                self.decode(row)
            return
        for piece in pieces(rows):
            apart = np.pad(piece, ((0, 0), (0, 1))) if piece[:, -1].any() else piece
            content = apart.tobytes()
            self.check(content.decode(self.encoding), content)
