"""Checks of the framework's parsers: what they accept can be written and read again, and is then the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from yohaku.codec import Refused, ber
from yohaku.errors import YohakuError
from yohaku.globalplatform import wire
from yohaku.globalplatform.cap import CapFile, read_cap, read_load_file
from yohaku.globalplatform.cap.layouts import Tag
from yohaku.globalplatform.cap.writer import archive
from yohaku.globalplatform.scp.handshake import Scp02Answer, Scp03Answer
from yohaku.iso7816 import Atr, Command, Response, Tlv
from yohaku.iso7816.tlv import parse
from yohaku.testing.fuzz.checks import ACCEPTED, REFUSED
from yohaku.testing.fuzz.finding import BrokenInvariantError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

T = TypeVar("T")
STRUCTURES: tuple[type[wire.Structure], ...] = (
    wire.InstallRequest,
    wire.InstallParameters,
    wire.DeleteRequest,
    wire.StatusRequest,
    wire.RegistryEntry,
    wire.Resources,
    wire.CardData,
    Scp02Answer,
    Scp03Answer,
)
"""Structures of GlobalPlatform commands and answers."""
_DEEPEST = 8


def check_objects(data: bytes) -> Iterable[str]:
    """Read data objects: written shortest they are read as the same, and strict reading agrees with tolerant."""
    objects = _accepted(parse, data)
    if objects is None:
        return REFUSED
    written = b"".join(each.to_bytes() for each in objects)
    _check_same("tlv-round-trip", parse(written), objects)
    if written == data:
        _check_strict(data, objects)
    return (*ACCEPTED, f"{min(len(objects), 4)} at depth {_depth(objects)}")


def _depth(objects: Sequence[Tlv], level: int = 0) -> int:
    """Look into constructed objects; what they hold need not be objects."""
    depths = [level]
    for each in objects:
        if each.is_constructed and level < _DEEPEST:
            inner = _accepted(parse, each.value)
            depths.append(level if inner is None else _depth(inner, level + 1))
    return max(depths)


def _check_strict(data: bytes, objects: Sequence[Tlv]) -> None:
    at = 0
    for each in objects:
        try:
            tag, size, start = ber.read_header(data, at, len(data))
        except Refused:
            return
        _check_same("strict-tolerant", (tag, data[start : start + size]), (each.tag, each.value))
        at = start + size


def check_structures(data: bytes) -> Iterable[str]:
    """Read structures of GlobalPlatform: what one accepts it writes, and reads as the same."""
    marks = []
    for kind in STRUCTURES:
        read = _accepted(kind.from_bytes, data)
        if read is not None:
            _check_structure(read)
            marks.append(kind.__name__)
    groupings = _accepted(wire.parse_dgis, data)
    if groupings is not None:
        _check_same("dgi-round-trip", wire.parse_dgis(b"".join(each.to_bytes() for each in groupings)), groupings)
        marks.append("DGI")
    if _accepted(wire.parse_registry, data):
        marks.append("registry")
    return marks


def _check_structure(read: wire.Structure) -> None:
    """Write a structure and read it; numbers that are read wider than they are written may be refused."""
    try:
        written = read.to_bytes()
    except wire.WireError:
        return
    _check_same(f"{type(read).__name__}-round-trip", type(read).from_bytes(written), read)


def check_apdu(data: bytes) -> Iterable[str]:
    """Read an APDU and an ATR: a command is written in a form that reads as the same, a response as its own bytes."""
    marks = []
    command = _accepted(Command.from_bytes, data)
    if command is not None:
        extended = len(command.data) > 255 or command.expected > 256
        _check_same("command-round-trip", Command.from_bytes(command.to_bytes(extended=extended)), command)
        marks.append("extended" if extended else f"{bool(command.data)} {bool(command.expected)}")
    response = _accepted(Response.from_bytes, data)
    if response is not None:
        _check_same("response-round-trip", response.to_bytes(), data)
    answer = _accepted(Atr.from_bytes, data)
    if answer is not None:
        _check_same("atr-keeps-bytes", answer.raw, data)
        marks.append(f"ATR {answer.protocols[:1]} {answer.is_contactless}")
    return marks


def check_load_file(data: bytes) -> Iterable[str]:
    """Read a load file data block: as an archive it is read as the same, and its own load data is read again."""
    read = _accepted(read_load_file, data)
    if read is None:
        return REFUSED
    read.to_json()
    again = read_load_file(read.load_file_data(descriptor=True))
    _check_same("load-file-round-trip", _facts(again), _facts(read))
    packed = _accepted(read_cap, archive(dict(read.components), extended=read.is_extended))
    if packed is not None:
        _check_same("archive-round-trip", _facts(packed), _facts(read))
    return (*ACCEPTED, "archive" if packed else "")


def check_archive(data: bytes) -> Iterable[str]:
    """Read a CAP archive: packed anew it is read as the same."""
    read = _accepted(read_cap, data)
    if read is None:
        return REFUSED
    read.to_json()
    again = read_cap(archive(dict(read.components), extended=read.is_extended))
    _check_same("archive-round-trip", _facts(again), _facts(read))
    return ACCEPTED


def _facts(cap: CapFile) -> object:
    """Give what a CAP file says; components of other tags have no file name, so an archive holds none."""
    known = {tag: info for tag, info in cap.components.items() if tag in set(Tag)}
    return cap.identity, cap.packages, cap.applets, cap.imports, cap.statics, cap.methods, known


def _accepted(read: Callable[[bytes], T], data: bytes) -> T | None:
    """Read; give None when the bytes are refused, as they may be."""
    try:
        return read(data)
    except YohakuError as error:
        if not str(error).strip():
            raise BrokenInvariantError("faults-are-told", "a refusal says nothing") from error
        return None


def _check_same(invariant: str, found: object, expected: object) -> None:
    if found != expected:
        raise BrokenInvariantError(invariant, f"{found!r} is not {expected!r}")
