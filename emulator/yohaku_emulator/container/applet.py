"""The container as an applet: its life, and which command goes where."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from yohaku.iso7816 import Instruction, Status
from yohaku_emulator.container import table
from yohaku_emulator.container.adopt import Adoption
from yohaku_emulator.container.binary import Binary
from yohaku_emulator.container.chain import Chain
from yohaku_emulator.container.credentials import Credentials
from yohaku_emulator.container.descriptor import FORMAT
from yohaku_emulator.container.descriptor import VERSION as DECLARED
from yohaku_emulator.container.digest import check_digest
from yohaku_emulator.container.files import Files
from yohaku_emulator.container.purse import Purses
from yohaku_emulator.container.records import Records
from yohaku_emulator.container.table import Table
from yohaku_emulator.errors import StatusError
from yohaku_emulator.runtime import Applet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.runtime import Context

LOAD_FILE: Final = bytes.fromhex("F059484B434E54")
"""AID of the load file ("YHKCNT")."""
MODULE: Final = bytes.fromhex("F059484B434E5401")
"""AID of its one module."""
VERSION: Final = b"\x01\x01"
"""Version of the load file: purses and PINs that can be disabled came with 1.1."""
PERSONALISED: Final = 0x0F
"""Life cycle after the last block of STORE DATA."""
_DESCRIPTOR_TAG: Final = 0xC5
_PARAMETERS: Final = 0x04
"""P2 of SELECT that asks for file control parameters."""


class Container(Applet):
    """An instance: descriptor and table, credentials, files, and the buffer for a chained update."""

    __slots__ = ("_binary", "_chain", "_context", "_credentials", "_files", "_purses", "_records", "_table")

    @classmethod
    def install(cls, context: Context, parameters: bytes) -> None:
        """Make an instance of the descriptor in ``parameters``."""
        table.create(context, parameters)

    @classmethod
    def array_names(cls, context: Context) -> Sequence[str]:
        """Name descriptor and table, then PINs and keys by number, files and purses by SFI."""
        return table.array_names(context.arrays[0].read())

    def __init__(self, context: Context) -> None:
        self._context, self._table = context, Table(context)
        self._credentials = Credentials(context, self._table)
        self._files = Files(context, self._table, self._credentials)
        self._binary, self._records = Binary(self._files), Records(context, self._files)
        self._chain, self._purses = Chain(context, self._binary), Purses(context, self._table, self._credentials)

    def process(self, apdu: Apdu) -> bytes:
        """Work on one command."""
        if apdu.selecting:
            return self._select(apdu)
        handler = (self._PROPRIETARY if apdu.cla else self._HANDLERS).get(apdu.ins)
        if handler is None:
            raise StatusError(Status.CLASS_UNKNOWN if apdu.cla else Status.INSTRUCTION_UNKNOWN)
        if apdu.ins not in self._ALWAYS and self._context.life != PERSONALISED:
            raise StatusError(Status.CONDITIONS)
        self._chain.guard(apdu)
        return handler(self, apdu)

    def _select(self, apdu: Apdu) -> bytes:
        """Answer the SELECT of this instance: P2 00 FCI, 04 FCP (ISO/IEC 7816-4:2020 7.4.3), 0C nothing."""
        form = apdu.p2 & 0x0C
        if form:
            return self._control_parameters() if form == _PARAMETERS else b""
        aid, limit = self._context.aid, self._context.chain_bytes
        version = self._table.descriptor.read(DECLARED, 2)
        life = PERSONALISED if self._context.life == PERSONALISED else 0x07
        own = (
            bytes((0xC0, 1, FORMAT, 0xC1, 2)) + version + bytes((0xC2, 1, life, 0xC3, table.FINGERPRINT))
            + self._table.fingerprint + bytes((0xC4, 2, limit >> 8, limit & 0xFF))
        )  # fmt: skip
        body = bytes((0x84, len(aid))) + aid + bytes((0xA5, len(own))) + own + self._extended_length()
        return bytes((0x6F, len(body))) + body

    def _control_parameters(self) -> bytes:
        """Write the FCP template: a DF, its name, and whether it is in use (05) or still being filled (03)."""
        aid, life = self._context.aid, 5 if self._context.life == PERSONALISED else 3
        body = b"\x82\x01\x38" + bytes((0x84, len(aid))) + aid + bytes((0x8A, 1, life))
        return bytes((0x62, len(body))) + body

    def _extended_length(self) -> bytes:
        """Write the longest extended command and response, where the card takes any (ISO/IEC 7816-4:2020 12.7.1)."""
        command, response = self._context.longest_apdus
        if not command:
            return b""
        longest = b"\x02\x02" + command.to_bytes(2, "big") + b"\x02\x02" + response.to_bytes(2, "big")
        return b"\x7f\x66" + bytes((len(longest),)) + longest

    def _get_data(self, apdu: Apdu) -> bytes:
        """GET DATA (ISO/IEC 7816-4:2020 11.5.2): the descriptor under tag C5."""
        if apdu.p1 or apdu.p2 != _DESCRIPTOR_TAG:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        if apdu.data:
            raise StatusError(Status.WRONG_LENGTH)
        return self._table.descriptor.read()

    def process_data(self, apdu: Apdu) -> None:
        """Take a block of STORE DATA: all its data groups or none; block 00 starts with empty record files."""
        if self._context.life == PERSONALISED:
            raise StatusError(Status.CONDITIONS)
        if apdu.p1 & 0x78 != 0x08:
            raise StatusError(Status.WRONG_P1P2)
        descriptor = self._table.descriptor.read()
        self._context.begin()
        if not apdu.p2:
            self._table.empty(descriptor)
        self._groups(descriptor, apdu.data)
        if apdu.p1 & 0x80:
            self._context.set_life(PERSONALISED)
        self._context.commit()

    def _groups(self, descriptor: bytes, data: bytes) -> None:
        """Store each data group: 2-byte DGI, length in 1 byte or FF and 2 bytes, value."""
        at = 0
        while at < len(data):
            head, value = 3, at + 2
            if value >= len(data):
                raise StatusError(Status.WRONG_DATA)
            size = data[value]
            if size == 0xFF:
                head = 5
                size = int.from_bytes(data[value + 1 : value + 3], "big")
            end = at + head + size
            if end > len(data):
                raise StatusError(Status.WRONG_DATA)
            self._group(descriptor, data[at], data[at + 1], data[at + head : end])
            at = end

    def _group(self, descriptor: bytes, kind: int, number: int, value: bytes) -> None:
        if kind == 1:
            self._credentials.set_pin(descriptor, number, value)
        elif kind == 2:
            self._credentials.set_key(descriptor, number, value)
        elif kind == 3:
            self._files.load_bytes(descriptor, number, value)
        elif kind == 4:
            self._files.load_record(descriptor, number, value)
        elif kind == 5:
            self._adopt(number, value)
        elif kind == 6:
            check_digest(self._table, descriptor, number, value)
        else:
            raise StatusError(Status.REFERENCE_NOT_FOUND)

    def _adopt(self, kind: int, value: bytes) -> None:
        """Take over a part of another instance: LV of its AID, then what the kind of part needs."""
        end = 1 + value[0] if value else 0
        if not 1 < end <= len(value):
            raise StatusError(Status.WRONG_DATA)
        Adoption(self._context, self._table, self._files, value[1:end]).adopt(kind, value[end:])

    _ALWAYS: ClassVar = frozenset({Instruction.SELECT, Instruction.GET_DATA})
    _PROPRIETARY: ClassVar[dict[int, Callable[[Container, Apdu], bytes]]] = {
        Instruction.CREDIT: lambda self, apdu: self._purses.credit(apdu),
        Instruction.DEBIT: lambda self, apdu: self._purses.debit(apdu),
        Instruction.READ_RECEIPTS: lambda self, apdu: self._purses.receipts(apdu),
        Instruction.READ_PURSE: lambda self, apdu: self._purses.read(apdu),
    }
    _HANDLERS: ClassVar[dict[int, Callable[[Container, Apdu], bytes]]] = {
        Instruction.SELECT: lambda self, apdu: self._files.select(apdu),
        Instruction.GET_DATA: _get_data,
        Instruction.READ_BINARY: lambda self, apdu: self._binary.read(apdu),
        Instruction.UPDATE_BINARY: lambda self, apdu: self._chain.update(apdu),
        Instruction.READ_RECORD: lambda self, apdu: self._records.read(apdu),
        Instruction.UPDATE_RECORD: lambda self, apdu: self._records.update(apdu),
        Instruction.APPEND_RECORD: lambda self, apdu: self._records.append(apdu),
        Instruction.ERASE_BINARY: lambda self, apdu: self._binary.erase(apdu),
        Instruction.ERASE_BINARY_ODD: lambda self, apdu: self._binary.erase_odd(apdu),
        Instruction.READ_BINARY_ODD: lambda self, apdu: self._binary.read_odd(apdu),
        Instruction.UPDATE_BINARY_ODD: lambda self, apdu: self._binary.update_odd(apdu),
        Instruction.SEARCH_RECORD: lambda self, apdu: self._records.search(apdu),
        Instruction.VERIFY: lambda self, apdu: self._credentials.verify(apdu),
        Instruction.CHANGE_REFERENCE_DATA: lambda self, apdu: self._credentials.change(apdu),
        Instruction.DISABLE_VERIFICATION_REQUIREMENT: lambda self, apdu: self._credentials.require(apdu, needed=False),
        Instruction.ENABLE_VERIFICATION_REQUIREMENT: lambda self, apdu: self._credentials.require(apdu, needed=True),
        Instruction.RESET_RETRY_COUNTER: lambda self, apdu: self._credentials.reset(apdu),
        Instruction.GET_CHALLENGE: lambda self, apdu: self._credentials.get_challenge(apdu),
        Instruction.EXTERNAL_AUTHENTICATE: lambda self, apdu: self._credentials.external_authenticate(apdu),
        Instruction.INTERNAL_AUTHENTICATE: lambda self, apdu: self._credentials.internal_authenticate(apdu),
    }
