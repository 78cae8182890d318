"""Where components come from: the files of a CAP archive, or the load file data block that a card receives."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from yohaku.errors import DecodeError, Fault
from yohaku.globalplatform.cap.layouts import EXTENDED, FIRST_CUSTOM, LOAD_ORDER, Tag, is_wide
from yohaku.globalplatform.cap.model import component_name

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 1 << 24
"""Bytes of all components together beyond which an archive is not unpacked."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FLAGS_AT = 6
_NAMES = {component_name(tag).lower(): tag for tag in Tag}


class CapError(DecodeError):
    """A CAP file or a load file data block is not sound; ``faults`` holds all that was found."""


class Components(dict[int, bytes]):
    """Tag to info, with what was wrong on the way.

    Attributes:
        faults: what is wrong with the frames around the components.
    """

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[Fault] = []

    @property
    def extended(self) -> bool:
        """Whether the header's flags say extended."""
        header = self.get(Tag.HEADER, b"")
        return len(header) > _FLAGS_AT and bool(header[_FLAGS_AT] & EXTENDED)

    def put(self, tag: int, info: bytes, *, offset: int | None = None) -> None:
        """Add a component, once."""
        if tag in self:
            self.fault(tag, "is there twice", offset)
        self[tag] = info

    def fault(self, tag: int, message: str, offset: int | None = None) -> None:
        """Note what is wrong with a component as a whole."""
        self.faults.append(Fault(message, (component_name(tag),), offset))


def unpack(archive: bytes) -> Components:
    """Take the components out of a CAP archive, whatever the order and the case of its file names (6.2.1).

    Raises:
        CapError: it is no archive, or one that is not a CAP file at all.
    """
    files = dict(_files(archive))
    if Tag.HEADER not in files:
        raise CapError("CAP file", [Fault("holds no Header.cap: it is no CAP file", ("archive",))])
    found = Components()
    for tag in sorted(files):
        _put_file(found, tag, files[tag])
    return found


def _files(archive: bytes) -> Iterator[tuple[int, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = [entry for entry in opened.infolist() if _tag_of(entry.filename) is not None]
            if sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise CapError("CAP file", [Fault(f"unpacks to more than {MOST_BYTES} bytes", ("archive",))])
            if any(entry.compress_type not in _METHODS for entry in entries):
                raise CapError("CAP file", [Fault("is compressed by a method that JAR files do not use", ("archive",))])
            for entry in entries:
                yield _tag_of(entry.filename) or 0, opened.read(entry)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise CapError("CAP file", [Fault(f"is no intact archive: {error}", ("archive",))]) from None


def _tag_of(name: str) -> int | None:
    path = PurePosixPath(name.lower())
    return _NAMES.get(path.stem) if path.suffix in {".cap", ".capx"} else None


def _put_file(found: Components, tag: int, raw: bytes) -> None:
    """Take one component file apart; its tag and size must be those of its name and its length."""
    width = 4 if is_wide(tag, extended=found.extended) else 2
    head, info = raw[: 1 + width], raw[1 + width :]
    if len(head) < 1 + width or head[0] != tag:
        found.fault(tag, f"does not start with tag {tag} and a size", 0)
    elif int.from_bytes(head[1:], "big") != len(info):
        found.fault(tag, f"says {int.from_bytes(head[1:], 'big')} bytes, the file has {len(info)}", 1)
    found.put(tag, info)


def split(data: bytes) -> Components:
    """Cut a load file data block into its components: those of table 6-1 in the order of 6.3, and custom ones."""
    found = Components()
    at = 0
    while at < len(data):
        at = _next(found, data, at)
    for tag in found:
        if tag < FIRST_CUSTOM and tag not in LOAD_ORDER and tag != Tag.DEBUG:
            found.fault(tag, "has a reserved tag: components have 1 to 13, custom ones 128 to 255")
    _check_order(found)
    return found


def _next(found: Components, data: bytes, at: int) -> int:
    tag = data[at]
    width = 4 if is_wide(tag, extended=found.extended) else 2
    start = at + 1 + width
    size = int.from_bytes(data[at + 1 : start], "big")
    if len(data) < start + size:
        found.fault(tag, f"says {size} bytes, {max(len(data) - start, 0)} follow it", at)
    found.put(tag, data[start : start + size], offset=at)
    return start + size


def _check_order(found: Components) -> None:
    known = [tag for tag in found if tag in LOAD_ORDER]
    right = [tag for tag in LOAD_ORDER if tag in found]
    wrong = next((pair for pair in zip(known, right, strict=True) if pair[0] != pair[1]), None)
    if wrong:
        found.fault(wrong[0], f"comes where {component_name(wrong[1])} must come")
    if Tag.DEBUG in found:
        found.fault(Tag.DEBUG, "must not be loaded on a card")
