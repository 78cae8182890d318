"""From bytes to a `CapFile`: every component is read and checked, and all that is wrong is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from construct import ConstError, ConstructError, StreamError, TerminatedError

from yohaku.errors import Fault
from yohaku.globalplatform.cap import checks
from yohaku.globalplatform.cap.container import CapError, Components, split, unpack
from yohaku.globalplatform.cap.layouts import ANY, COMPACT, EXTENDED_LAYOUTS, FORMATS, REQUIRED, Tag
from yohaku.globalplatform.cap.model import CapApplet, CapFile, CapMethod, Package, Statics, component_name, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from construct import Container

NO_TOKEN = 0xFF


def read_cap(archive: bytes) -> CapFile:
    """Read a CAP file.

    Raises:
        CapError: it is not sound; the error holds every fault found.
    """
    found = unpack(archive)
    if Tag.DESCRIPTOR not in found:
        found.fault(Tag.DESCRIPTOR, "is missing")
    return _read(found, "CAP file")


def read_load_file(data: bytes) -> CapFile:
    """Read a load file data block, as a card does.

    Raises:
        CapError: it is not sound; the error holds every fault found.
    """
    return _read(split(data), "load file")


def _read(found: Components, subject: str) -> CapFile:
    """Read the header first: it says how to read the rest."""
    found.faults.extend(Fault("is missing", (component_name(tag),)) for tag in REQUIRED if tag not in found)
    parsed: dict[int, Any] = {}
    if Tag.HEADER in found:
        _parse(found, Tag.HEADER, parsed, minor=0)
    header = parsed.get(Tag.HEADER)
    if header is None:
        raise CapError(subject, found.faults)
    if (header.format_major, header.format_minor) not in FORMATS:
        found.fault(Tag.HEADER, f"has CAP format {header.format_major}.{header.format_minor}; 2.1 to 2.3 are known", 4)
        raise CapError(subject, found.faults)
    for tag in found:
        if tag != Tag.HEADER:
            _parse(found, tag, parsed, minor=header.format_minor)
    found.faults.extend(checks.all_faults(parsed, found))
    if found.faults:
        raise CapError(subject, found.faults)
    return _model(parsed, found)


def _parse(found: Components, tag: int, parsed: dict[int, Any], *, minor: int) -> None:
    schemas = EXTENDED_LAYOUTS if found.extended else COMPACT
    try:
        parsed[tag] = schemas.get(tag, ANY).parse(found[tag], minor=minor, extended=found.extended)
    except ConstructError as error:
        path = [step for step in (error.path or "").split(" -> ")[1:] if step]
        found.faults.append(Fault(_reason(error), (component_name(tag), *path)))


def _reason(error: ConstructError) -> str:
    if isinstance(error, TerminatedError):
        return "is followed by bytes that belong to nothing"
    if isinstance(error, ConstError):
        return "is not DECAFFED"
    return "ends too early" if isinstance(error, StreamError) else "cannot be read"


def _model(parsed: dict[int, Any], found: Components) -> CapFile:
    header, statics = parsed[Tag.HEADER], parsed[Tag.STATIC_FIELD]
    packages = tuple(_packages(header))
    cap = header.cap
    classes = None if found.extended else len(parsed[Tag.CLASS]["items"])
    return CapFile(
        (header.format_major, header.format_minor),
        header.flags,
        packages[0] if cap is None else named(cap.aid, (cap.major, cap.minor)),
        packages,
        tuple(CapApplet(each.aid, each.offset, each.block or 0) for each in _applets(parsed)),
        tuple(named(each.aid, (each.major, each.minor)) for each in parsed[Tag.IMPORT].packages),
        dict(found),
        Statics(statics.image_size, len(statics.arrays), sum(len(each["values"]) for each in statics.arrays)),
        tuple(_methods(parsed, extended=found.extended)),
        classes,
    )


def _packages(header: Container[Any]) -> Iterator[Package]:
    names = header.names or [b""] * len(header.packages)
    for each, name in zip(header.packages, names, strict=True):
        yield named(each.aid, (each.major, each.minor), name.decode("utf-8", "replace").replace("/", "."))


def _applets(parsed: dict[int, Any]) -> list[Any]:
    return list(parsed[Tag.APPLET].applets) if Tag.APPLET in parsed else []


def _methods(parsed: dict[int, Any], *, extended: bool) -> Iterator[CapMethod]:
    if extended or Tag.DESCRIPTOR not in parsed:
        return
    for owner, described in enumerate(parsed[Tag.DESCRIPTOR].classes):
        for each in described.methods:
            token = None if each.token == NO_TOKEN else each.token
            yield CapMethod(owner, token, each.offset, each.bytecodes)
