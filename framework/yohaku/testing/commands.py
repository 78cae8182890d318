"""What the container answers to each instruction, as ``specs/container.md`` chapter 4 says, over the model's state.

A handler takes instance, channel and command; it gives response data, the status word of a refusal, or an answer that
must be learned. A new instruction is a new function under `handles`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from yohaku.iso7816 import Instruction, Status
from yohaku.iso7816.tlv import Tlv
from yohaku.schema import FileKind
from yohaku.testing.answers import Either, Learned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from yohaku.testing.parts import Apdu, FileModel, Instance, PurseModel, Seat

    Handler: TypeAlias = "Callable[[Instance, Seat, Apdu], bytes | int | Learned]"

READ, UPDATE, APPEND = 0, 1, 2
"""Places of the rules of a file."""
NUMBER, FORWARD, BACKWARD = 4, 5, 6
"""Modes of record commands: by number, from there to the last, from the last back to there; below, relative ones."""
ONE_STEP = 1024
"""Bytes that every card can erase in one step; more may be refused with 6A84."""
_HEADS = ((2, 0x7F), (3, 0xFF), (4, 0xFFFF))
"""Bytes before the value of a data object 53, and the most bytes of a value behind so many."""
_HANDLERS: dict[int, Handler] = {}
_PROPRIETARY: dict[int, Handler] = {}


def handles(*instructions: int, proprietary: bool = False) -> Callable[[Handler], Handler]:
    """Register a function as the handler of instructions, of class 80 when proprietary."""

    def register(handler: Handler) -> Handler:
        (_PROPRIETARY if proprietary else _HANDLERS).update(dict.fromkeys(instructions, handler))
        return handler

    return register


def process(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int | Learned:
    """Answer a command to the applet that a channel has selected."""
    if apdu.cla & 0x04:
        return Status.SECURE_MESSAGING_UNSUPPORTED
    handler = (_PROPRIETARY if apdu.cla else _HANDLERS).get(apdu.ins)
    if handler is None:
        return Status.CLASS_UNKNOWN if apdu.cla else Status.INSTRUCTION_UNKNOWN
    if (refused := _guard_chain(instance, seat, apdu)) is not None:
        return refused
    return handler(instance, seat, apdu)


def _guard_chain(instance: Instance, seat: Seat, apdu: Apdu) -> int | None:
    chain, updates = seat.chain, apdu.ins == Instruction.UPDATE_BINARY
    if chain is not None and (not updates or chain[:2] != (apdu.p1, apdu.p2)):
        seat.chain = None
        return Status.LAST_OF_CHAIN_EXPECTED
    if apdu.chained and not (updates and instance.chain):
        return Status.CHAINING_UNSUPPORTED
    return None


def _open(instance: Instance, seat: Seat, sfi: int, access: int, *, transparent: bool) -> FileModel | int:
    """Give the file that a command names by SFI, 0 for the current one, if it may be used."""
    file = instance.files.get(sfi or seat.current)
    if file is None:
        if (sfi or seat.current) in instance.purses:
            return Status.INCOMPATIBLE_FILE
        return Status.FILE_NOT_FOUND if sfi else Status.NO_CURRENT_FILE
    if (file.kind == FileKind.TRANSPARENT) is not transparent:
        return Status.INCOMPATIBLE_FILE
    return file if holds(instance, seat, file.rules[access]) else Status.SECURITY_STATUS


def holds(instance: Instance, seat: Seat, rule: Iterable[int]) -> bool:
    """Whether a rule holds: any of its masks is proved whole; a PIN that need not be verified counts as proved."""
    state = seat.proved | instance.disabled
    return any(mask & state == mask for mask in rule)


@handles(Instruction.SELECT)
def _select_file(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    if apdu.p1 not in {0x00, 0x02, 0x09} or apdu.p2 not in {0x00, 0x04, 0x0C}:
        return Status.WRONG_P1P2
    if len(apdu.data) != 2:
        return Status.WRONG_LENGTH
    sfi = int.from_bytes(apdu.data, "big")
    file, purse = instance.files.get(sfi), instance.purses.get(sfi)
    if file is None and purse is None:
        return Status.FILE_NOT_FOUND
    seat.arrive(sfi)
    body = _control_parameters(file) if file else _purse_parameters(purse) if purse else b""
    return b"" if apdu.p2 == 0x0C else bytes((0x62 if apdu.p2 else 0x6F, len(body))) + body


def _control_parameters(file: FileModel) -> bytes:
    plain = file.kind == FileKind.TRANSPARENT
    body = b"\x80\x02" + (file.size * (1 if plain else file.records)).to_bytes(2, "big")
    coding = 0x06 if file.kind == FileKind.CYCLIC else 0x02
    body += b"\x82\x01\x01" if plain else bytes((0x82, 5, coding, 0x41, 0, file.size, file.records))
    body += bytes((0x83, 2, 0, file.sfi, 0x88, 1, file.sfi << 3, 0x8A, 1, 5))
    body += b"" if plain else bytes((0xC0, 1, len(file.rows)))
    return body


def _purse_parameters(purse: PurseModel) -> bytes:
    size = (16 + 17 * purse.entries).to_bytes(2, "big")
    body = b"\x80\x02" + size + b"\x82\x01\x08" + bytes((0x83, 2, 0, purse.sfi, 0x88, 1, purse.sfi << 3))
    return body + b"\x8a\x01\x05" + bytes((0xC0, 1, len(purse.log)))


@handles(Instruction.GET_DATA)
def _get_data(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    del seat
    if (apdu.p1, apdu.p2) != (0x00, 0xC5):
        return Status.REFERENCE_NOT_FOUND
    return Status.WRONG_LENGTH if apdu.data else instance.descriptor


def _even(instance: Instance, seat: Seat, apdu: Apdu, access: int) -> tuple[FileModel, int] | int:
    """Give file and offset that P1 P2 of an even binary instruction name (ISO/IEC 7816-4:2020 11.3.2)."""
    if not apdu.p1 & 0x80:
        return _at(instance, seat, 0, apdu.p1 << 8 | apdu.p2, access)
    if apdu.p1 & 0x60 or apdu.p1 & 0x1F in {0, 31}:
        return Status.WRONG_P1P2
    return _at(instance, seat, apdu.p1 & 0x1F, apdu.p2, access)


def _at(instance: Instance, seat: Seat, sfi: int, offset: int, access: int) -> tuple[FileModel, int] | int:
    file = _open(instance, seat, sfi, access, transparent=True)
    if isinstance(file, int):
        return file
    return (file, offset) if offset < file.size else Status.WRONG_OFFSET


@handles(Instruction.READ_BINARY)
def _read_binary(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    if apdu.data or not apdu.expected:
        return Status.WRONG_LENGTH
    found = _even(instance, seat, apdu, READ)
    if isinstance(found, int):
        return found
    file, offset = found
    seat.arrive(file.sfi)
    return file.body[offset : offset + apdu.expected]


@handles(Instruction.UPDATE_BINARY)
def _update_binary(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    data = apdu.data
    if apdu.chained or seat.chain is not None:
        gathered = _gather(instance, seat, apdu)
        if isinstance(gathered, int) or apdu.chained:
            return b"" if isinstance(gathered, bytes) else gathered
        data = gathered
    found = _even(instance, seat, apdu, UPDATE)
    return found if isinstance(found, int) else _write(instance, seat, *found, data)


def _gather(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    """Add a segment to the chain; give all of it, which ends with the last segment."""
    chain, seat.chain = seat.chain, None
    if chain is None:
        found = _even(instance, seat, apdu, UPDATE)
        if isinstance(found, int):
            return found
        chain = (apdu.p1, apdu.p2, b"")
    whole = chain[2] + apdu.data
    if not apdu.data or len(whole) > instance.chain:
        return Status.WRONG_LENGTH
    if apdu.chained:
        seat.chain = (apdu.p1, apdu.p2, whole)
    return whole


def _write(instance: Instance, seat: Seat, file: FileModel, offset: int, data: bytes) -> bytes | int:
    if not data or offset + len(data) > file.size:
        return Status.WRONG_LENGTH
    instance.files[file.sfi] = file.patched(offset, data)
    seat.arrive(file.sfi)
    return b""


@handles(Instruction.ERASE_BINARY)
def _erase_binary(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int | Learned:
    if len(apdu.data) not in {0, 2}:
        return Status.WRONG_LENGTH
    found = _even(instance, seat, apdu, UPDATE)
    if isinstance(found, int):
        return found
    file, offset = found
    return _erase_to(instance, seat, file, offset, int.from_bytes(apdu.data, "big") if apdu.data else file.size)


@handles(Instruction.ERASE_BINARY_ODD)
def _erase_binary_odd(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int | Learned:
    """ERASE BINARY with an offset data object for the start, and one for the end."""
    start = _offset_object(apdu.data) if apdu.data else (0, b"")
    end = _offset_object(start[1]) if start and start[1] else (-1, b"")
    if start is None or end is None or end[1]:
        return Status.WRONG_DATA
    found = _odd(instance, seat, apdu, start[0], UPDATE)
    if isinstance(found, int):
        return found
    return _erase_to(instance, seat, found, start[0], found.size if end[0] < 0 else end[0])


def _erase_to(instance: Instance, seat: Seat, file: FileModel, offset: int, end: int) -> bytes | int | Learned:
    if not offset < end <= file.size:
        return Status.WRONG_DATA
    if end - offset > ONE_STEP:
        return Either(lambda: _erase(instance, seat, file, offset, end), Status.NO_SPACE)
    _erase(instance, seat, file, offset, end)
    return b""


def _erase(instance: Instance, seat: Seat, file: FileModel, offset: int, end: int) -> None:
    instance.files[file.sfi] = file.patched(offset, bytes(end - offset))
    seat.arrive(file.sfi)


@handles(Instruction.READ_BINARY_ODD)
def _read_binary_odd(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    """READ BINARY with an offset data object (ISO/IEC 7816-4:2020 11.3.3)."""
    parts = _offset_object(apdu.data)
    if parts is None:
        return Status.WRONG_DATA
    offset, rest = parts
    if rest or apdu.expected < 3:
        return Status.WRONG_LENGTH
    found = _odd(instance, seat, apdu, offset, READ)
    if isinstance(found, int):
        return found
    room = max(min(apdu.expected - head, most) for head, most in _HEADS)
    seat.arrive(found.sfi)
    return Tlv(0x53, found.body[offset : offset + room]).to_bytes()


@handles(Instruction.UPDATE_BINARY_ODD)
def _update_binary_odd(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    parts = _offset_object(apdu.data)
    data = None if parts is None else _discretionary(parts[1])
    if parts is None or data is None:
        return Status.WRONG_DATA
    found = _odd(instance, seat, apdu, parts[0], UPDATE)
    return found if isinstance(found, int) else _write(instance, seat, found, parts[0], data)


def _odd(instance: Instance, seat: Seat, apdu: Apdu, offset: int, access: int) -> FileModel | int:
    if apdu.p1 or apdu.p2 > 30:
        return Status.FILE_NOT_FOUND
    found = _at(instance, seat, apdu.p2, offset, access)
    return found if isinstance(found, int) else found[0]


def _offset_object(data: bytes) -> tuple[int, bytes] | None:
    """Read the data object 54 of one or two bytes; give the offset and what follows."""
    if len(data) < 3 or data[0] != 0x54 or data[1] not in {1, 2} or len(data) < 2 + data[1]:
        return None
    end = 2 + data[1]
    return int.from_bytes(data[2:end], "big"), data[end:]


def _discretionary(data: bytes) -> bytes | None:
    """Give the value of the data object 53 that ``data`` is, whole."""
    start = {b"\x81": 3, b"\x82": 4}.get(data[1:2], 2)
    size = int.from_bytes(data[2:start] or data[1:2], "big")
    if len(data) < start or data[0] != 0x53 or size != len(data) - start:
        return None
    return data[start:]


def _record_file(instance: Instance, seat: Seat, apdu: Apdu, access: int) -> FileModel | int:
    sfi = apdu.p2 >> 3
    return Status.WRONG_P1P2 if sfi == 31 else _open(instance, seat, sfi, access, transparent=False)


def _number(seat: Seat, apdu: Apdu, file: FileModel) -> int:
    """Give the record that P1 and the mode mean; 0 for none."""
    mode, current = apdu.p2 & 0x07, seat.record if seat.current == file.sfi else 0
    if mode >= NUMBER:
        return apdu.p1 or current
    used = len(file.rows)
    return 0 if apdu.p1 else (1, used, current + 1, current - 1 if current else used)[mode]


@handles(Instruction.READ_RECORD)
def _read_record(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    mode = apdu.p2 & 0x07
    if mode > BACKWARD:
        return Status.WRONG_P1P2
    if apdu.data or not apdu.expected:
        return Status.WRONG_LENGTH
    file = _record_file(instance, seat, apdu, READ)
    if isinstance(file, int):
        return file
    number = _number(seat, apdu, file)
    if not 1 <= number <= len(file.rows):
        return Status.RECORD_NOT_FOUND
    seat.arrive(file.sfi, number if mode < NUMBER else 0)
    if mode <= NUMBER:
        return file.rows[number - 1]
    return _several(file, number, apdu.expected, backward=mode == BACKWARD)


def _several(file: FileModel, number: int, expected: int, *, backward: bool) -> bytes | int:
    """Give as many whole records as fit."""
    if expected < file.size:
        return 0x6C00 | file.size
    rows = file.rows[number - 1 :]
    return b"".join((rows[::-1] if backward else rows)[: expected // file.size])


@handles(Instruction.UPDATE_RECORD)
def _update_record(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    mode = apdu.p2 & 0x07
    if mode > NUMBER:
        return Status.WRONG_P1P2
    file = _record_file(instance, seat, apdu, UPDATE)
    if isinstance(file, int):
        return file
    number = _number(seat, apdu, file)
    if not 1 <= number <= len(file.rows):
        return Status.RECORD_NOT_FOUND
    if len(apdu.data) != file.size:
        return Status.WRONG_LENGTH
    instance.files[file.sfi] = file.with_row(number, apdu.data)
    seat.arrive(file.sfi, number if mode < NUMBER else 0)
    return b""


@handles(Instruction.APPEND_RECORD)
def _append_record(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    if apdu.p1 or apdu.p2 & 0x07:
        return Status.WRONG_P1P2
    file = _record_file(instance, seat, apdu, APPEND)
    if isinstance(file, int):
        return file
    if len(apdu.data) != file.size:
        return Status.WRONG_LENGTH
    if file.kind == FileKind.LINEAR and len(file.rows) == file.records:
        return Status.NO_SPACE
    file = instance.files[file.sfi] = file.appended(apdu.data)
    seat.arrive(file.sfi, 1 if file.kind == FileKind.CYCLIC else len(file.rows))
    return b""


@handles(Instruction.SEARCH_RECORD)
def _search_record(instance: Instance, seat: Seat, apdu: Apdu) -> bytes | int:
    if apdu.p2 & 0x07 not in {4, 5}:
        return Status.WRONG_P1P2
    if not apdu.data:
        return Status.WRONG_LENGTH
    file = _record_file(instance, seat, apdu, READ)
    if isinstance(file, int):
        return file
    start, used = apdu.p1 or (seat.record if seat.current == file.sfi else 0), len(file.rows)
    if not 1 <= start <= used:
        return Status.RECORD_NOT_FOUND
    numbers = range(start, 0, -1) if apdu.p2 & 0x01 else range(start, used + 1)
    found = bytes(number for number in numbers if apdu.data in file.rows[number - 1])
    if not found:
        return Status.END_OF_FILE
    seat.arrive(file.sfi, found[0])
    return found
