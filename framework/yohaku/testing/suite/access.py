"""Who may do what, tried on a card: every way of every operation, with every combination of PINs and keys."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any, Final

from yohaku.card.content import to_content
from yohaku.card.copies import stored
from yohaku.iso7816 import Command, Instruction, Status, describe
from yohaku.schema import RecordFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yohaku.card import Secrets
    from yohaku.schema import Applet, File, Pin, Purse, Rule

SPECIFIC: Final = 0x80
"""Bit of P1 with a short file identifier, and of P2 with a PIN of the application."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to carry out an operation on a part of an applet.

    Attributes:
        part: the file, purse or PIN.
        operation: what is done with it, such as read, append, debit or reset.
        name: of the way, such as ``READ BINARY in the current file``.
        rule: who may, by the declaration.
        commands: what to send; the last one's answer counts.
        also: what the card may answer besides 9000 when the rule holds, which it looks at first.
    """

    part: str
    operation: str
    name: str
    rule: Rule
    commands: tuple[Command, ...]
    also: int = Status.OK

    @property
    def id(self) -> str:
        """What a test calls the operation."""
        return f"{self.operation} {self.part}"

    def is_granted(self, held: frozenset[str]) -> bool:
        """Tell what the declaration says for those who presented these PINs and keys, and no others."""
        return any({item.name for item in row} <= held for row in self.rule.alternatives)

    def judge(self, held: frozenset[str], status: int) -> str:
        """Compare the answer to the last command with the declaration; give what is wrong, nothing when it agrees."""
        granted = self.is_granted(held)
        if status in ({Status.OK, self.also} if granted else {Status.SECURITY_STATUS}):
            return ""
        return (
            f"{self.operation} with {' and '.join(sorted(held)) or 'nothing'} presented: the declaration "
            f"{'allows' if granted else 'forbids'} it ({self.operation} needs {self.rule}), "
            f"the card answers {describe(status)} to {self.name}"
        )


def operations(applet: type[Applet]) -> list[str]:
    """Give the operations that an applet declares rules for, as `Way.id` names them."""
    named = [f"{operation} {file.name}" for file in applet.files().values() for operation in file.rules]
    named += [f"{operation} {purse.name}" for purse in applet.purses().values() for operation in purse.rules]
    return named + [f"{operation} {pin}" for pin in applet.pins() for operation in ("reset", "change")]


def ways(applet: type[Applet], secrets: Secrets) -> list[Way]:
    """Give every way of every operation; those that write leave what the example contents are."""
    parts: list[Iterator[Way]] = [
        _of_records(file) if isinstance(file, RecordFile) else _of_transparent(file) for file in applet.files().values()
    ]
    parts += [_of_purse(purse) for purse in applet.purses().values()]
    return list(chain(*parts, *(_of_pin(pin, secrets[pin.name]) for pin in applet.pins().values())))


def _command(ins: int, p1: int, p2: int, data: bytes = b"", expected: int = 0) -> Command:
    return Command(0x00, ins, p1, p2, data, expected)


def _select(file: File[Any]) -> Command:
    return _command(Instruction.SELECT, 0x02, 0x0C, bytes((0x00, file.sfi)))


def _of_transparent(file: File[Any]) -> Iterator[Way]:
    first = stored(file, to_content(file.record.example(), file.room, file.name))[:1]
    named, current, at_start = SPECIFIC | file.sfi, _select(file), bytes((0x54, 0x01, 0x00))
    read, update, erase = Instruction.READ_BINARY, Instruction.UPDATE_BINARY, 0x0E

    def way(operation: str, name: str, *commands: Command) -> Way:
        return Way(file.name, operation, name, file.rules[operation], commands)

    yield way("read", "READ BINARY", _command(read, named, 0, expected=1))
    yield way("read", "READ BINARY in the current file", current, _command(read, 0, 0, expected=1))
    yield way("read", "READ BINARY with an offset object", _command(read | 1, 0, file.sfi, at_start, 3))
    yield way("update", "ERASE BINARY", _command(erase, named, 0, b"\0\1"))
    yield way("update", "UPDATE BINARY", _command(update, named, 0, first))
    yield way("update", "UPDATE BINARY in the current file", current, _command(update, 0, 0, first))
    data = at_start + b"\x53\1" + first
    yield way("update", "UPDATE BINARY with an offset object", _command(update | 1, 0, file.sfi, data))


def _of_records(file: RecordFile[Any]) -> Iterator[Way]:
    record = to_content(file.record.example(), file.record_size, file.name)
    named, current = file.sfi << 3, _select(file)
    read, update, append, search = Instruction.READ_RECORD, Instruction.UPDATE_RECORD, Instruction.APPEND_RECORD, 0xA2

    def way(operation: str, name: str, *commands: Command, also: int = Status.OK) -> Way:
        return Way(file.name, operation, name, file.rules[operation], commands, also)

    full = Status.NO_SPACE
    yield way("read", "READ RECORD", _command(read, 1, named | 4, expected=file.record_size))
    yield way("read", "READ RECORD in the current file", current, _command(read, 1, 4, expected=file.record_size))
    found = _command(search, 1, named | 4, record[:1], 256)
    yield way("read", "SEARCH RECORD", found, also=Status.END_OF_FILE)
    yield way("update", "UPDATE RECORD", _command(update, 1, named | 4, record))
    yield way("update", "UPDATE RECORD in the current file", current, _command(update, 1, 4, record))
    yield way("append", "APPEND RECORD", _command(append, 0, named, record), also=full)
    yield way("append", "APPEND RECORD in the current file", current, _command(append, 0, 0, record), also=full)


def _of_purse(purse: Purse) -> Iterator[Way]:
    booked = (1).to_bytes(4, "big") + bytes(8)
    lacking = Status.CONDITIONS
    for operation, ins, p1, data, expected, also in (
        ("read", Instruction.READ_PURSE, 0, b"", 16, Status.OK),
        ("log", Instruction.READ_RECEIPTS, 1, b"", 256, Status.RECORD_NOT_FOUND),
        ("credit", Instruction.CREDIT, 0, booked, 32, lacking),
        ("debit", Instruction.DEBIT, 0, booked, 32, lacking),
    ):
        command = Command(0x80, ins, p1, purse.sfi, data, expected)
        yield Way(purse.name, operation, ins.name.replace("_", " "), purse.rules[operation], (command,), also)


def _of_pin(pin: Pin, value: bytes) -> Iterator[Way]:
    number, reset, change = SPECIFIC | pin.reference, Instruction.RESET_RETRY_COUNTER, Instruction.CHANGE_REFERENCE_DATA
    yield Way(pin.name, "change", "CHANGE REFERENCE DATA", pin.as_rule(), (_command(change, 1, number, value),))
    yield Way(pin.name, "reset", "RESET RETRY COUNTER", pin.reset, (_command(reset, 3, number),))


def combinations_of(applet: type[Applet], most: int) -> list[frozenset[str]]:
    """Give the sets of PINs and keys to present: all, or of more than ``most`` the smallest and the largest."""
    names = [*applet.pins(), *applet.keys()]
    sizes = range(len(names) + 1)
    if len(names) > most:
        sizes = [size for size in sizes if size <= 2 or size >= len(names) - 2]  # type: ignore[assignment]
    return [frozenset(some) for size in sizes for some in combinations(names, size)]
