"""The target ``domain``: what an issuer domain is told: INSTALL, LOAD, DELETE, PUT KEY, STORE DATA, SET STATUS."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from yohaku.globalplatform.cap.model import Package
from yohaku.globalplatform.cap.reading import read_cap
from yohaku.globalplatform.cap.writer import SmallCap
from yohaku.globalplatform.wire import (
    LOAD_FILE,
    MODULE,
    DeleteRequest,
    InstallParameters,
    InstallRequest,
    StatusRequest,
)
from yohaku.iso7816 import Command, Instruction, Tlv
from yohaku.schema import compile_descriptor
from yohaku.testing.fuzz.domains import check_domain
from yohaku.testing.fuzz.example import Example
from yohaku.testing.fuzz.source import Call
from yohaku.testing.fuzz.target import Part, Target
from yohaku.testing.fuzz.targets.cards import mutate_session

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEW, _DOMAIN = bytes.fromhex("F059484B7F02"), bytes.fromhex("F059484B7F0D")
_CLA = 0x80
_LINES = ("reset", *(f"open {level}" for level in range(6)), "cut 3 mixed 1", "cut 9 old 0", "raw 00A4040000")


def domain() -> Target:
    """Give the target."""
    call = Call("from yohaku.testing.fuzz.domains import check_domain", text=True)
    mutate = partial(mutate_session, lambda: _LINES)
    part = Part("commands", check_domain, _seeds, call, mutate, separator=b"\n")
    return Target("domain", (part,), ("yohaku_emulator", "yohaku.globalplatform"))


def _seeds() -> Iterator[bytes]:
    single = list(_singles())
    for lines in (
        *([one] for one in single),
        [*_install(), *_use(), *_delete(_NEW)],
        _load(),
        [*_create(), *_delete(_DOMAIN)],
    ):
        yield "\n".join(["open 1", *lines]).encode()
        yield "\n".join(["open 3", *lines]).encode()
    yield "\n".join(single).encode()


def _line(ins: int, p1: int, p2: int, data: bytes, expected: int = 256) -> str:
    return Command(_CLA, ins, p1, p2, data, expected).to_bytes().hex()


def _singles() -> Iterator[str]:
    for kind in (0x80, 0x40, 0x20, 0x10):
        yield _line(Instruction.GET_STATUS, kind, 2, StatusRequest(b"").to_bytes())
    for tag in (0xFF21, 0x00E0, 0x0066, 0x9F7F, 0x0067):
        yield _line(Instruction.GET_DATA, tag >> 8, tag & 0xFF, b"")
    yield _line(Instruction.SET_STATUS, 0x40, 0x87, bytes(Example.aid))
    yield _line(Instruction.PUT_KEY, 0, 0x81, b"\x31" + b"\x88\x11\x10" + bytes(16) + b"\x03" + bytes(3))
    yield from _delete(bytes(Example.aid))


def _install() -> Iterator[str]:
    parameters = InstallParameters(compile_descriptor(Example)).to_bytes()
    request = InstallRequest(_NEW, LOAD_FILE, MODULE, b"\0", parameters)
    yield _line(Instruction.INSTALL, 0x0C, 0, request.to_bytes())


def _use() -> Iterator[str]:
    yield _line(Instruction.INSTALL, 0x20, 0, InstallRequest(_NEW).to_bytes())
    yield _line(Instruction.STORE_DATA, 0x88, 0, bytes.fromhex("010104313233340201") + b"\x10" + bytes(16), 0)


def _create() -> Iterator[str]:
    package = bytes.fromhex("A0000001515350")
    request = InstallRequest(_DOMAIN, package, package + b"A", b"\x80", InstallParameters(b"").to_bytes())
    yield _line(Instruction.INSTALL, 0x0C, 0, request.to_bytes())


def _delete(aid: bytes) -> Iterator[str]:
    yield _line(Instruction.DELETE, 0, 0, DeleteRequest(aid).to_bytes())
    yield _line(Instruction.DELETE, 0, 0x80, DeleteRequest(aid).to_bytes())


def _load() -> list[str]:
    """Load a small file, make its applet, delete both."""
    package = Package(_NEW[:5] + b"\x05", (1, 0))
    applet = package.aid + b"\x01"
    block = Tlv(0xC4, read_cap(SmallCap(package, (applet,)).to_bytes()).load_file_data()).to_bytes()
    head = bytes((len(package.aid),)) + package.aid + bytes(4)
    parts = [block[at : at + 120] for at in range(0, len(block), 120)]
    loads = [
        _line(Instruction.LOAD, 0x80 if number == len(parts) - 1 else 0, number, part)
        for number, part in enumerate(parts)
    ]
    made = InstallRequest(applet, package.aid, applet, b"\0", InstallParameters(b"").to_bytes())
    return [
        _line(Instruction.INSTALL, 0x02, 0, head),
        *loads,
        _line(Instruction.INSTALL, 0x0C, 0, made.to_bytes()),
        *_delete(package.aid),
    ]
