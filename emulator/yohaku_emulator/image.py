"""Image files: a card's memory with magic, format version, profile name and checksum."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct
from sys import byteorder
from typing import TYPE_CHECKING, Final

from yohaku.errors import UnknownNameError
from yohaku_emulator.errors import ImageError
from yohaku_emulator.profiles import find_profile

if TYPE_CHECKING:
    from yohaku_emulator.memory import Memory
    from yohaku_emulator.profiles import Profile

MAGIC: Final = b"YOHAKU\r\n"
"""First bytes of an image; the line end shows a transfer that changed them."""
FORMAT: Final = 1
_HEAD: Final = Struct(">8sB16sI")
"""Magic, format, profile name padded with zeros, bytes of memory; wear counts and memory follow, then SHA-256."""
_ADVICE: Final = "restore a copy of the file, or name a new path for a fresh card"


@dataclass(frozen=True, slots=True)
class Image:
    """What an image file holds."""

    profile: Profile
    wear: array[int]
    cells: bytes


def write(profile: str, memory: Memory) -> bytes:
    """Return the bytes of an image file."""
    body = (
        _HEAD.pack(MAGIC, FORMAT, profile.encode(), len(memory.cells)) + _swapped(memory.wear).tobytes() + memory.cells
    )
    return body + sha256(body).digest()


def _swapped(wear: array[int]) -> array[int]:
    """Return the counts in big-endian order on any machine."""
    copy = wear[:]
    if byteorder == "little":
        copy.byteswap()
    return copy


def read(data: bytes, name: str) -> Image:
    """Check and split the bytes of an image file; ``name`` is what errors call it.

    Raises:
        ImageError: says what is wrong and what to do.
    """
    if not data.startswith(MAGIC):
        raise ImageError(f"{name} is not a card image: its first bytes are not YOHAKU; check the path")
    if len(data) < _HEAD.size + 32:
        raise ImageError(f"{name} ends after {len(data)} bytes, within its header; {_ADVICE}")
    _, version, profile, size = _HEAD.unpack_from(data)
    if version != FORMAT:
        raise ImageError(
            f"{name} has format {version}, this version opens format {FORMAT}; use the yohaku that wrote it"
        )
    if sha256(data[:-32]).digest() != data[-32:]:
        raise ImageError(f"{name} is damaged: its checksum does not match its {len(data)} bytes; {_ADVICE}")
    return _split(data, name, profile, size)


def _split(data: bytes, name: str, wanted: bytes, size: int) -> Image:
    try:
        profile = find_profile(wanted.rstrip(b"\0").decode("ascii", "replace"))
    except UnknownNameError as error:
        raise ImageError(f"{name} cannot be opened: {error}") from None
    wear = array("I", bytes(4 * (size // profile.page)))
    start = _HEAD.size + 4 * len(wear)
    if profile.layout.size != size or len(data) != start + size + 32:
        raise ImageError(f"{name} does not fit profile {profile.name!r} of this version; use the yohaku that wrote it")
    wear = array("I", data[_HEAD.size : start])
    return Image(profile, _swapped(wear), data[start : start + size])
