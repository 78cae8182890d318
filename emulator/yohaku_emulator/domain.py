"""The issuer security domain: installs, personalises, lists and deletes applications; one object for each channel.

Clause numbers are those of the GlobalPlatform Card Specification 2.3.1. With ``management="open"`` in the profile
anybody may manage content; step 6 puts SCP03 in front of the same commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from yohaku.iso7816 import Instruction, Status
from yohaku_emulator import lv
from yohaku_emulator.errors import StatusError
from yohaku_emulator.lv import tlv
from yohaku_emulator.profiles import ISSUER_DOMAIN
from yohaku_emulator.registry import SECURED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yohaku_emulator.apdu import Apdu
    from yohaku_emulator.registry import Entry
    from yohaku_emulator.runtime import Program
    from yohaku_emulator.system import System

_PRIVILEGES: Final = bytes.fromhex("9EFE80")
"""What an issuer security domain may do (6.6.2)."""
_INSTALL_AND_SELECTABLE, _FOR_PERSONALISATION = 0x0C, 0x20
_MOST_ANSWER: Final = 256
_RESOURCES: Final = 0xFF21
"""Tag of the extended card resources (ETSI TS 102 226 8.2.1.7.2)."""


class IssuerDomain:
    """The card manager as one logical channel sees it.

    What it remembers (the application being personalised, the block awaited, the list being told) is volatile.
    """

    __slots__ = ("_block", "_in_use", "_system", "_target", "_untold")

    def __init__(self, system: System, in_use: Callable[[bytes], bool]) -> None:
        self._system, self._in_use = system, in_use
        self._target, self._block = b"", 0
        self._untold: tuple[bytes, list[bytes]] = (b"", [])

    def fork(self, system: System, in_use: Callable[[bytes], bool]) -> IssuerDomain:
        """Return the same state for a forked card."""
        twin = IssuerDomain(system, in_use)
        twin.adopt(self)
        return twin

    def adopt(self, other: IssuerDomain) -> None:
        """Take over the volatile state of another."""
        self._target, self._block, self._untold = other._target, other._block, other._untold

    def deselect(self) -> None:
        """Forget what was going on."""
        self._target, self._block, self._untold = b"", 0, (b"", [])

    def process(self, apdu: Apdu) -> bytes:
        """Work on one command."""
        if apdu.selecting:
            return _control_information(apdu)
        if apdu.ins == Instruction.GET_DATA:
            return self._get_data(apdu)
        if not apdu.cla:
            raise StatusError(Status.INSTRUCTION_UNKNOWN if apdu.ins not in self._HANDLERS else Status.CLASS_UNKNOWN)
        handler = self._HANDLERS.get(apdu.ins)
        if handler is None:
            raise StatusError(Status.INSTRUCTION_UNKNOWN)
        if self._system.profile.management != "open":
            raise StatusError(Status.SECURITY_STATUS)
        return handler(self, apdu)

    def _get_data(self, apdu: Apdu) -> bytes:
        """GET DATA (11.3): class 80 answers the whole TLV, class 00 the value alone."""
        tag = apdu.p1 << 8 | apdu.p2
        value = self._resources() if tag == _RESOURCES else self._system.profile.objects.get(tag)
        if value is None:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        return tlv(tag, value) if apdu.cla else value

    def _resources(self) -> bytes:
        registry = self._system.registry
        return (
            tlv(0x81, bytes((len(registry.entries),)))
            + tlv(0x82, registry.free_bytes.to_bytes(4, "big"))
            + tlv(0x83, self._system.free_transient().to_bytes(4, "big"))
        )

    def _install(self, apdu: Apdu) -> bytes:
        """INSTALL (11.5): for install and make selectable, or for personalisation."""
        if apdu.p2 or apdu.p1 not in {_INSTALL_AND_SELECTABLE, _FOR_PERSONALISATION}:
            raise StatusError(Status.WRONG_P1P2)
        self._target = b""
        if apdu.p1 == _FOR_PERSONALISATION:
            self._personalise(lv.fields(apdu.data)[2])
        else:
            self._make(apdu.data)
        return _confirmation(apdu)

    def _make(self, data: bytes) -> None:
        load_file, module, aid, privileges, parameters, token = lv.fields(data)
        program = self._program(load_file, module)
        if not 5 <= len(aid) <= 16 or token or any(privileges) or len(privileges) not in {1, 3}:
            raise StatusError(Status.WRONG_DATA)
        if aid in self._system.registry.entries or aid == ISSUER_DOMAIN:
            raise StatusError(Status.CONDITIONS)
        self._system.install(program, aid, privileges.ljust(3, b"\0"), lv.value(parameters, 0xC9))

    def _program(self, load_file: bytes, module: bytes) -> Program:
        for program in self._system.programs.values():
            if (program.load_file, program.module) == (load_file, module):
                return program
        raise StatusError(Status.REFERENCE_NOT_FOUND)

    def _personalise(self, aid: bytes) -> None:
        if aid not in self._system.registry.entries:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        if self._in_use(aid):
            raise StatusError(Status.CONDITIONS)
        self._target, self._block = aid, 0

    def _store_data(self, apdu: Apdu) -> bytes:
        """STORE DATA (11.11): to the application being personalised; any refusal ends its personalisation."""
        target, block = self._target, self._block
        self._target = b""
        if not target or apdu.p2 != block:
            raise StatusError(Status.CONDITIONS)
        self._system.wake(self._system.registry.entries[target]).process_data(apdu)
        if not apdu.p1 & 0x80:
            self._target, self._block = target, block + 1 & 0xFF
        return b""

    def _delete(self, apdu: Apdu) -> bytes:
        """DELETE (11.2) of one application by its AID."""
        if apdu.p1 or apdu.p2 not in {0x00, 0x80}:
            raise StatusError(Status.WRONG_P1P2)
        aid = lv.value(apdu.data, 0x4F)
        entry = self._system.registry.entries.get(aid)
        if entry is None:
            raise StatusError(Status.REFERENCE_NOT_FOUND)
        if self._in_use(aid) or not self._system.programs[entry.program].removable:
            raise StatusError(Status.CONDITIONS)
        self._target = b""
        self._system.delete(entry)
        return _confirmation(apdu)

    def _get_status(self, apdu: Apdu) -> bytes:
        """GET STATUS (11.4): E3 templates that fit in one answer, then 6310 and the next."""
        if apdu.p2 not in {0x02, 0x03} or apdu.p1 not in {0x80, 0x40, 0x20, 0x10}:
            raise StatusError(Status.WRONG_P1P2)
        if apdu.p2 == 0x03:
            untold = self._continued(apdu)
        else:
            prefix = lv.value(apdu.data, 0x4F)
            untold = [one for aid, one in self._templates(apdu.p1) if aid.startswith(prefix)]
            if not untold:
                raise StatusError(Status.REFERENCE_NOT_FOUND)
        return self._tell(apdu, untold)

    def _continued(self, apdu: Apdu) -> list[bytes]:
        asked, untold = self._untold
        if not untold or asked != bytes((apdu.p1,)) + apdu.data:
            raise StatusError(Status.CONDITIONS)
        return untold

    def _tell(self, apdu: Apdu, untold: list[bytes]) -> bytes:
        answer, told = b"", 0
        while told < len(untold) and len(answer) + len(untold[told]) <= _MOST_ANSWER:
            answer += untold[told]
            told += 1
        self._untold = (bytes((apdu.p1,)) + apdu.data, untold[told:])
        apdu.status = Status.MORE_DATA if untold[told:] else Status.OK
        return answer

    def _templates(self, kind: int) -> Iterator[tuple[bytes, bytes]]:
        if kind == 0x80:
            yield ISSUER_DOMAIN, _template(ISSUER_DOMAIN, SECURED, tlv(0xC5, _PRIVILEGES))
        elif kind == 0x40:
            for entry in self._system.registry.entries.values():
                yield entry.aid, self._application(entry)
        else:
            for program in self._system.programs.values():
                module = tlv(0x84, program.module) if kind == 0x10 else b""
                yield program.load_file, _template(program.load_file, 0x01, tlv(0xCE, b"\x01\x00") + module + _OWNER)

    def _application(self, entry: Entry) -> bytes:
        load_file = self._system.programs[entry.program].load_file
        life = self._system.registry.life(entry)
        return _template(entry.aid, life, tlv(0xC5, entry.privileges) + tlv(0xC4, load_file) + _OWNER)

    _HANDLERS: ClassVar[dict[int, Callable[[IssuerDomain, Apdu], bytes]]] = {
        Instruction.INSTALL: _install,
        Instruction.STORE_DATA: _store_data,
        Instruction.DELETE: _delete,
        Instruction.GET_STATUS: _get_status,
    }


_OWNER: Final = tlv(0xCC, ISSUER_DOMAIN)


def _template(aid: bytes, life: int, rest: bytes) -> bytes:
    return tlv(0xE3, tlv(0x4F, aid) + tlv(0x9F70, bytes((life,))) + rest)


def _confirmation(apdu: Apdu) -> bytes:
    """Answer the one byte 00, "no confirmation", to whom asked for an answer (11.5.3.1)."""
    return b"\x00" if apdu.expected else b""


def _control_information(apdu: Apdu) -> bytes:
    """Write the FCI (11.9.3.1): the AID, and that commands carry at most 255 bytes."""
    if apdu.p2 & 0x0C:
        return b""
    return tlv(0x6F, tlv(0x84, ISSUER_DOMAIN) + tlv(0xA5, tlv(0x9F65, b"\xff")))
