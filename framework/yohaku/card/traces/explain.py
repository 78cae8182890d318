"""What the commands of a trace mean: which applet, file, PIN or key they concern, and what a file then holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from yohaku.card.content import from_content
from yohaku.card.copies import newest
from yohaku.card.traces import management, purses
from yohaku.card.traces.memory import FileMemory
from yohaku.errors import YohakuError
from yohaku.iso7816 import ApduError, Command, Instruction, Response, Status, describe
from yohaku.schema import Key, Pin, RecordFile, TransparentFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from yohaku.card.traces.entry import TraceEntry
    from yohaku.schema import Applet, File, Record

BY_NAME, EF = 0x04, 0x02
"""P1 of SELECT: by AID, or a file of the applet (ISO/IEC 7816-4:2020 11.2.2)."""


_PIN_VERBS = {
    Instruction.CHANGE_REFERENCE_DATA: "change",
    Instruction.RESET_RETRY_COUNTER: "give all tries back to",
    Instruction.DISABLE_VERIFICATION_REQUIREMENT: "ask no more for",
    Instruction.ENABLE_VERIFICATION_REQUIREMENT: "ask again for",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one exchange was.

    Attributes:
        meaning: the command in words.
        status: the status word in words.
        records: what files hold as far as this exchange tells: a title and the record.
        notes: sentences about bytes that are no whole record.
    """

    meaning: str
    status: str
    records: tuple[tuple[str, Record], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Found:
    meaning: str
    records: list[tuple[str, Record]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Explainer:
    """Explains the exchanges of one trace in their order; it remembers what was selected and what files hold.

    Args:
        applets: declarations to name files, PINs and keys with, and to decode contents with.

    Attributes:
        selected: the declaration of the applet that is selected; None when it is another application.
    """

    def __init__(self, applets: Iterable[type[Applet]] = ()) -> None:
        self._applets = {bytes(applet.aid): applet for applet in applets}
        self.selected: type[Applet] | None = None
        self._current = 0
        self._memory = FileMemory()
        self._chain = b""

    def explain(self, entry: TraceEntry) -> Explanation:
        """Explain the next exchange."""
        try:
            command, response = Command.from_bytes(entry.command), Response.from_bytes(entry.response)
        except ApduError as error:
            return Explanation(f"no APDU: {error}", "")
        found = self._explain(command, response)
        return Explanation(found.meaning, describe(response.status), tuple(found.records), tuple(found.notes))

    def _explain(self, command: Command, response: Response) -> _Found:
        if command.cla & 0x80:
            told = purses.meaning(self.selected, command, response) if self.selected else None
            return _Found(told[0], notes=told[1]) if told else _Found(management.meaning(command))
        if command.cla & 0x0C:
            return _Found(f"{_name(command.ins)} under secure messaging, {len(command.data)} bytes")
        explainer = self._explainers.get(command.ins)
        return explainer(self, command, response) if explainer else _Found(f"instruction {command.ins:02X}")

    def _select(self, command: Command, response: Response) -> _Found:
        if command.p1 == EF:
            self._current = command.data[-1] if command.data else 0
            return _Found(f"SELECT file {self._file_name(self._current)}")
        if command.p1 != BY_NAME:
            return _Found(f"SELECT {command.data.hex().upper()}, P1 {command.p1:02X}")
        applet = self._applets.get(command.data)
        if response.status == Status.OK:
            self.selected, self._current, self._chain = applet, 0, b""
        if not command.data:
            return _Found("SELECT the card's default application")
        return _Found(f"SELECT {applet.name if applet else f'application {command.data.hex().upper()}'}")

    def _read_binary(self, command: Command, response: Response) -> _Found:
        sfi, offset = self._address(command)
        found = _Found(f"READ BINARY {self._file_name(sfi)}, {command.expected} bytes from {offset}")
        if response.status in {Status.OK, Status.END_OF_FILE}:
            self._note_bytes(found, sfi, offset, response.data)
        return found

    def _update_binary(self, command: Command, response: Response) -> _Found:
        sfi, offset = self._address(command)
        found = _Found(f"UPDATE BINARY {self._file_name(sfi)}, {len(command.data)} bytes at {offset}")
        self._chain += command.data
        if command.cla & 0x10:
            found.meaning += ", more to follow"
            return found
        data, self._chain = self._chain, b""
        if response.status == Status.OK:
            self._note_bytes(found, sfi, offset, data)
        return found

    def _address(self, command: Command) -> tuple[int, int]:
        if command.p1 & 0x80:
            self._current = command.p1 & 0x1F
            return self._current, command.p2
        return self._current, command.p1 << 8 | command.p2

    def _note_bytes(self, found: _Found, sfi: int, offset: int, data: bytes) -> None:
        """Remember bytes of a file, and tell its record when all of it is known."""
        file = self._file(sfi)
        if file is None or isinstance(file, RecordFile) or self.selected is None:
            return
        content = self._memory.put(self.selected.aid, file.name, file.size, offset, data)
        if content is None:
            found.notes.append(f"{file.name}: bytes {offset} to {offset + len(data) - 1} of {file.size}")
        else:
            _decode(found, file, content, file.name)

    def _read_record(self, command: Command, response: Response) -> _Found:
        file, sfi = self._record_file(command)
        last = command.p2 & 7 == 5
        which = f"records {command.p1} to the last" if last else f"record {command.p1}"
        found = _Found(f"READ RECORD {self._file_name(sfi)}, {which}")
        if file is not None and response.status == Status.OK:
            size = file.record_size
            for number, at in enumerate(range(0, len(response.data), size), command.p1):
                _decode(found, file, response.data[at : at + size], f"{file.name} record {number}")
        return found

    def _write_record(self, command: Command, response: Response) -> _Found:
        file, sfi = self._record_file(command)
        appends = command.ins == Instruction.APPEND_RECORD
        verb, title = ("APPEND", "a new record") if appends else ("UPDATE", f"record {command.p1}")
        found = _Found(f"{verb} RECORD {self._file_name(sfi)}, {title}, {len(command.data)} bytes")
        if file is not None and response.status == Status.OK:
            _decode(found, file, command.data, f"{file.name}, {title}")
        return found

    def _record_file(self, command: Command) -> tuple[RecordFile[Any] | None, int]:
        sfi = command.p2 >> 3 or self._current
        file = self._file(sfi)
        return (file if isinstance(file, RecordFile) else None), sfi

    def _pin_command(self, command: Command, response: Response) -> _Found:
        del response
        name = self._credential(command.p2 & 0x7F)
        if command.ins == Instruction.VERIFY:
            return _Found(f"VERIFY {name}" if command.data else f"VERIFY {name}: how many tries are left?")
        verb = _PIN_VERBS[Instruction(command.ins)] if command.data or command.p1 else "how many tries has"
        return _Found(f"{_name(command.ins)}: {verb} {name}")

    def _key_command(self, command: Command, response: Response) -> _Found:
        del response
        name = self._credential(command.p2 & 0x7F, is_key=True)
        who = "the host proves" if command.ins == Instruction.EXTERNAL_AUTHENTICATE else "the card proves"
        return _Found(f"{_name(command.ins)}: {who} that it has {name}")

    def _plain(self, command: Command, response: Response) -> _Found:
        del response
        if command.ins == Instruction.GET_DATA:
            return _Found(f"GET DATA {command.p1:02X}{command.p2:02X}")
        return _Found(_name(command.ins))

    def _unfollowed(self, command: Command, response: Response) -> _Found:
        """Name a command whose effect on files is not followed: what they held is forgotten."""
        del response
        self._memory, self._current = FileMemory(), 0
        return _Found(_name(command.ins).replace(" ODD", " (odd instruction)"))

    def _file(self, sfi: int) -> File[Any] | None:
        files = self.selected.files().values() if self.selected else ()
        return next((file for file in files if file.sfi == sfi), None)

    def _file_name(self, sfi: int) -> str:
        file = self._file(sfi)
        return file.name if file else f"file {sfi}" if sfi else "(no file is selected)"

    def _credential(self, reference: int, *, is_key: bool = False) -> str:
        found = self.credential(reference, is_key=is_key)
        return found.name if found else f"{'key' if is_key else 'PIN'} {reference}"

    def credential(self, reference: int, *, is_key: bool = False) -> Pin | Key | None:
        """Give the PIN or key of the selected applet that a command names; None when it is not known."""
        if self.selected is None:
            return None
        found = self.selected.keys().values() if is_key else self.selected.pins().values()
        return next((item for item in found if item.reference == reference), None)

    _explainers: ClassVar[dict[int, Callable[[Explainer, Command, Response], _Found]]] = {
        Instruction.SELECT: _select,
        Instruction.READ_BINARY: _read_binary,
        Instruction.UPDATE_BINARY: _update_binary,
        Instruction.READ_RECORD: _read_record,
        Instruction.UPDATE_RECORD: _write_record,
        Instruction.APPEND_RECORD: _write_record,
        Instruction.VERIFY: _pin_command,
        Instruction.CHANGE_REFERENCE_DATA: _pin_command,
        Instruction.RESET_RETRY_COUNTER: _pin_command,
        Instruction.DISABLE_VERIFICATION_REQUIREMENT: _pin_command,
        Instruction.ENABLE_VERIFICATION_REQUIREMENT: _pin_command,
        Instruction.EXTERNAL_AUTHENTICATE: _key_command,
        Instruction.INTERNAL_AUTHENTICATE: _key_command,
        Instruction.ERASE_BINARY: _unfollowed,
        Instruction.ERASE_BINARY_ODD: _unfollowed,
        Instruction.READ_BINARY_ODD: _unfollowed,
        Instruction.UPDATE_BINARY_ODD: _unfollowed,
        Instruction.SEARCH_RECORD: _unfollowed,
        Instruction.GET_CHALLENGE: _plain,
        Instruction.GET_DATA: _plain,
        Instruction.GET_RESPONSE: _plain,
        Instruction.MANAGE_CHANNEL: _plain,
    }


def _decode(found: _Found, file: File[Any], content: bytes, title: str) -> None:
    try:
        if isinstance(file, TransparentFile) and file.atomic:
            copy = newest(content, title)
            content = bytes(file.room) if copy is None else copy.content
        found.records.append((title, from_content(file.record, content, title)))
    except YohakuError as error:
        found.notes.append(str(error))


def _name(ins: int) -> str:
    try:
        return Instruction(ins).name.replace("_", " ")
    except ValueError:
        return f"instruction {ins:02X}"
