"""Check of card images: a file is opened or refused, and a card whose memory was damaged answers status words.

An image is told apart into what stands around its memory and the memory, which is large and mostly zero: an input
changes the image of a card with an applet on it. It is a sequence of changes, each a place, a length and that many
bytes; a mark makes the checksum of the page right, too, as somebody would who knows how. The checksum of the whole file
is made right before it is opened.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any
from zlib import crc32

from yohaku.card import Card, Secrets, open_link
from yohaku.errors import YohakuError
from yohaku.globalplatform import load_applet
from yohaku.testing.answers import is_standard
from yohaku.testing.fuzz.checks import REFUSED
from yohaku.testing.fuzz.finding import BrokenInvariantError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHECKSUM = 32
"""Bytes of SHA-256 at the end of an image."""
URL = "emulator:?profile=small"
_OWN_FAULT = b"\x6f\x00"


@cache
def _card() -> Any:
    """Give an emulated card with an applet on it; its class opens images."""
    from yohaku.testing.fuzz.example import Example

    link: Any = open_link(URL)
    load_applet(Card(link), Example, secrets=Secrets.for_tests(Example))
    return link.card


@cache
def image() -> bytes:
    """Give the image that inputs change."""
    raw: bytes = _card().to_image()
    return raw


def check_file(data: bytes) -> Iterable[str]:
    """Open bytes as an image file; what is opened is written as the same bytes."""
    try:
        card = type(_card()).from_image(data)
    except YohakuError as error:
        return (type(error).__name__, str(error).split(";")[0][:20])
    if card.to_image() != data:
        raise BrokenInvariantError("image-round-trip", f"an image of {len(data)} bytes is written differently")
    return ("opened",)


def check_image(data: bytes) -> Iterable[str]:
    """Change an image, make its checksum right, open it, switch the card on and use it."""
    raw = bytearray(image())
    for place, change, sealed in changes(data):
        at = place % (len(raw) - CHECKSUM)
        raw[at : at + len(change)] = change
        if sealed:
            _seal(raw, at)
    body = bytes(raw[: len(image()) - CHECKSUM])
    try:
        card = type(_card()).from_image(body + hashlib.sha256(body).digest())
    except YohakuError:
        return REFUSED
    return list(_used(card, is_forged=any(sealed for _, _, sealed in changes(data))))


def _seal(raw: bytearray, at: int) -> None:
    """Make the checksum of the page right that holds a place, so that the change is not noticed (specs/memory.md 2)."""
    memory = _card().memory
    first = len(raw) - CHECKSUM - len(memory.cells)
    if at < first:
        return
    start = at - (at - first) % memory.page
    end = start + memory.page - 4
    raw[end : end + 4] = crc32(raw[start:end]).to_bytes(4, "little")


def changes(data: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Cut an input into places, 3 bytes, a length byte, and what is put there; the length's high bit seals the page."""
    at = 0
    while at + 4 <= len(data):
        size = data[at + 3] % 32
        yield int.from_bytes(data[at : at + 3], "big"), data[at + 4 : at + 4 + size], data[at + 3] >= 0x80
        at += 4 + size


def _used(card: Any, *, is_forged: bool) -> Iterator[str]:
    """Send commands as programs do; 6F00 is an answer only where checksums cannot tell of the damage."""
    card.power_on()
    for command in _commands():
        answer = card.transmit(command)
        if not is_standard(answer) and not (is_forged and answer == _OWN_FAULT):
            raise BrokenInvariantError(
                "status-words", f"{command.hex()} is answered {answer.hex()}", step=command[:2].hex()
            )
        yield f"{command[1]:02x} {answer[-2:].hex()}"


@cache
def _commands() -> tuple[bytes, ...]:
    from yohaku.testing.fuzz.example import Example

    aid = bytes(Example.aid)
    select = bytes((0, 0xA4, 4, 0, len(aid))) + aid + b"\0"
    told = (
        "80F24002024F0000",
        "00CA00CF00",
        "00B0810000",
        "00B2010C00",
        "0020008104303030" + "30",
        "00D6810001" + "55",
    )
    return (b"\0\xa4\4\0\0", b"\x80\xca\xff\x21\0", select, *map(bytes.fromhex, told), select, b"\0\xb0\x81\0\0")
