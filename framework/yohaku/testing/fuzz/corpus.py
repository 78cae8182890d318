"""A corpus folder: a subfolder for each part, a file for each input, named by its digest; others' files stay."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yohaku.testing.fuzz.target import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_NAME = re.compile(r"[0-9a-f]{16}")


class Corpus:
    """Inputs of interest in a folder that can be kept from one run to the next.

    Args:
        folder: made when the first input is put in.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, part: str) -> Iterator[bytes]:
        """Give the inputs of a part, in the order of their names."""
        for path in self._files(part):
            yield path.read_bytes()

    def put(self, part: str, data: bytes) -> None:
        """Keep an input."""
        path = self._folder / part / digest(data)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def settle(self, part: str, inputs: Iterable[bytes]) -> None:
        """Make a part hold these inputs and no others."""
        wanted = {digest(data): data for data in inputs}
        for path in self._files(part):
            if wanted.pop(path.name, None) is None:
                path.unlink()
        for data in wanted.values():
            self.put(part, data)

    def _files(self, part: str) -> list[Path]:
        folder = self._folder / part
        if not folder.is_dir():
            return []
        return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
