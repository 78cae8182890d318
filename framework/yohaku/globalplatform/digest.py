"""What a new instance shall hold, as the digest that its card compares with its memory at the end of a load."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from yohaku.globalplatform.dgi import DIGEST
from yohaku.globalplatform.wire import Dgi
from yohaku.schema import CyclicFile, RecordFile, TransparentFile, compile_descriptor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yohaku.schema import Applet, File

_SIZE = 8


def digest_of(applet: type[Applet], contents: Mapping[str, Sequence[bytes]]) -> Dgi:
    """Make the grouping that ends a load in which every PIN and key got a value (container version 1, chapter 3).

    Args:
        applet: the declaration.
        contents: by file name the bytes of a transparent file as the only item, or its records, oldest first.
    """
    digest = sha256(compile_descriptor(applet))
    digest.update(b"\x01" * (len(applet.pins()) + len(applet.keys())))
    for name, file in applet.files().items():
        for part in _held(file, contents.get(name, [])):
            digest.update(part)
    return Dgi(DIGEST, digest.digest()[:_SIZE])


def _held(file: File[Any], content: Sequence[bytes]) -> Iterator[bytes]:
    if isinstance(file, TransparentFile):
        yield b"".join(content).ljust(file.size, b"\0")
    elif isinstance(file, RecordFile):
        kept = content[-file.records :] if isinstance(file, CyclicFile) else content
        yield bytes((len(kept),))
        yield from kept
