"""Command APDUs for an applet: right ones, ones with one thing wrong, and any bytes at all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from yohaku.card import Secrets
from yohaku.iso7816 import Instruction as Ins
from yohaku.iso7816.apdu import SHORT_DATA
from yohaku.schema import CyclicFile, RecordFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.schema import Applet, File, Key, Pin, Purse

    Strategy = st.SearchStrategy[Any]

INSTRUCTIONS = bytes.fromhex("0E0F202426282C70828488A2A4B0B1B2C0CAD6D7DCE2")
"""Instruction bytes that the container knows, the ones that a wrong command is made with most."""
LONGEST_WILD = 262


def apdus(
    applet: type[Applet],
    *,
    valid: int = 3,
    wrong: int = 2,
    wild: int = 1,
    channels: int = 1,
    secrets: Secrets | None = None,
    longest: int = 0,
) -> st.SearchStrategy[bytes]:
    """Give command APDUs for an applet, whose answers `Model.predict` knows all.

    Valid ones name its files, PINs and keys rightly, whether the card grants them or not. Wrong ones have one byte, one
    length or one parameter changed. Wild ones are any bytes.

    Args:
        applet: the declaration.
        valid: weight of valid commands.
        wrong: weight of slightly wrong ones.
        wild: weight of any bytes.
        channels: logical channels in use, the basic one included.
        secrets: values of its PINs; the published test values by default.
        longest: bytes of the longest extended command that the card takes; 0 for short ones alone.
    """
    known = Secrets.for_tests(applet) if secrets is None else secrets
    good = _on_channels(st.one_of(list(_commands(applet, known))), channels)
    if longest:
        good = good | st.one_of(good, *_long_updates(applet, longest)).flatmap(_widened)
    ways = (good, valid), (_slightly_wrong(good), wrong), (_wild(), wild)
    return st.one_of([one for one, weight in ways for _ in range(weight)])


def _widened(command: bytes) -> Strategy:
    """Write a short command in extended form (ISO/IEC 7816-3:2006 12.1.3), or one that is extended already as it is."""
    head, size = command[:4], len(command)
    if size < 5 or (size > 5 and not command[4]):
        return st.just(command)
    data = command[5 : 5 + command[4]] if size > 5 else b""
    expected = command[4:] if not data else command[5 + len(data) :]
    body = b"\0" + (len(data).to_bytes(2, "big") + data if data else b"")
    if not expected:
        return st.just(head + body)
    wanted = (expected[0] or 256, 0, 257, 0xFFFF)
    return st.sampled_from(wanted).map(lambda most: head + body + most.to_bytes(2, "big"))


def _long_updates(applet: type[Applet], longest: int) -> Iterator[Strategy]:
    """Give UPDATE BINARY commands with more data than a short one holds."""
    for file in applet.files().values():
        most = min(file.size, longest - 7)
        if most > SHORT_DATA and not isinstance(file, RecordFile):
            yield st.integers(SHORT_DATA + 1, most).map(partial(_long_update, file.sfi))


def _long_update(sfi: int, size: int) -> bytes:
    head = bytes((0x00, Ins.UPDATE_BINARY, 0x80 | sfi, 0, 0))
    return head + size.to_bytes(2, "big") + bytes(index & 0xFF for index in range(size))


def _on_channels(commands: Strategy, channels: int) -> Strategy:
    if channels == 1:
        return commands
    return st.builds(
        lambda command, number: bytes((command[0] | number,)) + command[1:],
        commands,
        st.sampled_from([0] * 4 + list(range(min(channels, 4)))),
    )


def apdu(ins: int, p1: int, p2: int, data: bytes = b"", expected: int | None = None) -> bytes:
    """Write a short command of class 00; ``expected`` of 0 or 256 asks for 256 bytes."""
    body = bytes((len(data),)) + data if data else b""
    return bytes((0x00, ins, p1, p2)) + body + (b"" if expected is None else bytes((expected & 0xFF,)))


def _commands(applet: type[Applet], secrets: Secrets) -> Iterator[Strategy]:
    aid = bytes(applet.aid)
    for file in applet.files().values():
        yield from _record_commands(file) if isinstance(file, RecordFile) else _binary_commands(file)
        identifier = bytes((0, file.sfi))
        yield st.sampled_from(
            [*(apdu(Ins.SELECT, 2, p2, identifier, 0) for p2 in (0, 4)), apdu(Ins.SELECT, 2, 0x0C, identifier)]
        )
    for purse in applet.purses().values():
        yield from _purse_commands(purse)
    for pin in applet.pins().values():
        yield from _pin_commands(pin, secrets[pin.name])
    for key in applet.keys().values():
        yield from _key_commands(key)
    yield st.sampled_from((apdu(Ins.SELECT, 4, 0, aid, 0), apdu(Ins.SELECT, 4, 0x0C, aid)))
    yield st.sampled_from((apdu(Ins.GET_DATA, 0, 0xC5, expected=0), apdu(Ins.GET_RESPONSE, 0, 0, expected=0)))


def _binary_commands(file: File[Any]) -> Iterator[Strategy]:
    named, most = 0x80 | file.sfi, min(file.size - 1, 255)
    offset = st.sampled_from((0, most)) | st.integers(0, most)
    size = st.sampled_from((0, 1, min(file.size, 255))) | st.integers(0, 255)
    yield st.builds(lambda at, le: apdu(Ins.READ_BINARY, named, at, expected=le), offset, size)
    data = st.binary(min_size=1, max_size=min(file.size, 255))
    yield st.builds(lambda at, raw: apdu(Ins.UPDATE_BINARY, named, at, raw[: file.size - at]), offset, data)
    yield st.builds(lambda at: apdu(Ins.ERASE_BINARY, named, at), offset)
    yield st.builds(lambda at, le: apdu(Ins.READ_BINARY_ODD, 0, file.sfi, bytes((0x54, 1, at)), le), offset, size)
    yield st.builds(
        lambda at, raw: apdu(Ins.UPDATE_BINARY_ODD, 0, file.sfi, bytes((0x54, 1, at)) + _object(raw[: file.size - at])),
        offset,
        data.map(lambda raw: raw[:120]),
    )


def _object(data: bytes) -> bytes:
    return bytes((0x53, len(data))) + data


def _record_commands(file: RecordFile[Any]) -> Iterator[Strategy]:
    number, place = st.integers(0, file.records), file.sfi << 3
    row = st.binary(min_size=file.record_size, max_size=file.record_size)
    le = st.sampled_from((0, file.record_size))
    mode = st.sampled_from((4, 5, 6, 0, 1, 2, 3))
    yield st.builds(
        lambda one, how, size: apdu(Ins.READ_RECORD, one if how >= 4 else 0, place | how, expected=size),
        number,
        mode,
        le,
    )
    yield row.map(lambda raw: apdu(Ins.APPEND_RECORD, 0, place, raw))
    yield st.builds(lambda one, raw: apdu(Ins.UPDATE_RECORD, one, place | 4, raw), number, row)
    yield st.builds(
        lambda one, how, raw: apdu(Ins.SEARCH_RECORD, one, place | how, raw, 0),
        number,
        st.sampled_from((4, 5)),
        st.binary(min_size=1, max_size=3),
    )
    if not isinstance(file, CyclicFile):
        yield st.just(apdu(Ins.READ_RECORD, 0, place | 1, expected=0))


def _purse_commands(purse: Purse) -> Iterator[Strategy]:
    amount = st.integers(0, 0xFFFF).map(lambda one: one.to_bytes(4, "big") + bytes(8))
    yield st.builds(
        lambda ins, data: b"\x80" + apdu(ins, 0, purse.sfi, data, 0)[1:], st.sampled_from((0x52, 0x54)), amount
    )
    yield st.integers(1, 255).map(lambda one: b"\x80" + apdu(Ins.READ_RECEIPTS, one, purse.sfi, expected=0)[1:])
    yield st.just(b"\x80" + apdu(Ins.READ_PURSE, 0, purse.sfi, expected=0)[1:])


def _pin_commands(pin: Pin, value: bytes) -> Iterator[Strategy]:
    reference = 0x80 | pin.reference
    other = value[:-1] + bytes((value[-1] ^ 1,))
    yield st.sampled_from((value, b"", other)).map(lambda raw: apdu(Ins.VERIFY, 0, reference, raw))
    yield st.sampled_from((0, 1)).map(
        lambda p1: apdu(Ins.CHANGE_REFERENCE_DATA, p1, reference, other if p1 else value + other)
    )
    yield st.sampled_from(
        (apdu(Ins.RESET_RETRY_COUNTER, 3, reference), apdu(Ins.RESET_RETRY_COUNTER, 2, reference, value))
    )
    if pin.can_disable:
        yield st.sampled_from((0x26, 0x28)).map(lambda ins: apdu(ins, 0, reference, value))


def _key_commands(key: Key) -> Iterator[Strategy]:
    reference = 0x80 | key.reference
    yield st.just(apdu(Ins.GET_CHALLENGE, 0, 0, expected=16))
    proof = st.binary(min_size=16, max_size=16)
    yield proof.map(lambda raw: apdu(Ins.EXTERNAL_AUTHENTICATE, 0, reference, raw))
    yield proof.map(lambda raw: apdu(Ins.INTERNAL_AUTHENTICATE, 0, reference, raw, 16))


@st.composite
def _slightly_wrong(draw: st.DrawFn, good: Strategy) -> bytes:
    """Take a good command and change one thing of it."""
    command: bytes = draw(good)
    way = draw(st.integers(0, 6))
    if way < 4:
        other = draw(st.sampled_from(INSTRUCTIONS)) if way == 1 else draw(st.integers(0, 255))
        return command[:way] + bytes((other,)) + command[way + 1 :]
    if way == 4:
        return command[: draw(st.integers(0, len(command) - 1))]
    if way == 5:
        return command + draw(st.binary(min_size=1, max_size=2))
    at = draw(st.integers(0, len(command) - 1))
    return command[:at] + bytes((command[at] ^ 1 << draw(st.integers(0, 7)),)) + command[at + 1 :]


def _wild() -> Strategy:
    head = st.builds(
        lambda ins, rest: bytes((0x00, ins)) + rest, st.sampled_from(INSTRUCTIONS), st.binary(max_size=LONGEST_WILD - 2)
    )
    return head | st.binary(max_size=LONGEST_WILD)
