"""What is known of transparent files, byte by byte, from the exchanges seen so far."""

from __future__ import annotations


class FileMemory:
    """Contents of files as far as they were read or written."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, str], list[int | None]] = {}

    def put(self, aid: bytes, name: str, size: int, offset: int, data: bytes) -> bytes | None:
        """Note bytes of a file; give its whole content when no byte is unknown any more."""
        cells = self._known.setdefault((bytes(aid), name), [None] * size)
        stop = min(size, offset + len(data))
        cells[offset:stop] = data[: stop - offset]
        known = [cell for cell in cells if cell is not None]
        return bytes(known) if len(known) == size else None
