"""Targets that need no applet: TLV and APDUs, CAP files, secure messaging, traces of other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yohaku.globalplatform.cap.model import Package
from yohaku.globalplatform.cap.reading import read_cap
from yohaku.globalplatform.cap.writer import SmallCap
from yohaku.globalplatform.wire import (
    CardData,
    DeleteRequest,
    Dgi,
    InstallParameters,
    InstallRequest,
    RegistryEntry,
    Resources,
    StatusRequest,
)
from yohaku.iso7816 import Command, Tlv
from yohaku.testing.fuzz.forms import mutate_lines, mutate_objects
from yohaku.testing.fuzz.messaging import check_messages
from yohaku.testing.fuzz.parsing import check_apdu, check_archive, check_load_file, check_objects, check_structures
from yohaku.testing.fuzz.source import Call
from yohaku.testing.fuzz.target import Part, Target
from yohaku.testing.fuzz.tracing import check_trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_AID = bytes.fromhex("F05948 4B0001")
_FCI = Tlv.of(
    0x6F,
    Tlv(0x84, _AID),
    Tlv.of(0xA5, Tlv(0xC0, b"\x01"), Tlv(0xC1, b"\x01"), Tlv(0xC2, b"\x0f"), Tlv(0x9F65, b"\xff")),
)


def _call(check: Callable[[bytes], Iterable[str]], *, text: bool = False) -> Call:
    return Call(f"from {check.__module__} import {check.__name__}", text=text)


def tlv() -> Target:
    """Give the target ``tlv``: data objects, GlobalPlatform's structures, APDUs and ATRs."""
    return Target(
        "tlv",
        (
            Part("objects", check_objects, _objects, _call(check_objects), mutate_objects),
            Part("structures", check_structures, _structures, _call(check_structures), mutate_objects),
            Part("apdu", check_apdu, _apdus, _call(check_apdu)),
        ),
        ("yohaku.iso7816", "yohaku.codec.ber", "yohaku.globalplatform"),
    )


def _objects() -> Iterable[bytes]:
    yield from (
        _FCI.to_bytes(),
        b"\x9f\x70\x01\x07",
        Tlv(0x53, bytes(200)).to_bytes(),
        Tlv(0x7F49, bytes(300)).to_bytes(),
    )


def _structures() -> Iterable[bytes]:
    yield from _objects()
    yield InstallRequest(_AID, _AID[:5], _AID, b"\0", b"\xc9\x00").to_bytes()
    yield InstallParameters(b"\x01\x02").to_bytes()
    yield DeleteRequest(_AID).to_bytes()
    yield StatusRequest(_AID).to_bytes()
    yield RegistryEntry(_AID, 7, b"\0", _AID[:5], b"\1\0", (_AID,), _AID).to_bytes()
    yield Resources(1, 4096, 200).to_bytes()
    yield Dgi(0x0101, b"1234").to_bytes() + Dgi(0x0301, bytes(260)).to_bytes()
    yield bytes(10) + b"\x01\x02" + bytes(16)
    yield bytes(10) + b"\x01\x03\x00" + bytes(16)
    yield bytes(10) + b"\x01\x03\x71" + bytes(35)
    yield CardData((2, 3, 1), ((3, 0x70), (2, 0x55))).to_bytes()


def _apdus() -> Iterable[bytes]:
    for data, expected in ((b"", 0), (b"", 256), (b"1234", 0), (b"1234", 256)):
        command = Command(0, 0xA4, 4, 0, data, expected)
        yield command.to_bytes()
        yield command.to_bytes(extended=True)
    yield bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
    yield bytes.fromhex("3B9F95811FC3")
    yield b"\x90\x00"


def cap() -> Target:
    """Give the target ``cap``: load file data blocks and archives."""
    return Target(
        "cap",
        (
            Part("load-file", check_load_file, _load_files, _call(check_load_file)),
            Part("archive", check_archive, _archives, _call(check_archive)),
        ),
        ("yohaku.globalplatform.cap", "yohaku.globalplatform.ber"),
    )


def _archives() -> Iterable[bytes]:
    package = Package(_AID[:5] + b"\x01", (1, 0))
    applets = (package.aid + b"\x01",)
    yield SmallCap(package, applets).to_bytes()
    yield SmallCap(package, minor=1, bulk=5).to_bytes()
    yield SmallCap(package, applets, minor=3, extended=True).to_bytes()


def _load_files() -> Iterable[bytes]:
    return (read_cap(each).load_file_data(descriptor=True) for each in _archives())


def secure_messaging() -> Target:
    """Give the target ``secure-messaging``: SCP02 and SCP03, both sides, over what is changed on the way."""
    return Target(
        "secure-messaging",
        (Part("messages", check_messages, _messages, _call(check_messages)),),
        ("yohaku.globalplatform.scp", "yohaku.globalplatform.ciphers"),
    )


def _messages() -> Iterable[bytes]:
    exchange = bytes((0, 5, 3, 0, 0x80, 0xE2, 0, 0)) + b"hello" + b"abc"
    long = bytes((0x10, 40, 40, 0, 0x80, 0xE6, 0x0C, 0)) + bytes(80)
    changed = bytes((1, 5, 0, 2, 0x80, 0xE2, 0, 0)) + b"hello" + b"\1\1"
    answer = bytes((2, 0, 5, 2, 0x80, 0xF2, 0, 0)) + b"hello" + b"\1\1"
    raw = bytes((4, 16, 0, 1, 0x80, 0xE2, 0, 0)) + bytes(16)
    scripts = (exchange * 3, exchange + long, long + changed, exchange + answer, exchange + raw, b"")
    for choice in (0, 1, 2, 3, 4, 5, 0x45, 0x80, 0x81, 0x82):
        yield from (bytes((choice,)) + script for script in scripts)


def trace() -> Target:
    """Give the target ``trace``: our own JSON Lines and hex logs of other programs."""
    call = _call(check_trace, text=True)
    part = Part("lines", check_trace, lambda: _TRACES, call, mutate_lines, _TRACE_WORDS, separator=b"\n")
    return Target("trace", (part,), ("yohaku.card", "yohaku.iso7816", "yohaku.schema"))


_TRACES = (
    b"> 00A4040006F059484B000100\n< 6A82\n",
    b"APDU: 00 B0 81 00 0A\nSW1=90 SW2=00\n",
    b"# log\nSending: 00 20 00 81 04 31 32 33 34\nReceived (SW1=0x63, SW2=0xC2)\n",
    b'{"command": "00b0810000", "response": "00019000", "time": "2026-11-24T12:00:00+00:00"}\n',
    b"00A4040007D276000085010100\n9000\n80E2800005 0101023132\n9000\n",
)
_TRACE_WORDS = (b"C-APDU ", b"R-APDU ", b" 9000", b"0x", b"SW1=", b"SW2=", b'"time": ', b"xx", b"\xe2\x86\x90")
