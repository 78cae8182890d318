"""How version n of an applet becomes version n+1: old bytes read as new records, step by step along its history.

A class names its predecessor with ``previous=``, a file the one it replaces with ``.replaces(Old.file, by=function)``;
a file that keeps name and layout needs nothing. No card is touched here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yohaku.errors import DecodeError, EncodeError, Fault, YohakuError
from yohaku.schema.declarations import FileKind

if TYPE_CHECKING:
    from yohaku.schema.applet import Applet
    from yohaku.schema.declarations import File
    from yohaku.schema.purses import Purse
    from yohaku.schema.record import Record

LONGEST_AID = 16
STAGING = 0xFF
"""Byte behind an AID that makes its staging AID (container version 1, chapter 7)."""


class EvolutionError(YohakuError):
    """Contents of an old version cannot become contents of the new one; the message says why."""


@dataclass(frozen=True, slots=True)
class FileStep:
    """Where the contents of one file come from when a card is upgraded.

    Attributes:
        file: the file of the new version.
        source: the file of the old version; None for one that starts empty.
        copied: whether the bytes stay as they are, so that the card can copy them without the host reading them.
    """

    file: File[Any]
    source: File[Any] | None
    copied: bool


def history(applet: type[Applet]) -> tuple[type[Applet], ...]:
    """Give an applet's versions, this one first."""
    found = [applet]
    while found[-1].previous is not None:
        found.append(found[-1].previous)
    return tuple(found)


def at_version(applet: type[Applet], version: int) -> type[Applet]:
    """Give the declaration of an earlier version, or of this one.

    Raises:
        EvolutionError: the history has no such version.
    """
    versions = {one.version: one for one in history(applet)}
    if version not in versions:
        known = ", ".join(map(str, versions))
        raise EvolutionError(f"{applet.name}: version {version} is unknown to this program, which knows {known}")
    return versions[version]


def origin(applet: type[Applet], name: str) -> File[Any] | None:
    """Give the file of the previous version that a file continues; None when there is none."""
    if applet.previous is None:
        return None
    return applet.file(name).replaced or applet.previous.files().get(name)


def source(applet: type[Applet], version: int, name: str) -> File[Any] | None:
    """Give the file of an old version that a file goes back to; None when it was added later.

    Raises:
        EvolutionError: the history has no such version.
    """
    at_version(applet, version)
    file: File[Any] | None = applet.file(name)
    while file is not None and applet.version != version and applet.previous is not None:
        file, applet = origin(applet, file.name), applet.previous
    return file


def purse_source(applet: type[Applet], version: int, name: str) -> Purse | None:
    """Give the purse of an old version that a purse goes on with; None when it was added later.

    Raises:
        EvolutionError: the history has no such version.
    """
    at_version(applet, version)
    purse: Purse | None = applet.purses().get(name)
    while purse is not None and applet.version != version and applet.previous is not None:
        before = purse.replaced or applet.previous.purses().get(purse.name)
        purse, applet = before, applet.previous
    return purse


def is_migrated(applet: type[Applet], version: int, name: str) -> bool:
    """Tell whether a function stands on a file's way from an old version to this one."""
    for one in history(applet):
        if one.version <= version or name not in one.files():
            return False
        if one.files()[name].converter is not None:
            return True
        before = origin(one, name)
        name = before.name if before else ""
    return False


def read_as(applet: type[Applet], version: int, name: str, raw: bytes) -> Record:
    """Read bytes that an old version wrote into a file as a record of this version.

    Args:
        applet: the declaration of this version.
        version: the version that the card holds.
        name: the file, by its name in this version.
        raw: contents of the old file, or one of its records; zero bytes behind the record are its filler.

    Raises:
        EvolutionError: the history has no such version, the file was added later, or a function on the way failed.
        DecodeError: the bytes are no record of the old version.
    """
    file = applet.file(name)
    if applet.version == version:
        return _decoded(file.record, raw)
    before = origin(applet, name)
    if before is None or applet.previous is None:
        at_version(applet, version)
        raise EvolutionError(
            f"{applet.name}: version {version} has no {name}, it was added in version {applet.version}"
        )
    return renew(file, read_as(applet.previous, version, before.name, raw))


def renew(file: File[Any], old: Record) -> Record:
    """Make a record of a file from one of the file that it replaces.

    Raises:
        EvolutionError: the declared function failed, or gave something else.
        DecodeError: no function is declared, and the bytes are no record of this file.
    """
    if file.converter is None:
        return old if type(old) is file.record else _decoded(file.record, old.encode().ljust(file.room, b"\0"))
    try:
        made: object = file.converter(old)
    except Exception as error:
        raise EvolutionError(f"making {file.name} new failed: {type(error).__name__}: {error}") from error
    record: type[Record] = file.record
    if not isinstance(made, record):
        raise EvolutionError(f"making {file.name} new gave a {type(made).__name__}, not a {record.__name__}")
    return made


def renewed_content(applet: type[Applet], version: int, name: str, raw: bytes) -> bytes:
    """Give the bytes of this version for bytes of an old one, filled up with zeros.

    A transparent file of zeros only was never written, and stays so.

    Raises:
        EvolutionError, DecodeError: as ``read_as``.
        EncodeError: the new record has a value that does not fit, or takes more bytes than its file has.
    """
    file = applet.file(name)
    room = file.room
    if file.kind is FileKind.TRANSPARENT and not any(raw):
        return bytes(room)
    content = read_as(applet, version, name, raw).encode()
    if len(content) > room:
        raise EncodeError(f"cannot make {name} new", [Fault(f"takes {len(content)} bytes, most is {room}")])
    return content.ljust(room, b"\0")


def file_steps(applet: type[Applet], version: int) -> list[FileStep]:
    """Say for each file where its contents come from when a card that holds ``version`` is upgraded.

    Raises:
        EvolutionError: the history has no such version.
    """
    return [_step(applet, version, file) for file in applet.files().values()]


def _step(applet: type[Applet], version: int, file: File[Any]) -> FileStep:
    before = source(applet, version, file.name)
    if before is None:
        return FileStep(file, None, copied=False)
    same = before.kind == file.kind and not is_migrated(applet, version, file.name)
    if file.kind is FileKind.TRANSPARENT:
        once = file.size == file.room and before.size == before.room
        same = same and (before.size <= file.size if once else (before.size, before.room) == (file.size, file.room))
    else:
        same = same and before.room == file.room
    return FileStep(file, before, copied=same)


def _decoded(kind: type[Record], raw: bytes) -> Record:
    record, rest = kind.decode_from(raw)
    if any(rest):
        fault = Fault("holds bytes behind the record that are not zero", (), len(raw) - len(rest), len(rest))
        raise DecodeError(f"cannot decode {kind.__name__}", [fault])
    return record


def staging_aid(aid: bytes) -> bytes:
    """Give the AID of an applet's staging instance: FF behind it; of an AID of 16 bytes, the last one XOR 80."""
    if len(aid) < LONGEST_AID:
        return aid + bytes((STAGING,))
    return aid[:-1] + bytes((aid[-1] ^ 0x80,))
